"""Decide whether a date format has day and month in the right order, from a column's cells.

A number above 12 is no month, so a cell such as 16/05/2023 is read by one order alone. Where no
cell decides, the days themselves may: read in the wrong order they jump through the year.
Evidence of partitions merges to that of the whole column, however it was split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import reduce
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.arrays import Bools
from toolkit.clean.counted_days import NO_DAY
from toolkit.clean.kinds.date import DateReading, Ints, ParsedDates, read_dates
from toolkit.contract.calendar_names import Language
from toolkit.contract.date_format import ENGLISH, split_format
from toolkit.read.cells import first_occurrences
from toolkit.read.parse import RawBlock
from toolkit.units import human_count

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class ExampleCell:
    """A cell, and the row and source file of its first occurrence."""

    cell: str
    row: int
    source: str = ""

    def numbered(self, source: str, first_row: int) -> ExampleCell:
        """Return it with the row of the source, from 1, instead of that of a block, from 0."""
        return ExampleCell(self.cell, first_row + self.row + 1, source)


@dataclass(frozen=True)
class OrderEvidence:
    """Cells of a column that `date_format` reads, or would read with day and month swapped.

    `n_agreeing` cells can only be read as the format has it, `n_contradicting` only the other way
    round; of both there is the first example in file order. `n_either` cells can be both.
    `days` are the different days of these, read as the format has it, in the order in which they
    first appear, counted from 1970-01-01. Once a cell decides they are of no use and left out.
    """

    date_format: str
    n_agreeing: int = 0
    n_contradicting: int = 0
    n_either: int = 0
    agreeing: ExampleCell | None = None
    contradicting: ExampleCell | None = None
    days: tuple[int, ...] = ()

    def numbered(self, source: str, first_row: int) -> OrderEvidence:
        """Return it with rows of the source in its examples; `first_row` is the block's row 0."""
        return replace(
            self,
            agreeing=self.agreeing and self.agreeing.numbered(source, first_row),
            contradicting=self.contradicting and self.contradicting.numbered(source, first_row),
        )

    def masked(self, show: Callable[[str], str]) -> OrderEvidence:
        """Return it with `show` applied to the cells of its examples."""
        return replace(
            self,
            agreeing=self.agreeing and replace(self.agreeing, cell=show(self.agreeing.cell)),
            contradicting=self.contradicting
            and replace(self.contradicting, cell=show(self.contradicting.cell)),
        )

    @property
    def n_deciding(self) -> int:
        return self.n_agreeing + self.n_contradicting

    @property
    def contradicting_share(self) -> float:
        """The share of contradicting cells among those that decide; 0 where none does."""
        return self.n_contradicting / max(self.n_deciding, 1)


@dataclass(frozen=True)
class Course:
    """Days in file order: their range, the months they cover, their steps back in time."""

    first: date
    last: date
    n_months: int
    n_steps: int
    n_steps_back: int


def weigh_order(
    date_format: str,
    cells: pa.Array,
    counts: Ints,
    first_rows: Ints,
    two_digit_years_from: int = 1969,
    languages: Sequence[Language] = ENGLISH,
) -> OrderEvidence | None:
    """Weigh a format by distinct, stripped cells; None where day and month cannot be confused.

    `counts` are the numbers of rows with each cell, `first_rows` the first row of each: the row
    of an example, and the order in which the days appear. A cell with a count of 0 is ignored.
    """
    reading = read_dates(date_format, cells, two_digit_years_from, languages)
    return weigh_reading(reading, counts, first_rows)


def weigh_reading(reading: DateReading, counts: Ints, first_rows: Ints) -> OrderEvidence | None:
    """Weigh a format as `weigh_order` does, by parsed cells."""
    if reading.swapped is None:
        return None
    declared = (reading.days != NO_DAY) & (counts > 0)
    other = (reading.swapped != NO_DAY) & (counts > 0)
    agreeing, contradicting, either = declared & ~other, other & ~declared, declared & other
    decided = agreeing.any() or contradicting.any()
    return OrderEvidence(
        reading.date_format,
        int(counts[agreeing].sum()),
        int(counts[contradicting].sum()),
        int(counts[either].sum()),
        _first(agreeing, reading.cells, first_rows),
        _first(contradicting, reading.cells, first_rows),
        () if decided else _in_order(reading.days[either], first_rows[either]),
    )


def weigh_column(
    parsed: ParsedDates, indices: npt.NDArray[np.int32], raw: RawBlock
) -> tuple[OrderEvidence, ...]:
    """Weigh each format of a block's column whose day and month may be confused.

    `indices` are the places of the rows' cells among the parsed ones; rejected rows count too. A
    format is weighed by the cells it was tried on. The rows of examples are places among the
    block's records.
    """
    counts = np.bincount(indices, minlength=len(parsed.values))
    first_rows = first_occurrences(indices, len(counts))
    return weigh_readings(parsed, counts, raw.places(first_rows) if len(indices) else first_rows)


