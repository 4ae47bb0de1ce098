"""Figures that parts give together: what pandas or exact fractions say of the whole column."""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.validate.in_parts import cut_at, ends_of_parts, merged
from toolkit.validate.columns import Domain
from toolkit.validate.figures import Distinct, MinMax, Moments, Sums

X = Domain(("x",))
VALUED = Domain(("x",), "any")

any_double = st.floats(allow_nan=False, allow_infinity=False)
any_float = st.none() | st.floats()
# Squares of these are neither beyond a double nor so small that they lose digits.
LARGEST, SMALLEST = 2.0**500, 2.0**-480
squarable = st.just(0.0) | st.floats(SMALLEST, LARGEST) | st.floats(-LARGEST, -SMALLEST)
any_whole = st.integers(-(2**63), 2**63 - 1)
NAN = float("nan")
INF = float("inf")


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Table:
    return pa.table({"x": pa.array(values, kind)})


def moments(
    values: Sequence[Any],
    ends: Sequence[int] = (),
    kind: pa.DataType | None = None,
    *,
    squares: bool = False,
) -> Moments:
    parts = cut_at(column(values, kind or pa.float64()), ends)
    found = merged(parts, Sums(X, with_squares=squares))
    assert isinstance(found, Moments), found
    return found


def exact_sum(values: Sequence[float]) -> Fraction:
    return sum(map(Fraction, values), Fraction(0))


