"""Results of parsers: a column's values, and the reasons of its invalid cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.arrays import Bools, Figures, Floats, Ints

Codes = npt.NDArray[np.uint8]

OK = 255
MAPPED, NEAREST, EMPTIED = "mapped", "nearest name", "emptied"
FORMULA, LOOKUP = "formula", "lookup"
FILLED_DOWN = "filled down"


@dataclass(frozen=True)
class ParsedValues:
    """Values as an Arrow array, or float64 for numbers; `codes` None when all are valid.

    `whole` and `scale` are exact numbers where float64 is not enough (see Figures). `changes` marks
    the repaired values by the word for how (see RepairFacts), only for repairs that occur. `absent`
    marks the rightly empty values of an optional column.
    """

    values: pa.Array | Floats
    codes: Codes | None = None
    changes: Mapping[str, Bools] = field(default_factory=dict)
    absent: Bools | None = None
    whole: Ints | None = None
    scale: int | None = None

    @property
    def figures(self) -> Figures:
        """The values of a column of numbers."""
        return Figures(np.asarray(self.values), self.whole, self.scale)


@dataclass(frozen=True)
class ParsedColumn:
    """A parsed column: a row's value is values[indices], or values where there are no indices."""

    parsed: ParsedValues
    indices: npt.NDArray[np.int32] | None
    changed_rows: Mapping[str, Bools] = field(default_factory=dict)
    """Rows that were repaired by other columns, besides the values that parsing repaired."""

    def codes(self) -> Codes | None:
        codes = self.parsed.codes
        return codes if codes is None or self.indices is None else codes[self.indices]

    def figures(self) -> Figures:
        figures = self.parsed.figures
        return figures if self.indices is None else figures.take(self.indices)

    def absent(self) -> Bools | None:
        absent = self.parsed.absent
        return absent if absent is None or self.indices is None else absent[self.indices]

    def changes(self) -> dict[str, Bools]:
        """Return the repaired rows, by how."""
        found = self.parsed.changes
        if self.indices is not None:
            found = {how: mask.take(self.indices) for how, mask in found.items()}
        return {**found, **self.changed_rows}

    def marked(self, how: str, rows: Bools) -> ParsedColumn:
        """Return the column with more rows marked as repaired."""
        return replace(self, changed_rows={**self.changed_rows, **found_only({how: rows})})

    def vocabulary(self) -> tuple[pa.Array, npt.NDArray[np.int32]]:
        """Return the distinct values, and each row's index among them; for dictionary columns."""
        values = self.parsed.values
        if self.indices is None or isinstance(values, np.ndarray):
            raise AssertionError("the column came without a dictionary")
        return values, self.indices

    def take(self, rows: Ints) -> pa.Array | Figures:
        """Return the values of `rows`; text that came as a dictionary stays one."""
        values = self.parsed.values
        if isinstance(values, np.ndarray):
            places = rows if self.indices is None else self.indices[rows]
            return self.parsed.figures.take(places)
        if self.indices is None:
            return values.take(pa.array(rows))
        indices = self.indices[rows]
        if not pa.types.is_string(values.type):
            return values.take(pa.array(indices))
        distinct = values.dictionary_encode()
        return pa.DictionaryArray.from_arrays(
            distinct.indices.take(pa.array(indices)), distinct.dictionary
        )


def coded(bad: Bools, reason: int) -> Codes | None:
    return np.where(bad, np.uint8(reason), np.uint8(OK)) if bad.any() else None


def empty(strings: pa.Array) -> Bools:
    return bools(pc.equal(pc.binary_length(strings), 0))


def rightly_empty(optional: bool, strings: pa.Array) -> Bools | None:
    """Mark the rightly empty cells of an optional column; None for a required one."""
    return empty(strings) if optional else None


def coded_unless(absent: Bools | None, bad: Bools, reason: int) -> Codes | None:
    """Return the reason where a cell is bad and not rightly empty."""
    return coded(bad if absent is None else bad & ~absent, reason)


def first_reason(codes: Codes | None, others: Codes | None) -> Codes | None:
    """Choose for each value the reason that comes first in the contract's order."""
    if codes is None or others is None:
        return others if codes is None else codes
    return np.minimum(codes, others)


def found_only(changes: Mapping[str, Bools]) -> dict[str, Bools]:
    """Drop the changes that no value has seen."""
    return {how: mask for how, mask in changes.items() if mask.any()}


def bools(array: pa.Array) -> Bools:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=bool)
