"""What all stages share: the settings, the workspace, the progress and the report of a run."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from toolkit.config import Settings
from toolkit.errors import OutputError, ToolkitError, ValidationError
from toolkit.progress import Progress
from toolkit.report import RunReport, StageFacts, record_run, write_report
from toolkit.summary import print_summary
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

    A mistake that ends the first stage leaves no report, only its message; whatever else ends a
    run early leaves what is known in run.json.
    """
    report = RunReport(command, list(settings.overrides), settings.config_hash)
    try:
        with record_run(report):
            yield Run(
                settings,
                run_dir,
                Workspace(settings.data_dir, settings.results_dir),
                report,
                Progress(),
            )
    except ValidationError:
        _close(report, run_dir)
        raise
    except BaseException as error:
        if len(report.stages) > 1 or not isinstance(error, ToolkitError):
            with suppress(OutputError):
                write_report(report, run_dir)
        raise
    _close(report, run_dir)


def _close(report: RunReport, run_dir: Path) -> None:
    path = write_report(report, run_dir)
    report.stages[-1].paths["report"] = path
    print_summary(report, sys.stdout)
