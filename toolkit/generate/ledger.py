"""The ledger: every fault of a feed, with the intended value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

from toolkit.generate.column import FAULTS, Drawn

_NAME = pa.dictionary(pa.int32(), pa.string())
LEDGER_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("column", _NAME),
        ("fault", _NAME),
        ("true_value", pa.string()),
        ("written", pa.string()),
    ]
)
"""Grain: one row per fault, by `row` (1: the feed's first record), then in column order."""

_BLOCKS_A_ROW_GROUP = 8


def list_faults(first_row: int, columns: Mapping[str, Drawn]) -> pa.Table:
    """List the faults of one block (LEDGER_SCHEMA), whose first record is row `first_row` of the
    feed.
    """
    places = [np.flatnonzero(drawn.fault) for drawn in columns.values()]
    drawn_places = list(zip(columns.values(), places, strict=True))
    at = np.concatenate(places)
    # A block has at most 65,536 rows, so a place fits 16 bits, which numpy sorts by radix.
    order = np.argsort(at.astype(np.uint16), kind="stable")
    faults = np.concatenate([drawn.fault[at] for drawn, at in drawn_places])[order] - 1
    column = np.repeat(np.arange(len(places), dtype=np.int32), [len(at) for at in places])[order]
    taken = pa.array(order)
    return pa.Table.from_arrays(
        [
            pa.array(first_row + at[order]),
            pa.DictionaryArray.from_arrays(column, list(columns)),
            pa.DictionaryArray.from_arrays(faults.astype(np.int32), list(FAULTS)),
            pa.concat_arrays([one.spell(one.true[at]) for one, at in drawn_places]).take(taken),
            pa.concat_arrays([one.spell(one.written[at]) for one, at in drawn_places]).take(taken),
        ],
        schema=LEDGER_SCHEMA,
    )


def stage_ledger(ledger: pa.Table, folder: Path, block: int) -> None:
    """Write one block's ledger into `folder`, which must exist; writing it again replaces it."""
    options = ipc.IpcWriteOptions(compression="lz4")
    with ipc.new_file(str(_staged(folder, block)), LEDGER_SCHEMA, options=options) as writer:
        writer.write_table(ledger)


def combine_ledgers(folder: Path, n_blocks: int, target: Path) -> int:
    """Write the staged ledgers as one parquet file, in block order; return the number of faults.

    Holds a few blocks in memory. Raises FileNotFoundError when a block was not staged.
    """
    n_faults = 0
    with pq.ParquetWriter(target, LEDGER_SCHEMA, compression="zstd") as writer:
        for first in range(0, n_blocks, _BLOCKS_A_ROW_GROUP):
            blocks = range(first, min(first + _BLOCKS_A_ROW_GROUP, n_blocks))
            group = pa.concat_tables(
                ipc.open_file(str(_staged(folder, block))).read_all() for block in blocks
            )
            writer.write_table(group, row_group_size=max(1, len(group)))
            n_faults += len(group)
    return n_faults


def is_ledger(path: Path) -> bool:
    """Return whether the file at `path` is a ledger."""
    try:
        return bool(pq.read_schema(path).equals(LEDGER_SCHEMA))
    except (OSError, pa.ArrowException):
        return False


def _staged(folder: Path, block: int) -> Path:
    return folder / f"block-{block:06d}.arrow"
