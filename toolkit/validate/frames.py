"""A Dask DataFrame as a Dataset: its rows counted once, values and types as in pandas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
from dask.dataframe.dispatch import concat
from dask.delayed import delayed
from pandas.api.extensions import ExtensionDtype

from toolkit.errors import InputError
from toolkit.validate.dataset import Compute, Dataset, RowRange, is_text
from toolkit.validate.pandas_types import Facts, pickled

if TYPE_CHECKING:
    import dask.dataframe as dd


def open_frame(ddf: dd.DataFrame, compute: Compute) -> Dataset:
    """Open a Dask DataFrame; its rows are counted now, and computed again by every pass.

    The index is ignored: rows are numbered in order, from 0. Values without an Arrow type, such as
    objects of several types, remain Python objects. Raises InputError for columns whose names are
    not text, or not unique.
    """
    names = list(ddf.columns)
    wrong = [name for name in names if not isinstance(name, str)]
    if wrong or len(set(names)) < len(names):
        repeated = [name for name in names if names.count(name) > 1]
        raise InputError.not_a_frame(f"a column is named {(wrong or repeated)[0]!r}")
    frames = ddf.to_delayed()
    looks: list[_Look] = compute([delayed(_look, pure=False)(frame) for frame in frames])
    facts = _facts(looks)
    parts: list[RowRange] = []
    for frame, look in zip(frames, looks, strict=True):
        before = parts[-1].first_row + parts[-1].n_rows if parts else 0
        parts.append(RowRange(delayed(_table, pure=False)(frame, facts), before, look.n_rows))
    return Dataset(
        name="a Dask DataFrame",
        facts=facts,
        parts=tuple(parts),
        empty_columns=frozenset(
            name for name in names if all(look.n_nulls[name] == look.n_rows for look in looks)
        ),
        column_bytes={name: sum(look.n_bytes[name] for look in looks) for name in names},
    )


@dataclass(frozen=True)
class _Look:
    """The types found in one partition; `empty` has its dtypes.

    `types` are the Arrow types of its columns, None where Arrow would change a value.
    """

    n_rows: int
    empty: pd.DataFrame
    types: dict[str, pa.DataType | None]
    n_nulls: dict[str, int]
    n_bytes: dict[str, int]


def _look(frame: pd.DataFrame) -> _Look:
    types: dict[str, pa.DataType | None] = {}
    n_bytes = {}
    for name, values in frame.items():
        array = _as_arrow(values)
        types[str(name)] = None if array is None else array.type
        n_bytes[str(name)] = _n_bytes(values) if array is None else array.nbytes
    n_nulls = {str(name): int(values.isna().sum()) for name, values in frame.items()}
    return _Look(len(frame), frame.iloc[:0], types, n_nulls, n_bytes)


def _as_arrow(values: pd.Series[Any]) -> pa.Array | None:
    """Convert values to Arrow, if they come back unchanged; else None."""
    if values.dtype == object and pd.api.types.infer_dtype(values) not in ("string", "empty"):
        return None
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return None
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _n_bytes(values: pd.Series[Any]) -> int:
    return int(values.memory_usage(index=False, deep=True))


def _facts(looks: Sequence[_Look]) -> Facts:
    """Return the types of all partitions, as pandas has them after concatenation."""
    try:
        whole = concat([look.empty for look in looks])
    except TypeError as error:
        raise InputError.not_a_frame(f"its parts differ: {error}") from error
    fields, dtypes, objects = [], {}, set()
    for name in whole.columns:
        dtype = whole[name].dtype
        kind = _common([look.types[name] for look in looks], dtype)
        if kind is None:
            kind = pa.large_binary()
            objects.add(name)
        default = pa.schema([(name, kind)]).empty_table().to_pandas()[name].dtype
        if name in objects:
            dtypes[name] = object if isinstance(dtype, pd.CategoricalDtype) else dtype
        elif default != dtype and not isinstance(dtype, pd.CategoricalDtype):
            dtypes[name] = dtype
        fields.append(pa.field(name, kind))
    nullable = frozenset(
        name for name in whole.columns if any(look.n_nulls[name] for look in looks)
    )
    return Facts(pa.schema(fields), nullable, dtypes, frozenset(objects))


def _common(kinds: Sequence[pa.DataType | None], dtype: Any) -> pa.DataType | None:
    """Return one type for a column's partitions; None where none can represent all values."""
    if any(kind is None for kind in kinds):
        return None
    known = {kind for kind in kinds if kind is not None and not _is_nothing(kind)}
    if isinstance(dtype, pd.CategoricalDtype):
        known = {
            pa.dictionary(pa.int32(), kind.value_type, kind.ordered)
            if pa.types.is_dictionary(kind)
            else kind
            for kind in known
        }
    if not known:
        if isinstance(dtype, pd.CategoricalDtype):
            return pa.dictionary(pa.int32(), pa.string(), bool(dtype.ordered))
        return pa.string()
    if len(known) == 1:
        return known.pop()
    if all(map(is_text, known)):
        return pa.large_string()
    if isinstance(dtype, ExtensionDtype) or pd.api.types.is_object_dtype(dtype):
        return None
    return pa.from_numpy_dtype(dtype)


def _is_nothing(kind: pa.DataType) -> bool:
    """Return whether it is the type of a partition without any value."""
    return bool(pa.types.is_null(kind.value_type if pa.types.is_dictionary(kind) else kind))


def _table(frame: pd.DataFrame, facts: Facts) -> pa.Table:
    """Convert a partition. Raises InputError if its types have changed since it was counted."""
    arrays = []
    for field in facts.schema:
        try:
            values = frame[field.name]
            arrays.append(
                pickled(values)
                if field.name in facts.pickled
                else pa.array(values, field.type, from_pandas=True)
            )
        except (pa.ArrowException, KeyError, TypeError, ValueError, OverflowError) as error:
            why = " ".join(str(error).split())
            raise InputError.not_a_frame(f"column {field.name}: {why}") from error
    return pa.table(arrays, schema=facts.schema)