def nearest(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return INF if value > 0 else -INF


def exact_deviation(values: Sequence[float]) -> float:
    mean = exact_sum(values) / len(values)
    return math.sqrt(sum((Fraction(v) - mean) ** 2 for v in values) / (len(values) - 1))


class TestSums:
    @given(st.lists(any_double, max_size=40), ends_of_parts)
    @example([1e308, 1e308, -1e308, 5e-324], [2])
    @example([1e16, 1.0, 1.0, -1e16], [1, 3])
    @example([1.7e308] * 3, [1])
    def test_sum_and_mean_are_exact_until_they_are_rounded(
        self, values: list[float], ends: list[int]
    ) -> None:
        found = moments(values, ends)
        exact = exact_sum(values)
        assert found.n == len(values)
        assert found.sum() == nearest(exact)
        if values:
            assert found.mean() == nearest(exact / len(values))

    @given(st.lists(squarable, min_size=2, max_size=40), ends_of_parts)
    @example([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16], [2])
    @example([LARGEST, -LARGEST, SMALLEST], [1, 2])
    @example([0.1, 0.1, 0.1], [1])
    def test_deviations_are_exact_too(self, values: list[float], ends: list[int]) -> None:
        found = moments(values, ends, squares=True)
        deviation = exact_deviation(values)
        assert found.standard_deviation() == pytest.approx(deviation, rel=1e-15, abs=0)
        assert found.sum() == nearest(exact_sum(values))

    def test_what_pythons_own_statistics_say(self) -> None:
        values = [0.1 * n for n in range(1, 2001)]
        found = moments(values, [7, 30], squares=True)
        assert found.sum() == math.fsum(values)
        assert found.mean() == statistics.mean(values)
        assert found.standard_deviation() == pytest.approx(statistics.stdev(values), rel=1e-15)

    @pytest.mark.parametrize("value", [0.1, 1e300 / 3, 7.0])
    def test_equal_values_do_not_deviate(self, value: float) -> None:
        squares = value < LARGEST
        found = moments([value] * 7, [3], squares=squares)
        assert found.mean() == value
        assert not squares or found.standard_deviation() == 0

    @given(st.lists(any_float, max_size=40), ends_of_parts)
    @example([INF, -INF, 1.0], [1])
    @example([INF, None, NAN, 1.0], [])
    def test_what_is_infinite_is_so_and_nan_is_no_number(
        self, values: list[float | None], ends: list[int]
    ) -> None:
        found = moments(values, ends)
        numbers = [v for v in values if v is not None and not math.isnan(v)]
        special = [v for v in numbers if math.isinf(v)]
        assert found.n == len(numbers)
        if special:
            # inf and -inf together make no number.
            assert same(found.sum(), sum(special))
            assert same(found.mean(), sum(special))
        else:
            assert found.sum() == nearest(exact_sum(numbers))

    @pytest.mark.parametrize("values", [[], [None, NAN], [1.0], [1.0, INF, 2.0], [INF, -INF]])
    def test_where_there_is_no_deviation(self, values: list[Any]) -> None:
        assert math.isnan(moments(values, [1], squares=True).standard_deviation())

    @pytest.mark.parametrize("values", [[], [None, NAN]])
    def test_no_numbers_add_up_to_nothing(self, values: list[Any]) -> None:
        found = moments(values, [1])
        assert (found.n, found.sum()) == (0, 0.0)
        assert math.isnan(found.mean())

    @given(st.lists(any_whole, max_size=40), ends_of_parts)
    @example([2**53 + 1, -(2**53), 1], [1])
    @example([2**63 - 1, 1], [1])
    @example([-(2**63)] * 3, [])
    def test_whole_numbers_keep_every_digit(self, values: list[int], ends: list[int]) -> None:
        found = moments(values, ends, pa.int64())
        exact = sum(values)
        assert found.whole_sum() == int(np.array(values, np.int64).sum())
        assert (found.whole_sum() - exact) % 2**64 == 0
        assert found.sum() == float(exact)
        if values:
            assert found.mean() == exact / len(values)

    @pytest.mark.parametrize("kind", [pa.int8(), pa.int32(), pa.uint8(), pa.uint32()])
    @pytest.mark.parametrize("squares", [False, True])
    def test_small_whole_numbers(self, kind: pa.DataType, squares: bool) -> None:
        values = [100, 27, 0, 100, 100]
        found = moments(values, [2], kind, squares=squares)
        assert (found.n, found.whole_sum(), found.mean()) == (5, 327, 65.4)

    @given(st.lists(any_float, max_size=40), ends_of_parts, ends_of_parts)
    @pytest.mark.slow
    def test_it_does_not_matter_how_rows_are_cut(
        self, values: list[float | None], one: list[int], other: list[int]
    ) -> None:
        near = [
            None if v is None else math.fmod(v, LARGEST) for v in values if v not in (INF, -INF)
        ]
        found = [moments(near, ends, squares=True) for ends in (one, other)]
        said = [(m.n, m.sum(), m.mean(), m.standard_deviation()) for m in found]
        assert list(map(repr, said[0])) == list(map(repr, said[1]))

    def test_only_the_rows_of_the_domain_count(self) -> None:
        table = pa.table({"x": [1.0, 2.0, 4.0, 8.0], "kind": ["a", "b", "a", "b"]})
        domain = Domain(("x",), query='kind == "b"', query_columns=("kind",))
        found = merged(cut_at(table, [1, 3]), Sums(domain, with_squares=True))
        assert (found.n, found.sum(), found.mean()) == (2, 10.0, 5.0)
        assert found.standard_deviation() == pytest.approx(math.sqrt(18))

    @pytest.mark.parametrize(
        "numbers",
        [
            [1.0, 2.0**501],
            [-(2.0**511), 2.0**511],
            [1e200, 2e200],
            [1.7e308, 1.7e308],
            [1e160, 1e160, 1.0],
        ],
    )
    def test_large_numbers_deviate_as_pandas_has_it(self, numbers: list[float]) -> None:
        found = moments(numbers, [1], squares=True).standard_deviation()
        with np.errstate(over="ignore"):
            assert found == pytest.approx(pd.Series(numbers).std(), rel=1e-6)


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


WORDS = ["a", "b", "", "日本", "é", "Z", "z"]
KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "whole": (pa.int64(), any_whole),
    "float": (pa.float64(), st.floats()),
    "single": (pa.float32(), st.floats(width=32)),
    "text": (pa.string(), st.sampled_from(WORDS) | st.text(max_size=3)),
    "words": (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(WORDS)),
    "truth": (pa.bool_(), st.booleans()),
    "day": (pa.date32(), st.dates()),
    "moment": (
        pa.timestamp("us"),
        st.datetimes(min_value=dt.datetime(1700, 1, 1), max_value=dt.datetime(2200, 1, 1)),
    ),
    "amount": (pa.decimal128(10, 2), st.decimals(-999, 999, places=2)),
}


