"""Split an evaluated block into a table of clean rows and one of rejected rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from toolkit.arrays import Bools, Figures, decimal_array
from toolkit.clean.parsed import OK, Codes
from toolkit.contract import (
    BLANK_ROW,
    MALFORMED,
    RAW_LINE_COLUMN,
    REASON_COLUMN,
    SOURCE_ROW_COLUMN,
    Contract,
)
from toolkit.read.parse import RawBlock


def clean_table(
    values: Mapping[str, pa.Array | Figures], derived: Mapping[str, Figures], contract: Contract
) -> pa.Table:
    """Build the table of clean rows: columns, derived columns and flags."""
    arrays: dict[str, pa.Array] = {}
    figures = dict(derived)
    for name, column in values.items():
        if isinstance(column, Figures):
            figures[name] = column
            column = number_array(column, contract.columns[name].arrow_type())
        arrays[name] = column
    arrays |= {n: number_array(column, contract.derived_type(n)) for n, column in derived.items()}
    for flag, labels in contract.flags.items():
        arrays[flag] = _flag(
            {
                label: figures[on.column].compared(np.greater, on.above)
                for label, on in labels.items()
            }
        )
    return pa.table(arrays)


def number_array(figures: Figures, kind: pa.DataType | None = None) -> pa.Array:
    """Convert numbers to an Arrow column; NaN becomes null."""
    unknown = np.isnan(figures.floats)
    if figures.scale is not None:
        return decimal_array(figures.wholes(), kind, unknown if unknown.any() else None)
    values = figures.wholes() if kind == pa.int64() else figures.floats
    if not unknown.any():
        return pa.array(values)
    return pa.array(np.where(unknown, 0, values), mask=unknown)


def _flag(holds: Mapping[str, Bools]) -> pa.DictionaryArray:
    """Label each row with the first label whose condition is true; null where none is."""
    place = np.full(len(next(iter(holds.values()))), -1, dtype=np.int32)
    # Backwards, so that the first label overwrites later ones.
    for n, mask in reversed(list(enumerate(holds.values()))):
        place[mask] = n
    return pa.DictionaryArray.from_arrays(
        pa.array(place, mask=place < 0), pa.array(list(holds), pa.string())
    )


def rejected_table(raw: RawBlock, reasons: Codes, contract: Contract) -> pa.Table:
    """Build the table of rejected records, in file order: raw columns, reason, place, raw line."""
    rows = np.flatnonzero(reasons != OK)
    table = raw.table.take(pa.array(rows)).append_column(
        REASON_COLUMN, reason_labels(reasons[rows], contract)
    )
    table = table.append_column(SOURCE_ROW_COLUMN, pa.array(raw.places(rows)))
    table = table.append_column(RAW_LINE_COLUMN, pa.nulls(len(rows), pa.string()))
    if not raw.malformed:
        return table
    both = pa.concat_tables([table, _unfit_rows(raw, contract)]).combine_chunks()
    return both.sort_by(SOURCE_ROW_COLUMN)


def _unfit_rows(raw: RawBlock, contract: Contract) -> pa.Table:
    """Build the rows of malformed records, with their raw line; blank lines get blank cells."""
    lines = [*raw.malformed.values()]
    is_blank = [raw.is_blank(place) for place in raw.malformed]
    cells: dict[str, pa.Array] = {}
    for field in raw.table.schema:
        # A blank line is put whole into the first column.
        cell = lines if not cells else [""] * len(lines)
        texts = [text if blank else None for text, blank in zip(cell, is_blank, strict=True)]
        column = pa.array(texts, pa.string())
        encoded = column.dictionary_encode() if pa.types.is_dictionary(field.type) else column
        cells[field.name] = encoded.cast(field.type)
    ids = [contract.all_reasons.index(reason) for reason in (MALFORMED, BLANK_ROW)]
    codes = np.array(ids, np.uint8)[np.array(is_blank, int)]
    left = [None if blank else line for line, blank in zip(lines, is_blank, strict=True)]
    return pa.table(
        {
            **cells,
            REASON_COLUMN: reason_labels(codes, contract),
            SOURCE_ROW_COLUMN: np.fromiter(raw.malformed, np.int64, len(lines)),
            RAW_LINE_COLUMN: pa.array(left, pa.string()),
        }
    )


def reason_labels(codes: Codes, contract: Contract) -> pa.DictionaryArray:
    """Encode reason ids as a dictionary array of the reasons' names."""
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32)), pa.array(contract.all_reasons, pa.string())
    )
