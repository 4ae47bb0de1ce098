"""A generated column: intended values, written values, injected faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.generate.random_words import Codes

FAULTS = (
    "duplicate_id",
    "product_typo",
    "category_typo",
    "other_category",
    "quantity_zero",
    "quantity_negative",
    "quantity_implausible",
    "quantity_not_a_number",
    "quantity_fractional",
    "heavy_discount",
    "impossible_discount",
    "region_spelling",
    "date_missing",
    "date_format",
    "email_missing",
    "email_malformed",
)
"""Faults by name, as in a ledger. heavy_discount is a trait rather than an error: cleaning accepts
it.
"""

FaultIds = npt.NDArray[np.uint8]
"""0: no fault; n: FAULTS[n - 1]."""


def fault_id(name: str | None) -> int:
    """Return the place of `name` in FAULTS, counted from 1; 0 for None."""
    return 0 if name is None else FAULTS.index(name) + 1


@dataclass(frozen=True)
class ColumnVocabulary:
    """The texts of a column and the fault id of each, both (n_texts,)."""

    text: pa.StringArray
    fault: FaultIds

    def take(self, codes: Codes) -> pa.StringArray:
        """Return the text of each code, in order."""
        return self.text.take(pa.array(codes))


@dataclass(frozen=True)
class Drawn:
    """One column of a block, all arrays (rows,): codes, and the text of each code."""

    spell: Callable[[Codes], pa.StringArray]
    written: Codes
    true: Codes
    """The codes that a faultless row would have carried."""
    fault: FaultIds

    @classmethod
    def from_vocabulary(cls, vocabulary: ColumnVocabulary, written: Codes, true: Codes) -> Drawn:
        """Make a column whose faults follow from its text alone."""
        return cls(vocabulary.take, written, true, vocabulary.fault[written])

    @classmethod
    def faultless(cls, spell: Callable[[Codes], pa.StringArray], codes: Codes) -> Drawn:
        """Make a column without faults."""
        return cls(spell, codes, codes, np.zeros(len(codes), dtype=np.uint8))

    def text(self) -> pa.StringArray:
        """Return the written text of the rows."""
        return self.spell(self.written)

    def repaired(self) -> Drawn:
        """Return the column with every fault undone."""
        return replace(self, written=self.true, fault=np.zeros_like(self.fault))


def as_codes(values: Iterable[int]) -> Codes:
    """Return plain numbers as an array, (n_values,)."""
    return np.fromiter(values, dtype=np.int64)


def group_starts(sizes: Sequence[int]) -> Codes:
    """Return the offset of each of several consecutive groups, (n_groups,)."""
    return as_codes([0, *accumulate(sizes)][:-1])


def fault_runs(*runs: tuple[str | None, int]) -> FaultIds:
    """Repeat the id of each fault by the length of its run."""
    ids = np.array([fault_id(name) for name, _ in runs], dtype=np.uint8)
    return np.repeat(ids, [size for _, size in runs])
