"""Resolve inputs to files: each once, refusing unsuitable ones, and detecting later changes."""

from __future__ import annotations

import glob
import os
import platform
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import IO, BinaryIO

from toolkit.errors import InputError, ToolkitError
from toolkit.read.archives import SUFFIX as ZIP
from toolkit.read.archives import archive_of, members, open_member
from toolkit.read.kinds import HEAD_BYTES, Kind, kind_of
from toolkit.storage.addresses import is_address

COMPRESSED_SUFFIXES = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
CSV, PARQUET, JSON_LINES, SHEETS = "CSV", "parquet", "JSON lines", "a workbook"
FORMAT_SUFFIXES = {
    ".parquet": PARQUET,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
    ".xlsx": SHEETS,
    ".xlsm": SHEETS,
    ".ods": SHEETS,
}
DATA_SUFFIXES = (".csv", ".tsv", ".txt", *FORMAT_SUFFIXES, *COMPRESSED_SUFFIXES)
TYPED_DELIMITER = "\x1f"
"""Between the cells of copies of other formats: no text has it."""
STANDARD_INPUT = "-"
_NO_FILES = {
    stat.S_ISFIFO: "a pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}
# Names under these exist for this process only, or name another file the next time.
_PASSING = ("/dev/", "/proc/")


@dataclass(frozen=True)
class FileState:
    """Identity and state of a file, to recognise it and to notice changes."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int
    host: str

    @classmethod
    def of(cls, facts: os.stat_result) -> FileState:
        times = (facts.st_mtime_ns, facts.st_ctime_ns)
        return cls(facts.st_size, *times, facts.st_ino, platform.node())

    def is_still(self, before: FileState) -> bool:
        """Return whether nothing has changed. Inode numbers may differ between machines, so they
        may differ here.
        """
        if self.host == before.host:
            return self == before
        return (self.size, self.modified_ns) == (before.size, before.modified_ns)


@dataclass(frozen=True)
class Source:
    """One input: the path it was given by, and the file with its plain text.

    `path` is absolute, so that workers in other folders find it. It equals `original` unless the
    text had to be unpacked or decoded. `also` are further paths that were given for the same file.
    """

    shown: str
    path: Path
    original: Path
    state: FileState
    also: tuple[str, ...] = ()
    member: str | None = None
    """The file within a zip archive, which is then `original`."""
    n_packed: int | None = None
    """The bytes of the member in the archive."""

    @property
    def size(self) -> int:
        """Bytes of the file as it was given."""
        return self.state.size if self.n_packed is None else self.n_packed

    @property
    def compression(self) -> str | None:
        return COMPRESSED_SUFFIXES.get(Path(self.shown).suffix.lower())

    @property
    def unpacked_suffix(self) -> str:
        """The end of the file's name, without that of its compression."""
        path = Path(self.shown)
        return (path.with_suffix("") if self.compression else path).suffix.lower()

    @property
    def format(self) -> str:
        """The format of the file, by its name."""
        return FORMAT_SUFFIXES.get(self.unpacked_suffix, CSV)

    @property
    def is_plain(self) -> bool:
        """Return whether the file as it was given is text."""
        return self.compression is None and self.member is None and self.format == CSV

    @contextmanager
    def given(self) -> Iterator[IO[bytes]]:
        """Open the bytes of the file as it was given, or of the member; raises OSError."""
        if self.member is None:
            with self.original.open("rb", buffering=0) as file:
                yield file
        else:
            with open_member(self.original, self.member, self.shown) as member:
                yield member

    def has_changed(self) -> bool:
        """Return whether the file was replaced, removed or written to."""
        try:
            return not FileState.of(os.stat(self.original)).is_still(self.state)
        except OSError:
            return True

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the plain text at its beginning.

        Raises InputError when it cannot be read, or when the file is not the one that was planned
        with. A spooled copy belongs to the toolkit and is not checked.
        """
        with reading(self.shown, self.path):
            if self.path == self.original:
                # Checked before opening: opening a pipe in its place could block for ever.
                self._refuse_changed(self._facts())
            with self.path.open("rb") as file:
                if self.path == self.original:
                    self._refuse_changed(os.fstat(file.fileno()))
                yield file

    def _facts(self) -> os.stat_result:
        try:
            return self.original.stat()
        except FileNotFoundError:
            if self.state.host == platform.node():
                raise InputError.changed(self.shown) from None
            raise

    def _refuse_changed(self, facts: os.stat_result) -> None:
        if not FileState.of(facts).is_still(self.state):
            raise InputError.changed(self.shown)


@contextmanager
def reading(shown: str, path: Path) -> Iterator[None]:
    """Turn OSErrors while the file at `path` is read into InputErrors."""
    try:
        yield
    except OSError as error:
        raise InputError.not_readable(shown, _why(error, path)) from error


def _why(error: OSError, path: Path) -> str:
    why = error.strerror or str(error)
    if isinstance(error, FileNotFoundError):
        return f"{why}; it must be at {path} on every machine that reads it, until the end"
    return why


@contextmanager
def watching(sources: Sequence[Source]) -> Iterator[None]:
    """Raise InputError at the end of the block when a source has changed meanwhile.

    An error inside the block becomes that InputError too, where a changed file may have caused it.
    """
    try:
        yield
    except (MemoryError, ToolkitError) as error:
        if isinstance(error, InputError):
            _check_all(sources, error)
        raise
    except Exception as error:
        _check_all(sources, error)
        raise
    _check_all(sources)


def _check_all(sources: Iterable[Source], error: Exception | None = None) -> None:
    for source in sources:
        if source.has_changed():
            raise InputError.changed(source.shown) from error


def find_sources(
    inputs: Sequence[str], staged: Mapping[str, Path] = MappingProxyType({})
) -> list[Source]:
    """Return the files that `inputs` (paths and glob patterns) name, in the given order, each once.

    A file is recognised under any path; `staged` maps a path to where the file is for now, if it
    will be moved there later. Files of a pattern are sorted by name. Raises InputError for
    unreadable files and for files that are plainly not CSV.
    """
    sources: dict[tuple[int, int, str | None], Source] = {}
    for given in inputs:
        for identity, source in _found(given, staged):
            first = sources.setdefault(identity, source)
            if first is not source:
                sources[identity] = replace(first, also=(*first.also, source.shown))
    return list(sources.values())


def _found(
    given: str, staged: Mapping[str, Path]
) -> Iterator[tuple[tuple[int, int, str | None], Source]]:
    """Yield the sources that an input names, each with the file's device, inode and member."""
    inside = None if given in staged else archive_of(given)
    names = [inside[0]] if inside else [given] if given in staged else _expand(given)
    for shown in names:
        (device, inode), source = _source(shown, staged.get(shown))
        archive = inside or archive_of(shown)
        if archive is None or given in staged:
            yield (device, inode, None), source
            continue
        for member, n_packed in members(*archive):
            name = f"{shown}/{member}"
            _refuse_unknown(name, member)
            yield (
                (device, inode, member),
                replace(source, shown=name, member=member, n_packed=n_packed),
            )


def _refuse_unknown(shown: str, member: str) -> None:
    if Path(member).suffix.lower() not in DATA_SUFFIXES:
        raise InputError.unknown_member(shown, DATA_SUFFIXES)


def repeated_names(sources: Sequence[Source]) -> str | None:
    """Return a line about files that were named more than once; None if there are none."""
    repeated = [source for source in sources if source.also]
    if not repeated:
        return None
    first = repeated[0]
    others = len(first.also) - 1
    names = first.also[0] + (f" and {others} more" if others else "")
    more = len(repeated) - 1
    rest = f", and so are {more} more files" if more > 1 else ", and so is 1 more file"
    return f"{first.shown} is named again as {names}, and read once{rest if more else ''}"


def _expand(given: str) -> list[str]:
    if is_address(given):
        raise InputError.is_address(given)
    if os.path.lexists(given) or not glob.has_magic(given):
        return [given]
    matches = sorted(name for name in glob.glob(given, recursive=True) if os.path.isfile(name))
    if not matches:
        raise InputError.no_match(given)
    return matches


def _source(shown: str, staged: Path | None) -> tuple[tuple[int, int], Source]:
    """Return the file's device and inode, and the source."""
    path = staged or Path(os.path.abspath(shown))
    try:
        shown.encode()
        facts = path.stat()
        _refuse_no_file(shown, facts.st_mode)
        if str(path).startswith(_PASSING):
            path = path.resolve()
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except UnicodeEncodeError:
        raise InputError.not_readable(ascii(shown), "its name is not UTF-8; rename it") from None
    except FileNotFoundError:
        if shown == STANDARD_INPUT:
            raise InputError.no_file(shown, "standard input") from None
        raise InputError.no_match(shown) from None
    except OSError as error:
        raise InputError.not_readable(shown, error.strerror) from None
    source = Source(shown, path, path, FileState.of(facts))
    if source.compression is None and not (staged and not head):
        _refuse_kind(source, kind_of(head))
    return (facts.st_dev, facts.st_ino), source


def _refuse_kind(source: Source, kind: Kind | None) -> None:
    """Raise InputError unless the file's first bytes are of the kind that its name says."""
    suffix = Path(source.shown).suffix.lower()
    if kind is None and (source.format in (CSV, JSON_LINES) and suffix != ZIP):
        return
    if kind is None:
        raise InputError.not_as_named(source.shown, suffix)
    if suffix not in kind.suffixes:
        raise InputError.other_kind(source.shown, kind.what, kind.advice)


def _refuse_no_file(shown: str, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise InputError.is_folder(Path(shown))
    for is_so, what in _NO_FILES.items():
        if is_so(mode):
            raise InputError.no_file(shown, what)
