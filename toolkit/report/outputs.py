"""List the outputs of a run: datasets and files with their rows and sizes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.report.facts import RunReport, StageFacts
from toolkit.storage.atomic import MANIFEST

REPORT_LABELS = {
    "validation": "results as JSON",
    "data docs": "Data Docs of all runs",
    "failing rows": "failing rows",
}
"""Labels of paths to reports, and their names in the validation section."""


@dataclass(frozen=True)
class Output:
    """A file or a folder of parts; `rows` and `bytes` are None where unknown."""

    label: str
    path: Path
    rows: int | None
    bytes: int | None


def find_outputs(report: RunReport) -> list[Output]:
    """List all that the stages wrote; the aggregations one by one."""
    return [output for stage in report.stages for output in _outputs_of(stage, report)]


def _outputs_of(stage: StageFacts, report: RunReport) -> Iterator[Output]:
    for label, path in stage.paths.items():
        if label == "aggregations":
            yield from (_output(name, path / f"{name}.parquet") for name in _tables_in(path))
        elif label == "feed":
            yield Output(label, path, stage.rows_in, _size(path))
        elif label not in REPORT_LABELS:
            yield _output(label, path, _counted(label, report))


def _output(label: str, path: Path, rows: int | None = None) -> Output:
    if rows is None and path.suffix == ".parquet" and path.is_file():
        with suppress(OSError, pa.ArrowException):
            rows = pq.read_metadata(path).num_rows
    return Output(label, path, rows, _size(path))


def _counted(label: str, report: RunReport) -> int | None:
    """Return the rows of a dataset that cleaning wrote, whether published or held back."""
    for stage in report.stages:
        rows = {"clean": stage.rows_clean, "rejected": stage.rows_rejected}
        if stage.name == "clean" and label.partition(",")[0] in rows:
            return rows[label.partition(",")[0]]
    return None


def _tables_in(folder: Path) -> list[str]:
    """List the aggregations of the run that wrote the manifest: the folder may have others."""
    with suppress(OSError, ValueError, KeyError):
        names = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["aggregations"]
        return [str(name) for name in names]
    return []


def _size(path: Path) -> int | None:
    with suppress(OSError):
        if path.is_dir():
            return sum(part.stat().st_size for part in path.iterdir() if part.is_file())
        return path.stat().st_size
    return None
