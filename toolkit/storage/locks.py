"""File locks that end with their process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from toolkit.errors import OutputError


@contextmanager
def locked(target: Path, path: Path | None = None, *, wait: bool = False) -> Iterator[None]:
    """Lock the target for this process; the lock ends with the process in any case.

    The lock is the file `path`, or one beside the target, removed at the end. If another process
    has the lock, wait for it, or raise OutputError at once.
    """
    path = path or target.with_name(f".{target.name}.lock")
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
