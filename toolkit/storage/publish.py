"""Write files atomically: staged beside the target, synced, renamed into place."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.errors import InputError, OutputError
from toolkit.storage.plain_files import in_the_way

MANIFEST = "_manifest.json"
_ROW_GROUP_ROWS = 1 << 18
# Arrow encodes this many values at a time; its own 1,024 costs a third more time.
_WRITE_BATCH_ROWS = 1 << 16


@dataclass(frozen=True)
class ParquetStyle:
    """Options of parquet files. `dictionary_columns` have few distinct values per file."""

    compression: str = "snappy"
    dictionary_columns: tuple[str, ...] = ()


def part_name(index: int, token: str = "") -> str:
    """Part names sort as their numbers do; `token` makes those of two versions different."""
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


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write JSON that appears whole or not at all, keys in the order given."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    write_text(f"{text}\n", path)


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


def write_text(text: str, path: Path) -> None:
    """Write text as UTF-8 that appears whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def check_replaceable(path: Path) -> None:
    """Raise OutputError where a file at `path` would replace a link, a pipe or a device."""
    if what := in_the_way(path):
        raise OutputError.not_replaced(path, what)


@contextmanager
def publishing_files(folder: Path) -> Iterator[Path]:
    """Yield a staging folder whose files replace those of the same name in `folder` at the end.

    Other files in `folder` are left alone. Raises as `publishing` does.
    """
    marker = folder / "files"
    with locked(marker):
        staged = _beside(marker, "staging")
        try:
            remove(staged)
            staged.mkdir()
            yield staged
            sync_folder(staged)
            for path in staged.iterdir():
                check_replaceable(folder / path.name)
            for path in sorted(staged.iterdir(), key=lambda p: p.name == MANIFEST):
                path.replace(folder / path.name)
            sync_path(folder)
        except OSError as error:
            raise OutputError.cannot_write(error.filename or folder, error) from error
        finally:
            remove(staged)


class BackgroundSync:
    """Sends finished files to the disk while others are still being made.

    On leaving the context all of them are on the disk; a failure is raised there.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(2, "sync")
        self._pending: list[Future[None]] = []

    def add(self, path: Path) -> None:
        self._pending.append(self._pool.submit(sync_path, path))

    def __enter__(self) -> BackgroundSync:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=error is not None)
        if error is None:
            for future in self._pending:
                future.result()


def replace_in_order(moves: Sequence[tuple[Path, Path | None]]) -> None:
    """Move files into place, as (target, file) pairs; a target whose file is None is removed.

    A file that was moved already is skipped.
    """
    for target, file in moves:
        if file is None:
            target.unlink(missing_ok=True)
        else:
            with suppress(FileNotFoundError):
                file.replace(target)
    for folder in {target.parent for target, _ in moves}:
        sync_path(folder)


def sync_folder(folder: Path) -> None:
    """All files in the folder, then its list of names, are on the disk when this returns."""
    for path in folder.iterdir():
        sync_path(path)
    sync_path(folder)


def sync_path(path: Path) -> None:
    """A file's bytes, or a folder's names, are on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(target: Path, role: str) -> Path:
    return target.with_name(f".{target.name}.{role}")


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def locked(target: Path, path: Path | None = None, *, wait: bool = False) -> Iterator[None]:
    """Lock the target for this process; the lock ends with the process in any case.

    The lock is the file `path`, or one beside the target, removed at the end. If another process
    has the lock, wait for it, or raise OutputError at once.
    """
    path = path or _beside(target, "lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = open_locked(path, wait=wait)
    except BlockingIOError:
        raise OutputError.in_use(target) from None
    except OSError as error:
        raise OutputError.cannot_write(target.parent, error) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def open_locked(path: Path, *, shared: bool = False, wait: bool = False) -> int:
    """Open a lock file, creating it if needed, and lock it; closing the descriptor unlocks it.

    A `shared` lock needs no write permission and creates no file. Raises BlockingIOError if another
    process has the lock, unless `wait` is set.
    """
    how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    while True:
        descriptor = os.open(path, os.O_RDONLY if shared else os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, how)
            # The previous owner may have removed the file in the meantime; the lock would be on
            # nothing.
            with suppress(FileNotFoundError):
                if os.fstat(descriptor).st_ino == path.stat().st_ino:
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def publish_new(files: Mapping[Path, bytes]) -> None:
    """Write new files in the given order; all of them, or none.

    Missing folders are made. A file that appears in the meantime is not replaced. Raises
    OutputError when one cannot be written; the files written before it, and the new folders, are
    then removed.
    """
    made: list[Path] = []
    try:
        for path, content in files.items():
            made += make_folders(path.parent)
            staged = _beside(path, "staging")
            made.append(staged)
            with staged.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for path in files:
            os.link(_beside(path, "staging"), path)
            made.append(path)
    except OSError as error:
        _unmake(made)
        raise OutputError.cannot_write(error.filename2 or error.filename, error) from error
    except BaseException:
        _unmake(made)
        raise
    for path in files:
        _beside(path, "staging").unlink()
        sync_path(path.parent)


def make_folders(folder: Path) -> list[Path]:
    """Make a folder and its missing parents; return those made, the outermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
    return missing[::-1]


def _unmake(made: Sequence[Path]) -> None:
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
