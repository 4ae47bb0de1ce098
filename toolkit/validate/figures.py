"""Figures of a column that merge across partitions exactly, however the data was split."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.aggregate.exact import (
    Limbs,
    add,
    quotients,
    split_floats,
    split_integers,
    tally,
)
from toolkit.validate.columns import Domain, LoadedColumns

Floats = npt.NDArray[np.float64]

# Veltkamp's factor: splits a double into two of 26 bits, whose products are exact (Dekker 1971).
_SPLITTER = float(2**27 + 1)
# Beyond this the splitting could overflow, so larger numbers are scaled by a power of two.
_LARGEST = 2.0**500
_SMALLER = Fraction(1, 2**600)


@dataclass(frozen=True)
class MinMax:
    """A few values that include the smallest, the largest and, if there is one, a null.

    They are an Arrow array of the dataset's type.
    """

    domain: Domain

    @property
    def columns(self) -> tuple[str, ...]:
        return self.domain.needed

    def examine(self, view: LoadedColumns) -> pa.Array:
        [name] = self.domain.columns
        return _extremes(view.arrow([name], view.rows(self.domain)).column(0))

    def merge(self, earlier: pa.Array, later: pa.Array) -> pa.Array:
        return _extremes(pa.chunked_array([earlier, later]))


@dataclass(frozen=True)
class Distinct:
    """The distinct values, a null among them if there is one, of the dataset's type.

    Raises MemoryError when they take more than `max_bytes`.
    """

    domain: Domain
    max_bytes: int

    @property
    def columns(self) -> tuple[str, ...]:
        return self.domain.needed

    def examine(self, view: LoadedColumns) -> pa.Array:
        [name] = self.domain.columns
        return self._within_limit(view.arrow([name], view.rows(self.domain)).column(0))

    def merge(self, earlier: pa.Array, later: pa.Array) -> pa.Array:
        return self._within_limit(pa.chunked_array([earlier, later]))

    def _within_limit(self, values: pa.ChunkedArray) -> pa.Array:
        distinct = _whole(values).unique()
        if distinct.nbytes > self.max_bytes:
            raise MemoryError(
                f"the distinct values of {self.domain.columns[0]} take more than "
                f"{self.max_bytes:,} bytes"
            )
        return distinct


@dataclass(frozen=True)
class Moments:
    """The count of numbers, their sum and the sum of their squares: exact.

    `special` adds up those that are infinite; squares are computed only if requested, those of
    `large` numbers in units of their own. So many `units` of the numbers make 1. Squares are those
    of the doubles next to whole numbers, whose sum is `rounded`.
    """

    n: int
    total: Limbs
    squares: Limbs
    special: float = 0.0
    large: Limbs = field(default_factory=dict)
    units: int = 1
    rounded: Limbs = field(default_factory=dict)

    def sum(self) -> float:
        """Return the sum, rounded once; infinite or NaN where pandas returns that."""
        if self.special:
            return self.special
        return float(quotients(self.total, np.array([1]), self.units)[0]) if self.total else 0.0

    def whole_sum(self) -> int:
        """Return the sum of whole numbers; overflow of 64 bits wraps around, as in pandas."""
        return (int(_fraction(self.total)) + (1 << 63)) % (1 << 64) - (1 << 63)

    def mean(self) -> float:
        """Return the mean; NaN of no numbers."""
        if self.n == 0 or self.special:
            return self.special / self.n if self.n else float("nan")
        return float(_fraction(self.total) / (self.n * self.units))

    def standard_deviation(self) -> float:
        """Return the standard deviation with divisor n - 1; NaN for fewer than two or for infinite
        numbers.

        Infinite, as in pandas, where the sum of squared differences overflows a double.
        """
        if self.n < 2 or self.special:
            return float("nan")
        total = _fraction(self.rounded)
        if np.isinf(_double(total)):
            return float("inf")
        squares = _fraction(self.squares) + _fraction(self.large) / _SMALLER**2
        differences = _double(squares - total * total / self.n)
        if np.isinf(differences):
            return differences
        variance = (squares - total * total / self.n) / (self.n - 1)
        return float(np.sqrt(float(variance / self.units**2)))


@dataclass(frozen=True)
class Sums:
    """The Moments of a number column.

    Squares are exact for numbers above 2**-484. So many `units` make 1 in a column of decimals.
    """

    domain: Domain
    with_squares: bool
    units: int = 1

    @property
    def columns(self) -> tuple[str, ...]:
        return self.domain.needed

    def examine(self, view: LoadedColumns) -> Moments:
        [name] = self.domain.columns
        values = view.numbers(name, view.rows(self.domain))
        exact: Limbs | None = None
        if values.dtype.kind in "iu":
            exact = tally(split_integers(values.astype(np.int64)))
            if not self.with_squares:
                return Moments(len(values), exact, {}, units=self.units)
        # pandas computes a deviation in float64, also of integers with more digits.
        values = values.astype(np.float64)
        values = values[~np.isnan(values)]
        finite = values[np.isfinite(values)]
        special = float(values[~np.isfinite(values)].sum()) if len(finite) < len(values) else 0.0
        total = tally(split_floats(finite))
        if not self.with_squares:
            return Moments(len(values), total, {}, special)
        is_large = np.abs(finite) > _LARGEST
        squares, large = _squares(finite[~is_large]), _squares(finite[is_large] * float(_SMALLER))
        exact = total if exact is None else exact
        return Moments(len(values), exact, squares, special, large, self.units, total)

    def merge(self, earlier: Moments, later: Moments) -> Moments:
        return Moments(
            earlier.n + later.n,
            add(earlier.total, later.total),
            add(earlier.squares, later.squares),
            earlier.special + later.special,
            add(earlier.large, later.large),
            self.units,
            add(earlier.rounded, later.rounded),
        )


def _squares(floats: Floats) -> Limbs:
    """Sum the squares exactly: x = high + low, of 26 bits each, whose products do not round."""
    spread = floats * _SPLITTER
    high = spread - (spread - floats)
    low = floats - high
    products = (high * high, 2 * high * low, low * low)
    return add(*(tally(split_floats(product)) for product in products))


def _extremes(values: pa.ChunkedArray) -> pa.Array:
    whole = _whole(values)
    plain = whole.dictionary_decode() if pa.types.is_dictionary(whole.type) else whole
    missing = pc.is_null(plain, nan_is_null=True)
    ends = pc.min_max(pc.if_else(missing, pa.scalar(None, plain.type), plain)).as_py()
    places = [pc.index(missing, pa.scalar(True)).as_py()]
    if ends["min"] is not None:
        places += [pc.index(plain, pa.scalar(ends[e], plain.type)).as_py() for e in ("min", "max")]
    return whole.take(pa.array(sorted({p for p in places if p >= 0}), pa.int64()))


def _whole(values: pa.ChunkedArray) -> pa.Array:
    if values.num_chunks == 0:
        return pa.nulls(0, values.type)
    if pa.types.is_dictionary(values.type):
        values = values.unify_dictionaries()
    combined = values.combine_chunks()
    return combined.combine_chunks() if isinstance(combined, pa.ChunkedArray) else combined


def _fraction(limbs: Limbs) -> Fraction:
    """Return the exact value of limbs."""
    return sum(
        (Fraction(int(limb[0])) * Fraction(2) ** (32 * k) for k, limb in limbs.items()), Fraction(0)
    )


def _double(number: Fraction) -> float:
    """Return the nearest double; infinite beyond the largest."""
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")
