"""Formulas are arithmetic on columns and nothing else; rounding is Python's own, on arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from toolkit.contract.formula import evaluate_formula, formula_columns, round_half_even
from toolkit.errors import ConfigError

VALUES = {"a": np.array([1.5, -2.0, 0.1]), "b": np.array([3.0, 0.0, 0.2]), "c": np.array([1.0] * 3)}

FORMULAS = {
    "a": ["a"],
    "a * b * (1 - c)": ["a", "b", "c"],
    "(a + b) - (a - b)": ["a", "b"],
    "a - b - c": ["a", "b", "c"],
    "a - (b - c)": ["a", "b", "c"],
    "-a * -b": ["a", "b"],
    "a + 0.1 + 0.2": ["a"],
    "0.1 + 0.2 + a": ["a"],
    "2.5e-3 * a": ["a"],
    "b * a / 7": ["b", "a"],
    "1_000 * a": ["a"],
}


@pytest.mark.parametrize(("formula", "columns"), FORMULAS.items())
def test_formulas_are_what_python_makes_of_them_row_by_row(
    formula: str, columns: list[str]
) -> None:
    assert formula_columns(formula) == columns
    found = evaluate_formula(formula, VALUES)
    rows = [{name: float(values[n]) for name, values in VALUES.items()} for n in range(3)]
    assert found.dtype == np.float64
    assert found.tolist() == [eval(formula, {}, row) for row in rows]


def test_division_by_zero_and_unknown_inputs_give_no_warning() -> None:
    with np.errstate(all="raise"):
        found = evaluate_formula("a / b", {"a": np.array([1.0, 0, np.nan]), "b": np.zeros(3)})
    assert found.tolist()[0] == math.inf
    assert np.isnan(found[1:]).all()


REFUSED = [
    "", " ", "a b", "a +", "a ** b", "a // b", "a % b", "a @ b", "a & b", "+a", "~a", "not a",
    "a < b", "a if b else c", "a and b", "f(a)", "abs(a)", "__import__('os')", "a.b", "a.__class__",
    "a[0]", "[a]", "(a, b)", "{a}", "lambda: a", "'text' * 3", "True", "None", "...", "1j", "b'x'",
    "f'{a}'", "a := 1", "a; b", "a = 1", "*a", "[x for x in a]", "await a", "a\n+ b\nimport os",
    "a" + "\x00", "(" * 500 + "a" + ")" * 500,
]  # fmt: skip


@pytest.mark.parametrize("formula", REFUSED, ids=lambda f: ascii(f)[:30])
def test_everything_else_is_refused(formula: str) -> None:
    with pytest.raises(ConfigError, match=r"only \+ - \* /"):
        formula_columns(formula)


# Where rounding the product to an integer goes wrong: values next to ties, and ties themselves.
HARD = [
    0.5, 1.5, 2.5, -0.5, -2.5, 2.675, 1.005, 0.285, 1.115, 10.235, 0.125, 0.375, 1e15 + 0.5, 0.0,
    -0.0, 4503599627370495.5, 4503599627370496.5, 45035996273704.955, 67553994410557.44,
    9007199254740991.0, 90071992547409.905, 90071992547409.93, 67348409009840.305, 1e16, 1e300,
    -1e300, 5e-324,
    1.7976931348623157e308, math.inf, -math.inf, math.nan, 0.49999999999999994, 1 - 2**-53,
]  # fmt: skip


def check_rounding(value: float, decimals: int) -> None:
    [found] = round_half_even(np.array([value]), decimals).tolist()
    wanted = round(value, decimals) if math.isfinite(value) else value
    assert repr(found) == repr(wanted)


@pytest.mark.parametrize("decimals", range(7))
@pytest.mark.parametrize("value", HARD)
def test_rounds_hard_values_as_python_does(value: float, decimals: int) -> None:
    check_rounding(value, decimals)


@settings(max_examples=500)
@given(value=st.floats(), decimals=st.integers(0, 6))
def test_rounds_any_value_as_python_does(value: float, decimals: int) -> None:
    check_rounding(value, decimals)


@settings(max_examples=500)
@given(
    whole=st.integers(-(2**53), 2**53),
    decimals=st.integers(0, 6),
    steps=st.integers(-2, 2),
)
@example(whole=2**53 - 1, decimals=2, steps=1)
def test_rounds_ties_and_their_neighbours_as_python_does(
    whole: int, decimals: int, steps: int
) -> None:
    """The doubles at and next to (whole + 1/2) / 10^decimals."""
    value = (whole + 0.5) / 10**decimals
    for _ in range(abs(steps)):
        value = math.nextafter(value, math.inf if steps > 0 else -math.inf)
    check_rounding(value, decimals)


@settings(max_examples=300)
@given(mantissa=st.integers(2**52, 2**53), exponent=st.integers(-20, 5), decimals=st.integers(0, 6))
def test_rounds_large_values_as_python_does(mantissa: int, exponent: int, decimals: int) -> None:
    check_rounding(math.ldexp(mantissa, exponent), decimals)


def test_rounding_keeps_its_input() -> None:
    values = np.array([2.5, math.nan, 0.125])
    kept = values.copy()
    round_half_even(values, 1)
    np.testing.assert_array_equal(values, kept)
    assert round_half_even(np.empty(0), 2).tolist() == []
