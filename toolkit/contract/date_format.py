"""Date formats in contracts: Python's directives, and their limits.

%Y %y            the year, with four digits or two
%m %b %B         the month: a number, its name shortened, its name
%d               the day of the month
%a %A            the weekday, its name shortened or in full; it must be that of the day
%H, %I with %p   the hour of 24, or of 12 with AM or PM
%M %S %f         minutes, seconds, and digits of a second's fraction
%z %Z            the offset from UTC, or the name of the zone
%q               the quarter, where cells are whole quarters
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import product
from typing import Literal

from toolkit.contract.calendar_names import NAMED, Language, names_of
from toolkit.contract.zones import OFFSET

Period = Literal["month", "quarter", "year"]

COUNTED = {"epoch_seconds": 1_000_000, "epoch_milliseconds": 1_000, "epoch_microseconds": 1}
"""Formats of numbers that count from 1970-01-01 00:00 UTC, with the microseconds of their unit."""
SHEETS = ("excel_1900", "excel_1904")
"""Formats of numbers that count days as spreadsheets do."""
FALSE_LEAP_DAY, LAST_OF_1900, LAST_OF_1904 = 60, 2_958_465, 2_957_003
"""The 29 February that 1900 did not have; 9999-12-31 in either way of counting."""
ENGLISH: tuple[Language, ...] = ("en",)

_DAY_PARTS = {"year": ("%Y", "%y"), "month": ("%m", "%b", "%B"), "day": ("%d",)}
_HOURS = ("%H", "%I")
_NEEDS = {
    "%I": ("%p",), "%p": ("%I",), "%M": _HOURS, "%S": ("%M",), "%f": ("%S",), "%z": _HOURS,
    "%Z": _HOURS,
}  # fmt: skip
_ONCE = ("%H", *_NEEDS, "%a", "%A")
_KNOWN = [d for parts in _DAY_PARTS.values() for d in parts] + [*_ONCE]

_FIXED = {"%Y": 4, "%y": 2, "%q": 1}
_MOST_DIGITS = {"%m": 2, "%d": 2, "%H": 2, "%I": 2, "%M": 2, "%S": 2, "%f": 9}
FRACTION_DIGITS = 6
"""The digits of a second's fraction that a clean value has; further ones are cut off."""
_BLANK = "[ \u00a0\u2009\u202f]"
_HALF = rf"(?i:[ap]\.?{_BLANK}?m\.?)"
_ZONE_NAME = r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+){0,2}"
# Days whose year, month and day can each be mistaken for one of the others, at a time whose parts
# all differ.
_DISTINCTIVE = [
    datetime(year, month, day, 4, 5, 6, 700_000)
    for year, month, day in product((2001, 2012), (2, 5, 11), (3, 12))
]
_EPOCH = datetime(1970, 1, 1)


def split_format(date_format: str) -> list[str]:
    """Split a format into directives and the single characters between them."""
    return re.findall(r"%.?|[^%]", date_format, re.DOTALL)


def is_counted(date_format: str) -> bool:
    """Return whether cells are numbers that count seconds or days, instead of having directives."""
    return date_format in COUNTED or date_format in SHEETS


def tells_zone(date_format: str) -> bool:
    """Return whether cells of a format say which moment is meant, whatever the zone."""
    found = split_format(date_format)
    return date_format in COUNTED or "%z" in found or "%Z" in found


def has_clock(date_format: str) -> bool:
    """Return whether cells of a format have a time of some clock."""
    found = split_format(date_format)
    return date_format in COUNTED or any(hour in found for hour in _HOURS)


def format_problems(date_format: str, period: Period | None = None) -> Iterator[str]:
    """Yield why a format cannot be used, as text to follow the format.

    With `period` cells are whole months, quarters or years, and need no day.
    """
    if is_counted(date_format):
        return
    if date_format and "%" not in date_format:
        words = ", ".join((*COUNTED, *SHEETS))
        yield f"has no directive such as %Y, and is none of {words}"
        return
    known = [*_KNOWN, "%q"] if period in ("quarter", "year") else _KNOWN
    found = Counter(
        directive for directive in split_format(date_format) if directive.startswith("%")
    )
    unknown = [directive for directive in found if directive not in known]
    if unknown:
        yield f"has {', '.join(unknown)}; what it can have is {' '.join(known)}"
    yield from _day_problems(found, period)
    yield from _time_problems(found)


def _day_problems(found: Counter[str], period: Period | None) -> Iterator[str]:
    parts = dict(_DAY_PARTS)
    if period in ("quarter", "year"):
        parts["month"] = (*parts["month"], "%q")
    for part, directives in parts.items():
        times = sum(found[directive] for directive in directives)
        may_lack = {"day": period is not None, "month": period == "year"}.get(part, False)
        if times == 1 or (times == 0 and may_lack):
            continue
        hint = ", unless period says that cells are whole months" if part == "day" else ""
        yield f"must have one {part} ({' or '.join(directives)}){hint if times == 0 else ''}"
    if found["%d"] and not any(found[directive] for directive in _DAY_PARTS["month"]):
        yield "has %d without a month"


def _time_problems(found: Counter[str]) -> Iterator[str]:
    for directive, times in found.items():
        if times > 1 and directive in _ONCE:
            yield f"has {directive} {times} times"
    if "%H" in found and "%I" in found:
        yield "has %H and %I; keep the hour that is meant"
    if "%z" in found and "%Z" in found:
        yield "has %z and %Z; keep the zone that is meant"
    for directive, others in _NEEDS.items():
        if directive in found and not any(other in found for other in others):
            yield f"has {directive} without {' or '.join(others)}"


