"""Detect delimiter, quote and header from the first records of a file."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from toolkit.contract import CsvFormat
from toolkit.errors import InputError
from toolkit.pages.masking import hide_addresses
from toolkit.read.sources import CSV, TYPED_DELIMITER, Source
from toolkit.units import cut, human_share

HEAD_BYTES = 1 << 20
_DELIMITERS = ",;\t|"
_QUOTES = "\"'"
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_COMMENT = "#"
_SEP_LINE = re.compile('"?sep=([^\r\n])"?[ \t]*[\r\n]+', re.IGNORECASE)
# A header has names for most columns, and is not far from the beginning.
_HEADER_FILLED, _MOST_ABOVE = 0.75, 30
_FEWEST_BELOW = 3
_NO_VALUES = frozenset(("-", "n/a", "na", "null", "none", "nan", "?", "unknown", "error"))
_LONGEST_SHOWN = 40
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
    """The delimiter, quote and header of the records, the evidence, and the doubts.

    `keys` are the other keys of a contract's csv part that the file needs.
    """

    delimiter: str
    quote: str
    evidence: str
    doubts: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    keys: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Try:
    """The first records, read with one delimiter and quote."""

    delimiter: str
    quote: str
    read: list[list[str]]
    keys: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def comments(self) -> list[list[str]]:
        """The records that begin with a hash, if they are no records of the feed."""
        is_marked = [one[0].startswith(_COMMENT) for one in self.read]
        first = is_marked.index(False) if False in is_marked else len(self.read)
        above = self.read[:first]
        below = [one for one in self.read[first:] if one[0].startswith(_COMMENT)]
        n_fields = _most_common([one for one in self.read if not one[0].startswith(_COMMENT)])
        if n_fields < 2 or any(len(one) == n_fields for one in below):
            return []
        if above and len(above[-1]) == n_fields and _is_named(above[-1]):
            # It is the header: `#,Name`.
            return []
        return above + below

    @cached_property
    def n_above(self) -> int:
        """The number of records above the header: few of their cells are filled."""
        records = self._without_comments
        n_fields = _most_common([one for one in records if _n_filled(one) > 1])
        if n_fields < 2:
            return 0
        least = max(2, math.ceil(_HEADER_FILLED * n_fields))
        for place, record in enumerate(records[:_MOST_ABOVE]):
            if _n_filled(record) >= least and len(record) >= n_fields - 1:
                return place if _is_named(record) else 0
            if 2 * _n_filled(record) > n_fields:
                break
        return 0

    @cached_property
    def _without_comments(self) -> list[list[str]]:
        if not self.comments:
            return self.read
        return [one for one in self.read if not one[0].startswith(_COMMENT)]

    @cached_property
    def records(self) -> list[list[str]]:
        """The header and the records below it."""
        return self._without_comments[self.n_above :]

    @cached_property
    def n_fields(self) -> int:
        """Return the most common number of fields."""
        return _most_common(self.records)

    @cached_property
    def steady(self) -> float:
        """The share of records with that many."""
        return sum(len(record) == self.n_fields for record in self.records) / len(self.records)

    @property
    def fit(self) -> tuple[float, float]:
        """The share of records with as many fields as the header, and of those with equally many
        fields.
        """
        n_named = len(self.records[0])
        return sum(len(one) == n_named for one in self.records) / len(self.records), self.steady

    @property
    def rank(self) -> tuple[bool, bool, float, bool, int, int]:
        many = self.n_fields > 1
        order = -(_DELIMITERS.find(self.delimiter) + 10 * _QUOTES.index(self.quote))
        # A line above the header may be a header that this delimiter does not part.
        fits = (many and self.steady >= _STEADY, many, round(self.steady, 2), not self.n_above)
        return *fits, self.n_fields, order


def _most_common(records: Sequence[Sequence[str]]) -> int:
    counts = Counter(map(len, records))
    return max(counts, key=lambda n: (counts[n], n), default=0)


def _is_named(record: Sequence[str]) -> bool:
    """Return whether the cells could be names of columns."""
    return len(set(record)) == len(record) and not any(map(_is_typed, record))


def _n_filled(record: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in record)


def dialect_of(source: Source, delimiter: str | None) -> Dialect:
    """Detect the dialect of a plain file by its first megabyte; see `detect_dialect`."""
    with source.open() as file:
        head = file.read(HEAD_BYTES + 1)
    text = head[:HEAD_BYTES].decode("utf-8", "replace")
    whole = len(head) <= HEAD_BYTES
    if source.format == CSV:
        return detect_dialect(text, source.shown, whole=whole, delimiter=delimiter)
    found = detect_dialect(text, source.shown, whole=whole, delimiter=TYPED_DELIMITER)
    own = found.evidence.partition("; ")[2]
    n_columns = len(found.header)
    evidence = f"{source.format}: {n_columns} {'column' if n_columns == 1 else 'columns'}"
    return replace(
        found, delimiter=CsvFormat.delimiter, evidence=f"{evidence}; {own}" if own else evidence
    )


def detect_dialect(text: str, shown: str, *, whole: bool, delimiter: str | None = None) -> Dialect:
    """Detect the dialect of a file by its first `text`; messages call the file `shown`.

    A given `delimiter` is used as it is. Raises InputError for a file that is empty or has no
    header.
    """
    lines = text.lstrip("\ufeff\r\n")
    if not lines.strip():
        raise InputError.is_empty(shown)
    looked_at = lines[:_LOOKED_AT].replace(delimiter or "\0", "")
    if len(_CONTROLS.findall(looked_at)) > _MOST_CONTROLS * len(looked_at):
        raise InputError.not_readable(shown, "it is full of control characters, so it is not text")
    sep = _SEP_LINE.match(lines)
    if sep and delimiter in (None, sep[1]):
        delimiter, lines = sep[1], lines[sep.end() :].lstrip("\r\n")
    tries = [
        _Try(d, q, records)
        for q in _quotes(lines)
        for d in (_DELIMITERS if delimiter is None else delimiter)
        if (records := _records(lines, d, q, whole=whole))
    ]
    if not tries:
        raise InputError.not_readable(shown, "its first lines are not records of a CSV file")
    best = max(tries, key=lambda one: one.rank)
    best = _quoted_otherwise(best, lines, whole=whole)
    _check_header(best, shown)
    found = _keys(best)
    said = "; ".join([*(["a first line says so"] if sep else []), *found.evidence])
    return Dialect(
        best.delimiter,
        best.quote,
        f"{_evidence(best)}; {said}" if said else _evidence(best),
        (*_doubts(best, tries), *found.doubts),
        tuple(best.records[0]),
        found.keys,
    )


@dataclass
class _Keys:
    """Keys of the contract's csv part that a file needs, and why."""

    keys: dict[str, Any]
    evidence: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def _quoted_otherwise(best: _Try, text: str, *, whole: bool) -> _Try:
    """Read the records with backslash escapes, and blanks around quotes, if that fits better."""
    q, d = best.quote, best.delimiter
    ends = rf"(?:^|[{re.escape(d)}])[ \t]+{q}[^{q}\r\n]*{q}[ \t]*(?=[{re.escape(d)}\r\n]|$)"
    for key, value, pattern in (
        ("escape", "\\", rf"\\[{q}{re.escape(d)}]"),
        ("blanks_around_quotes", True, ends),
    ):
        if not re.search(pattern, text, re.MULTILINE):
            continue
        keys = {**best.keys, key: value}
        other = _Try(d, q, _records(text, d, q, whole=whole, keys=keys), keys)
        if not other.read or other.n_fields < min(2, best.n_fields):
            continue
        if other.fit > best.fit or (key != "escape" and other.fit == best.fit):
            best = other
    return best


