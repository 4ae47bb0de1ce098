"""Evaluate formulas of decimals and whole numbers exactly: nothing is rounded but the result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, Self

import numpy as np

from toolkit.arrays import MOST_DIGITS, Bools, Figures, Ints, as_written, decimals_of
from toolkit.contract.formula import computed, exact_numbers, exact_values

Rounding = Literal["half_even", "half_up"]
"""Which way a tie goes: to the even neighbour, or away from zero."""

# Sums and products of estimates below it are below 2**63, whatever float64 rounds off.
_SAFE = 2.0**62


@dataclass(frozen=True)
class Fractions:
    """A fraction of 64-bit whole numbers for each row, with Python's operators.

    There is no value where `under` is 0. Rows marked in `lost` may have overflowed: their values
    mean nothing. A Python int is the same for all rows.
    """

    over: Ints | int
    under: Ints | int = 1
    lost: Bools | bool = False

    @classmethod
    def of(cls, figures: Figures) -> Self:
        """Return the numbers of a column of decimals or whole numbers."""
        whole = figures.wholes()
        if figures.scale is not None:
            return cls(whole, 10**figures.scale)
        return cls(whole, 1, figures.beyond | (np.abs(_floats(whole)) >= _SAFE))

    @classmethod
    def constant(cls, number: float) -> Self:
        """Return a number of a formula, as it is written there."""
        fraction = as_written(number)
        return cls(fraction.numerator, fraction.denominator)

    def __neg__(self) -> Fractions:
        return Fractions(-self.over, self.under, self.lost)

    def __add__(self, other: Fractions) -> Fractions:
        if isinstance(self.under, int) and isinstance(other.under, int):
            under: Any = math.lcm(self.under, other.under)
            factors: Any = [under // (one.under or 1) for one in (self, other)]
            lost: Any = self.lost | other.lost
        else:
            under, lost = _times(self.under, other.under, self.lost | other.lost)
            factors = [other.under, self.under]
        left, lost = _times(self.over, factors[0], lost)
        right, lost = _times(other.over, factors[1], lost)
        if isinstance(left, int) and isinstance(right, int):
            return Fractions(left + right, under, lost)
        lost = lost | (np.abs(_floats(left)) + np.abs(_floats(right)) >= _SAFE)
        return Fractions(_int64(left) + _int64(right), under, lost)

    def __sub__(self, other: Fractions) -> Fractions:
        return self + -other

    def __mul__(self, other: Fractions) -> Fractions:
        over, lost = _times(self.over, other.over, self.lost | other.lost)
        return Fractions(over, *_times(self.under, other.under, lost))

    def __truediv__(self, other: Fractions) -> Fractions:
        over, lost = _times(self.over, other.under, self.lost | other.lost)
        under, lost = _times(self.under, other.over, lost)
        if not isinstance(other.under, int):
            # A division by no value has none either.
            under = np.where(other.under == 0, 0, under)
        return Fractions(over, under, lost)

    def rounded(self, scale: int, rounding: Rounding | None) -> tuple[Fractions, Bools]:
        """Return the nearest fractions over 10**scale, and which rows have one.

        Without a rounding, only a fraction that is one already has one.
        """
        units: Any
        factor = 10**scale
        if isinstance(self.under, int) and self.under:
            shared = math.gcd(self.under, factor)
            under: Any = self.under // shared
            units, lost = _times(self.over, factor // shared, self.lost)
            if abs(under) == 1:
                found = Fractions(units * under, factor, lost)
                return found, np.ones(np.shape(units), dtype=bool)
        else:
            units, lost = _times(self.over, factor, self.lost)
            under = np.asarray(self.under)
        fine = np.asarray(under != 0)
        # The remainder is doubled below.
        lost = lost | (np.abs(_floats(under)) >= _SAFE / 2) | (np.abs(_floats(units)) >= _SAFE)
        under = np.where(np.equal(_int64(under), 0), 1, _int64(under))
        units, under = _int64(units) * np.sign(under), np.abs(under)
        whole, rest = np.divmod(units, under)
        if rounding is None:
            return Fractions(whole, factor, lost), fine & (rest == 0)
        up = whole >= 0 if rounding == "half_up" else whole % 2 == 1
        whole = whole + ((2 * rest > under) | ((2 * rest == under) & up))
        return Fractions(whole, factor, lost), fine

    def beyond(self, limit: Fraction) -> tuple[Bools, Bools]:
        """Mark rows without a value, or with one above a limit; and those that overflowed."""
        over: Any = np.abs(self.over)
        under: Any = abs(self.under)
        size, lost = _times(over, limit.denominator, self.lost)
        allowed, lost = _times(under, limit.numerator, lost)
        return np.asarray((size > allowed) | (self.under == 0)), np.asarray(lost)


def evaluate_exactly(
    formula: str,
    columns: Mapping[str, Figures],
    scale: int,
    rounding: Rounding | None = None,
    decimals: int | None = None,
) -> Figures:
    """Evaluate the formula for every row, as decimals of `scale` places.

    The value is rounded to `decimals` first, if given, ties to even. It is unknown where a column
    is; infinite where there is no such decimal: after a division by zero, beyond 18 digits, or
    with more decimal places than `scale` and no rounding.
    """
    known = np.logical_and.reduce([_is_known(one) for one in columns.values()])
    value = computed(formula, _fractions(columns), Fractions.constant)
    fine = np.ones(1, dtype=bool)
    if decimals is not None:
        value, fine = value.rounded(decimals, "half_even")
    value, fits = value.rounded(scale, rounding)
    units = np.array(np.broadcast_to(_int64(value.over), len(known)))
    fine = np.array(np.broadcast_to(fine & fits, len(known)))
    rows = np.flatnonzero(known & value.lost)
    exact = exact_values(formula, {n: one.take(rows) for n, one in columns.items()}, as_written)
    for row, number in zip(rows.tolist(), exact, strict=True):
        found = None if number is None else _units(number, scale, rounding, decimals)
        fine[row] = found is not None
        units[row] = found or 0
    fine = fine & (np.abs(units) < 10**MOST_DIGITS)
    found_decimals = decimals_of(np.where(fine & known, units, 0), scale, known)
    return Figures(
        np.where(fine | ~known, found_decimals.floats, np.inf), found_decimals.whole, scale
    )


def exactly_apart(
    stored: Figures, formula: str, columns: Mapping[str, Figures], tolerance: float
) -> Bools:
    """Mark rows in which the formula has no value, or is too far from the stored number.

    Rows with an unknown number may be marked or not.
    """
    limit = as_written(tolerance)
    value = computed(formula, _fractions(columns), Fractions.constant)
    found, lost = (Fractions.of(stored) - value).beyond(limit)
    rows = np.flatnonzero(lost)
    if len(rows):
        exact = exact_values(formula, {n: one.take(rows) for n, one in columns.items()}, as_written)
        pairs = zip(exact_numbers(stored.take(rows)), exact, strict=True)
        found[rows] = [a is None or b is None or abs(a - b) > limit for a, b in pairs]
    return found


def _is_known(column: Figures) -> Bools:
    return ~np.isnan(column.floats) & ~column.beyond


def _fractions(columns: Mapping[str, Figures]) -> dict[str, Fractions]:
    return {name: Fractions.of(column) for name, column in columns.items()}


def _units(
    number: Fraction, scale: int, rounding: Rounding | None, decimals: int | None
) -> int | None:
    """Return the number in units of 10**-scale; None if it is not whole or beyond 18 digits."""
    if decimals is not None:
        number = round(number, decimals)
    units = number * 10**scale
    if rounding == "half_up":
        units = Fraction(math.floor(abs(units) + Fraction(1, 2)) * (1 if units > 0 else -1))
    elif rounding == "half_even":
        units = Fraction(round(units))
    if units.denominator != 1 or abs(units) >= 10**MOST_DIGITS:
        return None
    return units.numerator


def _times(a: Ints | int, b: Ints | int, lost: Bools | bool) -> tuple[Any, Bools | bool]:
    """Return the products, and `lost` with the rows added whose product may not fit 64 bits."""
    if isinstance(a, int) and isinstance(b, int):
        return a * b, lost
    if (isinstance(a, int) and a == 1) or (isinstance(b, int) and b == 1):
        return (b if isinstance(a, int) else a), lost
    with np.errstate(invalid="ignore"):
        lost = lost | (np.abs(_floats(a) * _floats(b)) >= _SAFE)
    return _int64(a) * _int64(b), lost


def _int64(values: Ints | int) -> Any:
    """Return the values; 0 for a Python int beyond 64 bits."""
    return values if not isinstance(values, int) or abs(values) < 2**63 else 0


def _floats(values: Ints | int) -> Any:
    """Return the values as float64, for estimates."""
    if not isinstance(values, int):
        return values.astype(np.float64)
    return float(values) if abs(values) < 2**63 else np.inf
