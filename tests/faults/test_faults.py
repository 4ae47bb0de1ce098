"""The k-th system call of a run fails or kills it, while a reader polls what is published.

A workspace holds the outputs of one feed; a run over another feed is struck by `strace`. Whatever
happens: readers find all of the old outputs or all of the new ones, at every moment; the exit code
says which; a later run publishes what an undisturbed one does and removes what the struck one left.

A sample of the calls is tried here; all of them with `make faults`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.commands import ask
from tests.conftest import ROOT
from tests.feeds import GOOD_ROW, write_feed
from toolkit.storage.versions import pinned

pytestmark = pytest.mark.strace

CALLS = (
    "rename", "symlink", "mkdir", "unlink", "rmdir", "fsync", "openat", "write", "flock",
)  # fmt: skip
ENDS = ("signal=KILL", "error=EIO", "error=ENOSPC")
EVERYTHING = os.environ.get("FAULTS") == "all"
A_CALL = 3
"""How many of the calls of a kind are struck in the sample: spread from the first to the last."""
OUTPUTS = ("clean/feed_clean.parquet", "rejected/feed_rejected.parquet", "aggregations/ecommerce")
WORDS = ("run-pipeline", "feed.csv", "as_of=2026-11-23", "cluster=sync", "log_level=ERROR")
SUITE = {
    "name": "own",
    "expectations": [
        {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}, "meta": {}}
    ],
}


class Runner:
    """Commands in forks of one process, which has imported everything."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.commands"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )

    def run(self, folder: Path, *inject: str, note: Path | None = None) -> tuple[int, str]:
        """The exit code of the pipeline and what it said; traced as `inject` says."""
        assert self._process.stdin is not None
        output = folder / "output.txt"
        line = json.dumps([str(folder), str(output), *WORDS])
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        child = int(self._answer())
        with subprocess.Popen(
            ["strace", "-f", "-o", str(note or os.devnull), "-p", str(child), *inject],
            stderr=subprocess.PIPE,
            text=True,
        ) as tracer:
            assert tracer.stderr is not None
            said = tracer.stderr.readline()
            assert "attached" in said, said
            os.kill(child, signal.SIGCONT)
            code = int(self._answer())
            tracer.communicate()
        return code, output.read_text()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@dataclass(frozen=True)
class Workspace:
    """A folder with a feed `feed.csv` and a workspace `data`."""

    folder: Path

    @property
    def outputs(self) -> list[Path]:
        return [self.folder / "data" / name for name in OUTPUTS]

    def feed(self, n_rows: int) -> None:
        rows = [GOOD_ROW | {"order_id": f"A{n}"} for n in range(n_rows)]
        content = write_feed([*rows, GOOD_ROW | {"quantity": "none"}])
        (self.folder / "feed.csv").write_bytes(content)

    def state(self) -> int:
        """The rows of the clean dataset, after making sure that all outputs are of one run."""
        with pinned(self.outputs) as (clean, rejected, aggregations):
            manifests = [
                json.loads((place / "_manifest.json").read_text())
                for place in (clean, rejected, aggregations)
            ]
            assert len({manifest["version"] for manifest in manifests}) == 1
            n_rows = sum(pq.read_table(part).num_rows for part in clean.glob("part-*"))
            assert sum(pq.read_table(part).num_rows for part in rejected.glob("part-*")) == 1
            months = pq.read_table(aggregations / "monthly_sales_summary.parquet")
            assert sum(months.column("order_count").to_pylist()) == n_rows
        return n_rows

    def hidden(self) -> Counter[str]:
        """Names of what only runs at work or killed leave, and the number of versions."""
        names = Counter(
            path.name
            for path in (self.folder / "data").rglob("*")
            if re.search(
                r"staging|partial|scratch|spill|validate-|\.alive|\.new$|replaced", path.name
            )
        )
        names["versions"] = sum(
            path.is_dir() and not path.is_symlink() and path.name[0] != "."
            for path in (self.folder / "data" / ".versions").iterdir()
        )
        return names


