"""Columns of days and times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from toolkit.contract.calendar_names import NAMED, Language
from toolkit.contract.column import Group, Parsed
from toolkit.contract.date_format import (
    ENGLISH,
    SHEETS,
    Period,
    conflict,
    format_problems,
    has_clock,
    split_format,
    swapped,
    tells_zone,
)
from toolkit.contract.zones import zone_problem

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Dated(Parsed):
    """Directives of formats are those of Python's strptime: one of %Y %y for the year, one of
    %m %b %B for the month (%b shortened, %B in full, in any case, in the column's `languages`), %d
    for the day, and any of %a or %A for the weekday, which must be that of the day, %H, %I with %p,
    %M, %S, %f for the time, %z or %Z for its zone. All other characters must match. Numbers may
    lack their leading zeros, unless they touch. A shortened name may have a point, %p be written
    a.m. or p. m., and a blank be one that does not break (U+00A0, U+2009, U+202F). Of a fraction
    with more than six digits the others are cut off.

    Instead of directives a format may be one of five words, for cells that are numbers:
    `epoch_seconds`, `epoch_milliseconds`, `epoch_microseconds` count from 1970-01-01 00:00 UTC;
    `excel_1900`, `excel_1904` count days as spreadsheets do (45658 is 2025-01-01; the 60 of
    excel_1900 is 29 February 1900, which never was, and is not read).

    Cells that tell their zone (%z, %Z, epoch_) mean a moment, whose day depends on where one is, so
    `report_zone` says where. Times without a zone are then those of `source_zone`. Where its clocks
    go back, a time that occurs twice is taken for the first of both, and counted as a repair; where
    they go forward, a time that is left out is not one, and its row is rejected. Days without a
    time are of no zone, and stay what they are.

    Whether the day or the month comes first is decided for the whole column, never by cell: two
    formats that differ only in that are refused, and so is a feed with cells that only the other
    order can read.
    """

    formats: Annotated[tuple[str, ...], Field(min_length=1)]
    """Formats of the day. They are tried in order; the first that fits a cell is used."""
    two_digit_years_from: Annotated[int, Field(ge=1, le=9900)] = 1969
    """First of the hundred years that %y can mean: 1969 means 1969 to 2068."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ENGLISH
    """Languages of the names of months and weekdays. Accents may be missing."""
    source_zone: str | None = None
    """The zone of times that do not tell theirs, as IANA names it, or an offset such as +05:30."""
    report_zone: str | None = None
    """The zone of clean values, which decides the day and the month that a moment belongs to."""
    zone_names: dict[str, str] = field(default_factory=dict)
    """What %Z reads besides UTC and IANA's names: `PST: -08:00`, in any case."""
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
    def whole(self) -> Period | None:
        """Return what each cell is the whole of, if it is not one day."""
        return None

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
        yield from self._zone_problems(where)
        yield from self._zone_name_problems(where)
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
        if self.max_contradictions and all(swapped(f) is None for f in self.formats):
            yield (
                f"{where}.max_contradictions: has no effect, as months written by name have one "
                "order; remove it"
            )
        named = any({*split_format(f)} & {*NAMED} for f in self.formats)
        if self.languages != ENGLISH and not named:
            yield f"{where}.languages: has no effect, as no format has a name; remove it"

    def _format_problems(self, where: str) -> Iterator[str]:
        problems = {text: list(format_problems(text, self.whole)) for text in self.formats}
        for text, found in problems.items():
            yield from (f"{where}.formats: {text!r} {problem}" for problem in found)
        valid = [text for text, found in problems.items() if not found]
        for one, other in combinations(valid, 2):
            both = conflict(one, other, by_time=self.has_time, languages=self.languages)
            if both is not None:
                yield f"{where}.formats: {one!r} and {other!r} both read {both}; keep one of them"

    def _zone_problems(self, where: str) -> Iterator[str]:
        named = {"source_zone": self.source_zone, "report_zone": self.report_zone}
        named |= {f"zone_names.{name}": zone for name, zone in self.zone_names.items()}
        for key, zone in named.items():
            if zone is not None and (problem := zone_problem(zone)) is not None:
                yield f"{where}.{key}: {zone!r} {problem}"
        telling = [f for f in self.formats if tells_zone(f)]
        silent = [f for f in self.formats if has_clock(f) and not tells_zone(f)]
        if self.report_zone is None:
            if telling:
                yield (
                    f"{where}.report_zone: missing; {telling[0]!r} reads moments, whose day "
                    "depends on the zone: Europe/Berlin, say, or UTC"
                )
            elif self.source_zone is not None:
                yield f"{where}.report_zone: missing; source_zone has no effect without it"
            return
        if not telling and not silent:
            yield f"{where}.report_zone: has no effect, as no format has a time; remove it"
        if silent and self.source_zone is None:
            yield (
                f"{where}.source_zone: missing; {silent[0]!r} does not tell the zone of its times"
            )
        if not silent and self.source_zone is not None:
            yield f"{where}.source_zone: has no effect, as every time tells its zone; remove it"
        if sheets := [f for f in self.formats if f in SHEETS]:
            yield (
                f"{where}.report_zone: cannot be used with {sheets[0]}, whose days are of no zone; "
                "read them as another column"
            )

    def _zone_name_problems(self, where: str) -> Iterator[str]:
        if self.zone_names and not any("%Z" in split_format(f) for f in self.formats):
            yield f"{where}.zone_names: has no effect, as no format has %Z; remove it"
        for name, others in _by_case(self.zone_names).items():
            if len(others) > 1:
                yield f"{where}.zone_names: {' and '.join(map(repr, others))} differ by case only"
            if not re.fullmatch(r"[a-z][a-z0-9_+\-]*(?:/[a-z0-9_+\-]+){0,2}", name):
                yield f"{where}.zone_names: {others[0]!r} is nothing that %Z reads"

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


def _by_case(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.lower(), []).append(name)
    return found


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
    period: Period | None = None
    """What each cell is the whole of: a month (2025-03, Mar-25), a quarter (Q1 2025) or a year. The
    clean value is its first day, even where a cell has a day within it. Formats need no %d then,
    and have %q for the number of a quarter."""

    @property
    def whole(self) -> Period | None:
        return self.period

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
