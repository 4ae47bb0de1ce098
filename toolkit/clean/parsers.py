"""From text to values, one parser a kind of column.

A parser sees stripped strings, each distinct value of a column once, or the rows themselves where
nearly all differ. It answers with a value and a reason id for each; OK where nothing is wrong.
A value that could not be read is null or NaN: unknown to the rules that come later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.arrays import Bools, Figures, Floats, Ints
from toolkit.contract import Category, Email, Mapped, Text
from toolkit.lookups import Lookup

Codes = npt.NDArray[np.uint8]

OK = 255
MAPPED, NEAREST, EMPTIED = "mapped", "nearest name", "emptied"
# RE2's \s is ASCII's white space only, and lacks some of that. The rest costs time.
_ASCII_WORD = r"[^@\s\x0b\x1c-\x1f]+"
_ASCII_EMAIL = rf"^{_ASCII_WORD}@{_ASCII_WORD}\.{_ASCII_WORD}$"
_WORD = r"[^@\s\p{Z}\x0b\x1c-\x1f\x{85}]+"
_EMAIL = rf"^{_WORD}@{_WORD}\.{_WORD}$"


@dataclass(frozen=True)
class Parsed:
    """Values as an Arrow array, or float64 for numbers; `codes` None when nothing is wrong.

    `whole` are whole numbers as they are where float64 is not enough (see Figures). `changes` says
    which values were repaired, by the word for how (see RepairFacts); only what occurs is in it.
    `absent` are the values of an optional column that are rightly none.
    """

    values: pa.Array | Floats
    codes: Codes | None = None
    changes: Mapping[str, Bools] = field(default_factory=dict)
    absent: Bools | None = None
    whole: Ints | None = None

    @property
    def figures(self) -> Figures:
        """The values of a column of numbers."""
        return Figures(np.asarray(self.values), self.whole)


def coded(bad: Bools, reason: int) -> Codes | None:
    return np.where(bad, np.uint8(reason), np.uint8(OK)) if bad.any() else None


def empty(strings: pa.Array) -> Bools:
    return bools(pc.equal(pc.binary_length(strings), 0))


def rightly_empty(optional: bool, strings: pa.Array) -> Bools | None:
    """Which cells of a column are rightly empty; None for a column that must not be."""
    return empty(strings) if optional else None


def coded_unless(absent: Bools | None, bad: Bools, reason: int) -> Codes | None:
    """The reason where something is bad and not rightly none."""
    return coded(bad if absent is None else bad & ~absent, reason)


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
    nothing = empty(strings)
    for bad, reason in _text_faults(column, strings, nothing):
        codes = first_reason(codes, coded(bad, reasons[reason]))
    if not column.required:
        strings = pc.if_else(pa.array(nothing), pa.scalar(None, pa.string()), strings)
    return Parsed(strings, codes, changes)


def _text_faults(column: Text, strings: pa.Array, nothing: Bools) -> Iterator[tuple[Bools, str]]:
    """Which values break each rule, and its reason. Of an empty text nothing else is known."""
    if column.required and column.reason is not None:
        yield nothing, column.reason
    if column.pattern is not None and column.reason is not None:
        yield ~nothing & ~bools(pc.match_substring_regex(strings, column.pattern)), column.reason
    for reason, pattern in column.reject.items():
        yield ~nothing & bools(pc.match_substring_regex(strings, pattern)), reason


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
    bad[rows] = ~empty(strings.take(pa.array(rows)))
    return Parsed(values, changes=found_only({EMPTIED: bad}))


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
    parsed = label_values(places, column, reasons, lookup, rightly_empty(column.optional, strings))
    return replace(parsed, changes=found_only({how: lookup.respelt(values, places)}))


def label_values(
    places: npt.NDArray[np.int32],
    column: Category | Mapped,
    reasons: Mapping[str, int],
    lookup: Lookup,
    absent: Bools | None = None,
) -> Parsed:
    """Canonical names by their places as a dictionary array, null for places below 0."""
    bad = places < 0
    values = pa.DictionaryArray.from_arrays(
        pa.array(places, mask=bad), pa.array(lookup.names, pa.string())
    )
    if column.reason is None:
        return Parsed(values)
    return Parsed(values, coded_unless(absent, bad, reasons[column.reason]), absent=absent)


def is_ascii(strings: pa.Array) -> bool:
    data = strings.buffers()[2]
    return data is None or len(data) == 0 or np.frombuffer(data, np.uint8).max() < 0x80


def bools(array: pa.Array) -> Bools:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=bool)
