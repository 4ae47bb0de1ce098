"""Count the distinct values of columns, and the rows of each, block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from toolkit.arrays import Ints
from toolkit.contract import Contract
from toolkit.read.blocks import Block
from toolkit.read.cells import column_of, read_cells, repeated_headers
from toolkit.read.parse import Selection
from toolkit.read.reader import reader_of

ROWS, AMOUNT = "rows", "amount"
# Sum up tables of counts once they have this many rows more than the sum.
_LINES_AT_ONCE = 1 << 20

Group = tuple[str, ...]
"""Columns whose combined values are counted."""


@dataclass(frozen=True)
class Counted:
    """Counts of one block: its number of records, and for each group a table of distinct values and
    rows.

    Values are as parsers see them; a group's columns come first, then `rows` and, where requested,
    `amount`. Malformed records and repeated headers are not counted; blank records count as rows
    with empty values.
    """

    n_records: int
    n_bytes: int
    tables: Mapping[Group, pa.Table]


def count_block(block: Block, contract: Contract, groups: Sequence[Group]) -> Counted:
    """Count one block; only the columns of the groups are parsed."""
    names = tuple(dict.fromkeys(name for group in groups for name in group))
    sources = {name: contract.sources[name] for name in names}
    raw = reader_of(contract).parse(block, Selection(only=tuple(sources.values())))
    table = without_repeated_headers(raw.table, block, contract)
    cells = {name: cells_of(table, name, contract) for name in names}
    return Counted(raw.n_records, block.n_bytes, count_cells(cells, groups))


def count_cells(
    cells: Mapping[str, pa.DictionaryArray], groups: Sequence[Group], amounts: Ints | None = None
) -> dict[Group, pa.Table]:
    """Count distinct values, their rows and, if given, the sum of the rows' amounts."""
    return {group: _count([cells[name] for name in group], group, amounts) for group in groups}


def without_repeated_headers(table: pa.Table, block: Block, contract: Contract) -> pa.Table:
    """Drop rows that repeat the header from a block's `table` of some columns.

    The other columns are read only where every column of the table repeats its name.
    """
    repeats = repeated_headers(table, block.written)
    if len(repeats) == 0:
        return table
    whole = reader_of(contract).parse(block, Selection()).table
    repeats = repeated_headers(whole, block.written)
    is_data = np.ones(table.num_rows, dtype=bool)
    is_data[repeats] = False
    return table.filter(pa.array(is_data))


def cells_of(table: pa.Table, name: str, contract: Contract) -> pa.DictionaryArray:
    """Return a dictionary-encoded column, its values as rules see them."""
    array = column_of(table, contract.sources[name])
    values = read_cells(contract, name, array.dictionary)
    return pa.DictionaryArray.from_arrays(array.indices, values)


def _count(columns: Sequence[pa.DictionaryArray], group: Group, amounts: Ints | None) -> pa.Table:
    # One number per combination of values: the columns' indices are its digits in a mixed radix.
    codes, n_codes = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        codes = codes * len(column.dictionary) + column.indices.to_numpy()
        n_codes *= max(1, len(column.dictionary))
    distinct, rows = _distinct(codes, n_codes)
    counts = {ROWS: pa.array(rows, pa.int64())}
    if amounts is not None:
        sums = np.zeros(len(distinct), np.int64)
        np.add.at(sums, np.searchsorted(distinct, codes), amounts)
        counts[AMOUNT] = pa.array(sums)
    places: list[Ints] = []
    for column in reversed(columns):
        places.insert(0, distinct % max(1, len(column.dictionary)))
        distinct = distinct // max(1, len(column.dictionary))
    values = {
        name: column.dictionary.take(pa.array(place))
        for name, column, place in zip(group, columns, places, strict=True)
    }
    return pa.table({**values, **counts})


def _distinct(codes: Ints, n_codes: int) -> tuple[Ints, Ints]:
    """Return the codes that occur, ascending, and their counts."""
    # Counting needs memory for every possible code, sorting does not.
    if n_codes > 4 * len(codes) + 1024:
        distinct, rows = np.unique(codes, return_counts=True)
        return distinct, rows
    counts = np.bincount(codes, minlength=1)
    distinct = np.flatnonzero(counts)
    return distinct, counts[distinct]


class ValueCounts:
    """Sums tables of counts; its memory is that of the distinct values, not of the rows."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._tables: list[pa.Table] = []
        self._summed = 0

    def add(self, counts: pa.Table) -> None:
        self._tables.append(counts)
        if sum(table.num_rows for table in self._tables) > 2 * self._summed + _LINES_AT_ONCE:
            self._sum()

    def table(self) -> pa.Table:
        """Return every distinct value once, with all its rows, in alphabetical order."""
        self._sum()
        [table] = self._tables
        return table.sort_by([(name, "ascending") for name in self._group])

    def _sum(self) -> None:
        if not self._tables:
            columns = [(name, pa.string()) for name in self._group]
            self._tables = [pa.schema([*columns, (ROWS, pa.int64())]).empty_table()]
        table = pa.concat_tables(self._tables)
        counts = [name for name in table.column_names if name not in self._group]
        summed = table.group_by(list(self._group), use_threads=False).aggregate(
            [(name, "sum") for name in counts]
        )
        self._tables = [summed.rename_columns({f"{name}_sum": name for name in counts})]
        self._summed = summed.num_rows
