"""Detect delimiter, quote and header from the first records of a file."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from toolkit.errors import InputError
from toolkit.pages.masking import hide_addresses
from toolkit.read.sources import Source
from toolkit.units import human_share

HEAD_BYTES = 1 << 20
_DELIMITERS = ",;\t|"
_QUOTES = "\"'"
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_MOST_RECORDS = 2000
_STEADY = 0.9
_CONTROLS = re.compile("[\x01-\x08\x0e-\x1f\x7f]")
_LOOKED_AT, _MOST_CONTROLS = 4096, 0.05
_TYPED = re.compile(
    r"[^\w]{0,3}[+-]?\d[\d.,' ]*%?"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}.*)?"
    r"|[^@\s]+@[^@\s]+\.[^@\s]+"
)


@dataclass(frozen=True)
class Dialect:
    """The delimiter, quote and header of the records, the evidence, and the doubts."""

    delimiter: str
    quote: str
    evidence: str
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Try:
    """The first records, read with one delimiter and quote."""

    delimiter: str
    quote: str
    records: list[list[str]]

    @cached_property
    def n_fields(self) -> int:
        """Return the most common number of fields."""
        counts = Counter(map(len, self.records))
        return max(counts, key=lambda n: (counts[n], n))

    @cached_property
    def steady(self) -> float:
        """The share of records with that many."""
        return sum(len(record) == self.n_fields for record in self.records) / len(self.records)

    @property
    def rank(self) -> tuple[bool, bool, float, int, int]:
        many = self.n_fields > 1
        order = -(_DELIMITERS.find(self.delimiter) + 10 * _QUOTES.index(self.quote))
        return many and self.steady >= _STEADY, many, round(self.steady, 2), self.n_fields, order


def dialect_of(source: Source, delimiter: str | None) -> Dialect:
    """Detect the dialect of a plain file by its first megabyte; see `detect_dialect`."""
    with source.open() as file:
        head = file.read(HEAD_BYTES + 1)
    text = head[:HEAD_BYTES].decode("utf-8", "replace")
    return detect_dialect(text, source.shown, whole=len(head) <= HEAD_BYTES, delimiter=delimiter)


def detect_dialect(text: str, shown: str, *, whole: bool, delimiter: str | None = None) -> Dialect:
    """Detect the dialect of a file by its first `text`; messages call the file `shown`.

    A given `delimiter` is used as it is. Raises InputError for a file that is empty or has no
    header.
    """
    lines = text.lstrip("\ufeff\r\n")
    if not lines.strip():
        raise InputError.is_empty(shown)
    if len(_CONTROLS.findall(lines[:_LOOKED_AT])) > _MOST_CONTROLS * len(lines[:_LOOKED_AT]):
        raise InputError.not_readable(shown, "it is full of control characters, so it is not text")
    tries = [
        _Try(d, q, records)
        for q in _quotes(lines)
        for d in (_DELIMITERS if delimiter is None else delimiter)
        if (records := _records(lines, d, q, whole=whole))
    ]
    if not tries:
        raise InputError.not_readable(shown, "its first lines are not records of a CSV file")
    best = max(tries, key=lambda one: one.rank)
    _check_header(best, shown)
    return Dialect(best.delimiter, best.quote, _evidence(best), tuple(_doubts(best, tries)))


def _quotes(text: str) -> str:
    """Return the quotes to try: an apostrophe only where fields begin and end with one."""
    ends = "".join(map(re.escape, _DELIMITERS))
    apostrophes = len(re.findall(rf"(?:^|[{ends}])'[^'\r\n]*'(?=$|[{ends}\r\n])", text, re.M))
    doubled = len(re.findall(rf"(?:^|[{ends}])\"", text, re.M))
    return _QUOTES[::-1] if apostrophes > max(2, doubled) else _QUOTES[:1]


def _records(text: str, delimiter: str, quote: str, *, whole: bool) -> list[list[str]]:
    """Parse the first whole records of the text, without blank ones, up to a limit."""
    lines = io.StringIO(text, newline="")
    records: list[list[str]] = []
    try:
        for record in csv.reader(lines, delimiter=delimiter, quotechar=quote):
            records.append(record)
            if len(records) > _MOST_RECORDS:
                break
        else:
            if not whole and len(records) > 1:
                records.pop()
    except csv.Error:
        # A field that is too long for Python's csv module: the records before it will do.
        pass
    return [record for record in records if any(cell.strip() for cell in record)]


def _evidence(best: _Try) -> str:
    n = len(best.records)
    counts = f"{best.n_fields} fields in {_percent(best)} of the first {n:,} records"
    return f"{DELIMITER_NAMES.get(best.delimiter, repr(best.delimiter))}: {counts}"


def _percent(one: _Try) -> str:
    return human_share(one.steady, 1)


def _doubts(best: _Try, tries: Sequence[_Try]) -> list[str]:
    doubts = []
    for other in tries:
        rival = other.delimiter != best.delimiter and other.rank[0]
        if rival and other.steady >= best.steady - (1 - _STEADY):
            doubts.append(
                f"{DELIMITER_NAMES[other.delimiter]} would be a delimiter too: "
                f"{other.n_fields} fields in {_percent(other)} of the first records"
            )
    if best.n_fields == 1:
        doubts.append("one column: no delimiter parts the records; is it another one?")
    if len(best.records) > 1 and not any(map(_is_typed, _cells(best.records[1:]))):
        doubts.append("all cells are words, so the first record is a header only by its place")
    return doubts


def _check_header(best: _Try, shown: str) -> None:
    first, others = best.records[0], best.records[1:]
    if others and len(first) < best.n_fields and sum(map(bool, first)) <= 1:
        raise InputError.no_header(
            shown,
            f"its first record is {hide_addresses(first[0])!r}, "
            f"yet most have {best.n_fields} fields",
        )
    typed = [
        place
        for place in range(min(len(first), best.n_fields))
        if _mostly_typed([record[place] for record in others if len(record) > place])
    ]
    as_data = [place for place in typed if _is_typed(first[place])]
    if as_data and 2 * len(as_data) >= len(typed):
        # The names are not shown: they may be personal data.
        raise InputError.no_header(
            shown,
            f"its first record reads like data: {len(as_data)} of its {len(first)} cells are "
            "numbers, days or e-mail addresses",
        )
    if not others and first and all(map(_is_typed, filter(None, first))):
        raise InputError.no_header(shown, "its only record reads like data")


def _mostly_typed(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and 2 * sum(map(_is_typed, filled)) > len(filled)


def _cells(records: Sequence[Sequence[str]]) -> list[str]:
    return [cell for record in records[:100] for cell in record]


def _is_typed(cell: str) -> bool:
    """Return whether the cell reads as a number, a date or an e-mail address."""
    return _TYPED.fullmatch(cell.strip()) is not None
