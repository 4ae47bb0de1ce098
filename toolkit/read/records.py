"""Find where one record ends and the next begins, for any bytes.

The grammar is RFC 4180 with one rule for what breaks it, so that a damaged record never swallows
its neighbours. Outside quotes, `\\n`, `\\r\\n` and `\\r` end a record. A quote opens a quoted field
only at the field's first byte; elsewhere it is an ordinary character. A doubled quote inside a
quoted field is one quote. A quoted field that is not closed within `max_field_bytes`, or whose
closing quote is followed by anything but a delimiter or a line end, is broken: its record is
malformed up to the end of the line on which the field opened, and reading goes on at the next.
With a `comment` byte, lines that begin with it where a record could begin are no records. With
`blanks`, blanks may come between quotes and the ends of their field.

Because a field's length is limited, the state at any byte depends only on the bytes shortly
before it. That is what lets `find_cut` cut a file exactly without reading it from the start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from toolkit.read.escapes import Escapes, Read

Span = tuple[int, int]
Ints = npt.NDArray[np.int64]

_LF, _CR = 10, 13
_LINE_END = re.compile(rb"\r\n|\n|\r")
_FIRST_WINDOW = 1 << 16
# Bytes that are walked at once, to bound the memory.
_STRIDE = 1 << 22
_NOWHERE = np.iinfo(np.int64).max // 2
_NO_SPANS = np.empty((0, 2), np.int64)


@dataclass(frozen=True)
class Grammar:
    """One-byte delimiter and quote, and the longest quoted field, in bytes."""

    delimiter: int = ord(",")
    quote: int = ord('"')
    max_field_bytes: int = 1 << 20
    comment: int | None = None
    escape: int | None = None
    blanks: bool = False
    trailing: bool = False
    """Whether records end with a delimiter after their last field."""

    @property
    def is_plain(self) -> bool:
        """Return whether a record's bytes are its fields as Arrow reads them."""
        return not (self.comment or self.escape or self.blanks or self.trailing)

    @cached_property
    def escapes(self) -> Escapes | None:
        if self.escape is None:
            return None
        return Escapes(self.escape, (self.escape, self.delimiter, self.quote, _LF, _CR))

    def mask(self, data: bytes, by: Mapping[bytes, bytes] | None = None) -> bytes:
        """Mask escaped characters of `data`, which begins with a record; the length stays."""
        return data if self.escapes is None else self.escapes.mask(data, by)

    @property
    def blank_bytes(self) -> bytes:
        return b" \t".replace(bytes([self.delimiter]), b"")

    @property
    def quote_byte(self) -> bytes:
        return bytes([self.quote])

    @property
    def field_ends(self) -> tuple[int, int, int]:
        return (self.delimiter, _LF, _CR)


@dataclass(frozen=True)
class Structure:
    """Result of `scan`, in file order: malformed lines as [start, stop), and as (n, 2): quoted
    fields, comment lines, and the blanks around quotes.
    """

    malformed: list[Span]
    quoted: Ints
    comments: Ints = field(default_factory=lambda: _NO_SPANS)
    blanks: Ints = field(default_factory=lambda: _NO_SPANS)


def scan(data: bytes, grammar: Grammar) -> Structure:
    """Find the malformed lines and quoted fields of `data`, which starts and ends with a record,
    and has its escaped characters masked.
    """
    hashes = _comment_lines(np.frombuffer(data, np.uint8), grammar.comment)
    if grammar.quote_byte not in data:
        return Structure([], _NO_SPANS, hashes)
    if not len(hashes) and not grammar.blanks:
        well_formed = _well_formed_fields(data, grammar)
        if well_formed is not None:
            return Structure([], well_formed)
    fields = _Fields(data, grammar, at_end=True)
    met = fields.walk(0)
    valid = met[fields.valid[met]]
    quoted = np.stack([fields.openings[valid], fields.resumes[valid]], axis=1)
    comments = hashes[is_outside(hashes[:, 0], quoted)]
    return Structure(fields.malformed(met), quoted, comments, fields.blanks_around(valid))


def is_outside(places: Ints, spans: Ints) -> npt.NDArray[np.bool_]:
    """Return which of the places are in none of the spans, which are in order."""
    if not len(spans):
        return np.ones(len(places), np.bool_)
    last = np.searchsorted(spans[:, 0], places, side="right") - 1
    return (last < 0) | (places >= spans[last, 1])


def record_spans(data: bytes, structure: Structure) -> tuple[Ints, Ints]:
    """Return where every record of `data` starts, and where it stops, with the line ends after
    it.
    """
    starts = record_starts(data, structure)
    if not len(structure.comments):
        return starts, np.append(starts[1:], len(data))
    bounds = np.sort(np.concatenate([starts, structure.comments[:, 0], [len(data)]]))
    return starts, bounds[np.searchsorted(bounds, starts, side="right")]


