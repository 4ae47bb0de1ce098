"""Spool compressed or re-encoded inputs to plain UTF-8 on disk, in bounded memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from toolkit.contract import CsvFormat
from toolkit.errors import InputError, OutputError
from toolkit.read.kinds import HEAD_BYTES, kind_of
from toolkit.read.sources import CSV, Source
from toolkit.read.transcode import is_utf8, transcode

_CHUNK_BYTES = 4 << 20
_EXEMPT_BYTES = 64 << 20


class _Stream(Protocol):
    def read(self, n_bytes: int, /) -> bytes: ...


def spool(
    source: Source,
    folder: Path,
    encoding: str,
    max_unpacking: int = CsvFormat.max_unpacking,
    sheet: str | None = None,
) -> Source:
    """Return the source itself if it is plain UTF-8, else one that reads from its copy in `folder`.

    `encoding` is that of the text; undecodable bytes remain recognisable in the copy, so that the
    records that contain them are rejected. `sheet` is the one to read of a workbook. Raises
    InputError when the file is not valid, unpacks to over `max_unpacking` times its size, or is not
    text of that encoding at all, OutputError when `folder` cannot take the text.
    """
    if source.is_plain and is_utf8(encoding):
        return source
    path = folder / f"spooled-{hashlib.sha256(os.fsencode(source.shown)).hexdigest()[:32]}.csv"
    try:
        with path.open("wb") as target:
            if source.format == CSV:
                chunks = _utf8_chunks(source, encoding, max_unpacking)
            else:
                chunks = _typed_chunks(source, path.with_suffix(".unpacked"), max_unpacking, sheet)
            for chunk in chunks:
                target.write(chunk)
    except OSError as error:
        raise OutputError.cannot_write(path, error) from error
    return replace(source, path=path)


def _typed_chunks(
    source: Source, unpacked: Path, max_unpacking: int, sheet: str | None
) -> Iterator[bytes]:
    """Yield a file of another format as CSV, unpacked into a file first if it is packed."""
    # Other formats need other modules.
    from toolkit.read.typed import typed_chunks

    if source.compression is None and source.member is None:
        with source.open():
            yield from typed_chunks(source.format, source.path, source.shown, sheet)
        return
    try:
        with unpacked.open("wb") as target:
            for chunk in _chunks(source, max_unpacking):
                target.write(chunk)
        yield from typed_chunks(source.format, unpacked, source.shown, sheet)
    finally:
        unpacked.unlink(missing_ok=True)


def _utf8_chunks(source: Source, encoding: str, max_unpacking: int) -> Iterator[bytes]:
    if is_utf8(encoding):
        yield from _chunks(source, max_unpacking)
        return
    try:
        yield from transcode(_chunks(source, max_unpacking), encoding)
    except UnicodeError as error:
        raise InputError.not_readable(source.shown, f"not valid {encoding}: {error}") from None


def _chunks(source: Source, max_unpacking: int) -> Iterator[bytes]:
    """Yield the unpacked bytes of a source: of a file, or of a member of an archive."""
    packing = source.compression
    with source.open() as plain, source.given() as given:
        if packing is None and source.member is None:
            yield from _read_all(plain)
            return
        file = pa.PythonFile(given, "r")
        try:
            with pa.CompressedInputStream(file, packing) if packing else file as stream:
                head = stream.read(_CHUNK_BYTES)
                _refuse_kind(source, head[:HEAD_BYTES])
                if head:
                    yield head
                n_bytes = 0
                for chunk in _read_all(stream):
                    n_bytes += len(chunk)
                    n_packed = given.tell() if source.n_packed is None else source.n_packed
                    if n_bytes > max(_EXEMPT_BYTES, max_unpacking * n_packed):
                        raise InputError.unpacks_to_too_much(source.shown, max_unpacking)
                    yield chunk
        except OSError as error:
            if error.errno:
                raise
            raise InputError.not_readable(source.shown, f"not valid {packing}: {error}") from None


def _refuse_kind(source: Source, head: bytes) -> None:
    """Raise InputError unless what was packed is of the kind that the name says."""
    kind = kind_of(head)
    if kind is not None and source.unpacked_suffix not in kind.suffixes:
        packing = source.compression or "zip"
        raise InputError.other_kind(source.shown, f"{packing} of {kind.what}", kind.advice)


def _read_all(stream: _Stream) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk
