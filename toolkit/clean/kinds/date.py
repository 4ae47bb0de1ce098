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
from toolkit.clean.kinds import Given, parse
from toolkit.clean.parsed import OK, ParsedValues, coded_unless, rightly_empty
from toolkit.contract import Dated
from toolkit.contract.date_format import split_format, swapped

Ints = npt.NDArray[np.int64]
Fields = Mapping[str, Ints]
"""Directive -> the number in its place in each cell, 0 in cells of another shape."""

NO_DAY = int(np.iinfo(np.int32).min)
"""Marks cells that are not a day."""

_MICROSECONDS_A_DAY = 86_400_000_000
_MONTH_NAMES = [
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip
_WORDS = {
    "%b": [name[:3] for name in _MONTH_NAMES],
    "%B": _MONTH_NAMES,
    "%p": ["am", "pm"],
}
_FULL = {"%Y": 4, "%y": 2}
_MOST_DIGITS = {"%m": 2, "%d": 2, "%H": 2, "%I": 2, "%M": 2, "%S": 2, "%f": 6}
# The lowest and the highest; the calendar decides whether year, month and day make a day.
_LIMITS = {"%H": (0, 23), "%I": (1, 12), "%M": (0, 59), "%S": (0, 59)}


@dataclass(frozen=True)
class DateReading:
    """Cells as one format reads them.

    `days` are counted from 1970-01-01, NO_DAY where the format cannot read the cell. `swapped` are
    those of the format with day and month swapped, None where these cannot be confused.
    `times` are microseconds since midnight, None where the format has no time.
    """

    date_format: str
    cells: pa.Array
    days: Ints
    swapped: Ints | None
    times: Ints | None


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
    readings: list[tuple[Ints, DateReading]] = []
    for date_format in column.formats:
        todo = np.flatnonzero(days == NO_DAY)
        cells = strings.take(pa.array(todo))
        reading = read_dates(date_format, cells, column.two_digit_years_from)
        readings.append((todo, reading))
        days[todo] = reading.days
        if reading.times is not None:
            times[todo] = reading.times
    unread = days == NO_DAY
    if column.has_time:
        moments = np.where(unread, 0, days) * _MICROSECONDS_A_DAY + times
        values = pa.array(moments, pa.timestamp("us"), mask=unread)
    else:
        values = pa.array(days.astype(np.int32), mask=unread).cast(pa.date32())
    nothing = rightly_empty(column.optional, strings)
    reason = column.reason
    codes = None if reason is None else coded_unless(nothing, unread, given.reasons[reason])
    if column.range_reason is not None:
        first, last = _day_limits(column, given.as_of)
        outside = ~unread & ((days < first) | (days > last))
        if outside.any():
            codes = np.full(len(days), OK, np.uint8) if codes is None else codes
            codes[outside] = np.minimum(codes[outside], given.reasons[column.range_reason])
    return ParsedDates(values, codes, readings=tuple(readings))


def read_dates(date_format: str, cells: pa.Array, two_digit_years_from: int) -> DateReading:
    """Read stripped cells by one format. Days are those of the calendar, from year 1 on."""
    fields, fits = _read_fields(cells, date_format)
    for directive, (lowest, highest) in _LIMITS.items():
        if directive in fields:
            fits &= (fields[directive] >= lowest) & (fields[directive] <= highest)
    year, month, day = _year(fields, two_digit_years_from), _month(fields), fields["%d"]
    return DateReading(
        date_format,
        cells,
        np.where(fits, _days(year, month, day), NO_DAY),
        None if swapped(date_format) is None else np.where(fits, _days(year, day, month), NO_DAY),
        _times(fields) if "%H" in fields or "%I" in fields else None,
    )


def _read_fields(cells: pa.Array, date_format: str) -> tuple[dict[str, Ints], Bools]:
    """Return the numbers in the cells, and which cells have the shape of the format."""
    found = split_format(date_format)
    pattern = "".join(_pattern(found, place) for place in range(len(found)))
    matches = pc.extract_regex(cells, pattern=f"^{pattern}$")
    fields = {
        piece: _numbers(pc.struct_field(matches, piece[1]), piece)
        for piece in found
        if piece.startswith("%")
    }
    return fields, np.array(matches.is_valid())


def _pattern(found: Sequence[str], place: int) -> str:
    piece = found[place]
    if piece in _WORDS:
        return f"(?P<{piece[1]}>(?i:{'|'.join(_WORDS[piece])}))"
    if piece in _FULL:
        return f"(?P<{piece[1]}>[0-9]{{{_FULL[piece]}}})"
    if piece in _MOST_DIGITS:
        most = _MOST_DIGITS[piece]
        # A fraction is the digits after those of the directive before it.
        before = [] if piece == "%f" else found[max(place - 1, 0) : place]
        beside = [*before, *found[place + 1 : place + 2]]
        least = most if any(_is_numeric(neighbour) for neighbour in beside) else 1
        return f"(?P<{piece[1]}>[0-9]{{{least},{most}}})"
    return f"\\x{{{ord(piece):x}}}"


def _is_numeric(piece: str) -> bool:
    return piece in _FULL or piece in _MOST_DIGITS or piece in "0123456789"


def _numbers(texts: pa.Array, directive: str) -> Ints:
    if directive in _WORDS:
        places = pc.index_in(pc.utf8_lower(texts), pa.array(_WORDS[directive]))
        first = 0 if directive == "%p" else 1
        return np.array(pc.fill_null(places, 0), np.int64) + first
    if directive == "%f":
        texts = pc.utf8_rpad(texts, _MOST_DIGITS[directive], "0")
    return np.array(pc.cast(pc.fill_null(texts, "0"), pa.int64()))


def _year(fields: Fields, two_digit_years_from: int) -> Ints:
    if "%Y" in fields:
        return fields["%Y"]
    return two_digit_years_from + (fields["%y"] - two_digit_years_from) % 100


def _month(fields: Fields) -> Ints:
    return next(fields[directive] for directive in ("%m", "%b", "%B") if directive in fields)


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


def _day_limits(column: Dated, as_of: date) -> tuple[int, int]:
    """Return the first and the last day allowed, in days since 1970-01-01."""
    first, last = column.limits(as_of)
    return (
        NO_DAY + 1 if first is None else _day_number(first),
        -NO_DAY if last is None else _day_number(last),
    )


def _day_number(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()
