"""Temporary tables of a run on disk, as Arrow files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from toolkit.errors import OutputError


@contextmanager
def reading_back(path: Path) -> Iterator[None]:
    """Raise OutputError when the run's own temporary files cannot be read again."""
    try:
        yield
    except OSError as error:
        raise OutputError.cannot_read_back(path, error) from error


def write_spilled(table: pa.Table, path: Path) -> None:
    """Write a table; raises OSError."""
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def read_spilled(path: Path) -> pa.Table:
    """Map a table into memory, which takes none until it is used. Raises OutputError."""
    with reading_back(path), pa.memory_map(str(path)) as file:
        return pa.ipc.open_file(file).read_all()
