"""Find the languages of the names in a column of days, and whether its weekdays are true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.counted_days import NO_DAY
from toolkit.clean.kinds.date import read_dates
from toolkit.clean.parsed import bools
from toolkit.contract.calendar_names import NAMED, Language
from toolkit.contract.date_format import ENGLISH, pattern, split_format
from toolkit.profile.doubts import Doubt
from toolkit.profile.guess import RARE, DistinctCells
from toolkit.profile.guessing_formats import LANGUAGES
from toolkit.units import human_number

_MOST_LANGUAGES = 3
_TRUE = 0.9
_FIRST_WORD = r"^(?P<word>\pL[^ \x{a0}\x{2009}\x{202f}]*)[ \x{a0}\x{2009}\x{202f}]+"


@dataclass(frozen=True)
class Names:
    """The languages of a column's names; `passed_over` are weekdays that are not those of days."""

    languages: tuple[Language, ...] = ENGLISH
    passed_over: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    def without_weekdays(self, cells: DistinctCells) -> DistinctCells:
        """Return the cells without the word before the day."""
        values = pc.replace_substring_regex(cells.values, _FIRST_WORD, "", max_replacements=1)
        return DistinctCells(values, cells.rows, cells.places)

    def fewest(self, cells: DistinctCells, formats: tuple[str, ...]) -> tuple[str, ...]:
        """Drop formats of names, in full rather than shortened, that no cell needs."""
        most = _rows_like(cells, formats, self.languages)
        for one in sorted(formats, key=lambda one: ("%A" not in one, "%B" not in one, one)):
            fewer = tuple(other for other in formats if other != one)
            if _is_named(one) and fewer and _rows_like(cells, fewer, self.languages) == most:
                formats = fewer
        return formats


def names_in(cells: DistinctCells, formats: Sequence[str]) -> Names:
    """Find the languages that read most cells of these formats, and try the weekdays."""
    named = [one for one in formats if _is_named(one)]
    if not named:
        return Names()
    languages = _languages(cells, named)
    of_weeks = [one for one in named if {*split_format(one)} & {"%a", "%A"}]
    if not of_weeks:
        return Names(languages)
    true = np.zeros(len(cells.values), dtype=bool)
    for one in of_weeks:
        true |= read_dates(one, cells.values, languages=languages).days != NO_DAY
    n_like, n_true = _rows_like(cells, of_weeks, languages), int(cells.rows[true].sum())
    if n_true >= _TRUE * n_like:
        return Names(languages)
    words = pc.struct_field(pc.extract_regex(cells.values, pattern=_FIRST_WORD), "word")
    text = (
        f"{human_number(n_like - n_true, 'cell')} with a weekday that is not that of the day: "
        "weekdays are passed over, as prefix"
    )
    found = tuple(sorted(one for one in pc.unique(words).to_pylist() if one))
    return Names(languages, found, (Doubt(text, n_like - n_true),))


def _languages(cells: DistinctCells, formats: Sequence[str]) -> tuple[Language, ...]:
    """Return the first language that reads most cells, and others that read more than chance."""
    chosen: tuple[Language, ...] = ()
    n_read = 0
    while n_read < cells.n_rows and len(chosen) < _MOST_LANGUAGES:
        counts = _counts(cells, formats, chosen)
        best = max(counts, key=lambda language: counts[language])
        if counts[best] - n_read < RARE * cells.n_rows:
            break
        n_read, chosen = counts[best], (*chosen, best)
    return chosen or ENGLISH


def _counts(
    cells: DistinctCells, formats: Sequence[str], chosen: tuple[Language, ...]
) -> dict[Language, int]:
    """Count the rows that each further language would read, up to one that reads all."""
    counts: dict[Language, int] = {}
    for language in LANGUAGES:
        if language not in chosen:
            counts[language] = _rows_like(cells, formats, (*chosen, language))
            if counts[language] == cells.n_rows:
                break
    return counts


def _is_named(date_format: str) -> bool:
    return bool({*split_format(date_format)} & {*NAMED})


def _rows_like(
    cells: DistinctCells, formats: Sequence[str], languages: tuple[Language, ...]
) -> int:
    """Count the rows whose cells are written as some format has it."""
    like = np.zeros(len(cells.values), dtype=bool)
    for one in formats:
        like |= _like(cells.values, pattern(one, languages))
    return int(cells.rows[like].sum())


def _like(values: pa.Array, expression: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return bools(pc.match_substring_regex(values, expression))
