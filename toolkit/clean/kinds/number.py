"""Parse numbers, repair them, and apply their limits.

NaN marks unreadable numbers, which are unknown to every later rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.arrays import EXACT, HIGHEST, LOWEST, Bools, Figures, Floats, Ints, repeated
from toolkit.clean.kinds import Given, finish, fitted, parse
from toolkit.clean.parsed import (
    ParsedValues,
    bools,
    coded_unless,
    found_only,
    rightly_empty,
)
from toolkit.clean.written import NUMBER, plainly_written
from toolkit.contract import Integer, Limits, Number, Numeric

DEFAULT, CLIPPED, ROUNDED = "default", "clipped", "rounded"
RAISED, WORDS = "raised to floor", "words"

# How far the result of a formula may be off a whole number, in units of its last place.
_LAST_PLACES = 8
# Up to 19 digits always fit 64 bits without a sign.
_DIGITS = r"^[+-]?0*([0-9]{1,19})(?:\.0*)?$"
# Two numbers of fewer digits are never one float64.
_DISTINGUISHED_DIGITS = 17


@parse.register
def parse_number(column: Number | Integer, strings: pa.Array, given: Given) -> ParsedValues:
    """Parse numbers as written, and repair them; default and limits come in `finish_number`."""
    values, in_words = read_written(column, strings)
    written, rounded = Figures(values), np.zeros(len(values), dtype=bool)
    if isinstance(column, Integer):
        values, rounded = _read_near_ties(column, strings, values)
        written = Figures(values)
        if (np.abs(values) >= EXACT).any():
            written, rounded_large = _read_large(column, strings, values)
            rounded = rounded | rounded_large
    settled = settle(column, written)
    changes = {WORDS: in_words, **_settling(column, written, settled)}
    if rounded.any():
        changes[ROUNDED] |= rounded
    return ParsedValues(
        settled.floats,
        changes=found_only(changes),
        absent=rightly_empty(column.optional, strings),
        whole=settled.whole,
    )


@finish.register
def finish_number(
    column: Number | Integer, parsed: ParsedValues, reasons: Mapping[str, int]
) -> ParsedValues:
    """Fill in the default, and reject values that break a limit.

    A number beyond float64 breaks one; without a reason it is unknown.
    """
    figures, changes = parsed.figures, dict(parsed.changes)
    nothing = None if parsed.absent is None else parsed.absent & np.isnan(figures.floats)
    if column.default is not None:
        unknown = np.isnan(figures.floats)
        if column.reason is None:
            unknown |= np.isinf(figures.floats)
        if nothing is not None:
            unknown &= ~nothing
        if unknown.any():
            default = settle(column, repeated(column.default, int(unknown.sum())))
            figures = figures.replaced(unknown, default)
            changes[DEFAULT] = unknown
    codes = None
    if column.reason is not None:
        fine = within_limits(column, figures)
        if isinstance(column, Number):
            fine &= np.isfinite(figures.floats)
        codes = coded_unless(nothing, ~fine, reasons[column.reason])
    return ParsedValues(figures.floats, codes, changes, whole=figures.whole)


@fitted.register
def fit_number(column: Number | Integer, computed: Figures) -> Figures:
    """Fit computed numbers: an integer column takes whole numbers only, but for float rounding."""
    floats = computed.floats
    fine = np.isfinite(floats)
    if isinstance(column, Number):
        return settle(column, Figures(np.where(fine, floats, np.nan)))
    with np.errstate(invalid="ignore"):
        nearest = np.rint(floats)
        off = np.abs(floats - nearest)
        fine &= off <= _LAST_PLACES * np.spacing(np.maximum(np.abs(floats), 1.0))
    if computed.whole is None:
        return settle(column, Figures(np.where(fine, nearest, np.nan)))
    small, large = np.abs(nearest) < EXACT, computed.large()
    fine &= small | large
    # Below 2**53 float64 is exact, and only `nearest` is rounded: `computed.whole` is for the rest.
    whole = np.where(large, computed.whole, np.where(small, nearest, 0.0).astype(np.int64))
    return settle(column, Figures(np.where(fine, nearest, np.nan), np.where(fine, whole, 0)))


def settle(column: Number | Integer, figures: Figures) -> Figures:
    """Clip the values; or round them, ties to even, to at least `floor`. NaN stays NaN."""
    values = figures.floats
    # + 0.0 makes -0.0 a plain zero.
    if isinstance(column, Number):
        return Figures(values if column.clip is None else np.clip(values, *column.clip) + 0.0)
    whole = Figures(np.rint(values) + 0.0, figures.whole)
    if column.floor is None:
        return whole
    if figures.whole is None and abs(column.floor) < EXACT:
        return Figures(np.maximum(whole.floats, float(column.floor)))
    low = whole.compared(np.less, column.floor)
    return whole.replaced(low, repeated(column.floor, int(low.sum())))


def _settling(column: Number | Integer, written: Figures, settled: Figures) -> dict[str, Bools]:
    """Mark the values that `settle` changed, by how."""
    values = written.floats
    if isinstance(column, Number):
        return {} if column.clip is None else {CLIPPED: _differ(settled.floats, values)}
    whole = np.rint(values)
    raised = _differ(settled.floats, whole)
    if written.whole is not None and settled.whole is not None:
        raised |= written.whole != settled.whole
    return {ROUNDED: _differ(whole, values), RAISED: raised}


def _differ(left: Floats, right: Floats) -> Bools:
    return np.asarray((left != right) & ~np.isnan(right))


def within_limits(limits: Limits, figures: Figures) -> Bools:
    """Return whether each value keeps every limit; NaN keeps none."""
    fine = ~np.isnan(figures.floats)
    for bound, keeps in (
        (limits.above, np.greater),
        (limits.min, np.greater_equal),
        (limits.max, np.less_equal),
        (limits.below, np.less),
    ):
        if bound is not None:
            fine &= figures.compared(keeps, bound)
    return fine


def read_written(column: Numeric, strings: pa.Array) -> tuple[Floats, Bools]:
    """Read numbers as the column writes them, and mark those written as words."""
    values = read_numbers(plainly_written(column, strings))
    if isinstance(column, Number):
        values = _without_rounded(column, strings, values)
    in_words = np.zeros(len(values), dtype=bool)
    if column.words:
        unread = np.flatnonzero(np.isnan(values))
        places = word_places(column, strings.take(pa.array(unread)))
        known = places >= 0
        numbers = np.array([*column.words.values()], np.float64)
        values = values.copy()
        values[unread[known]] = numbers[places[known]]
        in_words[unread[known]] = True
    return values, in_words


def word_places(column: Numeric, strings: pa.Array) -> npt.NDArray[np.int32]:
    """Return the place of each string among the column's words, -1 for any other."""
    words = pc.utf8_lower(pa.array(column.words, pa.string()))
    return np.asarray(pc.index_in(pc.utf8_lower(strings), words).fill_null(-1).to_numpy())


