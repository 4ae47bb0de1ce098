"""From text to values, one parser a kind of column.

A parser sees stripped strings, each distinct value of a column once, or the rows themselves where
nearly all differ. It answers with a value and a reason id for each; OK where nothing is wrong.
A value that could not be read is null or NaN: unknown to the rules that come later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.contract import Category, Date, Email, Mapped, Text
from toolkit.lookups import Lookup

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

OK = 255
MAPPED, NEAREST, EMPTIED = "mapped", "nearest name", "emptied"
# RE2's \s is ASCII's white space only, and lacks some of that. The rest costs time.
_ASCII_WORD = r"[^@\s\x0b\x1c-\x1f]+"
_ASCII_EMAIL = rf"^{_ASCII_WORD}@{_ASCII_WORD}\.{_ASCII_WORD}$"
_WORD = r"[^@\s\p{Z}\x0b\x1c-\x1f\x{85}]+"
_EMAIL = rf"^{_WORD}@{_WORD}\.{_WORD}$"
_DATE_FIELDS = {"%Y": "(?P<Y>[0-9]{4})", "%m": "(?P<m>[0-9]{1,2})", "%d": "(?P<d>[0-9]{1,2})"}


@dataclass(frozen=True)
class Parsed:
    """Values as an Arrow array, or float64 for numbers; `codes` None when nothing is wrong.

    `changes` says which values were repaired, by the word for how (see RepairFacts); only what
    occurs is in it.
    """

    values: pa.Array | Floats
    codes: Codes | None = None
    changes: Mapping[str, Bools] = field(default_factory=dict)


def coded(bad: Bools, reason: int) -> Codes | None:
    return np.where(bad, np.uint8(reason), np.uint8(OK)) if bad.any() else None


def parse_text(
    column: Text, strings: pa.Array, reasons: Mapping[str, int], lookup: Lookup | None = None
) -> Parsed:
    """The text itself, or the name that `lookup` has for it; patterns see what it becomes."""
    changes: dict[str, Bools] = {}
    if lookup is not None:
        values = strings.to_pylist()
        places = lookup.find(values)
        names = pa.array(lookup.names, pa.string()).take(pa.array(places, mask=places < 0))
        strings = pc.coalesce(names, strings)
        changes = found_only({MAPPED: lookup.respelt(values, places)})
    codes: Codes | None = None
    for bad, reason in _text_faults(column, strings):
        codes = first_reason(codes, coded(bad, reasons[reason]))
    return Parsed(strings, codes, changes)


def _text_faults(column: Text, strings: pa.Array) -> Iterator[tuple[Bools, str]]:
    """Which values break each rule, and its reason. Of an empty text nothing is known."""
    if not (column.required or column.pattern or column.reject):
        return
    empty = bools(pc.equal(pc.binary_length(strings), 0))
    if column.required and column.reason is not None:
        yield empty, column.reason
    if column.pattern is not None and column.reason is not None:
        yield ~empty & ~bools(pc.match_substring_regex(strings, column.pattern)), column.reason
    for reason, pattern in column.reject.items():
        yield ~empty & bools(pc.match_substring_regex(strings, pattern)), reason


def first_reason(codes: Codes | None, others: Codes | None) -> Codes | None:
    """Of two reasons for one value the one that comes first in the contract's order."""
    if codes is None or others is None:
        return others if codes is None else codes
    return np.minimum(codes, others)


def found_only(changes: Mapping[str, Bools]) -> dict[str, Bools]:
    """The changes that some value has seen."""
    return {how: mask for how, mask in changes.items() if mask.any()}


def parse_email(column: Email, strings: pa.Array, reasons: Mapping[str, int]) -> Parsed:
    ascii_only = is_ascii(strings)
    lower = pc.ascii_lower(strings) if ascii_only else pc.utf8_lower(strings)
    valid = pc.match_substring_regex(lower, _ASCII_EMAIL if ascii_only else _EMAIL)
    values = pc.if_else(valid, lower, pa.scalar(None, pa.string()))
    bad = ~bools(valid)
    if column.reason is not None:
        return Parsed(values, coded(bad, reasons[column.reason]))
    rows = np.flatnonzero(bad)
    bad[rows] = bools(pc.greater(pc.binary_length(strings.take(pa.array(rows))), 0))
    return Parsed(values, changes=found_only({EMPTIED: bad}))


