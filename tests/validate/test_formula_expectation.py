"""Our own expectation: a column is what a formula makes of others, row by row."""

from __future__ import annotations

import math
from html.parser import HTMLParser
from typing import Any

import great_expectations as gx
import numpy as np
import pandas as pd
import pytest
from great_expectations.compatibility.pydantic import ValidationError
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.registry import get_metric_provider
from great_expectations.render.renderer.page_renderer import (
    ExpectationSuitePageRenderer,
    ValidationResultsPageRenderer,
)
from great_expectations.render.view import DefaultJinjaPageView
from hypothesis import given
from hypothesis import strategies as st

from tests.validate.same_as_stock import has_raised, new_context, stock_batch
from toolkit.errors import ConfigError
from toolkit.validate.expectations import ExpectMulticolumnValuesToMatchFormula
from toolkit.validate.formula_check import formula_holds

REVENUE = "price * pieces * (1 - share)"
NAN, INF = math.nan, math.inf


def check(result: float | None, price: float | None, **settings: Any) -> bool:
    """Whether one row of `result` and `price` holds."""
    frame = pd.DataFrame({"result": [result], "price": [price]}, dtype=float)
    [holds] = formula_holds(frame, settings.pop("formula", "price"), **settings).tolist()
    return bool(holds)


# result, price (the formula), decimals, tolerance, whether they agree
ROWS: list[tuple[float | None, float | None, int | None, float | None, bool]] = [
    (1.5, 1.5, None, None, True),
    (1.5, 1.25, None, None, False),
    (-0.0, 0.0, None, None, True),
    # Rounding is that of cleaning: ties to even, decided by the exact value.
    (0.12, 0.125, 2, None, True),
    (0.13, 0.125, 2, None, False),
    (0.38, 0.375, 2, None, True),
    (2.67, 2.675, 2, None, True),
    (2.68, 2.675, 2, None, False),
    (2.0, 2.5, 0, None, True),
    (-0.12, -0.125, 2, None, True),
    # What is rounded is the formula, never what stands in the data.
    (0.125, 0.125, 2, None, False),
    (1e300, 1e300, 2, None, True),
    # A tolerance counts itself in, whatever the last bits of the difference are.
    (0.29, 0.28, None, 0.01, True),
    (0.2901, 0.28, None, 0.01, False),
    (0.27, 0.28, None, 0.01, True),
    (0.13, 0.125, 2, 0.01, True),
    (0.14, 0.125, 2, 0.01, False),
    # Without one, only the last bits of a float may differ.
    (0.1 + 0.2, 0.3, None, None, True),
    (0.1 + 0.2, 0.3, None, 0.0, True),
    (1_000_000.01, 1_000_000.02, None, None, False),
    (1.0, 1.0 + 1e-12, None, None, False),
    (0.0, 5e-324, None, None, False),
    # What is missing, or is no number, agrees with nothing.
    (None, 1.0, None, 9.0, False),
    (1.0, None, None, 9.0, False),
    (None, None, None, 9.0, False),
    (NAN, NAN, 2, 9.0, False),
    (INF, INF, None, None, True),
    (INF, INF, 2, None, True),
    (INF, -INF, None, 9.0, False),
    (INF, 1.0, None, 9.0, False),
    (1.0, INF, None, INF, False),
    (1e308, -1e308, None, 9.0, False),
]


@pytest.mark.parametrize(("result", "price", "decimals", "tolerance", "agrees"), ROWS)
def test_one_row(
    result: float | None,
    price: float | None,
    decimals: int | None,
    tolerance: float | None,
    agrees: bool,
) -> None:
    assert check(result, price, decimals=decimals, tolerance=tolerance) is agrees


def test_division_by_zero_agrees_with_infinity_alone_and_warns_of_nothing() -> None:
    with np.errstate(all="raise"):
        assert check(INF, 0.0, formula="1 / price")
        assert not check(1.0, 0.0, formula="1 / price", tolerance=9.0)
        assert not check(NAN, 0.0, formula="price / price")


