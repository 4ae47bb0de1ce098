"""The comparison with stock sees a result that is not the same, and says where."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tests.validate.cases import CASES
from tests.validate.same_as_stock import (
    Results,
    comparable,
    differences,
    new_context,
    outcome,
    run_checks,
    stock_batch,
)
from tests.validate.sample import LAYOUTS


def result(**changes: Any) -> Results:
    """One check's result, with some of its figures changed or, by None, left out."""
    figures = {"count": 3, "percent": 30.0, "values": ["a", "b"], "rows": [{"id": 1}], **changes}
    given = {key: value for key, value in figures.items() if value is not None}
    return {"check": {"success": False, "result": given}}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"count": 4}, ".result.count: ours 4, stock 3"),
        ({"count": 3.0}, ".result.count: ours 3.0, stock 3"),
        ({"count": True}, ".result.count: ours True, stock 3"),
        ({"count": "3"}, ".result.count: ours '3', stock 3"),
        ({"percent": 30.00001}, ".result.percent: ours 30.00001, stock 30.0"),
        ({"percent": float("nan")}, ".result.percent: ours nan, stock 30.0"),
        ({"values": ["b", "a"]}, ".result.values[0]: ours 'b', stock 'a'"),
        ({"values": ["a"]}, ".result.values: ours has 1 items, stock 2"),
        ({"rows": [{"id": 2}]}, ".result.rows[0].id: ours 2, stock 1"),
        ({"rows": [{"id": 1, "n": 0}]}, ".result.rows[0].n: only ours has it"),
        ({"count": None}, ".result.count: only stock has it"),
    ],
)
def test_a_change_is_found(changes: dict[str, Any], place: str) -> None:
    assert differences(result(**changes), result()) == {"check": place}


def test_a_check_without_a_result_is_found() -> None:
    assert differences({}, result()).keys() == {"check"}


@pytest.mark.parametrize("percent", [30.0 + 1e-9, 30.0 - 1e-9])
def test_the_last_digits_of_a_float_are_of_no_matter(percent: float) -> None:
    assert differences(result(percent=percent), result()) == {}


def test_two_that_are_not_a_number_are_the_same() -> None:
    nan = float("nan")
    assert differences(result(percent=nan), result(percent=nan)) == {}


def test_an_exception_is_seen_in_both_forms_in_which_it_is_reported() -> None:
    config = {"type": "t", "kwargs": {}, "severity": "critical"}
    shared = {"success": False, "expectation_config": config, "result": {}}
    raised = {"raised_exception": True, "exception_message": "no"}
    for info in (raised, {"a metric's id": raised}):
        assert outcome(comparable({**shared, "exception_info": info})) == "raised"


@pytest.mark.slow
def test_stock_agrees_with_itself_however_the_sample_is_cut(tmp_path: Any) -> None:
    first_of_each = {case.type: case for case in reversed(CASES) if case.expected == "failed"}
    checks = {type_: case.expectation() for type_, case in first_of_each.items()}
    context = new_context()
    said = [
        run_checks(stock_batch(context, pd.read_parquet(write(tmp_path / name))), checks, "SUMMARY")
        for name, write in LAYOUTS.items()
        if name in ("1 part", "8 parts")
    ]
    assert differences(*said) == {}
