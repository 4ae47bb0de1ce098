"""One partition under examination: its columns as pandas would have them, and its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from keyword import iskeyword
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from toolkit.arrays import decimal_units
from toolkit.contract.python_syntax import PARSING
from toolkit.validate.pandas_types import Facts, stock_frame, stock_series
from toolkit.validate.queries import SCOPE, read_condition

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Kernel = Callable[..., Any]
"""A series of distinct or of all values -> whether each is as expected."""

# What pandas compares one by one, or turns into objects of Python.
_ENCODED = (pa.types.is_temporal, pa.types.is_boolean, pa.types.is_decimal)


@dataclass(frozen=True)
class Domain:
    """Selects rows: those that match `query`, without those that lack values.

    `left_out` selects rows to skip: those that lack any of `columns`, all of them, or none. `query`
    is a row condition for pandas, with the columns that it may name.
    """

    columns: tuple[str, ...]
    left_out: Literal["any", "all", "none"] = "none"
    query: str | None = None
    parser: Literal["pandas", "python"] = "pandas"
    query_columns: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.columns, *self.query_columns]))


@dataclass(frozen=True)
class ColumnValues:
    """`values` of all rows; or the distinct values, and for each row its index there in `codes`.

    A null row has the code -1. Types are those of the whole dataset in pandas.
    """

    values: pd.Series[Any]
    codes: Ints | None

    @classmethod
    def of(cls, column: pa.ChunkedArray, name: str, facts: Facts) -> ColumnValues:
        if any(is_kind(column.type) for is_kind in _ENCODED):
            column = column.dictionary_encode()
        if not pa.types.is_dictionary(column.type):
            return cls(stock_series(column, name, facts), None)
        whole = _one_array(column)
        codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return cls(stock_series(pa.chunked_array([whole.dictionary]), name, facts), codes)

    @cached_property
    def is_valid(self) -> Bools:
        """Return whether each row has a value; NaN counts as null, as in pandas."""
        present = self.values.notna().to_numpy()
        if self.codes is None:
            return np.asarray(present)
        return np.append(present, False)[self.codes]

    def failing(self, kernel: Kernel, rows: Ints | None) -> Ints:
        """Return those of `rows` (None: all), which have values, that the kernel does not accept.

        The kernel sees each distinct value once where they are known, and only those that occur.
        """
        if self.codes is None:
            values = self.values if rows is None else self.values.iloc[rows]
            wrong = np.flatnonzero(~truth(kernel(values)))
            return wrong if rows is None else rows[wrong]
        codes = self.codes if rows is None else self.codes[rows]
        # Values that do not occur in `rows` might make the kernel raise an error.
        occur = np.flatnonzero(np.bincount(codes, minlength=len(self.values)))
        accepted = np.ones(len(self.values), dtype=bool)
        accepted[occur] = truth(kernel(self.values.iloc[occur]))
        if accepted.all():
            return np.empty(0, np.int64)
        wrong = np.flatnonzero(~accepted[codes])
        return wrong if rows is None else rows[wrong]


class LoadedColumns:
    """The loaded columns of a partition, converted on first use."""

    def __init__(self, table: pa.Table, first_row: int, dataset: Facts) -> None:
        self.table, self.first_row, self._dataset = table, first_row, dataset
        self._columns: dict[str, ColumnValues] = {}
        self._domains: dict[Domain, Ints | None] = {}
        self._fit: dict[str, Bools] = {}

    @property
    def n_rows(self) -> int:
        return int(self.table.num_rows)

    def column(self, name: str) -> ColumnValues:
        if name not in self._columns:
            self._columns[name] = ColumnValues.of(self.table.column(name), name, self._dataset)
        return self._columns[name]

    def rows(self, domain: Domain) -> Ints | None:
        """Return the indices of the domain's rows, ascending; None for all rows."""
        if domain not in self._domains:
            selected = self._having(domain)
            if domain.query:
                if domain.query not in self._fit:
                    self._fit[domain.query] = self._fitting(domain)
                selected &= self._fit[domain.query]
            self._domains[domain] = None if selected.all() else np.flatnonzero(selected)
        return self._domains[domain]

    def arrow(self, columns: Sequence[str], rows: Ints | None) -> pa.Table:
        """Return the columns of the rows in the dataset's types, text decoded."""
        names = list(dict.fromkeys(columns))
        table = self.table.select(names)
        table = table if rows is None else table.take(pa.array(rows))
        return table.cast(pa.schema([self._dataset.schema.field(name) for name in names]))

    def numbers(self, name: str, rows: Ints | None) -> npt.NDArray[Any]:
        """Return a number column's values in the rows; of Int64 and the like without nulls.

        Decimals, of at most 18 digits, are whole numbers of units in their last place.
        """
        if pa.types.is_decimal(self._dataset.schema.field(name).type):
            known = self.arrow([name], rows).column(0).drop_null().combine_chunks()
            return decimal_units(known)
        if name in self._dataset.dtypes:
            column = self.arrow([name], rows).column(0).drop_null()
            return np.asarray(column.to_numpy())
        values = self.column(name).values.to_numpy()
        return values if rows is None else values[rows]

    def frame(self, columns: Sequence[str], rows: Ints | None) -> pd.DataFrame:
        """Return the columns of the rows, as pandas would read them; indexed by the dataset's rows.

        A column that is requested twice appears twice.
        """
        whole = {name: self.column(name) for name in columns}
        if all(column.codes is None for column in whole.values()):
            # Converted already; numbers are not even copied.
            frame = pd.DataFrame({name: c.values for name, c in whole.items()}, copy=False)
            frame = frame if rows is None else frame.iloc[rows]
        else:
            frame = stock_frame(self.arrow(columns, rows), self._dataset)
        places = np.arange(self.n_rows) if rows is None else rows
        return frame.set_axis(pd.Index(places + self.first_row))[list(columns)]

    def _having(self, domain: Domain) -> Bools:
        if domain.left_out == "none" or not domain.columns:
            return np.ones(self.n_rows, dtype=bool)
        valid = [self.column(name).is_valid for name in domain.columns]
        combine = np.logical_and if domain.left_out == "any" else np.logical_or
        return np.asarray(combine.reduce(valid), dtype=bool)

    def _fitting(self, domain: Domain) -> Bools:
        names = domain.query_columns
        codes = self.column(names[0]).codes if len(names) == 1 else None
        if codes is None:
            return _fitting(self.frame(names, None), domain)
        # A query decides each row alone, so evaluate each distinct value, and one null, once:
        # code -1 then indexes the last element, the null's.
        values = self.column(names[0]).values
        known = _fitting(pd.DataFrame({names[0]: values}), domain)
        without = np.flatnonzero(codes < 0)[:1]
        missing = len(without) and _fitting(self.frame(names, without), domain)[0]
        return np.append(known, missing)[codes].astype(bool)


def _fitting(frame: pd.DataFrame, domain: Domain) -> Bools:
    query = read_condition(domain.query or "", None)
    if all(name.isidentifier() and not iskeyword(name) for name in frame.columns):
        # What query() does, which also copies the index four times so as not to consult it.
        with PARSING:
            columns = dict(frame.items())
            accepted = pd.eval(query, parser=domain.parser, resolvers=[columns], **SCOPE)
        if isinstance(accepted, pd.Series) and accepted.dtype == np.bool_:
            return accepted.to_numpy()
    numbered = frame.reset_index(drop=True)
    fitting = np.zeros(len(frame), dtype=bool)
    with PARSING:
        fitting[numbered.query(query, parser=domain.parser, **SCOPE).index] = True
    return fitting


def truth(accepted: Any) -> Bools:
    """Convert to plain booleans; a missing one counts as not accepted."""
    if getattr(accepted, "dtype", None) == np.bool_:
        return np.asarray(accepted)
    return np.asarray(pd.array(accepted, dtype="boolean").fillna(False), dtype=bool)


def _one_array(column: pa.ChunkedArray) -> pa.DictionaryArray:
    if column.num_chunks == 0:
        return pa.nulls(0, column.type)
    return column.unify_dictionaries().combine_chunks()
