"""Parse days and times by the formats of a contract.

Like every parser, this one sees the distinct values of a column. Beside the days it returns those
with day and month swapped, which toolkit.clean.date_order weighs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.arrays import Bools
from toolkit.clean.counted_days import NO_DAY, read_counted
from toolkit.clean.kinds import Given, parse
from toolkit.clean.parsed import OK, Codes, ParsedValues, coded_unless, found_only, rightly_empty
from toolkit.clean.reported_days import MICROSECONDS_A_DAY, moved
from toolkit.contract import Dated
from toolkit.contract.calendar_names import NAMED, Language, names_of
from toolkit.contract.date_format import (
    ENGLISH,
    FRACTION_DIGITS,
    Period,
    is_counted,
    pattern,
    split_format,
    swapped,
)

Ints = npt.NDArray[np.int64]
Fields = Mapping[str, Ints]
"""Directive -> the number in its place in each cell, 0 in cells of another shape."""

# The lowest and the highest; the calendar decides whether year, month and day make a day.
_ZONES = ("%z", "%Z")
FIRST_OF_TWO = "first of two times"
_LIMITS = {"%H": (0, 23), "%I": (1, 12), "%M": (0, 59), "%S": (0, 59)}


@dataclass(frozen=True)
class DateReading:
    """Cells as one format reads them.

    `days` are counted from 1970-01-01, NO_DAY where the format cannot read the cell. `swapped` are
    those of the format with day and month swapped, None where these cannot be confused.
    `times` are microseconds since midnight, None where the format has no time; `zones` are what
    the cells say of their zone, None where the format does not read it.
    """

    date_format: str
    cells: pa.Array
    days: Ints
    swapped: Ints | None
    times: Ints | None
    zones: pa.Array | None = None


@dataclass(frozen=True)
class ParsedDates(ParsedValues):
    """Parsed days, and for each format the places of the cells it was tried on and its reading.

    A format is tried on the cells that no earlier one could read.
    """

    values: pa.Array
    readings: tuple[tuple[Ints, DateReading], ...] = ()


@parse.register
def parse_dates(column: Dated, strings: pa.Array, given: Given) -> ParsedDates:
    """Parse a date's days as date32, a timestamp's days and times as timestamp[us]."""
    days, times = np.full(len(strings), NO_DAY), np.zeros(len(strings), np.int64)
    twice: Bools | None = None
    readings: list[tuple[Ints, DateReading]] = []
    for date_format in column.formats:
        todo = np.flatnonzero(days == NO_DAY)
        cells = strings.take(pa.array(todo))
        reading = read_dates(date_format, cells, column.two_digit_years_from, column.languages)
        readings.append((todo, reading))
        found, of_day = reading.days, reading.times
        if column.report_zone is not None and of_day is not None:
            local = np.where(found == NO_DAY, 0, found) * MICROSECONDS_A_DAY + of_day
            there = moved(local, reading.zones, date_format, column)
            readable = (found != NO_DAY) & there.readable
            found, of_day = np.where(readable, there.days, NO_DAY), there.times
            twice = np.zeros(len(days), dtype=bool) if twice is None else twice
            twice[todo] = there.twice & readable
        days[todo] = found
        if of_day is not None:
            times[todo] = np.where(found == NO_DAY, 0, of_day)
    unread = days == NO_DAY
    if column.whole is not None:
        days = np.where(unread, NO_DAY, _first_days(np.where(unread, 0, days), column.whole))
    if column.has_time:
        moments = np.where(unread, 0, days) * MICROSECONDS_A_DAY + times
        values = pa.array(moments, pa.timestamp("us"), mask=unread)
    else:
        values = pa.array(days.astype(np.int32), mask=unread).cast(pa.date32())
    codes = _codes(column, days, strings, given)
    changes = {} if twice is None else found_only({FIRST_OF_TWO: twice})
    return ParsedDates(values, codes, changes, readings=tuple(readings))


def _codes(column: Dated, days: Ints, strings: pa.Array, given: Given) -> Codes | None:
    unread = days == NO_DAY
    nothing = rightly_empty(column.optional, strings)
    reason = column.reason
    codes = None if reason is None else coded_unless(nothing, unread, given.reasons[reason])
    if column.range_reason is not None:
        first, last = _day_limits(column, given.as_of)
        outside = ~unread & ((days < first) | (days > last))
        if outside.any():
            codes = np.full(len(days), OK, np.uint8) if codes is None else codes
            codes[outside] = np.minimum(codes[outside], given.reasons[column.range_reason])
    return codes


def read_dates(
    date_format: str,
    cells: pa.Array,
    two_digit_years_from: int = Dated.two_digit_years_from,
    languages: Sequence[Language] = ENGLISH,
) -> DateReading:
    """Read stripped cells by one format. Days are those of the calendar, from year 1 on; those of
    a period are the first of it.
    """
    if is_counted(date_format):
        counted, times = read_counted(date_format, cells)
        return DateReading(date_format, cells, counted, None, times)
    matches = pc.extract_regex(cells, pattern=pattern(date_format, languages))
    found = [piece for piece in split_format(date_format) if piece.startswith("%")]
    texts = {piece: pc.struct_field(matches, piece[1]) for piece in found}
    fields = {
        piece: _numbers(text, piece, languages)
        for piece, text in texts.items()
        if piece not in _ZONES
    }
    fits = np.array(matches.is_valid())
    for directive, (lowest, highest) in _LIMITS.items():
        if directive in fields:
            fits &= (fields[directive] >= lowest) & (fields[directive] <= highest)
    year, month = _year(fields, two_digit_years_from), _month(fields)
    day = fields.get("%d", np.ones(len(cells), np.int64))

    def days_of(month: Ints, day: Ints) -> Ints:
        return _on_weekday(fields, np.where(fits, _days(year, month, day), NO_DAY))

    return DateReading(
        date_format,
        cells,
        days_of(month, day),
        None if swapped(date_format) is None else days_of(day, month),
        _times(fields) if "%H" in fields or "%I" in fields else None,
        next((texts[zone] for zone in _ZONES if zone in texts), None),
    )


def _numbers(texts: pa.Array, directive: str, languages: Sequence[Language]) -> Ints:
    if directive in NAMED:
        names = names_of(directive, tuple(languages))
        places = pc.fill_null(pc.index_in(pc.utf8_lower(texts), pa.array(names)), 0)
        return np.array([*names.values()], np.int64)[places.to_numpy()]
    if directive == "%p":
        return np.array(pc.fill_null(pc.match_substring_regex(texts, "^[pP]"), False), np.int64)
    if directive == "%f":
        texts = pc.utf8_slice_codeunits(texts, 0, FRACTION_DIGITS)
        texts = pc.utf8_rpad(texts, FRACTION_DIGITS, "0")
    return np.array(pc.cast(pc.fill_null(texts, "0"), pa.int64()))


def _on_weekday(fields: Fields, days: Ints) -> Ints:
    """Return the days, without those that fall on another weekday than the cell has."""
    for directive in ("%a", "%A"):
        if directive in fields:
            # 1970-01-01 was a Thursday.
            days = np.where((days + 3) % 7 + 1 == fields[directive], days, NO_DAY)
    return days


def _year(fields: Fields, two_digit_years_from: int) -> Ints:
    if "%Y" in fields:
        return fields["%Y"]
    return two_digit_years_from + (fields["%y"] - two_digit_years_from) % 100


def _month(fields: Fields) -> Ints:
    if "%q" in fields:
        return 3 * fields["%q"] - 2
    of_month = ("%m", "%b", "%B")
    found = next((fields[directive] for directive in of_month if directive in fields), None)
    return np.ones(len(_any_of(fields)), np.int64) if found is None else found


def _any_of(fields: Fields) -> Ints:
    return next(iter(fields.values()))


def _days(year: Ints, month: Ints, day: Ints) -> Ints:
    """Return days since 1970-01-01; NO_DAY for days that the calendar lacks."""
    starts = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    first = starts.astype("datetime64[D]").astype(np.int64)
    length = (starts + 1).astype("datetime64[D]").astype(np.int64) - first
    real = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)
    return np.where(real, first + day - 1, NO_DAY)


def _times(fields: Fields) -> Ints:
    hour = fields["%H"] if "%H" in fields else fields["%I"] % 12 + 12 * fields["%p"]
    minute, second, fraction = (fields.get(name, np.int64(0)) for name in ("%M", "%S", "%f"))
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction


def _first_days(days: Ints, period: Period) -> Ints:
    """Return the first day of the month, quarter or year of each."""
    length = {"month": 1, "quarter": 3, "year": 12}[period]
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    first = (months // length * length).astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray(first.astype(np.int64))


def _day_limits(column: Dated, as_of: date) -> tuple[int, int]:
    """Return the first and the last day allowed, in days since 1970-01-01."""
    first, last = column.limits(as_of)
    return (
        NO_DAY + 1 if first is None else _day_number(first),
        -NO_DAY if last is None else _day_number(last),
    )


def _day_number(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()
