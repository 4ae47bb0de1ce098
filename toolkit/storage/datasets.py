"""Datasets of parquet files: find their files, open one, group its row groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.errors import InputError, did_you_mean
from toolkit.storage.plain_files import check_plain

Paths = Path | str | Sequence[Path | str]
Refusal = Callable[[Path | str, str], InputError]
"""Makes the error from a path and its problem."""


def find_parts(paths: Paths, refusal: Refusal) -> list[Path]:
    """Return the parquet files of a folder (sorted by name), of a path, or of several paths.

    Files of a folder whose names start with `_` or `.` do not count. Raises what `refusal` makes of
    a path that is missing or has no parquet files.
    """
    given = [paths] if isinstance(paths, Path | str) else paths
    return [part for path in given for part in _parts(Path(path), refusal)]


@contextmanager
def open_parquet(
    path: Path, refusal: Refusal, dictionaries: Sequence[str] = ()
) -> Iterator[pq.ParquetFile]:
    """Open the file, reading its `dictionaries` columns as such; failures become what `refusal`
    makes.
    """
    try:
        with pq.ParquetFile(path, read_dictionary=dictionaries) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        why = str(error).partition("\n")[0]
        raise refusal(path, f"cannot be read: {why}") from error


def runs_of_groups(sizes: Sequence[int], at_most: int) -> Iterator[list[int]]:
    """Group neighbours of a total size of `at_most`, by index; those of size 0 are left out."""
    run: list[int] = []
    n_rows = 0
    for number, size in enumerate(sizes):
        if run and n_rows + size > at_most:
            yield run
            run, n_rows = [], 0
        if size:
            run.append(number)
            n_rows += size
    if run:
        yield run


def _parts(path: Path, refusal: Refusal) -> list[Path]:
    if path.is_dir():
        parts = sorted(p for p in path.glob("*.parquet") if p.name[0] not in "_.")
        if not parts:
            raise refusal(path, "the folder has no *.parquet parts")
        return [_plain(part, refusal) for part in parts]
    if not path.exists():
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise refusal(path, f"no such file or folder{did_you_mean(path.name, names)}")
    return [_plain(path, refusal)]


def _plain(path: Path, refusal: Refusal) -> Path:
    try:
        check_plain(path)
    except OSError as error:
        raise refusal(path, error.strerror or str(error)) from None
    return path
