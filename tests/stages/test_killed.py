"""A run that is killed is called killed, and the next run takes away what it left."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ask, script_line, wait_until
from toolkit.dashboard.history import read_runs
from toolkit.settings.workspace import Workspace
from toolkit.storage.traces import clear_killed, is_alive, living, temporary_folder

pytestmark = pytest.mark.slow


def test_a_killed_run_is_reported_and_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("a,b\n" + "1,x\n" * 2_000_000)
    running = subprocess.Popen(
        script_line("profile-data", "feed.csv"), cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: any(tmp_path.glob("data/reports/*/.spool-*")))
    [run] = (tmp_path / "data" / "reports").iterdir()
    [before], _ = read_runs(Workspace(tmp_path / "data"))
    running.send_signal(signal.SIGKILL)
    running.wait()
    [after], _ = read_runs(Workspace(tmp_path / "data"))
    assert (before.status, after.status) == ("running", "killed")
    answer = ask("generate-data", "rows=1", cwd=tmp_path)
    assert answer.code == 0
    assert f"the run {run.name} was killed" in answer.err
    assert {path.name for path in run.iterdir()} <= {".hydra", "run.json", "run.log"}
    assert json.loads((run / "run.json").read_text())["status"] == "killed"
    assert "was killed" not in ask("generate-data", "rows=1", cwd=tmp_path).err


def test_a_run_that_is_killed_before_its_work_begins_is_reported(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom toolkit.stages import generating\n"
        "from toolkit.command import cli\n"
        "generating.generate_data = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "cli.run_command('generate-data')"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert killed.returncode == -signal.SIGKILL
    [run] = (tmp_path / "data" / "reports").iterdir()
    answer = ask("generate-data", "rows=1", cwd=tmp_path)
    assert f"the run {run.name} was killed" in answer.err
    assert {path.name for path in run.iterdir()} <= {".hydra"}


def test_leftovers_outside_of_reports_go_when_nobody_is_at_work(tmp_path: Path) -> None:
    data, own = tmp_path / "data", tmp_path / "data" / "reports" / "own"
    left = [
        *("data/lookups/.map.json.staging", "data/input/shared/.feed.csv.lock"),
        *("data/reports/sweep_1/.sweep.json.lock", "conf/dataset/.x.yaml.staging"),
    ]
    for name in left:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    with living(data / "reports" / "other"):
        assert is_alive(data / "reports" / "other")
        clear_killed(data, own)
        assert all((tmp_path / name).exists() for name in left)
    clear_killed(data, own)
    assert not any((tmp_path / name).exists() for name in left)


def test_an_interrupt_while_a_temporary_folder_is_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.mkdir

    def made_and_interrupted(self: Path, parents: bool = False) -> None:
        real(self, parents=parents)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "mkdir", made_and_interrupted)
    with pytest.raises(KeyboardInterrupt), temporary_folder(tmp_path, "validate-"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("last", ["lookup", "suite", "contract"])
def test_a_dataset_whose_files_were_half_written_is_taken_back(tmp_path: Path, last: str) -> None:
    """Killed after the `last` file got its name: half a folder of lookups hides the starters."""
    data, names = tmp_path / "data", ["lookup", "suite", "contract"]
    files = {
        "lookup": data / "lookups" / "own.json",
        "suite": tmp_path / "expectations" / "x" / "clean.json",
        "contract": tmp_path / "conf" / "dataset" / "x.yaml",
    }
    for path in files.values():
        path.parent.mkdir(parents=True)
        path.with_name(f".{path.name}.staging").write_text("{}")
    for name in names[: names.index(last) + 1]:
        os.link(files[name].with_name(f".{files[name].name}.staging"), files[name])
    clear_killed(data, data / "reports" / "own")
    is_whole = last == "contract"
    assert [path.exists() for path in files.values()] == [is_whole] * 3
    assert Workspace(data).has_own_lookups is is_whole
    assert list(tmp_path.rglob(".*.staging")) == []


def test_taking_back_leaves_what_the_killed_run_did_not_write(tmp_path: Path) -> None:
    lookups = tmp_path / "data" / "lookups"
    lookups.mkdir(parents=True)
    for name in ("own.json", ".own.json.staging"):
        (lookups / name).write_text("{}")
    clear_killed(tmp_path / "data", tmp_path / "data" / "reports" / "own")
    assert [path.name for path in lookups.iterdir()] == ["own.json"]


@pytest.mark.parametrize("word", [b"n\xff.csv", b"input=n\xff.csv", b"input=n*.csv"])
def test_a_name_that_is_not_utf8_is_one_line(tmp_path: Path, word: bytes) -> None:
    (tmp_path / os.fsdecode(b"n\xff.csv")).write_text("a,b\n1,2\n")
    answer = ask("run-pipeline", os.fsdecode(word), cwd=tmp_path)
    assert answer.code == 2
    [line] = answer.err.splitlines()
    assert "n\\udcff.csv" in line
    assert "UTF-8" in line
    assert "rename" in line


def test_nothing_is_removed_where_a_folder_cannot_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "reports" / "now"
    left = tmp_path / "reports" / "before" / ".alive"
    for folder in (own, left.parent):
        folder.mkdir(parents=True)
    left.touch()

    def unlisted(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as disk:
        disk.setattr(os, "scandir", unlisted)
        assert clear_killed(tmp_path, own) == []
    assert left.exists()
    assert clear_killed(tmp_path, own) == ["before"]
