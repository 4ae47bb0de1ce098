"""Which runs there were, and which of them are unusual."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.commands import ask
from tests.dashboard.workspaces import write_run
from tests.feeds import row_with, write_feed
from toolkit.dashboard.history import (
    cleaning_runs,
    dataset_name,
    read_runs,
    unusual_runs,
)
from toolkit.settings.workspace import Workspace

pytestmark = pytest.mark.slow

REJECTED = [100, 103, 98, 101, 99]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def unusual_after(workspace: Workspace, *runs: dict[str, Any]) -> list[list[str]]:
    """Why each of the runs is unusual, after a quiet history."""
    for number, rejected in enumerate(REJECTED):
        write_run(workspace, number, rejected=rejected)
    names = [write_run(workspace, len(REJECTED) + n, **run) for n, run in enumerate(runs)]
    found, problems = read_runs(workspace)
    assert problems == []
    unusual = unusual_runs(cleaning_runs(found, "feed"))
    assert set(unusual) <= set(names)
    return [unusual.get(name, []) for name in names]


def test_a_reject_rate_far_from_the_usual_is_unusual_and_the_next_is_not(
    workspace: Workspace,
) -> None:
    assert unusual_after(workspace, {"rejected": 300}, {"rejected": 102}) == [
        ["30.0 % rejected, usually 10.0 %"],
        [],
    ]


def test_few_rows_are_unusual_though_the_rate_is_as_ever(workspace: Workspace) -> None:
    assert unusual_after(workspace, {"rows": 500, "rejected": 50}) == [["500 rows, usually 1,000"]]


def test_what_never_varied_may_vary_a_little(workspace: Workspace) -> None:
    for number in range(6):
        write_run(workspace, number)
    inside = write_run(workspace, 6, rejected=104)
    outside = write_run(workspace, 7, rejected=107)

    runs = cleaning_runs(read_runs(workspace)[0], "feed")

    assert inside not in unusual_runs(runs)
    assert outside in unusual_runs(runs)


def test_it_takes_five_earlier_runs_to_know_what_is_usual(workspace: Workspace) -> None:
    for number in range(4):
        write_run(workspace, number)
    write_run(workspace, 4, rejected=900)

    assert unusual_runs(cleaning_runs(read_runs(workspace)[0], "feed")) == {}


def test_runs_of_other_datasets_and_runs_that_cleaned_nothing_are_left_out(
    workspace: Workspace,
) -> None:
    mine = write_run(workspace, 0)
    write_run(workspace, 1, stage={"paths": {"clean": "/data/clean/other_clean.parquet"}})
    write_run(workspace, 2, command="generate-data", stages=[])
    held = {"clean, held back": "/data/reports/x/held/feed_clean.parquet"}
    kept_apart = write_run(workspace, 3, status="held back", stage={"paths": held})

    runs, _ = read_runs(workspace)

    assert len(runs) == 4
    assert [run.name for run in cleaning_runs(runs, "feed")] == [mine, kept_apart]
    assert [run.is_held_back for run in runs] == [False, False, False, True]


def test_damaged_reports_are_named_and_the_others_are_read(
    workspace: Workspace,
) -> None:
    good = write_run(workspace, 0)
    for name, text in {"a": "{", "b": "[]", "c": "{}", "d": json.dumps({"stages": 3})}.items():
        (workspace.reports / name).mkdir()
        (workspace.reports / name / "run.json").write_text(text)

    runs, problems = read_runs(workspace)

    assert [run.name for run in runs] == [good]
    assert len(problems) == 4
    assert all("run.json" in problem for problem in problems)


def test_a_dataset_is_called_after_its_folder() -> None:
    paths = ("/x/feed_clean.parquet", "/y/feed_rejected.parquet", "/z/odd")
    assert [dataset_name(Path(path)) for path in paths] == ["feed", "feed", "odd"]


def test_daily_files_of_a_dataset_have_one_history_in_a_copied_workspace_too(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path / "data")
    for day in (1, 2, 3):
        feed = tmp_path / f"sales_2026-11-0{day}.csv"
        feed.write_bytes(write_feed([row_with(order_id=str(n)) for n in range(day)]))
        words = ("validation=off", "as_of=2026-11-23", f"data_dir={workspace.data_dir}")
        assert ask("run-pipeline", str(feed), *words).code == 0
    copied = Workspace(tmp_path / "copy" / "data")
    shutil.copytree(workspace.data_dir, copied.data_dir, symlinks=True)
    shutil.rmtree(workspace.data_dir)

    runs, problems = read_runs(copied)

    assert problems == []
    history = cleaning_runs(runs, "ecommerce")
    assert [run.n_rows for run in history] == [1, 2, 3]
    assert [run.paths["clean"] for run in history] == [
        copied.clean_dataset(f"sales_2026-11-0{day}") for day in (1, 2, 3)
    ]
    assert all(run.paths["clean"].is_dir() for run in history)
