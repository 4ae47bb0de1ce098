"""A lookup file as text: add and remove entries while every other byte stays the same."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

from toolkit.contract import LookupLimits
from toolkit.errors import LookupFileError
from toolkit.lookups.spelling import sort_key
from toolkit.settings.shipped import shipped_folder
from toolkit.storage.plain_files import UnfitFileError, read_plain, too_large

_MAX_BYTES = "dataset.lookup_limits.max_bytes"
DEFAULT_LIMITS = LookupLimits()

Shape = Literal["names", "map"]

_BLANKS = re.compile(r"[ \t\r\n]*")
_OPENING: dict[Shape, str] = {"names": "[", "map": "{"}
_SHAPES: dict[Shape, str] = {
    "names": "an array of names",
    "map": "an object, raw value -> name",
}


@dataclass(frozen=True)
class Entry:
    """One entry at text[start:stop] of the file. `value` is None in a list of names."""

    key: Any
    value: Any
    start: int
    value_start: int
    stop: int
    line: int


@dataclass(frozen=True)
class LookupText:
    """A JSON array of names or object of entries, as a person wrote it."""

    path: Path
    shape: Shape
    text: str
    entries: tuple[Entry, ...]

    @classmethod
    def read(cls, path: Path, shape: Shape, limits: LookupLimits = DEFAULT_LIMITS) -> LookupText:
        """Parse the text. Raises LookupFileError, with the line, for JSON that is invalid or of
        another shape.
        """
        try:
            # Preserve line ends, and the byte order mark that some editors write.
            text = read_plain(path, limits.max_bytes, _MAX_BYTES).decode("utf-8")
        except FileNotFoundError:
            near = [p.name for p in path.parent.glob("*.json")] if path.parent.is_dir() else []
            raise LookupFileError.missing(path, near, shipped_folder("lookups")) from None
        except UnfitFileError as error:
            raise LookupFileError.about(path, str(error)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise LookupFileError.about(path, f"cannot be read: {error}") from None
        return cls.parse(text, path, shape, limits.max_entries)

    @classmethod
    def parse(
        cls, text: str, path: Path, shape: Shape, max_entries: int | None = None
    ) -> LookupText:
        try:
            content = json.loads(text.removeprefix("\ufeff"))
        except json.JSONDecodeError as error:
            raise LookupFileError.about(path, f"is not JSON: {error.msg}", error.lineno) from None
        except (RecursionError, ValueError):
            # Nested too deeply, or an integer of thousands of digits.
            raise LookupFileError.about(path, f"should contain {_SHAPES[shape]}") from None
        if max_entries is not None and isinstance(content, list | dict):
            check_entries(path, len(content), max_entries)
        opening = _blanks_end(text, text.startswith("\ufeff"))
        if text[opening] != _OPENING[shape]:
            raise LookupFileError.about(path, f"should contain {_SHAPES[shape]}")
        entries = tuple(_entries(text, opening, shape))
        if shape == "map":
            _refuse_repeats(path, entries)
        return cls(path, shape, text, entries)

    def check_limits(self, limits: LookupLimits) -> None:
        """Raise LookupFileError where nobody could read the file once it is written."""
        n_bytes = len(self.text.encode())
        if n_bytes > limits.max_bytes:
            raise LookupFileError.about(self.path, too_large(n_bytes, limits.max_bytes, _MAX_BYTES))
        check_entries(self.path, len(self.entries), limits.max_entries)

    @classmethod
    def empty(cls, path: Path, shape: Shape) -> LookupText:
        return cls.parse(_OPENING[shape] + {"names": "]", "map": "}"}[shape] + "\n", path, shape)

    def with_changes(self, changed: Mapping[str, str], removed: Collection[str] = ()) -> str:
        """Return the text with the `changed` entries (a name maps to itself in a list) and without
        `removed`.

        An existing entry is changed only if its value differs. New ones go before the first that
        sorts after them, so that a sorted file stays sorted and no other entry moves, in the file's
        own style of line ends and indents.
        """
        blanks = self._blanks()
        lead, tail = self._usual_lead(blanks), self._tail()
        new = self._new_by_place(changed)
        parts: list[str] = []
        for place, (entry, (before, after)) in enumerate(zip(self.entries, blanks, strict=True)):
            parts += [lead + self._entry(key, changed[key]) for key in new.get(place, ())]
            if entry.key not in removed:
                parts.append(before + self._body(entry, changed) + after)
        parts += [lead + self._entry(key, changed[key]) for key in new.get(len(self.entries), ())]
        if not self.entries and parts and "\n" not in tail[: _blanks_end(tail, 0)]:
            tail = self._line_end + tail
        return self._head() + ",".join(parts) + tail

    def _new_by_place(self, changed: Mapping[str, str]) -> dict[int, list[str]]:
        """Return the new keys in order, by the place of the first entry that sorts after them."""
        keys = [entry.key for entry in self.entries]
        # The first entry beyond a key is also the first at which the largest so far is.
        largest = list(accumulate(map(sort_key, keys), max))
        places: dict[int, list[str]] = {}
        for key in sorted(changed.keys() - set(keys), key=sort_key):
            places.setdefault(bisect_right(largest, sort_key(key)), []).append(key)
        return places

    def _entry(self, key: str, value: str) -> str:
        written = json.dumps(key, ensure_ascii=False)
        if self.shape == "names":
            return written
        return f"{written}: {json.dumps(value, ensure_ascii=False)}"

    def _body(self, entry: Entry, changed: Mapping[str, str]) -> str:
        value = changed.get(entry.key, entry.value) if self.shape == "map" else None
        if value == entry.value:
            return self.text[entry.start : entry.stop]
        before = self.text[entry.start : entry.value_start]
        return before + json.dumps(value, ensure_ascii=False)

    def _blanks(self) -> list[tuple[str, str]]:
        """Return the blanks before each entry, and between it and the comma or bracket after it."""
        found = []
        place = len(self._head())
        for entry in self.entries:
            last = entry is self.entries[-1]
            end = entry.stop if last else _blanks_end(self.text, entry.stop)
            found.append((self.text[place : entry.start], self.text[entry.stop : end]))
            place = end + 1
        return found

    def _head(self) -> str:
        return self.text[: self.text.index(_OPENING[self.shape]) + 1]

    def _tail(self) -> str:
        return self.text[self.entries[-1].stop if self.entries else len(self._head()) :]

    def _usual_lead(self, blanks: list[tuple[str, str]]) -> str:
        return blanks[-1][0] if blanks else f"{self._line_end}  "

    @property
    def _line_end(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"


def check_entries(path: Path, n_entries: int, at_most: int) -> None:
    if n_entries > at_most:
        raise LookupFileError.about(
            path,
            f"has {n_entries:,} entries, more than the limit of {at_most:,} "
            "(dataset.lookup_limits.max_entries); a lookup is for names, not for rows",
        )


def _refuse_repeats(path: Path, entries: Iterable[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.key in seen:
            raise LookupFileError.about(path, f"{entry.key!r} is in it twice", entry.line)
        seen.add(entry.key)


def _entries(text: str, opening: int, shape: Shape) -> Iterator[Entry]:
    decoder, place = json.JSONDecoder(), _blanks_end(text, opening + 1)
    line, counted = 1, 0
    while text[place] not in "]}":
        start = place
        line, counted = line + text.count("\n", counted, start), start
        key, stop = decoder.raw_decode(text, start)
        value_start, value = start, None
        if shape == "map":
            value_start = _blanks_end(text, _blanks_end(text, stop) + 1)
            value, stop = decoder.raw_decode(text, value_start)
        yield Entry(key, value, start, value_start, stop, line)
        place = _blanks_end(text, stop)
        if text[place] == ",":
            place = _blanks_end(text, place + 1)


def _blanks_end(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return found.end() if found else place
