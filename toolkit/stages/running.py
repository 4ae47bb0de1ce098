"""What all stages share: the settings, the workspace, the progress and the report of a run."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from toolkit.config import Settings
from toolkit.config_changes import changed_values, config_values
from toolkit.errors import OutputError, ToolkitError, ValidationError
from toolkit.progress import Progress
from toolkit.report import RunReport, StageFacts, one_line, record_run, write_report
from toolkit.run_page.page import write_page
from toolkit.summary import print_path, print_summary
from toolkit.workspace import Workspace

log = logging.getLogger("toolkit")


@dataclass(frozen=True)
class Dataset:
    """A dataset of the workspace: where its parts are now, and where they are, or are to be."""

    path: Path
    shown: Path


@dataclass(frozen=True)
class Run:
    """One command at work."""

    settings: Settings
    run_dir: Path
    workspace: Workspace
    report: RunReport
    progress: Progress

    @property
    def name(self) -> str:
        """What reports call the run: its folder, in a sweep with that of the sweep before it."""
        folder, parent = self.run_dir.name, self.run_dir.parent.name
        return folder if parent == self.workspace.reports.name else f"{parent}/{folder}"

    def note(self, facts: StageFacts, text: str) -> None:
        """Something worth knowing: in the report and, at once, in the log."""
        facts.notes.append(text)
        log.info(text)


@contextmanager
def open_run(command: str, settings: Settings, run_dir: Path) -> Iterator[Run]:
    """A run whose report is written to `run_dir` and shown at its end, also of one held back.

    A mistake before anything is done leaves no report, only its message; whatever else ends a run
    early leaves what is known in its report.
    """
    report = RunReport(
        command,
        list(settings.overrides),
        settings.config_hash,
        config_values(settings),
        changed_values(settings),
    )
    workspace = Workspace(settings.data_dir, settings.results_dir)
    run = Run(settings, run_dir, workspace, report, Progress())
    try:
        with record_run(report):
            yield run
    except ValidationError:
        _close(run)
        raise
    except BaseException as error:
        done = len(report.stages) > 1 or any(one.rows_in for one in report.stages)
        if done or not isinstance(error, ToolkitError):
            with suppress(OutputError):
                print_path("report", _write_reports(run), sys.stderr)
        raise
    _close(run)


def _close(run: Run) -> None:
    stage = run.report.stages[-1]
    stage.paths["report"] = _write_reports(run)
    print_summary(run.report, sys.stdout)


def _write_reports(run: Run) -> Path:
    """Write run.json and the page of it; the path of the page, or of run.json if there is none.

    The page is for people and comes last: what goes wrong in it is told, with its traceback if it
    is a bug, and makes no failure of a run whose outputs are published.
    """
    facts = write_report(run.report, run.run_dir)
    try:
        return write_page(run.report, run.run_dir, run.name)
    except OutputError as error:
        log.error(str(error))
    except Exception as error:
        log.exception(f"the run's page could not be made: {one_line(error)}")
    return facts
