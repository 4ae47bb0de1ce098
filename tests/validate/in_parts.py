"""Datasets without files: tables as their parts, and jobs that run on them in this thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from itertools import accumulate
from typing import Any

import pyarrow as pa
from dask.delayed import Delayed, delayed
from hypothesis import strategies as st

from tests.validate.sample import cut_table
from toolkit.validate.checks import PassJob
from toolkit.validate.columns import LoadedColumns
from toolkit.validate.dataset import Dataset, RowRange
from toolkit.validate.pandas_types import Facts
from toolkit.validate.passes import Computing, OnResult, computing


def facts_of(table: pa.Table) -> Facts:
    nullable = {name for name in table.column_names if table.column(name).null_count}
    return Facts(table.schema, frozenset(nullable))


def dataset_of(parts: Sequence[pa.Table]) -> Dataset:
    """The parts in order; they have the same schema."""
    ends = list(accumulate(part.num_rows for part in parts))
    return Dataset(
        name="in memory",
        facts=facts_of(pa.concat_tables(parts)),
        parts=tuple(
            RowRange(delayed(part, pure=False), end - part.num_rows, part.num_rows)
            for part, end in zip(parts, ends, strict=True)
        ),
    )


def cut_at(table: pa.Table, ends: Sequence[int]) -> list[pa.Table]:
    """The table cut at these rows, and at none beyond its end; parts may be without rows."""
    inner = sorted(min(end, table.num_rows) for end in ends)
    return cut_table(table, [0, *inner, table.num_rows])


ends_of_parts = st.lists(st.integers(0, 40), max_size=5)


def view_of(table: pa.Table, first_row: int = 0) -> LoadedColumns:
    return LoadedColumns(table, first_row, facts_of(table))


def run_here(tasks: Sequence[Delayed], on_result: OnResult | None = None) -> list[Any]:
    """One task after the other."""
    results = []
    for task in tasks:
        results.append(task.compute(scheduler="sync"))
        if on_result:
            on_result(results[-1])
    return results


HERE = Computing(run=run_here, n_workers=1)


@contextmanager
def in_this_thread() -> Iterator[None]:
    with computing(HERE):
        yield


def merged(parts: Sequence[pa.Table], job: PassJob) -> Any:
    """What a job says of the parts together, without a scheduler."""
    dataset = dataset_of(parts)
    pairs = zip(parts, dataset.parts, strict=True)
    views = [LoadedColumns(table, part.first_row, dataset.facts) for table, part in pairs]
    return reduce(job.merge, map(job.examine, views))
