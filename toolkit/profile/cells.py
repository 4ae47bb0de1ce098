"""Counts of one column's cells in one block, and how to merge them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.date_order import OrderEvidence, merge_evidence
from toolkit.clean.parsed import bools
from toolkit.profile.readings import Reading, Tally
from toolkit.profile.vocabulary import Caps, Ints, Vocabulary
from toolkit.read.cells import first_occurrences, strip

_SHAPE_CAPS = Caps(values=2_000, sample=500, n_bytes=1 << 20)
LONGEST_SHAPE = 60
"""Number of characters in a value's shape; the rest is cut off."""
# Digits of an identifier, which would lose its meaning as a number.
_LEADING_ZEROS = r"^'?[+-]?0[0-9]+(?:\.0)?$"
_LONG_DIGITS = r"^[+-]?(?:[0-9]{16,}|[0-9]{1,3}(?:[,.' ][0-9]{3}){5,})(?:\.0+)?$"
_SHORTENED = r"^[1-9](?:[.,][0-9]+)?E\+0?(?:1[1-9]|[2-9][0-9])$"
# Spreadsheets keep 15 digits of a number.
_CUT = r"^[1-9][0-9]{14}0+$"
_PHONE = r"^\+[0-9]{9,}$"
_APOSTROPHE = "^'[0-9+=@-]"
_POINT_ZERO = r"^[0-9]+\.0$"
# Control characters, special blanks, and invisible marks.
_ODD_CHARACTERS = (
    r"[\x00-\x1f\x7f-\x{9f}\x{a0}\x{ad}\x{1680}\x{2000}-\x{200f}\x{2028}-\x{202f}\x{205f}-\x{2064}"
    r"\x{3000}\x{feff}\x{fffd}]"
)


def _shape_table() -> npt.NDArray[np.uint8]:
    table = np.arange(256, dtype=np.uint8)
    for characters, stands_for in (
        (b"0123456789", b"9"),
        (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"A"),
        (b"abcdefghijklmnopqrstuvwxyz", b"a"),
    ):
        table[np.frombuffer(characters, np.uint8)] = stands_for[0]
    return table


_SHAPES = _shape_table()


@dataclass(frozen=True)
class Cells:
    """Counts of cells; `filled` ones are not just white space.

    Every number is exact, of all cells, however the file was split into blocks.
    """

    n_cells: int = 0
    n_filled: int = 0
    n_blank_ends: int = 0
    """Filled cells with white space at an end..."""
    n_inner_blanks: int = 0
    """... with several blanks in a row inside..."""
    n_odd_characters: int = 0
    """... with control characters, or blanks other than spaces."""
    n_leading_zeros: int = 0
    """Cells of nothing but digits that a zero leads..."""
    n_long_digits: int = 0
    """... of 16 digits or more: beyond the precision of a float..."""
    n_shortened: int = 0
    """... and whole numbers as a spreadsheet shortens them: 4.50123E+12..."""
    n_point_zero: int = 0
    """... or makes fractions of them: 17850.0..."""
    n_cut: int = 0
    """... or keeps but 15 of their digits: 1234567890123450000."""
    n_phones: int = 0
    """Cells of a plus sign and nine digits or more."""
    n_apostrophes: int = 0
    """Cells that begin with the apostrophe that marks a text in spreadsheets."""
    shortest: int = 0
    longest: int = 0
    n_characters: int = 0
    null_words: Counter[str] = field(default_factory=Counter)
    """Rows by spelling, for the words that may mean null."""

    def __add__(self, other: Cells) -> Cells:
        shortest = [c.shortest for c in (self, other) if c.n_filled]
        return Cells(
            self.n_cells + other.n_cells,
            self.n_filled + other.n_filled,
            self.n_blank_ends + other.n_blank_ends,
            self.n_inner_blanks + other.n_inner_blanks,
            self.n_odd_characters + other.n_odd_characters,
            self.n_leading_zeros + other.n_leading_zeros,
            self.n_long_digits + other.n_long_digits,
            self.n_shortened + other.n_shortened,
            self.n_point_zero + other.n_point_zero,
            self.n_cut + other.n_cut,
            self.n_phones + other.n_phones,
            self.n_apostrophes + other.n_apostrophes,
            min(shortest, default=0),
            max(self.longest, other.longest),
            self.n_characters + other.n_characters,
            self.null_words + other.null_words,
        )


@dataclass(frozen=True)
class ColumnPart:
    """Counts of one column, of one block or several."""

    cells: Cells
    values: Vocabulary
    shapes: Vocabulary
    tally: Tally
    day_orders: tuple[tuple[int, tuple[OrderEvidence, ...]], ...] = ()
    """Of each block, by its number: evidence of days that no cell decides has an order."""

    @classmethod
    def merged(cls, parts: Sequence[ColumnPart], caps: Caps) -> ColumnPart:
        return cls(
            sum((part.cells for part in parts), Cells()),
            Vocabulary.merged([part.values for part in parts], caps),
            Vocabulary.merged([part.shapes for part in parts], _SHAPE_CAPS),
            sum((part.tally for part in parts), Tally()),
            tuple(sorted(block for part in parts for block in part.day_orders)),
        )

    def merged_day_orders(self) -> tuple[OrderEvidence, ...]:
        """Merge the evidence of all blocks, for each format."""
        by_format: dict[str, list[OrderEvidence]] = {}
        for _, evidence in self.day_orders:
            for one in evidence:
                by_format.setdefault(one.date_format, []).append(one)
        return tuple(merge_evidence(parts) for parts in by_format.values())


