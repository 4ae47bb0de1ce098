"""Collect the facts of a run stage by stage, and write them as run.json."""

from __future__ import annotations

import json
import os
import platform
import re
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from toolkit.errors import OutputError, ToolkitError, ValidationError
from toolkit.report.code_digest import code_digest
from toolkit.report.sampling import ResourceSampler, Sample, describe_machine
from toolkit.storage.atomic import write_text
from toolkit.storage.interrupts import was_interrupted

RUN_FILE, PAGE_FILE, RESULTS_FILE = "run.json", "report.html", "validation.json"
LOG_FILE = "run.log"
"""As conf/hydra/job_logging names it."""
WORST_FIRST = ("failed", "errored", "vacuous", "passed")
"""The results of expectations; one that met no value at all is vacuous."""
OUTCOMES = ("failed", "warned", "vacuous", "passed")
"""The outcomes of suites, the worst first."""
_LONGEST_TRACEBACK = 20_000
# A list of numbers, or of such lists, as json.dumps indents it; no text has a line end in JSON.
_NUMBERS = re.compile(r"\[\n[-+.\d\se,\[\]]+\]")
_DISTRIBUTIONS = {
    "toolkit": "sales-feed-toolkit",
    "dask": "dask",
    "pyarrow": "pyarrow",
    "pandas": "pandas",
    "numpy": "numpy",
}


@dataclass(frozen=True)
class CheckFacts:
    """The result of one expectation, in words; validation.json has more.

    `about` names the columns, and the rows where it is not about all; `failing_rows` is a file of
    rows that failed it.
    """

    suite: str
    expectation: str
    about: str
    severity: str
    observed: str
    unexpected: int | None
    result: str
    failing_rows: Path | None = None


@dataclass(frozen=True)
class InputFacts:
    """A file or a dataset that a stage read; `rows` is None where they were not counted by file.

    `passed_over` counts its lines that are no records, by what they are.
    """

    path: str
    bytes: int
    rows: int | None = None
    passed_over: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RejectedExample:
    """A rejected row as in the file: the columns that its reason is about, cut short.

    Of a malformed row it is the raw line.
    """

    reason: str
    values: dict[str, str | None]
    source_file: str
    source_row: int


@dataclass(frozen=True)
class RepairExample:
    """One repaired value: as in the file, and as cleaned ('' for none)."""

    raw: str
    clean: str
    source_file: str
    source_row: int


@dataclass(frozen=True)
class RepairFacts:
    """Count of one repair of a column: a change of its values beyond stripping and parsing.

    `how` is one of default, clipped, rounded (a fraction to a whole number), raised to floor,
    words (a number in words), nearest name (a category within some edits), mapped (another
    spelling, beyond case), emptied (an invalid e-mail address), formula, lookup, filled down (from
    the lines above of the same order). A value that was
    changed in two ways counts for both. `rows` are those that break no rule, repeated keys
    included; `examples` are the first three in file order.
    """

    column: str
    how: str
    rows: int
    examples: list[RepairExample]


@dataclass
class StageFacts:
    """Facts of one stage. Counts that do not apply to it are None.

    `rows_in` are the rows it read: for generate the rows that it wrote. `rejected_by_reason` is in
    the contract's order of reasons, `rejected_examples` are the first rows of each in file order,
    `limits` has the limits of reasons that have some, and the keys that set them; `validation` is
    passed, warned or failed for each suite, `pages` the path of its page; `started` and `finished`
    are UTC, ISO 8601, `after_seconds` counts from the begin of the run. `samples` are at most 300
    of memory and CPU.
    """

    name: str
    started: str = ""
    finished: str = ""
    after_seconds: float = 0.0
    seconds: float = 0.0
    inputs: list[InputFacts] = field(default_factory=list)
    rows_in: int | None = None
    rows_clean: int | None = None
    rows_rejected: int | None = None
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    rejected_examples: list[RejectedExample] = field(default_factory=list)
    limits: dict[str, str] = field(default_factory=dict)
    repaired: list[RepairFacts] = field(default_factory=list)
    bytes_in: int | None = None
    bytes_out: int | None = None
    peak_rss_bytes: int = 0
    validation: dict[str, str] = field(default_factory=dict)
    checks: list[CheckFacts] = field(default_factory=list)
    pages: dict[str, Path] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    as_of: str = ""
    """The day that limits of dates count from, for a stage that applies them."""
    notes: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    @property
    def rows_per_second(self) -> float | None:
        """Rows read per second; None when none were counted or no time passed."""
        return None if self.rows_in is None or not self.seconds else self.rows_in / self.seconds


