"""Files that appear whole or not at all: staged beside the target, synced, renamed into place."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from toolkit.errors import OutputError
from toolkit.storage.locks import locked
from toolkit.storage.plain_files import in_the_way

MANIFEST = "_manifest.json"


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write JSON that appears whole or not at all, keys in the order given."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    write_text(f"{text}\n", path)


def write_text(text: str, path: Path) -> None:
    """Write text as UTF-8 that appears whole or not at all; the umask decides who may read it.

    Surrogates, as in some paths, are written escaped.
    """
    with replacing(path) as partial:
        partial.write_bytes(text.encode("utf-8", "backslashreplace"))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a file beside `path` that replaces it at the end of the block; removed on an error."""
    partial = _beside(path, "partial")
    try:
        yield partial
        sync_path(partial)
        partial.replace(path)
    finally:
        # The rename has been done: a failure to sync is not an error of the write.
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def put_if_absent(path: Path, content: bytes, mode: int) -> None:
    """Write a file unless it exists; of several processes that do so at a time, the first wins."""
    partial = _beside(path, f"{secrets.token_hex(8)}.partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(partial, path)
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


@contextmanager
def staging_folder(target: Path) -> Iterator[Path]:
    """Make a hidden folder beside `target`, so that a rename from it is atomic; always removed."""
    check_replaceable(target)
    folder = target.parent / f".{target.name}.partial-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        if target.is_dir():
            # Fail at once, rather than after everything was generated.
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        folder.mkdir()
    except OSError as error:
        raise OutputError.cannot_write(target, error) from error
    try:
        yield folder
    finally:
        # Renamed first: tasks still running after an interrupt then fail, instead of putting new
        # files into a folder that is being emptied.
        doomed = folder.with_name(f"{folder.name}.removed")
        with suppress(OSError):
            folder.rename(doomed)
        for path in (doomed, folder):
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def as_it_was(targets: Sequence[Path], folder: Path) -> Iterator[None]:
    """Restore the targets after an error in the block; `folder` is for hard links to them."""
    second = {target: folder / f"earlier-{n}" for n, target in enumerate(targets)}
    was_there = {target for target in targets if target.exists()}
    for target in was_there:
        # Some file systems have no hard links, and the ledger may be on another disk.
        with suppress(OSError):
            os.link(target, second[target])
    try:
        yield
    except OSError:
        for target, earlier in second.items():
            with suppress(OSError):
                if earlier.exists():
                    earlier.replace(target)
                elif target not in was_there:
                    target.unlink(missing_ok=True)
        raise


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
    """Sync all files in the folder to the disk, then its list of names."""
    for path in folder.iterdir():
        sync_path(path)
    sync_path(folder)


def sync_path(path: Path) -> None:
    """Sync a file's bytes, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


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


def _beside(target: Path, role: str) -> Path:
    return target.with_name(f".{target.name}.{role}")


def _unmake(made: Sequence[Path]) -> None:
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
