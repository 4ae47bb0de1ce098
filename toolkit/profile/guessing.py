"""Which reading fits a column, from its distinct values and how many rows each has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.date_order import OrderEvidence, courses, doubt, tell_courses, weigh_order
from toolkit.clean.parsers import Bools, bools
from toolkit.contract import Date, Email, Integer, Number, Timestamp
from toolkit.date_format import swapped
from toolkit.profile.cells import shapes_of
from toolkit.profile.readings import TEXT, Reading, Tally
from toolkit.profile.vocabulary import FIRST, ROWS, VALUE, Ints
from toolkit.read.cells import first_occurrences
from toolkit.units import human_share

FITS = 0.9
"""The share of cells that a reading must read to be taken."""
_NOTABLE = 0.5
_RARE = 0.005
_MOST_SHAPES = 400
_CURRENCIES = (
    *("$", "€", "£", "¥", "₹", "₽", "R$", "US$", "USD", "EUR", "GBP", "INR", "JPY", "CHF", "BRL"),
    *("Rs.", "Rs", "kr", "zł", "Fr."),
)
_UNITS = ("%", "pcs", "pc", "kg", "g", "km", "cm", "ml", "l")
_AFFIXES = {text.casefold() for text in (*_CURRENCIES, *_UNITS)}
_AMOUNT = (
    r"^(?P<pre>[^0-9+\-.,]*)(?P<num>[+-]?[0-9.,' \x{a0}\x{202f}]*[0-9.,](?:[eE][+-]?[0-9]+)?)"
    r"(?P<suf>[^0-9]*)$"
)
_Style = tuple[Literal[".", ","], Literal[",", ".", " ", "'"] | None]
_STYLES: tuple[_Style, ...] = (
    (".", None),
    (".", ","),
    (",", None),
    (",", "."),
    (".", " "),
    (",", " "),
    (".", "'"),
)
_GROUPS = {" ": "[ \\x{a0}\\x{202f}]", "'": "['\\x{2019}]"}
_DAY_PARTS = (
    (re.compile(r"(\d{4})([-/. ])(\d{1,2})\2(\d{1,2})"), ("%Y{0}%m{0}%d", "%Y{0}%d{0}%m")),
    (re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})"), ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y")),
    (re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{2})"), ("%d{0}%m{0}%y", "%m{0}%d{0}%y")),
    (re.compile(r"(\d{1,2})([-/. ])([A-Za-z]{3})\2(\d{4})"), ("%d{0}%b{0}%Y",)),
    (re.compile(r"(\d{1,2})([-/. ])([A-Za-z]{3})\2(\d{2})"), ("%d{0}%b{0}%y",)),
    (re.compile(r"(\d{1,2})([-/. ])([A-Za-z]{4,9})\2(\d{4})"), ("%d{0}%B{0}%Y",)),
    (re.compile(r"([A-Za-z]{3})( )(\d{1,2}), (\d{4})"), ("%b %d, %Y",)),
    (re.compile(r"([A-Za-z]{4,9})( )(\d{1,2}), (\d{4})"), ("%B %d, %Y",)),
    (re.compile(r"(\d{4})()(\d{2})(\d{2})"), ("%Y%m%d",)),
)
_TIME = re.compile(r"([T ])(\d{1,2}):\d{2}(:\d{2}(\.\d{1,6})?)?( ?[AaPp][Mm])?(Z)?")


@dataclass(frozen=True)
class Cells:
    """Distinct values that say something, the rows of each, and the place of its first row."""

    values: pa.Array
    rows: Ints
    places: Ints

    @classmethod
    def of(cls, table: pa.Table, null_words: Sequence[str]) -> Cells:
        """A vocabulary's table without `null_words`, which are in lower case."""
        said = pc.invert(
            pc.is_in(pc.utf8_lower(table.column(VALUE)), pa.array(null_words, pa.string()))
        )
        table = table.filter(said).combine_chunks()
        return cls(
            table.column(VALUE).combine_chunks(),
            table.column(ROWS).to_numpy(),
            table.column(FIRST).to_numpy(),
        )

    @classmethod
    def of_column(cls, column: pa.DictionaryArray, null_words: Sequence[str]) -> Cells:
        """The cells of a stripped column, numbered from 0."""
        indices = column.indices.to_numpy()
        rows = np.bincount(indices, minlength=len(column.dictionary))
        places = first_occurrences(indices, len(rows))
        table = pa.table({VALUE: column.dictionary, ROWS: rows, FIRST: places})
        said = pc.and_(pc.not_equal(table.column(VALUE), ""), pc.greater(table.column(ROWS), 0))
        return cls.of(table.filter(said), null_words)

    def tally(self, reading: Reading) -> Tally:
        return reading.tally(self.values, self.rows, self.places)

    @property
    def n_rows(self) -> int:
        return int(self.rows.sum())