def pattern(date_format: str, languages: Sequence[Language] = ENGLISH) -> str:
    """Return a regular expression of whole cells, for Python and RE2, with a group for each
    directive, named by its letter.
    """
    found = split_format(date_format)
    pieces = (_piece(found, place, tuple(languages)) for place in range(len(found)))
    return f"^{''.join(pieces)}$"


def _piece(found: Sequence[str], place: int, languages: tuple[Language, ...]) -> str:
    piece = found[place]
    if piece in NAMED:
        names = sorted(names_of(piece, languages), key=lambda name: (-len(name), name))
        return rf"(?P<{piece[1]}>(?i:{'|'.join(map(re.escape, names))}))\.?"
    if piece in _FIXED:
        return f"(?P<{piece[1]}>[0-9]{{{_FIXED[piece]}}})"
    if piece in _MOST_DIGITS:
        # A fraction is the digits after those of the directive before it.
        before = [] if piece == "%f" else found[max(place - 1, 0) : place]
        beside = [*before, *found[place + 1 : place + 2]]
        least, most = 1, _MOST_DIGITS[piece]
        if any(_is_numeric(neighbour) for neighbour in beside):
            least = most = min(most, FRACTION_DIGITS)
        return f"(?P<{piece[1]}>[0-9]{{{least},{most}}})"
    others = {"%p": _HALF, "%z": OFFSET, "%Z": _ZONE_NAME}
    if piece in others:
        return f"(?P<{piece[1]}>{others[piece]})"
    return _BLANK if piece == " " else re.escape(piece)


def _is_numeric(piece: str) -> bool:
    return piece in _FIXED or piece in _MOST_DIGITS or piece in "0123456789"


def conflict(
    one: str, other: str, *, by_time: bool, languages: Sequence[Language] = ENGLISH
) -> str | None:
    """Return a cell that two valid formats read as different days, with these days; None if there
    is none.

    With `by_time` the same day at different times is a conflict too.
    """
    for moment, writing in product(_DISTINCTIVE, (one, other)):
        cell = _write(moment, writing, languages)
        first, second = (_read(cell, reading, languages) for reading in (one, other))
        if first is None or second is None:
            continue
        meant: tuple[date, date] = (first, second) if by_time else (first.date(), second.date())
        if meant[0] != meant[1]:
            return f"{cell!r}, as {meant[0]} and as {meant[1]}"
    return None


def swapped(date_format: str) -> str | None:
    """Return the format with day and month swapped; None where they cannot be confused."""
    found = split_format(date_format)
    if "%m" not in found or "%d" not in found:
        return None
    other = {"%m": "%d", "%d": "%m"}
    return "".join(other.get(directive, directive) for directive in found)


def _write(moment: datetime, date_format: str, languages: Sequence[Language]) -> str:
    """Write a moment with all leading zeros, which the toolkit requires where numbers touch."""
    since = moment - _EPOCH
    if date_format in COUNTED:
        return str(since // timedelta(microseconds=COUNTED[date_format]))
    if date_format in SHEETS:
        return str(since.days + (25_569 if date_format == SHEETS[0] else 24_107))
    return "".join(
        _written(moment, piece, tuple(languages)) if piece.startswith("%") else piece
        for piece in split_format(date_format)
    )


def _written(moment: datetime, directive: str, languages: tuple[Language, ...]) -> str:
    if directive in NAMED:
        number = moment.month if directive in ("%b", "%B") else moment.isoweekday()
        names = names_of(directive, languages)
        return next(name for name, known in names.items() if known == number)
    others = {"%q": str((moment.month + 2) // 3), "%z": "+0000", "%Z": "UTC"}
    return others[directive] if directive in others else moment.strftime(directive)


def _read(cell: str, date_format: str, languages: Sequence[Language]) -> datetime | None:
    if is_counted(date_format):
        return _read_counted(cell, date_format)
    found = re.match(pattern(date_format, languages), cell)
    if found is None:
        return None
    values = found.groupdict()
    try:
        return datetime(
            _year(values),
            _month(values, tuple(languages)),
            int(values.get("d", 1)),
            _hour(values),
            int(values.get("M", 0)),
            int(values.get("S", 0)),
            int(values.get("f", "0").ljust(FRACTION_DIGITS, "0")[:FRACTION_DIGITS]),
        )
    except ValueError:
        return None


def _read_counted(cell: str, date_format: str) -> datetime | None:
    if not re.fullmatch("[0-9]{1,15}", cell):
        return None
    number = int(cell)
    try:
        if date_format in COUNTED:
            return _EPOCH + timedelta(microseconds=number * COUNTED[date_format])
        start = 25_569 if date_format == SHEETS[0] else 24_107
        return _EPOCH + timedelta(days=number - start) if number <= LAST_OF_1900 else None
    except OverflowError:
        return None


def _year(values: Mapping[str, str]) -> int:
    if "Y" in values:
        return int(values["Y"])
    return 1969 + (int(values["y"]) - 1969) % 100


def _month(values: Mapping[str, str], languages: tuple[Language, ...]) -> int:
    for letter in ("b", "B"):
        if letter in values:
            return names_of(f"%{letter}", languages)[values[letter].lower()]
    return int(values["m"]) if "m" in values else 3 * int(values.get("q", 1)) - 2


def _hour(values: Mapping[str, str]) -> int:
    if "I" not in values:
        return int(values.get("H", 0))
    hour = int(values["I"])
    if not 1 <= hour <= 12:
        raise ValueError("no hour of a clock with 12")
    return hour % 12 + 12 * (values["p"][0] in "pP")
