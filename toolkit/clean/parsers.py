"""From text to values, one parser a kind of column.

A parser sees stripped strings, each distinct value of a column once, or the rows themselves where
nearly all differ. It answers with a value and a reason id for each; OK where nothing is wrong.
A value that could not be read is null or NaN: unknown to the rules that come later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.contract import Category, Derived, Email, Integer, Mapped, Number, Text
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
