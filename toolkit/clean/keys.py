"""Hash keys to 64-bit words: equal keys have equal words, different keys nearly always differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Words = npt.NDArray[np.uint64]

_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SEED = np.uint64(0x9E3779B97F4A7C15)
_NOTHING = np.uint64(0)
"""The hash of the empty text, and of null."""
_ROWS_AT_ONCE = 1 << 15
"""Few enough that all steps of hashing find them in the processor's cache."""
_TAIL_MASKS = np.array([(1 << (8 * n)) - 1 for n in range(8)] + [2**64 - 1], dtype=np.uint64)


def key_words(columns: Sequence[pa.Array]) -> Words:
    """Hash the key columns of each row, the same in every process and on every machine.

    Columns may be of any type. A null shares its hash with the empty text.
    """
    words = np.full(len(columns[0]), _SEED)
    for column in columns:
        words = _mix(words ^ _column_words(column))
    return words


def as_text(column: pa.Array) -> pa.Array:
    """Cast to strings that are equal where the values are: no negative zero, and null for NaN."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_floating(column.type):
        known = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        column = pc.add(known, pa.scalar(0, column.type))  # -0.0 + 0 is 0.0
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def _column_words(column: pa.Array) -> Words:
    if pa.types.is_dictionary(column.type):
        # Hash the dictionary once; the extra last word is for nulls.
        distinct = np.append(_column_words(column.dictionary), _NOTHING)
        return distinct[column.indices.fill_null(len(distinct) - 1).to_numpy()]
    strings = as_text(column).fill_null("")
    starts = range(0, len(strings), _ROWS_AT_ONCE)
    words = [_string_words(strings.slice(start, _ROWS_AT_ONCE)) for start in starts]
    return np.concatenate([np.empty(0, np.uint64), *words])


def _string_words(strings: pa.Array) -> Words:
    """Hash strings, eight bytes at a time, over all rows that are long enough."""
    _, offsets_buffer, data_buffer = strings.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int32)[strings.offset :][: len(strings) + 1]
    starts, lengths = offsets[:-1].astype(np.int64), np.diff(offsets)
    data = np.frombuffer(data_buffer or b"", np.uint8)[: offsets[-1]]
    # A view with a stride of one byte: the 8 bytes at every offset as a little-endian word, no
    # copy. The padding lets the last byte have one too.
    padded = np.concatenate([data[offsets[0] :], np.zeros(8, np.uint8)])
    at_byte = np.ndarray((len(padded) - 7,), "<u8", padded, strides=(1,))
    starts -= int(offsets[0])
    # Start from the length, so that strings that differ only in trailing NULs differ in hash.
    words = lengths.astype(np.uint64) * _SEED
    longest = int(lengths.max())
    # The nth 8 bytes of all strings at a time: as many numpy calls as the longest string has words.
    for place in range(0, longest, 8):
        rows = slice(None) if place < int(lengths.min()) else np.flatnonzero(lengths > place)
        # The last word of a string runs into the next string: mask off the bytes beyond its end.
        left = np.minimum(lengths[rows] - place, 8)
        next_bytes = at_byte[starts[rows] + place] & _TAIL_MASKS[left]
        words[rows] = _mix(words[rows] ^ next_bytes)
    return words


def _mix(words: Words) -> Words:
    """Apply splitmix64's finalizer (Steele, Lea, Flood 2014), a bijection that mixes all bits."""
    words = words + _SEED
    words ^= words >> np.uint64(30)
    words *= _MIX_1
    words ^= words >> np.uint64(27)
    words *= _MIX_2
    words ^= words >> np.uint64(31)
    return words
