"""A dataset against a suite: what becomes of each expectation, and the rows that fail it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dask.delayed import Delayed

from tests.validate.in_parts import HERE, in_this_thread
from tests.validate.sample import cut_table, write_parts
from tests.validate.written import Written, expectation, where, write_suite
from toolkit.errors import ClusterError, InputError, OutputError, SuiteError
from toolkit.storage.datasets import part_name
from toolkit.validate.passes import Computing, OnResult, computing
from toolkit.validate.run import Target, Validated, ValidationLimits, validate_dataset
from toolkit.validate.suites import Suite, load_suite
from toolkit.validate.verdicts import Checked

RUN_TIME = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ROWS = pa.table(
    {
        "id": [1, 2, 3, 3, 4, 5, 6],
        "kind": ["a", "b", None, "a", "z", "z", "z"],
        "price": [1.0, 2.0, 3.0, None, 5.0, -6.0, -7.0],
        "empty": pa.nulls(7, pa.float64()),
    }
)


NOWHERE = where("kind", "==", "no such kind")
UNIQUE = expectation("column_values_to_be_unique", column="id")
IN_SET = expectation("column_values_to_be_in_set", column="kind", value_set=["a", "b"])
POSITIVE = expectation("column_values_to_be_between", column="price", min_value=0)
MEAN = expectation("column_mean_to_be_between", column="price", min_value=-1)


class Validating:
    """Validates ROWS, which are on disk, by suites that are written beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.failing = folder, folder / "failing"
        self.rows = write_parts(cut_table(ROWS, [0, 4, 7]), folder / "rows")
        self.limits = ValidationLimits(10, self.failing, 1 << 20)
        self.target = Target(
            "clean", self.rows, folder / "shown.parquet", self.suite(UNIQUE), ("id",), {}
        )

    def suite(self, *expectations: Written) -> Suite:
        return load_suite(write_suite(self.folder / "suite.json", *expectations))

    def __call__(self, *expectations: Written, n_failing: int = 10, **changes: Any) -> Validated:
        target = replace(self.target, suite=self.suite(*expectations), **changes)
        limits = replace(self.limits, failing_rows=n_failing)
        with in_this_thread():
            return validate_dataset(target, "first run", RUN_TIME, limits)

    def check(self, given: Written, **changes: Any) -> Checked:
        [checked] = self(given, **changes).checked
        return checked


@pytest.fixture
def validate(tmp_path: Path) -> Validating:
    return Validating(tmp_path)


