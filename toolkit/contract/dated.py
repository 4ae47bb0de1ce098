"""Columns of days and times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from toolkit.contract.column import Group, Parsed
from toolkit.contract.date_format import conflict, format_problems

if TYPE_CHECKING:
    import pyarrow as pa

_MONTH_NAMES = ("%b", "%B")


@dataclass(frozen=True, kw_only=True)
class Dated(Parsed):
    """Directives of formats are those of Python's strptime: one of %Y %y for the year, one of
    %m %b %B for the month (%b and %B in English, in any case), %d for the day, and any of %H, %I
    with %p, %M, %S, %f for the time. All other characters must match. Numbers may lack their
    leading zeros, unless they touch.

    Whether the day or the month comes first is decided for the whole column, never by cell: two
    formats that differ only in that are refused, and so is a feed with cells that only the other
    order can read.
    """

    formats: Annotated[tuple[str, ...], Field(min_length=1)]
    """Formats of the day. They are tried in order; the first that fits a cell is used."""
    two_digit_years_from: Annotated[int, Field(ge=1, le=9900)] = 1969
    """First of the hundred years that %y can mean: 1969 means 1969 to 2068."""
    max_contradictions: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Of the cells whose day is above 12, the share that may contradict a format's order. A feed
    with more is refused whole; up to it such cells are rejected row by row, and a note says so."""
    years_before: Annotated[int, Field(ge=0)] | None = None
    """A day more than so many years before the run's `as_of` is rejected with `range_reason`."""
    years_after: Annotated[int, Field(ge=0)] | None = None
    """A day more than so many years after the run's `as_of` is rejected with `range_reason`."""
    range_reason: str | None = None
    """Reason for rejecting a row whose day is outside these years."""

    def limits(self, as_of: date) -> tuple[date | None, date | None]:
        """Return the first and last day allowed, counted from `as_of`; None without a limit."""
        before, after = self.years_before, self.years_after
        return (
            None if before is None else _years_from(as_of, -before),
            None if after is None else _years_from(as_of, after),
        )

    def beyond(self, place: str, as_of: date) -> str:
        """Describe the days beyond its limits, and their keys under `place`; '' without limits."""
        first, last = self.limits(as_of)
        limits = (
            ("later than", last, "+", self.years_after, "years_after"),
            ("earlier than", first, "-", self.years_before, "years_before"),
        )
        return " or ".join(
            f"{words} {day} (as_of {as_of} {sign} {years} year{'' if years == 1 else 's'}, "
            f"{place}.{key})"
            for words, day, sign, years, key in limits
            if day is not None
        )

    group: ClassVar[Group] = "day"
    has_time: ClassVar[bool] = False
    """Whether two formats that differ in their times only read different values."""

    @property
    def limited(self) -> bool:
        """Return whether days are rejected for how far they are from a run's `as_of`."""
        return self.years_before is not None or self.years_after is not None

    def reasons(self) -> Iterator[tuple[str, str]]:
        yield from super().reasons()
        if self.range_reason is not None:
            yield "range_reason", self.range_reason

    def problems(self, where: str) -> Iterator[str]:
        yield from super().problems(where)
        yield from self._format_problems(where)
        if self.limited and self.range_reason is None:
            yield f"{where}.range_reason: missing; the column rejects days beyond its years"
        if self.range_reason is not None and not self.limited:
            yield (
                f"{where}.range_reason: has no effect without years_before or years_after; "
                "remove it"
            )
        default = Dated.two_digit_years_from
        if self.two_digit_years_from != default and not any("%y" in f for f in self.formats):
            yield f"{where}.two_digit_years_from: has no effect, as no format has %y; remove it"
        by_name = all(any(month in f for month in _MONTH_NAMES) for f in self.formats)
        if self.max_contradictions and by_name:
            yield (
                f"{where}.max_contradictions: has no effect, as months written by name have one "
                "order; remove it"
            )

    def _format_problems(self, where: str) -> Iterator[str]:
        problems = {text: list(format_problems(text)) for text in self.formats}
        for text, found in problems.items():
            yield from (f"{where}.formats: {text!r} {problem}" for problem in found)
        valid = [text for text, found in problems.items() if not found]
        for one, other in combinations(valid, 2):
            both = conflict(one, other, by_time=self.has_time)
            if both is not None:
                yield f"{where}.formats: {one!r} and {other!r} both read {both}; keep one of them"

    def limits_of_reasons(self, place: str, as_of: date) -> Iterator[tuple[str, str]]:
        if self.range_reason:
            yield self.range_reason, self.beyond(place, as_of)

    def parameters(self, as_of: date) -> Mapping[str, str]:
        earliest, latest = self.limits(as_of)
        if self.has_time:
            earliest = earliest and datetime.combine(earliest, time.min)
            latest = latest and datetime.combine(latest, time.max)
        days = {"earliest": earliest, "latest": latest}
        return {end: day.isoformat() for end, day in days.items() if day is not None}


def _years_from(day: date, years: int) -> date:
    """Move a day by years; 28 February for a 29th that the year lacks."""
    year = day.year + years
    if not date.min.year <= year <= date.max.year:
        return date.min if years < 0 else date.max
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


@dataclass(frozen=True, kw_only=True)
class Date(Dated):
    """A calendar day (date32). A time in the cell must be a real one and is left out."""

    kind: Literal["date"]

    def arrow_type(self) -> pa.DataType:
        import pyarrow as pa

        return pa.date32()

    def rejects(self) -> str:
        return "what is not a date"


@dataclass(frozen=True, kw_only=True)
class Timestamp(Dated):
    """A day and its time (timestamp[us] without a zone); midnight where a format has no time."""

    kind: Literal["timestamp"]

    has_time: ClassVar[bool] = True

    def arrow_type(self) -> pa.DataType:
        import pyarrow as pa

        return pa.timestamp("us")

    def rejects(self) -> str:
        return "what is not a timestamp"
