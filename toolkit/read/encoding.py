"""Detect a file's encoding from all of its bytes.

The file is scanned in chunks, cut anywhere; their results add up.
"""

from __future__ import annotations

import os
import re
import string
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path

import numpy as np
import numpy.typing as npt

from toolkit.read.sources import Source, reading
from toolkit.read.transcode import BYTE_ORDER_MARKS
from toolkit.units import human_share

CHUNK_BYTES = 16 << 20
# Tried in this order where bytes are not UTF-8; of equals the first is taken.
_CANDIDATES = ("cp1252", "cp1251", "cp850", "mac_roman", "shift_jis", "gb18030", "latin-1")
_NO_BREAK = "\xa0"
_LONGEST_WORD = 14
# Each is most often taken for the other: what DOS wrote, and what Windows does.
_TAKEN_FOR = {"cp1252": "cp850", "cp850": "cp1252"}
_MIDDLE = "\u2019\u00b7"
_SIGNS = frozenset(
    "\u20ac\xa3\xa5\xa9\xae\xb0\xb2\xb3\xbd\xbc\xab\xbb\u201c\u201d\u2018\u2013\u2014"
    f"\u2026\xbf\xa1\xa7\xba\xaa\xa0\xb4{_MIDDLE}"
)
_BEYOND_ASCII, _LINE_END = re.compile(rb"[\x80-\xff]"), re.compile(rb"[\r\n]")
_N_SAMPLES = 40
_LONGEST_SAMPLE = 200
_HALF = 0.5
_NEAR = 0.1
_MOSTLY_UTF8 = 0.9
# Of lines in another encoding, far fewer than this share are UTF-8 by chance.
_MIXED = 0.1


@dataclass(frozen=True)
class Bytes:
    """Counts over the bytes of a file.

    `n_unreadable` are the places that are not UTF-8, `n_sequences` the valid characters beyond
    ASCII, `zeros` the NUL bytes at even and odd offsets.
    """

    n_bytes: int = 0
    n_high: int = 0
    n_unreadable: int = 0
    n_sequences: int = 0
    zeros: tuple[int, int] = (0, 0)
    samples: tuple[bytes, ...] = ()
    """The first lines with bytes beyond ASCII."""
    n_sound_lines: int = 0
    """Lines with bytes beyond ASCII that are UTF-8, where others are not..."""
    n_other_lines: int = 0
    """... and those that are not."""
    others: tuple[bytes, ...] = ()
    """The first of the latter."""

    def __add__(self, later: Bytes) -> Bytes:
        return Bytes(
            self.n_bytes + later.n_bytes,
            self.n_high + later.n_high,
            self.n_unreadable + later.n_unreadable,
            self.n_sequences + later.n_sequences,
            (self.zeros[0] + later.zeros[0], self.zeros[1] + later.zeros[1]),
            (*self.samples, *later.samples)[:_N_SAMPLES],
            self.n_sound_lines + later.n_sound_lines,
            self.n_other_lines + later.n_other_lines,
            (*self.others, *later.others)[:_N_SAMPLES],
        )


@dataclass(frozen=True)
class Encoding:
    """The codec to read with, the evidence, and the doubts."""

    name: str
    evidence: str
    doubts: tuple[str, ...] = ()
    samples: tuple[str, ...] = field(default=())
    """Lines with characters beyond ASCII, as they read."""


def head_and_size(source: Source) -> tuple[bytes, int]:
    """Return the first bytes of a source, enough for a byte order mark, and its size."""
    with source.open() as file:
        return file.read(4), os.fstat(file.fileno()).st_size


def look_at_source(source: Source, start: int, stop: int) -> Bytes:
    """Scan one chunk of a source; raises InputError."""
    with reading(source.shown, source.path):
        return look_at(source.path, start, stop)


def chunks_of(n_bytes: int) -> Iterator[tuple[int, int]]:
    """Return where to cut a file for `look_at`."""
    for start in range(0, max(1, n_bytes), CHUNK_BYTES):
        yield start, min(n_bytes, start + CHUNK_BYTES)


