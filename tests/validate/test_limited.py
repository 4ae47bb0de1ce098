"""Patterns and schemas that would take for ever end, and say so; others give what stock gives."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import dask.dataframe as dd
import great_expectations.expectations as gxe
import pandas as pd
import pytest

from tests.validate.same_as_stock import new_context
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
