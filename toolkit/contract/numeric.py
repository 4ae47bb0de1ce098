"""Columns of numbers."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal as Written
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from toolkit.arrays import MOST_DIGITS, units_of
from toolkit.contract.column import Group, Parsed
from toolkit.contract.exact_formula import Rounding
from toolkit.contract.part import Bound, Limits

if TYPE_CHECKING:
    import pyarrow as pa

# Dashes and brackets of any script, by Unicode's categories, and the signs that are none of these.
_SIGN_KINDS = ("Pd", "Ps", "Pe", "Pi", "Pf")
_SIGNS = frozenset(
    "+\u2212\uff0b\u00b1\u2213\u207a\u207b\u208a\u208b\u02d6\u02d7\ufb29\u2795\u2796<>"
)
_BRACKETS = ("(5)", "[5]", "{5}", "<5>")
_LARGEST = 2.0**1023
_LIKE_A_NUMBER = re.compile(r"[+-]?[0-9.,' ]*[0-9][0-9.,' ]*([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, kw_only=True)
class Numeric(Parsed, Limits):
    """A number is written as an optional sign, ASCII digits and an optional exponent. The sign may
    be before a prefix or behind it: with `prefix: [$]`, -$5 and $-5 are both -5.
    """

    decimal: Literal[".", ","] = "."
    """The decimal sign."""
    thousands: Literal[",", ".", " ", "'"] | None = None
    """With it, digits before the decimal sign may come in groups, each but the first of exactly
    three; `300,0,00.40` is not a number. A blank is any of a blank, a no-break, a narrow
    no-break and a thin space; an apostrophe also its curly form."""
    groups: Literal["thousands", "indian"] = "thousands"
    """`indian`: the last group has three digits and those before it two, as in 1,00,000.00."""
    negative: tuple[str, ...] = ()
    """Ways to write -5, besides a minus sign in front: `(5)`, `5-`, `5 CR`, or with a minus sign of
    Unicode. Prefixes and suffixes may be inside and outside: `($5)` and `5- EUR` are -5. A number
    that has a sign besides, such as (-5), cannot be read.
    """
    units: dict[str, float] = field(default_factory=dict)
    """Texts before or after a number, and what one of each is: with `{"%": 0.01}`, 12% is 0.12. All
    are powers of ten. Numbers with another text cannot be read, and those with none are only with
    `"": 1`, unless they are 0.
    """
    words: dict[str, Bound] = field(default_factory=dict)
    """Numbers that are written as words, compared in lower case."""

    group: ClassVar[Group] = "number"

    @property
    def rounding(self) -> Rounding | None:
        """Return how computed numbers are rounded to the column's decimal places, if they are."""
        return None

    @property
    def written(self) -> dict[str, Any]:
        """Return the keys that say how its numbers are written."""
        keys = ("decimal", "thousands", "groups", "negative", "units", "prefix", "suffix", "words")
        return {key: getattr(self, key) for key in keys}

    def problems(self, where: str) -> Iterator[str]:
        yield from super().problems(where)
        yield from self.limit_problems(where)
        if self.decimal == self.thousands:
            yield f"{where}.thousands={self.thousands!r}: must differ from the decimal sign"
        yield from self._word_problems(where)
        if self.groups != "thousands" and self.thousands is None:
            yield f"{where}.groups: has no effect without thousands, the sign between groups"
        yield from self._affix_problems(where)
        yield from self._negative_problems(where)
        yield from self._unit_problems(where)
        for key in ("above", "min", "max", "below"):
            bound = getattr(self, key)
            if bound is not None and abs(bound) > _LARGEST:
                yield f"{where}.{key}: is larger than any number of a column"
                return
        yield from self._repair_problems(where)

    def _word_problems(self, where: str) -> Iterator[str]:
        seen: dict[str, str] = {}
        for word in self.words:
            if word != word.strip() or not word:
                yield (
                    f"{where}.words: {word!r} is empty or has outer blanks, so that no value is it"
                )
            elif _LIKE_A_NUMBER.fullmatch(word):
                yield f"{where}.words: {word!r} looks like a number, which needs no word"
            if word.casefold() in seen:
                yield f"{where}.words: {seen[word.casefold()]!r} and {word!r} differ by case only"
            seen[word.casefold()] = word

    def _affix_problems(self, where: str) -> Iterator[str]:
        for key, affixes in (("prefix", self.prefix), ("suffix", self.suffix)):
            for affix in affixes:
                if any(map(_is_sign, affix)):
                    yield (
                        f"{where}.{key}: {affix!r} contains a sign or bracket, without which -5 "
                        f"would be read as 5; {_instead_of(key, affix)}"
                    )
                elif self._is_part_of_number(key, affix):
                    yield (
                        f"{where}.{key}: {affix!r} is what numbers are written with, without which "
                        "another number would be read; leave it out, or take kind: text"
                    )

    def _is_part_of_number(self, key: str, affix: str) -> bool:
        """Return whether a number may begin or end with the affix, except zeros after its point."""
        if key == "suffix" and re.fullmatch("[.,]0+", affix):
            return affix[0] == self.thousands and len(affix) == len(",000")
        separators = re.escape(self.decimal + (self.thousands or ""))
        digits = "" if key == "prefix" else "(?=.*[0-9])"
        return re.fullmatch(rf"{digits}[0-9eE{separators}]*[0-9{separators}]", affix) is not None

    def _negative_problems(self, where: str) -> Iterator[str]:
        place = f"{where}.negative"
        trimmed = {text for text in (*self.prefix, *self.suffix, *self.units) if text}
        for way in self.negative:
            before, after = around_five(way)
            if not re.fullmatch("([^0-9]*[^0-9.,])?5([^0-9.,][^0-9]*)?", way):
                yield (
                    f"{place}: {way!r} must show how -5 is written, with a single 5 and no other "
                    "figure, such as '(5)' or '5-'"
                )
            elif before + after in ("", "+", "-") and way[0] != "5" and " " not in way:
                yield f"{place}: {way!r} is read without it, by its own sign; remove it"
            elif before + after in ("", "+"):
                yield f"{place}: {way!r} is no way to write a negative number"
            elif way != way.strip():
                yield f"{place}: {way!r} has an outer blank, so that it never fits"
            elif {before, after} & trimmed:
                yield f"{place}: {way!r} has a text that is trimmed or a unit; leave out either"

    def _unit_problems(self, where: str) -> Iterator[str]:
        for text, factor in self.units.items():
            place = f"{where}.units"
            if power_of_ten(factor) is None:
                yield (
                    f"{place}: {text!r} is {factor:g}, which is no power of ten such as 0.01 or "
                    "1000; take kind: text for what cannot be converted exactly"
                )
            if text != text.strip():
                yield f"{place}: {text!r} has outer blanks, so that it never fits"
            if text in (*self.prefix, *self.suffix):
                yield f"{place}: {text!r} is also trimmed by prefix or suffix; leave it out there"
            if any(map(_is_sign, text)):
                yield f"{place}: {text!r} contains a sign or bracket, without which -5 would be 5"
            elif text and any(self._is_part_of_number(key, text) for key in ("prefix", "suffix")):
                yield f"{place}: {text!r} is what numbers are written with"

    def _repair_problems(self, where: str) -> Iterator[str]:
        """Yield replacement numbers of the column that are rejected themselves."""
        yield from ()

    def limits_of_reasons(self, place: str, as_of: date) -> Iterator[tuple[str, str]]:
        if self.reason is not None:
            yield self.reason, self.beyond(place)


