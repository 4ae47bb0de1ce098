"""Formulas of decimals and whole numbers give what Python's fractions give."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.arrays import Figures, decimals_of
from toolkit.contract.exact_formula import evaluate_exactly, exactly_apart
from toolkit.contract.formula import formula_columns

FORMULAS = [
    "a + b", "a - b * n", "a * b", "a * 1.19", "-a / 3", "a / b", "(a + n) * (b - 0.001)",
    "a / b / n + 1", "a * 1000000000000 * b", "n * n - a", "1 / (a - b)", "a / (n / b)", "a / 0",
    "a * 0.000000000000000001 * 0.000000000000000001", "a * 99999999999999999999999", "1 + a",
    "a * 0 * 99999999999999999999999", "a / n * n",
]  # fmt: skip
UNITS = st.one_of(
    st.integers(-500, 500),
    st.integers(-(10**18) + 1, 10**18 - 1),
    st.sampled_from([0, 1, -1, 5, 10**18 - 1, 1 - 10**18, 2**53, 2**53 + 1]),
)
WHOLE = st.one_of(
    st.integers(-9, 9), st.integers(-(2**63), 2**63 - 1), st.sampled_from([-(2**63), 2**63 - 1])
)
ROWS = st.lists(st.tuples(UNITS, UNITS, WHOLE), min_size=1, max_size=12)


def figures(rows: Sequence[tuple[int, int, int]]) -> dict[str, Any]:
    a, b, n = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    whole = Figures(n.astype(np.float64), n)
    return {"a": decimals_of(a, 2), "b": decimals_of(b, 5), "n": whole}


def valued(formula: str, row: tuple[int, int, int]) -> Fraction | None:
    """The formula as Python computes it of fractions."""
    text = re.sub(r"(?<![\w.])(\d+(\.\d+)?)", r"Fraction('\1')", formula)
    names = {"a": Fraction(row[0], 10**2), "b": Fraction(row[1], 10**5), "n": Fraction(row[2])}
    try:
        found: Fraction = eval(text, {"Fraction": Fraction}, names)
    except ZeroDivisionError:
        return None
    return found


@settings(max_examples=400, deadline=None)
@given(
    rows=ROWS,
    formula=st.sampled_from(FORMULAS),
    scale=st.integers(0, 18),
    rounding=st.sampled_from([None, "half_even", "half_up"]),
    decimals=st.sampled_from([None, 0, 2]),
)
@pytest.mark.slow
def test_formulas_are_exact_and_rounded_once(
    rows: list[tuple[int, int, int]],
    formula: str,
    scale: int,
    rounding: Any,
    decimals: int | None,
) -> None:
    columns = {name: figures(rows)[name] for name in formula_columns(formula)}
    found = evaluate_exactly(formula, columns, scale, rounding, decimals)
    for place, row in enumerate(rows):
        value = valued(formula, row)
        if value is not None and decimals is not None:
            value = round(value, decimals)
        units = None if value is None else value * 10**scale
        if units is not None and rounding == "half_even":
            units = Fraction(round(units))
        elif units is not None and rounding == "half_up":
            units = Fraction(int(abs(units) + Fraction(1, 2)) * (1 if units > 0 else -1))
        if units is None or units.denominator != 1 or abs(units) >= 10**18:
            assert found.floats[place] == np.inf, (row, value)
        else:
            assert found.wholes()[place] == units, (row, value)
            assert found.floats[place] == units.numerator / 10**scale


@settings(max_examples=300, deadline=None)
@given(rows=ROWS, formula=st.sampled_from(FORMULAS), tolerance=st.sampled_from([0.0, 0.01, 5.0]))
@pytest.mark.slow
def test_checks_compare_exactly(
    rows: list[tuple[int, int, int]], formula: str, tolerance: float
) -> None:
    columns = figures(rows)
    inputs = {name: columns[name] for name in formula_columns(formula)}
    found = exactly_apart(columns["a"], formula, inputs, tolerance).tolist()
    limit = Fraction(str(tolerance))
    values = [valued(formula, row) for row in rows]
    assert found == [
        value is None or abs(Fraction(row[0], 100) - value) > limit
        for row, value in zip(rows, values, strict=True)
    ]


def test_what_is_unknown_stays_so() -> None:
    columns = figures([(100, 2, 3), (100, 2, 3)])
    columns["a"] = decimals_of(np.array([100, 0]), 2, np.array([True, False]))
    found = evaluate_exactly("a + b", columns | {}, 5)
    assert found.wholes().tolist() == [100_002, 0]
    assert np.isnan(found.floats).tolist() == [False, True]
    beyond = Figures(np.array([1e300, 3.0]), np.array([0, 3]))
    one = decimals_of(np.array([100, 100]), 2)
    assert np.isnan(evaluate_exactly("a * n", {"a": one, "n": beyond}, 2).floats).tolist() == [
        True,
        False,
    ]
