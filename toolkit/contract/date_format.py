"""Date formats in contracts: Python's directives, and their limits.

%Y %y            the year, with four digits or two
%m %b %B         the month: a number, its English name shortened, its English name
%d               the day of the month
%H, %I with %p   the hour of 24, or of 12 with AM or PM
%M %S %f         minutes, seconds, and up to six digits of a second's fraction
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from itertools import product

_DAY_PARTS = {"year": ("%Y", "%y"), "month": ("%m", "%b", "%B"), "day": ("%d",)}
_HOURS = ("%H", "%I")
_NEEDS = {"%I": ("%p",), "%p": ("%I",), "%M": _HOURS, "%S": ("%M",), "%f": ("%S",)}
_KNOWN = [d for parts in _DAY_PARTS.values() for d in parts] + ["%H", *_NEEDS]
# Days whose year, month and day can each be mistaken for one of the others, at a time whose parts
# all differ.
_DISTINCTIVE = [
    datetime(year, month, day, 4, 5, 6, 700_000)
    for year, month, day in product((2001, 2012), (2, 5, 11), (3, 12))
]


def split_format(date_format: str) -> list[str]:
    """Split a format into directives and the single characters between them."""
    return re.findall(r"%.?|[^%]", date_format, re.DOTALL)


def format_problems(date_format: str) -> Iterator[str]:
    """Yield why a format cannot be used, as text to follow the format."""
    found = Counter(
        directive for directive in split_format(date_format) if directive.startswith("%")
    )
    unknown = [directive for directive in found if directive not in _KNOWN]
    if unknown:
        yield f"has {', '.join(unknown)}; what it can have is {' '.join(_KNOWN)}"
    for part, directives in _DAY_PARTS.items():
        if sum(found[directive] for directive in directives) != 1:
            yield f"must have one {part} ({' or '.join(directives)})"
    for directive, times in found.items():
        if times > 1 and directive in ("%H", *_NEEDS):
            yield f"has {directive} {times} times"
    if "%H" in found and "%I" in found:
        yield "has %H and %I; keep the hour that is meant"
    for directive, others in _NEEDS.items():
        if directive in found and not any(other in found for other in others):
            yield f"has {directive} without {' or '.join(others)}"


def conflict(one: str, other: str, *, by_time: bool) -> str | None:
    """Return a cell that two valid formats read as different days, with these days; None if there
    is none.

    With `by_time` the same day at different times is a conflict too.
    """
    for moment, writing in product(_DISTINCTIVE, (one, other)):
        cell = _write(moment, writing)
        first, second = _read(cell, one), _read(cell, other)
        if first is None or second is None:
            continue
        meant: tuple[date, date] = (first, second) if by_time else (first.date(), second.date())
        if meant[0] != meant[1]:
            return f"{cell!r}, as {meant[0]} and as {meant[1]}"
    return None


def swapped(date_format: str) -> str | None:
    """Return the format with day and month swapped; None where they cannot be confused."""
    if "%m" not in split_format(date_format):
        return None
    other = {"%m": "%d", "%d": "%m"}
    return "".join(other.get(directive, directive) for directive in split_format(date_format))


def _write(moment: datetime, date_format: str) -> str:
    return "".join(
        moment.strftime(directive) if directive.startswith("%") else directive
        for directive in split_format(date_format)
    )


def _read(cell: str, date_format: str) -> datetime | None:
    """Read a moment with all leading zeros, which the toolkit requires where numbers touch."""
    try:
        moment = datetime.strptime(cell, date_format)
    except ValueError:
        return None
    return moment if _write(moment, date_format) == cell else None
