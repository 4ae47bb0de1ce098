"""Cells of raw columns as parsers see them: stripped, with null words emptied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.contract import Contract, Text
from toolkit.read.records import Ints

# Unicode's white space, all 29 characters of it, and NUL, which pads fields of a fixed width.
_PADDING = (
    "\0\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
BLANKS = r"[\x00\s\p{Z}\x0b\x1c-\x1f\x{85}]*"
"""The same as a regular expression; RE2's \\s does not match all of it."""
_MARKS = ("", "\ufeff")


def read_cells(contract: Contract, name: str, strings: pa.Array) -> pa.Array:
    """Return the strings of a column as its parser sees them: stripped, in its case, trimmed.

    A cell is empty where it is a null word, before or after trimming. Reading the result again
    changes nothing.
    """
    column = contract.columns[name]
    stripped = strip(strings)
    cells = stripped
    if isinstance(column, Text) and column.case is not None:
        cells = pc.utf8_upper(cells) if column.case == "upper" else pc.utf8_lower(cells)
    if column.prefix:
        cells = _without(rf"^(?:{any_of(column.prefix)}{BLANKS})+", cells)
    if column.suffix:
        cells = _without(rf"(?:{BLANKS}{any_of(column.suffix)})+$", cells)
    if words := contract.null_words_of(name):
        nothing = _is_one_of(stripped, words)
        if cells is not stripped:
            nothing = pc.or_(nothing, _is_one_of(cells, words))
        cells = pc.if_else(nothing, "", cells)
    return cells


def any_of(texts: Sequence[str]) -> str:
    """Return a pattern that matches any of the texts literally."""
    return "(?:" + "|".join("".join(f"\\x{{{ord(c):x}}}" for c in t) for t in texts) + ")"


def _without(pattern: str, strings: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(strings, pattern, "", max_replacements=1)


def _is_one_of(strings: pa.Array, words: Sequence[str]) -> pa.Array:
    return pc.is_in(strings, pa.array(words, pa.string()))


def strip(strings: pa.Array) -> pa.Array:
    """Strip white space and NULs from both ends; returns the same array if there are none."""
    buffers = strings.buffers()
    if len(strings) == 0 or buffers[2] is None:
        return strings
    offsets = np.frombuffer(buffers[1], np.int32)[strings.offset :][: len(strings) + 1]
    data = np.frombuffer(buffers[2], np.uint8)
    filled = offsets[:-1] < offsets[1:]
    starts, lasts = offsets[:-1][filled], offsets[1:][filled] - 1
    # ASCII blanks and control characters are below '!', non-ASCII text begins at 0x80.
    if ((data[starts] - 33 < 95) & (data[lasts] - 33 < 95)).all():
        return strings
    return pc.utf8_trim(strings, _PADDING)


def is_blank_line(text: str, delimiter: str) -> bool:
    """Return whether a record with the wrong number of cells is only white space."""
    return delimiter not in text and not text.strip(_PADDING)


def first_occurrences(indices: npt.NDArray[np.int32], n_values: int) -> Ints:
    """Return the first row of each value of a dictionary column; 0 for values without a row."""
    first = np.zeros(n_values, np.int64)
    # Assigned backwards: later assignments win, so each value ends with its first row.
    first[indices[::-1]] = np.arange(len(indices))[::-1]
    return first


def column_of(table: pa.Table, name: str) -> pa.Array:
    """Return a column as a single array."""
    array = table.column(name).combine_chunks()
    return array.chunk(0) if isinstance(array, pa.ChunkedArray) else array


def repeated_headers(table: pa.Table, written: Mapping[str, str]) -> Ints:
    """Return the rows that repeat the header: every cell is its column's name, or the header's
    spelling of it (`written`, where that differs).

    In concatenated files a byte order mark may come first.
    """
    return rows_that_read(
        table,
        {
            name: [mark + word for word in (name, written.get(name, name)) for mark in _MARKS]
            for name in table.column_names
        },
    )


def rows_that_read(table: pa.Table, words: Mapping[str, Sequence[str]]) -> Ints:
    """Return the rows whose stripped values are all among their column's words; stops at the first
    columns that rule out every row.
    """
    rows: Ints | None = None
    dictionaries_first = sorted(
        table.column_names, key=lambda n: not pa.types.is_dictionary(table.schema.field(n).type)
    )
    for name in dictionaries_first:
        array, accepted = table.column(name), strip(pa.array(words[name]))
        if rows is not None:
            array = array.take(pa.array(rows))
        array = array.combine_chunks()
        if pa.types.is_dictionary(array.type):
            known = pc.is_in(strip(array.dictionary), accepted)
            if not pc.any(known).as_py():
                return np.empty(0, np.int64)
            same = known.to_numpy(zero_copy_only=False)[array.indices.to_numpy()]
        else:
            same = pc.is_in(strip(array), accepted).to_numpy(zero_copy_only=False)
        hits = np.flatnonzero(same)
        rows = hits if rows is None else rows[hits]
        if len(rows) == 0:
            break
    return np.empty(0, np.int64) if rows is None else rows
