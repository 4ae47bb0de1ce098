"""The Dask engine says of a dataset in parts what the stock pandas engine says of one frame."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dask.dataframe as dd
import great_expectations.expectations as gxe
import pandas as pd
import pyarrow as pa
import pytest
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.registry import (
    get_expectation_impl,
    list_registered_expectation_implementations,
)
from great_expectations.expectations.row_conditions import Column
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from tests.validate.cases import CASES, MODULES
from tests.validate.cases.case import Case, Outcome
from tests.validate.same_as_stock import (
    ResultFormat,
    Results,
    dask_batch,
    dask_frame_batch,
    differences,
    new_context,
    outcome,
    run_checks,
    stock_batch,
)
from tests.validate.sample import CUTS, LAYOUTS, cut_table, make_table, write_parts

# Cases whose results differ, each with the reason why it has to be so.
KNOWN_DIFFERENCES = {
    "expect_column_stdev_to_be_between: beyond 2^53": (
        "pandas takes the deviation from a mean that is rounded to hundreds; ours has the doubles'"
    ),
    "expect_column_values_to_be_unique: integers with nulls beyond 2^53, as floats": (
        "nulls make the column one of doubles in pandas, and different numbers the same"
    ),
}

# Old spellings of a row condition, patterns with groups and sums of infinities are meant here.
pytestmark = [
    pytest.mark.slow,
    # Hundreds of checks by two engines: a slow machine has the time that it takes.
    pytest.mark.timeout(0),
    pytest.mark.filterwarnings("ignore:.*row_condition:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The condition_parser:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This pattern is interpreted:UserWarning"),
    pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning"),
]

PARTS = ("1 part", "3 parts", "8 parts")
Checks = dict[str, Expectation]


def checks_of(cases: Iterable[Case]) -> Checks:
    return {case.name: case.expectation() for case in cases}


def first_of_each(expected: Outcome) -> list[Case]:
    """Of every expectation its first case with this outcome."""
    firsts = {case.type: case for case in reversed(CASES) if case.expected == expected}
    return list(firsts.values())


ANSWERED = checks_of(case for case in CASES if case.expected != "raised")
# The answered ones by the module that has them, in lots of at most so many.
LOT = 60
LOTS: dict[str, Checks] = {
    f"{module.__name__.rpartition('.')[2]} from {start}": checks_of(answered[start : start + LOT])
    for module in MODULES
    for answered in [[case for case in module.CASES if case.expected != "raised"]]
    for start in range(0, len(answered), LOT)
}
RAISING = checks_of(case for case in CASES if case.expected == "raised")
FAILING = checks_of(first_of_each("failed"))
SOME = FAILING | checks_of(first_of_each("passed"))
# Those that list rows, which is what most settings of a result format are about.
LISTING = {name: check for name, check in FAILING.items() if hasattr(check, "map_metric")}

KEYS: dict[str, Any] = {"unexpected_index_column_names": ["order_id", "row_number"]}
DICT_FORMATS: dict[str, dict[str, Any]] = {
    "keys": {"result_format": "SUMMARY", **KEYS},
    "all keys": {"result_format": "COMPLETE", **KEYS},
    "keys alone": {"result_format": "COMPLETE", "exclude_unexpected_values": True, **KEYS},
    "no samples": {"result_format": "SUMMARY", "partial_unexpected_count": 0},
    "one sample": {"result_format": "BASIC", "partial_unexpected_count": 1},
    "three samples": {"result_format": "SUMMARY", "partial_unexpected_count": 3},
    "fifty samples": {"result_format": "COMPLETE", "partial_unexpected_count": 50},
    "rows": {"result_format": "BASIC", "include_unexpected_rows": True},
    "all rows": {"result_format": "COMPLETE", "include_unexpected_rows": True},
    "no query": {"result_format": "COMPLETE", "return_unexpected_index_query": False},
    "only a query": {
        "result_format": "BOOLEAN_ONLY",
        "return_unexpected_index_query": True,
        **KEYS,
    },
}


class Engines:
    """The sample as a batch of either engine. What stock says of it is computed once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.context = new_context()
        frame = pd.read_parquet(self._written("1 part"))
        self._stock = stock_batch(self.context, frame)
        self._said: dict[tuple[str, ...], Results] = {}

    def stock(self, checks: Checks, result_format: ResultFormat) -> Results:
        key = (*checks, str(result_format))
        if key not in self._said:
            self._said[key] = run_checks(self._stock, checks, result_format)
        return self._said[key]

    def ours(self, layout: str, checks: Checks, result_format: ResultFormat) -> Results:
        batch = dask_batch(self.context, self._written(layout))
        return run_checks(batch, checks, result_format)

    def _written(self, layout: str) -> Path:
        folder = self._folder / layout
        return folder if folder.exists() else LAYOUTS[layout](folder)