@given(
    cents=st.lists(
        st.tuples(st.integers(1, 5_000_000), st.integers(1, 60), st.integers(0, 100)), max_size=20
    ),
    off=st.integers(-3, 3),
    split=st.integers(0, 20),
)
def test_many_rows_at_once_are_what_python_makes_of_each(
    cents: list[tuple[int, int, int]], off: int, split: int
) -> None:
    rows = [(price / 100, pieces, share / 100) for price, pieces, share in cents]
    frame = pd.DataFrame(rows, columns=["price", "pieces", "share"])
    exact = [round(price * pieces * (1 - share), 2) for price, pieces, share in rows]
    frame.insert(0, "revenue", [round(value + off / 100, 2) for value in exact])
    found = formula_holds(frame, REVENUE, decimals=2)
    assert found.dtype == np.bool_
    assert found.tolist() == [off == 0] * len(rows)
    parts = [formula_holds(part, REVENUE, decimals=2) for part in (frame[:split], frame[split:])]
    assert np.concatenate(parts).tolist() == found.tolist()


@pytest.mark.parametrize(
    "kind",
    [
        "float64",
        "float32",
        "Float64",
        "int64",
        "Int64",
        "double[pyarrow]",
        "int64[pyarrow]",
        "object",
    ],
)
def test_columns_may_be_of_any_type_of_numbers(kind: Any) -> None:
    frame = pd.DataFrame({"result": [6, 7], "price": [2, 2], "pieces": [3, 3]}).astype(kind)
    assert formula_holds(frame, "price * pieces").tolist() == [True, False]


@pytest.mark.parametrize("kind", ["Float64", "Int64", "double[pyarrow]"])
def test_nulls_of_any_type_agree_with_nothing(kind: Any) -> None:
    frame = pd.DataFrame({"result": [1, None], "price": [1, 1]}).astype(kind)
    assert formula_holds(frame, "price").tolist() == [True, False]


def test_a_formula_without_columns_is_the_same_for_every_row() -> None:
    frame = pd.DataFrame({"result": [2.0, 3.0]})
    assert formula_holds(frame, "1 + 1").tolist() == [True, False]


def test_what_can_not_be_computed_raises() -> None:
    frame = pd.DataFrame({"result": [1.0], "price": ["dear"]})
    with pytest.raises(ValueError, match="dear"):
        formula_holds(frame, "price")
    with pytest.raises(KeyError):
        formula_holds(frame, "cost")
    with pytest.raises(ConfigError):
        formula_holds(frame, "__import__('os')")


SALES = pd.DataFrame(
    {
        "revenue": [18.0, 5.0, 9.99, None, None, 40.0],
        "price": [10.0, 5.0, 9.99, 1.0, None, 20.0],
        "pieces": [2.0, 1.0, 1.0, None, None, 2.0],
        "share": [0.1, 0.0, 0.5, 0.0, None, 0.0],
    }
)
KWARGS = {"column_list": list(SALES), "formula": REVENUE, "decimals": 2}


def expected(**kwargs: Any) -> ExpectMulticolumnValuesToMatchFormula:
    return ExpectMulticolumnValuesToMatchFormula(**{**KWARGS, **kwargs})


def ask(
    frame: pd.DataFrame = SALES, parameters: dict[str, Any] | None = None, **kwargs: Any
) -> Any:
    batch = stock_batch(new_context(), frame)
    return batch.validate(expected(**kwargs), expectation_parameters=parameters)


CASES: dict[str, tuple[dict[str, Any], bool, int, int]] = {
    # kwargs -> success, rows looked at, rows that do not match
    "rows without any value are left out": ({}, False, 5, 2),
    "rows without some value too": ({"ignore_row_if": "any_value_is_missing"}, False, 4, 1),
    "no row is left out": ({"ignore_row_if": "never"}, False, 6, 3),
    "mostly": ({"ignore_row_if": "any_value_is_missing", "mostly": 0.75}, True, 4, 1),
    "not mostly enough": ({"ignore_row_if": "any_value_is_missing", "mostly": 0.76}, False, 4, 1),
    "tolerance": ({"ignore_row_if": "any_value_is_missing", "tolerance": 5}, True, 4, 0),
}


@pytest.mark.parametrize(("kwargs", "success", "n_rows", "n_unexpected"), CASES.values(), ids=CASES)
def test_in_the_stock_engine(
    kwargs: dict[str, Any], success: bool, n_rows: int, n_unexpected: int
) -> None:
    found = ask(**kwargs)
    assert not has_raised(found.exception_info)
    assert found.success is success
    figures = found.result
    assert figures["element_count"] == len(SALES)
    assert figures["element_count"] - figures["missing_count"] == n_rows
    assert figures["unexpected_count"] == n_unexpected