class TestStatus:
    @pytest.mark.parametrize(
        "given",
        [
            expectation("column_values_to_be_unique", column="id", mostly=0.7),
            MEAN,
            expectation("table_row_count_to_equal", value=7),
            expectation("column_to_exist", column="empty"),
            expectation("column_values_to_be_null", column="empty"),
            expectation("column_values_to_be_of_type", column="empty", type_="float64"),
            expectation("table_columns_to_match_ordered_list", column_list=ROWS.column_names),
            # Of the table as a whole something is said, even if it is that no row is there.
            expectation("table_row_count_to_equal", value=0, row_condition=NOWHERE),
        ],
        ids=lambda given: given["type"],
    )
    def test_passed(self, validate: Validating, given: Written) -> None:
        checked = validate.check(given)
        assert (checked.status, checked.reason) == ("passed", None)

    @pytest.mark.parametrize(
        "given",
        [
            UNIQUE,
            expectation("column_mean_to_be_between", column="price", min_value=0),
            expectation("table_row_count_to_equal", value=8),
            expectation("column_to_exist", column="nowhere"),
            expectation("column_values_to_not_be_null", column="empty"),
            expectation("column_values_to_be_of_type", column="empty", type_="int64"),
            expectation("table_row_count_to_equal", value=1, row_condition=NOWHERE),
        ],
        ids=lambda given: given["type"],
    )
    def test_failed(self, validate: Validating, given: Written) -> None:
        checked = validate.check(given)
        assert (checked.status, checked.reason) == ("failed", None)

    @pytest.mark.parametrize(
        "given",
        [
            # Of a column without a value:
            expectation("column_values_to_be_between", column="empty", min_value=0),
            expectation("column_values_to_be_unique", column="empty"),
            expectation("column_mean_to_be_between", column="empty", min_value=0),
            expectation("column_mean_to_be_between", column="empty", max_value=-1),
            expectation("column_unique_value_count_to_be_between", column="empty", max_value=3),
            expectation("column_sum_to_be_between", column="empty", min_value=1),
            expectation("column_distinct_values_to_be_in_set", column="empty", value_set=[1]),
            expectation(
                "column_pair_values_a_to_be_greater_than_b",
                column_A="price",
                column_B="empty",
                ignore_row_if="either_value_is_missing",
            ),
            expectation(
                "compound_columns_to_be_unique",
                column_list=["id", "empty"],
                ignore_row_if="any_value_is_missing",
            ),
            # Of rows that are not there:
            expectation("column_values_to_be_unique", column="id", row_condition=NOWHERE),
            expectation("column_values_to_not_be_null", column="id", row_condition=NOWHERE),
            expectation(
                "column_mean_to_be_between", column="id", min_value=0, row_condition=NOWHERE
            ),
            expectation(
                "column_max_to_be_between", column="id", min_value=0, row_condition=NOWHERE
            ),
            expectation(
                "column_median_to_be_between", column="id", max_value=0, row_condition=NOWHERE
            ),
            expectation(
                "column_distinct_values_to_be_in_set",
                column="kind",
                value_set=["a"],
                row_condition=NOWHERE,
            ),
            # Over no rows these are 0, which is what is wanted of them.
            expectation(
                "column_sum_to_be_between", column="price", max_value=0, row_condition=NOWHERE
            ),
            expectation(
                "column_unique_value_count_to_be_between",
                column="id",
                max_value=0,
                row_condition=NOWHERE,
            ),
            expectation(
                "column_proportion_of_unique_values_to_be_between",
                column="id",
                max_value=0,
                row_condition=NOWHERE,
            ),
            # A row that the condition fits, but without a value.
            expectation(
                "column_unique_value_count_to_be_between",
                column="kind",
                max_value=0,
                row_condition=where("price", "==", 3),
            ),
            # A deviation takes two values.
            expectation(
                "column_stdev_to_be_between",
                column="price",
                max_value=3,
                row_condition=where("id", "==", 1),
            ),
        ],
        ids=lambda given: given["type"],
    )
    def test_vacuous(self, validate: Validating, given: Written) -> None:
        checked = validate.check(given)
        assert (checked.status, checked.reason) == ("vacuous", None)
        assert checked.failing_rows is None

    def test_errored(self, validate: Validating) -> None:
        falling = expectation("column_values_to_be_increasing", column="kind")
        large = expectation("column_values_to_be_increasing", column="price")
        first, second, third = validate(falling, UNIQUE, large).checked
        assert (first.status, second.status, third.status) == ("errored", "failed", "failed")
        assert first.reason is not None
        assert "not supported" in first.reason
        assert first.failing_rows is None

    def test_errored_beyond_the_limit(self, validate: Validating) -> None:
        validate.limits = replace(validate.limits, max_column_bytes=10)
        rising = expectation("column_values_to_be_increasing", column="price")
        first, second = validate(rising, MEAN).checked
        assert (first.status, second.status) == ("errored", "passed")
        assert first.reason == "needs price in memory at once (about 56 B, more than 10 B)"


