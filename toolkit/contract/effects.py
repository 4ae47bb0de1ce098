"""Keys of a contract that can have no effect, or none but a wrong one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from toolkit.contract.columns import AnyColumn, Dated, Integer, Number, Numeric, Text, Unused
from toolkit.contract.contract import Contract
from toolkit.contract.part import Limits

# Dashes and brackets of any script, by Unicode's categories, and the signs that are none of these.
_SIGN_KINDS = ("Pd", "Ps", "Pe", "Pi", "Pf")
_SIGNS = frozenset(
    "+\u2212\uff0b\u00b1\u2213\u207a\u207b\u208a\u208b\u02d6\u02d7\ufb29\u2795\u2796<>"
)
_LARGEST = 2.0**1023
_MONTH_NAMES = ("%b", "%B")


def effect_problems(contract: Contract) -> Iterator[str]:
    """Keys that change nothing whatever the feed holds, and affixes that would change signs."""
    yield from _blank_problems("null_words", contract.null_words)
    for name, column in contract.columns.items():
        where = f"columns.{name}"
        yield from _affix_problems(where, column)
        yield from _blank_problems(f"{where}.null_words", column.null_words or ())
        match column:
            case Text(required=False, pattern=None, reason=str()):
                yield f"{where}.reason: has no effect without required or pattern; remove it"
            case Dated():
                yield from _date_problems(where, column)
            case Number() | Integer():
                yield from _number_problems(where, column)
            case Unused():
                for key in ("prefix", "suffix", "null_words"):
                    if getattr(column, key):
                        yield f"{where}.{key}: has no effect on a column of kind unused; remove it"


def _blank_problems(where: str, words: tuple[str, ...]) -> Iterator[str]:
    for word in words:
        if word != word.strip():
            yield f"{where}: {word!r} has outer blanks, so that no value is it"


def _affix_problems(where: str, column: AnyColumn) -> Iterator[str]:
    for key, affixes, stripped in (
        ("prefix", column.prefix, str.lstrip),
        ("suffix", column.suffix, str.rstrip),
    ):
        for affix in affixes:
            if affix and affix != stripped(affix):
                yield f"{where}.{key}: {affix!r} has an outer blank, so that it never fits"
            if isinstance(column, Numeric) and any(map(_is_sign, affix)):
                yield (
                    f"{where}.{key}: {affix!r} holds a sign or bracket, without which -5 would be "
                    "read as 5; leave it out, so that such rows are rejected, or take kind: text"
                )
            elif isinstance(column, Numeric) and _is_part_of_number(column, key, affix):
                yield (
                    f"{where}.{key}: {affix!r} is what numbers are written with, without which "
                    "another number would be read; leave it out, or take kind: text"
                )


def _is_sign(letter: str) -> bool:
    return letter in _SIGNS or unicodedata.category(letter) in _SIGN_KINDS


def _is_part_of_number(column: Numeric, key: str, affix: str) -> bool:
    """Whether a number may begin or end with the affix; but for the noughts after its point."""
    if key == "suffix" and re.fullmatch("[.,]0+", affix):
        return affix[0] == column.thousands and len(affix) == len(",000")
    separators = re.escape(column.decimal + (column.thousands or ""))
    digits = "" if key == "prefix" else "(?=.*[0-9])"
    return re.fullmatch(rf"{digits}[0-9eE{separators}]*[0-9{separators}]", affix) is not None


def _date_problems(where: str, column: Dated) -> Iterator[str]:
    limited = column.years_before is not None or column.years_after is not None
    if column.range_reason is not None and not limited:
        yield f"{where}.range_reason: has no effect without years_before or years_after; remove it"
    default = type(column).two_digit_years_from
    if column.two_digit_years_from != default and not any("%y" in f for f in column.formats):
        yield f"{where}.two_digit_years_from: has no effect, as no format has %y; remove it"
    by_name = all(any(month in f for month in _MONTH_NAMES) for f in column.formats)
    if column.max_contradictions and by_name:
        yield (
            f"{where}.max_contradictions: has no effect, as months written by name have one "
            "order; remove it"
        )


def _number_problems(where: str, column: Number | Integer) -> Iterator[str]:
    for key in ("default", "floor"):
        number = getattr(column, key, None)
        if isinstance(column, Integer) and number is not None and not -(2**63) <= number < 2**63:
            yield f"{where}.{key}={number}: is no whole number of 64 bits"
    for key in ("above", "min", "max", "below"):
        bound = getattr(column, key)
        if bound is not None and abs(bound) > _LARGEST:
            yield f"{where}.{key}: is larger than any number that a column can hold"
            return
    if column.default is not None:
        default = column.default
        if isinstance(column, Integer) and column.floor is not None:
            default = max(default, column.floor)
        if isinstance(column, Number) and column.clip is not None:
            default = min(max(default, column.clip[0]), column.clip[1])
        if not _within(column, default):
            yield f"{where}.default={column.default}: is beyond the limits, so that it saves no row"
    if isinstance(column, Number) and column.clip is not None and column.clip[0] <= column.clip[1]:
        low, high = column.clip
        if not _meet(column, low, high):
            yield f"{where}.clip={[low, high]}: lies beyond the limits, so that no row keeps them"


def _within(limits: Limits, number: float) -> bool:
    return _meet(limits, number, number)


def _meet(limits: Limits, low: float, high: float) -> bool:
    """Whether a number from `low` to `high` may keep the limits."""
    return (
        (limits.above is None or high > limits.above)
        and (limits.min is None or high >= limits.min)
        and (limits.max is None or low <= limits.max)
        and (limits.below is None or low < limits.below)
    )