def power_of_ten(factor: float) -> int | None:
    """Return 2 for 100 and -2 for 0.01, at most 18 away from 0; None for what is no such power."""
    if not 0 < factor < math.inf:
        return None
    _, digits, exponent = Written(str(factor)).normalize().as_tuple()
    is_power = digits == (1,) and isinstance(exponent, int) and abs(exponent) <= MOST_DIGITS
    return int(exponent) if is_power else None


def around_five(way: str) -> tuple[str, str]:
    """Return what stands before and after the number in a way to write -5, without blanks."""
    before, _, after = way.partition("5")
    return before.strip(), after.strip()


def _instead_of(key: str, affix: str) -> str:
    """Say how numbers can be read that have a sign or bracket beside them."""
    signs = "".join(filter(_is_sign, affix))
    plain = affix.strip(signs + " ")
    bracket = next((pair for pair in _BRACKETS for letter in signs if letter in pair), None)
    if bracket is None and key == "prefix" and {*signs} <= {"-", "+"}:
        trimmed = f"; {key}: [{plain!r}] is enough for {affix}5" if plain else ""
        return f"a sign in front is read as it is{trimmed}; leave it out"
    way = bracket or (f"{signs}5" if key == "prefix" else f"5{signs}")
    trimmed = f", with {key}: [{plain!r}]" if plain else ""
    return f"negative: [{way!r}]{trimmed} reads such numbers as negative, or take kind: text"


def _is_sign(letter: str) -> bool:
    return letter in _SIGNS or unicodedata.category(letter) in _SIGN_KINDS


