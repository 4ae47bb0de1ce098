"""Ways to read the values of a column: as numbers, dates, e-mail addresses, or as text only.

A reading is a column of a contract, and reads what cleaning would read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.arrays import Floats
from toolkit.clean.date_order import OrderEvidence, weigh_readings
from toolkit.clean.kinds import Given, parse
from toolkit.clean.kinds.date import parse_dates
from toolkit.clean.kinds.number import read_written
from toolkit.clean.parsed import bools
from toolkit.contract import (
    AnyColumn,
    Contract,
    Dated,
    Email,
    Integer,
    Number,
    Numeric,
    Text,
)
from toolkit.profile.vocabulary import Ints
from toolkit.read.cells import read_cells

_N_EXAMPLES = 5
_NAME = "values"
TEXT = Text(kind="text")
_NOTHING = Given({}, date.min)


@dataclass(frozen=True)
class Misfit:
    """A value that a reading cannot read, and its first occurrence."""

    place: int
    value: str


@dataclass(frozen=True)
class Tally:
    """Counts of the rows that a reading can read and cannot, and the lowest and highest values.

    Null words and empty cells are in neither count. Days and times are in microseconds since 1970.
    Tallies of partitions add up, exactly and in any order.
    """

    n_read: int = 0
    n_unread: int = 0
    low: float | None = None
    high: float | None = None
    n_fractions: int = 0
    misfits: tuple[Misfit, ...] = ()
    """The first few in file order, each value once."""

    def __add__(self, other: Tally) -> Tally:
        first: dict[str, int] = {}
        for misfit in sorted(self.misfits + other.misfits, key=lambda one: one.place):
            first.setdefault(misfit.value, misfit.place)
        return Tally(
            self.n_read + other.n_read,
            self.n_unread + other.n_unread,
            min((t.low for t in (self, other) if t.low is not None), default=None),
            max((t.high for t in (self, other) if t.high is not None), default=None),
            self.n_fractions + other.n_fractions,
            tuple(Misfit(place, value) for value, place in first.items())[:_N_EXAMPLES],
        )

    @property
    def share(self) -> float:
        """Return the share of non-null cells that the reading reads."""
        total = self.n_read + self.n_unread
        return self.n_read / total if total else 0.0


@dataclass(frozen=True)
class Reading:
    """A way to read a column."""

    column: AnyColumn = TEXT

    @cached_property
    def _contract(self) -> Contract:
        return Contract(name=_NAME, columns={_NAME: self.column})

    @property
    def is_text(self) -> bool:
        return isinstance(self.column, Text)

    def read(self, values: pa.Array) -> Floats:
        """Return a number per stripped value: itself, microseconds since 1970, 0 for an address.

        NaN where it cannot be read.
        """
        column, cells = self.column, read_cells(self._contract, _NAME, values)
        match column:
            case Number() | Integer():
                numbers = read_written(column, cells)[0]
                # Cleaning rejects numbers that are not finite.
                return np.where(np.isfinite(numbers), numbers, np.nan)
            case Dated():
                return _moments(column, cells)
            case Email():
                addresses = pa.array(parse(column, cells, _NOTHING).values)
                return np.where(bools(addresses.is_valid()), 0.0, np.nan)
        return np.zeros(len(values))

    def tally(
        self, values: pa.Array, rows: Ints, places: Ints, null_words: Sequence[str] = ()
    ) -> Tally:
        """Read distinct values, given the rows of each and the place of the first."""
        if self.is_text or len(values) == 0:
            return Tally()
        numbers = self.read(values)
        unread = np.isnan(numbers)
        words = bools(pc.is_in(pc.utf8_lower(values), pa.array(null_words, pa.string())))
        misfit, read = np.flatnonzero(unread & ~words), numbers[~unread]
        first = misfit[np.argsort(places[misfit], kind="stable")[:_N_EXAMPLES]]
        column = self.column
        return Tally(
            int(rows[~unread].sum()),
            int(rows[misfit].sum()),
            float(read.min()) if len(read) else None,
            float(read.max()) if len(read) else None,
            int(rows[~unread][read != np.rint(read)].sum()) if isinstance(column, Numeric) else 0,
            tuple(Misfit(int(places[n]), str(values[n].as_py())) for n in first.tolist()),
        )

    def day_orders(self, values: pa.Array, rows: Ints, places: Ints) -> tuple[OrderEvidence, ...]:
        """Weigh the order of day and month in the values, for each format that has one."""
        column = self.column
        if not isinstance(column, Dated) or len(values) == 0:
            return ()
        cells = read_cells(self._contract, _NAME, values)
        return weigh_readings(parse_dates(column, cells, _NOTHING), rows, places)


def _moments(column: Dated, cells: pa.Array) -> Floats:
    moments = parse_dates(column, cells, _NOTHING).values.cast(pa.timestamp("us"))
    known = bools(moments.is_valid())
    return np.where(known, moments.cast(pa.int64()).fill_null(0).to_numpy(), np.nan)