class TestFacts:
    def test_of_a_check_that_counts(self, validate: Validating) -> None:
        given = {**IN_SET, "severity": "warning", "notes": "Others are not sold."}
        given["kwargs"] = {**IN_SET["kwargs"], "row_condition": where("id", ">", 2)}
        assert validate.check(given) == Checked(
            suite="clean",
            number=1,
            expectation="expect_column_values_to_be_in_set",
            columns=("kind",),
            condition="id > 2",
            severity="warning",
            status=validate.check(UNIQUE).status,
            observed="75 % unexpected",
            element_count=5,
            missing_count=1,
            unexpected_count=3,
            unexpected_percent=75.0,
            notes="Others are not sold.",
            failing_rows=validate.failing / f"clean-01-{IN_SET['type']}-kind.parquet",
        )

    def test_of_a_figure(self, validate: Validating) -> None:
        checked = validate.check(MEAN)
        assert checked.observed == str(-2 / 6)
        assert checked.element_count is None
        assert checked.unexpected_percent is None

    def test_the_order_is_that_of_the_file(self, validate: Validating) -> None:
        given = [
            MEAN,
            UNIQUE,
            expectation("table_row_count_to_equal", value=7),
            IN_SET,
            MEAN,
            UNIQUE,
        ]
        validated = validate(*given)
        assert [one.expectation for one in validated.checked] == [one["type"] for one in given]
        assert [one.number for one in validated.checked] == [1, 2, 3, 4, 5, 6]
        results = [one.expectation_config for one in validated.result.results]
        assert [one.type for one in results if one] == [one["type"] for one in given]

    def test_parameters_take_their_values(self, validate: Validating) -> None:
        given = expectation(
            "column_values_to_be_in_set", column="kind", value_set={"$PARAMETER": "kinds"}
        )
        count = expectation("table_row_count_to_equal", value={"$PARAMETER": "rows_in - 3"})
        parameters = {"kinds": ["a", "b", "z"], "rows_in": 10}
        assert [one.status for one in validate(given, count, parameters=parameters).checked] == [
            "passed",
            "passed",
        ]
        fewer = {**parameters, "kinds": ["a"]}
        assert validate.check(given, parameters=fewer).unexpected_count == 4

    def test_the_result_is_that_of_great_expectations(self, validate: Validating) -> None:
        validated = validate(UNIQUE, MEAN)
        result: Any = validated.result
        content = result.to_json_dict()
        assert content["meta"]["run_id"] == {
            "run_name": "first run",
            "run_time": "2026-11-23T12:00:00+00:00",
        }
        assert content["statistics"]["evaluated_expectations"] == 2
        assert content["meta"]["active_batch_definition"]["data_asset_name"] == str(
            validate.folder / "shown.parquet"
        )
        assert validated.n_rows == 7
        first, _ = validated.result.results
        assert first.result["partial_unexpected_index_list"] == [{"id": 3}, {"id": 3}]
        assert "unexpected_index_query" not in first.result

    def test_a_suite_can_be_used_again(self, validate: Validating) -> None:
        suite = validate.suite(UNIQUE, MEAN)
        for _ in range(2):
            with in_this_thread():
                target = replace(validate.target, suite=suite)
                validated = validate_dataset(target, "run", RUN_TIME, validate.limits)
            assert [one.status for one in validated.checked] == ["failed", "passed"]
            assert [one.id for one in suite.expectations] == [None, None]


def rows_of(checked: Checked) -> dict[str, list[Any]]:
    assert checked.failing_rows is not None
    found: dict[str, list[Any]] = pq.read_table(checked.failing_rows).to_pydict()
    return found


class TestFailingRows:
    def test_they_have_their_number_the_keys_and_the_columns(self, validate: Validating) -> None:
        validated = validate(IN_SET, MEAN, POSITIVE)
        assert rows_of(validated.checked[0]) == {
            "row": [4, 5, 6],
            "id": [4, 5, 6],
            "kind": ["z", "z", "z"],
        }
        assert validated.checked[1].failing_rows is None
        assert rows_of(validated.checked[2]) == {"row": [5, 6], "id": [5, 6], "price": [-6.0, -7.0]}
        assert {path.name for path in validate.failing.iterdir()} == {
            "clean-01-expect_column_values_to_be_in_set-kind.parquet",
            "clean-03-expect_column_values_to_be_between-price.parquet",
        }

    @pytest.mark.parametrize("n", [1, 2, 3, 100])
    def test_no_more_than_asked_for(self, validate: Validating, n: int) -> None:
        checked = validate.check(IN_SET, n_failing=n)
        assert rows_of(checked)["row"] == [4, 5, 6][:n]
        assert checked.unexpected_count == 3

    def test_none_if_none_are_asked_for(self, validate: Validating) -> None:
        assert validate.check(IN_SET, n_failing=0).failing_rows is None
        assert not validate.failing.exists()

    def test_none_for_what_holds_mostly(self, validate: Validating) -> None:
        checked = validate.check(expectation("column_values_to_be_unique", column="id", mostly=0.5))
        assert (checked.status, checked.unexpected_count) == ("passed", 2)
        assert checked.failing_rows is None

    def test_a_key_is_not_told_twice(self, validate: Validating) -> None:
        assert rows_of(validate.check(UNIQUE)) == {"row": [2, 3], "id": [3, 3]}

    def test_keys_that_the_data_lacks_are_left_out(self, validate: Validating) -> None:
        checked = validate.check(UNIQUE, keys=("source_row", "kind"))
        assert rows_of(checked) == {"row": [2, 3], "kind": [None, "a"], "id": [3, 3]}
        assert rows_of(validate.check(UNIQUE, keys=())) == {"row": [2, 3], "id": [3, 3]}

    @pytest.mark.parametrize(
        ("given", "rows"),
        [
            (
                expectation("compound_columns_to_be_unique", column_list=["kind", "empty"]),
                [0, 3, 4, 5, 6],
            ),
            (
                expectation(
                    "column_pair_values_a_to_be_greater_than_b", column_A="price", column_B="id"
                ),
                [0, 1, 2, 3, 5, 6],
            ),
            (expectation("column_values_to_not_be_null", column="kind"), [2]),
            (expectation("column_values_to_be_increasing", column="price"), [5, 6]),
            (
                expectation(
                    "multicolumn_values_to_match_formula",
                    column_list=["price", "id"],
                    formula="id",
                    ignore_row_if="any_value_is_missing",
                ),
                [4, 5, 6],
            ),
            (
                expectation(
                    "column_values_to_be_in_set",
                    column="kind",
                    value_set=["a", "b"],
                    row_condition=where("price", "<", 0),
                ),
                [5, 6],
            ),
        ],
        ids=lambda given: given["type"] if isinstance(given, dict) else "",
    )
    def test_of_any_check_on_rows(
        self, validate: Validating, given: Written, rows: list[int]
    ) -> None:
        checked = validate.check(given)
        found = rows_of(checked)
        assert found["row"] == rows
        assert checked.unexpected_count == len(rows)
        assert [*found] == list(dict.fromkeys(["row", "id", *checked.columns]))
        for name in checked.columns:
            assert found[name] == ROWS.column(name).take(rows).to_pylist()

    def test_a_folder_that_can_not_be_written_to(self, validate: Validating) -> None:
        validate.failing.write_text("a file")
        with pytest.raises(OutputError, match=f"^cannot write {validate.failing}"):
            validate(UNIQUE)


