"""What the conditions refuse, and that distinct values are judged as all values are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from toolkit.validate import conditions
from toolkit.validate.columns import truth

NUMBERS = pd.Series([1, 2, 3])
WORDS = pd.Series(["a", "B", "", "日本"])
DAYS = pd.Series([dt.date(2024, 1, 1), dt.date(2025, 1, 1)], dtype=object)
PAIRS = pd.DataFrame({"a": [1, 1, None, 2], "b": ["x", "y", "x", None]})


class TestBounds:
    @pytest.mark.parametrize(
        ("kwargs", "expected"),
        [
            ({"min_value": 2}, [False, True, True]),
            ({"min_value": 2, "strict_min": True}, [False, False, True]),
            ({"max_value": 2}, [True, True, False]),
            ({"max_value": 2, "strict_max": True}, [True, False, False]),
            ({"min_value": 2, "max_value": 2}, [False, True, False]),
        ],
    )
    @pytest.mark.parametrize("type_", ["int64", "float64", "int32", "float32", "object"])
    def test_they_belong_to_the_range_unless_they_are_strict(
        self, kwargs: dict[str, Any], expected: list[bool], type_: Any
    ) -> None:
        assert truth(conditions.between(NUMBERS.astype(type_), **kwargs)).tolist() == expected

    @pytest.mark.parametrize("condition", [conditions.between, conditions.length_between])
    def test_one_of_them_must_be_given(self, condition: Callable[..., Any]) -> None:
        with pytest.raises(ValueError, match=r"cannot both be None|Invalid configuration"):
            condition(WORDS)

    def test_they_can_not_cross(self) -> None:
        with pytest.raises(ValueError, match="min_value cannot be greater than max_value"):
            conditions.between(NUMBERS, min_value=3, max_value=2)

    @pytest.mark.parametrize(
        ("values", "bounds"),
        [
            (WORDS, {"min_value": 1}),
            (NUMBERS.astype(object), {"max_value": "3"}),
            (DAYS, {"max_value": "2024-01-01"}),
        ],
    )
    def test_they_compare_with_their_own_kind_only(
        self, values: pd.Series[Any], bounds: dict[str, Any]
    ) -> None:
        with pytest.raises(TypeError, match="must either be None or of the same type"):
            conditions.between(values, **bounds)

    def test_days_and_moments(self) -> None:
        with pytest.raises(TypeError, match=r"compare datetime\.datetime to datetime\.date"):
            conditions.between(DAYS, max_value=dt.datetime(2024, 1, 1))
        day = dt.date(2024, 6, 1)
        assert truth(conditions.between(DAYS, min_value=day)).tolist() == [False, True]
        moments = pd.Series(pd.to_datetime(DAYS)).astype("datetime64[us]")
        moment = dt.datetime(2024, 6, 1)
        assert truth(conditions.between(moments, max_value=moment)).tolist() == [True, False]


def test_no_set_accepts_everything() -> None:
    assert all(conditions.in_set(WORDS))
    assert all(conditions.not_in_set(WORDS))
    assert all(conditions.pair_in_set(PAIRS))
    assert not any(conditions.in_set(WORDS, []))
    assert all(conditions.not_in_set(WORDS, []))


def test_text_stands_for_a_moment_that_is_not_to_be() -> None:
    moments = pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02"]))
    assert conditions.not_in_set(moments, ["2024-01-02"]).tolist() == [True, False]


class TestPatterns:
    def test_any_of_them_or_all(self) -> None:
        patterns = ["a", "^.$"]
        assert conditions.match_regex_list(WORDS, patterns).tolist() == [True, True, False, False]
        found = conditions.match_regex_list(WORDS, patterns, match_on="all")
        assert found.tolist() == [True, False, False, False]
        found = conditions.not_match_regex_list(WORDS, patterns)
        assert found.tolist() == [False, False, True, True]

    def test_neither_any_nor_all(self) -> None:
        with pytest.raises(ValueError, match="match_on must be either 'any' or 'all'"):
            conditions.match_regex_list(WORDS, ["a"], match_on="one")

    @pytest.mark.parametrize(
        "condition", [conditions.match_regex_list, conditions.not_match_regex_list]
    )
    def test_none_of_them(self, condition: Callable[..., Any]) -> None:
        with pytest.raises(ValueError, match="No objects to concatenate"):
            condition(WORDS, [])

    def test_a_pattern_may_match_anywhere_in_what_is_written(self) -> None:
        assert conditions.match_regex(NUMBERS, "[23]").tolist() == [False, True, True]
        assert conditions.not_match_regex(NUMBERS, "[23]").tolist() == [True, False, False]


def test_lengths_are_in_characters() -> None:
    assert conditions.length_equals(WORDS, 1).tolist() == [True, True, False, False]
    assert conditions.length_between(WORDS, 1, 2).tolist() == [True, True, False, True]
    found = conditions.length_between(WORDS, 0, 2, strict_min=True, strict_max=True)
    assert found.tolist() == [True, True, False, False]
    assert conditions.length_equals(pd.Series([10, -10]), 3).tolist() == [False, True]


class TestPairs:
    def test_a_missing_value_counts_as_none(self) -> None:
        wanted = [(1, "x"), (None, "x"), [2, None]]
        assert conditions.pair_in_set(PAIRS, wanted).tolist() == [True, False, True, True]

    @pytest.mark.parametrize("type_", ["object", "category", "str"])
    def test_of_any_type(self, type_: Any) -> None:
        frame = pd.DataFrame({"a": ["x", "y", "x"], "b": ["1", "1", "2"]}).astype(type_)
        found = conditions.pair_in_set(frame, [("x", "1"), ("y", "1")])
        assert found.tolist() == [True, True, False]

    def test_no_rows(self) -> None:
        assert conditions.pair_in_set(PAIRS.iloc[:0], [(1, "x")]).tolist() == []

    def test_one_column_with_itself(self) -> None:
        frame = PAIRS[["b", "b"]]
        assert truth(conditions.pair_equal(frame)).tolist() == [True, True, True, False]
        assert conditions.pair_in_set(frame, [("x", "x")]).tolist() == [True, False, True, False]

    def test_greater_or_equal(self) -> None:
        frame = pd.DataFrame({"a": [2, 1, 0], "b": [1, 1, 1]})
        assert conditions.pair_greater(frame).tolist() == [True, False, False]
        assert conditions.pair_greater(frame, or_equal=True).tolist() == [True, True, False]


def test_what_is_missing_makes_no_sum() -> None:
    frame = pd.DataFrame({"a": [1, 1.0, np.nan], "b": [2, 3, 3]})
    assert truth(conditions.sum_equal(frame, 3)).tolist() == [True, False, False]
    assert truth(conditions.sum_equal(frame)).tolist() == [False, False, False]