@dataclass(frozen=True)
class Guess:
    """The reading that fits, what it makes of the cells, and what could not be told."""

    reading: Reading
    tally: Tally
    doubts: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return self.reading.column.kind


def guess_reading(cells: Cells, *, commas: bool = False) -> Guess:
    """The first of e-mail, date, number that reads nearly all cells; else text.

    `commas` says that decimal commas are likely, as where semicolons part the cells.
    """
    nearest: Guess | None = None
    for guess in _guesses(cells, commas):
        if guess.tally.share >= FITS:
            return guess
        if nearest is None or guess.tally.share > nearest.tally.share:
            nearest = guess
    text = Guess(Reading(TEXT), Tally())
    if nearest is None or nearest.tally.share < _NOTABLE:
        return text
    tally = nearest.tally
    others = ", ".join(repr(misfit.value) for misfit in tally.misfits[:3])
    read = human_share(tally.share, 1)
    doubt = f"{read} of the cells read as {nearest.kind}, but not such as {others}"
    return replace(text, doubts=(doubt,))


def _guesses(cells: Cells, commas: bool) -> Iterator[Guess]:
    if len(cells.values) == 0:
        return
    email = Reading(Email(kind="email"))
    yield Guess(email, cells.tally(email))
    dates = _dates(cells)
    if dates is not None:
        yield dates
    numbers = _numbers(cells, commas)
    if numbers is not None:
        yield numbers


def _dates(cells: Cells) -> Guess | None:
    """Formats that read cells, each in the order of day and month that more cells prove."""
    shapes = shapes_of(cells.values).dictionary_encode()
    if len(shapes.dictionary) > _MOST_SHAPES:
        return None
    groups: dict[tuple[str, ...], int] = Counter()
    rows = np.bincount(shapes.indices.to_numpy(), cells.rows, len(shapes.dictionary))
    examples = np.zeros(len(shapes.dictionary), np.int64)
    examples[shapes.indices.to_numpy()[::-1]] = np.arange(len(cells.values))[::-1]
    for example, n_rows in zip(examples.tolist(), rows.tolist(), strict=True):
        for formats in _formats_of(cells.values[example].as_py()):
            groups[formats] += int(n_rows)
    least = _RARE * cells.n_rows
    chosen: list[str] = []
    doubts: list[str] = []
    for formats, n_rows in sorted(groups.items(), key=lambda item: (-item[1], item[0])):
        if n_rows >= least:
            best, doubt = _in_order(formats, cells)
            chosen.append(best)
            doubts += doubt
    if not chosen:
        return None
    has_time = any("%H" in one or "%I" in one for one in chosen)
    column: Date | Timestamp = Date(kind="date", formats=tuple(chosen))
    if has_time:
        column = Timestamp(kind="timestamp", formats=tuple(chosen))
    reading = Reading(column)
    tally = cells.tally(reading)
    if chosen == ["%Y%m%d"]:
        if not _are_recent(tally):
            return None
        doubts.append("eight digits that all make days; they could be numbers")
    return Guess(reading, tally, tuple(doubts))


def _formats_of(value: str) -> Iterator[tuple[str, ...]]:
    for pattern, formats in _DAY_PARTS:
        found = pattern.match(value)
        if found is None:
            continue
        rest = value[found.end() :]
        time = _TIME.fullmatch(rest)
        if rest and time is None:
            continue
        tail = _time_format(time) if time is not None else ""
        yield tuple(one.format(found[2]) + tail for one in formats)


def _time_format(found: re.Match[str]) -> str:
    half = found[5]
    text = found[1] + ("%I" if half else "%H") + ":%M"
    text += ":%S" if found[3] else ""
    text += ".%f" if found[4] else ""
    text += (" " * half.startswith(" ") + "%p") if half else ""
    return text + (found[6] or "")


