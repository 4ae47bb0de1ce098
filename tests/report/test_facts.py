from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from tests.conftest import ROOT
from toolkit.errors import InputError, OutputError, ValidationError
from toolkit.report.facts import (
    RepairExample,
    RepairFacts,
    RunReport,
    StageFacts,
    record_run,
    record_stage,
    versions,
    write_report,
)

UTC_TIME = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"


def make_report() -> RunReport:
    clean = StageFacts(
        "clean",
        started="2026-11-23T10:00:00+00:00",
        finished="2026-11-23T10:00:05+00:00",
        seconds=5.0,
        rows_in=1000,
        rows_clean=900,
        rows_rejected=100,
        rejected_by_reason={"unknown_region": 60, "duplicate_order_id": 40},
        repaired=[
            RepairFacts("quantity", "rounded", 7, [RepairExample("1.5", "2", "feed.csv", 3)]),
        ],
        bytes_in=102_000,
        bytes_out=20_000,
        peak_rss_bytes=123_000_000,
        paths={"clean": Path("data/clean/feed_clean.parquet")},
        notes=["lookups: the starter ones"],
    )
    return RunReport("clean-data", ["input=feed.csv"], "abc123", stages=[clean])


def test_run_json_holds_the_same_facts(tmp_path: Path) -> None:
    report = make_report()
    path = write_report(report, tmp_path / "reports" / "run")
    content = json.loads(path.read_text("utf-8"))
    assert path == tmp_path / "reports" / "run" / "run.json"
    assert content == json.loads(json.dumps(report.as_dict(), default=os.fspath))
    assert content["command"] == "clean-data"
    assert content["overrides"] == ["input=feed.csv"]
    assert content["config_hash"] == "abc123"
    assert set(content["machine"]) == {"cores", "memory_bytes"}
    (stage,) = content["stages"]
    assert stage["rows_per_second"] == 200
    assert stage["paths"] == {"clean": "data/clean/feed_clean.parquet"}
    assert stage["rejected_by_reason"] == {"unknown_region": 60, "duplicate_order_id": 40}
    example = {"raw": "1.5", "clean": "2", "source_file": "feed.csv", "source_row": 3}
    assert stage["repaired"] == [
        {"column": "quantity", "how": "rounded", "rows": 7, "examples": [example]}
    ]


def test_run_json_has_sorted_keys_and_everyone_may_read_it(tmp_path: Path) -> None:
    path = write_report(make_report(), tmp_path)
    text = path.read_text("utf-8")
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_report_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = make_report()
    old = write_report(report, tmp_path).read_bytes()

    def no_space(descriptor: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    report.status = "ok"
    with pytest.raises(OutputError, match=r"could not be written: .*run\.json: No space"):
        write_report(report, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    assert (tmp_path / "run.json").read_bytes() == old


def test_a_run_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="could not be written"):
        write_report(make_report(), tmp_path / "file" / "run")


def test_times_and_memory_are_recorded() -> None:
    report = RunReport("clean-data")
    with record_run(report), record_stage(report, "clean") as facts:
        facts.rows_in = 10
    assert report.status == "ok"
    assert report.stages == [facts]
    assert facts.peak_rss_bytes > 1_000_000
    assert 0 < facts.seconds <= report.seconds
    for moment in (report.started, report.finished, facts.started, facts.finished):
        assert re.fullmatch(UTC_TIME, moment)


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (InputError("feed.csv: is bad"), "failed", "feed.csv: is bad"),
        (ValidationError("2 did not pass"), "held back", "2 did not pass"),
        (ZeroDivisionError("division\n  by zero"), "failed", "ZeroDivisionError: division by zero"),
        (KeyboardInterrupt(), "interrupted", None),
    ],
)
def test_a_run_that_fails_says_how(error: BaseException, status: str, line: str | None) -> None:
    report = RunReport("clean-data")

    def fail() -> None:
        with record_run(report), record_stage(report, "clean"):
            raise error

    with pytest.raises(type(error)):
        fail()
    assert (report.status, report.error) == (status, line)
    assert report.stages[0].finished
    assert report.stages[0].peak_rss_bytes


@pytest.mark.parametrize(
    ("rows_in", "seconds", "rate"), [(None, 2.0, None), (10, 0.0, None), (10, 2.0, 5.0)]
)
def test_rows_per_second(rows_in: int | None, seconds: float, rate: float | None) -> None:
    assert StageFacts("clean", seconds=seconds, rows_in=rows_in).rows_per_second == rate


def test_versions_of_what_the_results_depend_on() -> None:
    found = versions()
    assert list(found) == ["python", "code", "toolkit", "dask", "pyarrow", "pandas", "numpy"]
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["dask"][0].isdigit()


def test_reporting_imports_nothing_heavy() -> None:
    code = (
        "import sys, toolkit.report.terminal, toolkit.report.progress;"
        "from toolkit.report.facts import versions; versions();"
        "print({'dask', 'pyarrow', 'pandas', 'numpy'} & {*sys.modules})"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True
    )
    assert output.stdout.strip() == "set()"
