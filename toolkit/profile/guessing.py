"""Guess how to read a column, from its distinct values and the rows of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from toolkit.contract import Email
from toolkit.contract.references import DAYS
from toolkit.profile.doubts import Doubt
from toolkit.profile.guess import DistinctCells, Guess, Order
from toolkit.profile.guessing_clock import guess_counted
from toolkit.profile.guessing_dates import guess_dates
from toolkit.profile.guessing_numbers import doubt_texts_beside, guess_numbers
from toolkit.profile.readings import TEXT, Reading, Tally
from toolkit.profile.unread_days import doubt_unread_days
from toolkit.units import human_share

FITS = 0.9
"""Least share of cells that a reading must be able to read."""
_NOTABLE = 0.5


def guess_reading(
    cells: DistinctCells, *, commas: bool = False, order: Order | None = None, source: str = ""
) -> Guess:
    """Choose the first of e-mail, date, number that reads nearly all cells; else text.

    With `commas` decimal commas are likely, as in files with semicolons; `order` is that of day and
    month in other columns, for dates of which no cell decides it; `source` is the column's name in
    the header, which tells days that are numbers.
    """
    nearest: Guess | None = None
    for guess in _guesses(cells, commas, order, source):
        needed = _NOTABLE if guess.undecided else FITS
        if guess.tally.share >= needed:
            return guess if guess.refused is None else guess.as_text()
        if nearest is None or guess.tally.share > nearest.tally.share:
            nearest = guess
    text = Guess(Reading(TEXT), Tally())
    unread = doubt_unread_days(cells, source)
    if unread is not None:
        nearly = nearest is not None and nearest.kind in DAYS and nearest.tally.share >= _NOTABLE
        if not nearly:
            return replace(text, doubts=(unread,), is_plain=True)
    if nearest is None or nearest.tally.share < _NOTABLE:
        beside = doubt_texts_beside(cells) if len(cells.values) else None
        return text if beside is None else replace(text, doubts=(beside,))
    tally = nearest.tally
    others = ", ".join(repr(misfit.value) for misfit in tally.misfits[:3])
    read = human_share(tally.share, 1)
    doubt = f"{read} of the cells read as {nearest.kind}, but not such as {others}"
    if nearest.kind in DAYS:
        doubt += f"; kind: {nearest.kind} with formats would reject those"
    return replace(text, doubts=(Doubt(doubt, tally.n_read),))


def _guesses(
    cells: DistinctCells, commas: bool, order: Order | None, source: str
) -> Iterator[Guess]:
    if len(cells.values) == 0:
        return
    email = Reading(Email(kind="email"))
    yield Guess(email, cells.tally(email))
    dates = guess_dates(cells, order, source)
    if dates is not None:
        yield dates
    counted = guess_counted(cells, source)
    if counted is not None:
        yield counted
    numbers = guess_numbers(cells, commas)
    if numbers is not None:
        yield numbers
