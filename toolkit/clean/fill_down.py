"""Fill empty cells from the lines above that belong to the same order.

A block is filled with the tails of the blocks before it, so that the result does not depend on the
cuts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.arrays import Bools, Ints
from toolkit.clean.parsed import bools
from toolkit.contract import Contract
from toolkit.read.cells import column_of, read_cells, repeated_headers
from toolkit.read.parse import RawBlock


@dataclass(frozen=True)
class Tail:
    """The last order of some lines: its value of `by`, its last cell of one column with a value
    (as in the file; None where it has none), and whether all of the lines belong to it.

    `by` is None for no lines at all.
    """

    by: str | None = None
    cell: str | None = None
    is_all: bool = True

    def then(self, later: Tail) -> Tail:
        """Return the tail of these lines and the ones after them."""
        if later.by is None:
            return self
        if not later.is_all or later.by != self.by:
            return replace(later, is_all=later.is_all and self.by is None)
        return Tail(later.by, self.cell if later.cell is None else later.cell, self.is_all)


Tails = Mapping[str, Tail]
"""By the clean name of each column that is filled down."""


def tails_above(several: Iterable[Tails]) -> list[Tails]:
    """Return for each block, in file order, the tail of all blocks before it."""
    above: list[Tails] = [{}]
    for tails in several:
        before = above[-1]
        above.append({name: before.get(name, Tail()).then(tail) for name, tail in tails.items()})
    return above[:-1]


def tails_of(raw: RawBlock, contract: Contract) -> Tails:
    """Return the tail of a block for each column that is filled down."""
    found: dict[str, Tail] = {}
    for name, by in contract.filled_down().items():
        lines = _Lines.of(raw, contract, name, by)
        if not len(lines.rows):
            found[name] = Tail()
            continue
        last, start = lines.last_filled[-1], lines.starts[-1]
        cells = column_of(raw.table, contract.sources[name])
        cell = cells[int(lines.rows[last])].as_py() if last >= start else None
        found[name] = Tail(lines.by[-1].as_py(), cell, bool(start == 0))
    return found


def fill_down(raw: RawBlock, contract: Contract, above: Tails) -> tuple[pa.Table, dict[str, Bools]]:
    """Return the block's table with the cells filled in, and the filled rows of each column.

    Rows are conserved, in file order.
    """
    table, filled = raw.table, {}
    for name, by in contract.filled_down().items():
        lines = _Lines.of(raw, contract, name, by)
        places = np.arange(raw.table.num_rows)
        inside = lines.is_empty & (lines.last_filled >= lines.starts)
        places[lines.rows[inside]] = lines.rows[lines.last_filled[inside]]
        source = contract.sources[name]
        cells = column_of(raw.table, source).take(pa.array(places))
        tail = above.get(name, Tail())
        continued = np.zeros(len(lines.rows), dtype=bool)
        if tail.cell is not None and len(lines.rows) and lines.by[0].as_py() == tail.by:
            continued = lines.is_empty & ~inside & (lines.starts == 0)
            cells = _with_cell(cells, lines.rows[continued], tail.cell)
        table = table.set_column(table.column_names.index(source), source, cells)
        filled[name] = np.zeros(raw.table.num_rows, dtype=bool)
        filled[name][lines.rows[inside | continued]] = True
    return table, filled


@dataclass(frozen=True)
class _Lines:
    """The lines of a block that have a value of `by`, for one column that is filled down."""

    rows: Ints
    """Their rows in the block's table."""
    by: pa.Array
    starts: Ints
    """The place among the lines of the first of each one's order."""
    is_empty: Bools
    """Whether each has no cell of its own."""
    last_filled: Ints
    """The place of the last line with a cell, up to and including each; -1 for none."""

    @classmethod
    def of(cls, raw: RawBlock, contract: Contract, name: str, by: str) -> _Lines:
        """Find the lines of a block."""
        sources = [contract.sources[by], contract.sources[name]]
        used = ~bools(pc.equal(values := _cells(raw.table, contract, by), ""))
        used[repeated_headers(raw.table.select(sources), raw.written)] = False
        rows = np.flatnonzero(used)
        values = values.take(pa.array(rows))
        places = np.arange(len(rows))
        is_first = np.ones(len(rows), dtype=bool)
        is_first[1:] = bools(pc.not_equal(values[1:], values[:-1]))
        is_empty = bools(pc.equal(_cells(raw.table, contract, name), ""))[rows]
        return cls(
            rows,
            values,
            np.maximum.accumulate(np.where(is_first, places, 0)),
            is_empty,
            np.maximum.accumulate(np.where(is_empty, -1, places)),
        )


def _cells(table: pa.Table, contract: Contract, name: str) -> pa.Array:
    """Return the cells of a column as its parser sees them."""
    cells = column_of(table, contract.sources[name])
    if not pa.types.is_dictionary(cells.type):
        return read_cells(contract, name, cells)
    return read_cells(contract, name, cells.dictionary).take(cells.indices)


def _with_cell(cells: pa.Array, rows: Ints, cell: str) -> pa.Array:
    """Return the cells with one value in some rows."""
    chosen = np.zeros(len(cells), dtype=bool)
    chosen[rows] = True
    mask = pa.array(chosen)
    if not pa.types.is_dictionary(cells.type):
        return pc.if_else(mask, cell, cells)
    place = pc.index(cells.dictionary, cell).as_py()
    labels = cells.dictionary
    if place < 0:
        place, labels = len(labels), pa.concat_arrays([labels, pa.array([cell])])
    indices = pc.if_else(mask, pa.scalar(place, pa.int32()), cells.indices)
    return pa.DictionaryArray.from_arrays(indices, labels)
