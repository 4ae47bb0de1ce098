"""Spool inputs to plain UTF-8, one task each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dask.delayed import delayed

from toolkit.cluster import Runner
from toolkit.contract import CsvFormat
from toolkit.read.sources import Source
from toolkit.read.unpack import spool


def spooled(
    runner: Runner,
    sources: Sequence[Source],
    folder: Path,
    csv_format: CsvFormat,
) -> list[Source]:
    """Copy the sources that are not plain UTF-8 to `folder`; errors as of `spool`."""
    task = delayed(spool, pure=False)
    csv, limit = csv_format, csv_format.max_unpacking
    return runner.run([task(one, folder, csv.encoding, limit, csv.sheet) for one in sources])
