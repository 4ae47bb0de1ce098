"""Transcode text in any of Python's encodings to UTF-8 without losing a byte of the original.

Bytes that the codec cannot decode, and characters that UTF-8 cannot encode, are written as lone
surrogates, which are invalid UTF-8: the reader rejects the record, and `show_bytes` shows the
original bytes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

# Byte 0x81 becomes the lone surrogate U+DC81; ASCII bytes can be undecodable as well.
_SURROGATES_FROM = 0xDC00
_SURROGATE = re.compile(rb"\xed[\xb0-\xb3][\x80-\xbf]")
_KEEP_BYTES, _SHOW_BYTES = "toolkit.keep-bytes", "toolkit.show-bytes"
# UTF-32 before UTF-16, whose mark is a prefix of UTF-32's.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, and the codec of each."""

# Without a suffix these codecs expect a byte order mark.
_MARKED = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}


def is_utf8(encoding: str) -> bool:
    """Return whether files in this encoding are read directly; a byte order mark is skipped."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def transcode(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Decode chunks of bytes and yield them as UTF-8, with line ends unchanged.

    UTF-16 and UTF-32 without a mark are little endian. Raises UnicodeError where the codec gives up
    altogether, as those with escape sequences do.
    """
    decoder: codecs.IncrementalDecoder | None = None
    for chunk in chunks:
        decoder = decoder or _decoder(encoding, chunk)
        yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
    if decoder is not None:
        yield decoder.decode(b"", True).encode("utf-8", "surrogatepass")


def _decoder(encoding: str, first: bytes) -> codecs.IncrementalDecoder:
    name = codecs.lookup(encoding).name
    if name in _MARKED and not first.startswith(_MARKED[name]):
        name += "-le"
    return codecs.getincrementaldecoder(name)(_KEEP_BYTES)


def show_bytes(data: bytes) -> str:
    """Return a line as text, with bytes that are not UTF-8, or could not be made so, as `\\xNN`."""
    return data.decode("utf-8", _SHOW_BYTES)


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    """Replace undecodable bytes by lone surrogates.

    Replaces one byte at a time, since codecs with escape sequences report whole lines as one error;
    but at least one code unit where units are wider, or the rest would be read at an odd byte.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stop = error.end if error.encoding.startswith(("utf-16", "utf-32")) else error.start + 1
    return "".join(chr(_SURROGATES_FROM + byte) for byte in error.object[error.start : stop]), stop


def _show_bytes(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    found = _SURROGATE.match(error.object, error.start)
    if found is None:
        return codecs.backslashreplace_errors(error)
    byte = ord(found.group().decode("utf-8", "surrogatepass")) - _SURROGATES_FROM
    return f"\\x{byte:02x}", found.end()


codecs.register_error(_KEEP_BYTES, _keep_bytes)
codecs.register_error(_SHOW_BYTES, _show_bytes)
