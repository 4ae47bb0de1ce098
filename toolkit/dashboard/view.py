"""The state of the workspace that a page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from toolkit.dashboard.files import Unreadable, read_json
from toolkit.dashboard.history import (
    PastRun,
    cleaning_runs,
    read_runs,
    unusual_runs,
)
from toolkit.dashboard.published import Published, read_published
from toolkit.errors import ConfigError
from toolkit.pages.mask_key import find_key
from toolkit.report.facts import RESULTS_FILE, RUN_FILE
from toolkit.settings.workspace import Workspace
from toolkit.storage.atomic import MANIFEST
from toolkit.storage.traces import KILLED

_ENDED_EARLY = (KILLED, "interrupted")
_UNPUBLISHED = ("held back", "failed", *_ENDED_EARLY)
_CLEANING = ("run-pipeline", "clean-data")


@dataclass(frozen=True)
class View:
    """The workspace and its runs, oldest first; `gap` explains why `published` is None.

    `mask_key` is the file with the masks' key, if it is not the workspace's own.
    """

    workspace: Workspace
    published: Published | None
    gap: Unreadable | None
    runs: Sequence[PastRun]
    problems: Sequence[str]
    mask_key: Path | None = None

    @classmethod
    def of(
        cls, workspace: Workspace, dataset: str | None = None, mask_key: Path | None = None
    ) -> View:
        """Read the view of a dataset, or of the one that was published last."""
        runs, problems = read_runs(workspace)
        try:
            published = read_published(workspace, dataset)
        except Unreadable as gap:
            return cls(workspace, None, gap, runs, problems, mask_key)
        return cls(workspace, published, None, runs, problems, mask_key)

    def needed(self) -> Published:
        """Return the published aggregations. Raises Unreadable if there are none."""
        if self.published is None:
            raise self.gap or Unreadable("There are no aggregations.")
        return self.published

    def key(self) -> bytes | None:
        """Return the key of masks for personal values; None if no key can be read."""
        try:
            return find_key(self.workspace.data_dir, self.mask_key)
        except ConfigError:
            return None

    @cached_property
    def dataset(self) -> str | None:
        """Return the dataset shown: the published one, or else that of the newest run."""
        if self.published is not None:
            return self.published.dataset
        return next((run.dataset for run in reversed(self.runs) if run.dataset), None)

    @cached_property
    def cleanings(self) -> list[PastRun]:
        return cleaning_runs(self.runs, self.dataset) if self.dataset else []

    @cached_property
    def unusual(self) -> dict[str, list[str]]:
        return unusual_runs(self.cleanings)

    @cached_property
    def published_cleaning(self) -> PastRun | None:
        """Return the run that cleaned the published data: the newest that was not held back."""
        if self.published is None:
            return None
        published = [run for run in self.cleanings if not run.is_held_back]
        named = [run for run in published if run.name == self.needed().run]
        return next(reversed(named or published), None)

    @cached_property
    def validation(self) -> PastRun | None:
        """Return the newest run that validated the published dataset as it is, if any."""
        if self.published is None:
            return None
        since = self._cleaned_since()
        for run in reversed(self.runs):
            is_newer = run.outcomes and run.finished is not None and run.finished >= since
            if is_newer and not run.is_held_back and self._is_about_published(run):
                return run
        return None

    def _is_about_published(self, run: PastRun) -> bool:
        """Return whether a run that only validated did so on the published data."""
        if run.dataset is not None:
            return run.dataset == self.dataset
        try:
            suites = read_json(self.workspace.reports / run.name / RESULTS_FILE)["suites"]
            return any(suite["data"] == str(self.needed().cleaned) for suite in suites)
        except (Unreadable, KeyError, TypeError):
            return False

    def newest_unpublished(self) -> PastRun | None:
        """Return the newest run if it should have published this data, and did not."""
        since = self.needed().finished
        for run in reversed(self.runs):
            # A killed run never recorded its number of rows.
            if run.n_rows is not None or (run.status in _ENDED_EARLY and run.command in _CLEANING):
                # Times in reports have no fractions of a second.
                late = run.status in _UNPUBLISHED and run.started > since
                return run if late else None
        return None

    def _cleaned_since(self) -> datetime:
        """Return when the published rows were cleaned, or aggregated if that was not recorded."""
        published = self.needed()
        try:
            manifest = read_json(published.cleaned / MANIFEST)
            return datetime.fromisoformat(manifest["finished"])
        except (Unreadable, KeyError, TypeError, ValueError):
            return published.finished


def stamp_of(workspace: Workspace) -> tuple[tuple[str, int], ...]:
    """Return a stamp that changes when a run publishes aggregations or writes a report."""
    reports = sorted(workspace.reports.glob(f"*/{RUN_FILE}"))
    manifests = sorted(workspace.aggregations.glob(f"*/{MANIFEST}"))
    paths = [workspace.aggregations / MANIFEST, *manifests, *reports[-1:]]
    return tuple((str(path), path.stat().st_mtime_ns) for path in paths if path.exists())
