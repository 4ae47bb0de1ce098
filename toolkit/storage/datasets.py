"""Datasets of parquet files: write and find their files, open one, group its row groups."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.errors import InputError, did_you_mean
from toolkit.storage.atomic import MANIFEST
from toolkit.storage.plain_files import check_plain

Paths = Path | str | Sequence[Path | str]
Refusal = Callable[[Path | str, str], InputError]
"""Makes the error from a path and its problem."""
_ROW_GROUP_ROWS = 1 << 18
# Arrow encodes this many values at a time; its own 1,024 costs a third more time.
_WRITE_BATCH_ROWS = 1 << 16


@dataclass(frozen=True)
class ParquetStyle:
    """Options of parquet files. `dictionary_columns` have few distinct values per file."""

    compression: str = "snappy"
    dictionary_columns: tuple[str, ...] = ()


def part_name(index: int, token: str = "") -> str:
    """Name a part; names sort by number, and `token` distinguishes two versions."""
    return f"part-{index:06d}{token and f'-{token}'}.parquet"


def write_parquet(table: pa.Table, schema: pa.Schema, path: Path, style: ParquetStyle) -> int:
    """Write one parquet file that reads back with `schema`; return its size in bytes.

    A column that is a string in `schema` may come as a dictionary, which parquet writes directly;
    so the schema for readers is stored apart from the table's own.
    """
    table = table.select(schema.names)
    dictionaries = [f.name for f in table.schema if pa.types.is_dictionary(f.type)]
    present = set(style.dictionary_columns) & set(schema.names)
    with pq.ParquetWriter(
        path,
        table.schema,
        compression=style.compression,
        use_dictionary=sorted({*dictionaries, *present}),
        store_schema=False,
        write_batch_size=_WRITE_BATCH_ROWS,
    ) as writer:
        stored = base64.b64encode(schema.serialize().to_pybytes()).decode()
        writer.add_key_value_metadata({"ARROW:schema": stored})
        writer.write_table(table, row_group_size=_ROW_GROUP_ROWS)
    return path.stat().st_size


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a published folder; empty where it has none.

    Raises InputError where it is damaged.
    """
    try:
        return {**json.loads((folder / MANIFEST).read_text(encoding="utf-8"))}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, TypeError, ValueError) as error:
        raise InputError.not_parquet(folder, f"its {MANIFEST} is damaged: {error}") from error


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