def _keys(best: _Try) -> _Keys:
    found = _Keys(dict(best.keys))
    if "escape" in found.keys:
        found.evidence.append("a backslash before a quote makes it plain")
    if "blanks_around_quotes" in found.keys:
        found.evidence.append("blanks come between quotes and delimiters")
    if best.comments:
        found.keys["comment"] = _COMMENT
        n, first = len(best.comments), _shown(best, best.comments[0])
        lines = "1 line begins" if n == 1 else f"{n:,} lines begin"
        found.doubts.append(
            f"{lines} with {_COMMENT} and {'is' if n == 1 else 'are'} passed over as "
            f"{'a comment' if n == 1 else 'comments'} (csv.comment), such as {first}"
        )
    if best.n_above:
        found.keys["skip_until"] = "header"
        first = _shown(best, best._without_comments[0])
        n = best.n_above
        found.evidence.append(
            f"{n} {'record' if n == 1 else 'records'} above the header, such as {first}"
        )
    header, others = best.records[0], best.records[1:]
    longer = [one for one in others if len(one) == len(header) + 1]
    if len(longer) > _STEADY * len(others) and not any(one[-1].strip() for one in longer):
        found.keys["trailing_delimiter"] = True
        found.evidence.append("records end with a delimiter that the header lacks")
    if others and _is_units(others[0], others[1:]):
        found.keys["skip_below_header"] = 1
        found.doubts.append(
            f"the line below the header is passed over, as it reads like units: "
            f"{_shown(best, others[0])} (csv.skip_below_header)"
        )
    return found


