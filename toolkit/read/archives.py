"""Files within zip archives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, TYPE_CHECKING

from toolkit.errors import InputError

if TYPE_CHECKING:
    from zipfile import ZipInfo

SUFFIX = ".zip"


def archive_of(given: str) -> tuple[str, str] | None:
    """Return the archive that an input names, and the member in it, '' for all; None if neither.

    `sales.zip/jan.csv` is a member of sales.zip, and so may be `sales.zip/*.csv`.
    """
    if given.lower().endswith(SUFFIX) and os.path.isfile(given):
        return given, ""
    place = given.lower().find(f"{SUFFIX}/")
    while place >= 0:
        archive, member = given[: place + len(SUFFIX)], given[place + len(SUFFIX) + 1 :]
        if os.path.isfile(archive) and member:
            return archive, member
        place = given.lower().find(f"{SUFFIX}/", place + 1)
    return None


def members(archive: str, wanted: str) -> list[tuple[str, int]]:
    """Return the names and packed bytes of the files in an archive, by name: those that match
    `wanted`, or all. What file managers add is left out. Raises InputError.
    """
    with _opened(Path(archive), archive) as infos:
        files = sorted(
            (info.filename, info.compress_size)
            for info in infos
            if not info.is_dir() and not _is_of_system(info.filename)
        )
        locked = [info.filename for info in infos if info.flag_bits & 1]
    found = [one for one in files if not wanted or one[0] == wanted]
    if wanted and not found:
        found = [one for one in files if fnmatchcase(one[0], wanted)]
    if not found:
        raise InputError.no_member(archive, wanted, [name for name, _ in files])
    if any(name in locked for name, _ in found):
        raise InputError.not_readable(archive, "it is encrypted; unpack it")
    return found


def _is_of_system(name: str) -> bool:
    return name.startswith("__MACOSX/") or os.path.basename(name).startswith(".")


@contextmanager
def _opened(path: Path, shown: str) -> Iterator[list[ZipInfo]]:
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(path) as file:
            yield file.infolist()
    except BadZipFile as error:
        raise InputError.not_readable(shown, f"not a valid zip archive: {error}") from None
    except OSError as error:
        raise InputError.not_readable(shown, error.strerror or str(error)) from None


@contextmanager
def open_member(path: Path, member: str, shown: str) -> Iterator[IO[bytes]]:
    """Open a file of an archive; raises InputError, also while it is read."""
    from zipfile import BadZipFile, ZipFile
    from zlib import error as zlib_error

    try:
        with ZipFile(path) as archive, archive.open(member) as file:
            yield file
    except (BadZipFile, KeyError, NotImplementedError, RuntimeError, zlib_error) as error:
        raise InputError.not_readable(shown, f"not a valid zip archive: {error}") from None
