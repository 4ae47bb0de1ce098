"""Sweeps as a user runs them: commands in processes of their own, in an empty folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import time
import tomllib
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest

from tests.commands import fork, read, script_line
from tests.feeds import row_with, write_feed
from tests.test_pipeline import AGGREGATIONS, HIDDEN, same

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
GOOD = write_feed([row_with()])


def run(cwd: Path, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    return fork(name, *words, cwd=cwd)


def sweeps_in(data_dir: Path) -> list[Path]:
    return sorted((data_dir / "reports").glob("sweep_*"))


def summary(sweep: Path) -> Any:
    return json.loads((sweep / "summary.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep that comes with the toolkit, at a tiny size."""
    folder = tmp_path_factory.mktemp("worked")
    words = ["experiment=partitioning", "rows=500,600", "partitions.count=1,3"]
    done = run(folder, "run-pipeline", *words, "cluster=threads,sync")
    assert done.returncode == 0, done.stderr
    (sweep,) = sweeps_in(folder / "data")
    return sweep


def test_what_is_typed_takes_the_place_of_what_the_file_varies(worked: Path) -> None:
    told = summary(worked)
    assert told["varied"] == ["rows", "partitions.count", "cluster"]
    assert [tuple(job["varied"].values()) for job in told["jobs"]] == [
        (rows, count, cluster)
        for rows in ("500", "600")
        for count in ("1", "3")
        for cluster in ("threads", "sync")
    ]


def test_each_job_has_all_its_outputs_to_itself(worked: Path) -> None:
    clean: dict[str, Any] = {}
    for job in summary(worked)["jobs"]:
        folder = worked / str(job["number"])
        rows = int(job["varied"]["rows"])
        stem = f"feed_{rows}_seed42_dirty_2026-11-23"
        table = read(folder / "clean" / f"{stem}_clean.parquet")
        rejected = read(folder / "rejected" / f"{stem}_rejected.parquet")
        assert table.num_rows + rejected.num_rows == rows
        assert (job["rows_clean"], job["rows_rejected"]) == (table.num_rows, rejected.num_rows)
        assert {
            path.stem for path in (folder / "aggregations" / "ecommerce").glob("*.parquet")
        } == AGGREGATIONS
        assert (folder / "run.json").is_file()
        # Results do not depend on how the work was split.
        assert same(clean.setdefault(stem, table), table)
    data = worked.parents[1]
    assert sorted(path.name for path in data.iterdir()) == [".mask_key", "input", "reports"]
    assert {path.name for path in data.rglob(".*")} <= HIDDEN


def test_inputs_are_generated_once_and_shared(worked: Path) -> None:
    shared = worked.parents[1] / "input" / "shared"
    names = [f"feed_{rows}_seed42_dirty_2026-11-23" for rows in (500, 600)]
    assert sorted(path.name for path in shared.glob("*.csv")) == [f"{name}.csv" for name in names]
    assert sorted(summary(worked)["shared_inputs"]) == names
    for job in summary(worked)["jobs"]:
        report = json.loads((worked / str(job["number"]) / "run.json").read_text())
        assert [stage["name"] for stage in report["stages"]] == ["clean", "aggregate"]


def test_figures_are_those_of_the_run_reports(worked: Path) -> None:
    for job in summary(worked)["jobs"]:
        report = json.loads((worked / str(job["number"]) / "run.json").read_text())
        clean, aggregate = report["stages"]
        assert job["seconds"] == report["seconds"]
        assert (job["seconds_clean"], job["seconds_aggregate"]) == (
            clean["seconds"],
            aggregate["seconds"],
        )
        assert job["rows_per_second"] == clean["rows_in"] / report["seconds"]
        assert job["peak_rss_bytes"] == max(s["peak_rss_bytes"] for s in report["stages"])
    rows = pq.read_table(worked / "summary.parquet").to_pylist()
    assert [row["seconds"] for row in rows] == [job["seconds"] for job in summary(worked)["jobs"]]


