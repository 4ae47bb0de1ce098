"""Sweeps of small stages: folders, exit codes, messages, and that no job disturbs another."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.sweeps.stages import SEEN_FILE, fail_by_seed, look_around, make_a_mess
from toolkit.command.run import run_through_hydra
from toolkit.command.sweep import SOME_RUNS_FAILED
from toolkit.errors import ConfigError, OutputError
from toolkit.report.sampling import describe_machine
from toolkit.settings.commands import COMMANDS
from toolkit.storage.locks import locked
from toolkit.sweeps.record import SWEEP_FILE

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("in_an_empty_folder")]


def run(*words: str, command: str = "run-pipeline") -> int:
    return run_through_hydra(COMMANDS[command], ["--multirun", *words], fail_by_seed)


def only_sweep(data_dir: Path = Path("data")) -> Path:
    (sweep,) = (data_dir / "reports").iterdir()
    return sweep


def seen(sweep: Path) -> dict[int, Any]:
    """What each job that began has written down."""
    files = sorted(sweep.glob(f"*/{SEEN_FILE}"))
    return {int(path.parent.name): json.loads(path.read_text()) for path in files}


def summary(sweep: Path) -> Any:
    return json.loads((sweep / "summary.json").read_text("utf-8"))


def test_a_sweep_goes_on_after_failures_and_reports_them(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("seed=1,2,3,4,9", "size=tiny") == SOME_RUNS_FAILED == 4
    told = capfd.readouterr()
    lines = told.err.splitlines()
    assert "run 5 of 5: seed=9 size=tiny" in lines
    assert [line for line in lines if line.startswith("error:")] == [
        "error: seed=1 size=tiny: input x.csv: no such file",
        "error: seed=2 size=tiny: ValueError: a bug",
        "error: seed=3 size=tiny: a stage left with sys.exit(3)",
        "error: seed=4 size=tiny: its process was killed by SIGKILL, most likely out of memory",
        "error: 4 of 5 runs failed",
    ]
    output = (only_sweep() / "1" / "output.txt").read_text()
    assert output.startswith("Traceback")
    assert output.count("ValueError: a bug") == 1
    assert "job 4" not in told.out
    assert "job 3 failed: seed=4 size=tiny: its process was killed" in told.out
    assert [job["status"] for job in summary(only_sweep())["jobs"]] == ["failed"] * 4 + ["ok"]


def test_a_sweep_that_goes_well_is_a_success(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("size=tiny,small", "seed=range(7,9)", "--log-level=ERROR") == 0
    sweep = only_sweep()
    assert sweep.name.startswith("sweep_")
    facts = seen(sweep)
    assert [(facts[n]["rows"], facts[n]["seed"]) for n in range(4)] == [
        *((1000, 7), (1000, 8), (100_000, 7), (100_000, 8)),
    ]
    assert [facts[n]["results_dir"] for n in range(4)] == [
        str(sweep.absolute() / str(n)) for n in range(4)
    ]
    # What jobs print is kept with them; the comparison is what one sees.
    assert (sweep / "3" / "output.txt").read_text() == "the summary\n"
    assert "the summary" not in capfd.readouterr().out


def test_a_sweep_over_workspaces_has_one_folder(tmp_path: Path) -> None:
    assert run("seed=7,8", "data_dir=work/${seed}-${hydra:job.num}/data") == 0
    sweep = only_sweep(tmp_path / "work/7-0/data")
    assert [facts["data_dir"] for facts in seen(sweep).values()] == [
        *("work/7-0/data", "work/8-1/data"),
    ]
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["7-0"]


def test_each_job_logs_into_its_own_folder_only() -> None:
    assert run("seed=7", "mode=dirty,clean") == 0
    logs = [(only_sweep() / n / "run.log").read_text("utf-8").splitlines() for n in "01"]
    assert [len(lines) for lines in logs] == [1, 1]
    assert [lines[0].split()[-1] for lines in logs] == ["0", "1"]
    open_logs = [h for h in logging.getLogger().handlers if isinstance(h, logging.FileHandler)]
    assert open_logs == []


def test_nothing_that_a_job_leaves_reaches_the_next(tmp_path: Path) -> None:
    before = look_around()
    job = COMMANDS["run-pipeline"]
    assert run_through_hydra(job, ["-m", "seed=7,8,9"], make_a_mess) == 0
    first, second, third = seen(only_sweep()).values()
    expected = {**before, "handlers": ["StreamHandler", "FileHandler"], "cwd": str(tmp_path)}
    assert first == second == third == expected
    after = look_around()
    assert {**after, "handlers": 0} == {**before, "handlers": 0}


def test_the_environment_of_a_job_is_that_of_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    job = COMMANDS["run-pipeline"]
    for value in ("one", "two"):
        monkeypatch.setenv("LEFT_BEHIND", value)
        words = ["-m", "seed=7", f"data_dir={value}/data"]
        assert run_through_hydra(job, words, make_a_mess) == 0
        assert seen(only_sweep(Path(value) / "data"))[0]["environment"] == value


# --- resuming ------------------------------------------------------------------------------------


def test_only_what_is_missing_is_run_again(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("seed=7,1,8") == 4
    sweep = only_sweep()
    first = {n: (sweep / str(n) / SEEN_FILE).stat().st_mtime_ns for n in range(3)}
    (sweep / "2" / "job.json").unlink()  # as if it had never begun
    capfd.readouterr()
    assert run("seed=7,1,8", "sweep.resume=true") == 4
    assert only_sweep() == sweep
    again = {n: (sweep / str(n) / SEEN_FILE).stat().st_mtime_ns for n in range(3)}
    assert [again[n] > first[n] for n in range(3)] == [False, True, True]
    lines = capfd.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("run ")] == [
        "run 1 of 3: seed=7: done before",
        "run 2 of 3: seed=1",
        "run 3 of 3: seed=8",
    ]
    assert [job["status"] for job in summary(sweep)["jobs"]] == ["ok", "failed", "ok"]
    # Nor does a later look at the folder tell that it was resumed.
    assert "sweep" not in (sweep / "2" / ".hydra" / "overrides.yaml").read_text()


def test_a_job_whose_report_is_gone_is_missing() -> None:
    run("seed=7,8")
    (only_sweep() / "1" / "run.json").unlink()
    assert run("seed=7,8", "sweep.resume=true") == 0
    assert (only_sweep() / "1" / "run.json").is_file()


def test_other_values_are_another_sweep(tmp_path: Path) -> None:
    run("seed=7,8")
    before = only_sweep()
    with pytest.raises(ConfigError, match=r"no sweep with these 3 jobs in data/reports"):
        run("seed=7,8,9", "sweep.resume=true")
    with pytest.raises(ConfigError, match=r"no sweep with these 2 jobs"):
        run("seed=8,7", "sweep.resume=true")
    with pytest.raises(ConfigError, match=r"no sweep with these 2 jobs"):
        run("seed=7,8", "sweep.resume=true", command="generate-data")
    assert only_sweep() == before


def test_the_latest_of_several_is_resumed() -> None:
    run("seed=7,1")
    run("seed=7,1", "hydra.sweep.dir=data/reports/z")
    record = json.loads(Path("data/reports/z", SWEEP_FILE).read_text())
    record["started"] = "2020-01-01T00:00:00+00:00"
    Path("data/reports/z", SWEEP_FILE).write_text(json.dumps(record))
    before = Path("data/reports/z/1/job.json").stat().st_mtime_ns
    run("seed=7,1", "sweep.resume=true")
    assert Path("data/reports/z/1/job.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("workers", ["7,8", "7,1"])
def test_a_changed_input_of_a_finished_job_is_refused(workers: str) -> None:
    Path("a.csv").write_text("x")
    words = [f"cluster.workers={workers}", "input=a.csv"]
    run(*words)
    Path("a.csv").write_text("xy")
    with pytest.raises(ConfigError, match=r"changed since jobs of .* were run: a\.csv; "):
        run(*words, "sweep.resume=true")


def test_a_changed_input_of_a_failed_job_is_what_one_resumes_for() -> None:
    run("cluster.workers=1", "input=a.csv,b.csv")
    Path("b.csv").write_text("mended")
    assert run("cluster.workers=1", "input=a.csv,b.csv", "sweep.resume=true") == 4


@pytest.mark.parametrize("changed", ["lookups", "conf"])
def test_changed_lookups_and_configs_are_refused(changed: str) -> None:
    lookup, own = Path("data/lookups/mine.json"), Path("conf/partitions/mine.yaml")
    for path in (lookup, own):
        path.parent.mkdir(parents=True)
    lookup.write_text("{}")
    own.write_text("kind: by_count\ncount: 2\n")
    words = ["seed=7,8", "partitions=mine"]
    assert run(*words) == 0
    if changed == "lookups":
        lookup.write_text('{"a": 1}')
    else:
        own.write_text("kind: by_count\ncount: 3\n")
    named = "the config" if changed == "conf" else "data/lookups/mine.json"
    with pytest.raises(ConfigError, match=rf"were run: {named}; "):
        run(*words, "sweep.resume=true")


def test_a_sweep_that_runs_cannot_be_resumed_beside_it() -> None:
    run("seed=7,1")
    with locked(only_sweep() / SWEEP_FILE), pytest.raises(OutputError, match="by another run"):
        run("seed=7,1", "sweep.resume=true")


def test_a_folder_that_holds_a_sweep_is_not_written_over() -> None:
    run("seed=7", "hydra.sweep.dir=here")
    with pytest.raises(ConfigError, match=r"here: contains a sweep"):
        run("seed=7", "hydra.sweep.dir=here")
    assert run("seed=7", "hydra.sweep.dir=here", "sweep.resume=true") == 0


# --- launchers and sweepers ----------------------------------------------------------------------


def test_several_jobs_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    words = ["seed=7,2", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    assert run(*words, "cluster.workers=3,null") == 4
    sweep = only_sweep()
    assert [job["status"] for job in summary(sweep)["jobs"]] == ["ok", "ok", "failed", "failed"]
    workers = [facts["workers"] for facts in seen(sweep).values()]
    assert workers == [3, max(1, describe_machine()["cores"] // 2)] * 2
    # Two that talk at once would not be understood.
    assert (sweep / "2" / "output.txt").read_text().count("ValueError: a bug") == 1
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_optuna_minimises_the_seconds() -> None:
    words = ["seed=choice(1,7)", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=4"]
    assert run(*words, "hydra.sweeper.sampler.seed=2") == 4
    sweep = only_sweep()
    jobs = summary(sweep)["jobs"]
    assert [job["overrides"] for job in jobs if job["status"] == "ok"]
    assert {tuple(job["overrides"]): job["status"] for job in jobs} == {
        ("seed=1",): "failed",
        ("seed=7",): "ok",
    }
    found = (sweep / "optimization_results.yaml").read_text()
    assert "seed: 7" in found
    assert "best_value: 1.5" in found
    with pytest.raises(ConfigError, match="decides on its jobs as it goes"):
        run(*words, "sweep.resume=true")
