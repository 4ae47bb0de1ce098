"""From text to values, one parser a kind of column.

A parser sees stripped strings, each distinct value of a column once, or the rows themselves where
nearly all differ. It answers with a value and a reason id for each; OK where nothing is wrong.
A value that could not be read is null or NaN: unknown to the rules that come later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.contract import Category, Date, Derived, Email, Integer, Mapped, Number, Text
from toolkit.lookups import Lookup

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

OK = 255
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
# RE2's \s is ASCII's white space only, and lacks some of that. The rest costs time.
_ASCII_WORD = r"[^@\s\x0b\x1c-\x1f]+"
_ASCII_EMAIL = rf"^{_ASCII_WORD}@{_ASCII_WORD}\.{_ASCII_WORD}$"
_WORD = r"[^@\s\p{Z}\x0b\x1c-\x1f\x{85}]+"
_EMAIL = rf"^{_WORD}@{_WORD}\.{_WORD}$"
_DATE_FIELDS = {"%Y": "(?P<Y>[0-9]{4})", "%m": "(?P<m>[0-9]{1,2})", "%d": "(?P<d>[0-9]{1,2})"}


@dataclass(frozen=True)
class Parsed:
    """Values as an Arrow array, or float64 for numbers; `codes` None when nothing is wrong."""

    values: pa.Array | Floats
    codes: Codes | None = None


def coded(bad: Bools, reason: int) -> Codes | None:
    return np.where(bad, np.uint8(reason), np.uint8(OK)) if bad.any() else None


def parse_text(column: Text, strings: pa.Array, reasons: Mapping[str, int]) -> Parsed:
    if not column.required or column.reason is None:
        return Parsed(strings)
    empty = pc.equal(pc.binary_length(strings), 0)
    return Parsed(strings, coded(_bools(empty), reasons[column.reason]))


def parse_email(column: Email, strings: pa.Array, reasons: Mapping[str, int]) -> Parsed:
    ascii_only = is_ascii(strings)
    lower = pc.ascii_lower(strings) if ascii_only else pc.utf8_lower(strings)
    valid = pc.match_substring_regex(lower, _ASCII_EMAIL if ascii_only else _EMAIL)
    values = pc.if_else(valid, lower, pa.scalar(None, pa.string()))
    if column.reason is None:
        return Parsed(values)
    return Parsed(values, coded(~_bools(valid), reasons[column.reason]))


def parse_number(column: Number, strings: pa.Array, reasons: Mapping[str, int]) -> Parsed:
    values = read_numbers(strings)
    if column.default is not None:
        values = np.where(np.isnan(values), column.default, values)
    if column.clip is not None:
        values = np.clip(values, *column.clip) + 0.0  # + 0.0 makes -0.0 a plain zero
    return Parsed(values, _limit_codes(column, values, reasons))


def parse_integer(column: Integer, strings: pa.Array, reasons: Mapping[str, int]) -> Parsed:
    values = np.rint(read_numbers(strings)) + 0.0
    if column.default is not None:
        values = np.where(np.isnan(values), float(column.default), values)
    if column.floor is not None:
        values = np.maximum(values, float(column.floor))
    return Parsed(values, _limit_codes(column, values, reasons))


def _limit_codes(
    column: Number | Integer, values: Floats, reasons: Mapping[str, int]
) -> Codes | None:
    if column.reason is None:
        return None
    return coded(~within_limits(column, values), reasons[column.reason])


def within_limits(limits: Number | Integer | Derived, values: Floats) -> Bools:
    """Whether each value keeps every limit; NaN keeps none."""
    fine = ~np.isnan(values)
    for bound, keeps in (
        (limits.above, np.greater),
        (limits.min, np.greater_equal),
        (limits.max, np.less_equal),
        (limits.below, np.less),
    ):
        if bound is not None:
            fine &= keeps(values, bound)
    return fine


def read_numbers(strings: pa.Array) -> Floats:
    """Decimal numbers as float64, NaN for everything else.

    A number is an optional sign, ASCII digits with at most one point, an optional exponent.
    Arrow reads just that, and the words nan and inf besides.
    """
    try:
        values = pc.cast(strings, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        numeric = pc.match_substring_regex(strings, _NUMBER)
        only = pc.if_else(numeric, strings, pa.scalar(None, pa.string()))
        return np.asarray(pc.cast(only, pa.float64()).to_numpy(zero_copy_only=False))
    odd = np.flatnonzero(~np.isfinite(values))
    if len(odd):
        words = ~_bools(pc.match_substring_regex(strings.take(pa.array(odd)), _NUMBER))
        values = values.copy()
        values[odd[words]] = np.nan
    return np.asarray(values)


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
    real = _bools(found) & (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1)
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
    max_edits = column.max_edits if isinstance(column, Category) else 0
    return label_values(lookup.find(strings.to_pylist(), max_edits), column, reasons, lookup)


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


def name_values(strings: pa.Array, lookup: Lookup) -> pa.Array:
    """The name that each string stands for: its own where the lookup does not know it."""
    places = lookup.find(strings.to_pylist())
    names = pa.array(lookup.names, pa.string()).take(pa.array(places, mask=places < 0))
    return pc.coalesce(names, strings)


def is_ascii(strings: pa.Array) -> bool:
    data = strings.buffers()[2]
    return data is None or len(data) == 0 or np.frombuffer(data, np.uint8).max() < 0x80


def _bools(array: pa.Array) -> Bools:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=bool)