def test_a_job_that_failed_is_reported_and_can_be_run_when_mended(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_bytes(GOOD)
    (tmp_path / "bad.csv").write_text("x,y\n")
    words = ["--multirun", "input=good.csv,bad.csv", "cluster=sync", "validation=off"]
    done = run(tmp_path, "run-pipeline", *words)
    assert done.returncode == 4
    reason = "bad.csv: 9 of the contract's columns are missing from the header"
    assert f"job 1 failed: input=bad.csv cluster=sync validation=off: {reason}" in done.stdout
    assert done.stderr.splitlines()[-1] == "error: 1 of 2 runs failed"
    (sweep,) = sweeps_in(tmp_path / "data")
    assert read(sweep / "0" / "clean" / "good_clean.parquet").num_rows == 1

    (tmp_path / "bad.csv").write_bytes(
        write_feed([row_with(), row_with(order_id="A2", category="Spaceships")])
    )
    done = run(tmp_path, "run-pipeline", *words, "sweep.resume=true")
    assert done.returncode == 0, done.stderr
    assert "run 1 of 2: input=good.csv cluster=sync validation=off: done before\n" in done.stderr
    assert sweeps_in(tmp_path / "data") == [sweep]
    assert [(job["status"], job["rows_rejected"]) for job in summary(sweep)["jobs"]] == [
        ("ok", 0),
        ("ok", 1),
    ]


@pytest.mark.parametrize(
    "how", [["cluster=processes"], ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]]
)
def test_ctrl_c_keeps_what_is_done(how: list[str], tmp_path: Path) -> None:
    # One that is done at once, and one that takes much longer than anybody waits.
    rows = ["rows=100,200000", "partitions=by_count", "partitions.count=400"]
    words = ["--multirun", *rows, "validation=off", *how]
    process = subprocess.Popen(
        script_line("run-pipeline", *words),
        cwd=tmp_path,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        done, begun = "data/reports/*/0/job.json", "data/reports/*/1/.versions/*/scratch/*"
        while not (
            any('"ok"' in path.read_text() for path in tmp_path.glob(done))
            and [*tmp_path.glob(begun)]
        ):
            assert process.poll() is None
            time.sleep(0.05)
        family = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "sweep.resume=true runs only what is missing" in err
    psutil.wait_procs(family, timeout=20)
    assert [one for one in family if one.is_running()] == []
    (sweep,) = sweeps_in(tmp_path / "data")
    assert [job["status"] for job in summary(sweep)["jobs"]] in (
        ["ok", "interrupted"],
        ["ok", "unfinished"],
    )
    assert "job 1" in out
    # It was ended, not waited for.
    assert [*sweep.glob("1/clean/*.parquet")] == []


def test_a_workspaces_own_lookups_and_configs_hold_for_its_sweeps(tmp_path: Path) -> None:
    rows = [row_with(), row_with(order_id="A2", category="Books")]
    (tmp_path / "feed.csv").write_bytes(write_feed(rows))
    own = tmp_path / "work" / "conf" / "partitions"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("kind: by_count\ncount: 2\n")
    lookups = tmp_path / "work" / "data" / "lookups"
    lookups.mkdir(parents=True)
    for path in (ROOT / "data" / "lookups").iterdir():
        text = path.read_text("utf-8").replace("Office", "Desks")
        (lookups / path.name).write_text(text, "utf-8")
    words = ["-m", "feed.csv", "partitions=mine,auto", "data_dir=work/data", "cluster=sync"]
    words.append("validation=off")
    done = run(tmp_path, "run-pipeline", *words)
    assert done.returncode == 0, done.stderr
    assert "starter ones" not in done.stderr
    (sweep,) = sweeps_in(tmp_path / "work" / "data")
    reasons = [
        json.loads((sweep / n / "run.json").read_text())["stages"][0]["rejected_by_reason"]
        for n in "01"
    ]
    assert reasons == [{"unknown_category": 1}] * 2


def test_other_commands_read_the_workspace_and_write_to_the_job(tmp_path: Path) -> None:
    assert run(tmp_path, "generate-data", "rows=200").returncode == 0
    assert run(tmp_path, "clean-data", "cluster=sync", "validation=off").returncode == 0
    data = tmp_path / "data"
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*") if path.is_file()}
    for command in ("generate-data", "clean-data", "build-aggregations"):
        varied = "rows=200,300" if command == "generate-data" else "cluster=sync,threads"
        done = run(tmp_path, command, "-m", varied, "validation=off")
        assert done.returncode == 0, done.stderr
        sweep = sweeps_in(data)[-1]
        expected = {
            "generate-data": "input/raw_ecommerce_data.csv",
            "clean-data": "clean/raw_ecommerce_data_clean.parquet",
            "build-aggregations": "aggregations/ecommerce/top_categories.parquet",
        }[command]
        assert [(sweep / n / expected).exists() for n in "01"] == [True, True]
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_an_output_that_differs_is_where_a_job_writes(tmp_path: Path) -> None:
    done = run(tmp_path, "generate-data", "-m", "seed=1,2", "rows=10", "output=feeds/${seed}.csv")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "feeds").iterdir()) == ["1.csv", "2.csv"]