EPOCH = dt.date(1970, 1, 1)
ROW_SCHEMA = pa.schema(
    {
        "word": pa.string(),
        "n": pa.int64(),
        "size": pa.int64(),
        "share": pa.float64(),
        "day": pa.date32(),
    }
)
rows = st.fixed_dictionaries(
    {
        "word": st.none() | st.sampled_from(["", "a", "A", "bb", "é", "日本", "a b"]),
        "n": st.integers(-3, 9),
        "size": st.none() | st.integers(0, 5),
        "share": st.none() | st.just(float("nan")) | st.integers(-400, 400).map(lambda n: n / 8),
        "day": st.none() | st.dates(dt.date(1969, 12, 1), dt.date(1970, 2, 1)),
    }
)
OF_ANY_ROWS: Checks = {
    "not null": gxe.ExpectColumnValuesToNotBeNull(column="size", mostly=0.5),
    "null": gxe.ExpectColumnValuesToBeNull(column="day"),
    "unique words": gxe.ExpectColumnValuesToBeUnique(column="word"),
    "unique days": gxe.ExpectColumnValuesToBeUnique(column="day"),
    "unique together": gxe.ExpectCompoundColumnsToBeUnique(column_list=["n", "size", "share"]),
    "in set": gxe.ExpectColumnValuesToBeInSet(column="word", value_set=["a", "日本"]),
    "between": gxe.ExpectColumnValuesToBeBetween(column="size", min_value=1, max_value=4),
    "days": gxe.ExpectColumnValuesToBeBetween(column="day", min_value=EPOCH),
    "regex": gxe.ExpectColumnValuesToMatchRegex(column="word", regex=r"^\w*$", mostly=0.7),
    "lengths": gxe.ExpectColumnValueLengthsToBeBetween(column="word", min_value=1, max_value=2),
    "rising": gxe.ExpectColumnValuesToBeIncreasing(column="share"),
    "minimum": gxe.ExpectColumnMinToBeBetween(column="day", min_value=EPOCH),
    "maximum": gxe.ExpectColumnMaxToBeBetween(column="size", max_value=4),
    "mean": gxe.ExpectColumnMeanToBeBetween(column="share", min_value=0),
    "deviation": gxe.ExpectColumnStdevToBeBetween(column="n", max_value=3),
    "sum": gxe.ExpectColumnSumToBeBetween(column="size", min_value=5),
    "median": gxe.ExpectColumnMedianToBeBetween(column="n", min_value=1, max_value=5),
    "distinct": gxe.ExpectColumnUniqueValueCountToBeBetween(column="word", max_value=3),
    "commonest": gxe.ExpectColumnMostCommonValueToBeInSet(column="n", value_set=[1, 2]),
    "greater": gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="size", column_B="n"),
    "rows": gxe.ExpectTableRowCountToBeBetween(min_value=10),
    "where some": gxe.ExpectColumnValuesToBeUnique(column="word", row_condition=Column("n") > 2),
    "where days": gxe.ExpectColumnValuesToBeInSet(
        column="n",
        value_set=[1, 2],
        row_condition=(Column("day") < EPOCH) | Column("day").is_null(),
    ),
    "where shares": gxe.ExpectColumnMeanToBeBetween(
        column="share", min_value=0, row_condition=Column("word").is_in(["a", "b", "é"])
    ),
    "where rows": gxe.ExpectTableRowCountToBeBetween(
        min_value=3, row_condition="size.isnull() or share > n", condition_parser="pandas"
    ),
    "where before": gxe.ExpectColumnValuesToBeIncreasing(
        column="n", row_condition="n >= n.shift().fillna(0)", condition_parser="pandas"
    ),
    "where words": gxe.ExpectColumnPairValuesToBeEqual(
        column_A="n",
        column_B="size",
        row_condition="word.str.len() > 1 and not size == 2",
        condition_parser="pandas",
        ignore_row_if="either_value_is_missing",
    ),
}


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Engines:
    return Engines(tmp_path_factory.mktemp("sample"))


