"""Names of time zones: IANA's, and offsets from UTC."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from functools import cache

OFFSET = (
    "[Zz]|[Uu][Tt][Cc]|[Gg][Mm][Tt]|(?:UTC|GMT)?[-+\u2212](?:[0-9]{4}|[0-9]{1,2}(?::[0-9]{2})?)"
)
"""How an offset is written, for Python's regular expressions and RE2."""
_DIGITS = re.compile("(?:UTC|GMT)?([-+\u2212])([0-9]{1,2}):?([0-9]{2})?$")
_FURTHEST = 15 * 60 + 59


def offset_minutes(text: str) -> int | None:
    """Return the minutes by which a clock with this offset is ahead of UTC; None for no offset."""
    if text.upper() in ("Z", "UTC", "GMT"):
        return 0
    found = _DIGITS.match(text)
    if found is None:
        return None
    hours, minutes = int(found[2]), int(found[3] or 0)
    if minutes > 59 or 60 * hours + minutes > _FURTHEST:
        return None
    return (60 * hours + minutes) * (1 if found[1] == "+" else -1)


@cache
def zone_of(name: str) -> tzinfo | None:
    """Return the zone of IANA's database with this name, or of an offset; None if there is none."""
    minutes = offset_minutes(name)
    if minutes is not None:
        return timezone(timedelta(minutes=minutes))
    # Contracts without zones need not wait for this import.
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return None


def zone_problem(name: str) -> str | None:
    """Return why a contract cannot name this zone, as text to follow it; None if it can."""
    if zone_of(name) is not None:
        return None
    return "is no time zone; write one such as Europe/Berlin, UTC or +05:30"