def record_starts(data: bytes, structure: Structure) -> Ints:
    """Return the offset of every record of `data` as int64; empty lines and comments are none."""
    raw = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(raw == _LF)
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        ends = np.sort(np.concatenate([ends, np.flatnonzero(raw == _CR)]))
    if len(structure.quoted):
        # Drop line ends inside the last quoted field that opens before them.
        ends = ends[is_outside(ends, structure.quoted)]
    starts = np.concatenate([np.zeros(1, np.int64), ends + 1])
    starts = starts[starts < len(raw)]
    starts = starts[(raw[starts] != _LF) & (raw[starts] != _CR)]
    if len(structure.comments):
        starts = np.setdiff1d(starts, structure.comments[:, 0], assume_unique=True)
    return starts


def find_cut(read: Read, target: int, extent: Span, grammar: Grammar) -> int | None:
    """Return the first record start at or after byte `target`, or the file's end.

    `read(start, stop)` returns bytes of the file. A record must start at extent[0], the nearer
    before `target` the better; extent[1] is the file's size. Returns None when the bytes before
    `target` do not decide it, which takes text crafted for that: the caller then walks from an
    earlier cut with `next_start`.
    """
    if grammar.escapes is not None:
        read, grammar = grammar.escapes.masked(read), replace(grammar, escape=None)
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
    """Walk from the record start `start` to the first one at or after byte goal[0].

    Returns goal[1], the file's size, when there is none.
    """
    target, size = goal
    if grammar.escapes is not None:
        read, grammar = grammar.escapes.masked(read), replace(grammar, escape=None)
    while start + _STRIDE < target:
        start = _walked(read, start, (start + _STRIDE, size), grammar)
    return start if start >= target else _walked(read, start, goal, grammar)


def _walked(read: Read, start: int, goal: Span, grammar: Grammar) -> int:
    """Do as next_start does, with all bytes in between in memory."""
    target, size = goal
    ahead = _FIRST_WINDOW
    while True:
        stop = min(size, target + ahead)
        fields = _Fields(read(start, stop), grammar, at_end=stop == size)
        found = fields.first_start(0, target - start)
        if found is not None:
            return start + found
        ahead *= 8


def _agreed_cut(read: Read, begin: int, goal: Span, grammar: Grammar) -> int | None:
    """Return the cut that every possible state at byte `begin` leads to; None if they differ."""
    target, size = goal
    ahead = _FIRST_WINDOW
    while True:
        stop = min(size, target + ahead)
        # Read one byte before: whether a quote opens a field depends on the byte before it.
        fields = _Fields(read(begin - 1, stop), grammar, at_end=stop == size)
        origins = fields.possible_origins()
        if origins is None or origins[0] > target - begin:
            # Nothing decides what comes before the first of them.
            return None
        cuts = {fields.first_start(origin, target - begin + 1) for origin in origins}
        if None not in cuts:
            return begin - 1 + cuts.pop() if len(cuts) == 1 else None  # type: ignore[operator]
        ahead *= 8


