"""How tests run commands and look at what they leave: in this process, in forks, or as scripts."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import ROOT
from tests.forks import run_forked
from tests.loggers import logging_kept
from toolkit.command.cli import run_command


@dataclass(frozen=True)
class Answer:
    """A command's exit code, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The error lines, without what runs log meanwhile."""
        return [line for line in self.err.splitlines() if line.startswith("error:")]


def ask(command: str, *words: str, cwd: Path | None = None) -> Answer:
    """Run the command in this process, in the folder if one is given."""
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        logging_kept(),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        if cwd is not None:
            patch.chdir(cwd)
        patch.setattr(sys, "argv", [f"/somewhere/bin/{command}", *words])
        code = run_command(command)
    return Answer(code, out.getvalue(), err.getvalue())


def fork(
    command: str, *words: str, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, which has all of its modules from the start."""
    start = f"import sys; from toolkit.command.cli import main; sys.argv[0] = {command!r}"
    return run_forked(f"{start}; sys.exit(main())", *words, cwd=cwd, env=env)


def script(name: str, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A console script in its own process; fails unless it exits with 0."""
    done = subprocess.run(script_line(name, *words), cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def script_line(name: str, *words: str) -> list[str]:
    return [str(Path(sys.executable).with_name(name)), *words]


def run_script(
    command: str, *words: str, cwd: Path, path: Path = ROOT, after: str = ""
) -> subprocess.CompletedProcess[str]:
    """The command as its own process; `path` is where it imports from first.

    `after` is code to run when it is done.
    """
    start = f"import sys; from toolkit.command.cli import main; sys.argv[0] = {command!r}"
    code = f"{start}; code = main(); {after}"
    return subprocess.run(
        [sys.executable, "-c", f"{code}\nsys.exit(code)", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def read(path: Path) -> pa.Table:
    """A parquet file, or the parts of a folder in order."""
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    return pa.concat_tables([pq.read_table(part) for part in parts])


def everything_in(folder: Path) -> dict[str, bytes]:
    """The content of every file by its path in the folder, links to folders followed."""
    found = [Path(at, name) for at, _, names in os.walk(folder, followlinks=True) for name in names]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(found)}


def left_in(folder: Path) -> list[str]:
    """The paths of every file and folder in the folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def wait_until(holds: Callable[[], object]) -> None:
    """A minute at most."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