def _read_large(column: Integer, strings: pa.Array, values: Floats) -> tuple[Figures, Bools]:
    """Read values of 2**53 or more exactly as written, and mark those that were not whole."""
    large = np.flatnonzero(np.abs(values) >= EXACT)
    texts = strings.take(pa.array(large))
    plain = plainly_written(column, texts)
    digits = bools(pc.match_substring_regex(plain, _DIGITS))
    whole, fits = _read_digits(pc.if_else(pa.array(digits), plain, "0"))
    rounded = np.zeros(len(values), dtype=bool)
    # Those with an exponent, a point or in words: few, so that Python's decimals can read them.
    odd = np.flatnonzero(~digits & (np.abs(values[large]) <= 2.0**63))
    for place, written in zip(odd.tolist(), _exactly_written(column, texts, odd), strict=True):
        number = int(written.to_integral_value(ROUND_HALF_EVEN))
        rounded[large[place]] = number != written
        fits[place] = LOWEST <= number <= HIGHEST
        whole[place] = number if fits[place] else 0
    fits &= digits | (np.abs(values[large]) <= 2.0**63)
    floats, wholes = values.copy(), Figures(np.rint(values)).wholes()
    floats[large] = np.where(fits, whole.astype(np.float64), values[large])
    wholes[large] = np.where(fits, whole, 0)
    return Figures(floats, wholes), rounded