class _Fields:
    """Every quote of `data` that may open a field, with the end of that field and the next such
    quote.

    The field that an opening quote begins does not depend on the bytes before it. So all opening
    quotes are evaluated at once with numpy, and a walk then follows the links from one to the next.
    Within a run of adjacent quotes after the opening one, quotes pair up from the left as escapes:
    if their number is odd, the last one closes the field.

    Unless `at_end`, a walk is undecided where it depends on bytes that come after `data`.
    """

    def __init__(self, data: bytes, grammar: Grammar, *, at_end: bool) -> None:
        self.data, self.grammar, self.at_end = data, grammar, at_end
        raw = np.frombuffer(data, np.uint8)
        self._ends_field = np.zeros(256, dtype=bool)
        self._ends_field[list(grammar.field_ends)] = True
        self._line_stops = _line_stops(raw)
        quotes = np.flatnonzero(raw == grammar.quote)
        begins_run = np.diff(quotes, prepend=-2) > 1
        firsts, lasts = quotes[begins_run], quotes[np.roll(begins_run, -1)]
        is_odd = (lasts - firsts) % 2 == 0
        self._odd_ends = np.append(lasts[is_odd], _NOWHERE)
        self._filled = _filled(raw, grammar)
        self._befores = self._before(firsts)
        opens = firsts == 0
        if len(firsts):
            opens = self._ends_field[raw[self._befores]] | (self._befores < 0)
        self.openings, self._befores = firsts[opens], self._befores[opens]
        self._find_comments(raw)
        # An odd run starting with the opening quote is that quote plus escaped pairs: the field is
        # closed by the next odd run. An even run closes its own field with its last quote.
        later = self._odd_ends[np.searchsorted(self._odd_ends, lasts[opens], side="right")]
        self._decide(raw, np.where(is_odd[opens], later, lasts[opens]))

    def _decide(self, raw: npt.NDArray[np.uint8], closings: Ints) -> None:
        """For each opening quote, compute whether its field is well-formed, where reading resumes,
        the next opening quote from there, and whether bytes after `data` are needed to decide.
        """
        size, opened = len(raw), self.openings
        closed = closings <= opened + self.grammar.max_field_bytes
        self._closings, afters = closings, self._after(closings)
        at_last = closed & (afters == size)
        followed = raw[np.minimum(afters, size - 1)] if size else raw
        self.valid = closed & np.where(at_last, self.at_end, self._ends_field[followed])
        line_stops = np.append(self._line_stops, size)
        line_stop = line_stops[np.searchsorted(self._line_stops, opened, side="right")]
        self.resumes = np.where(self.valid, afters, line_stop)
        self.following = self._next(self.resumes)
        too_short = ~closed & (opened + self.grammar.max_field_bytes >= size)
        no_line_end = ~self.valid & (line_stop == size)
        self.undecided = (too_short | at_last | no_line_end) & (not self.at_end)

    def _before(self, places: Ints) -> Ints:
        """Return the last byte before each place that is no blank; below 0 if there is none."""
        if self._filled is None:
            return places - 1
        last = np.searchsorted(self._filled, places) - 1
        return np.where(last >= 0, self._filled[last], -1) if len(self._filled) else last

    def _after(self, places: Ints) -> Ints:
        """Return the first byte after each place that is no blank, at most the size of `data`."""
        if self._filled is None:
            return places + 1
        filled = np.append(self._filled, len(self.data))
        return np.where(
            places < len(self.data),
            filled[np.minimum(np.searchsorted(self._filled, places + 1), len(self._filled))],
            places + 1,
        )

    def _find_comments(self, raw: npt.NDArray[np.uint8]) -> None:
        """For each opening quote, find where its line starts if that reads like a comment, else
        -1; and the next opening quote that is on no such line.
        """
        if self.grammar.comment is None:
            return
        n = len(self.openings)
        self._comment_starts = np.full(n + 1, -1, np.int64)
        lines = _comment_lines(raw, self.grammar.comment)
        if len(lines) and n:
            on_line = ~is_outside(self.openings, lines)
            last = np.searchsorted(lines[:, 0], self.openings[on_line], side="right") - 1
            self._comment_starts[:-1][on_line] = lines[last, 0]
        plain = np.append(np.flatnonzero(self._comment_starts[:-1] < 0), n)
        self._plain_next = plain[np.searchsorted(plain, np.arange(n + 1))]

    def _next(self, places: Ints) -> Ints:
        """Return the first opening quote at or after each place, which is outside quotes."""
        found = np.searchsorted(self.openings, places)
        if self.grammar.comment is None:
            return found
        # A line that starts later is a comment; one that has begun as a record is none.
        return np.where(self._comment_starts[found] >= places, self._plain_next[found], found)

    def blanks_around(self, valid: Ints) -> Ints:
        """Return the blanks around these quoted fields, which are no part of them."""
        if self._filled is None:
            return _NO_SPANS
        starts = np.concatenate([self._befores[valid] + 1, self._closings[valid] + 1])
        stops = np.concatenate([self.openings[valid], self.resumes[valid]])
        return np.sort(np.stack([starts, stops], axis=1)[starts < stops], axis=0)

    def walk(self, origin: int) -> Ints:
        """Return the opening quotes on the way from `origin`, which is outside quotes."""
        # A memoryview is indexed faster than an array, and this loop runs once per quoted field.
        following, n = memoryview(self.following.data), len(self.openings)
        is_met = bytearray(n)
        at = int(self._next(np.array([origin]))[0])
        while at < n:
            is_met[at] = True
            at = following[at]
        return np.flatnonzero(np.frombuffer(is_met, np.bool_))

    def first_start(self, origin: int, goal: int) -> int | None:
        """Find the first record start >= goal, from `origin` outside quotes; None if undecided."""
        met = self.walk(origin)
        undecided = np.flatnonzero(self.undecided[met])
        if len(undecided):
            met = met[: undecided[0] + 1]
        begins = np.concatenate([[origin], self.resumes[met]])
        # A malformed line's own end begins a record; a quoted field's end does not.
        by_quote = self.valid[met] | self.undecided[met]
        ends = np.where(by_quote, self.openings[met], self.resumes[met])
        ends = np.append(ends, -1 if len(undecided) else len(self.data))
        stops = np.append(self._line_stops, _NOWHERE)
        first = stops[np.searchsorted(stops, np.maximum(begins + 1, goal))]
        found = np.flatnonzero(first <= ends)
        if len(found):
            start = int(first[found[0]])
            # The \n of a final \r\n may come in the next bytes.
            return start if self.at_end or start < len(self.data) else None
        return len(self.data) if self.at_end else None

    def malformed(self, met: Ints) -> list[Span]:
        """Return the malformed lines [start, stop) of a walk from the first byte."""
        opened, resumes, valid = self.openings[met], self.resumes[met], self.valid[met]
        came_from = np.concatenate([[0], resumes[:-1]])
        stops = np.concatenate([[0], self._line_stops])
        last = stops[np.searchsorted(self._line_stops, opened, side="right")]
        # A line end inside a quoted field starts no record; one skipped with a malformed line does.
        begun = np.where(last > came_from, last, 0)
        ended = np.concatenate([[0], np.where(valid, 0, resumes)[:-1]])
        records = np.maximum.accumulate(np.maximum(begun, ended))
        return list(zip(records[~valid].tolist(), resumes[~valid].tolist(), strict=True))

    def possible_origins(self) -> list[int] | None:
        """Return offsets from which reading may resume outside quotes, whatever came before `data`.

        The second byte may be outside quotes; or on a malformed line, to be skipped to its end; or
        in a quoted field, up to the first unpaired quote. None when `data` is too short to decide.
        """
        quote = re.escape(self.grammar.quote_byte)
        blanks = self.grammar.blank_bytes if self.grammar.blanks else b""
        unquoted = re.search(b"[^%b%b][^%b]" % (quote, blanks, quote), self.data, re.DOTALL)
        if unquoted is None:
            return None
        origin = unquoted.start() + 1
        line_end = _LINE_END.search(self.data, origin)
        if line_end is None:
            return None
        origins = [origin, line_end.start()]
        closing = int(self._odd_ends[np.searchsorted(self._odd_ends, origin)])
        if closing >= origin + self.grammar.max_field_bytes:
            enough = len(self.data) - origin > self.grammar.max_field_bytes
            return origins if enough else None
        after = int(self._after(np.array([closing]))[0])
        if after >= len(self.data):
            return None
        if self._ends_field[self.data[after]]:
            origins.append(after)
        return origins


