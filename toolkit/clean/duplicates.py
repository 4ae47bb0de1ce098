"""Find rows whose key occurs in an earlier row of the whole input.

Every block spills the hashes ("words") of its keys, sorted into buckets. A bucket then reads its
words of all blocks, a small share of them, and compares the keys themselves where words are
equal. The first row in file order is never a duplicate, however the input was split.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from toolkit.clean.keys import Words, as_text
from toolkit.storage.spill import read_spilled, reading_back

Ints = npt.NDArray[np.int64]

N_BUCKETS = 64
_BUCKET_SHIFT = np.uint64(64 - 6)
_CANDIDATES_AT_ONCE = 500_000
_SLOT_BITS = 18


def bucket_ranges(n_tasks: int) -> list[range]:
    """Split all buckets among at most `n_tasks` tasks."""
    a_task = -(-N_BUCKETS // min(n_tasks, N_BUCKETS))
    return [range(N_BUCKETS)[n : n + a_task] for n in range(0, N_BUCKETS, a_task)]


def bucket_ends(words: Words) -> tuple[int, ...]:
    """Return the end of each bucket among words that are sorted by bucket."""
    return tuple(np.cumsum(np.bincount(buckets_of(words), minlength=N_BUCKETS)).tolist())


def buckets_of(words: Words) -> npt.NDArray[np.uint8]:
    """Return the bucket of each word: its highest bits, so that buckets rise with words."""
    return (words >> _BUCKET_SHIFT).astype(np.uint8)


@dataclass(frozen=True)
class Spilled:
    """The spilled keys and words of one block, for the duplicate search."""

    keys_path: Path
    """Arrow file with the columns of the key, and perhaps others."""
    words_path: Path
    n_rows: int
    bucket_ends: tuple[int, ...]
    """The end of each bucket's rows in the words file."""


def spill_words(words: Words, path: Path) -> tuple[int, ...]:
    """Write key words and row numbers, bucket by bucket; return the buckets' ends."""
    rows = np.argsort(buckets_of(words), kind="stable").astype(np.uint32)
    with path.open("wb") as file:
        file.write(words[rows].data)
        file.write(rows.data)
    return bucket_ends(words)


def likely_repeats(words: Words) -> Ints:
    """Return the rows of a block whose key word an earlier row of it has, ascending.

    Each word claims a slot of a table by some of its bits, the first row wins; rows whose slot
    was taken by another word try again with other bits. A few that still collide may be missed.
    """
    first = np.empty(1 << _SLOT_BITS, dtype=np.int64)
    repeats: list[Ints] = []
    rows = np.arange(len(words))
    for shift in range(0, 64 - _SLOT_BITS, 11):
        slots = (words[rows] >> np.uint64(shift)) & np.uint64((1 << _SLOT_BITS) - 1)
        # numpy assigns in order: backwards, the first row is the last to write to its slot.
        first[slots[::-1]] = rows[::-1]
        holders = first[slots]
        same = words[holders] == words[rows]
        repeats.append(rows[same & (holders != rows)])
        rows = rows[~same]
        if len(rows) == 0:
            break
    return np.sort(np.concatenate(repeats))


def find_duplicates(
    spilled: Sequence[Spilled],
    key: Sequence[str],
    buckets: range,
    keep: Literal["first", False] = "first",
) -> dict[int, Ints]:
    """Find rows that repeat the key of an earlier row: by block, ascending, of these buckets.

    With keep=False the first row of a repeated key is among them. Rows are numbered over
    `spilled`, which must be in file order. All buckets together find every such row once.
    """
    first_rows = np.concatenate([[0], np.cumsum([block.n_rows for block in spilled])])
    repeated = [
        candidates[_keys(candidates, spilled, key, first_rows).duplicated(keep=keep).to_numpy()]
        for candidates in _candidate_batches(spilled, buckets, first_rows)
    ]
    return _by_block(repeated, first_rows)


