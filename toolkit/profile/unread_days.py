"""Recognise days and times that no formats were found for."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.parsed import bools
from toolkit.contract.calendar_names import names_of
from toolkit.profile.doubts import Doubt
from toolkit.profile.guess import DistinctCells
from toolkit.profile.guessing_clock import is_named_for_time
from toolkit.profile.guessing_formats import LANGUAGES
from toolkit.units import human_count, human_number

_MONTHS = "|".join(re.escape(name) for names in ("%b", "%B") for name in names_of(names, LANGUAGES))
_MONTH = rf"(?i:{_MONTHS})(?:[^\pL]|$)"
_LIKE_DAYS = (
    r"^(?:\pL{2,9}\.?,? )?[0-9]{1,4}[-/. ]{1,2}[0-9]{1,2}[-/. ]{1,2}[0-9]{1,4}([T ,].*)?$"
    r"|^(?:19|20)[0-9]{6}T?[0-9]{6}|^(?:19|20)[0-9]{2}-?W[0-5][0-9]|^W[0-5]?[0-9][- /](?:19|20)"
    rf"|^(?:.{{0,16}}[^\pL])?{_MONTH}.{{0,60}}(?:19|20)[0-9]{{2}}"
    rf"|(?:19|20)[0-9]{{2}}[^\pL]{{1,3}}{_MONTH}"
    rf"|^[0-9]{{1,2}}(?:st|nd|rd|th|er|\.)?[- /.]{_MONTH}.{{0,12}}$"
    r"|^.{0,20}(?:[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:19|20)[0-9]{2}|"
    r"(?:19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2})(?:[^0-9].{0,30})?$|^/Date\("
    rf"|^(?i:{_MONTHS})[-/ '.]{{1,2}}[0-9]{{1,4}}$"
)
_MAY_BE_DAYS = (
    r"[0-9][-/. ]{1,2}[0-9]{1,2}[-/. ]{1,2}[0-9]|(?:19|20)[0-9]{2}|^/Date"
    r"|[0-9].{0,4}\pL{3}|\pL{3}.{0,3}[0-9]"
)
"""What all of those have, in an expression that takes no time to compile."""
_WITHOUT_YEAR = r"|^[0-9]{1,2}[-/.][0-9]{1,2}\.?$"
"""In a column named for days."""
_NEARLY, _SOME = 0.9, 0.2
_A_LOOK = 500
"""Values of which none looks like a day where no others need to be looked at."""


def doubt_unread_days(cells: DistinctCells, source: str = "") -> Doubt | None:
    """Doubt text that looks like days or times which no format of a contract reads.

    In a column whose name, `source`, is that of days, a few such cells are enough.
    """
    named = is_named_for_time(source)
    least, pattern = (_SOME, _LIKE_DAYS + _WITHOUT_YEAR) if named else (_NEARLY, _LIKE_DAYS)
    n_values = len(cells.values)
    few = cells.values.take(pa.array(np.arange(0, n_values, 1 + n_values // _A_LOOK)))
    if not named and not bools(pc.match_substring_regex(few, _MAY_BE_DAYS)).any():
        return None
    like = bools(pc.match_substring_regex(few, pattern))
    if not like.any():
        return None
    if len(few) < n_values:
        like = bools(pc.match_substring_regex(cells.values, pattern))
    n_rows = int(cells.rows[like].sum())
    if n_rows < least * cells.n_rows:
        return None
    example = cells.values[int(np.flatnonzero(like)[0])].as_py()
    text = (
        f"{human_count(n_rows)} of {human_number(cells.n_rows, 'cell')} look like days or times, "
        f"such as {example!r}, but no formats were found that read nearly all: left as text, so "
        "nothing is counted by month; kind: date with formats would read them"
    )
    return Doubt(text, n_rows)