TWICE = ("-m", "cluster=sync,threads")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            [*TWICE, "output=x"],
            "output=x: several jobs would write there; leave it out",
        ),
        (
            [*TWICE, "hydra.sweep.subdir=x"],
            "hydra.sweep.subdir=x: the folder of a job",
        ),
        (["sweep.resume=true"], "sweep.resume=true: is for --multirun"),
        (
            [*TWICE, "sweep.resume=true"],
            "sweep.resume: no sweep with these 2 jobs in ",
        ),
        (
            [*TWICE, "sweep.resum=true"],
            "sweep.resum=true: unknown key; did you mean",
        ),
        (["experiment=partitionin"], "experiment=partitionin: unknown option; did you mean 'part"),
        (
            ["experiment=partitioning", "cluster=sync,thread"],
            "cluster=thread: unknown option; did you mean 'threads'?",
        ),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    words: list[str], line: str, tmp_path: Path
) -> None:
    done = run(tmp_path, "clean-data", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {line}")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["hydra/launcher=joblib"], ["hydra/sweeper=optuna"]])
def test_a_plugin_that_is_not_installed_is_named(words: list[str], tmp_path: Path) -> None:
    # A regular package of that name hides those that are installed.
    (tmp_path / "site" / "hydra_plugins").mkdir(parents=True)
    (tmp_path / "site" / "hydra_plugins" / "__init__.py").touch()
    done = subprocess.run(
        script_line("clean-data", "-m", "cluster=sync,threads", *words),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert f"install it with: {shlex.join(['pip', 'install', *extra['sweep']])}" in done.stderr


# Less of the same, so that it is soon over.
SMALL = {
    "size=small,medium": "rows=200,300",
    "size=medium": "rows=200",
    "seed=1,2,3,4": "seed=1,2",
    "partitions.count=1,4": "partitions.count=4",
    "hydra.sweeper.n_trials=20": "hydra.sweeper.n_trials=2",
    "cluster=threads,processes": "cluster=sync,threads",
    "experiment=partitioning": "experiment=partitioning cluster=threads",
}
DOCUMENT = (ROOT / "docs" / "sweeps.md").read_text("utf-8")
LINES = [
    line
    for block in re.findall(r"```sh\n(.*?)```", DOCUMENT, re.DOTALL)
    for line in block.splitlines()
    if not line.startswith("pip ")
]


def test_the_documentation_shows_some_commands_and_files_that_exist() -> None:
    assert len(LINES) == 6
    for path in re.findall(r"`(conf/[\w/]+\.yaml)`", DOCUMENT):
        assert (ROOT / path).is_file()


@pytest.mark.parametrize("line", [line for line in LINES if "sweep.resume" not in line])
def test_what_the_documentation_shows_works(line: str, tmp_path: Path) -> None:
    """Each line, and where one resumes a sweep, that line after the one that began it."""
    again = [other for other in LINES if other == f"{line} sweep.resume=true"]
    for shown in (line, *again):
        name, *words = shown.split()
        small = " ".join(SMALL.get(word, word) for word in words).split()
        done = run(tmp_path, name, *small, "validation=off")
        assert done.returncode == 0, (shown, done.stderr)
        assert "summary.html" in done.stdout