def _in_order(formats: tuple[str, ...], cells: Cells) -> tuple[str, list[str]]:
    """The order of day and month that more cells prove; the first if none does."""
    if len(formats) == 1 or swapped(formats[0]) is None:
        return formats[0], []
    evidence = [
        weigh_order(one, cells.values, cells.rows, cells.places) or OrderEvidence(one)
        for one in formats
    ]
    agreeing = [one.n_agreeing for one in evidence]
    best = evidence[agreeing[1] > agreeing[0]]
    if any(agreeing) or formats[0].startswith("%Y"):
        return best.date_format, []
    best = evidence[doubt(evidence[0]) is not None]
    both = courses(best)
    told = (
        f"no cell tells {formats[0]} from {formats[1]}: all {best.n_either:,} read both ways, and "
        f"{best.date_format} is a guess"
    )
    why = "" if both is None else f": {tell_courses(best.date_format, *both)}"
    return best.date_format, [told + why]


def _are_recent(tally: Tally) -> bool:
    """Whether all days lie between 1950 and 2100."""
    if tally.low is None or tally.high is None or tally.n_unread:
        return False
    year = 365.25 * 86_400_000_000
    return tally.low > -20 * year and tally.high < 130 * year


def _numbers(cells: Cells, commas: bool) -> Guess | None:
    parts = pc.extract_regex(cells.values, pattern=_AMOUNT)
    amounts = bools(parts.is_valid())
    if not amounts.any():
        return None
    prefixes, plain_start = _affixes(pc.struct_field(parts, "pre"), cells)
    suffixes, plain_end = _affixes(pc.struct_field(parts, "suf"), cells)
    numbers = pc.struct_field(parts, "num")
    found = amounts & plain_start & plain_end
    fitting = {
        style: int(cells.rows[bools(_in_style(numbers, *style)) & found].sum()) for style in _STYLES
    }
    most = max(fitting.values())
    if most == 0:
        return None
    best = [style for style, rows in fitting.items() if rows == most]
    style = next((s for s in best if s[0] == ","), best[0]) if commas else best[0]
    decimal, thousands = style
    column = Number(
        kind="number", decimal=decimal, thousands=thousands, prefix=prefixes, suffix=suffixes
    )
    reading = Reading(column)
    tally = cells.tally(reading)
    if not tally.n_fractions and tally.n_read:
        reading = Reading(_as_integer(column))
    return Guess(reading, tally, tuple(_style_doubts(style, best)))


def _as_integer(column: Number) -> Integer:
    """Whole numbers that are written in the same way."""
    return Integer(
        kind="integer",
        decimal=column.decimal,
        thousands=column.thousands,
        prefix=column.prefix,
        suffix=column.suffix,
    )


def _style_doubts(style: _Style, best: Sequence[_Style]) -> list[str]:
    if (".", None) in best:
        return []
    commas, points = [s for s in best if s[0] == ","], [s for s in best if s[0] == "."]
    if commas and points:
        meant = "decimal" if style[0] == "," else "thousands"
        return [f"all commas stand before three digits; they are taken for {meant} separators"]
    return []


def _in_style(numbers: pa.Array, decimal: str, thousands: str | None) -> pa.Array:
    point = re.escape(decimal)
    whole = "[0-9]+"
    if thousands is not None:
        group = _GROUPS.get(thousands, re.escape(thousands))
        whole = rf"(?:[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+|[0-9]+)"
    pattern = rf"^[+-]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?$"
    return pc.fill_null(pc.match_substring_regex(numbers, pattern), False)


def _affixes(texts: pa.Array, cells: Cells) -> tuple[tuple[str, ...], Bools]:
    """What stands before (or after) enough numbers to be trimmed, and where nothing else does."""
    stripped = pc.utf8_trim_whitespace(pc.fill_null(texts, ""))
    encoded = stripped.dictionary_encode()
    rows = np.bincount(encoded.indices.to_numpy(), cells.rows, len(encoded.dictionary))
    known: dict[str, float] = {}
    for text, n_rows in zip(encoded.dictionary.to_pylist(), rows.tolist(), strict=True):
        if text and text.casefold() in _AFFIXES and n_rows >= _RARE * cells.n_rows:
            known[text] = n_rows
    names = tuple(sorted(known, key=lambda text: (-len(text), text)))
    return names, bools(pc.is_in(stripped, pa.array(["", *names])))
