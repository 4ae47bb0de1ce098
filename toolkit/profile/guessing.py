"""Guess how to read a column, from its distinct values and the rows of each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.arrays import Bools
from toolkit.clean.parsed import bools
from toolkit.contract import Email, Integer, Number
from toolkit.profile.doubts import Doubt
from toolkit.profile.guess import RARE, DistinctCells, Guess, Order
from toolkit.profile.guessing_dates import doubt_unread_days, guess_dates
from toolkit.profile.readings import TEXT, Reading, Tally
from toolkit.units import human_count, human_number, human_share

FITS = 0.9
"""Least share of cells that a reading must be able to read."""
_NOTABLE = 0.5
_MONEY = {
    "$": "$ us$ usd", "€": "€ eur euro", "£": "£ gbp", "¥": "¥ jpy", "₹": "₹ inr rs rs.",
    "₽": "₽ rub", "R$": "r$ brl", "CHF": "chf fr. sfr", "kr": "kr kr.", "SEK": "sek", "NOK": "nok",
    "DKK": "dkk", "zł": "zł pln", "Kč": "kč czk", "Ft": "ft huf", "CAD": "cad c$ ca$ cdn$",
    "AUD": "aud a$ au$", "NZD": "nzd nz$", "CNY": "cny rmb 元", "₩": "₩ krw", "₺": "₺ try tl",
    "₴": "₴ uah", "MXN": "mxn mx$", "SGD": "sgd s$", "HKD": "hkd hk$", "ZAR": "zar", "AED": "aed",
    "SAR": "sar", "₪": "₪ ils", "฿": "฿ thb", "₱": "₱ php", "IDR": "idr rp", "MYR": "myr rm",
    "₫": "₫ vnd", "RON": "ron lei", "BGN": "bgn лв", "ARS": "ars", "CLP": "clp", "COP": "cop",
    "PEN": "pen",
}  # fmt: skip
_MEASURES = {
    "%": "%", "pcs": "pc pcs stk st", "kg": "kg", "g": "g", "mg": "mg", "lb": "lb lbs", "oz": "oz",
    "km": "km", "cm": "cm", "mm": "mm", "ml": "ml", "cl": "cl", "l": "l",
}  # fmt: skip
CURRENCIES, UNITS = (
    {text: meant for meant, texts in group.items() for text in texts.split()}
    for group in (_MONEY, _MEASURES)
)
"""Symbols beside a number, and the currency or unit that each means."""
_AFFIXES = CURRENCIES | UNITS
_ZERO = r"^[+-]?0*[.,]?0*$"
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


def guess_reading(
    cells: DistinctCells, *, commas: bool = False, order: Order | None = None
) -> Guess:
    """Choose the first of e-mail, date, number that reads nearly all cells; else text.

    With `commas` decimal commas are likely, as in files with semicolons; `order` is that of day and
    month in other columns, for dates of which no cell decides it.
    """
    nearest: Guess | None = None
    for guess in _guesses(cells, commas, order):
        needed = _NOTABLE if guess.undecided else FITS
        if guess.tally.share >= needed:
            return guess if guess.refused is None else guess.as_text()
        if nearest is None or guess.tally.share > nearest.tally.share:
            nearest = guess
    text = Guess(Reading(TEXT), Tally())
    unread = doubt_unread_days(cells)
    if unread is not None:
        return replace(text, doubts=(unread,), is_plain=True)
    if nearest is None or nearest.tally.share < _NOTABLE:
        return text
    tally = nearest.tally
    others = ", ".join(repr(misfit.value) for misfit in tally.misfits[:3])
    read = human_share(tally.share, 1)
    doubt = f"{read} of the cells read as {nearest.kind}, but not such as {others}"
    return replace(text, doubts=(Doubt(doubt, tally.n_read),))


def _guesses(cells: DistinctCells, commas: bool, order: Order | None) -> Iterator[Guess]:
    if len(cells.values) == 0:
        return
    email = Reading(Email(kind="email"))
    yield Guess(email, cells.tally(email))
    dates = guess_dates(cells, order)
    if dates is not None:
        yield dates
    numbers = _numbers(cells, commas)
    if numbers is not None:
        yield numbers


def _numbers(cells: DistinctCells, commas: bool) -> Guess | None:
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
    beside, bare = _beside(parts, found, cells)
    doubts = [*_style_doubts(style, best, numbers, cells), *_bare_doubts(beside, bare)]
    return Guess(reading, tally, tuple(doubts), refused=_mixed(beside, bare))


def _beside(parts: pa.Array, found: Bools, cells: DistinctCells) -> tuple[dict[str, int], int]:
    """Count rows by the currency or unit beside their number, and numbers other than 0 without
    either.
    """
    texts = [pc.utf8_trim_whitespace(pc.fill_null(pc.struct_field(parts, n), "")) for n in
             ("pre", "suf")]  # fmt: skip
    pairs = pc.binary_join_element_wise(*texts, "\n").dictionary_encode()
    zero = bools(pc.match_substring_regex(pc.fill_null(pc.struct_field(parts, "num"), ""), _ZERO))
    counts = np.bincount(
        pairs.indices.to_numpy(), np.where(found, cells.rows, 0), len(pairs.dictionary)
    )
    beside: Counter[str] = Counter()
    for pair, rows in zip(pairs.dictionary.to_pylist(), counts.tolist(), strict=True):
        for meant in (
            {_AFFIXES[text.casefold()] for text in pair.split("\n") if text} if rows else ()
        ):
            beside[meant] += int(rows)
    bare = bools(pc.equal(pairs, "\n")) & found & ~zero
    return dict(beside.most_common()), int(cells.rows[bare].sum())


def _mixed(beside: Mapping[str, int], bare: int) -> Doubt | None:
    """Return why the numbers must not be summed: they are not of one currency or unit."""
    if len(beside) < 2 and not ("%" in beside and bare):
        return None
    shown = [f"{meant!r} beside {human_number(rows, 'cell')}" for meant, rows in beside.items()]
    shown += [f"neither beside {human_count(bare)}"] if bare else []
    text = f"{', '.join(shown)}: numbers that cannot be added up; left as text"
    return Doubt(text, sum(beside.values()) + bare)


def _bare_doubts(beside: Mapping[str, int], bare: int) -> list[Doubt]:
    if len(beside) != 1 or not bare:
        return []
    [(meant, rows)] = beside.items()
    text = (
        f"{meant!r} is beside {human_number(rows, 'number')}, and nothing beside "
        f"{human_count(bare)}: they are taken for the same"
    )
    return [Doubt(text, bare)]


def _as_integer(column: Number) -> Integer:
    """Return the integer column that is written in the same way."""
    return Integer(
        kind="integer",
        decimal=column.decimal,
        thousands=column.thousands,
        prefix=column.prefix,
        suffix=column.suffix,
    )


def _style_doubts(
    style: _Style, best: Sequence[_Style], numbers: pa.Array, cells: DistinctCells
) -> list[Doubt]:
    """Doubt signs that are all before three digits: decimal signs or thousands separators."""
    for sign, name in ((",", "commas"), (".", "points")):
        other = "." if sign == "," else ","
        if not {(sign, None), (other, sign)} <= {*best}:
            continue
        signed = bools(pc.fill_null(pc.match_substring(numbers, sign), False))
        if not signed.any():
            continue
        meant = "decimal" if style[0] == sign else "thousands"
        return [
            Doubt(
                f"all {name} are before three digits; they are taken for {meant} separators",
                int(cells.rows[signed].sum()),
            )
        ]
    return []


def _in_style(numbers: pa.Array, decimal: str, thousands: str | None) -> pa.Array:
    point = re.escape(decimal)
    whole = "[0-9]+"
    if thousands is not None:
        group = _GROUPS.get(thousands, re.escape(thousands))
        whole = rf"(?:[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+|[0-9]+)"
    pattern = rf"^[+-]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?$"
    return pc.fill_null(pc.match_substring_regex(numbers, pattern), False)


def _affixes(texts: pa.Array, cells: DistinctCells) -> tuple[tuple[str, ...], Bools]:
    """Return the text before (or after) enough numbers to be trimmed, and where else it does not
    occur.
    """
    stripped = pc.utf8_trim_whitespace(pc.fill_null(texts, ""))
    encoded = stripped.dictionary_encode()
    rows = np.bincount(encoded.indices.to_numpy(), cells.rows, len(encoded.dictionary))
    known: dict[str, float] = {}
    for text, n_rows in zip(encoded.dictionary.to_pylist(), rows.tolist(), strict=True):
        if text and text.casefold() in _AFFIXES and n_rows >= RARE * cells.n_rows:
            known[text] = n_rows
    names = tuple(sorted(known, key=lambda text: (-len(text), text)))
    return names, bools(pc.is_in(stripped, pa.array(["", *names])))