def parse_date(column: Date, strings: pa.Array, reasons: Mapping[str, int], as_of: date) -> Parsed:
    days = np.full(len(strings), np.iinfo(np.int32).min, dtype=np.int32)
    unread = np.ones(len(strings), dtype=bool)
    for date_format in column.formats:
        todo = np.flatnonzero(unread)
        days[todo] = _read_days(strings.take(pa.array(todo)), date_format)
        unread = days == np.iinfo(np.int32).min
    values = pa.array(days, mask=unread).cast(pa.date32())
    codes = None if column.reason is None else coded(unread, reasons[column.reason])
    if column.range_reason is not None:
        first, last = _date_limits(column, as_of)
        outside = ~unread & ((days < first) | (days > last))
        if outside.any():
            codes = np.full(len(days), OK, np.uint8) if codes is None else codes
            codes[outside] = np.minimum(codes[outside], reasons[column.range_reason])
    return Parsed(values, codes)


def _read_days(strings: pa.Array, date_format: str) -> npt.NDArray[np.int32]:
    """Days since 1970-01-01; the smallest int32 for what is no calendar day in this format."""
    pattern = "^" + "".join(_DATE_FIELDS.get(p, _escaped(p)) for p in _pieces(date_format)) + "$"
    fields = pc.extract_regex(strings, pattern=pattern)
    found = fields.is_valid()
    year, month, day = (
        pc.cast(pc.fill_null(pc.struct_field(fields, name), "0"), pa.int64()).to_numpy()
        for name in "Ymd"
    )
    month0 = (year - 1970) * 12 + month - 1
    starts = month0.astype("datetime64[M]")
    length = ((starts + 1).astype("datetime64[D]") - starts.astype("datetime64[D]")).astype(int)
    real = bools(found) & (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1)
    real &= day <= length
    days = starts.astype("datetime64[D]").astype(np.int64) + day - 1
    return np.where(real, days, np.iinfo(np.int32).min).astype(np.int32)


def _pieces(date_format: str) -> list[str]:
    pieces, place = [], 0
    while place < len(date_format):
        width = 2 if date_format[place] == "%" else 1
        pieces.append(date_format[place : place + width])
        place += width
    return pieces


def _escaped(literal: str) -> str:
    return f"\\x{{{ord(literal[-1]):x}}}"


def _date_limits(column: Date, as_of: date) -> tuple[int, int]:
    """The first and the last day allowed, in days since 1970-01-01."""
    first, last = column.limits(as_of)
    return (
        np.iinfo(np.int32).min + 1 if first is None else _days(first),
        np.iinfo(np.int32).max if last is None else _days(last),
    )


def _days(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()


def parse_labels(
    column: Category | Mapped, strings: pa.Array, reasons: Mapping[str, int], lookup: Lookup
) -> Parsed:
    """Canonical names as a dictionary array, null for unknown values.

    First what the lookup says of the value as it stands, but for case; then, for a category, the
    nearest canonical name within `max_edits`, ties to the first in alphabetical order.
    """
    values = strings.to_pylist()
    max_edits, how = (column.max_edits, NEAREST) if isinstance(column, Category) else (0, MAPPED)
    places = lookup.find(values, max_edits)
    parsed = label_values(places, column, reasons, lookup)
    return replace(parsed, changes=found_only({how: lookup.respelt(values, places)}))


def label_values(
    places: npt.NDArray[np.int32],
    column: Category | Mapped,
    reasons: Mapping[str, int],
    lookup: Lookup,
) -> Parsed:
    """Canonical names by their places as a dictionary array, null for places below 0."""
    bad = places < 0
    values = pa.DictionaryArray.from_arrays(
        pa.array(places, mask=bad), pa.array(lookup.names, pa.string())
    )
    return Parsed(values, None if column.reason is None else coded(bad, reasons[column.reason]))


def is_ascii(strings: pa.Array) -> bool:
    data = strings.buffers()[2]
    return data is None or len(data) == 0 or np.frombuffer(data, np.uint8).max() < 0x80


def bools(array: pa.Array) -> Bools:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=bool)