def find_meetings(spilled: Sequence[Spilled], buckets: range) -> dict[int, Ints]:
    """Find rows whose word another row has too: by block, ascending, of these buckets.

    All rows that repeat a key, and those that they repeat, are among them.
    """
    first_rows = np.concatenate([[0], np.cumsum([block.n_rows for block in spilled])])
    found = [_rows_that_share_a_word(spilled, bucket, first_rows) for bucket in buckets]
    return _by_block(found, first_rows)


def _by_block(found: Sequence[Ints], first_rows: Ints) -> dict[int, Ints]:
    """Turn row numbers over all blocks into ascending row numbers by block."""
    return dict(_split(np.sort(np.concatenate([np.empty(0, np.int64), *found])), first_rows))


def _split(rows: Ints, first_rows: Ints) -> Iterator[tuple[int, Ints]]:
    """Yield each block that has some of the ascending rows, with its own row numbers."""
    # Both ascend, so the rows of a block are between two neighbouring cuts.
    cuts = np.searchsorted(rows, first_rows)
    for block in np.flatnonzero(np.diff(cuts)).tolist():
        yield block, rows[cuts[block] : cuts[block + 1]] - first_rows[block]


def _candidate_batches(
    spilled: Sequence[Spilled], buckets: range, first_rows: Ints
) -> Iterator[Ints]:
    """Yield rows whose word another row has too; rows that share a word in the same batch."""
    batch: list[Ints] = []
    for bucket in buckets:
        batch.append(_rows_that_share_a_word(spilled, bucket, first_rows))
        if sum(map(len, batch)) > _CANDIDATES_AT_ONCE:
            yield np.sort(np.concatenate(batch))
            batch = []
    if sum(map(len, batch)):
        yield np.sort(np.concatenate(batch))


def _rows_that_share_a_word(spilled: Sequence[Spilled], bucket: int, first_rows: Ints) -> Ints:
    """Return the rows of a bucket whose words agree in their high bits.

    The row number replaces the low bits of its word, so that one sort of 64-bit numbers brings
    equal words together and keeps their rows in file order. Unequal words that agree in the high
    bits are returned, too; the comparison of the keys themselves tells them apart.
    """
    row_bits = np.uint64(int(first_rows[-1]).bit_length())
    high_bits = ~((np.uint64(1) << row_bits) - np.uint64(1))
    packed = [
        (words & high_bits) | (rows.astype(np.uint64) + np.uint64(first))
        for (words, rows), first in zip(
            (_bucket(block, bucket) for block in spilled), first_rows[:-1].tolist(), strict=True
        )
    ]
    merged = np.sort(np.concatenate(packed)) if packed else np.empty(0, np.uint64)
    # After the sort, equal words are neighbours.
    same = (merged[1:] >> row_bits) == (merged[:-1] >> row_bits)
    shared = np.concatenate([same, [False]]) | np.concatenate([[False], same])
    return (merged[shared[: len(merged)]] & ~high_bits).astype(np.int64)


def _bucket(block: Spilled, bucket: int) -> tuple[Words, npt.NDArray[np.uint32]]:
    stop = block.bucket_ends[bucket]
    start = block.bucket_ends[bucket - 1] if bucket else 0
    with reading_back(block.words_path), block.words_path.open("rb") as file:
        words = np.fromfile(file, np.uint64, stop - start, offset=start * 8)
        file.seek(block.n_rows * 8)
        rows = np.fromfile(file, np.uint32, stop - start, offset=start * 4)
    return words, rows


def _keys(
    candidates: Ints, spilled: Sequence[Spilled], key: Sequence[str], first_rows: Ints
) -> pd.DataFrame:
    """Read the keys of the candidates, in the candidates' order, which is file order."""
    tables = [
        _read_keys(spilled[block].keys_path, key, rows)
        for block, rows in _split(candidates, first_rows)
    ]
    return pa.concat_tables(tables).to_pandas()


def _read_keys(path: Path, key: Sequence[str], rows: Ints) -> pa.Table:
    table = read_spilled(path).select(list(key)).take(pa.array(rows))
    columns = [as_text(column.combine_chunks()) for column in table.columns]
    return pa.table(columns, names=list(key))