def _shown(best: _Try, record: Sequence[str]) -> str:
    between = best.delimiter if best.delimiter.isprintable() else ", "
    text = between.join(record).rstrip(f"{between} ")
    return repr(cut(hide_addresses(text), _LONGEST_SHOWN))


def _is_units(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Return whether a record has words wherever the records below it have numbers or days."""
    if len(others) < _FEWEST_BELOW:
        return False
    typed = [
        place
        for place in range(len(first))
        if _mostly_typed([record[place] for record in others if len(record) > place])
    ]
    words = [first[place].strip() for place in typed]
    named = [word for word in words if word and word.lower() not in _NO_VALUES]
    return len(typed) > 1 and bool(named) and not any(map(_is_typed, words))


def _quotes(text: str) -> str:
    """Return the quotes to try: an apostrophe only where fields begin and end with one."""
    ends = "".join(map(re.escape, _DELIMITERS))
    apostrophes = len(re.findall(rf"(?:^|[{ends}])'[^'\r\n]*'(?=$|[{ends}\r\n])", text, re.M))
    doubled = len(re.findall(rf"(?:^|[{ends}])\"", text, re.M))
    return _QUOTES[::-1] if apostrophes > max(2, doubled) else _QUOTES[:1]


def _records(
    text: str, delimiter: str, quote: str, *, whole: bool, keys: Mapping[str, Any] | None = None
) -> list[list[str]]:
    """Parse the first whole records of the text, without blank ones, up to a limit."""
    lines = io.StringIO(text, newline="")
    records: list[list[str]] = []
    try:
        for record in csv.reader(
            lines,
            delimiter=delimiter,
            quotechar=quote,
            escapechar=(keys or {}).get("escape"),
            skipinitialspace="blanks_around_quotes" in (keys or {}),
        ):
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
    if best.n_fields == 1 and (within := _delimiter_within(best)):
        doubts.append(
            f"one column: every line is quoted as a whole, with a {within} between the cells "
            "inside; remove the outer quotes"
        )
    elif best.n_fields == 1:
        doubts.append("one column: no delimiter parts the records; is it another one?")
    if len(best.records) > 1 and not any(map(_is_typed, _cells(best.records[1:]))):
        doubts.append("all cells are words, so the first record is a header only by its place")
    return doubts


def _delimiter_within(best: _Try) -> str | None:
    """Return the delimiter that occurs equally often in every cell of the only column."""
    for delimiter in _DELIMITERS:
        counts = {one[0].count(delimiter) for one in best.records if len(one) == 1}
        if len(counts) == 1 and counts.pop():
            return DELIMITER_NAMES[delimiter]
    return None


def _check_header(best: _Try, shown: str) -> None:
    first, others = best.records[0], best.records[1:]
    if others and len(first) < best.n_fields and _n_filled(first) <= 1:
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
