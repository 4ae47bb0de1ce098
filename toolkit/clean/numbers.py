"""Numbers: how they are read from text, set right, and held to their limits.

NaN is what could not be read: unknown to every rule that comes later.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.parsers import (
    Bools,
    Floats,
    Parsed,
    bools,
    coded_unless,
    found_only,
    rightly_empty,
)
from toolkit.contract import Integer, Limits, Number, Numeric

DEFAULT, CLIPPED, ROUNDED = "default", "clipped", "rounded"
RAISED, WORDS = "raised to floor", "words"

_EXPONENT = "([eE][+-]?[0-9]+)?"
_NUMBER = rf"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+){_EXPONENT}$"
_SEPARATORS = {",": ",", ".": r"\.", " ": "[ \u00a0\u202f]", "'": "['\u2019]"}


def parse_numeric(
    column: Number | Integer, strings: pa.Array, reasons: Mapping[str, int]
) -> Parsed:
    """The values of a column that nothing fills."""
    return finish_numeric(column, read_numeric(column, strings), reasons)


def read_numeric(column: Number | Integer, strings: pa.Array) -> Parsed:
    """What stands in the file, set right; without the default, and held to no limit yet."""
    values, in_words = read_written(column, strings)
    settled = settle(column, values)
    changes = {WORDS: in_words, **_settling(column, values, settled)}
    return Parsed(
        settled, changes=found_only(changes), absent=rightly_empty(column.optional, strings)
    )


def finish_numeric(column: Number | Integer, parsed: Parsed, reasons: Mapping[str, int]) -> Parsed:
    """The default in the place of what is still unknown, and a reason where a limit is broken."""
    values, changes = np.asarray(parsed.values), dict(parsed.changes)
    nothing = None if parsed.absent is None else parsed.absent & np.isnan(values)
    if column.default is not None:
        unknown = np.isnan(values) if nothing is None else np.isnan(values) & ~nothing
        [default] = settle(column, np.array([column.default], np.float64))
        values = np.where(unknown, default, values)
        changes |= found_only({DEFAULT: unknown})
    codes = None
    if column.reason is not None:
        codes = coded_unless(nothing, ~within_limits(column, values), reasons[column.reason])
    return Parsed(values, codes, changes)


def settle(column: Number | Integer, values: Floats) -> Floats:
    """The values within `clip`; or whole, ties to even, and at least `floor`. NaN stays NaN."""
    # + 0.0 makes -0.0 a plain zero.
    if isinstance(column, Number):
        return values if column.clip is None else np.clip(values, *column.clip) + 0.0
    whole = np.rint(values) + 0.0
    return whole if column.floor is None else np.maximum(whole, float(column.floor))


def _settling(column: Number | Integer, values: Floats, settled: Floats) -> dict[str, Bools]:
    """In which way `settle` changed each value; a value that it left alone is in none."""
    if isinstance(column, Number):
        return {} if column.clip is None else {CLIPPED: _differ(settled, values)}
    whole = np.rint(values)
    return {ROUNDED: _differ(whole, values), RAISED: _differ(settled, whole)}


def _differ(left: Floats, right: Floats) -> Bools:
    return np.asarray((left != right) & ~np.isnan(right))


def within_limits(limits: Limits, values: Floats) -> Bools:
    """Whether each value keeps every limit; NaN keeps none."""
    fine = ~np.isnan(values)
    for bound, keeps in (
        (limits.above, np.greater),
        (limits.min, np.greater_equal),
        (limits.max, np.less_equal),
        (limits.below, np.less),
    ):
        if bound is not None:
            fine &= keeps(values, bound)
    return fine


def read_written(column: Numeric, strings: pa.Array) -> tuple[Floats, Bools]:
    """Numbers as the column writes them, and which of them came as words."""
    values = read_numbers(_plainly_written(column, strings))
    in_words = np.zeros(len(values), dtype=bool)
    if column.words:
        unread = np.flatnonzero(np.isnan(values))
        words = pc.utf8_lower(pa.array(column.words, pa.string()))
        places = pc.index_in(pc.utf8_lower(strings.take(pa.array(unread))), words)
        known = bools(places.is_valid())
        numbers = np.array([*column.words.values()], np.float64)
        values = values.copy()
        values[unread[known]] = numbers[places.drop_null().to_numpy()]
        in_words[unread[known]] = True
    return values, in_words


def _plainly_written(column: Numeric, strings: pa.Array) -> pa.Array:
    """The numbers without groups and with a decimal point; empty for what is no number."""
    if column.decimal == "." and column.thousands is None:
        return strings
    decimal, digits = _SEPARATORS[column.decimal], "[0-9]+"
    plain = strings
    if column.thousands is not None:
        separator = _SEPARATORS[column.thousands]
        # A group after a leading zero, as in 0.123, is no group.
        digits = f"([0-9]+|[1-9][0-9]{{0,2}}({separator}[0-9]{{3}})+)"
        plain = pc.replace_substring_regex(plain, separator, "")
    plain = pc.replace_substring(plain, column.decimal, ".")
    pattern = f"^[+-]?({digits}({decimal}[0-9]*)?|{decimal}[0-9]+){_EXPONENT}$"
    return pc.if_else(pc.match_substring_regex(strings, pattern), plain, "")


def read_numbers(strings: pa.Array) -> Floats:
    """Decimal numbers as float64, NaN for everything else.

    A number is an optional sign, ASCII digits with at most one point, an optional exponent.
    Arrow reads just that, and the words nan and inf besides.
    """
    try:
        values = pc.cast(strings, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        numeric = pc.match_substring_regex(strings, _NUMBER)
        only = pc.if_else(numeric, strings, pa.scalar(None, pa.string()))
        return np.asarray(pc.cast(only, pa.float64()).to_numpy(zero_copy_only=False))
    odd = np.flatnonzero(~np.isfinite(values))
    if len(odd):
        words = ~bools(pc.match_substring_regex(strings.take(pa.array(odd)), _NUMBER))
        values = values.copy()
        values[odd[words]] = np.nan
    return np.asarray(values)