def _without_rounded(column: Number, strings: pa.Array, values: Floats) -> Floats:
    """Make numbers of 2**53 or more unknown that float64 would round, as two ids could become one;
    what is written with an exponent is no id.
    """
    is_large = np.abs(values) >= EXACT
    if not is_large.any():
        return values
    large = np.flatnonzero(is_large & np.isfinite(values))
    texts = plainly_written(column, strings.take(pa.array(large)))
    floats, digits = values[large], bools(pc.match_substring_regex(texts, _DIGITS))
    whole, fits = _read_digits(pc.if_else(pa.array(digits), texts, "0"))
    small = (floats >= LOWEST) & (floats < 2.0**63)
    exact = fits & small & (np.where(small, floats, 0.0).astype(np.int64) == whole)
    exact |= bools(pc.match_substring_regex(texts, "[eE]"))
    for row in np.flatnonzero(~exact & ~(digits & fits & small)).tolist():
        exact[row] = Decimal(texts[row].as_py()) == Decimal(float(floats[row]))
    values = values.copy()
    values[large[~exact]] = np.nan
    return values


def _read_near_ties(column: Integer, strings: pa.Array, values: Floats) -> tuple[Floats, Bools]:
    """Round values that float64 shows as a tie though they were not written as one, such as
    2.50000000000000001; and mark these.
    """
    rounded = np.zeros(len(values), dtype=bool)
    ties = np.flatnonzero(np.abs(np.modf(values)[0]) == 0.5)
    if len(ties):
        lengths = pc.binary_length(strings.take(pa.array(ties))).to_numpy()
        ties = ties[lengths >= _DISTINGUISHED_DIGITS]
    if not len(ties):
        return values, rounded
    values = values.copy()
    for row, written in zip(ties.tolist(), _exactly_written(column, strings, ties), strict=True):
        rounded[row] = written != Decimal(values[row])
        if rounded[row]:
            values[row] = float(written.to_integral_value(ROUND_HALF_EVEN))
    return values, rounded


def _exactly_written(column: Integer, strings: pa.Array, rows: Ints) -> list[Decimal]:
    """Read the numbers of some rows without rounding; each must be a number or a word for one."""
    texts = strings.take(pa.array(rows))
    plain = plainly_written(column, texts).to_pylist()
    words = word_places(column, texts) if column.words else np.full(len(rows), -1, np.int32)
    numbers = [*column.words.values()]
    return [
        Decimal(numbers[word] if word >= 0 else text)
        for word, text in zip(words.tolist(), plain, strict=True)
    ]


def _read_digits(texts: pa.Array) -> tuple[Ints, Bools]:
    """Read texts of at most 19 digits as int64, and mark those that fit; others are 0."""
    magnitudes = pc.cast(pc.replace_substring_regex(texts, _DIGITS, r"\1"), pa.uint64()).to_numpy()
    negative = bools(pc.starts_with(texts, "-"))
    fits = magnitudes <= np.where(negative, np.uint64(2**63), np.uint64(HIGHEST))
    signed = np.where(negative, ~magnitudes + np.uint64(1), magnitudes).astype(np.int64)
    return np.where(fits, signed, 0), fits


def read_numbers(strings: pa.Array) -> Floats:
    """Read decimal numbers as float64, NaN for everything else.

    A number is an optional sign, ASCII digits with at most one point, an optional exponent.
    Arrow reads just that, and the words nan and inf besides.
    """
    try:
        values = pc.cast(strings, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        numeric = pc.match_substring_regex(strings, NUMBER)
        only = pc.if_else(numeric, strings, pa.scalar(None, pa.string()))
        return np.asarray(pc.cast(only, pa.float64()).to_numpy(zero_copy_only=False))
    odd = np.flatnonzero(~np.isfinite(values))
    if len(odd):
        words = ~bools(pc.match_substring_regex(strings.take(pa.array(odd)), NUMBER))
        values = values.copy()
        values[odd[words]] = np.nan
    return np.asarray(values)
