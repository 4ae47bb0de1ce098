"""Where one record ends and the next begins, for any bytes.

The grammar is RFC 4180 with one rule for what breaks it, so that a damaged record never swallows
its neighbours. Outside quotes, `\\n`, `\\r\\n` and `\\r` end a record. A quote opens a quoted field
only at the field's first byte; elsewhere it is an ordinary character. A doubled quote inside a
quoted field is one quote. A quoted field that is not closed within `max_field_bytes`, or whose
closing quote is followed by anything but a delimiter or a line end, is broken: its record is
malformed up to the end of the line on which the field opened, and reading goes on at the next.

Because a field's length is limited, the state at any byte depends only on the bytes shortly
before it. That is what lets `find_cut` cut a file exactly without reading it from the start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Span = tuple[int, int]
Ints = npt.NDArray[np.int64]
Read = Callable[[int, int], bytes]

_LF, _CR = 10, 13
_LINE_END = re.compile(rb"\r\n|\n|\r")
_FIRST_WINDOW = 1 << 16


@dataclass(frozen=True)
class Grammar:
    """One-byte delimiter and quote, and how long a quoted field may be, in bytes."""

    delimiter: int = ord(",")
    quote: int = ord('"')
    max_field_bytes: int = 1 << 20

    @property
    def quote_byte(self) -> bytes:
        return bytes([self.quote])

    @property
    def field_ends(self) -> tuple[int, int, int]:
        return (self.delimiter, _LF, _CR)


@dataclass(frozen=True)
class Structure:
    """What `scan` found in order: malformed lines as [start, stop), quoted fields as (n, 2)."""

    malformed: list[Span]
    quoted: Ints


def scan(data: bytes, grammar: Grammar) -> Structure:
    """The malformed lines and quoted fields of `data`, which starts and ends with a record."""
    if grammar.quote_byte not in data:
        return Structure([], np.empty((0, 2), np.int64))
    well_formed = _well_formed_fields(data, grammar)
    if well_formed is not None:
        return Structure([], well_formed)
    found = list(_walk(data, 0, grammar, at_end=True))
    quoted = [(start, stop) for kind, start, stop in found if kind == "quoted"]
    return Structure(
        [(start, stop) for kind, start, stop in found if kind == "malformed"],
        np.array(quoted, dtype=np.int64).reshape(-1, 2),
    )


def record_starts(data: bytes, structure: Structure) -> Ints:
    """Offset of every record of `data` as int64; empty lines are no records."""
    raw = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(raw == _LF)
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        ends = np.sort(np.concatenate([ends, np.flatnonzero(raw == _CR)]))
    if len(structure.quoted):
        place = np.searchsorted(structure.quoted[:, 0], ends, side="right") - 1
        ends = ends[(place < 0) | (ends >= structure.quoted[place, 1])]
    starts = np.concatenate([np.zeros(1, np.int64), ends + 1])
    starts = starts[starts < len(raw)]
    return starts[(raw[starts] != _LF) & (raw[starts] != _CR)]


def find_cut(read: Read, target: int, extent: Span, grammar: Grammar) -> int | None:
    """The first record start at or after byte `target`, or the file's end.

    `read(start, stop)` gives bytes of the file, whose records fill `extent`. None when the bytes
    before `target` do not decide it, which takes text made for the purpose: the caller then walks
    from an earlier cut with `next_start`.
    """
    window = _FIRST_WINDOW
    while target - window > extent[0] and window <= 8 * grammar.max_field_bytes:
        cut = _agreed_cut(read, target - window, (target, extent[1]), grammar)
        if cut is not None:
            return cut
        window *= 8
    if target - window <= extent[0]:
        return next_start(read, extent[0], (target, extent[1]), grammar)
    return None


def next_start(read: Read, start: int, goal: Span, grammar: Grammar) -> int:
    """The first record start at or after byte goal[0], walking from the record start `start`.

    goal[1] is the file's size, which is the answer when no record starts there.
    """
    target, size = goal
    ahead = _FIRST_WINDOW
    while True:
        stop = min(size, target + ahead)
        found = _first_start(read(start, stop), 0, target - start, grammar, at_end=stop == size)
        if found is not None:
            return start + found
        ahead *= 8


def _agreed_cut(read: Read, begin: int, goal: Span, grammar: Grammar) -> int | None:
    """The cut on which all states that byte `begin` could be in agree; None when they differ."""
    target, size = goal
    ahead = _FIRST_WINDOW
    while True:
        stop = min(size, target + ahead)
        # One byte more at the front: whether a quote opens a field depends on the byte before it.
        data = read(begin - 1, stop)
        origins = _possible_origins(data, grammar)
        if origins is None:
            return None
        at_end = stop == size
        cuts = {_first_start(data, o, target - begin + 1, grammar, at_end=at_end) for o in origins}
        if None not in cuts:
            return begin - 1 + cuts.pop() if len(cuts) == 1 else None  # type: ignore[operator]
        ahead *= 8


def _possible_origins(data: bytes, grammar: Grammar) -> list[int] | None:
    """Offsets from which reading may go on outside quotes, whatever stood before `data`.

    Its second byte may be outside quotes; or on a malformed line, to be skipped to its end; or in
    a quoted field, up to the first single quote. None when `data` is too short to tell.
    """
    origin = 1
    while origin < len(data) and grammar.quote in (data[origin], data[origin - 1]):
        origin += 1
    line_end = _LINE_END.search(data, origin)
    if line_end is None:
        return None
    origins = [origin, line_end.start()]
    closing = _closing_quote(data, origin - 1, grammar)
    if closing is None:
        return origins if len(data) - origin > grammar.max_field_bytes else None
    if closing + 1 == len(data):
        return None
    if data[closing + 1] in grammar.field_ends:
        origins.append(closing + 1)
    return origins


def _first_start(
    data: bytes, origin: int, goal: int, grammar: Grammar, *, at_end: bool
) -> int | None:
    """First record start >= goal, reading from `origin` outside quotes; None: needs more bytes."""
    outside = origin
    for kind, start, stop in _walk(data, origin, grammar, at_end=at_end):
        found = _start_between(data, (outside, stop if kind == "malformed" else start), goal)
        if found is not None or kind == "undecided":
            return found
        # A malformed line's own end begins a record; a quoted field's end does not.
        outside = stop
    found = _start_between(data, (outside, len(data)), goal)
    if at_end:
        return len(data) if found is None else found
    # A final \r may be the first half of \r\n.
    return None if found == len(data) else found


def _start_between(data: bytes, outside: Span, goal: int) -> int | None:
    """The first record start >= goal that follows a line end within data[outside]."""
    for line_end in _LINE_END.finditer(data, max(outside[0], goal - 2), outside[1]):
        if line_end.end() >= goal:
            return line_end.end()
    return None


Event = tuple[Literal["quoted", "malformed", "undecided"], int, int]


def _walk(data: bytes, origin: int, grammar: Grammar, *, at_end: bool) -> Iterator[Event]:
    """Quoted fields and malformed lines from `origin`, which is outside quotes, in order.

    Ends with "undecided" when bytes after `data` (unless `at_end`) are needed to go on.
    """
    place = record = origin
    while (opening := _opening_quote(data, place, grammar)) is not None:
        for line_end in _LINE_END.finditer(data, place, opening):
            record = line_end.end()
        closing = _closing_quote(data, opening, grammar)
        more = not at_end
        if closing is None and more and opening + grammar.max_field_bytes >= len(data):
            yield "undecided", opening, len(data)
            return
        if closing is not None and closing + 1 == len(data) and more:
            yield "undecided", opening, len(data)
            return
        if closing is not None and (
            closing + 1 == len(data) or data[closing + 1] in grammar.field_ends
        ):
            place = closing + 1
            yield "quoted", opening, place
            continue
        broken_line = _LINE_END.search(data, opening)
        if more and (broken_line is None or broken_line.end() == len(data)):
            yield "undecided", opening, len(data)
            return
        place = len(data) if broken_line is None else broken_line.end()
        yield "malformed", record, place
        record = place


def _opening_quote(data: bytes, place: int, grammar: Grammar) -> int | None:
    """The first quote from `place` that stands at the start of a field."""
    at = data.find(grammar.quote_byte, place)
    while at > 0 and data[at - 1] not in grammar.field_ends:
        at = data.find(grammar.quote_byte, at + 1)
    return at if at >= 0 else None


def _closing_quote(data: bytes, opening: int, grammar: Grammar) -> int | None:
    """The first quote after `opening` that is not doubled, within the length of a field."""
    limit = opening + grammar.max_field_bytes + 1
    at = data.find(grammar.quote_byte, opening + 1, limit)
    while at >= 0 and data[at + 1 : at + 2] == grammar.quote_byte:
        at = data.find(grammar.quote_byte, at + 2, limit)
    return at if at >= 0 else None


def _well_formed_fields(data: bytes, grammar: Grammar) -> Ints | None:
    """All quoted fields as (n, 2) when every quote stands where RFC 4180 wants it, else None.

    Then quotes open and close by turns, and a doubled quote is a close and an open side by side.
    """
    raw = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(raw == grammar.quote)
    if len(quotes) % 2:
        return None
    opens, closes = quotes[0::2], quotes[1::2]
    inner = closes[:-1] + 1 == opens[1:]
    opens = opens[np.concatenate([[True], ~inner])]
    closes = closes[np.concatenate([~inner, [True]])]
    ends_field = np.zeros(256, dtype=bool)
    ends_field[list(grammar.field_ends)] = True
    opens_well = ends_field[raw[opens - 1]] | (opens == 0)
    closes_well = ends_field[raw[np.minimum(closes + 1, len(raw) - 1)]] | (closes == len(raw) - 1)
    short = closes - opens <= grammar.max_field_bytes
    if not (opens_well & closes_well & short).all():
        return None
    return np.stack([opens, closes + 1], axis=1)
