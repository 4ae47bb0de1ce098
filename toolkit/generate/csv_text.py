"""Write text columns as RFC 4180 CSV, a block at a time."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_SPECIAL = tuple(b',"\n\r')


def csv_bytes(table: pa.Table, header: bool) -> pa.Buffer:
    """Return the rows as UTF-8 CSV: line feeds, quotes only where needed, nulls as empty fields.

    `table` has at least two columns, all string; its text must be below 2 GiB. Rows stay in order.
    """
    columns = [_quote(_one_array(column)) for column in table.columns]
    last = pc.binary_join_element_wise(columns[-1], "\n", "", **_NULLS)
    lines = pc.binary_join_element_wise(*columns[:-1], last, ",", **_NULLS)
    body = _text_buffer(lines)
    if not header:
        return body
    names = csv_bytes(pa.table({name: [name] for name in table.column_names}), header=False)
    return pa.py_buffer(names.to_pybytes() + body.to_pybytes())


_NULLS = {"null_handling": "replace", "null_replacement": ""}


def _one_array(column: pa.ChunkedArray) -> pa.StringArray:
    # combine_chunks copies, even a single chunk.
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _offsets(text: pa.StringArray) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Return the offset of each value in the data buffer, and the end of the last, (n + 1,)."""
    _, offsets, _ = text.buffers()
    if offsets is None:
        return np.zeros(1, dtype=np.int32)
    return np.frombuffer(offsets, dtype=np.int32)[text.offset : text.offset + len(text) + 1]


def _text_buffer(text: pa.StringArray) -> pa.Buffer:
    """Return the concatenated values without a copy."""
    offsets, data = _offsets(text), text.buffers()[2]
    if data is None or not len(text):
        return pa.py_buffer(b"")
    return data.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))


def _quote(text: pa.StringArray) -> pa.StringArray:
    """Quote values that contain a comma, a quotation mark or a line end."""
    letters = np.frombuffer(_text_buffer(text), dtype=np.uint8)
    # One pass over the bytes finds the few values concerned, so no regex runs on the others.
    special = letters == _SPECIAL[0]
    for letter in _SPECIAL[1:]:
        special |= letters == letter
    hits = np.flatnonzero(special)
    if not len(hits):
        return text
    offsets = _offsets(text)
    needs = np.zeros(len(text), dtype=np.bool_)
    needs[np.searchsorted(offsets, hits + offsets[0], side="right") - 1] = True
    mask = pa.array(needs)
    doubled = pc.replace_substring(text.filter(mask), '"', '""')
    return pc.replace_with_mask(text, mask, pc.binary_join_element_wise('"', doubled, '"', ""))
