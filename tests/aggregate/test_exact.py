"""Exact sums against Python's fractions."""

from __future__ import annotations

import sys
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.aggregate.exact import (
    LimbPart,
    Limbs,
    add,
    carry,
    quotients,
    split_floats,
    split_integers,
    split_whole,
    tally,
    totals,
)
from toolkit.aggregate.groups import Term, group_rows

any_double = st.floats(allow_nan=False, allow_infinity=False)
any_whole = st.integers(-(2**63), 2**63 - 1)


def sum_groups(values: list[float], groups: list[int], n_groups: int) -> Limbs:
    """The sums as Arrow groups them; groups without rows have none."""
    parts = split_floats(np.array(values, float))
    terms = {Term("sum", "x", p.k): pa.array(p.of_each(len(values))) for p in parts}
    found = group_rows([pa.array(groups, pa.int64())], terms)
    sums = {k: np.zeros(n_groups, np.int64) for k in found.limbs("x")}
    for k, limb in found.limbs("x").items():
        sums[k][found.keys[0].to_numpy()] = limb
    return sums


def nearest(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


@given(st.lists(st.tuples(any_double, st.integers(0, 2)), max_size=30))
def test_float_sums_and_means_are_the_nearest_doubles(pairs: list[tuple[float, int]]) -> None:
    values, groups = [v for v, _ in pairs], [g for _, g in pairs]
    counts = np.bincount(groups, minlength=3) if groups else np.zeros(3, np.int64)
    counts = np.maximum(counts, 1)

    limbs = sum_groups(values, groups, 3)

    exact = [sum((Fraction(v) for v, g in pairs if g == n), Fraction(0)) for n in range(3)]
    assert quotients(limbs, np.ones(3, np.int64), 1).tolist() == [nearest(e) for e in exact]
    assert quotients(limbs, counts, 1000).tolist() == [
        nearest(e / (n * 1000)) for e, n in zip(exact, counts.tolist(), strict=True)
    ]


@given(st.lists(any_double, max_size=20), st.lists(any_double, max_size=20))
def test_merging_is_adding(some: list[float], others: list[float]) -> None:
    parts = [tally(split_floats(np.array(values, float))) for values in (some, others)]

    forth, back = add(*parts), add(*reversed(parts))

    exact = nearest(sum(map(Fraction, some + others), Fraction(0)))
    one = np.ones(1, np.int64)
    assert quotients(forth, one, 1).tolist() == quotients(back, one, 1).tolist() == [exact]


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([5e-324, 5e-324], 1e-323),
        ([sys.float_info.max, 1.0, -sys.float_info.max], 1.0),
        ([sys.float_info.max, sys.float_info.max], float("inf")),
        ([-sys.float_info.max, -sys.float_info.max], float("-inf")),
        ([1e16, 1.0, -1e16], 1.0),
        ([2.0**53, 1.0, 2.0**-60], 2.0**53 + 2),
        ([0.1] * 10, 1.0),
        ([-0.0], 0.0),
        ([], 0.0),
    ],
)
def test_sums_that_adding_in_doubles_gets_wrong(values: list[float], total: float) -> None:
    limbs = tally(split_floats(np.array(values, float)))

    assert quotients(limbs, np.ones(1, np.int64), 1).tolist() == [total]


@given(st.lists(any_whole, max_size=20))
def test_integers_are_split_without_loss(values: list[int]) -> None:
    limbs = tally(split_integers(np.array(values, np.int64)))

    assert quotients(limbs, np.ones(1, np.int64), 1).tolist() == [float(sum(values))]
    if -(2**63) <= sum(values) < 2**63:
        assert totals(limbs, 1).tolist() == [sum(values)]
    else:
        with pytest.raises(OverflowError):
            totals(limbs, 1)


@given(st.lists(st.floats(-1e300, 1e300).map(round).map(float), max_size=20))
def test_whole_floats_are_split_without_loss(values: list[float]) -> None:
    limbs = tally(split_whole(np.array(values, float)))

    exact = float(sum(map(Fraction, values), Fraction(0)))
    assert quotients(limbs, np.ones(1, np.int64), 1).tolist() == [exact]


def test_prices_in_whole_units_take_one_part_and_shares_two() -> None:
    assert len(split_whole(np.array([1999.0, 1.0, 4_999_999.0]))) == 1
    assert len(split_floats(np.array([0.05, 0.999, 1.0, 1 / 3]))) == 2


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=4))
def test_carrying_makes_limbs_small_and_keeps_the_sum(limbs: list[int]) -> None:
    before = {k: np.array([limb], np.int64) for k, limb in enumerate(limbs)}

    after = carry(before)

    assert all(abs(int(limb[0])) < 2**40 for limb in after.values())
    assert sum(int(limb[0]) << 32 * k for k, limb in after.items()) == sum(
        limb << 32 * k for k, limb in enumerate(limbs)
    )


def test_a_tally_of_many_large_parts_is_exact() -> None:
    n = 2**20 + 3
    largest = 2**33 - 1

    limbs = tally([LimbPart(0, np.full(n, largest))])

    assert max(abs(int(limb[0])) for limb in limbs.values()) < 2**40
    assert totals(limbs, 1).tolist() == [n * largest]
