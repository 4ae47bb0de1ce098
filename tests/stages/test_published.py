"""What goes wrong after publication changes no exit code: the outputs are there."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.commands import ask, script_line
from tests.forks import run_forked
from toolkit.report.facts import record_stage
from toolkit.settings.config import Settings
from toolkit.stages import generating
from toolkit.stages.run import open_run
from toolkit.storage.interrupts import hold_interrupts

pytestmark = pytest.mark.slow

# What a stage may do, and then be struck by.
FAULTS = {
    "mistake": "raise InputError.is_empty('feed.csv')",
    "disk": "raise OutputError.cannot_write('x', OSError(5, 'Input/output error'))",
    "bug": "raise IndexError('a bug')",
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM); time.sleep(0.05)",
    "SIGHUP": "os.kill(os.getpid(), signal.SIGHUP); time.sleep(0.05)",
    "SIGINT": "os.kill(os.getpid(), signal.SIGINT); time.sleep(0.05)",
}
PROGRAM = """
import os, signal, sys, time
from toolkit.command import cli
from toolkit.errors import InputError, OutputError
from toolkit.report.facts import record_stage
from toolkit.stages import generating
from toolkit.stages.run import open_run

def stage(settings, run_dir):
    with open_run("generate-data", settings, run_dir) as run, record_stage(run.report, "generate"):
        if {published}:
            run.mark_published()
        {fault}

generating.generate_data = stage
sys.argv[0] = "generate-data"
sys.exit(cli.main())
"""


def struck(fault: str, folder: Path, *, published: bool) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(published=published, fault=FAULTS[fault])
    return run_forked(program, "size=tiny", cwd=folder)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_after_publication_leaves_exit_code_0(fault: str, tmp_path: Path) -> None:
    done = struck(fault, tmp_path, published=True)
    assert done.returncode == 0, done.stderr
    assert "untouched" not in done.stderr
    assert ("the outputs are published; " in done.stderr) is not fault.startswith("SIG")
    assert ("Traceback" in done.stderr) is (fault == "bug")
    [run] = tmp_path.glob("data/reports/*/run.json")
    assert '"status": "ok"' in run.read_text("utf-8")
    assert '"published": true' in run.read_text("utf-8")


@pytest.mark.parametrize("fault", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_before_publication_every_signal_is_a_ctrl_c(fault: str, tmp_path: Path) -> None:
    done = struck(fault, tmp_path, published=False)
    assert done.returncode == 130, done.stderr
    assert done.stderr.endswith("interrupted; earlier outputs are untouched\n")
    [run] = tmp_path.glob("data/reports/*/run.json")
    assert '"status": "interrupted"' in run.read_text("utf-8")


def test_a_report_that_cannot_be_written_is_one_line_once_all_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish(settings: Settings, run_dir: Path) -> None:
        with open_run("generate-data", settings, run_dir) as run:
            with record_stage(run.report, "generate"):
                run.mark_published()
            (run_dir / "run.json").unlink()
            (run_dir / "run.json").mkdir()

    monkeypatch.setattr(generating, "generate_data", publish)
    answer = ask("generate-data", "size=tiny", cwd=tmp_path)
    assert answer.code == 0
    assert "the outputs are published; the report could not be written: " in answer.err
    assert "untouched" not in answer.err


def test_a_signal_that_comes_while_the_outputs_are_put_in_place_is_too_late(
    tmp_path: Path,
) -> None:
    """As for the block that commits: signals are held, and the run is marked inside of it."""
    program = PROGRAM.format(published=False, fault=(
        "from toolkit.storage.interrupts import hold_interrupts\n"
        "        with hold_interrupts():\n"
        "            os.kill(os.getpid(), signal.SIGTERM)\n"
        "            run.mark_published()"
    ))  # fmt: skip
    assert run_forked(program, "size=tiny", cwd=tmp_path).returncode == 0


def test_signals_that_are_held_are_raised_at_the_end_of_the_block() -> None:
    order: list[str] = []

    def press() -> None:
        with hold_interrupts():
            with hold_interrupts():
                signal.raise_signal(signal.SIGINT)
            order.append("held")
        order.append("not raised")

    with pytest.raises(KeyboardInterrupt):
        press()
    assert order == ["held"]


LISTENERS = {"a closed pipe": "| true", "a full disk": "> /dev/full", "both": "2>&1 | true"}


@pytest.mark.parametrize("listener", LISTENERS)
@pytest.mark.parametrize("command", ["generate-data rows=10", "new-dataset feed.csv name=x"])
def test_that_nobody_listens_is_no_fault(command: str, listener: str, tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("order,qty\n" + "".join(f"a{n},1\n" for n in range(50)))
    name, *words = command.split()
    line = " ".join([*script_line(name, *words), LISTENERS[listener]])
    done = subprocess.run(
        ["bash", "-c", f"{line}; echo ${{PIPESTATUS[0]}}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "0\n", done.stderr
    assert "Traceback" not in done.stderr
    if listener != "both":
        assert "not all could be shown on stdout" in done.stderr.splitlines()[-1]
    [run] = tmp_path.glob("data/reports/*/run.json")
    assert '"status": "ok"' in run.read_text("utf-8")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_run_with_closed_streams_goes_well(closed: str, tmp_path: Path) -> None:
    line = " ".join(script_line("generate-data", "rows=10"))
    done = subprocess.run(
        ["bash", "-c", f"{line} {closed}"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    [feed] = tmp_path.glob("data/input/*.csv")
    assert len(feed.read_text("utf-8").splitlines()) >= 11
    [run] = tmp_path.glob("data/reports/*/run.json")
    assert '"status": "ok"' in run.read_text("utf-8")


def test_an_answer_that_does_not_get_through_is_an_error(tmp_path: Path) -> None:
    for words in ("--help", "--cfg job"):
        line = " ".join(script_line("clean-data", words))
        done = subprocess.run(
            ["bash", "-c", f"{line} > /dev/full; echo $?; {line} | true; echo ${{PIPESTATUS[0]}}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.stdout == "2\n0\n"
        assert done.stderr == "error: stdout: No space left on device\n"


def test_files_of_a_run_follow_umask(tmp_path: Path) -> None:
    line = " ".join(script_line("run-pipeline", "size=tiny"))
    subprocess.run(["bash", "-c", f"umask 077; {line}"], cwd=tmp_path, check=True)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if path.stat().st_mode & 0o077] == []
