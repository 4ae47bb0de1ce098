"""The context shared by all stages: settings, workspace, progress and report of a run."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from toolkit.errors import (
    ConfigError,
    OutputError,
    ToolkitError,
    ValidationError,
    is_out_of_memory,
)
from toolkit.pages.mask_key import find_or_make_key
from toolkit.report.facts import RUN_FILE, RunReport, StageFacts, one_line, record_run, write_report
from toolkit.report.page import write_page
from toolkit.report.progress import Progress
from toolkit.report.terminal import print_path, print_summary
from toolkit.settings.changes import changed_values, config_values
from toolkit.settings.config import Settings
from toolkit.settings.workspace import Workspace
from toolkit.storage.interrupts import ignore_interrupts
from toolkit.storage.traces import clear_killed
from toolkit.storage.versions import recover

log = logging.getLogger("toolkit")

EXAMPLE = "data/clean/feed_clean.parquet"


@dataclass(frozen=True)
class DatasetPaths:
    """A dataset: the folder of its parts now, and the published one to show to users."""

    path: Path
    shown: Path


@dataclass(frozen=True)
class Run:
    """A running command."""

    settings: Settings
    run_dir: Path
    workspace: Workspace
    report: RunReport
    progress: Progress

    @property
    def name(self) -> str:
        """The run's name in reports: its folder, in a sweep as 'sweep folder/job folder'."""
        folder, parent = self.run_dir.name, self.run_dir.parent.name
        return folder if parent == self.workspace.reports.name else f"{parent}/{folder}"

    @cached_property
    def mask_key(self) -> bytes:
        """The key of masks; made for a workspace that has none."""
        return find_or_make_key(self.settings.data_dir, self.settings.mask_key)

    def inputs(self) -> tuple[str, ...]:
        """Return the inputs, or else the feed that was generated."""
        default = self.workspace.generated_feed
        return self.settings.input or (str(self.generated("input", default, "feed.csv")),)

    def generated(self, key: str, default: Path, example: str) -> Path:
        """Return what was generated, where `key` is not set. Raises ConfigError without it."""
        if not os.path.lexists(default):
            raise ConfigError.nothing_named(key, self.report.command, default, example)
        return default

    def mark_published(self) -> None:
        """Mark the run as successful: its outputs are in place.

        Call it inside `hold_interrupts`, right after putting them there. From here on signals are
        ignored, and an error ends the run early with one line and exit code 0: any other code means
        that the earlier outputs are unchanged.
        """
        self.report.published = True
        ignore_interrupts()

    def note(self, facts: StageFacts, text: str) -> None:
        """Add a note to the report and, at once, to the log."""
        facts.notes.append(text)
        log.info(text)


@contextmanager
def open_run(command: str, settings: Settings, run_dir: Path) -> Iterator[Run]:
    """Open a run; at its end, also of one held back, write its report to `run_dir` and show it.

    A user's mistake before anything is done leaves only its message; any other early end leaves a
    report.
    """
    report = RunReport(
        command,
        list(settings.overrides),
        settings.config_hash,
        config_values(settings),
        changed_values(settings),
        dataset=settings.dataset.name,
    )
    report.data_dir = str(settings.data_dir.absolute())
    workspace = Workspace(settings.data_dir, settings.results_dir)
    run = Run(settings, run_dir, workspace, report, Progress())
    try:
        with record_run(report):
            _begin(run)
            yield run
    except BaseException as error:
        if not report.published:
            _close_early(run, error)
            raise
        _log_after_publication(error)
    _close(run)


def _begin(run: Run) -> None:
    """Clean up after killed runs, and write a first report, should this one be killed too."""
    for root in {run.workspace.data_dir, run.workspace.outputs, run.settings.output}:
        if root is not None:
            recover(root)
    for name in clear_killed(run.workspace.data_dir, run.run_dir):
        log.warning(f"the run {name} was killed; what it left behind is removed")
    write_report(run.report, run.run_dir)


def _close_early(run: Run, error: BaseException) -> None:
    """Report a run that did not publish; a failure to do so does not hide `error`."""
    report = run.report
    done = len(report.stages) > 1 or any(one.rows_in for one in report.stages)
    if isinstance(error, ToolkitError) and not done:
        (run.run_dir / RUN_FILE).unlink(missing_ok=True)
        return
    try:
        if isinstance(error, ValidationError):
            _close(run)
        else:
            print_path("report", _write_reports(run), sys.stderr)
    except OutputError as problem:
        log.error(str(problem))


def _close(run: Run) -> None:
    """Write the report and print the summary. Raises OutputError without a run.json."""
    with _harmless_once_published(run):
        run.report.stages[-1].paths["report"] = _write_reports(run)
    with _harmless_once_published(run):
        print_summary(run.report, sys.stdout)


@contextmanager
def _harmless_once_published(run: Run) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not run.report.published:
            raise
        _log_after_publication(error)


def _log_after_publication(error: BaseException) -> None:
    """Log an error after publication; a bug with its traceback."""
    line = error.what if isinstance(error, OutputError) else one_line(error)
    if isinstance(error, Exception):
        _log_error(f"the outputs are published; {line}", error)


def _log_error(line: str, error: Exception) -> None:
    """Log one line; a bug with its traceback."""
    known = isinstance(error, ToolkitError | OSError) or is_out_of_memory(error)
    log.error(line, exc_info=None if known else error)


def _write_reports(run: Run) -> Path:
    """Write run.json and its page; return the page's path, or that of run.json without a page.

    The page comes last: an error in it is logged, a bug with its traceback, and does not fail the
    run.
    """
    facts = write_report(run.report, run.run_dir)
    try:
        return write_page(run.report, run.run_dir, run.name)
    except OutputError as error:
        if run.report.published:
            _log_after_publication(error)
        else:
            log.error(str(error))
    except Exception as error:
        _log_error(f"the run's page could not be made: {one_line(error)}", error)
    return facts
