"""Data Docs: static pages of every run's results, that open from disk with the network off.

    index.html              the runs, newest first
    assets/                 style sheet and script, named by their content
    runs/RUN/run.json       the run's entry in the index
    runs/RUN/SUITE.html     the results of a suite

A page is written once, with its run, and unchanged until the run is dropped.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
)
from pydantic import TypeAdapter

from toolkit.errors import OutputError
from toolkit.pages.render import link_from, render
from toolkit.report.facts import OUTCOMES
from toolkit.storage.atomic import make_folders, remove, sync_folder, sync_path, write_text
from toolkit.storage.locks import locked
from toolkit.validate.suite_page import Row, SuiteDocs, Verdict, status_of, suite_facts, suite_rows
from toolkit.validate.verdicts import Status

__all__ = ["DocsRun", "SuiteDocs", "Verdict", "add_run", "write_data_docs"]

_INDEX, _ASSETS, _RUNS, _RUN_FILE = "index.html", "assets", "runs", "run.json"
_SITE = Path(__file__).parent / "site"
_LONGEST_SLUG = 80


@dataclass(frozen=True)
class DocsRun:
    """Paths of a run's pages: the index of all runs, and a page for each suite by its name."""

    index: Path
    pages: dict[str, Path]


@dataclass(frozen=True)
class _StatusCounts:
    """Counts of a suite's expectations by status, worst first; `n_critical` are critical
    breaches.
    """

    suite: str
    page: str
    counts: dict[Status, int]
    n_critical: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def outcome(self) -> str:
        """Return the outcome of the suite; it passed only if an expectation passed."""
        if self.n_critical:
            return "failed"
        if Status.FAILED in self.counts or Status.ERRORED in self.counts:
            return "warned"
        return "passed" if Status.PASSED in self.counts else "vacuous"


@dataclass(frozen=True)
class _Run:
    """A run's entry in the index."""

    name: str
    time: datetime
    suites: list[_StatusCounts]

    @property
    def folder(self) -> str:
        return file_slug(self.name)


_RUN_JSON = TypeAdapter(_Run)


def add_run(
    folder: Path,
    run_name: str,
    run_time: datetime,
    suites: Sequence[SuiteDocs],
    keep_runs: int,
) -> DocsRun:
    """Publish the site in `folder` with this run in it, replacing a run of the same name.

    The newest `keep_runs` runs are kept, this one included, as are files that do not belong to the
    site. `run_time` has a time zone, `suites` have unique names, `keep_runs` is 1 or more. Raises
    OutputError, leaving everything unchanged, when `folder` contains anything but Data Docs, or
    cannot be written.
    """
    folder = folder.resolve()
    found = [(suite, suite_rows(suite)) for suite in suites]
    tallies = [_tally(suite.result.suite_name, rows) for suite, rows in found]
    run = _Run(run_name, run_time.astimezone(UTC), tallies)
    run_folder = folder / _RUNS / run.folder
    pages = {
        tally.page: _page(run, tally, suite, rows, run_folder)
        for tally, (suite, rows) in zip(tallies, found, strict=True)
    }
    with locked(folder, wait=True):
        earlier = _read_runs(folder)
        others = [other for other in earlier if other.name != run.name]
        newest = sorted(others, key=_newest_first)[: keep_runs - 1]
        index = _index(sorted([run, *newest], key=_newest_first))
        try:
            _add(folder, run, pages, index)
            for dropped in {one.folder for one in others} - {one.folder for one in newest}:
                remove(folder / _RUNS / dropped)
        except OSError as error:
            raise OutputError.cannot_write(error.filename or folder, error) from error
    return DocsRun(folder / _INDEX, {tally.suite: run_folder / tally.page for tally in tallies})


def write_data_docs(
    folder: Path,
    results: Sequence[ExpectationSuiteValidationResult],
    run_name: str,
    run_time: datetime,
    keep_runs: int = 20,
) -> DocsRun:
    """Publish results of Great Expectations, of any engine, as `add_run` does.

    Suites that were run on several datasets are named after both. Raises OutputError.
    """
    times = Counter(result.suite_name for result in results)
    suites = []
    for result in results:
        shown = copy(result)
        if times[result.suite_name] > 1:
            batch = result.meta.get("active_batch_definition") or {}
            shown.suite_name = f"{result.suite_name} on {batch.get('data_asset_name')}"
        verdicts = [Verdict(status_of(one)) for one in result.results]
        suites.append(SuiteDocs(shown, verdicts))
    return add_run(folder, run_name, run_time, suites, keep_runs)


