"""Distinct values of a column with their rows, in bounded memory.

Up to the limit it has every value. Beyond it a fair sample of the distinct values, each with all of
its rows: those of the lowest 64-bit hashes (bottom-k; Bar-Yossef et al., "Counting distinct
elements in a data stream", 2002), which do not depend on the partitioning or its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.keys import key_words

VALUE, ROWS, FIRST = "value", "rows", "first"
_SCHEMA = pa.schema([(VALUE, pa.string()), (ROWS, pa.int64()), (FIRST, pa.int64())])
Ints = npt.NDArray[np.int64]

_MOST_VALUES, _SAMPLE_VALUES = 50_000, 10_000
_ALL_BYTES, _LEAST_BYTES, _MOST_BYTES = 256 << 20, 64 << 10, 8 << 20


@dataclass(frozen=True)
class Caps:
    """Limits on distinct values and their bytes; beyond them the size of a `sample`."""

    values: int = _MOST_VALUES
    sample: int = _SAMPLE_VALUES
    n_bytes: int = _MOST_BYTES

    @classmethod
    def for_columns(cls, n_columns: int) -> Caps:
        """Choose caps under which all columns of a file together stay below 256 MB."""
        share = _ALL_BYTES // max(1, n_columns)
        return cls(n_bytes=min(_MOST_BYTES, max(_LEAST_BYTES, share)))


@dataclass(frozen=True)
class Vocabulary:
    """Distinct values, their rows, and the place of the first row of each.

    With `is_whole` no value is missing. The table is in no particular order.
    """

    table: pa.Table
    is_whole: bool
    caps: Caps

    @classmethod
    def of(cls, values: pa.Array, rows: Ints, first: Ints, caps: Caps) -> Vocabulary:
        """Make one from distinct values."""
        table = pa.table([values, pa.array(rows), pa.array(first)], schema=_SCHEMA)
        return _capped(table, True, caps)

    @classmethod
    def merged(cls, parts: Sequence[Vocabulary], caps: Caps) -> Vocabulary:
        """Merge the rows of several."""
        if not parts:
            return cls(_SCHEMA.empty_table(), True, caps)
        if len(parts) == 1:
            return parts[0]
        summed = (
            pa.concat_tables([part.table for part in parts])
            .group_by(VALUE, use_threads=False)
            .aggregate([(ROWS, "sum"), (FIRST, "min")])
            .select([VALUE, f"{ROWS}_sum", f"{FIRST}_min"])
            .rename_columns(_SCHEMA.names)
        )
        return _capped(summed, all(part.is_whole for part in parts), caps)

    @property
    def n_distinct(self) -> int:
        """Return the number of distinct values; an estimate where some are missing."""
        n_sampled = self.table.num_rows
        if self.is_whole or n_sampled < 2:
            return n_sampled
        # Hashes are uniform: n - 1 of them below the highest of n (Bar-Yossef et al.).
        highest = int(_words(self.table).max())
        return round((n_sampled - 1) / (highest / 2**64))

    def rows_of(self, value: str) -> int:
        """Return the rows of the value; 0 for one that was not sampled."""
        same = self.table.filter(pc.equal(self.table.column(VALUE), value))
        return int(pc.sum(same.column(ROWS)).as_py() or 0)

    def most_frequent_first(self) -> pa.Table:
        """Sort the values by rows, most first; ties in alphabetical order."""
        return self.table.sort_by([(ROWS, "descending"), (VALUE, "ascending")])


def _capped(table: pa.Table, is_whole: bool, caps: Caps) -> Vocabulary:
    n_bytes = pc.sum(pc.binary_length(table.column(VALUE))).as_py() or 0
    if is_whole and table.num_rows <= caps.values and n_bytes <= caps.n_bytes:
        return Vocabulary(table, True, caps)
    order = np.argsort(_words(table), kind="stable")[: caps.sample]
    sample = table.take(pa.array(order))
    lengths = np.cumsum(pc.binary_length(sample.column(VALUE)).to_numpy())
    fitting = max(1, int(np.searchsorted(lengths, caps.n_bytes, side="right")))
    return Vocabulary(sample.slice(0, fitting).combine_chunks(), False, caps)


def _words(table: pa.Table) -> npt.NDArray[np.uint64]:
    return key_words([table.column(VALUE).combine_chunks()])