OLD, NEW = 30, 50


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    assert shutil.which("strace"), "these tests need strace (apt-get install strace)"
    running = Runner()
    yield running
    running.close()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The old outputs, and the feed of the new ones."""
    made = Workspace(tmp_path_factory.mktemp("faults"))
    suites = made.folder / "expectations" / "ecommerce"
    suites.mkdir(parents=True)
    for kind in ("clean", "rejected"):
        (suites / f"{kind}.json").write_text(json.dumps(SUITE))
    made.feed(OLD)
    answer = ask(*WORDS, cwd=made.folder)
    assert answer.code == 0, answer.err
    made.feed(NEW)
    assert made.state() == OLD
    return made


def copied(model: Workspace, folder: Path) -> Workspace:
    shutil.copytree(model.folder, folder, symlinks=True, dirs_exist_ok=True)
    return Workspace(folder)


@pytest.fixture(scope="module")
def counts(
    runner: Runner, model: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, int]:
    """How often the busiest thread of an undisturbed run makes each call."""
    folder = tmp_path_factory.mktemp("counted")
    note = folder.with_suffix(".strace")
    code, said = runner.run(
        copied(model, folder).folder, "-e", f"trace={','.join(CALLS)}", note=note
    )
    assert code == 0, said
    found = Counter(re.findall(r"^(\d+) +(\w+)\(", note.read_text(), re.MULTILINE))
    return {call: max(n for (_, c), n in found.items() if c == call) for call in CALLS}


class Poller:
    """Reads what is published, again and again, until it is stopped."""

    def __init__(self, workspace: Workspace) -> None:
        self.seen: set[int | str] = set()
        self._workspace, self._stopped = workspace, threading.Event()
        self._thread = threading.Thread(target=self._poll)

    def _poll(self) -> None:
        while not self._stopped.wait(0.02):
            try:
                self.seen.add(self._workspace.state())
            except Exception as error:
                self.seen.add(repr(error))

    def __enter__(self) -> Poller:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()


def places(n_calls: int) -> list[int]:
    if EVERYTHING or n_calls <= A_CALL:
        return list(range(1, n_calls + 1))
    return sorted({1 + round(n * (n_calls - 1) / (A_CALL - 1)) for n in range(A_CALL)})


@pytest.mark.timeout(0 if EVERYTHING else 600)
@pytest.mark.parametrize("call", CALLS)
def test_a_struck_run_publishes_all_or_nothing(
    call: str, runner: Runner, model: Workspace, counts: dict[str, int], tmp_path: Path
) -> None:
    wrong: list[str] = []
    for place in places(counts[call]):
        for end in ENDS if EVERYTHING else ENDS[:2]:
            workspace = copied(model, tmp_path / f"{place}-{end}")
            struck = f"inject={call}:{end}:when={place}"
            with Poller(workspace) as poller:
                code, said = runner.run(workspace.folder, "-e", f"trace={call}", "-e", struck)
            wrong += [f"{struck}: {fault}" for fault in faults(workspace, poller, code, said)]
            again, said = runner.run(workspace.folder, "-e", "trace=none")
            if again != 0 or workspace.state() != NEW or workspace.hidden() != {"versions": 1}:
                wrong.append(f"{struck}: then {again} {workspace.hidden()} {said[-300:]}")
            shutil.rmtree(workspace.folder)
    assert not wrong, "\n".join(wrong)


def faults(workspace: Workspace, poller: Poller, code: int, said: str) -> Iterator[str]:
    """What is not as it should be after the run."""
    if not poller.seen <= {OLD, NEW}:
        yield f"a reader saw {poller.seen}"
    state = workspace.state()
    if state not in (OLD, NEW):
        yield f"then there were {state} rows"
    if code == 0 and state != NEW:
        yield f"exit code 0, but old outputs: {said[-300:]}"
    if code > 0 and state != OLD:
        yield f"exit code {code}, but new outputs: {said[-300:]}"
    if "untouched" in said and state != OLD:
        yield f"new outputs are called untouched: {said[-300:]}"
    if code > 0 and "Traceback" in said:
        yield f"a traceback: {said[-600:]}"
