"""Guess how the numbers of a column are written, from its distinct values and the rows of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.arrays import EXACT, Bools, Ints
from toolkit.clean.parsed import bools
from toolkit.clean.written import FIGURES, style_pattern
from toolkit.contract import Integer, Number, Numeric
from toolkit.profile.doubts import Doubt
from toolkit.profile.guess import RARE, DistinctCells, Guess
from toolkit.profile.readings import Reading
from toolkit.profile.symbols import (
    APOSTROPHE,
    SIDES,
    currency_or_unit,
    is_before_numbers,
    is_behind_numbers,
    is_short,
    units_hint,
)
from toolkit.read.cells import any_of
from toolkit.units import human_count, human_number

_DASHES = "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"
"""Characters that are set for a minus sign."""
_ZERO = r"^[+-]?0*[.,]?0*$"
_BESIDE = rf"[^0-9+\-.,()\[\]<>{_DASHES}]"
# A point may end a text before a number, as in Rs. 500.
_BEFORE = rf"(?:{_BESIDE}*[A-Za-z]\.\s*|{_BESIDE}*)"
_AFTER = rf"[^0-9+\-()\[\]<>{_DASHES}]*"
_AMOUNT = (
    r"^(?P<pre>[^0-9+\-.,]*[A-Za-z]\.\s*|[^0-9+\-.,]*)"
    r"(?P<num>[+-]?[0-9.,' \x{a0}\x{2009}\x{202f}\x{2019}]*[0-9.,](?:[eE][+-]?[0-9]+)?)"
    r"(?P<suf>[^0-9]*)$"
)
_SIGN_BEFORE_TEXT = rf"^([+-])\s*({_BESIDE[:-1]}\s]{_BEFORE})({FIGURES}{_AFTER})$"
_CODE = "^[0-9]{4,}[A-Z]$"
"""The number of an article and its variant, such as 85123B; 5K and 1500g are none."""
_FEW_TEXTS = 12
_MOST_NUMBERS = 0.9


class _Style(NamedTuple):
    decimal: Literal[".", ","]
    thousands: Literal[",", ".", " ", "'"] | None = None
    groups: Literal["thousands", "indian"] = "thousands"


_STYLES = (
    _Style("."),
    _Style(".", ","),
    _Style(","),
    _Style(",", "."),
    _Style(".", " "),
    _Style(",", " "),
    _Style(".", "'"),
    _Style(".", ",", "indian"),
)


@dataclass(frozen=True)
class _Signed:
    """Values with every sign right before the figures, and those that each way to write it had."""

    values: pa.Array
    ways: Mapping[str, Bools]


def guess_numbers(cells: DistinctCells, commas: bool) -> Guess | None:
    """Read numbers in the style that reads most of them; None where hardly anything is one.

    The guess is refused where the numbers must not be summed.
    """
    if not _has_figures(cells.values):
        return None
    signed = _sign_first(cells.values)
    parts = pc.extract_regex(signed.values, pattern=_AMOUNT)
    amounts = bools(parts.is_valid()) & ~bools(pc.match_substring_regex(cells.values, _CODE))
    if not amounts.any():
        return None
    rows, least = np.where(amounts, cells.rows, 0), RARE * cells.n_rows
    prefixes, plain_start = _affixes(pc.struct_field(parts, "pre"), rows, least)
    suffixes, plain_end = _affixes(pc.struct_field(parts, "suf"), rows, least, behind=True)
    numbers = pc.struct_field(parts, "num")
    found = amounts & plain_start & plain_end
    in_style = {style: _in_style(numbers, style) & found for style in _STYLES}
    fitting = {style: int(cells.rows[fits].sum()) for style, fits in in_style.items()}
    most = max(fitting.values())
    if most == 0:
        return None
    best = [style for style, rows in fitting.items() if rows == most]
    style = next((s for s in best if s.decimal == ","), best[0]) if commas else best[0]
    ways = {way: mask & in_style[style] for way, mask in signed.ways.items()}
    ways = {way: mask for way, mask in ways.items() if mask.any()}
    dashes = _dashes(prefixes, suffixes, cells.values)
    column = Number(
        kind="number",
        **style._asdict(),
        prefix=prefixes,
        suffix=suffixes,
        negative=tuple(ways),
        words={"-": 0} if dashes.any() else {},
    )
    reading = Reading(as_integer(column))
    tally = cells.tally(reading)
    if tally.n_fractions or not tally.n_read:
        reading = Reading(column)
        # A number has no room for whole numbers that an integer reads.
        is_large = max(abs(tally.low or 0), abs(tally.high or 0)) >= EXACT
        tally = cells.tally(reading) if is_large else tally
    beside, bare = _beside(parts, found, cells)
    doubts = [
        *_style_doubts(style, best, numbers, cells),
        *_bare_doubts(beside, bare),
        *_sign_doubts(ways, cells),
        *_doubts_of(dashes, cells, "read as 0: words: {'-': 0}"),
        *_doubts_of(
            _powers(numbers) & in_style[style], cells, "read as powers of ten: 1E3 as 1000"
        ),
    ]
    if [*_meant(beside)] == ["%"]:
        doubts.append(
            Doubt('12% is read as 12; units: {"%": 0.01} in place of the suffix reads it as 0.12')
        )
    return Guess(reading, tally, tuple(doubts), refused=_refusal(beside, bare))


def _has_figures(values: pa.Array) -> bool:
    return bool(pc.any(pc.match_substring_regex(values, "[0-9]")).as_py())


def as_integer(column: Numeric) -> Integer:
    """Return the integer column that is written in the same way."""
    return Integer(kind="integer", **column.written)


def as_number(column: Numeric) -> Number:
    """Return the number column that is written in the same way."""
    return Number(kind="number", **column.written)


def _sign_first(values: pa.Array) -> _Signed:
    """Rewrite -$5, ($5) and 5- as $-5 and -5; a sign before a text needs no way of its own."""
    ways: dict[str, Bools] = {}
    for way, sign, pattern, rewritten in _WAYS:
        if pc.any(pc.match_substring(values, sign)).as_py():
            moved = bools(pc.match_substring_regex(values, pattern))
            if moved.any():
                values = pc.replace_substring_regex(values, pattern, rewritten)
                ways[way] = moved
    if pc.any(pc.match_substring_regex(values, r"^[+-]\s*[^0-9.,\s]")).as_py():
        values = pc.replace_substring_regex(values, _SIGN_BEFORE_TEXT, r"\2\1\3")
    return _Signed(values, ways)


def _ways() -> Iterator[tuple[str, str, str, str]]:
    """Yield ways to write -5: a sign of each, a pattern of its values, and their rewriting."""
    for opening, closing in ("()", "[]", "<>"):
        inside = rf"({_BEFORE})({FIGURES}{_AFTER})"
        pattern = rf"^({_BEFORE})\{opening}\s*{inside}\{closing}({_AFTER})$"
        yield f"{opening}5{closing}", opening, pattern, r"\1\2-\3\4"
    for sign in ("-", *_DASHES):
        minus = rf"\x{{{ord(sign):x}}}"
        blank = r"\s+" if sign == "-" else r"\s*"
        way = "- 5" if sign == "-" else f"{sign}5"
        text = "()" if sign == "-" else f"({_BEFORE})"
        pattern = rf"^({_BEFORE}){minus}{blank}{text}({FIGURES}{_AFTER})$"
        yield way, sign, pattern, r"\1\2-\3"
        yield f"5{sign}", sign, rf"^({_BEFORE})({FIGURES}{_AFTER}){minus}({_AFTER})$", r"\1-\2\3"


_WAYS = (*_ways(),)


def _sign_doubts(ways: Mapping[str, Bools], cells: DistinctCells) -> Iterator[Doubt]:
    for way, mask in ways.items():
        yield from _doubts_of(mask, cells, f"read as below 0: negative: [{way!r}]")


def _doubts_of(mask: Bools, cells: DistinctCells, what: str) -> Iterator[Doubt]:
    """Doubt the cells of a mask, if there are any, with their number and the first."""
    if not mask.any():
        return
    first = cells.values[int(np.flatnonzero(mask)[np.argmin(cells.places[mask])])].as_py()
    rows = int(cells.rows[mask].sum())
    are = "is" if rows == 1 else "are"
    yield Doubt(f"{human_number(rows, 'cell')} such as {first!r} {are} {what}", rows)


def _dashes(prefixes: Sequence[str], suffixes: Sequence[str], values: pa.Array) -> Bools:
    """Mark the cells of an affix and a dash, as accounts have them for 0."""
    patterns = []
    if prefixes:
        patterns.append(rf"^{any_of(prefixes)}\s*-\s*$")
    if suffixes:
        patterns.append(rf"^-\s*{any_of(suffixes)}$")
    if not patterns:
        return np.zeros(len(values), dtype=bool)
    return bools(pc.match_substring_regex(values, "|".join(patterns)))


def _powers(numbers: pa.Array) -> Bools:
    """Mark whole numbers that could be the ids of something, such as 12E4."""
    return bools(pc.fill_null(pc.match_substring_regex(numbers, "^[0-9]+[eE][0-9]+$"), False))


def _beside(parts: pa.Array, found: Bools, cells: DistinctCells) -> tuple[dict[str, int], int]:
    """Count rows by the text beside their number, and numbers other than 0 without any."""
    texts = [pc.utf8_trim_whitespace(pc.fill_null(pc.struct_field(parts, n), "")) for n in
             ("pre", "suf")]  # fmt: skip
    pairs = pc.binary_join_element_wise(*texts, "\n").dictionary_encode()
    zero = bools(pc.match_substring_regex(pc.fill_null(pc.struct_field(parts, "num"), ""), _ZERO))
    counts = np.bincount(
        pairs.indices.to_numpy(), np.where(found, cells.rows, 0), len(pairs.dictionary)
    )
    beside: Counter[str] = Counter()
    for pair, rows in zip(pairs.dictionary.to_pylist(), counts.tolist(), strict=True):
        for text in {*pair.split("\n")} - {"", APOSTROPHE} if rows else ():
            beside[text] += int(rows)
    bare = bools(pc.equal(pairs, "\n")) & found & ~zero
    return dict(beside.most_common()), int(cells.rows[bare].sum())


def _meant(beside: Mapping[str, int]) -> Counter[str]:
    """Count rows by the currency or unit that is beside their numbers."""
    meant: Counter[str] = Counter()
    for text, rows in beside.items():
        meant[currency_or_unit(text)] += rows
    return meant


def _refusal(beside: Mapping[str, int], bare: int) -> Doubt | None:
    """Return why the numbers must not be summed: they are not of one currency, unit or sign."""
    meant = _meant(beside)
    sides = [text for text in beside if text in SIDES]
    short = [text for text in beside if is_short(text)]
    if sides:
        below, *others = sides
        suffix = f" with suffix: [{', '.join(others)}]" if others else ""
        why = (
            f"sides of an account; left as text; negative: ['5 {below}']{suffix} reads those of "
            f"{below!r} as below 0"
        )
    elif len(meant) > 1 or ("%" in meant and bare):
        hint = units_hint(beside, bare)
        why = f"numbers that cannot be added up; left as text{hint}"
    elif short:
        why = f"short for large numbers; left as text{units_hint(beside, bare)}"
    else:
        return None
    shown = [f"{text!r} beside {human_number(rows, 'cell')}" for text, rows in meant.most_common()]
    shown += [f"neither beside {human_count(bare)}"] if bare else []
    return Doubt(f"{', '.join(shown)}: {why}", sum(meant.values()) + bare)


def _bare_doubts(beside: Mapping[str, int], bare: int) -> list[Doubt]:
    meant = _meant(beside)
    if len(meant) != 1 or not bare:
        return []
    [(text, rows)] = meant.items()
    doubt = (
        f"{text!r} is beside {human_number(rows, 'number')}, and nothing beside "
        f"{human_count(bare)}: they are taken for the same"
    )
    return [Doubt(doubt, bare)]


def doubt_texts_beside(cells: DistinctCells) -> Doubt | None:
    """Doubt a column of numbers with a few unknown texts behind them, which is left as text."""
    if not _has_figures(cells.values):
        return None
    parts = pc.extract_regex(_sign_first(cells.values).values, pattern=_AMOUNT)
    plain = pc.fill_null(
        pc.equal(pc.utf8_trim_whitespace(pc.struct_field(parts, "pre")), ""), False
    )
    found = bools(plain)
    rows = int(cells.rows[found].sum())
    if not rows or rows < _MOST_NUMBERS * cells.n_rows:
        return None
    texts = pc.utf8_trim_whitespace(pc.fill_null(pc.struct_field(parts, "suf"), ""))
    counts: Counter[str] = Counter()
    for text, n in zip(texts.to_pylist(), np.where(found, cells.rows, 0).tolist(), strict=True):
        counts[text] += n
    named = {text: n for text, n in counts.most_common() if n and text}
    if not named or len(named) > _FEW_TEXTS or len(pc.unique(pc.struct_field(parts, "num"))) < 3:
        return None
    shown = ", ".join(f"{text!r} beside {human_number(n, 'cell')}" for text, n in named.items())
    text = f"numbers with a text: {shown}; left as text"
    if all(name[:1].isalpha() for name in named):
        listed = ", ".join(named)
        text += f"; suffix: [{listed}] reads them as numbers, if all of them are of one unit"
    return Doubt(text, rows)


def _style_doubts(
    style: _Style, best: Sequence[_Style], numbers: pa.Array, cells: DistinctCells
) -> list[Doubt]:
    """Doubt signs that are all before three digits: decimal signs or thousands separators."""
    for sign, name in ((",", "commas"), (".", "points")):
        if not {(sign, None), ("." if sign == "," else ",", sign)} <= {one[:2] for one in best}:
            continue
        signed = bools(pc.fill_null(pc.match_substring(numbers, sign), False))
        if not signed.any():
            continue
        meant = "decimal" if style.decimal == sign else "thousands"
        return [
            Doubt(
                f"all {name} are before three digits; they are taken for {meant} separators",
                int(cells.rows[signed].sum()),
            )
        ]
    return []


def _in_style(numbers: pa.Array, style: _Style) -> Bools:
    return bools(pc.fill_null(pc.match_substring_regex(numbers, style_pattern(*style)), False))


def _affixes(
    texts: pa.Array, rows: Ints, least: float, *, behind: bool = False
) -> tuple[tuple[str, ...], Bools]:
    """Return the texts before (or behind) enough numbers to be trimmed, and where no other is.

    `rows` are those of each text, 0 where it is beside no number, and `least` are enough.
    """
    encoded = pc.fill_null(texts, "").dictionary_encode()
    counts = np.bincount(encoded.indices.to_numpy(), rows, len(encoded.dictionary))
    known: Counter[str] = Counter()
    for text, n_rows in zip(encoded.dictionary.to_pylist(), counts.tolist(), strict=True):
        if is_behind_numbers(text) if behind else is_before_numbers(text):
            known[text.strip()] += n_rows
    frequent = (text for text, n_rows in known.items() if n_rows and n_rows >= least)
    names = tuple(sorted(frequent, key=lambda text: (-len(text), text)))
    stripped = pc.utf8_trim_whitespace(encoded.dictionary)
    return names, bools(pc.is_in(stripped, pa.array(["", *names])).take(encoded.indices))