def test_under_a_row_condition() -> None:
    discounted = {
        "type": "comparison",
        "column": {"name": "share"},
        "operator": ">",
        "parameter": 0,
    }
    found = ask(row_condition=discounted)
    assert found.result["partial_unexpected_list"] == [
        {"revenue": 9.99, "price": 9.99, "pieces": 1.0, "share": 0.5}
    ]
    assert found.result["element_count"] == 2


def test_settings_may_be_parameters_of_the_suite() -> None:
    kwargs = {name: {"$PARAMETER": name} for name in ("formula", "decimals", "tolerance")}
    rows = SALES[:3]
    parameters = {"formula": REVENUE, "decimals": 2, "tolerance": 5}
    assert ask(rows, parameters, **kwargs).success
    assert not ask(rows, {**parameters, "tolerance": 0}, **kwargs).success


def test_a_text_column_is_an_error_and_no_verdict() -> None:
    found = ask(SALES.assign(price="dear"))
    assert has_raised(found.exception_info)
    assert not found.success


def test_workers_get_the_same_function() -> None:
    metric = "multicolumn_values.match_formula.condition"
    provider: Any = get_metric_provider(metric, PandasExecutionEngine())[0]
    assert provider.partition_kernel is formula_holds


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no formula": ({"formula": "price **"}, r"only \+ - \* /"),
    "code": ({"formula": "abs(price)"}, r"only \+ - \* /"),
    "a column that is not listed": ({"formula": f"{REVENUE} + tax"}, "tax"),
    "a listed column that it does not name": ({"formula": "price * pieces"}, "share"),
    "decimals below zero": ({"decimals": -1}, "greater than or equal to 0"),
    "more decimals than a contract takes": ({"decimals": 23}, "less than or equal to 22"),
    "tolerance below zero": ({"tolerance": -0.1}, "greater than or equal to 0"),
    "a setting that there is not": ({"tolerence": 0.1}, "extra fields"),
}


@pytest.mark.parametrize(("kwargs", "says"), REFUSED.values(), ids=REFUSED)
def test_refuses(kwargs: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        expected(**kwargs)


WORDS: dict[str, tuple[dict[str, Any], str]] = {
    "rounded": ({}, f"revenue must equal {REVENUE}, rounded to 2 decimals."),
    "exact": ({"decimals": None}, f"revenue must equal {REVENUE}."),
    "about": (
        {"decimals": None, "tolerance": 0.05, "mostly": 0.9},
        f"revenue must equal {REVENUE}, give or take 0.05, at least 90 % of the time.",
    ),
    "where": (
        {
            "row_condition": {
                "type": "comparison",
                "column": {"name": "share"},
                "operator": "==",
                "parameter": 0,
            }
        },
        f"If share == 0, then revenue must equal {REVENUE}, rounded to 2 decimals.",
    ),
}


@pytest.mark.parametrize(("kwargs", "words"), WORDS.values(), ids=WORDS)
def test_data_docs_say_it_in_words(kwargs: dict[str, Any], words: str) -> None:
    suite = gx.ExpectationSuite(name="sales", expectations=[expected(**kwargs)])
    report = stock_batch(new_context(), SALES).validate(suite)
    assert words in page_text(ValidationResultsPageRenderer(), report)
    assert words in page_text(ExpectationSuitePageRenderer(), suite)


def test_data_docs_show_parameters_that_have_no_value_yet() -> None:
    suite = gx.ExpectationSuite(
        name="sales", expectations=[expected(tolerance={"$PARAMETER": "cents / 100"})]
    )
    text = page_text(ExpectationSuitePageRenderer(), suite)
    assert f"revenue must equal {REVENUE}, rounded to 2 decimals" in text
    assert "cents / 100" in text


class Reader(HTMLParser):
    """Keeps the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page_text(renderer: Any, content: Any) -> str:
    """What a reader of the page sees, its white space made even."""
    view: Any = DefaultJinjaPageView()
    reader = Reader()
    reader.feed(view.render(renderer.render(content)))
    words = " ".join(" ".join(reader.texts).split())
    return words.replace(" ,", ",").replace(" .", ".")