class TestRefused:
    def test_a_dataset_without_rows(self, validate: Validating, tmp_path: Path) -> None:
        empty = write_parts([ROWS.slice(0, 0)], tmp_path / "empty")
        shown = tmp_path / "shown.parquet"
        with pytest.raises(SuiteError, match=f"^clean dataset {shown}: has no rows \\(0\\)"):
            validate(UNIQUE, path=empty)

    def test_a_column_that_the_data_lacks(self, validate: Validating) -> None:
        given = expectation("column_values_to_be_unique", column="prise")
        with pytest.raises(SuiteError, match=r"no column 'prise'; did you mean 'price'\?"):
            validate(MEAN, given)

    def test_a_parameter_without_a_value(self, validate: Validating) -> None:
        given = expectation("table_row_count_to_equal", value={"$PARAMETER": "rows_in"})
        with pytest.raises(SuiteError, match="parameter 'rows_in' has no value"):
            validate(given, parameters={"rows_on": 7})

    def test_a_dataset_that_is_not_there(self, validate: Validating, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=f"^dataset {tmp_path / 'nowhere'}: no such file"):
            validate(UNIQUE, path=tmp_path / "nowhere")

    def test_a_part_that_is_damaged(self, validate: Validating, tmp_path: Path) -> None:
        path = validate.rows / part_name(1)
        content = path.read_bytes()
        path.write_bytes(content[:4] + b"\xff" * 60 + content[64:])
        spill = tmp_path / "spill"
        spill.mkdir()
        target = replace(validate.target, suite=validate.suite(UNIQUE, IN_SET, MEAN))
        with (
            computing(replace(HERE, spill=spill)),
            pytest.raises(InputError, match=f"^dataset {path}: cannot be read: "),
        ):
            validate_dataset(target, "run", RUN_TIME, validate.limits)
        assert [*spill.iterdir()] == []
        assert not validate.failing.exists()

    @pytest.mark.parametrize("error", [ClusterError.worker_died(), RuntimeError("a bug")])
    def test_what_goes_wrong_in_a_pass_is_not_the_fault_of_expectations(
        self, validate: Validating, error: Exception
    ) -> None:
        def run(tasks: Sequence[Delayed], on_result: OnResult | None = None) -> list[Any]:
            raise error

        with computing(Computing(run=run)), pytest.raises(type(error), match=str(error)):
            validate_dataset(validate.target, "run", RUN_TIME, validate.limits)
