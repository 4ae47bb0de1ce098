"""Compare the jobs of a sweep by the records in their folders."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from toolkit.report.facts import RUN_FILE
from toolkit.sweeps.job import FEEDS_FOLDER
from toolkit.sweeps.record import JOB_FILE, JobRecord, SweepRecord
from toolkit.units import human_bytes, human_count, human_rate

Status = Literal["ok", "failed", "interrupted", "unfinished", "not run"]
_STAGE_SECONDS = "seconds_"


@dataclass(frozen=True)
class ComparedJob:
    """One job. `figures` by metric is empty unless the job succeeded; `error` is one line.

    `validation` is the outcome of each suite, such as passed or failed.
    """

    number: int
    overrides: tuple[str, ...]
    status: Status
    error: str | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    validation: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def settings(self) -> dict[str, str]:
        """The value that each override sets, by its key."""
        pairs = (word.partition("=") for word in self.overrides)
        return {key.lstrip("+"): value for key, _, value in pairs}

    @property
    def validated(self) -> str:
        """Return 'passed', 'rejected failed', or '-' when nothing was validated."""
        others = [f"{suite} {how}" for suite, how in self.validation.items() if how != "passed"]
        return ", ".join(others) or ("passed" if self.validation else "-")


@dataclass(frozen=True)
class Metric:
    """A metric of jobs; `best` is the direction that counts as better, if any."""

    name: str
    heading: str
    show: Callable[[float], str]
    best: Literal["lowest", "highest"] | None = None


@dataclass(frozen=True)
class Comparison:
    """All jobs of a sweep, in the order of their numbers, in whatever order they are given.

    `feeds` are the generated inputs that jobs shared: seconds by name.
    """

    command: str
    started: str
    all_jobs: Sequence[ComparedJob]
    feeds: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def jobs(self) -> list[ComparedJob]:
        return sorted(self.all_jobs, key=lambda job: job.number)

    @cached_property
    def varied(self) -> list[str]:
        """The keys whose values differ between jobs."""
        keys = dict.fromkeys(key for job in self.jobs for key in job.settings)
        return [key for key in keys if len({job.settings.get(key) for job in self.jobs}) > 1]

    @cached_property
    def metrics(self) -> list[Metric]:
        """The metrics that some job has; stages in the order in which they ran."""
        names = dict.fromkeys(name for job in self.jobs for name in job.figures)
        stages = [
            Metric(name, f"{name.removeprefix(_STAGE_SECONDS)} s", _seconds, "lowest")
            for name in names
            if name.startswith(_STAGE_SECONDS)
        ]
        return [*stages, *(metric for metric in _METRICS if metric.name in names)]

    @cached_property
    def best(self) -> dict[str, set[int]]:
        """Return the numbers of the best jobs by metric; none where all are the same."""
        found: dict[str, set[int]] = {}
        for metric in self.metrics:
            figures = {
                job.number: job.figures[metric.name]
                for job in self.jobs
                if metric.name in job.figures
            }
            if metric.best is None or len(set(figures.values())) < 2:
                continue
            extreme = min if metric.best == "lowest" else max
            best = extreme(figures.values())
            found[metric.name] = {number for number, figure in figures.items() if figure == best}
        return found

    @property
    def feeds_line(self) -> str:
        """A line about the generated inputs, if any."""
        if not self.feeds:
            return ""
        inputs = "1 shared input" if len(self.feeds) == 1 else f"{len(self.feeds)} shared inputs"
        return f"{inputs} generated in {sum(self.feeds.values()):.1f} s, counted in no job"

    @property
    def failed(self) -> list[ComparedJob]:
        """The jobs that did not succeed, for whatever reason."""
        return [job for job in self.jobs if job.status != "ok"]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "command": self.command,
            "started": self.started,
            "varied": self.varied,
            "metrics": {metric.name: metric.best for metric in self.metrics},
            "best": {name: sorted(numbers) for name, numbers in self.best.items()},
            "shared_inputs": dict(self.feeds),
            "jobs": [
                {
                    "number": job.number,
                    "overrides": list(job.overrides),
                    "varied": {key: job.settings.get(key) for key in self.varied},
                    "status": job.status,
                    "error": job.error,
                    "validation": dict(job.validation),
                    **{metric.name: job.figures.get(metric.name) for metric in self.metrics},
                }
                for job in self.jobs
            ],
        }


def _seconds(figure: float) -> str:
    return f"{figure:.2f}"


def _count(figure: float) -> str:
    return human_count(int(figure))


_METRICS = (
    Metric("seconds", "total s", _seconds, "lowest"),
    Metric("rows_per_second", "rows/s", human_rate, "highest"),
    Metric("peak_rss_bytes", "peak memory", human_bytes, "lowest"),
    Metric("rows_clean", "rows clean", _count),
    Metric("rows_rejected", "rows rejected", _count),
)


def read_comparison(folder: Path) -> Comparison:
    """Compare the jobs in a sweep's folder, also before it has ended."""
    sweep = SweepRecord.read(folder)
    planned = {job.number: job.overrides for job in sweep.jobs}
    begun = {int(path.parent.name) for path in folder.glob(f"*/{JOB_FILE}")}
    jobs = [
        _read_job(folder / str(number), number, planned.get(number, ()))
        for number in {*planned, *begun}
    ]
    feeds = {path.parent.name: path for path in folder.glob(f"{FEEDS_FOLDER}/*/{RUN_FILE}")}
    seconds = {name: _read(path)["seconds"] for name, path in sorted(feeds.items())}
    return Comparison(sweep.command, sweep.started, jobs, seconds)


def read_seconds(folder: Path) -> float | None:
    """Return how long the job of this folder took, if it succeeded."""
    job = _read_job(folder, 0, ())
    return job.figures.get("seconds")


def _read_job(folder: Path, number: int, overrides: tuple[str, ...]) -> ComparedJob:
    record = JobRecord.read(folder)
    if record is None:
        return ComparedJob(number, overrides, "not run")
    status: Status = "unfinished" if record.status == "running" else record.status
    run = _read(folder / RUN_FILE) if (folder / RUN_FILE).is_file() else {"stages": []}
    validation: dict[str, str] = {}
    for stage in run["stages"]:
        validation |= stage.get("validation") or {}
    figures = dict(_figures(run)) if status == "ok" and run["stages"] else {}
    return ComparedJob(number, record.overrides, status, record.error, figures, validation)


def _figures(run: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    stages = run["stages"]
    for stage in stages:
        yield f"{_STAGE_SECONDS}{stage['name']}", stage["seconds"]
    yield "seconds", run["seconds"]
    rows = next((stage["rows_in"] for stage in stages if stage["rows_in"] is not None), None)
    if rows is not None and run["seconds"]:
        yield "rows_per_second", rows / run["seconds"]
    peak = max(stage["peak_rss_bytes"] for stage in stages)
    if peak:
        yield "peak_rss_bytes", peak
    for name in ("rows_clean", "rows_rejected"):
        counts = [stage[name] for stage in stages if stage[name] is not None]
        if counts:
            yield name, counts[-1]


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
