"""Compressed inputs as plain text on disk, in bounded memory, so that they can be cut."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from toolkit.errors import InputError, OutputError
from toolkit.read.blocks import Source

_PIECE_BYTES = 4 << 20


def spool(source: Source, folder: Path) -> Source:
    """The source itself if it is plain, else one that reads from its unpacked copy in `folder`.

    Raises InputError when the file is no sound .gz, .zst or .bz2, OutputError when `folder`
    cannot take the text.
    """
    if source.compression is None:
        return source
    path = folder / f"spooled-{hashlib.sha256(os.fsencode(source.shown)).hexdigest()[:32]}.csv"
    try:
        with path.open("wb") as target:
            for piece in _pieces(source):
                target.write(piece)
    except OSError as error:
        raise OutputError.cannot_write(path, error) from error
    return replace(source, path=path)


def _pieces(source: Source) -> Iterator[bytes]:
    try:
        with (
            pa.OSFile(source.shown) as packed,
            pa.CompressedInputStream(packed, source.compression) as stream,
        ):
            while piece := stream.read(_PIECE_BYTES):
                yield piece
    except OSError as error:
        raise InputError.not_readable(
            source.shown, f"no sound {source.compression}: {error}"
        ) from None