def look_at(path: Path, start: int, stop: int) -> Bytes:
    """Scan one chunk. A character that spans two chunks belongs to the first."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(stop - start + 3)  # the rest of a character that begins in the chunk
    begin = 0 if start == 0 else _continued(data, 0)
    end = min(stop - start, len(data))
    end += _continued(data, end)
    whole = data[begin:end]
    if whole.isascii() and b"\x00" not in whole:
        return Bytes(len(whole))
    raw = np.frombuffer(whole, np.uint8)
    zeros = np.flatnonzero(raw == 0) + start + begin
    odd = int(np.count_nonzero(zeros & 1))
    n_unreadable, n_sequences = _utf8_sequences(whole)
    by_line = _by_line(whole, raw, n_unreadable, n_sequences)
    return Bytes(
        len(whole),
        int(np.count_nonzero(raw >= 0x80)),
        n_unreadable,
        n_sequences,
        (len(zeros) - odd, odd),
        tuple(_lines_beyond_ascii(whole)),
        *by_line,
    )


def detect_encoding(looks: Sequence[Bytes], head: bytes) -> Encoding:
    """Detect the encoding of a file that begins with `head`, from its scanned chunks in order."""
    found = reduce(Bytes.__add__, looks, Bytes())
    for mark, name in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return Encoding(name, f"the file begins with the byte order mark of {name.upper()}")
    pairs = found.n_bytes / 2
    if pairs and max(found.zeros) > _HALF * pairs and min(found.zeros) < _NEAR * pairs:
        name = "utf-16-le" if found.zeros[1] > found.zeros[0] else "utf-16-be"
        text = f"every second byte is zero ({max(found.zeros):,} of {found.n_bytes:,} bytes)"
        return Encoding(name, text, (f"without a byte order mark {name} is a guess: {text}",))
    if not found.n_high:
        return Encoding("utf-8", f"all {found.n_bytes:,} bytes are ASCII")
    if not found.n_unreadable:
        text = f"all {found.n_sequences:,} characters beyond ASCII are valid UTF-8"
        return Encoding("utf-8", text, samples=_decoded(found.samples, "utf-8"))
    share = found.n_sequences / (found.n_sequences + found.n_unreadable)
    if share >= _MOSTLY_UTF8:
        doubt = (
            f"{found.n_unreadable:,} places are not UTF-8; records that contain them are rejected "
            "as malformed"
        )
        text = f"{human_share(share, 1)} of the characters beyond ASCII are valid UTF-8"
        return Encoding("utf-8", text, (doubt,), _decoded(found.samples, "utf-8"))
    n_lines = found.n_sound_lines + found.n_other_lines
    if found.n_sound_lines >= max(2, _MIXED * n_lines):
        return _mixed(found, n_lines)
    return _single_byte(found)


def _mixed(found: Bytes, n_lines: int) -> Encoding:
    """Choose UTF-8, as many lines are: the others are rejected, not misread."""
    rest = replace(found, samples=found.others)
    other = _single_byte(rest).name
    others = _shown(rest, other)
    text = (
        f"{found.n_sound_lines:,} of {n_lines:,} lines beyond ASCII are valid UTF-8, and no other "
        "encoding makes such lines by chance"
    )
    doubt = (
        f"two encodings are mixed: {found.n_sound_lines:,} lines beyond ASCII are UTF-8 and "
        f"{found.n_other_lines:,} are not, such as {others}; these read as {other} and are "
        "rejected as malformed; write that part of the file as UTF-8 "
        f"(iconv -f {other} -t utf-8) before the parts are put together"
    )
    return Encoding("utf-8", text, (doubt,), _decoded(found.samples, "utf-8"))


def agree(files: Sequence[str], found: Sequence[Encoding]) -> Encoding:
    """Choose one encoding for several files: UTF-8 if one has characters beyond ASCII in it, so
    that no other is misread; else that of the first with characters beyond ASCII.
    """
    beyond = [n for n, one in enumerate(found) if one.samples or one.name != "utf-8"]
    beyond.sort(key=lambda n: found[n].name != "utf-8")
    chosen = found[beyond[0]] if beyond else found[0]
    others = [f"{files[n]} as {found[n].name}" for n in beyond if found[n].name != chosen.name]
    if not others:
        return chosen
    doubt = (
        f"{files[beyond[0]]} reads as {chosen.name}, but {', '.join(others[:3])}; a contract has "
        "one encoding, so write all files in one"
    )
    return replace(chosen, doubts=(*chosen.doubts, doubt))


def _single_byte(found: Bytes) -> Encoding:
    text = b"\n".join(found.samples)
    scores = {name: _plausible(text, name) for name in _CANDIDATES}
    name = max(scores, key=lambda candidate: scores[candidate])
    evidence = (
        f"{found.n_unreadable:,} places are not UTF-8; read as {name}, "
        f"{human_share(scores[name], 1)} of the characters beyond ASCII are letters or signs where "
        "one expects them"
    )
    near = [n for n, score in scores.items() if n != name and score >= scores[name] - _NEAR]
    same = [n for n in near if _reads_alike(text, name, n)]
    differ = [n for n in near if n not in same]
    others = [n for n in scores if scores[n] and not _reads_alike(text, name, n)]
    rival = _TAKEN_FOR.get(name) if _TAKEN_FOR.get(name) in others else None
    if rival is None and others:
        rival = max(others, key=lambda candidate: scores[candidate])
    doubt = f"{name} is a guess: look at these lines: {_shown(found, name)}"
    if rival is not None:
        doubt += f"; as {rival} they would be: {_shown(found, rival)}"
    if differ:
        verb = "are" if len(differ) > 1 else "is"
        doubt += f"; {' and '.join(differ)} {verb} as likely"
    return Encoding(name, evidence, (doubt,), _decoded(found.samples, name))


def _shown(found: Bytes, name: str) -> str:
    return "; ".join(_decoded(found.samples[:3], name))


def _reads_alike(data: bytes, one: str, other: str) -> bool:
    return data.decode(one, "replace") == data.decode(other, "replace")


def _plausible(data: bytes, name: str) -> float:
    """Return the share of non-ASCII characters in plausible positions."""
    try:
        text = data.decode(name)
    except UnicodeDecodeError:
        return 0.0
    places = [n for n, character in enumerate(text) if not character.isascii()]
    if not places:
        return 0.0
    return sum(_expected(text, n) for n in places) / len(places)


def _expected(text: str, place: int) -> bool:
    letter, before = text[place], text[place - 1 : place]
    if letter == _NO_BREAK:
        return _parts_words(text, place)
    if letter in _SIGNS:
        return not (before.isalpha() and text[place + 1 : place + 2].isalpha()) or letter in _MIDDLE
    if not letter.isalpha() or unicodedata.normalize("NFKC", letter) != letter:
        return False
    beside = before + text[place + 1 : place + 2]
    if any(map(str.isdigit, beside)) or len(_word_around(text, place)) > _LONGEST_WORD:
        # An inch sign after a figure, or a blank between two words, read as a letter.
        return False
    if _script(letter) != "LATIN":
        # One letter of another script within an ASCII word suggests the wrong encoding.
        return not any(other.isascii() and other.isalpha() for other in beside)
    if len(beside) == 2 and all(other.isalpha() and not other.isascii() for other in beside):
        # Three such letters in a row are hardly a word.
        return False
    return not (letter.isupper() and before.islower()) and letter not in "ÿþðƒˆ"


def _parts_words(text: str, place: int) -> bool:
    """Return whether a no-break space is where a blank could be: not within a word."""
    before = len(text[:place]) - len(text[:place].rstrip(string.ascii_letters))
    after = len(text[place + 1 :]) - len(text[place + 1 :].lstrip(string.ascii_letters))
    if not before or not after:
        return True
    capital = text[place + 1].isupper()
    return min(before, after) > 1 and (capital or before + after >= _LONGEST_WORD)


def _word_around(text: str, place: int) -> str:
    """Return a letter with the letters on both sides of it."""
    start, end = place, place + 1
    while start and text[start - 1].isalpha():
        start -= 1
    while end < len(text) and text[end].isalpha():
        end += 1
    return text[start:end]


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _decoded(samples: Sequence[bytes], name: str) -> tuple[str, ...]:
    return tuple(line.decode(name, "backslashreplace") for line in samples)


def _continued(data: bytes, place: int) -> int:
    """Return how many bytes from `place` on continue an earlier character, three at most."""
    n = 0
    while n < 3 and place + n < len(data) and data[place + n] & 0xC0 == 0x80:
        n += 1
    return n


def _utf8_sequences(data: bytes) -> tuple[int, int]:
    """Count invalid UTF-8 sequences, and non-ASCII characters."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "surrogateescape")
        n_unreadable = len(re.findall("[\udc80-\udcff]+", text))
        n_escaped = len(re.findall("[\udc80-\udcff]", text))
        return n_unreadable, len(re.findall("[^\x00-\x7f]", text)) - n_escaped
    return 0, int(np.count_nonzero(np.frombuffer(data, np.uint8) >= 0xC0))


