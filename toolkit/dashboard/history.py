"""The runs with a report in the workspace, and which of them are unusual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from toolkit.dashboard.files import Unreadable, read_json
from toolkit.report.facts import RUN_FILE
from toolkit.settings.workspace import Workspace
from toolkit.storage.traces import KILLED, is_alive
from toolkit.units import human_count, human_share

MOST_RUNS = 200
EARLIER_RUNS = 20
FEWEST_EARLIER_RUNS = 5
_DEVIATIONS = 3
# Scales the median absolute deviation to the standard deviation of normally distributed figures.
_MAD_TO_DEVIATION = 1.4826
_LEAST_RATE_SPREAD = 0.005
_LEAST_ROWS_SPREAD = 0.05

RULE = (
    f"A run is unusual when its reject rate or its number of rows is further from the median of "
    f"up to {EARLIER_RUNS} earlier runs of the same dataset than {_DEVIATIONS} robust standard "
    f"deviations ({_MAD_TO_DEVIATION} x the median absolute deviation), and further than "
    f"{human_share(_LEAST_RATE_SPREAD, 1)} of the rows for the rate or "
    f"{human_share(_LEAST_ROWS_SPREAD, 1)} of the median for the rows. "
    f"It takes {FEWEST_EARLIER_RUNS} earlier runs to say so."
)
_DATASET_PATHS = ("clean", "rejected", "clean, held back", "rejected, held back")
_SUFFIXES = ("_clean.parquet", "_rejected.parquet")


@dataclass(frozen=True)
class PastRun:
    """One run, from its run.json. Counts are those of its clean stage; None without one.

    `dataset` is the name of the contract, `limits` are the limits of reasons, `as_of` the day that
    date limits count from ('' where there are none), `outcomes` the outcome of each suite, `paths`
    the outputs of the stages.
    """

    name: str
    command: str
    status: str
    error: str | None
    started: datetime
    finished: datetime | None
    seconds: float
    dataset: str | None
    n_rows: int | None
    n_clean: int | None
    n_rejected: int | None
    reasons: Mapping[str, int]
    limits: Mapping[str, str]
    as_of: str
    outcomes: Mapping[str, str]
    paths: Mapping[str, Path]

    @property
    def rate(self) -> float | None:
        """Rejected rows as a share of the rows read."""
        return (
            self.n_rejected / self.n_rows if self.n_rows and self.n_rejected is not None else None
        )

    def rate_of(self, reason: str | None) -> float | None:
        """Return the rejection rate of one reason, or of all together."""
        if reason is None or not self.n_rows:
            return self.rate
        return self.reasons.get(reason, 0) / self.n_rows

    @property
    def is_held_back(self) -> bool:
        """Return whether its outputs were held back; validating published data does not move it."""
        return any("held back" in label for label in self.paths)


def read_runs(workspace: Workspace) -> tuple[list[PastRun], list[str]]:
    """Read the newest runs, oldest first, and a sentence about each unreadable report."""
    runs: list[PastRun] = []
    problems: list[str] = []
    # Names begin with the time, so the newest are the last.
    files = sorted(workspace.reports.glob(f"*/{RUN_FILE}"))[-MOST_RUNS:]
    for path in files:
        try:
            runs.append(_run(path.parent, read_json(path), workspace.data_dir))
        except Unreadable as error:
            problems.append(error.sentence)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            problems.append(f"{path} is not a run report ({error!r}).")
    return sorted(runs, key=lambda run: (run.started, run.name)), problems


def cleaning_runs(runs: Sequence[PastRun], dataset: str) -> list[PastRun]:
    """Select the runs that cleaned the dataset to the end, in their order."""
    return [
        run
        for run in runs
        if run.dataset == dataset
        and run.rate is not None
        and any(label in run.paths for label in _DATASET_PATHS)
    ]


def unusual_runs(runs: Sequence[PastRun]) -> dict[str, list[str]]:
    """Return the names of unusual runs, and why, among cleaning runs of one dataset, oldest first.

    The rule is RULE.
    """
    found: dict[str, list[str]] = {}
    for place, run in enumerate(runs):
        earlier = runs[max(0, place - EARLIER_RUNS) : place]
        if len(earlier) >= FEWEST_EARLIER_RUNS and (why := _unusual(run, earlier)):
            found[run.name] = why
    return found


def dataset_name(path: Path) -> str:
    """Name the dataset of a path: '.../feed_clean.parquet' -> 'feed'."""
    return next((path.name.removesuffix(s) for s in _SUFFIXES if path.name.endswith(s)), path.name)


def _run(folder: Path, report: Mapping[str, Any], data_dir: Path) -> PastRun:
    stages = report["stages"]
    cleaning: Mapping[str, Any] = next((s for s in stages if s["name"] == "clean"), {})
    written = {label: Path(p) for stage in stages for label, p in stage["paths"].items()}
    paths = {
        label: _here(path, report.get("data_dir"), data_dir) for label, path in written.items()
    }
    outcomes = {suite: str(o) for stage in stages for suite, o in stage["validation"].items()}
    finished = report["finished"]
    return PastRun(
        name=folder.name,
        command=str(report["command"]),
        status=_status(folder, str(report["status"])),
        error=report["error"],
        started=datetime.fromisoformat(report["started"]),
        finished=datetime.fromisoformat(finished) if finished else None,
        seconds=float(report["seconds"]),
        dataset=_dataset(report, paths) if cleaning else None,
        n_rows=_count(cleaning.get("rows_in")),
        n_clean=_count(cleaning.get("rows_clean")),
        n_rejected=_count(cleaning.get("rows_rejected")),
        reasons={str(k): int(v) for k, v in cleaning.get("rejected_by_reason", {}).items()},
        limits={str(k): str(v) for k, v in cleaning.get("limits", {}).items()},
        as_of=str(cleaning.get("as_of", "")),
        outcomes=outcomes,
        paths=paths,
    )


def _status(folder: Path, recorded: str) -> str:
    """Return the status; a run recorded as running whose process is gone was killed."""
    return KILLED if recorded == "running" and not is_alive(folder) else recorded


def _here(path: Path, written_in: str | None, data_dir: Path) -> Path:
    """Return the path in this workspace, which may have been moved or copied since."""
    if written_in and path.absolute().is_relative_to(written_in):
        return data_dir / path.absolute().relative_to(written_in)
    return path


def _dataset(report: Mapping[str, Any], paths: Mapping[str, Path]) -> str | None:
    """Return the dataset, by the files' names in reports of older toolkits."""
    if report.get("dataset"):
        return str(report["dataset"])
    return next((dataset_name(paths[p]) for p in _DATASET_PATHS if p in paths), None)


def _count(value: Any) -> int | None:
    return None if value is None else int(value)


def _unusual(run: PastRun, earlier: Sequence[PastRun]) -> list[str]:
    why: list[str] = []
    rate, usual = run.rate, [other.rate for other in earlier if other.rate is not None]
    if rate is not None and _is_far(rate, usual, _LEAST_RATE_SPREAD):
        why.append(f"{human_share(rate, 1)} rejected, usually {human_share(median(usual), 1)}")
    rows = [other.n_rows for other in earlier if other.n_rows is not None]
    if run.n_rows is not None and _is_far(run.n_rows, rows, _LEAST_ROWS_SPREAD * median(rows)):
        why.append(f"{human_count(run.n_rows)} rows, usually {human_count(round(median(rows)))}")
    return why


def _is_far(value: float, usual: Sequence[float], least: float) -> bool:
    middle = median(usual)
    spread = _MAD_TO_DEVIATION * median(abs(other - middle) for other in usual)
    return abs(value - middle) > max(_DEVIATIONS * spread, least)