def _filled(raw: npt.NDArray[np.uint8], grammar: Grammar) -> Ints | None:
    """Return the bytes that are no blanks, where blanks may come around quotes; else None."""
    if not grammar.blanks:
        return None
    return np.flatnonzero(~np.isin(raw, np.frombuffer(grammar.blank_bytes, np.uint8)))


def _comment_lines(raw: npt.NDArray[np.uint8], comment: int | None) -> Ints:
    """Return the lines [start, stop) of `raw` that begin with the byte, with their line ends."""
    if comment is None or not len(raw):
        return _NO_SPANS
    stops = np.append(_line_stops(raw), len(raw))
    starts = np.concatenate([[0], stops[:-1]])
    begins = starts < len(raw)
    begins[begins] = raw[starts[begins]] == comment
    return np.stack([starts[begins], stops[begins]], axis=1)


def _line_stops(raw: npt.NDArray[np.uint8]) -> Ints:
    """Return the end of each line of `raw`; \\r\\n is one line end."""
    is_end = raw == _LF
    returns = np.flatnonzero(raw == _CR)
    if len(returns):
        is_end[returns[raw[np.minimum(returns + 1, len(raw) - 1)] != _LF]] = True
    return np.flatnonzero(is_end) + 1


def _well_formed_fields(data: bytes, grammar: Grammar) -> Ints | None:
    """Return all quoted fields as (n, 2) if every quote is where RFC 4180 allows one, else None.

    This is the fast path for well-formed data. Quotes then alternate between opening and closing,
    and an escaped quote is a close directly followed by an open.
    """
    raw = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(raw == grammar.quote)
    if len(quotes) % 2:
        return None
    opens, closes = quotes[0::2], quotes[1::2]
    # Drop each close that is directly followed by an open: together they are an escaped quote.
    inner = closes[:-1] + 1 == opens[1:]
    opens = opens[np.concatenate([[True], ~inner])]
    closes = closes[np.concatenate([~inner, [True]])]
    ends_field = np.zeros(256, dtype=bool)
    ends_field[list(grammar.field_ends)] = True
    opens_well = ends_field[raw[opens - 1]] | (opens == 0)
    # For an opening quote at offset 0 raw[-1] is read, and its result is ignored by the `or`.
    closes_well = ends_field[raw[np.minimum(closes + 1, len(raw) - 1)]] | (closes == len(raw) - 1)
    short = closes - opens <= grammar.max_field_bytes
    if not (opens_well & closes_well & short).all():
        return None
    return np.stack([opens, closes + 1], axis=1)
