"""Checks of files that are read or replaced whole: regular files of limited size only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from toolkit.units import human_bytes

_KINDS = (
    *((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket")),
    *((stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device")),
)


class UnfitFileError(OSError):
    """A file that is not to be opened, with the reason as its text."""


def read_plain(path: Path, at_most: int | None = None, key: str = "") -> bytes:
    """Read a regular file. Raises OSError, for other files before they are opened.

    `key` is the setting of the limit, if there is one.
    """
    check_plain(path, at_most, key)
    return path.read_bytes()


def check_plain(path: Path, at_most: int | None = None, key: str = "") -> None:
    """Raise OSError unless `path` is a regular file of at most so many bytes: opening a pipe may
    block.

    Folders are left to the caller's own open.
    """
    facts = os.stat(path)
    if what := _special(facts.st_mode):
        raise UnfitFileError(f"is {what}; name a file")
    if at_most is not None and facts.st_size > at_most:
        raise UnfitFileError(too_large(facts.st_size, at_most, key))


def too_large(n_bytes: int, at_most: int, key: str) -> str:
    limit = f"{human_bytes(at_most)}{f' ({key})' if key else ''}"
    return f"has {human_bytes(n_bytes)}, more than the limit of {limit}"


def in_the_way(path: Path) -> str | None:
    """Return what is at `path` that a file must not replace, if anything; renames onto folders fail
    anyway.
    """
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        # Nothing there, or no permission to look: the write itself will report it.
        return None
    if stat.S_ISLNK(mode):
        return f"a symbolic link to {os.readlink(path)}"
    return _special(mode)


def _special(mode: int) -> str | None:
    return next((what for is_kind, what in _KINDS if is_kind(mode)), None)
