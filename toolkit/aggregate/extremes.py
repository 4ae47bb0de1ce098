"""Find the highest rows by a column: candidates of each partition, merged.

The pass over a file reads the ranked column only and remembers where its highest values are;
toolkit.aggregate.fetch then reads the rows of the winners.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.aggregate.groups import one_array
from toolkit.aggregate.needs import plain
from toolkit.aggregate.partitions import Partition
from toolkit.arrays import Ints, decimal_units
from toolkit.contract import Contract, Extremes

Values = npt.NDArray[Any]

_SAMPLED = 64


@dataclass(frozen=True)
class Contest:
    """The `limit` rows highest by `column`; ties by `tie_break`, then by all clean columns."""

    column: str
    tie_break: str
    limit: int


@dataclass(frozen=True)
class Highest:
    """The highest values of some rows, descending, at most a contest's limit, and their rows.

    `more`: other rows have the lowest of these values as well.
    """

    values: Values
    rows: Ints
    more: bool


@dataclass(frozen=True)
class Candidates:
    """Rows that may win a contest: whole rows in memory, or places in partitions on disk."""

    rows: tuple[pa.Table, ...] = ()
    places: tuple[tuple[Partition, Highest], ...] = ()


def contests(contract: Contract) -> list[Contest]:
    """List the contests of the contract's extremes."""
    return [
        Contest(column, aggregation.tie_break, aggregation.limit)
        for aggregation in contract.aggregations.values()
        if isinstance(aggregation, Extremes)
        for column in aggregation.highest.values()
    ]


def candidates_in_partition(table: pa.Table, partition: Partition, contest: Contest) -> Candidates:
    """Find the candidates of a partition on disk; `table` has at least its ranked column."""
    highest = find_highest(table.column(contest.column), contest.limit)
    return Candidates(places=((partition, highest),)) if len(highest.rows) else Candidates()


def candidates_in_rows(table: pa.Table, contest: Contest) -> Candidates:
    """Find the candidates among rows in memory, which have all clean columns."""
    values = find_highest(table.column(contest.column), contest.limit).values
    if len(values) == 0:
        return Candidates()
    reached = pc.greater_equal(table.column(contest.column), values[-1:].tolist()[0])
    return Candidates(rows=(winners([table.filter(reached)], contest),))


def merge_candidates(several: Iterable[Candidates], contest: Contest) -> Candidates:
    """Merge candidates, without those that cannot win any more."""
    several = list(several)
    rows = tuple(table for candidates in several for table in candidates.rows)
    places = [place for candidates in several for place in candidates.places]
    if places:
        least = threshold(places, contest.limit)
        places = [place for place in places if place[1].values[0] >= least]
    return Candidates((winners(rows, contest),) if rows else (), tuple(places))


def winners(tables: Sequence[pa.Table], contest: Contest) -> pa.Table:
    """Select the winners among whole rows, highest first; dictionaries are decoded."""
    table = pa.concat_tables([table.cast(plain(table.schema)) for table in tables])
    orders = {contest.column: "descending"}
    for name in (contest.tie_break, *table.column_names):
        orders.setdefault(name, "ascending")
    order = pc.sort_indices(table, sort_keys=list(orders.items()))
    return table.take(order[: contest.limit])


def threshold(places: Sequence[tuple[Partition, Highest]], limit: int) -> Any:
    """Return the value that a row must reach to be among the `limit` highest."""
    values = np.sort(np.concatenate([highest.values for _, highest in places]))[::-1]
    return values[:limit][-1]


def find_highest(column: pa.ChunkedArray, limit: int) -> Highest:
    """Find the `limit` highest values of a number column, ignoring nulls and NaN."""
    array = one_array(column)
    known = array.drop_null()
    is_decimal = pa.types.is_decimal(array.type)
    values: Values = decimal_units(known) if is_decimal else known.to_numpy()
    rows = np.flatnonzero(array.is_valid()) if array.null_count else None
    if len(values) and np.isnan(values.max()):
        filled = np.flatnonzero(~np.isnan(values))
        values, rows = values[filled], filled if rows is None else rows[filled]
    # The limit-th highest of a sample is no higher than that of all values, so filtering by it
    # loses none of the highest and leaves few others: only those are partitioned and sorted.
    high = _reaching(values, values[::_SAMPLED], limit)
    high = high[_reaching(values[high], values[high], limit)]
    first = high[np.argsort(values[high], kind="stable")[::-1]][:limit]
    # They are compared with those of other files and with statistics, which are decimals.
    highest = (
        known.take(pa.array(first)).to_numpy(zero_copy_only=False) if is_decimal else values[first]
    )
    return Highest(highest, first if rows is None else rows[first], more=len(high) > len(first))


def _reaching(values: Values, sample: Values, limit: int) -> Ints:
    """Return the places of values as high as the `limit` highest of the sample, or all places."""
    if len(sample) <= limit:
        return np.arange(len(values))
    return np.flatnonzero(values >= np.partition(sample, -limit)[-limit])
