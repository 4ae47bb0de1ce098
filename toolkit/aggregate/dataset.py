"""All aggregations of a cleaned dataset in one pass, on Dask."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from dask.base import compute
from dask.delayed import Delayed, delayed

from toolkit.aggregate.needs import check_names, required_columns
from toolkit.aggregate.partials import Partials, combine, partial, partial_of_partition
from toolkit.aggregate.partitions import Partition, Source, plan_partitions
from toolkit.aggregate.tables import finish
from toolkit.contract import Contract

if TYPE_CHECKING:
    import dask.dataframe as dd
    import pandas as pd

_MERGED_AT_ONCE = 16


def aggregate(source: Source | dd.DataFrame, contract: Contract) -> dict[str, pa.Table]:
    """Aggregate at once, by the scheduler in force; see `aggregate_lazily`."""
    [tables] = compute(aggregate_lazily(source, contract))
    return tables


def aggregate_lazily(source: Source | dd.DataFrame, contract: Contract) -> Delayed:
    """Aggregate lazily: one lazy value of the aggregations by name, as `finish` returns them.

    `source` is a cleaned dataset on disk, or a Dask DataFrame of clean rows; the result does not
    depend on its partitions. Reads the dataset's footers, or checks the frame's columns, now:
    raises InputError for anything but a cleaned dataset of this contract.
    """
    if isinstance(source, str | Path | Sequence):
        partials = aggregation_tasks(plan_partitions(source, contract), contract)
    else:
        partials = _frame_tasks(source, contract)
    while len(partials) > 1:
        partials = [
            delayed(combine)(partials[n : n + _MERGED_AT_ONCE])
            for n in range(0, len(partials), _MERGED_AT_ONCE)
        ]
    return delayed(finish)(partials[0] if partials else combine([]), contract)


def aggregation_tasks(partitions: Sequence[Partition], contract: Contract) -> list[Delayed]:
    """Return a task per partition that returns its Partials, for `combine`, then `finish`."""
    # Bound once: Dask would search the contract for lazy values again for each partition.
    task = delayed(functools.partial(partial_of_partition, contract=contract))
    return [task(partition) for partition in partitions]


def _frame_tasks(ddf: dd.DataFrame, contract: Contract) -> list[Delayed]:
    check_names(list(ddf.columns), contract, "the Dask DataFrame")
    frames = ddf[required_columns(contract)].to_delayed()
    task = delayed(functools.partial(_partial_of_frame, contract=contract))
    return [task(frame) for frame in frames]


def _partial_of_frame(frame: pd.DataFrame, contract: Contract) -> Partials:
    return partial(pa.Table.from_pandas(frame, preserve_index=False), contract)