def unexpected_differences(ours: Results, stock: Results) -> dict[str, str]:
    found = differences(ours, stock)
    return {name: place for name, place in found.items() if name not in KNOWN_DIFFERENCES}


def test_the_catalogue_has_every_expectation_that_ships() -> None:
    shipped = {
        type_
        for type_ in list_registered_expectation_implementations()
        if get_expectation_impl(type_).__module__.startswith("great_expectations.")
    }
    assert {case.type for case in CASES} == shipped


def test_the_guide_names_those_that_are_for_databases_alone() -> None:
    """What each case comes to is compared with stock below."""
    guide = (Path(__file__).parents[2] / "docs" / "validation.md").read_text("utf-8")
    listed = guide[guide.index("are for databases alone") :]
    answered = {case.type for case in CASES if case.expected != "raised"}
    for_databases = {case.type for case in CASES} - answered
    assert set(re.findall(r"`(\w*expect\w+)`", listed)) == for_databases
    assert len(for_databases) == 7
    assert f"its vocabulary of {len({case.type for case in CASES})} expectations" in guide


def test_no_two_cases_ask_the_same() -> None:
    # Great Expectations tells metrics apart by their JSON; two that look alike get one answer.
    asked = [f"{check.configuration.to_json_dict()}" for check in checks_of(CASES).values()]
    assert len(set(asked)) == len(CASES)


def test_every_case_is_asked_once() -> None:
    asked = [*RAISING, *(name for checks in LOTS.values() for name in checks)]
    assert sorted(asked) == sorted(case.name for case in CASES)
    assert {name for checks in LOTS.values() for name in checks} == ANSWERED.keys()


@pytest.mark.parametrize("lot", LOTS)
def test_stock_says_of_each_case_what_the_catalogue_says(engines: Engines, lot: str) -> None:
    said = engines.stock(LOTS[lot], "COMPLETE")
    assert {name: outcome(result) for name, result in said.items()} == {
        case.name: case.expected for case in CASES if case.name in LOTS[lot]
    }


def test_stock_can_not_answer_the_others(engines: Engines) -> None:
    said = engines.stock(RAISING, "SUMMARY")
    assert {name: outcome(result) for name, result in said.items()} == dict.fromkeys(
        RAISING, "raised"
    )


@pytest.mark.parametrize("lot", LOTS)
@pytest.mark.parametrize("parts", PARTS)
def test_every_case(engines: Engines, parts: str, lot: str) -> None:
    stock = engines.stock(LOTS[lot], "COMPLETE")
    found = differences(engines.ours(parts, LOTS[lot], "COMPLETE"), stock)
    assert found.keys() == KNOWN_DIFFERENCES.keys() & LOTS[lot].keys(), found