@dataclass(frozen=True)
class Question:
    """The reading that counts a column's cells, and the words that may mean null."""

    reading: Reading
    null_words: tuple[str, ...]
    """In lower case."""
    caps: Caps


def look_at_column(
    array: pa.DictionaryArray, places: Ints, question: Question, block: int = 0
) -> tuple[ColumnPart, pa.DictionaryArray]:
    """Count one column of a `block`; `places` numbers its rows.

    Also returns the column's distinct stripped values.
    """
    raw_rows = np.bincount(array.indices.to_numpy(), minlength=len(array.dictionary))
    plain = stripped(array)
    values, indices = plain.dictionary, plain.indices.to_numpy()
    rows = np.bincount(indices, minlength=len(values))
    first = places[first_occurrences(indices, len(values))] if len(places) else np.zeros_like(rows)
    lengths = pc.utf8_length(values).to_numpy(zero_copy_only=False)
    filled = np.flatnonzero((lengths > 0) & (rows > 0))
    cells = _count(values, rows, lengths, filled, question)
    changed = pc.not_equal(array.dictionary, strip(array.dictionary))
    outer = int(raw_rows[bools(changed)].sum()) - _n_blank(array.dictionary, raw_rows)
    contents = values.take(pa.array(filled))
    days = question.reading.day_orders(contents, rows[filled], first[filled])
    part = ColumnPart(
        Cells(**{**vars(cells), "n_cells": len(array), "n_blank_ends": outer}),
        Vocabulary.of(contents, rows[filled], first[filled], question.caps),
        _shapes(contents, rows[filled], first[filled]),
        question.reading.tally(contents, rows[filled], first[filled], question.null_words),
        ((block, days),) if days else (),
    )
    return part, plain


def _count(values: pa.Array, rows: Ints, lengths: Ints, filled: Ints, question: Question) -> Cells:
    if len(filled) == 0:
        return Cells()
    words = pc.is_in(pc.utf8_lower(values), pa.array(question.null_words, pa.string()))
    occurring = np.flatnonzero(bools(words) & (rows > 0) & (lengths > 0))

    def matching(pattern: str) -> int:
        return int(rows[bools(pc.match_substring_regex(values, pattern))].sum())

    def beginning(sign: str, pattern: str) -> int:
        return matching(pattern) if pc.any(pc.starts_with(values, sign)).as_py() else 0

    n_long_digits = matching(_LONG_DIGITS)
    return Cells(
        n_filled=int(rows[filled].sum()),
        n_inner_blanks=int(rows[bools(pc.match_substring(values, "  "))].sum()),
        n_odd_characters=matching(_ODD_CHARACTERS),
        n_leading_zeros=matching(_LEADING_ZEROS),
        n_long_digits=n_long_digits,
        n_shortened=matching(_SHORTENED),
        n_point_zero=matching(_POINT_ZERO),
        n_cut=matching(_CUT) if n_long_digits else 0,
        n_phones=beginning("+", _PHONE),
        n_apostrophes=beginning("'", _APOSTROPHE),
        shortest=int(lengths[filled].min()),
        longest=int(lengths[filled].max()),
        n_characters=int((lengths[filled] * rows[filled]).sum()),
        null_words=Counter(
            dict(
                zip(
                    values.take(pa.array(occurring)).to_pylist(),
                    rows[occurring].tolist(),
                    strict=True,
                )
            )
        ),
    )


def stripped(array: pa.DictionaryArray) -> pa.DictionaryArray:
    """Strip white space from a column, every distinct value once."""
    values = strip(array.dictionary)
    if values is array.dictionary:
        return array
    distinct = values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(distinct.indices.take(array.indices), distinct.dictionary)


def _n_blank(values: pa.Array, rows: Ints) -> int:
    """Return the number of rows with only white space."""
    blank = pc.and_(
        pc.equal(pc.utf8_length(strip(values)), 0), pc.greater(pc.binary_length(values), 0)
    )
    return int(rows[bools(blank)].sum())


def _shapes(values: pa.Array, rows: Ints, first: Ints) -> Vocabulary:
    """Return the values with 9 for every digit, A and a for letters, truncated."""
    found = shapes_of(values).dictionary_encode()
    codes = found.indices.to_numpy()
    n_shapes = len(found.dictionary)
    shape_rows = np.bincount(codes, rows, n_shapes).astype(np.int64)
    shape_first = np.full(n_shapes, np.iinfo(np.int64).max)
    np.minimum.at(shape_first, codes, first)
    return Vocabulary.of(found.dictionary, shape_rows, shape_first, _SHAPE_CAPS)


def shapes_of(values: pa.Array) -> pa.Array:
    """Return the shape of each value; translates all bytes at once by a table."""
    if len(values) == 0:
        return values
    _, offsets, data = values.buffers()
    translated = _SHAPES[np.frombuffer(data or b"", np.uint8)]
    shapes = pa.Array.from_buffers(
        values.type, len(values), [None, offsets, pa.py_buffer(translated)], offset=values.offset
    )
    return pc.utf8_slice_codeunits(shapes, 0, LONGEST_SHAPE)
