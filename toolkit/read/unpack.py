"""Spool compressed or re-encoded inputs to plain UTF-8 on disk, in bounded memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from toolkit.contract import CsvFormat
from toolkit.errors import InputError, OutputError
from toolkit.read.kinds import HEAD_BYTES, kind_of
from toolkit.read.sources import Source
from toolkit.read.transcode import is_utf8, transcode

_CHUNK_BYTES = 4 << 20
_EXEMPT_BYTES = 64 << 20


def spool(
    source: Source, folder: Path, encoding: str, max_unpacking: int = CsvFormat.max_unpacking
) -> Source:
    """Return the source itself if it is plain UTF-8, else one that reads from its copy in `folder`.

    `encoding` is that of the text; undecodable bytes remain recognisable in the copy, so that the
    records that contain them are rejected. Raises InputError when the file is not valid .gz, .zst
    or .bz2, unpacks to over `max_unpacking` times its size, or is not text of that encoding at all,
    OutputError when `folder` cannot take the text.
    """
    if source.compression is None and is_utf8(encoding):
        return source
    path = folder / f"spooled-{hashlib.sha256(os.fsencode(source.shown)).hexdigest()[:32]}.csv"
    try:
        with path.open("wb") as target:
            for chunk in _utf8_chunks(source, encoding, max_unpacking):
                target.write(chunk)
    except OSError as error:
        raise OutputError.cannot_write(path, error) from error
    return replace(source, path=path)


def _utf8_chunks(source: Source, encoding: str, max_unpacking: int) -> Iterator[bytes]:
    if is_utf8(encoding):
        yield from _chunks(source, max_unpacking)
        return
    try:
        yield from transcode(_chunks(source, max_unpacking), encoding)
    except UnicodeError as error:
        raise InputError.not_readable(source.shown, f"not valid {encoding}: {error}") from None


def _chunks(source: Source, max_unpacking: int) -> Iterator[bytes]:
    with source.open(), pa.OSFile(str(source.path)) as file:
        packing = source.compression
        if packing is None:
            yield from _read_all(file)
            return
        try:
            with pa.CompressedInputStream(file, packing) as stream:
                head = stream.read(_CHUNK_BYTES)
                if kind := kind_of(head[:HEAD_BYTES]):
                    raise InputError.other_kind(
                        source.shown, f"{packing} of {kind.what}", kind.advice
                    )
                if head:
                    yield head
                n_bytes = 0
                for chunk in _read_all(stream):
                    n_bytes += len(chunk)
                    if n_bytes > max(_EXEMPT_BYTES, max_unpacking * file.tell()):
                        raise InputError.unpacks_to_too_much(source.shown, max_unpacking)
                    yield chunk
        except OSError as error:
            if error.errno:
                raise
            raise InputError.not_readable(source.shown, f"not valid {packing}: {error}") from None


def _read_all(stream: pa.NativeFile) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk
