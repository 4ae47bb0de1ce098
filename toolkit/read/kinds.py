"""Recognise files that are not CSV by their first bytes."""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD_BYTES = 4096

_UNPACK = "unpack it and name the CSV file in it"
_EXPORT = "save it as CSV first"
_CONVERT = "convert it to CSV first"
_JSON_LINES = (".jsonl", ".ndjson")
_LINES = "write one object a line, under a name that ends in .jsonl"
_NAME = "give it a name that ends in {}"
_INTERRUPTED = "the file was perhaps not fully written; get it again"


class Kind(NamedTuple):
    """A file type, with its article, and what the user should do with such a file."""

    what: str
    advice: str
    suffixes: tuple[str, ...] = ()
    """Ends of names under which such a file is read."""


_KINDS: tuple[tuple[re.Pattern[bytes], Kind], ...] = tuple(
    (re.compile(pattern, re.DOTALL | re.IGNORECASE), Kind(what, advice, tuple(suffixes)))
    for pattern, what, advice, *suffixes in (
        # Workbooks are zip archives; the names of the first entries are not compressed.
        (
            rb"PK\x03\x04.*(\[Content_Types\]|_rels/).*",
            "an Office file, such as .xlsx",
            _NAME.format(".xlsx"),
            ".xlsx",
            ".xlsm",
        ),
        (
            rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis",
            "an OpenDocument file",
            _NAME.format(".ods"),
            ".ods",
        ),
        (rb"PK(\x03\x04|\x05\x06|\x07\x08)", "a zip archive", _NAME.format(".zip"), ".zip"),
        (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file, such as .xls", _EXPORT),
        (rb"\x1f\x8b[\x00-\x08]", "gzip-compressed", _NAME.format(".csv.gz")),
        (rb"\x28\xb5\x2f\xfd", "zstd-compressed", _NAME.format(".csv.zst")),
        (rb"BZh[1-9](1AY&SY|\x17rE8P\x90)", "bzip2-compressed", _NAME.format(".csv.bz2")),
        (rb"\xfd7zXZ\x00", "xz-compressed", _UNPACK),
        (rb"\x04\x22\x4d\x18", "lz4-compressed", _UNPACK),
        (rb"\x1f[\x9d\xa0]", "compressed by compress", _UNPACK),
        (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
        (rb"Rar!\x1a\x07", "a RAR archive", _UNPACK),
        (rb".{257}ustar[\x00 ]", "a tar archive", _UNPACK),
        (rb"PAR1[^\t\n\r -~]", "a parquet file", _NAME.format(".parquet"), ".parquet"),
        (rb"(ARROW1\x00\x00|FEA1[^\t\n\r -~])", "an Arrow or Feather file", _CONVERT),
        (rb"\xff\xff\xff\xff.{2}\x00\x00", "an Arrow stream", _CONVERT),
        (rb"ORC[^\t\n\r -~]", "an ORC file", _CONVERT),
        (rb"Obj\x01", "an Avro file", _CONVERT),
        (rb"\x89HDF\r\n\x1a\n", "an HDF5 file", _CONVERT),
        (rb"SQLite format 3\x00", "an SQLite database", _CONVERT),
        (rb"\x93NUMPY", "a NumPy file", _CONVERT),
        (rb"\x80[\x02-\x05][\x80-\xff}\]cK(]", "a Python pickle", _CONVERT),
        (rb"%PDF-", "a PDF", _CONVERT),
        (rb"\{\\rtf", "an RTF document", _EXPORT),
        (rb"\x89PNG\r\n\x1a\n", "a PNG image", _CONVERT),
        (rb"\xff\xd8\xff", "a JPEG image", _CONVERT),
        (rb"GIF8[79]a", "a GIF image", _CONVERT),
        (rb"(II\*\x00|MM\x00\*)", "a TIFF image", _CONVERT),
        (rb"BM.{4}\x00{4}", "a BMP image", _CONVERT),
        (rb"RIFF.{4}(WEBP|WAVE|AVI )", "an image, sound or film", _CONVERT),
        (rb".{4}ftyp[a-z0-9 ]{4}", "an image or a film", _CONVERT),
        (rb"\x7fELF", "a program", _CONVERT),
        (rb"MZ.{56}[\x00-\xff]{4}\x0e\x1f\xba", "a program", _CONVERT),
        (rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body|table)[\s>]", "HTML", _EXPORT),
        (rb"(\xef\xbb\xbf)?\s*<\?xml\s", "XML", _CONVERT),
        (
            rb"(\xef\xbb\xbf)?\s*(\[\s*)?\{\s*\"[^\"\r\n]*\"\s*:",
            "JSON",
            _LINES,
            ".jsonl",
            ".ndjson",
        ),
        # Four NULs are not text in any encoding.
        (rb"\x00{4}", "binary data: it begins with zero bytes", _INTERRUPTED),
    )
)


def kind_of(head: bytes) -> Kind | None:
    """Return the kind of a file by its first HEAD_BYTES or more; None for text."""
    return next((kind for pattern, kind in _KINDS if pattern.match(head)), None)
