"""Recognise numbers that count time: since 1970 as programs do, or days since 1900 as spreadsheets
do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from toolkit.profile.doubts import Doubt
from toolkit.profile.facts import Spread
from toolkit.profile.keys import is_like_an_id

_NAMED = re.compile(
    r"date|time|day|datum|zeit|fecha|heure|created|updated|modified|ordered|shipped|epoch|unix|"
    r"(^|[^a-z])(ts|at|on|when)$",
    re.IGNORECASE,
)
_DURATION = re.compile(r"days|hours|minutes|lead|duration|dauer", re.IGNORECASE)
_SINCE_1970 = (("seconds", 1), ("milliseconds", 10**3), ("microseconds", 10**6))
_FIRST, _LAST = 946_684_800, 2_208_988_800
"""2000 to 2040, in seconds since 1970."""
_SHEET_START = datetime(1899, 12, 30, tzinfo=UTC)
_FIRST_SHEET_DAY, _LAST_SHEET_DAY = 29_221, 54_788
"""1980 to 2050, as spreadsheets count days."""


def doubt_counted_time(source: str, spread: Spread | None, n_rows: int) -> Iterator[Doubt]:
    """Doubt numbers that look like times or days, which no format of a contract reads.

    Spreadsheet days could be any number, so the column's name must suggest them.
    """
    if spread is None:
        return
    named = bool(_NAMED.search(source)) and not _DURATION.search(source)
    low, high = spread.low, spread.high
    for unit, per_second in _SINCE_1970:
        first, last = (_FIRST * per_second, _LAST * per_second)
        if first <= low and high <= last and (named or not is_like_an_id(source)):
            years = [datetime.fromtimestamp(v / per_second, UTC).year for v in (low, high)]
            yield _doubt(f"{unit} since 1970", years, n_rows)
    if named and low >= _FIRST_SHEET_DAY and high <= _LAST_SHEET_DAY:
        years = [(_SHEET_START + timedelta(days=v)).year for v in (low, high)]
        yield _doubt("days as a spreadsheet counts them", years, n_rows)


def _doubt(what: str, years: list[int], n_rows: int) -> Doubt:
    span = f"{years[0]} to {years[1]}" if years[0] != years[1] else str(years[0])
    text = (
        f"looks like {what} ({span}), which no format reads: left as a number, so nothing is "
        "counted by month; have the dates written as 2025-12-31"
    )
    return Doubt(text, n_rows)
