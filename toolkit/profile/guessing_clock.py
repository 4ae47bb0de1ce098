"""Recognise numbers that count time: seconds since 1970, and the days of spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow.compute as pc

from toolkit.clean.parsed import bools
from toolkit.contract import Date, Timestamp
from toolkit.contract.date_format import COUNTED, SHEETS
from toolkit.profile.doubts import Doubt
from toolkit.profile.facts import Spread
from toolkit.profile.guess import DistinctCells, Guess
from toolkit.profile.keys import is_like_an_id
from toolkit.profile.readings import Reading
from toolkit.profile.sorts import AMOUNT, PRICE, QUANTITY, SHARE

_NAMED = re.compile(
    r"date|time|day|datum|zeit|fecha|heure|created|updated|modified|ordered|shipped|epoch|unix|"
    r"giorno|jour|termin|dzie|dag(?![a-z])|kiedy|wann|cuando|quand|"
    r"(^|[^a-z])(ts|at|on|when|tag|data|dia|día|sold|paid|hora|ora)$",
    re.IGNORECASE,
)
_NAMED_FOR_DAYS = re.compile(
    r"(^|[^a-z])(date|datum|datetime|timestamp|day|fecha|data|dato|tag|jour|dia|día|giorno|dag|"
    r"zeit|time|heure|hora|ora|created|updated)([^a-z]|$)|(date|datum|zeit|tag)$",
    re.IGNORECASE,
)
_OF_FIGURES = re.compile(
    r"count|value|number|stock|weight|budget|target|limit|score", re.IGNORECASE
)
_NAMED_FOR_MONTHS = re.compile(
    r"month|monat|mois|(^|[^a-z])mes|mese|mês|maand|miesi|period", re.IGNORECASE
)
_DURATION = re.compile(
    r"days|hours|minutes|lead|duration|dauer|tage|jours|días|giorni|dni", re.IGNORECASE
)
_A_DATE = re.compile(r"^[^\W\d_]+[ _-]?(date|datum)$|^(date|datum|fecha|data)\b", re.IGNORECASE)
"""Value Date is a day, whatever else value means."""
_DATE = re.compile("date", re.IGNORECASE)
"""Taken out before other words are looked for: rate is one of them."""
_LEFT = (
    "left as numbers, so nothing is counted by month; kind: date with formats would read days such "
    "as 31122025"
)
_UNITS = {
    "epoch_seconds": "seconds since 1970", "epoch_milliseconds": "milliseconds since 1970",
    "epoch_microseconds": "microseconds since 1970",
    "excel_1900": "days as a spreadsheet counts them",
}  # fmt: skip
_PER_SECOND = 1_000_000
_FIRST, _LAST = 946_684_800, 2_208_988_800
"""2000 to 2040, in seconds since 1970."""
_FIRST_SHEET_DAY, _LAST_SHEET_DAY = 29_221, 54_788
"""1980 to 2050, as spreadsheets count days."""
_NUMBERS = r"^[0-9]{5,16}(?:[.,][0-9]+)?$"
_FITS = 0.9


def guess_counted(cells: DistinctCells, source: str) -> Guess | None:
    """Read numbers as the days or moments that they count, if their column is named for such.

    A spreadsheet's days could be any numbers, so the name has to be that of days and no other.
    What is no such number, as a 0 for no day, may be a tenth of the rows.
    """
    if not is_named_for_time(source) or len(cells.values) == 0:
        return None
    numbers = bools(pc.match_substring_regex(cells.values, _NUMBERS))
    if cells.rows[numbers].sum() < _FITS * cells.n_rows:
        return None
    found = pc.fill_null(pc.replace_substring(cells.values.filter(numbers), ",", "."), "")
    values, rows = pc.cast(found, "float64").to_numpy(), cells.rows[numbers]
    for word, what in _UNITS.items():
        first, last = _range(word)
        inside = (values >= first) & (values <= last)
        named = word in COUNTED or _NAMED_FOR_DAYS.search(source) is not None
        if named and rows[inside].sum() >= _FITS * cells.n_rows:
            return _as_guess(cells, word, what, whole=bool((values == np.rint(values)).all()))
    return None


def _as_guess(cells: DistinctCells, word: str, what: str, *, whole: bool) -> Guess:
    if word in COUNTED:
        column: Date | Timestamp = Timestamp(kind="timestamp", formats=(word,), report_zone="UTC")
        how = f"{word}, by the clock of UTC; report_zone names the place whose days are meant"
    else:
        column = Date(kind="date", formats=(word,))
        if not whole:
            column = Timestamp(kind="timestamp", formats=(word,))
        how = f"{word}; {SHEETS[1]} would make them four years later"
    reading = Reading(column)
    tally = cells.tally(reading)
    years = [] if tally.low is None or tally.high is None else [_year(tally.low), _year(tally.high)]
    text = f"looks like {what} ({_span(years)}) and is read by formats: {how}"
    return Guess(reading, tally, (Doubt(text, tally.n_read),))


def doubt_counted_time(source: str, spread: Spread | None, n_rows: int) -> Iterator[Doubt]:
    """Doubt numbers that look like moments, and others in a column that is named for days."""
    if spread is None:
        return
    if is_named_for_time(source) and spread.high >= _FIRST_SHEET_DAY:
        if _NAMED_FOR_DAYS.search(source):
            yield Doubt(f"named for days, but its numbers are none that are known: {_LEFT}", n_rows)
            return
        if spread.low >= _FIRST_SHEET_DAY and spread.high <= _LAST_SHEET_DAY:
            text = "may be days as a spreadsheet counts them, formats: [excel_1900]"
            yield Doubt(f"{text}: {_LEFT}", n_rows)
    if is_like_an_id(source):
        return
    for word in COUNTED:
        first, last = _range(word)
        if first <= spread.low and spread.high <= last:
            unit = COUNTED[word]
            span = _span([_year(value * unit) for value in (spread.low, spread.high)])
            text = (
                f"looks like {_UNITS[word]} ({span}), left as a number, so nothing is counted by "
                f"month; kind: timestamp with formats: [{word}] and report_zone would read them"
            )
            yield Doubt(text, n_rows)


def is_named_for_time(source: str) -> bool:
    """Return whether a column's name is that of days or times."""
    if _A_DATE.search(source):
        return True
    others = (_DURATION, _OF_FIGURES, QUANTITY, PRICE, AMOUNT, SHARE)
    named = _NAMED.search(source) or _NAMED_FOR_DAYS.search(source)
    return bool(named) and not any(other.search(_DATE.sub("", source)) for other in others)


def is_named_for_months(source: str) -> bool:
    """Return whether a column's name is that of months."""
    return bool(_NAMED_FOR_MONTHS.search(source)) and not _DURATION.search(source)


def _range(word: str) -> tuple[float, float]:
    if word in COUNTED:
        per_second = _PER_SECOND // COUNTED[word]
        return _FIRST * per_second, _LAST * per_second
    return _FIRST_SHEET_DAY, _LAST_SHEET_DAY


def _year(microseconds: float) -> int:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)).year


def _span(years: list[int]) -> str:
    return " to ".join(dict.fromkeys(map(str, years)))