@pytest.mark.parametrize("parts", PARTS)
@pytest.mark.parametrize("result_format", ["BOOLEAN_ONLY", "BASIC", "SUMMARY"])
def test_every_result_format(engines: Engines, parts: str, result_format: ResultFormat) -> None:
    stock = engines.stock(SOME, result_format)
    assert unexpected_differences(engines.ours(parts, SOME, result_format), stock) == {}


@pytest.mark.parametrize("name", DICT_FORMATS)
def test_every_setting_of_a_result_format(engines: Engines, name: str) -> None:
    stock = engines.stock(LISTING, DICT_FORMATS[name])
    ours = engines.ours("8 parts", LISTING, DICT_FORMATS[name])
    assert unexpected_differences(ours, stock) == {}


def test_files_of_several_row_groups(engines: Engines) -> None:
    ours = engines.ours("row groups", SOME, "SUMMARY")
    assert unexpected_differences(ours, engines.stock(SOME, "SUMMARY")) == {}


@pytest.mark.parametrize("parts", PARTS)
def test_what_stock_can_not_answer(engines: Engines, parts: str) -> None:
    stock = engines.stock(RAISING, "SUMMARY")
    assert unexpected_differences(engines.ours(parts, RAISING, "SUMMARY"), stock) == {}


def test_a_check_that_can_not_be_answered_leaves_the_others_alone(engines: Engines) -> None:
    ours = engines.ours("8 parts", RAISING | FAILING, "BASIC")
    assert {name for name, result in ours.items() if result["raised"]} == RAISING.keys()
    answered = {name: ours[name] for name in FAILING}
    assert unexpected_differences(answered, engines.stock(FAILING, "BASIC")) == {}


def test_keys_that_the_data_lacks(engines: Engines) -> None:
    checks = dict(list(LISTING.items())[:3])
    lacking = {"result_format": "SUMMARY", "unexpected_index_column_names": ["nowhere"]}
    stock = engines.stock(checks, lacking)
    assert {outcome(result) for result in stock.values()} == {"raised"}
    assert unexpected_differences(engines.ours("3 parts", checks, lacking), stock) == {}


def test_a_dask_frame(engines: Engines) -> None:
    frame = make_table().to_pandas()
    # A column of Python objects has no type that a frame in parts could tell without reading it.
    frame = frame[[name for name in frame if not pd.api.types.is_object_dtype(frame[name])]]
    ends = pairwise(CUTS[8])
    parts = [frame.iloc[start:end] for start, end in ends]
    in_parts = dd.from_map(lambda n: parts[n], range(len(parts)), meta=frame.iloc[:0])
    checks = {name: check for name, check in FAILING.items() if named_columns(check) <= {*frame}}
    stock = run_checks(stock_batch(engines.context, frame), checks, "SUMMARY")
    ours = run_checks(dask_frame_batch(engines.context, in_parts), checks, "SUMMARY")
    assert unexpected_differences(ours, stock) == {}


def named_columns(check: Expectation) -> set[str]:
    kwargs = check.configuration.kwargs
    single = {kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs}
    return single | set(kwargs.get("column_list", ()))


# No shrinking: an example costs half a second, and the rows are few as it is.
@settings(max_examples=10, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@example(rows=[], ends=[])
@given(st.lists(rows, max_size=20), st.lists(st.integers(0, 20), max_size=4))
def test_any_rows_cut_anywhere(
    engines: Engines, rows: list[dict[str, Any]], ends: list[int]
) -> None:
    table = pa.Table.from_pylist(rows, schema=ROW_SCHEMA)
    inner = sorted(min(end, len(rows)) for end in ends)
    parts = cut_table(table, [0, *inner, len(rows)])
    with TemporaryDirectory() as folder:
        path = write_parts(parts, Path(folder) / "parts")
        ours = run_checks(dask_batch(engines.context, path), OF_ANY_ROWS, "COMPLETE")
    frame = table.to_pandas()
    stock = run_checks(stock_batch(engines.context, frame), OF_ANY_ROWS, "COMPLETE")
    assert differences(ours, stock) == {}