@st.composite
def columns(draw: st.DrawFn) -> tuple[str, list[Any], list[int]]:
    """A kind of column, its values, and where it is cut."""
    name = draw(st.sampled_from(sorted(KINDS)))
    values = draw(st.lists(st.none() | KINDS[name][1], max_size=30))
    return name, values, draw(ends_of_parts)


def known(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if not pd.isna(value)]


def parts_of(name: str, values: Sequence[Any], ends: Sequence[int]) -> list[pa.Table]:
    return cut_at(column(values, KINDS[name][0]), ends)


class TestExtremes:
    @given(columns())
    @example(("float", [NAN, None, 1.0, -0.0, 0.0, INF], [1, 2]))
    @example(("float", [NAN, 1.0], [1]))
    @example(("float", [NAN, NAN], [1]))
    @example(("words", ["b", "a", None], [1]))
    @example(("moment", [], []))
    def test_they_have_the_ends_of_the_whole_and_a_null_if_there_is_one(
        self, drawn: tuple[str, list[Any], list[int]]
    ) -> None:
        name, values, ends = drawn
        found = merged(parts_of(name, values, ends), MinMax(X))
        assert found.type == KINDS[name][0]
        assert len(found) <= 3
        plain, numbers = known(found.to_pylist()), known(values)
        assert len(plain) < len(found) or len(numbers) == len(values)
        assert [*map(min, [plain] * bool(plain))] == [*map(min, [numbers] * bool(numbers))]
        assert [*map(max, [plain] * bool(plain))] == [*map(max, [numbers] * bool(numbers))]

    def test_pandas_says_the_same_of_them_as_of_the_whole(self) -> None:
        values = ["b", None, "é", "a", "日本", "Z"]
        found = merged(parts_of("text", values, [2, 3]), MinMax(X))
        assert set(found.to_pandas().dropna()) == {"Z", "日本"}
        assert found.to_pandas().min() == pd.Series(values).min()
        assert found.to_pandas().max() == pd.Series(values).max()

    def test_only_the_rows_of_the_domain_count(self) -> None:
        table = pa.table({"x": [5, 1, 9, 7], "n": [1, 2, 2, 1]})
        domain = Domain(("x",), query="n == 1", query_columns=("n",))
        found = merged(cut_at(table, [2]), MinMax(domain))
        assert sorted(found.to_pylist()) == [5, 7]


class TestDistinct:
    @given(columns())
    @example(("float", [NAN, None, NAN, 1.0, 1.0], [1, 2, 3]))
    @example(("words", ["b", "a", None, "b"], [1, 3]))
    def test_they_are_what_pandas_calls_unique(
        self, drawn: tuple[str, list[Any], list[int]]
    ) -> None:
        name, values, ends = drawn
        found = merged(parts_of(name, values, ends), Distinct(X, max_bytes=1 << 20))
        whole = column(values, KINDS[name][0])
        assert found.type == KINDS[name][0]
        # Arrow tells NaN from null, and 0.0 from -0.0; pandas does not, so neither do frames.
        expected = whole.column("x").to_pandas().unique()
        unique = found.to_pandas().unique()
        assert len(unique) == len(expected)
        assert {*known(unique)} == {*known(expected)}
        assert len(found) == len({repr(v) for v in whole.column("x").to_pylist()})

    def test_nulls_are_left_out_if_the_domain_says_so(self) -> None:
        found = merged(parts_of("words", ["b", None, "b"], [1]), Distinct(VALUED, 1 << 20))
        assert found.to_pylist() == ["b"]

    @pytest.mark.parametrize("ends", [[], [10], [1, 2, 3, 30]])
    def test_there_is_a_limit_to_their_bytes(self, ends: list[int]) -> None:
        parts = parts_of("whole", range(40), ends)
        within = merged(parts, Distinct(X, max_bytes=40 * 8))
        assert within.to_pylist() == [*range(40)]
        with pytest.raises(
            MemoryError, match=r"^the distinct values of x take more than 319 bytes"
        ):
            merged(parts, Distinct(X, max_bytes=40 * 8 - 1))

    def test_the_limit_is_not_about_values_that_repeat(self) -> None:
        parts = parts_of("whole", [7] * 10_000, [5000])
        found = merged(parts, Distinct(X, max_bytes=8))
        assert found.to_pylist() == [7]
