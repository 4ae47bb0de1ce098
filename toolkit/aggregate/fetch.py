"""Read the highest rows from the few row groups that can contain them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.aggregate.extremes import Contest, Highest, threshold, winners
from toolkit.aggregate.groups import one_array
from toolkit.aggregate.needs import plain_type
from toolkit.aggregate.partitions import Partition, opened
from toolkit.arrays import Ints

_TIE, _GROUP, _ROW = "tie", "group", "row"
_ROWS_A_BATCH = 1 << 16


@dataclass(frozen=True)
class RowGroup:
    """A row group of a parquet file."""

    path: Path
    number: int


def fetch_winners(
    places: Sequence[tuple[Partition, Highest]], contest: Contest, columns: Sequence[str]
) -> pa.Table:
    """Read the contest's winners as whole rows (`columns`), highest first.

    Rows above the threshold are known, and so are those at it if all of them win. If not, the
    tie-breaking column of the row groups that have some decides.
    """
    least = threshold(places, contest.limit)
    above = [(partition, highest.rows[highest.values > least]) for partition, highest in places]
    level = [(partition, highest.rows[highest.values == least]) for partition, highest in places]
    n_left = contest.limit - sum(len(rows) for _, rows in above)
    chosen = _by_group(above)
    if any(h.more and h.values[-1] == least for _, h in places) or n_left < sum(
        len(rows) for _, rows in level
    ):
        partitions = [partition for partition, rows in level if len(rows)]
        found = _first_ties(partitions, contest, least, n_left)
    else:
        found = _by_group(level)
    for group, rows in found.items():
        chosen[group] = np.append(chosen.get(group, rows[:0]), rows)
    return winners([_whole_rows(group, rows, columns) for group, rows in chosen.items()], contest)


def _by_group(places: Iterable[tuple[Partition, Ints]]) -> dict[RowGroup, Ints]:
    """Turn rows of partitions into rows of their row groups; only groups that have some."""
    found: dict[RowGroup, Ints] = {}
    for partition, rows in places:
        if len(rows):
            ends = np.cumsum(partition.rows_in_groups)
            which = np.searchsorted(ends, rows, side="right")
            for n in np.unique(which):
                first = ends[n] - partition.rows_in_groups[n]
                found[RowGroup(partition.path, partition.row_groups[n])] = rows[which == n] - first
    return found


def _first_ties(
    partitions: Iterable[Partition], contest: Contest, value: Any, limit: int
) -> dict[RowGroup, Ints]:
    """Find the rows at the value that come first by tie_break, and those equal to the last.

    Row groups are opened in the order of their lowest tie, as far as the statistics have it, until
    no other can come before those found.
    """
    groups = [known for one in partitions for known in _known_groups(one, contest, value)]
    groups.sort(key=lambda known: (known.lowest_tie is not None, known.lowest_tie))
    leaders: pa.Table | None = None
    for number, known in enumerate(groups):
        if leaders is not None and leaders.num_rows >= limit:
            last = leaders.column(_TIE)[-1].as_py()
            if None not in (last, known.lowest_tie) and known.lowest_tie > last:
                break
        found = _ties(known.group, contest, value)
        found = found.append_column(_GROUP, pa.array(np.full(found.num_rows, number)))
        leaders = _first(found if leaders is None else pa.concat_tables([leaders, found]), limit)
    if leaders is None:
        return {}
    which, rows = np.asarray(leaders.column(_GROUP)), np.asarray(leaders.column(_ROW))
    return {groups[n].group: rows[which == n] for n in np.unique(which)}


@dataclass(frozen=True)
class _Known:
    """A row group and its lowest tie; None if the statistics lack it."""

    group: RowGroup
    lowest_tie: Any


def _known_groups(partition: Partition, contest: Contest, value: Any) -> Iterator[_Known]:
    """Yield the partition's row groups except those that certainly have no row at the value."""
    with opened(partition.path) as file:
        metadata = file.metadata
    names = list(metadata.schema.names)
    for number in partition.row_groups:
        group = metadata.row_group(number)
        statistics = [
            group.column(names.index(name)).statistics
            for name in (contest.column, contest.tie_break)
        ]
        of_value, of_tie = (s if s and s.has_min_max else None for s in statistics)
        if of_value is None or not of_value.max < value:
            yield _Known(RowGroup(partition.path, number), of_tie.min if of_tie else None)


def _ties(group: RowGroup, contest: Contest, value: Any) -> pa.Table:
    """Read the tie and the number of each row at the value."""
    with opened(group.path) as file:
        table = file.read_row_group(group.number, columns=[contest.column, contest.tie_break])
    same = pc.equal(table.column(contest.column), value)
    rows = pa.array(np.flatnonzero(one_array(pc.fill_null(same, False))))
    ties = table.column(contest.tie_break).take(rows)
    return pa.table({_TIE: ties.cast(plain_type(ties.type)), _ROW: rows})


def _first(table: pa.Table, limit: int) -> pa.Table:
    """Return the first rows by tie, nulls last, and those equal to the last of them."""
    table = table.sort_by(_TIE)
    if table.num_rows <= limit:
        return table
    rest = table.column(_TIE).slice(limit - 1)
    last = rest[0]
    same = pc.fill_null(pc.equal(rest, last), False) if last.is_valid else pc.is_null(rest)
    return table.slice(0, limit - 1 + pc.sum(same).as_py())


def _whole_rows(group: RowGroup, rows: Ints, columns: Sequence[str]) -> pa.Table:
    """Read rows of a row group, in order, no further than to the last of them."""
    rows = np.sort(rows)
    found: list[pa.Table] = []
    start = 0
    with opened(group.path) as file:
        for batch in file.iter_batches(_ROWS_A_BATCH, [group.number], columns=list(columns)):
            inside = rows[(rows >= start) & (rows < start + batch.num_rows)] - start
            found.append(pa.table(batch).take(pa.array(inside)))
            start += batch.num_rows
            if start > rows[-1]:
                break
    return pa.concat_tables(found)
