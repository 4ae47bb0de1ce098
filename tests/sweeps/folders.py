"""A sweep's folder made by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.sweeps.stages import stage_facts
from toolkit.sweeps.record import JobRecord, PlannedJob, Status, SweepRecord


@dataclass(frozen=True)
class Made:
    """A job: `stages` is None where there is no run.json, status None where it never began."""

    overrides: tuple[str, ...]
    status: Status | None = "ok"
    error: str | None = None
    seconds: float = 2.0
    stages: Sequence[Mapping[str, Any]] | None = field(default_factory=lambda: [stage_facts()])


def make_sweep(folder: Path, jobs: Sequence[Made], *, planned: bool = True) -> Path:
    """Write the sweep of these jobs into the folder, and return that."""
    folder.mkdir(parents=True, exist_ok=True)
    plan = [PlannedJob(number, job.overrides, f"key{number}") for number, job in enumerate(jobs)]
    record = SweepRecord(
        "run-pipeline", "2026-11-24T11:51:54+00:00", tuple(plan) if planned else ()
    )
    record.write(folder)
    for number, job in enumerate(jobs):
        if job.status is not None:
            job_dir = folder / str(number)
            job_dir.mkdir()
            JobRecord(number, job.overrides, f"key{number}", job.status, job.error).write(job_dir)
            if job.stages is not None:
                run = {"seconds": job.seconds, "stages": job.stages}
                (job_dir / "run.json").write_text(json.dumps(run))
    return folder


def worked_sweep(folder: Path) -> Path:
    """Five jobs: two well, one with a failed suite, one failed, one that never began."""
    words = [(f"partitions.count={n}", f"cluster={kind}", "rows=300") for n, kind in _COMBINATIONS]
    aggregate = stage_facts(
        name="aggregate", seconds=0.25, rows_in=200, rows_clean=None, rows_rejected=None
    )
    jobs = [
        Made(words[0], seconds=2.5, stages=[stage_facts(seconds=2.0), aggregate]),
        Made(
            words[1],
            seconds=1.5,
            stages=[
                stage_facts(peak_rss_bytes=123_456_789, validation={"clean": "passed"}),
                {**aggregate, "seconds": 0.5},
            ],
        ),
        Made(
            words[2],
            seconds=2.0,
            stages=[
                stage_facts(seconds=1.5, validation={"clean": "passed", "rejected": "failed"}),
                aggregate,
            ],
        ),
        Made(words[3], "failed", "feed <b>.csv: no header, the file is empty", stages=None),
        Made(words[4], None),
    ]
    made = make_sweep(folder, jobs)
    feed = made / "inputs" / "feed_300_seed42_dirty_2026-11-23"
    feed.mkdir(parents=True)
    (feed / "run.json").write_text(json.dumps({"seconds": 0.75, "stages": []}))
    return made


_COMBINATIONS = [(1, "threads"), (1, "processes"), (16, "threads"), (16, "processes"), (2, "sync")]