@dataclass
class RunReport:
    """Facts of one command; `error` is one line, `traceback` that of a bug.

    `status` is running, ok, held back (by validation, or as no row is clean), failed or
    interrupted. Once the outputs are `published` it is ok, whatever else goes wrong. `config` are
    the settings by dotted keys; `changed` the keys whose value is not the default, with the
    default.
    """

    command: str
    overrides: list[str] = field(default_factory=list)
    config_hash: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    changed: dict[str, Any] = field(default_factory=dict)
    dataset: str = ""
    """The name of the contract."""
    data_dir: str = ""
    """Where the workspace was, so that paths can be found in one that was moved or copied."""
    started: str = ""
    finished: str = ""
    seconds: float = 0.0
    status: str = "running"
    published: bool = False
    error: str | None = None
    traceback: str | None = None
    versions: dict[str, str] = field(default_factory=lambda: versions())
    machine: dict[str, int] = field(default_factory=describe_machine)
    stages: list[StageFacts] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)
    """On the clock of this process; not in run.json."""

    def as_dict(self) -> dict[str, Any]:
        """Return all facts as values for JSON, but for paths."""
        facts = asdict(self)
        del facts["begun"]
        for stage, content in zip(self.stages, facts["stages"], strict=True):
            content["rows_per_second"] = stage.rows_per_second
        return facts


@contextmanager
def record_run(report: RunReport) -> Iterator[RunReport]:
    """Fill in when the run began, how long it took and how it ended. Errors pass through."""
    report.started, report.begun = utc_now(), time.monotonic()
    try:
        yield report
        report.status = "ok"
    except BaseException as error:
        report.status = "ok" if report.published else _how_it_ended(error)
        if report.status != "interrupted":
            report.error = one_line(error)
        if report.status != "interrupted" and not isinstance(error, ToolkitError):
            report.traceback = "".join(traceback.format_exception(error))[-_LONGEST_TRACEBACK:]
        raise
    finally:
        report.finished, report.seconds = utc_now(), time.monotonic() - report.begun


def _how_it_ended(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt) or was_interrupted():
        return "interrupted"
    return "held back" if isinstance(error, ValidationError) else "failed"


@contextmanager
def record_stage(report: RunReport, name: str) -> Iterator[StageFacts]:
    """Add a stage to the report; fill in its times, memory and CPU, however it ends."""
    begun = time.monotonic()
    facts = StageFacts(name, started=utc_now(), after_seconds=begun - report.begun)
    report.stages.append(facts)
    sampler = ResourceSampler(on_peak=partial(setattr, facts, "peak_rss_bytes"))
    try:
        with sampler:
            yield facts
    finally:
        facts.samples = sampler.samples
        facts.finished, facts.seconds = utc_now(), time.monotonic() - begun


def write_report(report: RunReport, run_dir: Path) -> Path:
    """Write `run.json` into the folder, whole or not at all, keys sorted; return its path.

    Raises OutputError when that cannot be done; an earlier file is then untouched.
    """
    target = run_dir / RUN_FILE
    facts = report.as_dict()
    text = json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False, default=os.fspath)
    text = _NUMBERS.sub(lambda numbers: " ".join(numbers[0].split()), text)
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        write_text(f"{text}\n", target)
    except OSError as error:
        raise OutputError.no_report(target, error) from error
    return target


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that results depend on, importing none.

    `code` is the digest of the toolkit's source, which differs between commits of one version.
    """
    found = {"python": platform.python_version(), "code": code_digest()}
    for name, distribution in _DISTRIBUTIONS.items():
        try:
            found[name] = version(distribution)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def utc_now() -> str:
    """Return the time as ISO 8601 with seconds and offset."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def one_line(error: BaseException) -> str:
    """Return an error in one line; a bug with the name of its class."""
    text = " ".join(str(error).split())
    return text if isinstance(error, ToolkitError) else f"{type(error).__name__}: {text}"
