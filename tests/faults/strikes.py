"""The k-th system call of a run fails or kills it, while a reader polls what is published.

A workspace has the outputs of one feed; a run over another feed is struck by `strace`. Whatever
happens: readers find all of the old outputs or all of the new ones, at every moment; the exit code
says which; a later run publishes what an undisturbed one does and removes what the struck one left.
The feed is a file, or generated: then it and its ledger are of the same run as the outputs.

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
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq

from tests.commands import ask
from tests.conftest import ROOT
from tests.feeds import GOOD_ROW, write_feed
from toolkit.storage.versions import pinned

OF_NAMES = ("rename", "symlink", "mkdir", "unlink", "rmdir")
OF_CONTENTS = ("fsync", "openat", "write", "flock")
CALLS = (*OF_NAMES, *OF_CONTENTS)
ENDS = ("signal=KILL", "error=EIO", "error=ENOSPC")
EVERYTHING = os.environ.get("FAULTS") == "all"
A_CALL = 3
"""How many of the calls of a kind are struck in the sample: spread from the first to the last."""
WORDS = ("run-pipeline", "as_of=2026-11-23", "cluster=sync", "log_level=ERROR")
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

    def run(
        self, workspace: Workspace, n_rows: int, *inject: str, note: Path | None = None
    ) -> tuple[int, str]:
        """The exit code of the pipeline and its output; traced as `inject` asks, if at all."""
        assert self._process.stdin is not None
        output = workspace.folder / "output.txt"
        line = json.dumps([str(workspace.folder), str(output), *workspace.words(n_rows)])
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        child = int(self._answer())
        if not inject:
            os.kill(child, signal.SIGCONT)
            return int(self._answer()), output.read_text()
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
    """A folder with a workspace `data`, and a file `feed.csv` unless the feed is generated."""

    folder: Path
    generated: bool

    @property
    def outputs(self) -> list[Path]:
        stem = "raw_ecommerce_data" if self.generated else "feed"
        names = (f"clean/{stem}_clean.parquet", f"rejected/{stem}_rejected.parquet")
        return [self.folder / "data" / name for name in (*names, "aggregations/ecommerce")]

    def words(self, n_rows: int) -> list[str]:
        """The command that publishes so many rows; the file is written by `feed`."""
        own = [f"rows={n_rows}", "ledger=true"] if self.generated else ["feed.csv"]
        return [*WORDS, *own]

    def feed(self, n_rows: int) -> None:
        rows = [GOOD_ROW | {"order_id": f"A{n}"} for n in range(n_rows - 1)]
        content = write_feed([*rows, GOOD_ROW | {"quantity": "none"}])
        (self.folder / "feed.csv").write_bytes(content)

    def state(self) -> int:
        """The published rows, after making sure that all outputs are of one run."""
        with pinned(self.outputs) as (clean, rejected, aggregations):
            manifests = [
                json.loads((place / "_manifest.json").read_text())
                for place in (clean, rejected, aggregations)
            ]
            assert len({manifest["version"] for manifest in manifests}) == 1
            n_clean, n_rejected = (
                sum(pq.read_table(part).num_rows for part in place.glob("part-*"))
                for place in (clean, rejected)
            )
            months = pq.read_table(aggregations / "monthly_sales_summary.parquet")
            assert sum(months.column("order_count").to_pylist()) == n_clean
        return n_clean + n_rejected

    def made(self) -> dict[str, str]:
        """Digests of the generated feed and its ledger."""
        files = (self.folder / "data" / "input").glob("raw*")
        return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}

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


@dataclass(frozen=True)
class Model:
    """A workspace with the old outputs, and what undisturbed runs make and call."""

    workspace: Workspace
    made: dict[int, dict[str, str]]
    """Digests of the feed and the ledger of the old and of the new outputs."""
    counts: dict[str, int]
    """How often the busiest thread of a run makes each call."""

    def copied(self, folder: Path) -> Workspace:
        shutil.copytree(self.workspace.folder, folder, symlinks=True, dirs_exist_ok=True)
        return replace(self.workspace, folder=folder)


def new_model(runner: Runner, workspace: Workspace) -> Model:
    suites = workspace.folder / "expectations" / "ecommerce"
    suites.mkdir(parents=True)
    for kind in ("clean", "rejected"):
        (suites / f"{kind}.json").write_text(json.dumps(SUITE))
    if not workspace.generated:
        workspace.feed(OLD)
    answer = ask(*workspace.words(OLD), cwd=workspace.folder)
    assert answer.code == 0, answer.err
    assert workspace.state() == OLD
    if not workspace.generated:
        workspace.feed(NEW)
    counts: dict[str, int] = {}
    model = Model(workspace, {OLD: workspace.made()}, counts)
    other = model.copied(workspace.folder.with_name(f"{workspace.folder.name}-new"))
    note = other.folder.with_suffix(".strace")
    code, output = runner.run(other, NEW, "-e", f"trace={','.join(CALLS)}", note=note)
    assert code == 0, output
    model.made[NEW] = other.made()
    found = Counter(re.findall(r"^(\d+) +(\w+)\(", note.read_text(), re.MULTILINE))
    counts |= {call: max(n for (_, c), n in found.items() if c == call) for call in CALLS}
    return model


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


def strike(call: str, runner: Runner, model: Model, folder: Path) -> None:
    wrong: list[str] = []
    for place in places(model.counts[call]):
        for end in ENDS if EVERYTHING else ENDS[:2]:
            workspace = model.copied(folder / f"{place}-{end}")
            struck = f"inject={call}:{end}:when={place}"
            with Poller(workspace) as poller:
                code, output = runner.run(workspace, NEW, "-e", f"trace={call}", "-e", struck)
            wrong += [
                f"{struck}: {fault}" for fault in faults(model, workspace, poller, code, output)
            ]
            again, output = runner.run(workspace, NEW)
            if again != 0 or workspace.state() != NEW or workspace.hidden() != {"versions": 1}:
                wrong.append(f"{struck}: then {again} {workspace.hidden()} {output[-300:]}")
            if workspace.made() != model.made[NEW]:
                wrong.append(f"{struck}: then the feed is {workspace.made()}")
            shutil.rmtree(workspace.folder)
    assert not wrong, "\n".join(wrong)


def faults(
    model: Model, workspace: Workspace, poller: Poller, code: int, output: str
) -> Iterator[str]:
    """What is not as it should be after the run."""
    if not poller.seen <= {OLD, NEW}:
        yield f"a reader saw {poller.seen}"
    state = workspace.state()
    if state not in (OLD, NEW):
        yield f"then there were {state} rows"
    if state in model.made and workspace.made() != model.made[state]:
        yield f"then the feed is of another run than the outputs: {workspace.made()}"
    if code == 0 and state != NEW:
        yield f"exit code 0, but old outputs: {output[-300:]}"
    if code > 0 and state != OLD:
        yield f"exit code {code}, but new outputs: {output[-300:]}"
    if "untouched" in output and state != OLD:
        yield f"new outputs are called untouched: {output[-300:]}"
    if code > 0 and "Traceback" in output:
        yield f"a traceback: {output[-600:]}"
