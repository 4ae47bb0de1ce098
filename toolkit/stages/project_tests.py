"""Run the project's own tests with lookups that have just changed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from toolkit.errors import LookupTestError
from toolkit.report.facts import record_stage
from toolkit.settings.shipped import source_tree
from toolkit.stages.run import Run


def run_project_tests(run: Run) -> None:
    """Run the test suite of the source tree that the toolkit runs from; its output is shown.

    Where there is none, as with an installed wheel, a note says so. Raises LookupTestError when
    tests fail; the lookups stay as they were built.
    """
    tree = source_tree()
    with record_stage(run.report, "tests") as facts:
        if tree is None or not (tree / "tests").is_dir():
            run.note(
                facts,
                "no tests were run: the toolkit is installed without its source; "
                "what was built has been checked for what cleaning refuses",
            )
            return
        if find_spec("pytest") is None:
            run.note(facts, "no tests were run: pytest is not installed here; see `make test`")
            return
        try:
            code = _shown([sys.executable, "-m", "pytest"], tree)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("the lookups are written, but not tested") from None
        if code:
            raise LookupTestError.failed(str(tree), code)
        facts.notes.append("the project's tests pass")


def _shown(command: Sequence[str], folder: Path) -> int:
    """Run a command, show what it writes as it comes on stderr, and return its exit code."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=folder, stdout=pipe, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as running:
        try:
            for line in running.stdout or ():
                print(line, end="", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            running.kill()
            raise
    return running.returncode
