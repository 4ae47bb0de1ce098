"""Parse decimals exactly: no cell is a float on its way to clean rows."""

from __future__ import annotations

import decimal
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.arrays import Bools, Figures, Ints, decimal_units, decimals_of
from toolkit.clean.kinds import Given, finish, fitted, parse
from toolkit.clean.kinds.number import ROUNDED, WORDS, within_limits, word_places
from toolkit.clean.parsed import ParsedValues, bools, coded_unless, found_only, rightly_empty
from toolkit.clean.written import NUMBER, plainly_written
from toolkit.contract.numeric import Decimal

_ROUNDING = {
    "half_even": ("half_to_even", decimal.ROUND_HALF_EVEN),
    "half_up": ("half_towards_infinity", decimal.ROUND_HALF_UP),
}
_MOST_DIGITS = 38
"""Of Arrow's decimals."""
_WIDE = decimal.Context(prec=_MOST_DIGITS)


@parse.register
def parse_decimal(column: Decimal, strings: pa.Array, given: Given) -> ParsedValues:
    """Read decimals as they are written; limits come later, in `finish_decimal`."""
    units, known, rounded = _read(column, plainly_written(column, strings))
    in_words = np.zeros(len(strings), dtype=bool)
    if column.words:
        unread = np.flatnonzero(~known)
        places = word_places(column, strings.take(pa.array(unread)))
        rows, numbers = unread[places >= 0], [*map(column.in_units, column.words.values())]
        units[rows] = np.array(numbers, np.int64)[places[places >= 0]]
        known[rows] = in_words[rows] = True
    figures = decimals_of(units, column.scale, known)
    return ParsedValues(
        figures.floats,
        changes=found_only({WORDS: in_words, ROUNDED: rounded}),
        absent=rightly_empty(column.optional, strings),
        whole=figures.whole,
        scale=column.scale,
    )


@finish.register
def finish_decimal(
    column: Decimal, parsed: ParsedValues, reasons: Mapping[str, int]
) -> ParsedValues:
    """Reject values that are not numbers of the column or break a limit."""
    figures, codes = parsed.figures, None
    nothing = None if parsed.absent is None else parsed.absent & np.isnan(figures.floats)
    if column.reason is not None:
        fine = within_limits(column, figures)
        codes = coded_unless(nothing, ~fine, reasons[column.reason])
    return ParsedValues(
        figures.floats, codes, parsed.changes, whole=figures.whole, scale=figures.scale
    )


@fitted.register
def fit_decimal(column: Decimal, computed: Figures) -> Figures:
    """Return the numbers that have no more digits than the column; they have its scale already."""
    units = computed.wholes()
    known = ~np.isnan(computed.floats) & (np.abs(units) < 10**column.precision)
    return decimals_of(units, column.scale, known)


def _read(column: Decimal, texts: pa.Array) -> tuple[Ints, Bools, Bools]:
    """Return the texts' units, which are numbers of the column, and which were rounded."""
    units, known, rounded, long = _read_at(column, column.scale, texts)
    # The rest has an exponent, or more digits than Arrow's decimals.
    odd = long | bools(pc.match_substring_regex(texts, "[eE]"))
    odd &= bools(pc.match_substring_regex(texts, NUMBER))
    rows = np.flatnonzero(odd)
    if not len(rows):
        return units, known, rounded & known
    parts = pc.extract_regex(
        texts.take(pa.array(rows)), r"^(?P<figures>[^eE]+)[eE](?P<power>.{1,3})$"
    )
    left = np.ones(len(rows), dtype=bool)
    powers = pc.struct_field(parts, "power")
    for power in pc.unique(powers.drop_null()).to_pylist():
        # 1.5e3 has as many units at a scale of 2 as 1.5 has at a scale of 5.
        scale = column.scale + int(power)
        if not 0 <= scale <= column.precision:
            continue
        these = np.flatnonzero(bools(pc.fill_null(pc.equal(powers, power), False)))
        figures = pc.struct_field(parts, "figures").take(pa.array(these))
        *found, too_long = _read_at(column, scale, figures)
        places = rows[these]
        units[places], known[places], rounded[places] = found
        left[these] = too_long
    for row in rows[left].tolist():
        one = _read_odd(column, texts[row].as_py())
        known[row] = one is not None
        if one is not None:
            units[row], rounded[row] = one
    return units, known, rounded & known


def _read_at(column: Decimal, scale: int, texts: pa.Array) -> tuple[Ints, Bools, Bools, Bools]:
    """Read plain decimals at a scale: their units, which are known, rounded, and too long."""
    before = column.precision - scale
    # With a rounding Arrow reads all places that it has room for, and one digit to carry into.
    places = scale if column.round is None else _MOST_DIGITS - before - 1
    after = f"[0-9]{{0,{scale}}}0*" if column.round is None else "[0-9]*"
    number = rf"^[+-]?(0*[0-9]{{0,{before}}}\.?|0*[0-9]{{0,{before}}}\.{after})$"
    fits = bools(pc.match_substring_regex(texts, number))
    fits &= bools(pc.match_substring_regex(texts, "[0-9]"))
    longest = _MOST_DIGITS if column.round is None else places
    short = fits & (pc.binary_length(texts).to_numpy() <= longest)
    exact = pc.if_else(pa.array(short), texts, "0").cast(pa.decimal128(_MOST_DIGITS, places))
    values, rounded = exact, np.zeros(len(texts), dtype=bool)
    if column.round is not None:
        values = pc.round(exact, scale, round_mode=_ROUNDING[column.round][0])
        rounded = bools(pc.not_equal(exact, values))
        values = values.cast(pa.decimal128(_MOST_DIGITS, scale))
    units = decimal_units(values)
    known = short & (np.abs(units) < 10**column.precision)
    return units, known, rounded, fits & ~short


def _read_odd(column: Decimal, text: str) -> tuple[int, bool] | None:
    """Return the units of a number, and whether it was rounded; None if the column has none."""
    rounding = _ROUNDING[column.round or "half_even"][1]
    try:
        written = decimal.Decimal(text)
        unit = decimal.Decimal((0, (1,), -column.scale))
        nearest = written.quantize(unit, rounding, _WIDE)
    except decimal.InvalidOperation:
        # It has more digits than the context, or an exponent beyond Python's.
        return None
    units, rounded = int(nearest.scaleb(column.scale, _WIDE)), nearest != written
    if abs(units) >= 10**column.precision or (rounded and column.round is None):
        return None
    return units, rounded
