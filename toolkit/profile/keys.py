"""Count the repeats of columns, or of whole rows, that may identify a record.

As in cleaning, every block spills a 64-bit hash ("word") for each row, split into buckets; a bucket
then reads the words of all blocks. Here only words are compared: the chance that any two of a
billion different keys share one is 3 %.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa

from toolkit.clean.duplicates import bucket_ends
from toolkit.clean.keys import Words, key_words
from toolkit.profile.readings import Reading
from toolkit.storage.spill import reading_back

_MOST_SINGLES, _MOST_PAIRS, _MOST_PAIRED = 4, 6, 8
_NEARLY = 0.9
_MOST_SHARED = 6
MOST_APART = 0.05
"""The share of repeats up to which rows of one order may differ in what they share."""
_ID_WORD = re.compile(
    r"(^|[^a-z])(id|no|nr|num|number|code|key|uuid|guid|ref|sku|invoice|order|transaction)($|[^a-z])",
    re.IGNORECASE,
)
_ID_ENDING = re.compile(r"[a-z](Id|ID|No|Nr|Code|Key|Number)$")
Group = tuple[str, ...]
"""Columns whose values are compared together; an empty group is the whole row as written."""

WHOLE_ROW: Group = ()


@dataclass(frozen=True)
class SpilledWords:
    """The words of one block for one group, sorted, and the end of each bucket."""

    path: Path
    ends: tuple[int, ...]


@dataclass(frozen=True)
class Repeats:
    """The number of rows with all columns of a group filled, and that of their repeats."""

    n_rows: int
    n_repeated: int

    def __add__(self, other: Repeats) -> Repeats:
        return Repeats(self.n_rows + other.n_rows, self.n_repeated + other.n_repeated)


def is_like_an_id(name: str) -> bool:
    """Return whether a column is named like an identifier."""
    return bool(_ID_WORD.search(name) or _ID_ENDING.search(name))


def groups_to_try(
    columns: Mapping[str, pa.DictionaryArray], readings: Mapping[str, Reading]
) -> tuple[Group, ...]:
    """Choose groups that hardly repeat in a sample: single columns, and pairs of them where no
    column named like an identifier will do. The whole row is always first.

    Amounts, dates and addresses are not keys on their own.
    """
    shares = {name: _share_distinct([column]) for name, column in columns.items()}
    could = [n for n in columns if readings[n].column.kind in ("text", "integer")]
    singles = [n for n in could if shares[n] >= _NEARLY]
    singles.sort(key=lambda n: not is_like_an_id(n))
    alone = [(name,) for name in singles[:_MOST_SINGLES]]
    if singles and is_like_an_id(singles[0]):
        return (WHOLE_ROW, *alone)
    varied = sorted((n for n in columns if 0 < shares[n] < _NEARLY), key=lambda n: -shares[n])
    likely = sorted(varied[:_MOST_PAIRED], key=lambda n: not is_like_an_id(n))
    pairs = [
        (shares_of_pair, pair)
        for pair in combinations(likely, 2)
        if any(name in could for name in pair)
        and (shares_of_pair := _share_distinct([columns[name] for name in pair])) >= _NEARLY
    ]
    pairs.sort(key=lambda item: -round(item[0], 3))
    return (WHOLE_ROW, *alone, *(pair for _, pair in pairs[:_MOST_PAIRS]))


def shared_to_try(
    columns: Mapping[str, pa.DictionaryArray], orders: Sequence[str], figures: Sequence[str]
) -> tuple[Group, ...]:
    """Pair order columns with figures that are the same in all rows of an order of the sample."""
    found = []
    for order in orders:
        rows, n_orders = _distinct([columns[order]])
        if n_orders == rows:
            continue
        for figure in figures:
            n_rows, n_pairs = _distinct([columns[order], columns[figure]])
            if n_pairs - n_orders <= MOST_APART * (n_rows - n_pairs) and n_rows > n_pairs:
                found.append((order, figure))
    return tuple(found[:_MOST_SHARED])


def _distinct(columns: Sequence[pa.DictionaryArray]) -> tuple[int, int]:
    words = words_of(columns)
    return len(words), len(np.unique(words))


def _share_distinct(columns: Sequence[pa.DictionaryArray]) -> float:
    words = words_of(columns)
    return len(np.unique(words)) / len(words) if len(words) > 1 else 0.0


def words_of(columns: Sequence[pa.DictionaryArray]) -> Words:
    """Return a word for each row in which none of the columns is empty."""
    filled = np.ones(len(columns[0]), bool)
    for column in columns:
        lengths = np.diff(np.frombuffer(column.dictionary.buffers()[1] or b"", np.int32))
        start = column.dictionary.offset
        lengths = lengths[start : start + len(column.dictionary)]
        filled &= (lengths > 0)[column.indices.to_numpy()]
    words = key_words(columns)
    return words if filled.all() else words[filled]


def spill_sorted(words: Words, path: Path) -> SpilledWords:
    """Write the words; the same words give the same bytes."""
    words = np.sort(words)
    words.tofile(path)
    return SpilledWords(path, bucket_ends(words))


def count_repeats(spilled: Sequence[SpilledWords], buckets: range) -> Repeats:
    """Count the rows of the buckets whose word an earlier row has."""
    found = Repeats(0, 0)
    for bucket in buckets:
        words = np.concatenate([np.empty(0, np.uint64), *(_bucket(s, bucket) for s in spilled)])
        words.sort()
        found += Repeats(len(words), int(np.count_nonzero(words[1:] == words[:-1])))
    return found


def _bucket(spilled: SpilledWords, bucket: int) -> Words:
    start = spilled.ends[bucket - 1] if bucket else 0
    count = spilled.ends[bucket] - start
    with reading_back(spilled.path), spilled.path.open("rb") as file:
        return np.fromfile(file, np.uint64, count, offset=start * 8)
