"""Patterns and schemas that would take for ever end, and say so; others give what stock gives."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import great_expectations.expectations as gxe
import pandas as pd
import pytest
from great_expectations.metrics.column import ColumnMetric
from great_expectations.metrics.column.values_non_null import ColumnValuesNonNullResult
from great_expectations.metrics.metric_results import MetricErrorResult

from tests.validate.same_as_stock import dask_frame_batch, new_context, stock_batch
from toolkit.validate import conditions, limited

WORDS = pd.Series(["a1", "a\0b 1", "ab", "é2", "a b", "x\n", "", "aa", "日本"])
SLOW = pd.Series(["a" * 40 + "!"] * 49)


@pytest.fixture
def one_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "SECONDS", 1)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(?=.*\d)",
        r"(.)\1",
        r"\s",
        r"^\w+$",
        r"(?<!a)b",
        r"a$",
        r"\d",
        "a",
        r"^(a|é)\d\Z",
        "(?i)A",
    ],
)
def test_patterns_give_what_python_gives(pattern: str) -> None:
    expected = [re.search(pattern, value) is not None for value in WORDS]
    assert list(conditions.match_regex(WORDS, pattern)) == expected
    assert list(~conditions.match_regex(WORDS, pattern)) == [not one for one in expected]


@pytest.mark.parametrize(
    "pattern", [r"^(?=(a+)+$)", r"^(a|aa)+\s*$(?!b)", r"(\w+\s?)+$", r"(a*)*\1b"]
)
@pytest.mark.usefixtures("one_second")
@pytest.mark.slow
def test_a_pattern_that_takes_too_long_says_so(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"takes more than 1 s of CPU time on 49 values, and was"):
        conditions.match_regex(SLOW, pattern)


def test_a_linear_engine_has_no_trouble() -> None:
    assert not conditions.match_regex(SLOW, "^(a+)+$").any()


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def test_schemas() -> None:
    values = pd.Series(['{"a": 1}', '{"a": "x"}', "[]"])
    assert conditions.match_json_schema(values, SCHEMA).tolist() == [True, False, False]
    with pytest.raises(ValueError, match="Expecting value"):
        conditions.match_json_schema(pd.Series(["{"[1:] or "?"]), SCHEMA)
    with pytest.raises(ValueError, match="is not valid under any of the given schemas"):
        conditions.match_json_schema(values, {"type": "thing"})


@pytest.mark.parametrize("scheme", ["file://{}", "{}"])
def test_a_schema_fetches_nothing(scheme: str, tmp_path: Any) -> None:
    (tmp_path / "s.json").write_text(json.dumps(SCHEMA))
    reference = scheme.format(tmp_path / "s.json")
    with pytest.raises(ValueError, match="Unresolvable"):
        conditions.match_json_schema(pd.Series(['{"a": 1}']), {"$ref": reference})


@pytest.mark.usefixtures("one_second")
@pytest.mark.slow
def test_a_schema_that_takes_too_long_says_so() -> None:
    names = [f"n{n}" for n in range(40)]
    doubled = {
        name: {"allOf": [{"$ref": f"#/$defs/{after}"}, {"$ref": f"#/$defs/{after}"}]}
        for name, after in pairwise(names)
    }
    schema = {"$ref": "#/$defs/n0", "$defs": {**doubled, names[-1]: {}}}
    with pytest.raises(ValueError, match="takes more than 1 s of CPU time"):
        conditions.match_json_schema(pd.Series(["1"]), schema)


@pytest.mark.parametrize("values", [["a" * 40 + "!", None], [["a" * 40, "!"], None]])
@pytest.mark.usefixtures("one_second")
@pytest.mark.slow
def test_the_expectation_errors_and_the_others_do_not(values: list[Any]) -> None:
    frame = dd.from_pandas(pd.DataFrame({"v": pd.array(values, dtype=object), "n": [1, 2]}), 1)
    source = new_context().data_sources.add_dask("limited")
    asset = source.add_dask_frame_asset("frame", frame=frame)
    batch = asset.add_batch_definition_whole_dataset("whole").get_batch()
    slow = r"^\W*(?=(\w+)+$)"
    found = batch.validate(gxe.ExpectColumnValuesToMatchRegex(column="v", regex=slow))
    if isinstance(values[0], str):
        reasons = {one["exception_message"] for one in found.exception_info.values()}
        assert ["takes more than 1 s of CPU time" in reason for reason in reasons] == [True]
    assert not found.success
    assert batch.validate(gxe.ExpectColumnValuesToNotBeNull(column="n")).success


@pytest.mark.usefixtures("one_second")
@pytest.mark.filterwarnings("ignore:.*(row_condition|condition_parser):DeprecationWarning")
@pytest.mark.slow
def test_so_it_is_under_a_condition_that_takes_whole_columns() -> None:
    frame = dd.from_pandas(pd.DataFrame({"v": ["a" * 40 + "!", "b"], "n": [1, 3]}), 1)
    source = new_context().data_sources.add_dask("limited by a condition")
    asset = source.add_dask_frame_asset("frame", frame=frame)
    batch = asset.add_batch_definition_whole_dataset("whole").get_batch()
    where: dict[str, Any] = {"row_condition": "n <= n.mean()", "condition_parser": "pandas"}
    slow = gxe.ExpectColumnValuesToMatchRegex(column="v", regex=r"^(?=(\w+)+$)", **where)
    assert "takes more than 1 s" in str(batch.validate(slow).exception_info)
    sound = gxe.ExpectColumnValuesToMatchRegex(column="v", regex=r"^(?=a)", **where)
    assert batch.validate(sound).success


class MatchingMask(ColumnMetric[ColumnValuesNonNullResult]):
    """A user's metric: the mask of a pattern."""

    name = "column_values.match_regex.condition"
    regex: str


class JSONMask(ColumnMetric[ColumnValuesNonNullResult]):
    name = "column_values.match_json_schema.condition"
    json_schema: dict[str, Any]


class TestMasks:
    def batches(self, values: list[Any]) -> tuple[Any, Any]:
        context = new_context()
        frame = dd.from_pandas(pd.DataFrame({"v": values}), npartitions=2)
        return dask_frame_batch(context, frame), stock_batch(context, frame.compute())

    @pytest.mark.usefixtures("one_second")
    @pytest.mark.slow
    def test_a_pattern_that_takes_too_long_is_an_error(self) -> None:
        ours, _ = self.batches(SLOW.tolist())
        found = ours.compute_metrics(MatchingMask(column="v", regex=r"^(?=(a+)+$)"))
        assert isinstance(found, MetricErrorResult)
        assert "takes more than 1 s of CPU time on 49 values" in found.value.exception_message

    @pytest.mark.parametrize("regex", [r"^a", r"^(?=a)"])
    def test_others_are_those_of_stock(self, regex: str) -> None:
        asked = MatchingMask(column="v", regex=regex)
        ours, stock = (one.compute_metrics(asked) for one in self.batches(["a", None, "b", "ab"]))
        pd.testing.assert_series_equal(ours.value, stock.value, check_names=False)
        assert ours.value.tolist() == [False, True, False]

    def test_a_schema_fetches_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "s.json").write_text('{"type": "integer"}', "utf-8")
        asked = {"$ref": (tmp_path / "s.json").as_uri()}
        ours, _ = self.batches(["1"])
        found = ours.compute_metrics(JSONMask(column="v", json_schema=asked))
        assert isinstance(found, MetricErrorResult)
