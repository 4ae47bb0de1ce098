"""The facts of a run: gathered stage by stage, written as run.json, shown by toolkit.summary."""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from toolkit.errors import OutputError, ToolkitError, ValidationError
from toolkit.resources import ResourceSampler, describe_machine

RUN_FILE = "run.json"
_DISTRIBUTIONS = {
    "toolkit": "sales-feed-toolkit",
    "dask": "dask",
    "pyarrow": "pyarrow",
    "pandas": "pandas",
    "numpy": "numpy",
}


@dataclass(frozen=True)
class CheckFacts:
    """What came of one expectation, in words; validation.json tells more.

    `about` names the columns, and the rows where it is not about all.
    """

    suite: str
    expectation: str
    about: str
    severity: str
    observed: str
    unexpected: int | None
    result: str


@dataclass(frozen=True)
class RepairExample:
    """One repaired value: as it stood in the file, and what became of it ('' for no value)."""

    raw: str
    clean: str
    source_file: str
    source_row: int


@dataclass(frozen=True)
class RepairFacts:
    """How often cleaning changed what a column says, other than by stripping and parsing it.

    `how` is one of default, clipped, rounded (a fraction to a whole number), raised to floor,
    words (a number in words), nearest name (a category within some edits), mapped (another
    spelling, beyond case), emptied (what is no e-mail address), formula, lookup. A value that was
    changed in two ways counts for both. `rows` are those that break no rule, repeated keys
    included; `examples` are the first three in file order.
    """

    column: str
    how: str
    rows: int
    examples: list[RepairExample]


@dataclass
class StageFacts:
    """What one stage did. A count that a stage has none of is None.

    `rows_in` is what it worked on: for generate the rows that it made. `rejected_by_reason` is in
    the contract's order of reasons; `validation` says of each suite whether it passed, warned or
    failed; `started` and `finished` are UTC, ISO 8601.
    """

    name: str
    started: str = ""
    finished: str = ""
    seconds: float = 0.0
    rows_in: int | None = None
    rows_clean: int | None = None
    rows_rejected: int | None = None
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    repaired: list[RepairFacts] = field(default_factory=list)
    bytes_in: int | None = None
    bytes_out: int | None = None
    peak_rss_bytes: int = 0
    validation: dict[str, str] = field(default_factory=dict)
    checks: list[CheckFacts] = field(default_factory=list)
    paths: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def rows_per_second(self) -> float | None:
        """Rows worked on a second; None when nothing was counted or no time went by."""
        return None if self.rows_in is None or not self.seconds else self.rows_in / self.seconds


@dataclass
class RunReport:
    """What one command did; `error` is one line.

    `status` is running, ok, held back (by validation), failed or interrupted.
    """

    command: str
    overrides: list[str] = field(default_factory=list)
    config_hash: str = ""
    started: str = ""
    finished: str = ""
    seconds: float = 0.0
    status: str = "running"
    error: str | None = None
    versions: dict[str, str] = field(default_factory=lambda: versions())
    machine: dict[str, int] = field(default_factory=describe_machine)
    stages: list[StageFacts] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        facts = asdict(self)
        for stage, content in zip(self.stages, facts["stages"], strict=True):
            content["paths"] = {label: os.fspath(path) for label, path in stage.paths.items()}
            content["rows_per_second"] = stage.rows_per_second
        return facts


@contextmanager
def record_run(report: RunReport) -> Iterator[RunReport]:
    """Fill in when the run began, how long it took and how it ended. Errors pass through."""
    report.started, begun = utc_now(), time.monotonic()
    try:
        yield report
        report.status = "ok"
    except KeyboardInterrupt:
        report.status = "interrupted"
        raise
    except BaseException as error:
        held = isinstance(error, ValidationError)
        report.status, report.error = "held back" if held else "failed", one_line(error)
        raise
    finally:
        report.finished, report.seconds = utc_now(), time.monotonic() - begun


@contextmanager
def record_stage(report: RunReport, name: str) -> Iterator[StageFacts]:
    """A stage of the report, with its times and its peak memory filled in, however it ends."""
    facts = StageFacts(name, started=utc_now())
    report.stages.append(facts)
    begun = time.monotonic()
    try:
        with ResourceSampler(on_peak=partial(setattr, facts, "peak_rss_bytes")):
            yield facts
    finally:
        facts.finished, facts.seconds = utc_now(), time.monotonic() - begun


def write_report(report: RunReport, run_dir: Path) -> Path:
    """Write `run.json` into the folder, whole or not at all, with sorted keys; its path.

    Raises OutputError when that cannot be done; what stood there before is then untouched.
    """
    target = run_dir / RUN_FILE
    text = json.dumps(report.as_dict(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        _replace(target, text.encode())
    except OSError as error:
        raise OutputError.cannot_write(target, error) from error
    return target


def versions() -> dict[str, str]:
    """Of Python and what the results depend on, without importing any of it."""
    found = {"python": platform.python_version()}
    for name, distribution in _DISTRIBUTIONS.items():
        try:
            found[name] = version(distribution)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def utc_now() -> str:
    """ISO 8601 with seconds and offset."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _replace(target: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            # mkstemp lets only the owner read.
            os.fchmod(file.fileno(), 0o644)
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def one_line(error: BaseException) -> str:
    """What an error says, without line ends; a bug with the name of its kind."""
    text = " ".join(str(error).split())
    return text if isinstance(error, ToolkitError) else f"{type(error).__name__}: {text}"
