"""Numbers of rows: float64, and whole numbers and decimals of 64 bits exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

EXACT = 2.0**53
"""Below it float64 holds every whole number exactly."""
LOWEST, HIGHEST = -(2**63), 2**63 - 1
MOST_DIGITS = 18
"""Every whole number of so many digits fits 64 bits."""
_DIGITS_OF_FLOAT = 15


@dataclass(frozen=True)
class Figures:
    """A number for each row, NaN where it is unknown.

    `whole` has the numbers of an integer column as int64. It is None where all of them are below
    2**53, which is nearly always: then `floats` are exact. Unknown numbers, and those beyond 64
    bits, are 0 in it.

    With a `scale` the numbers are decimals: `whole` counts units of 10**-scale and is never None,
    `floats` are the nearest float64, infinite where a row has no such decimal.
    """

    floats: Floats
    whole: Ints | None = None
    scale: int | None = None

    def __len__(self) -> int:
        return len(self.floats)

    def take(self, rows: npt.NDArray[Any]) -> Figures:
        """Return the numbers of `rows`, which may repeat."""
        whole = None if self.whole is None else self.whole[rows]
        return Figures(self.floats[rows], whole, self.scale)

    def wholes(self) -> Ints:
        """Return `whole`, computed where it is None; all numbers must be whole."""
        if self.whole is not None:
            return self.whole
        fine = (self.floats >= LOWEST) & (self.floats < 2.0**63)
        return np.where(fine, self.floats, 0.0).astype(np.int64)

    def replaced(self, rows: npt.NDArray[Any], others: Figures) -> Figures:
        """Return a copy with the numbers of `others` in `rows`, which are row numbers or a mask."""
        floats = self.floats.copy()
        floats[rows] = others.floats
        if self.whole is None and others.whole is None:
            return Figures(floats)
        whole = self.wholes().copy()
        whole[rows] = others.wholes()
        return Figures(floats, whole, self.scale)

    @property
    def beyond(self) -> Bools:
        """Mark known numbers beyond 64 bits; not for a column of floats."""
        if self.scale is not None:
            return np.isinf(self.floats)
        if self.whole is None:
            return np.zeros(len(self), dtype=bool)
        return ~np.isnan(self.floats) & (self.whole.astype(np.float64) != self.floats)

    def large(self) -> Bools:
        """Mark integers that fit 64 bits but that float64 may have rounded."""
        if self.whole is None or self.scale is not None:
            return np.zeros(len(self), dtype=bool)
        return (np.abs(self.floats) >= EXACT) & ~self.beyond

    def compared(self, compare: Callable[[Any, Any], Any], bound: float) -> Bools:
        """Compare with a bound by numpy's greater, less, ..., exactly; false where unknown."""
        found = np.asarray(compare(self.floats, float(bound)), dtype=bool)
        if self.whole is None:
            return found
        # A bound between two whole numbers compares like either of them, rounded the right way.
        up = compare in (np.greater_equal, np.less)
        units = bound if self.scale is None else as_written(bound) * 10**self.scale
        nearest = math.ceil(units) if up else math.floor(units)
        exact = np.asarray(compare(self.whole, nearest), dtype=bool)
        return np.where(np.isnan(self.floats) | self.beyond, found, exact)


def as_written(number: float) -> Fraction:
    """Return the number as a contract has it: 0.1 is a tenth, not the float64 nearest to it."""
    return Fraction(str(number))


def decimals_of(units: Ints, scale: int, known: Bools | None = None) -> Figures:
    """Return decimals by their units of 10**-scale, of at most 18 digits; NaN where not known."""
    floats = units / 10.0**scale
    # A larger one is rounded twice, so that its float64 may not be the nearest.
    for row in np.flatnonzero(np.abs(units) >= EXACT).tolist():
        floats[row] = int(units[row]) / 10**scale
    if known is None or known.all():
        return Figures(floats, units, scale)
    return Figures(np.where(known, floats, np.nan), np.where(known, units, 0), scale)


def decimal_array(units: Ints, kind: pa.DataType, unknown: Bools | None = None) -> pa.Array:
    """Return an Arrow array of decimals by their units in the last place; null where unknown."""
    import pyarrow as pa

    # Arrow keeps 128 bits of each, the lower half first; the upper one repeats the sign.
    words = np.stack([units, units >> 63], axis=1)
    valid = None if unknown is None else pa.array(~unknown).buffers()[1]
    return pa.Array.from_buffers(kind, len(units), [valid, pa.py_buffer(words)])


def decimal_units(array: pa.Array) -> Ints:
    """Return the units in the last place of decimals of at most 18 digits; 0 for null."""
    if not len(array):
        return np.zeros(0, np.int64)
    if array.null_count:
        array = array.fill_null(0)
    words = np.frombuffer(array.buffers()[1], np.int64)[::2][array.offset :]
    return words[: len(array)].copy()


def repeated(number: float, times: int) -> Figures:
    """Repeat one Python number, exactly, for so many rows."""
    return figures_of([number]).take(np.zeros(times, np.int64))


def figures_of(numbers: Sequence[float], scale: int | None = None) -> Figures:
    """Convert Python numbers, NaN for unknown ones; integers stay exact.

    With a scale they become decimals, unknown where they do not fit it.
    """
    if scale is not None:
        units = [units_of(number, scale) for number in numbers]
        known = np.array([one is not None for one in units], dtype=bool)
        return decimals_of(np.array([one or 0 for one in units], np.int64), scale, known)
    floats = np.array(numbers, np.float64)
    if not (np.abs(floats) >= EXACT).any():
        return Figures(floats)
    return Figures(floats, np.array([_int64(number) for number in numbers], np.int64))


def _int64(number: float) -> int:
    """Return the integer; 0 for anything else, or beyond 64 bits."""
    if not math.isfinite(number) or number != math.floor(number):
        return 0
    return int(number) if LOWEST <= number <= HIGHEST else 0


def units_of(number: float, scale: int) -> int | None:
    """Return a number of Python in units of 10**-scale; None where it is not a whole number of
    them, or a float of so many digits that others could be meant.
    """
    if not math.isfinite(number):
        return None
    units = as_written(number) * 10**scale
    # A float64 of up to 15 digits is what was written; of more, it may be only near to it.
    is_known = isinstance(number, int) or float(f"{number:.{_DIGITS_OF_FLOAT}g}") == number
    fits = units.denominator == 1 and abs(units) < 10**MOST_DIGITS
    return units.numerator if is_known and fits else None
