"""The cells of a column as guesses see them, and the result of a guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.profile.doubts import Doubt
from toolkit.profile.readings import TEXT, Reading, Tally
from toolkit.profile.vocabulary import FIRST, ROWS, VALUE, Ints
from toolkit.read.cells import first_occurrences

RARE = 0.005
"""Least share of the cells that counts as evidence for how the column is written."""

Order = Literal["day", "month"]
"""Whether day or month comes first in dates that end with the year."""


@dataclass(frozen=True)
class DistinctCells:
    """Distinct non-null values, the rows of each, and the index of its first row."""

    values: pa.Array
    rows: Ints
    places: Ints

    @classmethod
    def of(cls, table: pa.Table, null_words: Sequence[str]) -> DistinctCells:
        """Take a vocabulary's table without `null_words`, which are in lower case."""
        is_value = pc.invert(
            pc.is_in(pc.utf8_lower(table.column(VALUE)), pa.array(null_words, pa.string()))
        )
        table = table.filter(is_value).combine_chunks()
        return cls(
            table.column(VALUE).combine_chunks(),
            table.column(ROWS).to_numpy(),
            table.column(FIRST).to_numpy(),
        )

    @classmethod
    def of_column(cls, column: pa.DictionaryArray, null_words: Sequence[str]) -> DistinctCells:
        """Take the cells of a stripped column, numbered from 0."""
        indices = column.indices.to_numpy()
        rows = np.bincount(indices, minlength=len(column.dictionary))
        places = first_occurrences(indices, len(rows))
        table = pa.table({VALUE: column.dictionary, ROWS: rows, FIRST: places})
        filled = pc.and_(pc.not_equal(table.column(VALUE), ""), pc.greater(table.column(ROWS), 0))
        return cls.of(table.filter(filled), null_words)

    def tally(self, reading: Reading) -> Tally:
        return reading.tally(self.values, self.rows, self.places)

    @property
    def n_rows(self) -> int:
        return int(self.rows.sum())


@dataclass(frozen=True)
class Guess:
    """The reading that fits, its counts, and the doubts."""

    reading: Reading
    tally: Tally
    doubts: tuple[Doubt, ...] = ()
    refused: Doubt | None = None
    """The reason to read the cells as text, though the reading fits."""
    is_plain: bool = False
    """Whether a text is made of figures or days, however few values it has."""
    undecided: bool = False
    """Whether the text is days whose order nothing decides."""

    @property
    def kind(self) -> str:
        return self.reading.column.kind

    def as_text(self) -> Guess:
        """Read as text instead, for the reason of the refusal."""
        doubts = () if self.refused is None else (self.refused,)
        return replace(
            self, reading=Reading(TEXT), tally=Tally(), doubts=doubts, refused=None, is_plain=True
        )
