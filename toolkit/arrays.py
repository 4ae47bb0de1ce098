"""Numbers of rows: float64, and whole numbers of 64 bits exactly where float64 rounds them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

EXACT = 2.0**53
"""Below it every whole number is a float64."""
LOWEST, HIGHEST = -(2**63), 2**63 - 1


@dataclass(frozen=True)
class Figures:
    """A number for each row, NaN where it is unknown.

    `whole` has the numbers of a whole-number column as int64. It is None where all of them are
    below 2**53, which is nearly always: then `floats` are exact. A number that 64 bits do not
    hold is 0 there, as an unknown one is.
    """

    floats: Floats
    whole: Ints | None = None

    def __len__(self) -> int:
        return len(self.floats)

    def take(self, rows: npt.NDArray[Any]) -> Figures:
        """The numbers of `rows`, or of places that occur any number of times."""
        return Figures(self.floats[rows], None if self.whole is None else self.whole[rows])

    def wholes(self) -> Ints:
        """`whole`, or what it would be; all numbers must be whole."""
        if self.whole is not None:
            return self.whole
        fine = (self.floats >= LOWEST) & (self.floats < 2.0**63)
        return np.where(fine, self.floats, 0.0).astype(np.int64)

    def replaced(self, rows: npt.NDArray[Any], others: Figures) -> Figures:
        """A copy with the numbers of `others` in `rows`, which are row numbers or a mask."""
        floats = self.floats.copy()
        floats[rows] = others.floats
        if self.whole is None and others.whole is None:
            return Figures(floats)
        whole = self.wholes().copy()
        whole[rows] = others.wholes()
        return Figures(floats, whole)

    @property
    def beyond(self) -> Bools:
        """Known numbers that are none of 64 bits; for a column of whole numbers only."""
        if self.whole is None:
            return np.zeros(len(self), dtype=bool)
        return ~np.isnan(self.floats) & (self.whole.astype(np.float64) != self.floats)

    def large(self) -> Bools:
        """Where the number is of 64 bits, and float64 may not be it."""
        if self.whole is None:
            return np.zeros(len(self), dtype=bool)
        return (np.abs(self.floats) >= EXACT) & ~self.beyond

    def compared(self, compare: Callable[[Any, Any], Any], bound: float) -> Bools:
        """numpy's greater, less, ... than a bound, exactly; unknown numbers compare as false."""
        found = np.asarray(compare(self.floats, float(bound)), dtype=bool)
        if self.whole is None:
            return found
        # Between two neighbouring whole numbers it makes no difference which bound is given.
        up = compare in (np.greater_equal, np.less)
        nearest = math.ceil(bound) if up else math.floor(bound)
        exact = np.asarray(compare(self.whole, nearest), dtype=bool)
        return np.where(np.isnan(self.floats) | self.beyond, found, exact)


def repeated(number: float, times: int) -> Figures:
    """One number of Python, exactly, for so many rows."""
    return figures_of([number]).take(np.zeros(times, np.int64))


def figures_of(numbers: Sequence[float]) -> Figures:
    """Numbers of Python, NaN for unknown ones; whole ones stay exact."""
    floats = np.array(numbers, np.float64)
    if not (np.abs(floats) >= EXACT).any():
        return Figures(floats)
    return Figures(floats, np.array([_int64(number) for number in numbers], np.int64))


def _int64(number: float) -> int:
    """The whole number, 0 where it is none or 64 bits do not hold it."""
    if not math.isfinite(number) or number != math.floor(number):
        return 0
    return int(number) if LOWEST <= number <= HIGHEST else 0
