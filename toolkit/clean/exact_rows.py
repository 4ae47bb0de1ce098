"""Find rows that repeat an earlier record field by field, as written in the file.

Only the hash ("word") of each row's raw text is spilled. Rows that share a word are read again
and compared as keys are, so that no row is rejected for a hash collision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.clean.blocks import CleaningJob, Staged
from toolkit.clean.duplicates import Spilled, find_duplicates, spill_words
from toolkit.clean.keys import key_words
from toolkit.contract import SOURCE_ROW_COLUMN
from toolkit.errors import OutputError
from toolkit.storage.spill import read_spilled, write_spilled

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SpilledRows:
    """The raw text of some of a block's clean rows, ascending, on disk."""

    index: int
    """The block's index."""
    rows: Ints
    spilled: Spilled


def gather_rows(staged: Staged, rows: Ints, job: CleaningJob) -> SpilledRows:
    """Read these clean rows of a block again. Raises OutputError."""
    places = np.asarray(read_spilled(staged.files.clean).column(SOURCE_ROW_COLUMN))[rows]
    raw = job.reader.records(staged.block, places, staged.n_records)
    key = job.raw_key(raw)
    words = key_words(key)
    table = pa.table([*key, pa.array(places)], names=[*job.raw_names, SOURCE_ROW_COLUMN])
    try:
        write_spilled(table, staged.files.repeats)
        ends = spill_words(words, staged.files.repeated_words)
    except OSError as error:
        raise OutputError.cannot_write(job.spill, error) from error
    spilled = Spilled(staged.files.repeats, staged.files.repeated_words, len(rows), ends)
    return SpilledRows(staged.block.index, rows, spilled)


def find_exact_repeats(
    gathered: Sequence[SpilledRows], names: Sequence[str], buckets: range
) -> Mapping[int, Ints]:
    """Find clean rows that repeat an earlier row: by block index, of these buckets.

    `names` are the columns of the file; `gathered` must be in file order.
    """
    found = find_duplicates([block.spilled for block in gathered], names, buckets)
    return {gathered[place].index: gathered[place].rows[rows] for place, rows in found.items()}
