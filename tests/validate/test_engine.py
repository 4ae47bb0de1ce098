"""What the engine does that stock does not: limits, its own memory, and metrics of a user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import great_expectations.expectations as gxe
import pandas as pd
import pyarrow as pa
import pytest
from great_expectations.datasource.fluent.interfaces import Batch
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.row_conditions import Column

from tests.validate.in_parts import HERE, in_this_thread
from tests.validate.own_conditions import seen_sizes
from tests.validate.own_metrics import ExpectPlainSquares, ExpectSquaresByKernel, ExpectSquaresByRow
from tests.validate.same_as_stock import (
    Results,
    dask_batch,
    dask_frame_batch,
    new_context,
    outcome,
    run_checks,
    stock_batch,
)
from tests.validate.sample import cut_table, write_parts
from toolkit.errors import InputError
from toolkit.storage.datasets import part_name
from toolkit.validate.datasource import DaskDatasource
from toolkit.validate.engine import DaskExecutionEngine
from toolkit.validate.passes import computing

Checks = Mapping[str, Expectation]

N = 60
TABLE = pa.table(
    {
        "n": range(N),
        "third": [n // 3 for n in range(N)],
        "gap": [None if n % 6 == 5 else n for n in range(N)],
        "word": [f"word {n}" for n in range(N)],
    }
)
ENDS = (0, 20, 21, N)
SIZES = [20, 1, 39]
N_BYTES = N * 8

CHECKS: Checks = {
    "between": gxe.ExpectColumnValuesToBeBetween(column="n", max_value=9),
    "unique": gxe.ExpectColumnValuesToBeUnique(column="third"),
    "mean": gxe.ExpectColumnMeanToBeBetween(column="n", min_value=29, max_value=30),
    "words": gxe.ExpectColumnUniqueValueCountToBeBetween(column="word", min_value=N),
    "rows": gxe.ExpectTableRowCountToEqual(value=N),
}
OUTCOMES = {
    "between": "failed",
    "unique": "failed",
    "mean": "passed",
    "words": "passed",
    "rows": "passed",
}
RISING = gxe.ExpectColumnValuesToBeIncreasing(column="n", strictly=True)
FALLING = gxe.ExpectColumnValuesToBeDecreasing(column="n", strictly=True)
FIGURES: Checks = {
    "sum": gxe.ExpectColumnSumToBeBetween(column="n", min_value=0),
    "between": gxe.ExpectColumnValuesToBeBetween(column="n", max_value=9),
    "rising": RISING,
    "rows": gxe.ExpectTableRowCountToEqual(value=N),
}
# Its rows are known only when a whole column is there.
AFTER_ANOTHER = gxe.ExpectColumnMeanToBeBetween(
    column="n", min_value=0, row_condition="third.shift() > 1", condition_parser="pandas"
)
# What `gap` holds, which of it is no square, and how many values each part has.
LEFT = [n for n in range(N) if n % 6 != 5]
WRONG = [n for n in LEFT if n**0.5 % 1]
IN_PARTS = [sum(n in range(a, b) for n in LEFT) for a, b in pairwise(ENDS)]


@pytest.fixture(scope="module")
def context() -> Any:
    return new_context()


@pytest.fixture(autouse=True)
def this_thread() -> Iterator[None]:
    seen_sizes.clear()
    with in_this_thread():
        yield


def batch_of(context: Any, **limits: int) -> Batch:
    """The table as a frame in parts."""
    parts = [TABLE.slice(a, b - a).to_pandas() for a, b in pairwise(ENDS)]
    frame = dd.from_map(lambda number: parts[number], range(len(parts)), meta=parts[0].iloc[:0])
    source: DaskDatasource = context.data_sources.add_dask(
        f"limited {len(context.data_sources.all())}", **limits
    )
    asset = source.add_dask_frame_asset("frame", frame=frame)
    return asset.add_batch_definition_whole_dataset("whole").get_batch()


def outcomes(results: Results) -> dict[str, str]:
    return {name: outcome(result) for name, result in results.items()}


def why_not(batch: Batch, check: Expectation) -> set[str]:
    """The reasons for which a check could not be answered."""
    return {one["exception_message"] for one in batch.validate(check).exception_info.values()}


class TestWholeColumns:
    """What takes a whole column takes it, up to a limit."""

    def test_beyond_the_limit_one_check_errs_and_the_others_do_not(self, context: Any) -> None:
        batch = batch_of(context, max_column_bytes=N_BYTES - 1)
        found = run_checks(batch, {**CHECKS, "rising": RISING}, "SUMMARY")
        assert outcomes(found) == {**OUTCOMES, "rising": "raised"}
        assert found["between"] == run_checks(batch, CHECKS, "SUMMARY")["between"]

    def test_the_reason_names_the_columns_and_the_sizes(self, context: Any) -> None:
        batch = batch_of(context, max_column_bytes=100)
        assert why_not(batch, RISING) == {
            "needs n in memory at once (about 480 B, more than 100 B)"
        }
        squares = ExpectPlainSquares(column="gap", row_condition=Column("third") < 5)
        [reason] = why_not(batch, squares)
        assert reason.startswith("needs third, gap in memory at once (about 9")

    def test_at_the_limit_it_is_answered(self, context: Any) -> None:
        batch = batch_of(context, max_column_bytes=N_BYTES)
        found = run_checks(batch, {"rising": RISING, "falling": FALLING}, "SUMMARY")
        assert outcomes(found) == {"rising": "passed", "falling": "failed"}
        assert found["falling"]["result"]["unexpected_count"] == N - 1

    def test_distinct_values_have_the_same_limit(self, context: Any) -> None:
        numbers = gxe.ExpectColumnUniqueValueCountToBeBetween(column="n", max_value=9)
        batch = batch_of(context, max_column_bytes=N_BYTES - 1)
        assert why_not(batch, numbers) == {"the distinct values of n take more than 479 bytes"}
        # Many different words are counted where they lie.
        assert outcomes(run_checks(batch, CHECKS, "BASIC")) == OUTCOMES
        [within] = run_checks(
            batch_of(context, max_column_bytes=N_BYTES), {"a": numbers}, "BASIC"
        ).values()
        assert within["result"]["observed_value"] == N

    def test_a_check_that_errs_costs_the_others_no_pass(self, context: Any) -> None:
        batch = batch_of(context, max_column_bytes=100)
        assert n_passes(batch, {**CHECKS, "rising": RISING}) == n_passes(batch, CHECKS)


def n_passes(batch: Batch, checks: Checks) -> int:
    begun: list[int] = []
    with computing(replace(HERE, on_pass=begun.append)):
        run_checks(batch, checks, "SUMMARY")
    assert set(begun) == {N}
    return len(begun)


def test_more_checks_take_no_more_passes(context: Any) -> None:
    one = {"a": gxe.ExpectColumnValuesToBeBetween(column="n", max_value=0)}
    many = {
        f"{column} {bound}": gxe.ExpectColumnValuesToBeBetween(column=column, max_value=bound)
        for column in ("n", "third", "gap")
        for bound in range(5)
    }
    batch = batch_of(context)
    assert n_passes(batch, many) == n_passes(batch, one) == 1


class TestListedRows:
    @pytest.mark.parametrize("n", [0, 5, 45])
    def test_no_more_are_listed_and_all_are_counted(self, context: Any, n: int) -> None:
        batch = batch_of(context, max_listed_rows=n)
        checks = {**CHECKS, "falling": FALLING}
        found = run_checks(batch, checks, "COMPLETE")
        assert outcomes(found) == {**OUTCOMES, "falling": "failed"}
        for name, rows in (
            ("between", range(10, N)),
            ("unique", range(N)),
            ("falling", range(1, N)),
        ):
            result = found[name]["result"]
            assert result["unexpected_count"] == len(rows)
            assert result["unexpected_percent"] == pytest.approx(100 * len(rows) / N)
            assert result["unexpected_index_list"] == [*rows][:n]
            assert len(result["unexpected_list"]) == len(rows[:n])

    def test_none_but_those_of_the_sample_are_read_for_a_summary(self, context: Any) -> None:
        found = run_checks(batch_of(context), CHECKS, "SUMMARY")["between"]["result"]
        assert found["partial_unexpected_list"] == [*range(10, 30)]
        assert found["unexpected_count"] == 50


class TestItsMemory:
    """Answers hold for the batch and the data that they were found in."""

    def said(self, batch: Batch) -> list[Any]:
        found = run_checks(batch, FIGURES, "BASIC")
        return [
            found["sum"]["result"]["observed_value"],
            found["between"]["result"]["unexpected_count"],
            found["rising"]["success"],
            found["rows"]["result"]["observed_value"],
        ]

    def test_two_batches_of_one_source(self, context: Any, tmp_path: Path) -> None:
        source = context.data_sources.add_dask("two batches")
        batches = []
        for name, numbers in (("few", [1, 2]), ("many", [9, 8, 100, 200])):
            path = write_parts([pa.table({"n": numbers})], tmp_path / name)
            asset = source.add_parquet_dataset_asset(name, path=str(path))
            batches.append(asset.add_batch_definition_whole_dataset("whole").get_batch())
        few, many = batches
        for _ in range(2):
            assert self.said(few) == [3, 0, True, 2]
            assert self.said(many) == [317, 2, False, 4]

    def test_data_that_has_changed(self, context: Any, tmp_path: Path) -> None:
        source = context.data_sources.add_dask("changing")
        folder = write_parts([pa.table({"n": [1, 2]})], tmp_path / "parts")
        asset = source.add_parquet_dataset_asset("parts", path=str(folder))
        definition = asset.add_batch_definition_whole_dataset("whole")
        assert self.said(definition.get_batch()) == [3, 0, True, 2]
        write_parts([pa.table({"n": [5, 4, 20]})], tmp_path / "new")
        (tmp_path / "new" / part_name(0)).replace(folder / part_name(0))
        assert self.said(definition.get_batch()) == [29, 1, False, 3]

    def test_two_suites_on_one_batch(self, context: Any) -> None:
        batch = batch_of(context)
        first = run_checks(batch, FIGURES, "BASIC")
        second = run_checks(batch, CHECKS, "SUMMARY")
        assert outcomes(second) == OUTCOMES
        assert second["between"]["result"].items() >= first["between"]["result"].items()
        assert run_checks(batch, FIGURES, "BASIC") == first

    def test_a_suite_after_one_that_erred(self, context: Any) -> None:
        batch = batch_of(context, max_column_bytes=100)
        assert outcomes(run_checks(batch, {"rising": RISING}, "BASIC")) == {"rising": "raised"}
        assert outcomes(run_checks(batch, CHECKS, "BASIC")) == OUTCOMES


class TestOwnMetrics:
    """They see the values of a column without its nulls, in parts or all at once."""

    def result(self, context: Any, check: Expectation, **limits: int) -> dict[str, Any]:
        [found] = run_checks(batch_of(context, **limits), {"a": check}, "COMPLETE").values()
        assert not found["raised"]
        result: dict[str, Any] = found["result"]
        return result

    def test_one_without_anything_gets_the_whole_column(self, context: Any) -> None:
        found = self.result(context, ExpectPlainSquares(column="gap"))
        assert found["unexpected_index_list"] == WRONG
        assert (found["element_count"], found["missing_count"]) == (N, 10)
        assert seen_sizes == [50]

    def test_one_that_is_row_wise_gets_the_parts(self, context: Any) -> None:
        found = self.result(context, ExpectSquaresByRow(column="gap"), max_column_bytes=1)
        assert found == self.result(context, ExpectPlainSquares(column="gap"))
        assert seen_sizes == [*IN_PARTS, 50]

    def test_one_with_a_kernel_is_not_called_itself(self, context: Any) -> None:
        found = self.result(context, ExpectSquaresByKernel(column="gap"), max_column_bytes=1)
        assert found == self.result(context, ExpectPlainSquares(column="gap"))
        assert seen_sizes == [*IN_PARTS, 50]

    def test_a_kernel_gets_its_arguments(self, context: Any) -> None:
        found = self.result(context, ExpectSquaresByKernel(column="gap", largest=9))
        assert found["unexpected_index_list"] == [n for n in LEFT if n not in (0, 1, 4, 9)]

    def test_rows_that_a_condition_leaves_out_are_not_seen(self, context: Any) -> None:
        where = Column("third") < 5
        for check in (
            ExpectPlainSquares(column="gap", row_condition=where),
            ExpectSquaresByRow(column="gap", row_condition=where),
            ExpectSquaresByKernel(column="gap", row_condition=where),
        ):
            found = self.result(context, check)
            assert found["unexpected_index_list"] == [n for n in WRONG if n < 15]
        assert seen_sizes == [13, 13, 0, 0, 13, 0, 0]


def test_numbers_that_only_fit_unsigned(context: Any, tmp_path: Path) -> None:
    table = pa.table({"huge": pa.array([2**63 + n * 2**11 for n in range(6)], pa.uint64())})
    folder = write_parts(cut_table(table, [0, 4, 6]), tmp_path / "parts")
    checks = {
        "mean": gxe.ExpectColumnMeanToBeBetween(column="huge", min_value=2.0**63),
        "sum": gxe.ExpectColumnSumToBeBetween(column="huge", max_value=2.0**63),
    }
    ours = run_checks(dask_batch(context, folder), checks, "BASIC")
    assert ours == run_checks(stock_batch(context, table.to_pandas()), checks, "BASIC")
    assert ours["mean"]["result"]["observed_value"] == 2.0**63 + 2.5 * 2**11


class TestBadInput:
    @pytest.mark.parametrize("name", ["parts", "whole"])
    def test_a_damaged_part_is_what_ended_a_validation(
        self, context: Any, tmp_path: Path, name: str
    ) -> None:
        """Great Expectations logs it; none of the checks is taken to hold."""
        checks: Checks = CHECKS if name == "parts" else {"after": AFTER_ANOTHER}
        folder = write_parts(cut_table(TABLE, ENDS), tmp_path / "parts")
        spill = tmp_path / "spill"
        spill.mkdir()
        path = folder / part_name(0)
        content = path.read_bytes()
        path.write_bytes(content[:4] + b"\xff" * 60 + content[64:])
        source = context.data_sources.add_dask(f"damaged {name}")
        asset = source.add_parquet_dataset_asset("rows", path=str(folder))
        batch = asset.add_batch_definition_whole_dataset("whole").get_batch()
        engine = source.get_execution_engine()
        with computing(replace(HERE, spill=spill)):
            found = outcomes(run_checks(batch, checks, "SUMMARY"))
        # The number of rows stands in the footers, which are sound.
        assert {name for name in found if found[name] != "raised"} == checks.keys() & {"rows"}
        assert isinstance(engine.ended_by, InputError)
        assert str(engine.ended_by).startswith(f"dataset {path}: cannot be read: ")
        assert [*spill.iterdir()] == []
        path.write_bytes(content)
        assert "raised" not in outcomes(run_checks(batch, checks, "SUMMARY")).values()
        assert engine.ended_by is None

    def test_what_the_frame_itself_raises_is_raised(self, context: Any) -> None:
        def broken(number: int) -> pd.DataFrame:
            raise ZeroDivisionError(f"part {number}")

        frame = dd.from_map(broken, range(2), meta=pd.DataFrame({"n": [1]}))
        with pytest.raises(ZeroDivisionError, match="part 0"):
            dask_frame_batch(context, frame)

    def test_an_engine_without_a_batch(self) -> None:
        with pytest.raises(ValueError, match="no Dask batch is loaded"):
            DaskExecutionEngine().answers({})
