"""On-disk records of a sweep: sweep.json and one job.json per job.

Jobs may run in any process, so how they ended is read from their folders alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from toolkit.report.facts import RUN_FILE
from toolkit.storage.atomic import write_json

SWEEP_FILE, JOB_FILE = "sweep.json", "job.json"
# Keys that affect neither the results nor the speed of a job.
_NO_PART_OF_A_JOB = ("log_level", "sweep")

Status = Literal["ok", "failed", "interrupted", "running"]


@dataclass(frozen=True)
class JobRecord:
    """One job: `key` identifies everything that it depends on, `error` is one line."""

    number: int
    overrides: tuple[str, ...]
    key: str
    status: Status = "running"
    error: str | None = None

    def write(self, folder: Path) -> None:
        write_json(asdict(self), folder / JOB_FILE)

    @classmethod
    def read(cls, folder: Path) -> JobRecord | None:
        """Return the record, or None if no job has begun."""
        try:
            content = json.loads((folder / JOB_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(**{**content, "overrides": tuple(content["overrides"])})


@dataclass(frozen=True)
class PlannedJob:
    """A job to be run: `inputs` is a fingerprint of each thing besides the config that it reads."""

    number: int
    overrides: tuple[str, ...]
    key: str
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SweepRecord:
    """A sweep: `jobs` is empty where a sweeper finds them as it goes.

    `today` is what as_of=today means to all of its jobs, also to those that are run later.
    """

    command: str
    started: str
    jobs: tuple[PlannedJob, ...] = ()
    today: str = field(default_factory=lambda: date.today().isoformat())

    def write(self, folder: Path) -> None:
        write_json(asdict(self), folder / SWEEP_FILE)

    @classmethod
    def read(cls, folder: Path) -> SweepRecord:
        content = json.loads((folder / SWEEP_FILE).read_text(encoding="utf-8"))
        jobs = tuple(
            PlannedJob(**{**job, "overrides": tuple(job["overrides"])}) for job in content["jobs"]
        )
        return cls(**{**content, "jobs": jobs})


def is_done(folder: Path) -> bool:
    """Return whether the job of this folder succeeded and its report still exists."""
    record = JobRecord.read(folder)
    return record is not None and record.status == "ok" and (folder / RUN_FILE).is_file()


def job_key(values: Mapping[str, Any]) -> str:
    """Digest a config (plain values): equal for jobs of the same results and speed."""
    relevant = {key: value for key, value in values.items() if key not in _NO_PART_OF_A_JOB}
    return hashlib.sha256(json.dumps(relevant, default=str).encode()).hexdigest()


def typed_overrides(words: Sequence[str]) -> tuple[str, ...]:
    """Return a job's overrides as the user typed them, without those of the sweep."""
    typed = (word.removeprefix("++") for word in words)
    return tuple(word for word in typed if not word.startswith("sweep."))
