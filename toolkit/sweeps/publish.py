"""Write a comparison as summary.json, summary.parquet and summary.html."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import pyarrow as pa

from toolkit.errors import OutputError
from toolkit.report.terminal import print_plainly
from toolkit.storage.atomic import replacing, write_json, write_text
from toolkit.storage.datasets import ParquetStyle, write_parquet
from toolkit.sweeps.comparison import Comparison, read_comparison
from toolkit.sweeps.page import comparison_page
from toolkit.sweeps.table import PAGE_FILE, ComparisonTable


def compare(folder: Path, stream: TextIO) -> Comparison:
    """Compare the jobs in a sweep's folder, write the comparison there and print it.

    Raises OutputError when it cannot be written.
    """
    comparison = read_comparison(folder)
    table = comparison_table(comparison)
    try:
        write_json(comparison.as_dict(), folder / "summary.json")
        with replacing(folder / "summary.parquet") as partial:
            write_parquet(table, table.schema, partial, ParquetStyle())
        write_text(comparison_page(comparison, folder), folder / PAGE_FILE)
    except OSError as error:
        raise OutputError.cannot_write(folder, error) from error
    print_plainly(ComparisonTable(comparison, folder), stream)
    return comparison


def comparison_table(comparison: Comparison) -> pa.Table:
    """Build a row per job: number, status, error, validation_result, the varied keys as text.

    Then a float64 column for each metric: seconds, rows a second, bytes, rows.
    """
    jobs = comparison.jobs
    columns = {
        "number": pa.array([job.number for job in jobs], pa.int64()),
        "status": pa.array([job.status for job in jobs], pa.string()),
        "error": pa.array([job.error for job in jobs], pa.string()),
        "validation_result": pa.array([job.validated for job in jobs], pa.string()),
    }
    for key in comparison.varied:
        columns[key] = pa.array([job.settings.get(key) for job in jobs], pa.string())
    for metric in comparison.metrics:
        figures = [job.figures.get(metric.name) for job in jobs]
        columns[metric.name] = pa.array(figures, pa.float64())
    return pa.table(columns)
