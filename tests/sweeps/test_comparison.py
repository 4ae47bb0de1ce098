"""Folders of a sweep -> figures, best ones, text; golden files hold what a person sees."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.sweeps.folders import Made, make_sweep, worked_sweep
from tests.sweeps.stages import stage_facts
from toolkit.sweeps.comparison import ComparedJob, Comparison, read_comparison, read_seconds
from toolkit.sweeps.page import comparison_page
from toolkit.sweeps.publish import compare, comparison_table
from toolkit.sweeps.table import ComparisonTable

GOLDEN = Path(__file__).parents[1] / "golden" / "sweeps"


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return worked_sweep(tmp_path / "sweep")


@pytest.mark.parametrize("columns", [60, 160])
def test_on_a_terminal(sweep: Path, columns: int) -> None:
    out = io.StringIO()
    console = Console(file=out, width=columns, force_terminal=False, color_system=None)
    console.print(ComparisonTable(read_comparison(sweep), sweep), crop=False)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert lines.pop() == f"comparison  {sweep / 'summary.html'}"
    assert lines == (GOLDEN / f"{columns}.txt").read_text("utf-8").splitlines()


def test_as_json(sweep: Path) -> None:
    compare(sweep, io.StringIO())
    assert (sweep / "summary.json").read_text("utf-8") == (GOLDEN / "summary.json").read_text(
        "utf-8"
    )


def test_as_parquet(sweep: Path) -> None:
    compare(sweep, io.StringIO())
    rows = pq.read_table(sweep / "summary.parquet").to_pylist()
    assert len(rows) == 5
    assert rows[1] == {
        "number": 1,
        "status": "ok",
        "error": None,
        "validation_result": "passed",
        "partitions.count": "1",
        "cluster": "processes",
        "seconds_clean": 1.0,
        "seconds_aggregate": 0.5,
        "seconds": 1.5,
        "rows_per_second": 200.0,
        "peak_rss_bytes": 123_456_789.0,
        "rows_clean": 200.0,
        "rows_rejected": 100.0,
    }
    assert {name for name, value in rows[4].items() if value is not None} == {
        *("number", "status", "validation_result", "partitions.count", "cluster"),
    }


def test_nothing_but_the_summaries_is_left(sweep: Path) -> None:
    before = {path.name for path in sweep.iterdir()}
    compare(sweep, io.StringIO())
    made = {path.name for path in sweep.iterdir()} - before
    assert made == {"summary.html", "summary.json", "summary.parquet"}


@given(st.permutations(range(5)))
@pytest.mark.slow
def test_the_order_of_the_jobs_does_not_matter(order: list[int]) -> None:
    jobs = [
        ComparedJob(
            n,
            (f"seed={n % 3}", f"mode={'dirty' if n % 2 else 'clean'}"),
            "failed" if n == 4 else "ok",
            figures={} if n == 4 else {"seconds_clean": 1.0 + n % 2, "seconds": 3.0 - n},
        )
        for n in range(5)
    ]
    straight = Comparison("clean-data", "2026-11-24T11:51:54+00:00", jobs)
    mixed = Comparison("clean-data", straight.started, [jobs[n] for n in order])
    assert json.dumps(mixed.as_dict()) == json.dumps(straight.as_dict())
    assert comparison_table(mixed).equals(comparison_table(straight))
    assert comparison_page(mixed, Path("/s")) == comparison_page(straight, Path("/s"))


def test_what_varies_is_what_not_all_jobs_set_to_the_same() -> None:
    words = [("a=1", "b=2", "+c=3"), ("a=1", "b=3", "+c=3"), ("a=1", "b=2", "c=3", "~d")]
    jobs = [ComparedJob(n, overrides, "ok") for n, overrides in enumerate(words)]
    assert Comparison("clean-data", "", jobs).varied == ["b", "~d"]


def test_best_is_lowest_or_highest_or_nobody() -> None:
    figures = [
        {"seconds": 2.0, "rows_per_second": 5.0, "rows_clean": 7, "peak_rss_bytes": 9},
        {"seconds": 1.0, "rows_per_second": 6.0, "rows_clean": 8, "peak_rss_bytes": 9},
        {"seconds": 1.0, "rows_per_second": 4.0, "rows_clean": 9, "peak_rss_bytes": 9},
    ]
    jobs = [ComparedJob(n, (), "ok", figures=of_job) for n, of_job in enumerate(figures)]
    # Rows are no matter of taste, and where all are equal none is best.
    assert Comparison("x", "", jobs).best == {"seconds": {1, 2}, "rows_per_second": {1}}


def test_a_job_is_reported_as_its_folder_has_it(tmp_path: Path) -> None:
    folder = make_sweep(
        tmp_path / "s",
        [
            Made(("seed=1",)),
            Made(("seed=2",), "running"),
            Made(("seed=3",), "interrupted", stages=None),
            Made(("seed=4",), None),
            Made(("seed=5",), "failed", "gate", stages=[stage_facts(validation={"clean": "odd"})]),
        ],
    )
    jobs = read_comparison(folder).jobs
    statuses = ["ok", "unfinished", "interrupted", "not run", "failed"]
    assert [job.status for job in jobs] == statuses
    assert [bool(job.figures) for job in jobs] == [True, False, False, False, False]
    assert [job.validated for job in jobs] == ["-", "-", "-", "-", "clean odd"]
    assert jobs[3].overrides == ("seed=4",)
    assert [read_seconds(folder / str(n)) for n in range(5)] == [2.0, None, None, None, None]


def test_jobs_that_nobody_planned_are_found(tmp_path: Path) -> None:
    made = [Made(("seed=1",)), Made(("seed=2",))]
    folder = make_sweep(tmp_path / "s", made, planned=False)
    assert [job.overrides for job in read_comparison(folder).jobs] == [("seed=1",), ("seed=2",)]
