"""Values as pandas represents them: what Arrow types alone do not record, and back to Arrow."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionDtype


@dataclass(frozen=True)
class Facts:
    """Facts about the whole dataset that every task needs: its types, and which columns have nulls.

    `dtypes` has the columns whose pandas type differs from what their Arrow type suggests, such as
    Int64; those in `pickled` contain Python objects without an Arrow type.
    """

    schema: pa.Schema
    nullable: frozenset[str]
    dtypes: Mapping[str, Any] = field(default_factory=dict)
    pickled: frozenset[str] = frozenset()


def stock_frame(table: pa.Table, facts: Facts) -> pd.DataFrame:
    """Convert a table as pandas.read_parquet does, a partition like the whole dataset.

    A plain integer column that has a null anywhere is float64 everywhere, a plain boolean column
    object.
    """
    restored = {
        name: _restored(table.column(name), facts.dtypes[name], name in facts.pickled)
        for name in table.column_names
        if name in facts.dtypes
    }
    frame = table.drop_columns(list(restored)).to_pandas()
    for name in facts.nullable & set(frame.columns):
        kind = facts.schema.field(name).type
        if pa.types.is_integer(kind):
            frame[name] = frame[name].astype("float64")
        elif pa.types.is_boolean(kind):
            frame[name] = frame[name].astype(object)
    if not restored:
        return frame
    columns = {name: restored.get(name, frame.get(name)) for name in table.column_names}
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), copy=False)


def stock_series(column: pa.ChunkedArray, name: str, facts: Facts) -> pd.Series[Any]:
    """Convert one column of `stock_frame`, or the distinct values of one."""
    return stock_frame(pa.table({name: column}), facts)[name]


def dtypes_of_file(schema: pa.Schema) -> dict[str, Any]:
    """Return the dtypes that pandas noted in a parquet file, unless Arrow's types imply them."""
    try:
        noted = json.loads((schema.metadata or {}).get(b"pandas", b"{}")).get("columns", [])
    except ValueError:
        return {}
    dtypes: dict[str, Any] = {}
    for column in noted:
        name, dtype = column.get("field_name"), _dtype(column.get("numpy_type"))
        if name in schema.names and hasattr(dtype, "__from_arrow__"):
            empty = pa.schema([schema.field(name)]).empty_table()
            if empty.to_pandas()[name].dtype != dtype:
                dtypes[name] = dtype
    return dtypes


def pickled(values: pd.Series[Any]) -> pa.Array:
    """Pickle objects of any kind, missing ones too."""
    return pa.array([pickle.dumps(value) for value in values], pa.large_binary())


def _dtype(name: Any) -> Any:
    try:
        return pd.api.types.pandas_dtype(name)
    except (TypeError, ValueError):
        return None


def _restored(column: pa.ChunkedArray, dtype: Any, is_pickled: bool) -> pd.Series[Any]:
    if is_pickled:
        objects = np.empty(len(column), dtype=object)
        for place, content in enumerate(column.to_pylist()):
            objects[place] = pickle.loads(content)
        return pd.Series(objects, dtype=object).astype(dtype)
    if isinstance(dtype, ExtensionDtype):
        return pd.Series(dtype.__from_arrow__(column), copy=False)  # type: ignore[attr-defined]
    return column.to_pandas().astype(dtype)
