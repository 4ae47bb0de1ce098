"""Batches of a Dask source: several at once, frames that are handed in, values of every dtype."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import dask
import dask.dataframe as dd
import great_expectations as gx
import great_expectations.expectations as gxe
import numpy as np
import pandas as pd
import pytest
from great_expectations.exceptions import MetricResolutionError
from great_expectations.exceptions.exceptions import BuildBatchRequestError
from great_expectations.metrics.column.mean import ColumnMean
from great_expectations.metrics.column.values_non_null import ColumnValuesNonNull
from great_expectations.metrics.metric_results import MetricErrorResult

from tests.validate.same_as_stock import (
    ResultFormat,
    dask_batch,
    dask_frame_batch,
    differences,
    new_context,
    new_dask_source,
    run_checks,
    stock_batch,
)
from toolkit.errors import InputError
from toolkit.validate.actions import OfflineDataDocsAction

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def context() -> Any:
    return new_context()


def frame_of(**columns: Any) -> dd.DataFrame:
    with dask.config.set({"dataframe.convert-string": False}):
        return dd.from_pandas(pd.DataFrame(columns), npartitions=2, sort=False)


def write_frame(frame: pd.DataFrame, folder: Path) -> Path:
    """As pandas writes it, with its notes on dtypes, in two parts."""
    folder.mkdir(parents=True)
    half = len(frame) // 2
    frame.iloc[:half].to_parquet(folder / "part-0.parquet", index=False)
    frame.iloc[half:].to_parquet(folder / "part-1.parquet", index=False)
    return folder


class TestSeveralAtOnce:
    def definitions(self, context: Any, tmp_path: Path) -> tuple[Any, Any]:
        source = new_dask_source(context)
        suite = gx.ExpectationSuite(name=f"suite of {source.name}")
        suite.add_expectation(gxe.ExpectColumnValuesToBeBetween(column="x", min_value=0))
        suite.add_expectation(gxe.ExpectColumnMedianToBeBetween(column="x", min_value=0))
        suite = context.suites.add(suite)
        found = []
        for name, numbers in (("good", range(1000)), ("bad", [-1] * 1000)):
            path = write_frame(pd.DataFrame({"x": numbers}), tmp_path / name)
            asset = source.add_parquet_dataset_asset(name, path=str(path))
            data = asset.add_batch_definition_whole_dataset("all")
            definition = gx.ValidationDefinition(
                name=f"{name} {source.name}", data=data, suite=suite
            )
            found.append(context.validation_definitions.add(definition))
        return found[0], found[1]

    def test_threads_are_answered_about_their_own_data(self, context: Any, tmp_path: Path) -> None:
        good, bad = self.definitions(context, tmp_path)
        with ThreadPoolExecutor(2) as pool:
            said = list(pool.map(lambda v: bool(v.run().success), [good, bad] * 8))
        assert said == [True, False] * 8

    def test_eight_threads_on_four_assets(self, context: Any, tmp_path: Path) -> None:
        pairs = [self.definitions(context, tmp_path / name) for name in ("one", "other")]
        asked = [definition for pair in pairs for definition in pair] * 8
        with ThreadPoolExecutor(8) as pool:
            said = list(pool.map(lambda v: bool(v.run().success), asked))
        assert said == [True, False, True, False] * 8

    def test_threads_on_the_same_data(self, context: Any, tmp_path: Path) -> None:
        good, _ = self.definitions(context, tmp_path)
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(lambda v: bool(v.run().success), [good] * 8))

    def test_an_earlier_validator_keeps_its_batch(self, context: Any) -> None:
        source = new_dask_source(context)
        validators = []
        for name, numbers in (("a", [1, 2, 3]), ("b", [5] * 7)):
            asset = source.add_dask_frame_asset(name, frame=frame_of(x=numbers))
            suite = f"{name} {source.name}"
            validators.append(
                context.get_validator(
                    batch_request=asset.build_batch_request(),
                    create_expectation_suite_with_name=suite,
                )
            )
        first, second = validators
        assert first.expect_table_row_count_to_equal(3).result == {"observed_value": 3}
        assert second.expect_column_max_to_be_between("x", 5, 5).success
        assert first.expect_column_values_to_be_unique("x").success
        assert not second.expect_column_values_to_be_unique("x").success

    def test_two_frames_of_one_asset(self, context: Any) -> None:
        asset = new_dask_source(context).add_dataframe_asset("rows")
        definition = asset.add_batch_definition_whole_dataframe("all")
        check = gxe.ExpectTableRowCountToEqual(value=3)

        def said(frame: dd.DataFrame) -> int:
            batch = definition.get_batch(batch_parameters={"dataframe": frame})
            observed: int = batch.validate(check).result["observed_value"]
            return observed

        frames = [frame_of(x=range(3)), frame_of(x=range(7))]
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(said, frames * 8)) == [3, 7] * 8


class TestFramesOfProjects:
    def saved(self, folder: Path) -> None:
        context: Any = gx.get_context(mode="file", project_root_dir=folder)
        asset = context.data_sources.add_dask("feed").add_dask_frame_asset(
            "rows", frame=frame_of(x=[1, 2])
        )
        suite = gx.ExpectationSuite(name="s")
        suite.add_expectation(gxe.ExpectColumnValuesToBeUnique(column="x"))
        definition = gx.ValidationDefinition(
            name="v",
            data=asset.add_batch_definition_whole_dataframe("all"),
            suite=context.suites.add(suite),
        )
        context.checkpoints.add(
            gx.Checkpoint(
                name="c", validation_definitions=[context.validation_definitions.add(definition)]
            )
        )

    def test_a_frame_is_handed_in_again(self, tmp_path: Path) -> None:
        self.saved(tmp_path)
        context: Any = gx.get_context(mode="file", project_root_dir=tmp_path)
        checkpoint = context.checkpoints.get("c")
        with pytest.raises(BuildBatchRequestError, match="asset 'rows' has no frame"):
            checkpoint.run()
        with pytest.raises(BuildBatchRequestError, match="is not a Dask DataFrame"):
            checkpoint.run(batch_parameters={"dataframe": pd.DataFrame({"x": [1]})})
        result = checkpoint.run(batch_parameters={"dataframe": frame_of(x=[1, 2, 2])})
        [report] = result.run_results.values()
        assert report.results[0].result["unexpected_count"] == 2
        assert checkpoint.run(batch_parameters={"dataframe": frame_of(x=[1, 2])}).success


def test_a_checkpoint_writes_data_docs_that_need_no_network(tmp_path: Path) -> None:
    context = new_context()
    asset = new_dask_source(context).add_dask_frame_asset("rows", frame=frame_of(x=[1, 2, 2]))
    suite = gx.ExpectationSuite(name="s")
    suite.add_expectation(gxe.ExpectColumnValuesToBeUnique(column="x"))
    definition = gx.ValidationDefinition(
        name="v",
        data=asset.add_batch_definition_whole_dataframe("all"),
        suite=context.suites.add(suite),
    )
    checkpoint = gx.Checkpoint(
        name="c",
        validation_definitions=[context.validation_definitions.add(definition)],
        actions=[OfflineDataDocsAction(name="docs", folder=str(tmp_path / "docs"))],
    )
    checkpoint = context.checkpoints.add(checkpoint)
    checkpoint.run()
    checkpoint.run()
    assert "failed" in (tmp_path / "docs" / "index.html").read_text("utf-8")
    pages = list(tmp_path.glob("docs/runs/*/s.html"))
    assert len(pages) == 2
    assert "://" not in pages[0].read_text("utf-8")


class TestLoads:
    def counting(self, context: Any) -> tuple[list[int], Any]:
        loads: list[int] = []

        def make(number: int, name: str) -> pd.DataFrame:
            loads.append(number)
            return pd.DataFrame({"x": np.arange(5.0) + number * 5, "y": range(5)})

        meta = pd.DataFrame({"x": [0.5], "y": [1]})
        frame = dd.from_map(make, range(4), name=uuid4().hex, meta=meta)
        return loads, dask_frame_batch(context, frame)

    def test_a_frame_is_counted_once(self, context: Any) -> None:
        loads, batch = self.counting(context)
        assert len(loads) == 4
        for _ in range(2):
            batch.validate(gxe.ExpectColumnValuesToBeBetween(column="x", min_value=0))
        assert len(loads) == 4 + 2 * 4
        found = batch.validate(gxe.ExpectColumnValuesToBeBetween(column="x", max_value=17))
        assert found.result["unexpected_count"] == 2
        # One pass, and the part that has the unexpected rows.
        assert len(loads) == 12 + 4 + 1

    def test_a_suite_shares_its_passes(self, context: Any) -> None:
        loads, batch = self.counting(context)
        checks = {
            "median": gxe.ExpectColumnMedianToBeBetween(column="x", min_value=0),
            "other median": gxe.ExpectColumnMedianToBeBetween(column="y", min_value=0),
            "rising": gxe.ExpectColumnValuesToBeIncreasing(column="x"),
            "mean": gxe.ExpectColumnMeanToBeBetween(column="x", min_value=0),
            "unique": gxe.ExpectColumnValuesToBeUnique(column="x"),
        }
        assert all(one["success"] for one in run_checks(batch, checks, "BASIC").values())
        assert len(loads) == 4 + 4

    def test_rows_that_change_meanwhile(self, context: Any) -> None:
        n_rows = [2]
        frame = dd.from_map(
            lambda _: pd.DataFrame({"x": range(n_rows[0])}), range(2), meta=pd.DataFrame({"x": [1]})
        )
        source = new_dask_source(context)
        asset = source.add_dask_frame_asset("frame", frame=frame)
        batch = asset.add_batch_definition_whole_dataset("all").get_batch()
        n_rows[0] = 3
        check = gxe.ExpectColumnMaxToBeBetween(column="x", max_value=9)
        assert not batch.validate(check).success
        ended_by = source.get_execution_engine().ended_by
        assert isinstance(ended_by, InputError)
        assert "had 2 rows when it was opened and has 3 now" in str(ended_by)
        assert batch.validate(check).success


def of_column(column: str) -> dict[str, Any]:
    return {
        "not in set": gxe.ExpectColumnValuesToNotBeInSet(column=column, value_set=[1]),
        "null": gxe.ExpectColumnValuesToBeNull(column=column),
        "unique": gxe.ExpectColumnValuesToBeUnique(column=column),
        "pattern": gxe.ExpectColumnValuesToMatchRegex(column=column, regex=r"^\w+\Z"),
        "length": gxe.ExpectColumnValueLengthsToBeBetween(column=column, max_value=1),
        "distinct": gxe.ExpectColumnUniqueValueCountToBeBetween(column=column, min_value=9),
        "common": gxe.ExpectColumnMostCommonValueToBeInSet(column=column, value_set=[2]),
        "int": gxe.ExpectColumnValuesToBeOfType(column=column, type_="int"),
        "Int64": gxe.ExpectColumnValuesToBeOfType(column=column, type_="Int64"),
        "boolean": gxe.ExpectColumnValuesToBeInTypeList(column=column, type_list=["boolean"]),
        "where": gxe.ExpectColumnValuesToBeNull(
            column=column, row_condition="n > 2", condition_parser="pandas"
        ),
    }


def formatted(name: str) -> ResultFormat:
    """A format whose results JSON can hold: Great Expectations knows no periods."""
    return "BOOLEAN_ONLY" if name == "period" else "SUMMARY"


def of_numbers(column: str) -> dict[str, Any]:
    return {
        **of_column(column),
        "between": gxe.ExpectColumnValuesToBeBetween(column=column, max_value=2),
        "mean": gxe.ExpectColumnMeanToBeBetween(column=column, max_value=0),
        "sum": gxe.ExpectColumnSumToBeBetween(column=column, max_value=0),
        "deviation": gxe.ExpectColumnStdevToBeBetween(column=column, max_value=0),
        "max": gxe.ExpectColumnMaxToBeBetween(column=column, max_value=2),
        "median": gxe.ExpectColumnMedianToBeBetween(column=column, max_value=0),
        "sorted": gxe.ExpectColumnValuesToBeIncreasing(column=column),
    }


INTS = [1, None, 3, 2, 2, 5]
DTYPES = {
    "Int64": pd.array(INTS, dtype="Int64"),
    "Int32": pd.array(INTS, dtype="Int32"),
    "Float64": pd.array(INTS, dtype="Float64"),
    "int64[pyarrow]": pd.array(INTS, dtype="int64[pyarrow]"),
    "boolean": pd.array([True, None, False, True, True, False], dtype="boolean"),
    "string": pd.array(["a", None, "b", "cc", "a", ""], dtype="string"),
    "period": pd.period_range("2024-01", periods=6, freq="M"),
    "category of ints": pd.Categorical(INTS),
    "category of times": pd.Categorical(pd.to_datetime(["2024-01-01", "2024-01-02"] * 3)),
}
NUMBERS = {"Int64", "Int32", "Float64", "int64[pyarrow]"}


class TestDtypes:
    @pytest.mark.parametrize("name", DTYPES)
    def test_of_a_frame(self, context: Any, name: str) -> None:
        frame = frame_of(v=DTYPES[name], n=range(6))
        if name.startswith("category"):
            frame["v"] = frame["v"].cat.as_unknown()
        checks = (of_numbers if name in NUMBERS else of_column)("v")
        ours = run_checks(dask_frame_batch(context, frame), checks, formatted(name))
        stock = run_checks(stock_batch(context, frame.compute()), checks, formatted(name))
        assert differences(ours, stock) == {}

    @pytest.mark.parametrize("name", DTYPES)
    def test_of_files_with_pandas_notes(self, context: Any, tmp_path: Path, name: str) -> None:
        path = write_frame(pd.DataFrame({"v": DTYPES[name], "n": range(6)}), tmp_path / "parts")
        checks = (of_numbers if name in NUMBERS else of_column)("v")
        ours = run_checks(dask_batch(context, path), checks, formatted(name))
        stock = run_checks(stock_batch(context, pd.read_parquet(path)), checks, formatted(name))
        assert differences(ours, stock) == {}

    @pytest.mark.parametrize("from_files", [True, False])
    def test_whole_numbers_beyond_doubles(
        self, context: Any, tmp_path: Path, from_files: bool
    ) -> None:
        values = pd.array([2**53 + 1, None, 5], dtype="Int64")
        batch = (
            dask_batch(context, write_frame(pd.DataFrame({"id": values}), tmp_path / "parts"))
            if from_files
            else dask_frame_batch(context, frame_of(id=values))
        )
        check = gxe.ExpectColumnValuesToBeInSet(column="id", value_set=[2**53, 5])
        assert batch.validate(check).result["partial_unexpected_list"] == [2**53 + 1]
        pattern = gxe.ExpectColumnValuesToMatchRegex(column="id", regex=r"^\d+\Z")
        assert batch.validate(pattern).success


@pytest.mark.parametrize("name", ["ordered", "unordered"])
def test_categories_without_a_value(context: Any, name: str) -> None:
    """They say nothing of the type of those that there are not."""
    nothing = pd.Categorical([None, None], categories=[], ordered=name == "ordered")
    frame = frame_of(v=nothing, n=range(2))
    ours = run_checks(dask_frame_batch(context, frame), of_column("v"), "SUMMARY")
    stock = run_checks(stock_batch(context, frame.compute()), of_column("v"), "SUMMARY")
    assert differences(ours, stock) == {}
    assert not ours["null"]["raised"]


def test_parts_that_cannot_be_put_together(context: Any) -> None:
    parts = [pd.DataFrame({"v": pd.Categorical(["a"], ordered=one)}) for one in (True, False)]
    frame = dd.from_map(lambda number: parts[number], range(2), meta=parts[0].iloc[:0])
    with pytest.raises(InputError, match=r"its parts differ: Categorical\.ordered must be"):
        dask_frame_batch(context, frame)


OBJECTS: dict[str, list[Any]] = {
    "lists": [["a"], ["b"], None, []],
    "bytes": [b"a", b"\xff", None, b"a"],
    "dates": [dt.date(2024, 1, 1), None, dt.date(2024, 1, 2), dt.date(2024, 1, 1)],
    "mixed": [1, "1", None, 2.5],
    "mappings": [{"a": 1}, {"b": 2}, None, {}],
    "huge": [10**30, 1, 2, None],
    "text": ["a", None, "b", "a"],
}


class TestObjects:
    @pytest.mark.parametrize("name", OBJECTS)
    def test_they_are_what_they_were(self, context: Any, name: str) -> None:
        frame = frame_of(n=range(4), v=pd.Series(OBJECTS[name], dtype=object))
        checks = {
            "others": gxe.ExpectColumnValuesToBeUnique(column="n"),
            "null": gxe.ExpectColumnValuesToNotBeNull(column="v"),
            "type": gxe.ExpectColumnValuesToBeOfType(column="v", type_="str"),
            "bytes": gxe.ExpectColumnValuesToBeOfType(column="v", type_="bytes"),
            "length": gxe.ExpectColumnValueLengthsToBeBetween(column="v", max_value=1),
        }
        ours = run_checks(dask_frame_batch(context, frame), checks, "SUMMARY")
        stock = run_checks(stock_batch(context, frame.compute()), checks, "SUMMARY")
        assert differences(ours, stock) == {}
        assert ours["others"]["success"]


def test_a_mask_is_a_series_and_costs_no_other_metric(context: Any) -> None:
    batch = dask_frame_batch(context, frame_of(x=[1.0, None, 3.0]))
    mean, mask = batch.compute_metrics([ColumnMean(column="x"), ColumnValuesNonNull(column="x")])
    assert mean.value == 2
    assert mask.value.tolist() == [False, True, False]
    alone: Any = batch.compute_metrics(ColumnValuesNonNull(column="x"))
    assert alone.value.sum() == 1
    lost, mean = batch.compute_metrics([ColumnValuesNonNull(column="y"), ColumnMean(column="x")])
    assert isinstance(lost, MetricErrorResult)
    assert mean.value == 2


def test_lists_that_are_cut_say_so(context: Any) -> None:
    asset = context.data_sources.add_dask("cut", max_listed_rows=3).add_dask_frame_asset(
        "frame", frame=frame_of(x=range(10))
    )
    batch = asset.add_batch_definition_whole_dataset("all").get_batch()
    found = batch.validate(
        gxe.ExpectColumnValuesToBeBetween(column="x", max_value=4), result_format="COMPLETE"
    ).result
    query = found["unexpected_index_query"]
    assert query.endswith("# the first 3 of 5 unexpected rows, see max_listed_rows")
    whole = batch.validate(
        gxe.ExpectColumnValuesToBeBetween(column="x", max_value=7), result_format="COMPLETE"
    ).result["unexpected_index_query"]
    assert "#" not in whole
    df = frame_of(x=range(10))
    assert eval(whole, {"df": df})["x"].tolist() == [8, 9]


@pytest.mark.parametrize(
    "values", [[1e200, 2e200, 3e200, 1e308], [2.0**501, 1, 2, 3], [1e154, -1e155]]
)
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_deviations_of_numbers_whose_squares_are_too_large(
    context: Any, values: list[float]
) -> None:
    frame = frame_of(x=values)
    checks = {
        "deviation": gxe.ExpectColumnStdevToBeBetween(column="x", min_value=0),
        "z-scores": gxe.ExpectColumnValueZScoresToBeLessThan(
            column="x", threshold=1, double_sided=True
        ),
    }
    ours = run_checks(dask_frame_batch(context, frame), checks, "SUMMARY")
    assert not ours["deviation"]["raised"]
    stock = run_checks(stock_batch(context, frame.compute()), checks, "SUMMARY")
    assert differences(ours, stock) == {}


class TestFiguresThatDiffer:
    """What the guide lists where results differ from stock."""

    def both(self, context: Any, values: list[Any], check: Any) -> tuple[Any, Any]:
        frame = frame_of(x=values)
        ours = dask_frame_batch(context, frame).validate(check).result["observed_value"]
        return ours, stock_batch(context, frame.compute()).validate(check).result["observed_value"]

    def test_a_deviation_is_rounded_once(self, context: Any) -> None:
        check = gxe.ExpectColumnStdevToBeBetween(column="x", min_value=0)
        ours, stock = self.both(context, [1, 1, 3], check)
        assert ours == float(np.sqrt(4 / 3))
        assert ours == pytest.approx(stock, rel=1e-15)

    def test_a_mean_whose_sum_is_beyond_a_double(self, context: Any) -> None:
        check = gxe.ExpectColumnMeanToBeBetween(column="x", min_value=0)
        ours, stock = self.both(context, [1.5e308, 1.5e308], check)
        assert ours == 1.5e308
        assert stock == float("inf")

    def test_a_stored_index_is_ignored(self, context: Any, tmp_path: Path) -> None:
        frame = pd.DataFrame({"x": [1, 1]}, index=pd.Index([7, 9], name="k"))
        (tmp_path / "parts").mkdir()
        frame.to_parquet(tmp_path / "parts" / "part-0.parquet")
        found = dask_batch(context, tmp_path / "parts").validate(
            gxe.ExpectColumnValuesToBeUnique(column="x"), result_format="COMPLETE"
        )
        assert found.result["unexpected_index_list"] == [0, 1]

    @pytest.mark.parametrize(
        "check",
        [
            gxe.ExpectMulticolumnValuesToBeEqual(column_list=["a", "b"]),
            gxe.ExpectColumnPairValuesToBeEqual(
                column_A="a", column_B="b", ignore_row_if="neither"
            ),
        ],
    )
    def test_null_of_pandas_own_types_is_not_equal(self, context: Any, check: Any) -> None:
        frame = frame_of(a=pd.array([1, None], dtype="Int64"), b=[1, 2])
        assert dask_frame_batch(context, frame).validate(check).result["unexpected_count"] == 1
        stock = stock_batch(context, frame.compute()).validate(check)
        assert "boolean value of NA is ambiguous" in str(stock.exception_info)

    def test_one_value_of_pandas_own_types_has_no_z_score(self, context: Any) -> None:
        frame = frame_of(a=pd.array([1, None], dtype="Int64"))
        check = gxe.ExpectColumnValueZScoresToBeLessThan(column="a", threshold=1, double_sided=True)
        assert dask_frame_batch(context, frame).validate(check).success
        stock = stock_batch(context, frame.compute()).validate(check)
        assert "boolean value of NA is ambiguous" in str(stock.exception_info)

    @pytest.mark.filterwarnings("ignore:.*(row_condition|condition_parser):DeprecationWarning")
    @pytest.mark.parametrize("condition", ["1 < 2", "x.dt.hour > 3"])
    def test_types_need_no_row_condition(self, context: Any, condition: str) -> None:
        asked: dict[str, Any] = {"row_condition": condition, "condition_parser": "pandas"}
        frame = frame_of(x=[1, 2])
        check = gxe.ExpectColumnValuesToBeOfType(column="x", type_="int64", **asked)
        assert dask_frame_batch(context, frame).validate(check).success
        with pytest.raises(MetricResolutionError):
            stock_batch(context, frame.compute()).validate(check)
        rows = gxe.ExpectColumnValuesToBeNull(column="x", **asked)
        assert not dask_frame_batch(context, frame).validate(rows).success
