"""A pass over the parts: all jobs at once, their results in the order of the rows."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from dask.delayed import Delayed

from tests.validate.in_parts import HERE, cut_at, dataset_of, in_this_thread, run_here
from tests.validate.sample import write_parts
from toolkit.errors import InputError
from toolkit.storage.datasets import part_name
from toolkit.validate.checks import ConditionJob, PassJob, Presence, RowCount, WholeColumns
from toolkit.validate.columns import Domain, LoadedColumns
from toolkit.validate.conditions import between
from toolkit.validate.dataset import Dataset, open_dataset
from toolkit.validate.figures import Distinct
from toolkit.validate.passes import (
    Computing,
    Failed,
    OnResult,
    RunTasks,
    computing,
    fetch_rows,
    how_computed,
    run_pass,
    spill_folder,
)
from toolkit.validate.unique import KeySpill

pytestmark = pytest.mark.slow

TABLE = pa.table(
    {
        "n": range(10),
        "word": ["a", "b", None, "a", "c", "b", "a", None, "d", "a"],
        "gap": [None, *range(1, 10)],
    }
)
ENDS = (1, 4, 4, 8)
COLUMN_N = Domain(("n",))


def in_parts() -> Dataset:
    return dataset_of(cut_at(TABLE, ENDS))


@dataclass(frozen=True)
class Numbers:
    """The values of n in the order in which parts were merged."""

    columns: tuple[str, ...] = ("n",)

    def examine(self, view: LoadedColumns) -> list[int]:
        return [int(value) for value in view.column("n").values]

    def merge(self, earlier: list[int], later: list[int]) -> list[int]:
        return earlier + later


@dataclass(frozen=True)
class Stumbling(Numbers):
    """Fails on the part, or in the merge, that brings a certain row."""

    on: int = -1
    in_merge: int = -1

    def examine(self, view: LoadedColumns) -> list[int]:
        numbers = super().examine(view)
        if self.on in numbers:
            raise ZeroDivisionError(f"row {self.on}")
        return numbers

    def merge(self, earlier: list[int], later: list[int]) -> list[int]:
        if self.in_merge in later:
            raise ZeroDivisionError(f"merge {self.in_merge}")
        return earlier + later


def shuffled(seed: int) -> RunTasks:
    """Tasks finish in another order than they come."""

    def run(tasks: Sequence[Delayed], on_result: OnResult | None = None) -> list[Any]:
        order = random.Random(seed).sample(range(len(tasks)), len(tasks))
        results = {place: run_here([tasks[place]], on_result)[0] for place in order}
        return [results[place] for place in range(len(tasks))]

    return run


class TestMerging:
    @pytest.mark.parametrize("seed", range(6))
    def test_results_are_merged_in_the_order_of_rows(self, seed: int) -> None:
        domain = Domain(("word",), "any")
        wrong = ConditionJob(COLUMN_N, between, {"max_value": 2}, n_listed=5)
        jobs: list[PassJob] = [Numbers(), wrong, Distinct(domain, 1000), Presence(domain, True, 9)]
        with computing(Computing(run=shuffled(seed), n_workers=1)):
            numbers, found, distinct, missing = run_pass(in_parts(), jobs)
        assert numbers == [*range(10)]
        assert (found.n_rows, found.n_unexpected, found.rows.tolist()) == (10, 7, [3, 4, 5, 6, 7])
        assert distinct.to_pylist() == ["a", "b", "c", "d"]
        assert missing.rows.tolist() == []

    def test_outcomes_are_let_go_once_they_are_merged(self) -> None:
        seen: list[Any] = []

        def run(tasks: Sequence[Delayed], on_result: OnResult | None = None) -> list[Any]:
            seen.extend(run_here(tasks, on_result))
            return seen

        with computing(Computing(run=run)):
            assert run_pass(in_parts(), [Numbers()]) == [[*range(10)]]
        assert [outcome.results for outcome in seen] == [[]] * 5

    def test_rows_are_counted_without_naming_a_column(self, tmp_path: Path) -> None:
        in_files = open_dataset(write_parts(cut_at(TABLE, ENDS), tmp_path / "parts"))
        for dataset in (in_parts(), in_files):
            with in_this_thread():
                assert run_pass(dataset, [RowCount(Domain(()))]) == [10]

    def test_no_jobs_find_nothing(self) -> None:
        with in_this_thread():
            assert run_pass(in_parts(), []) == []

    def test_only_the_columns_that_jobs_need_are_read(self) -> None:
        columns: list[list[str]] = []

        @dataclass(frozen=True)
        class Watching(Numbers):
            def examine(self, view: LoadedColumns) -> list[int]:
                columns.append(view.table.column_names)
                return []

        with in_this_thread():
            run_pass(in_parts(), [Watching(), Watching(("word", "n"))])
        assert columns == [["n", "word"]] * 10

    def test_a_column_that_is_not_there_is_a_bug_and_ends_the_pass(self) -> None:
        with in_this_thread(), pytest.raises(KeyError, match="nowhere"):
            run_pass(in_parts(), [Numbers(("nowhere",))])


class TestFailures:
    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize("row", [0, 5, 9])
    def test_a_job_that_fails_leaves_the_others_alone(self, row: int, seed: int) -> None:
        with computing(Computing(run=shuffled(seed))):
            failed, numbers = run_pass(in_parts(), [Stumbling(on=row), Numbers()])
        assert failed == Failed(f"row {row}")
        assert numbers == [*range(10)]

    def test_so_does_one_whose_parts_can_not_be_merged(self) -> None:
        with in_this_thread():
            failed, numbers = run_pass(in_parts(), [Stumbling(in_merge=5), Numbers()])
        assert failed == Failed("merge 5")
        assert numbers == [*range(10)]

    def test_the_first_part_that_fails_is_reported(self) -> None:
        @dataclass(frozen=True)
        class Hopeless(Numbers):
            def examine(self, view: LoadedColumns) -> list[int]:
                raise ValueError(f"from row {view.first_row} on")

        with computing(Computing(run=shuffled(1))):
            assert run_pass(in_parts(), [Hopeless()]) == [Failed("from row 0 on")]

    def test_a_damaged_part_ends_the_pass(self, tmp_path: Path) -> None:
        folder = write_parts(cut_at(TABLE, [5]), tmp_path / "parts")
        dataset = open_dataset(folder, rows_a_part=5)
        (folder / part_name(1)).write_bytes(b"PAR1 and no more")
        acts: tuple[Callable[[], Any], ...] = (
            lambda: run_pass(dataset, [Numbers()]),
            lambda: fetch_rows(dataset, [(np.array([7]), ["n"])]),
            lambda: run_pass(dataset, [WholeColumns(("n",))]),
        )
        for act in acts:
            with in_this_thread(), pytest.raises(InputError) as refusal:
                act()
            assert str(refusal.value).startswith(f"dataset {folder / part_name(1)}: cannot be read")

    def test_what_a_job_says_a_person_did_wrong_ends_the_pass(self) -> None:
        @dataclass(frozen=True)
        class Refusing(Numbers):
            def examine(self, view: LoadedColumns) -> list[int]:
                raise InputError.not_readable("rows.parquet", "gone")

        with in_this_thread(), pytest.raises(InputError, match=r"^rows\.parquet: cannot be read"):
            run_pass(in_parts(), [Numbers(), Refusing()])


class TestFetching:
    def test_rows_come_as_they_are_asked_for(self) -> None:
        requests = [
            (np.array([0, 3, 4, 9]), ["word", "n"]),
            (np.array([], np.int64), ["gap"]),
            (np.array([8]), ["n", "gap", "n"]),
        ]
        with computing(Computing(run=shuffled(3))):
            first, second, third = fetch_rows(in_parts(), requests)
        assert first == TABLE.select(["word", "n"]).take([0, 3, 4, 9])
        assert second == TABLE.select(["gap"]).slice(0, 0)
        assert third == TABLE.select(["n", "gap"]).slice(8, 1)

    @pytest.mark.parametrize(
        ("rows", "n_parts"), [([], 0), ([0], 1), ([1, 3], 1), ([3, 4], 2), ([0, 1, 4, 8], 4)]
    )
    def test_only_parts_that_hold_some_are_read(self, rows: list[int], n_parts: int) -> None:
        counts: list[int] = []

        def run(tasks: Sequence[Delayed], on_result: OnResult | None = None) -> list[Any]:
            counts.append(len(tasks))
            return run_here(tasks, on_result)

        with computing(Computing(run=run)):
            fetch_rows(in_parts(), [(np.array(rows, np.int64), ["n"])])
        assert counts == [n_parts]

    def test_whole_columns(self) -> None:
        with computing(Computing(run=shuffled(2))):
            [found] = run_pass(in_parts(), [WholeColumns(("gap", "word"))])
        assert found == TABLE.select(["gap", "word"])


class TestComputing:
    def test_a_pass_tells_its_rows(self) -> None:
        totals: list[int] = []
        done: list[int] = []
        how = replace(HERE, on_pass=totals.append, on_rows=done.append)
        with computing(how):
            run_pass(in_parts(), [Numbers()])
        assert totals == [10]
        assert done == [1, 3, 0, 4, 2]

    def test_it_holds_within_the_block_and_no_longer(self) -> None:
        before = how_computed()
        inner = replace(HERE, n_workers=7)
        with computing(HERE):
            with computing(inner):
                assert how_computed() is inner
            assert how_computed() is HERE
            with pytest.raises(ZeroDivisionError), computing(inner):
                raise ZeroDivisionError
            assert how_computed() is HERE
        assert how_computed() is before

    def test_dask_runs_passes_when_nothing_is_said(self) -> None:
        wrong = ConditionJob(COLUMN_N, between, {"min_value": 3}, n_listed=2)
        numbers, found = run_pass(in_parts(), [Numbers(), wrong])
        assert numbers == [*range(10)]
        assert found.rows.tolist() == [0, 1]

    def test_the_spill_folder_is_where_it_is_told_to_be_and_goes(self, tmp_path: Path) -> None:
        with computing(replace(HERE, spill=tmp_path)), spill_folder() as folder:
            (folder / "keys").write_text("a")
            assert folder.parent == tmp_path
        assert [*tmp_path.iterdir()] == []

    def test_it_goes_when_something_fails_too(self, tmp_path: Path) -> None:
        left: list[int] = []

        def spill_and_fail() -> None:
            with spill_folder() as folder:
                run_pass(in_parts(), [KeySpill(COLUMN_N, False, 1, folder), Stumbling(on=9)])
                left.append(len([*folder.iterdir()]))
                raise InputError.not_readable("rows", "gone")

        with computing(replace(HERE, spill=tmp_path)), pytest.raises(InputError):
            spill_and_fail()
        # Keys and their words of each part that has rows.
        assert left == [8]
        assert [*tmp_path.iterdir()] == []


def test_what_workers_import_is_without_great_expectations() -> None:
    modules = ["dataset", "columns", "conditions", "checks", "figures", "unique", "passes", "stock"]
    names = ", ".join(f"toolkit.validate.{name}" for name in modules)
    check = f"import sys, {names}; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
