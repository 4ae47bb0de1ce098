"""What stands in the cells of raw columns, before any rule of a column reads it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.contract import Column
from toolkit.read.records import Ints


def read_cells(column: Column, strings: pa.Array) -> pa.Array:
    """The strings as rules see them: stripped, and empty where they are null words."""
    strings = strip(strings)
    if not column.null_words:
        return strings
    return pc.if_else(pc.is_in(strings, pa.array(column.null_words)), "", strings)


def strip(strings: pa.Array) -> pa.Array:
    """The strings without Unicode white space at both ends; the same array if none has any."""
    buffers = strings.buffers()
    if len(strings) == 0 or buffers[2] is None:
        return strings
    offsets = np.frombuffer(buffers[1], np.int32)[strings.offset :][: len(strings) + 1]
    data = np.frombuffer(buffers[2], np.uint8)
    filled = offsets[:-1] < offsets[1:]
    starts, lasts = offsets[:-1][filled], offsets[1:][filled] - 1
    # Below '!' lie ASCII's blanks and controls, from 0x80 on lies what is not ASCII.
    if ((data[starts] - 33 < 95) & (data[lasts] - 33 < 95)).all():
        return strings
    return pc.utf8_trim_whitespace(strings)


def rows_that_read(table: pa.Table, wanted: Mapping[str, str]) -> Ints:
    """Rows whose every stripped value is the wanted one; most columns are seldom looked at."""
    rows: Ints | None = None
    dictionaries_first = sorted(
        table.column_names, key=lambda n: not pa.types.is_dictionary(table.schema.field(n).type)
    )
    for name in dictionaries_first:
        array = table.column(name)
        if rows is not None:
            array = array.take(pa.array(rows))
        array = array.combine_chunks()
        if pa.types.is_dictionary(array.type):
            words = pc.equal(pc.utf8_trim_whitespace(array.dictionary), wanted[name])
            if not pc.any(words).as_py():
                return np.empty(0, np.int64)
            same = words.to_numpy(zero_copy_only=False)[array.indices.to_numpy()]
        else:
            same = pc.equal(strip(array), wanted[name]).to_numpy(zero_copy_only=False)
        hits = np.flatnonzero(same)
        rows = hits if rows is None else rows[hits]
        if len(rows) == 0:
            break
    return np.empty(0, np.int64) if rows is None else rows