def _by_line(
    data: bytes, raw: npt.NDArray[np.uint8], n_unreadable: int, n_sequences: int
) -> tuple[int, int, tuple[bytes, ...]]:
    """Count the non-ASCII lines that are UTF-8 and those that are not, with the first of the
    latter.
    """
    ends = np.append(np.flatnonzero(raw == ord("\n")), len(raw))
    # The line of a byte is the number of line ends before it.
    lines = np.unique(np.searchsorted(ends, np.flatnonzero(raw >= 0x80)))
    if not n_unreadable:
        return len(lines), 0, ()
    starts = np.where(lines > 0, ends[lines - 1] + 1, 0)
    n_others = 0
    others: list[bytes] = []
    for start, end in zip(starts.tolist(), ends[lines].tolist(), strict=True):
        line = data[start:end]
        if _is_utf8(line):
            continue
        n_others += 1
        if len(others) < _N_SAMPLES:
            others.append(line.strip()[:_LONGEST_SAMPLE])
        elif not n_sequences:
            return 0, len(lines), tuple(others)
    return len(lines) - n_others, n_others, tuple(others)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lines_beyond_ascii(data: bytes) -> Iterator[bytes]:
    """Return excerpts of the first non-ASCII lines."""
    place, n_found = 0, 0
    while n_found < _N_SAMPLES and (found := _BEYOND_ASCII.search(data, place)):
        at = found.start()
        end = _LINE_END.search(data, at)
        place, n_found = len(data) if end is None else end.start(), n_found + 1
        before = data[max(0, at - _LONGEST_SAMPLE // 2) : at]
        begin = at - len(_LINE_END.split(before)[-1])
        yield data[begin : min(place, begin + _LONGEST_SAMPLE)]
