"""Workspaces for the dashboard: one that the pipeline filled, and reports of earlier runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.commands import ask
from toolkit.settings.workspace import Workspace

START = datetime(2026, 11, 1, 6, tzinfo=UTC)


def filled(folder: Path, *words: str) -> Workspace:
    """What run-pipeline makes of a small generated feed."""
    answer = ask("run-pipeline", f"data_dir={folder}", "rows=3000", "log_level=ERROR", *words)
    assert answer.code == 0, answer.err
    return Workspace(folder)


def run_report(number: int, **facts: Any) -> dict[str, Any]:
    """run.json of the pipeline's run of a day: 1,000 rows, 100 of them rejected by default."""
    rows, rejected = facts.pop("rows", 1000), facts.pop("rejected", 100)
    started = START + timedelta(days=number)
    stage: dict[str, Any] = {
        "name": "clean",
        "rows_in": rows,
        "rows_clean": rows - rejected,
        "rows_rejected": rejected,
        "rejected_by_reason": {"zero_quantity": rejected},
        "paths": {"clean": "/data/clean/feed_clean.parquet"},
        "validation": {},
    }
    stage |= facts.pop("stage", {})
    return {
        "command": "run-pipeline",
        "status": "ok",
        "error": None,
        "started": started.isoformat(),
        "finished": (started + timedelta(seconds=9)).isoformat(),
        "seconds": 9.0,
        "stages": [stage],
        **facts,
    }


def write_run(workspace: Workspace, number: int, **facts: Any) -> str:
    """The report in the workspace; the run's name."""
    report = run_report(number, **facts)
    name = f"{report['started'][:10]}_06-00-00-000000_run-pipeline"
    folder = workspace.reports / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(report))
    return name