@dataclass(frozen=True, kw_only=True)
class Number(Numeric):
    """A decimal number (float64).

    One too large for it, such as 1e999, is rejected with `reason`; without a reason it counts as
    no number. So does a number of 2^53 or more, written without an exponent, that float64 would
    round: 9007199254740993 is for `integer`, `decimal` or `text`.
    """

    kind: Literal["number"]
    default: float | None = None
    """Replaces unreadable numbers, instead of a rejection."""
    clip: tuple[float, float] | None = None
    """The lowest and the highest number; values beyond are clipped to the nearer one."""

    def arrow_type(self) -> pa.DataType:
        import pyarrow as pa

        return pa.float64()

    def rejects(self) -> str:
        if self.default is None:
            return "what is not a number"
        return "what is beyond its limits" if self.limited else ""

    def problems(self, where: str) -> Iterator[str]:
        yield from super().problems(where)
        if self.clip is not None and self.clip[0] > self.clip[1]:
            yield f"{where}.clip={list(self.clip)}: the lower bound comes first"

    def _repair_problems(self, where: str) -> Iterator[str]:
        default, clip = self.default, self.clip
        if default is not None:
            settled = default if clip is None else min(max(default, clip[0]), clip[1])
            if not self.meet(settled, settled):
                yield f"{where}.default={default}: is beyond the limits, so that it saves no row"
        if clip is not None and clip[0] <= clip[1] and not self.meet(*clip):
            yield f"{where}.clip={[*clip]}: is beyond the limits, so that it saves no row"


@dataclass(frozen=True, kw_only=True)
class Integer(Numeric):
    """A whole number (int64): rounded, ties to even; then raised to `floor`; then limited.

    Whole numbers are exact in all of -2^63 to 2^63-1; beyond, a row that breaks no other rule is
    rejected with `reason`.
    """

    kind: Literal["integer"]
    floor: int | None = None
    """Lower values are raised to this number."""
    default: int | None = None
    """Replaces unreadable numbers, instead of a rejection."""

    @property
    def exact_places(self) -> int:
        return 0

    def arrow_type(self) -> pa.DataType:
        import pyarrow as pa

        return pa.int64()

    def rejects(self) -> str:
        # Even with a default, 1e300 does not fit a column of 64-bit integers.
        return (
            "what is beyond its limits" if self.limited else "what is not a whole number of 64 bits"
        )

    def problems(self, where: str) -> Iterator[str]:
        yield from super().problems(where)
        for key, number in (("default", self.default), ("floor", self.floor)):
            if number is not None and not -(2**63) <= number < 2**63:
                yield f"{where}.{key}={number}: is not a whole number of 64 bits"
        for text, factor in self.units.items():
            if factor < 1:
                yield (
                    f"{where}.units: {text!r} is {factor:g}, which makes fractions of whole "
                    "numbers; take kind: number or decimal"
                )

    def _repair_problems(self, where: str) -> Iterator[str]:
        default, floor = self.default, self.floor
        if default is not None:
            settled = default if floor is None else max(default, floor)
            if not self.meet(settled, settled):
                yield f"{where}.default={default}: is beyond the limits, so that it saves no row"


@dataclass(frozen=True, kw_only=True)
class Decimal(Numeric):
    """An exact number with a fixed number of decimal places, such as an amount of money
    (decimal128). It is never held as a float.

    A cell with more decimal places than `scale`, trailing zeros aside, or more digits than
    `precision` allows cannot be read: its row is rejected with `reason`, unless a repair fills the
    value. Limits and words are taken as written: 0.1 is one tenth. For formulas see `Derived`.
    """

    kind: Literal["decimal"]
    scale: Annotated[int, Field(ge=0, le=MOST_DIGITS)]
    """Number of decimal places."""
    precision: Annotated[int, Field(ge=1, le=MOST_DIGITS)] = MOST_DIGITS
    """Largest number of digits, including the decimal places."""
    round: Rounding | None = None
    """Rounds cells and repairs with more decimal places to `scale`: a tie to the even neighbour, or
    away from zero."""

    is_fixed: ClassVar[bool] = True

    @property
    def exact_places(self) -> int:
        return self.scale

    @property
    def rounding(self) -> Rounding | None:
        return self.round

    def arrow_type(self) -> pa.DataType:
        import pyarrow as pa

        return pa.decimal128(self.precision, self.scale)

    def rejects(self) -> str:
        return f"what is not a number of {self.precision} digits with {self.scale} decimal places"

    def in_units(self, number: float) -> int | None:
        """Return a number of the contract in units of the last place; None if the column rejects
        it.
        """
        units = units_of(number, self.scale)
        return None if units is None or abs(units) >= 10**self.precision else units

    def problems(self, where: str) -> Iterator[str]:
        yield from super().problems(where)
        if self.scale > self.precision:
            yield f"{where}.scale={self.scale}: is more than the precision of {self.precision}"
            return
        for word, number in self.words.items():
            if self.in_units(number) is None:
                yield f"{where}.words.{word}={number}: the column rejects {self.rejects()}"


AnyNumber = Number | Integer | Decimal
