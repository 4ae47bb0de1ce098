"""Find values, alone or combined, that occur more than once in the whole dataset.

Every partition spills its keys; then buckets of keys are compared as in cleaning's search for
duplicates: exactly, and in memory for a small share of the keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
from dask.delayed import delayed

from toolkit.clean.duplicates import Spilled, bucket_ranges, find_duplicates, spill_words
from toolkit.clean.keys import key_words
from toolkit.errors import OutputError
from toolkit.storage.spill import read_spilled, write_spilled
from toolkit.validate.checks import Found
from toolkit.validate.columns import Domain, Ints, LoadedColumns
from toolkit.validate.passes import how_computed

_ROW = "row"
Keep = Literal["first", False]


@dataclass(frozen=True)
class KeySpill:
    """Spills the keys of a domain's rows to `folder`, which all workers must see.

    They are for `find_repeats`: with keep=False it finds all rows of a repeated key, with "first"
    all but the first.
    """

    domain: Domain
    keep: Keep
    n_listed: int = 0
    folder: Path = Path()

    @property
    def columns(self) -> tuple[str, ...]:
        return self.domain.needed

    def examine(self, view: LoadedColumns) -> list[Spilled]:
        """Return the path of the partition's keys; none for a partition without rows. Raises
        OutputError.
        """
        rows = view.rows(self.domain)
        places = np.arange(view.n_rows) if rows is None else rows
        if not len(places):
            return []
        keys = [_chosen(view.table.column(name), rows) for name in self.domain.columns]
        names = [_key_name(place) for place in range(len(keys))]
        table = pa.table([*keys, pa.array(places + view.first_row)], names=[*names, _ROW])
        path = self.folder / f"{view.first_row:012d}.arrow"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_spilled(table, path)
            words = path.with_suffix(".words")
            ends = spill_words(key_words(keys), words)
        except OSError as error:
            raise OutputError.cannot_write(self.folder, error) from error
        return [Spilled(path, words, len(places), ends)]

    def merge(self, earlier: list[Spilled], later: list[Spilled]) -> list[Spilled]:
        return earlier + later


def find_repeats(spilled: Sequence[Spilled], job: KeySpill) -> Found:
    """Find the repeated rows among those that a KeySpill has spilled."""
    shared = delayed(list(spilled), pure=False)
    how = how_computed()
    key = [_key_name(place) for place in range(len(job.domain.columns))]
    tasks = [
        delayed(_find, pure=False)(shared, key, buckets, job)
        for buckets in bucket_ranges(how.n_workers)
    ]
    found: list[Found] = how.run(tasks, None)
    rows = np.sort(np.concatenate([one.rows for one in found]))
    n_unexpected = sum(one.n_unexpected for one in found)
    return Found(sum(part.n_rows for part in spilled), n_unexpected, rows[: job.n_listed])


def _find(spilled: Sequence[Spilled], key: Sequence[str], buckets: range, job: KeySpill) -> Found:
    by_part = find_duplicates(spilled, key, buckets, job.keep)
    n_unexpected = sum(map(len, by_part.values()))
    found: list[Ints] = []
    for part, rows in sorted(by_part.items()):
        if sum(map(len, found)) < job.n_listed:
            found.append(_dataset_rows(spilled[part].keys_path, rows[: job.n_listed]))
    rows = np.concatenate([np.empty(0, np.int64), *found])[: job.n_listed]
    return Found(0, n_unexpected, rows)


def _dataset_rows(path: Path, rows: Ints) -> Ints:
    numbers = read_spilled(path).column(_ROW).take(pa.array(rows))
    return np.array(numbers, dtype=np.int64)


def _key_name(place: int) -> str:
    """Name keys by their index, so that no column of the dataset can collide with the row
    number.
    """
    return f"key{place}"


def _chosen(column: pa.ChunkedArray, rows: Ints | None) -> pa.Array:
    """Return the column's values in `rows` as one array."""
    column = column if rows is None else column.take(pa.array(rows))
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return column.combine_chunks() if column.num_chunks else pa.array([], column.type)
