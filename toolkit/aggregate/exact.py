"""Exact sums, rounded once, independent of the order of their terms.

A sum is stored as limbs, whole numbers of 2**(32 k) for the few k that occur: a coarse
superaccumulator (Neal, "Fast exact summation using small and large superaccumulators", 2015) for
each group. Adding limbs is integer arithmetic, so it does not matter how the rows were cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from toolkit.arrays import Floats, Ints

Limbs = dict[int, Ints]
"""k -> each group's count of 2**(32 k). The signs of a group's limbs may differ."""

_BITS = 32
_LOW = (1 << _BITS) - 1
# A part is at most 2**33, so that a share of exactly 1 takes no limb of its own, and so that the
# parts of 2**29 rows, far more than a partition has, can be added before an int64 overflows.
_PART_BITS = 33
_PART = 1 << _PART_BITS
# Limbs below this can be added by the million before an int64 overflows.
_CARRY_FROM = 1 << 40
# Whole numbers up to here are exact in a double: one division of them rounds once.
_EXACT = 1 << 53


@dataclass(frozen=True)
class LimbPart:
    """Whole numbers that rows contribute to limb k; `rows` says which rows, None means all."""

    k: int
    values: Ints
    rows: Ints | None = None

    def of_each(self, n_rows: int) -> Ints:
        """Return what each row contributes."""
        if self.rows is None:
            return self.values
        spread = np.zeros(n_rows, np.int64)
        spread[self.rows] = self.values
        return spread


def split_integers(values: Ints) -> list[LimbPart]:
    """Split the values into parts: one if they are up to 2**33, else two."""
    if len(values) == 0 or max(int(values.max()), -int(values.min())) <= _PART:
        return [LimbPart(0, values)]
    return [LimbPart(0, values & _LOW), LimbPart(1, values >> _BITS)]


def split_whole(values: Floats) -> list[LimbPart]:
    """Split finite floats without a fraction into parts."""
    if len(values) == 0 or max(values.max(), -values.min()) <= _PART:
        return [LimbPart(0, values.astype(np.int64))]
    return split_floats(values)


def split_floats(values: Floats) -> list[LimbPart]:
    """Split finite floats into parts exactly; values of like size take one to three."""
    parts: list[LimbPart] = []
    rows: Ints | None = None
    while len(values) and (largest := max(values.max(), -values.min())) > 0:
        # |largest| < 2**e for frexp's exponent e, and k is ceil((e - 33) / 32): the smallest limb
        # in which every value, in units of 2**(32 k), is below 2**33. Taking the whole units off
        # is exact, and each round removes 32 bits, so 53-bit values of like size take one to three.
        k = -((_PART_BITS - int(np.frexp(largest)[1])) // _BITS)
        whole = np.trunc(_shifted(values, -_BITS * k))
        parts.append(LimbPart(k, whole.astype(np.int64), rows))
        values = values - _shifted(whole, _BITS * k)
        left = np.flatnonzero(values)
        values, rows = values[left], left if rows is None else rows[left]
    return parts


def tally(parts: Iterable[LimbPart]) -> Limbs:
    """Sum all parts, as one group."""
    return add(*({part.k: part.values.sum(keepdims=True)} for part in parts))


def add(*sums: Limbs) -> Limbs:
    """Add up sums of the same groups."""
    added: Limbs = {}
    for limbs in sums:
        for k, limb in limbs.items():
            added[k] = added[k] + limb if k in added else limb
    return carry(added)


def carry(limbs: Limbs) -> Limbs:
    """Carry to higher limbs, so that none is 2**40 or more; the sums stay the same."""
    carried = dict(limbs)
    k = min(limbs, default=0)
    while k <= max(carried, default=-1):
        limb = carried.get(k)
        if limb is not None and _size(limb) >= _CARRY_FROM:
            over = limb >> _BITS
            carried[k] = limb & _LOW
            carried[k + 1] = carried[k + 1] + over if k + 1 in carried else over
        k += 1
    return carried


def totals(limbs: Limbs, n_groups: int) -> Ints:
    """Return each group's sum of integers. Raises OverflowError when one does not fit int64."""
    if set(limbs) <= {0}:
        return limbs.get(0, np.zeros(n_groups, np.int64))
    return np.array(_scaled_totals(limbs, 0, n_groups), np.int64)


def whole_numbers(limbs: Limbs, n_groups: int) -> list[int]:
    """Return each group's sum of integers, of any size."""
    return _scaled_totals(limbs, 0, n_groups)


def quotients(limbs: Limbs, counts: Ints, units: int) -> Floats:
    """Divide each group's sum by (its count, not 0, x units), rounded once to the nearest double.

    A quotient beyond the largest double is infinite.
    """
    n_groups = len(counts)
    only = limbs.get(0, np.zeros(n_groups, np.int64))
    if set(limbs) <= {0} and max(_size(only), _size(counts) * units) <= _EXACT:
        return np.asarray(only / (counts * units), np.float64)
    lowest = min(0, *limbs)
    divisor = units << -_BITS * lowest
    sums = zip(_scaled_totals(limbs, lowest, n_groups), counts.tolist(), strict=True)
    return np.array([_nearest(total, count * divisor) for total, count in sums], np.float64)


def ratios(over: Limbs, over_units: int, under: Limbs, under_units: int, n_groups: int) -> Floats:
    """Divide each group's sums, in so many units to 1, rounded once; NaN where under is 0."""
    if set(under) <= {0} and under_units == 1:
        counts = totals(under, n_groups)
        found = quotients(over, np.where(counts == 0, 1, counts), over_units)
        return np.where(counts == 0, np.nan, found)
    lowest = min(0, *over, *under)
    pairs = zip(
        _scaled_totals(over, lowest, n_groups), _scaled_totals(under, lowest, n_groups), strict=True
    )
    return np.array(
        [_nearest(a * under_units, b * over_units) if b else np.nan for a, b in pairs], np.float64
    )


def _size(values: Ints) -> int:
    return int(np.abs(values).max(initial=0))


def _scaled_totals(limbs: Limbs, lowest: int, n_groups: int) -> list[int]:
    total = np.zeros(n_groups, object)
    for k, limb in limbs.items():
        total = total + limb.astype(object) * (1 << _BITS * (k - lowest))
    return [int(value) for value in total]


def _nearest(numerator: int, denominator: int) -> float:
    try:
        return numerator / denominator
    except OverflowError:
        return float("inf") if (numerator > 0) == (denominator > 0) else float("-inf")


def _shifted(values: Floats, exponent: int) -> Floats:
    """Return values x 2**exponent; by multiplying if possible: ldexp takes ten times as long."""
    if abs(exponent) < 1023:
        return values * 2.0**exponent
    return np.ldexp(values, exponent)