def file_slug(name: str) -> str:
    """Return a file name for any name; one that loses characters gets a digest, to stay unique."""
    slug = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[:_LONGEST_SLUG]
    return name if slug and slug == name else f"{slug}-{_digest(name.encode())}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]


def _tally(suite: str, rows: Sequence[Row]) -> _StatusCounts:
    seen = Counter(row.status for row in rows)
    counts = {status: seen[status] for status in Status if seen[status]}
    breaches = [row for row in rows if row.status in (Status.FAILED, Status.ERRORED)]
    n_critical = sum(row.severity == "critical" for row in breaches)
    return _StatusCounts(suite, f"{file_slug(suite)}.html", counts, n_critical)


def _newest_first(run: _Run) -> tuple[float, str]:
    return -run.time.timestamp(), run.name


def _read_runs(folder: Path) -> list[_Run]:
    """Read the runs of a site, none where the folder is empty. Raises OutputError for anything
    else.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return []
    if missing := [name for name in (_INDEX, _ASSETS, _RUNS) if not (folder / name).exists()]:
        raise OutputError.not_data_docs(folder, f"it has no {missing[0]}")
    runs = []
    for run_folder in filter(Path.is_dir, (folder / _RUNS).glob("[!.]*")):
        path = run_folder / _RUN_FILE
        try:
            run = _RUN_JSON.validate_json(path.read_bytes())
        except (OSError, ValueError):
            raise OutputError.not_data_docs(folder, f"{path} is missing or damaged") from None
        if run.folder != run_folder.name:
            raise OutputError.not_data_docs(folder, f"{path} is of another run, {run.name}")
        runs.append(run)
    return runs


def _add(folder: Path, run: _Run, pages: Mapping[str, str], index: str) -> None:
    """Write the run's pages, then the index that links to them; on failure nothing changes.

    Raises OSError.
    """
    target = folder / _RUNS / run.folder
    staged, replaced = (target.with_name(f".{target.name}.{role}") for role in ("new", "old"))
    made = make_folders(folder / _RUNS)
    try:
        for path in target.parent.glob(".*.new"):
            remove(path)
        _write_assets(folder / _ASSETS)
        _write_run(staged, run, pages)
        if target.exists():
            target.rename(replaced)
        staged.rename(target)
        sync_path(target.parent)
        write_text(index, folder / _INDEX)
    except BaseException:
        with suppress(OSError):
            remove(staged)
            if replaced.exists() or not (folder / _INDEX).exists():
                remove(target)
            if replaced.exists():
                replaced.rename(target)
            for path in reversed(made):
                remove(path)
        raise
    remove(replaced)


def _write_assets(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in _assets().items():
        if not (folder / name).exists():
            write_text(content.decode(), folder / name)


def _assets() -> dict[str, bytes]:
    """Return style sheet and script by name. Older pages keep the ones they refer to."""
    contents = {path: path.read_bytes() for path in (_SITE / "site.css", _SITE / "site.js")}
    return {f"{path.stem}-{_digest(b)}{path.suffix}": b for path, b in contents.items()}


def _write_run(folder: Path, run: _Run, pages: Mapping[str, str]) -> None:
    folder.mkdir()
    for name, page in pages.items():
        (folder / name).write_text(page, encoding="utf-8")
    (folder / _RUN_FILE).write_bytes(_RUN_JSON.dump_json(run, indent=2))
    sync_folder(folder)


def _index(runs: list[_Run]) -> str:
    seen = Counter(tally.outcome for run in runs for tally in run.suites)
    counts = {outcome: seen[outcome] for outcome in OUTCOMES if seen[outcome]}
    return _render("index.html", root="", runs=runs, counts=counts, outcomes=OUTCOMES)


def _page(run: _Run, tally: _StatusCounts, suite: SuiteDocs, rows: list[Row], folder: Path) -> str:
    return _render(
        "suite.html",
        root="../../",
        run=run,
        tally=tally,
        rows=list(enumerate(rows)),
        facts=suite_facts(suite.result),
        links={label: link_from(folder, path) for label, path in suite.links.items()},
        href=lambda path: link_from(folder, path),
    )


def _render(template: str, root: str, **values: Any) -> str:
    """Render a page whose assets are under `root`, as seen from it."""
    css, script = (f"{root}{_ASSETS}/{name}" for name in _assets())
    return render(f"validate/site/{template}", css=css, script=script, **values)