def weigh_readings(
    parsed: ParsedDates, counts: Ints, first_rows: Ints
) -> tuple[OrderEvidence, ...]:
    """Weigh each format of parsed cells whose day and month may be confused."""
    weighed = (
        weigh_reading(reading, counts[places], first_rows[places])
        for places, reading in parsed.readings
    )
    return tuple(evidence for evidence in weighed if evidence is not None)


def merge_evidence(parts: Iterable[OrderEvidence]) -> OrderEvidence:
    """Merge the evidence for one format over all partitions of a column, given in file order."""
    return reduce(_merge, parts)


def _merge(earlier: OrderEvidence, later: OrderEvidence) -> OrderEvidence:
    decided = earlier.n_deciding + later.n_deciding > 0
    return OrderEvidence(
        earlier.date_format,
        earlier.n_agreeing + later.n_agreeing,
        earlier.n_contradicting + later.n_contradicting,
        earlier.n_either + later.n_either,
        earlier.agreeing or later.agreeing,
        earlier.contradicting or later.contradicting,
        () if decided else tuple(dict.fromkeys([*earlier.days, *later.days])),
    )


def courses(evidence: OrderEvidence) -> tuple[Course, Course] | None:
    """Return the course of the days as the format reads them, and with day and month swapped.

    None where a cell decides or there are fewer than two days.
    """
    if len(evidence.days) < 2:
        return None
    days = [_EPOCH + timedelta(day) for day in evidence.days]
    return _course(days), _course([day.replace(month=day.day, day=day.month) for day in days])


def suspect_order(evidence: OrderEvidence) -> str | None:
    """Describe the days if no cell decides and the other order suits them clearly better.

    Clearly better: less than half the steps back in time; or fewer months, unless the format's
    order has less than half the steps back. Nobody writes a year, then a day and then a month.
    """
    both = courses(evidence)
    if both is None or year_comes_first(evidence.date_format):
        return None
    declared, other = both
    other_is_steadier = declared.n_steps_back > 2 * other.n_steps_back
    declared_is_steadier = other.n_steps_back > 2 * declared.n_steps_back
    fewer_months = other.n_months < declared.n_months
    if other_is_steadier or (fewer_months and not declared_is_steadier):
        return describe_courses(evidence.date_format, declared, other)
    return None


def order_names(date_format: str) -> tuple[str, str]:
    """Name the order of a format, and the other order."""
    found = split_format(date_format)
    names = ("day/month", "month/day")
    return names if found.index("%d") < found.index("%m") else names[::-1]


def describe_cells(evidence: OrderEvidence) -> str:
    """Describe the cells that decide, the contradicting ones first."""
    order, other = order_names(evidence.date_format)
    example = evidence.contradicting
    first = f" (first {example.cell!r} in row {example.row})" if example is not None else ""
    cells = "cell" if evidence.n_contradicting == 1 else "cells"
    return (
        f"{human_count(evidence.n_contradicting)} {cells} can only be {other}{first} "
        f"and {human_count(evidence.n_agreeing)} only {order}"
    )


def describe_courses(date_format: str, declared: Course, other: Course) -> str:
    """Describe the course of the days in either order, where no cell decides."""
    return "; ".join(
        f"as {order} its days lie in {course.n_months} month{'s' if course.n_months > 1 else ''} "
        f"({course.first} to {course.last}) and go back in time {course.n_steps_back} of "
        f"{course.n_steps} times"
        for order, course in zip(order_names(date_format), (declared, other), strict=True)
    )


def _first(chosen: Bools, cells: pa.Array, first_rows: Ints) -> ExampleCell | None:
    places = np.flatnonzero(chosen)
    if len(places) == 0:
        return None
    place = places[first_rows[places].argmin()]
    return ExampleCell(cells[int(place)].as_py(), int(first_rows[place]))


def _in_order(days: Ints, first_rows: Ints) -> tuple[int, ...]:
    return tuple(dict.fromkeys(days[np.argsort(first_rows, kind="stable")].tolist()))


def _course(days: list[date]) -> Course:
    return Course(
        min(days),
        max(days),
        len({(day.year, day.month) for day in days}),
        len(days) - 1,
        sum(later < earlier for earlier, later in pairwise(days)),
    )


def year_comes_first(date_format: str) -> bool:
    """Return whether a format has the year before the day."""
    found = split_format(date_format)
    return min(found.index(year) for year in ("%Y", "%y") if year in found) < found.index("%d")
