"""One pass over a dataset: run every job on every partition, and merge results in row order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np
import pyarrow as pa
from dask.base import compute
from dask.delayed import Delayed, delayed
from dask.system import CPU_COUNT

from toolkit.errors import InputError, ToolkitError
from toolkit.storage.traces import temporary_folder
from toolkit.validate.checks import PassJob
from toolkit.validate.columns import Ints, LoadedColumns
from toolkit.validate.dataset import Dataset, ParquetSource, load
from toolkit.validate.pandas_types import Facts

OnResult = Callable[[Any], None]
RunTasks = Callable[[Sequence[Delayed], OnResult | None], list[Any]]


def _run_with_dask(tasks: Sequence[Delayed], on_result: OnResult | None = None) -> list[Any]:
    """Run on Dask's current scheduler: a distributed client, if there is one."""
    results = list(compute(*tasks))
    if on_result:
        for result in results:
            on_result(result)
    return results


@dataclass(frozen=True)
class Computing:
    """The runner and folder that passes are computed with.

    `run` is a Runner's; `spill` a folder that all its workers see, temporary by default; `on_rows`
    is called with the rows of each finished partition.
    """

    run: RunTasks = _run_with_dask
    n_workers: int = CPU_COUNT
    spill: Path | None = None
    on_pass: Callable[[int], None] = field(default=lambda total_rows: None)
    on_rows: Callable[[int], None] = field(default=lambda rows: None)


_WITH_DASK = Computing()
_computing: ContextVar[Computing] = ContextVar("computing")


@contextmanager
def computing(how: Computing) -> Iterator[None]:
    """Compute the passes that begin in this block in that way."""
    token = _computing.set(how)
    try:
        yield
    finally:
        _computing.reset(token)


def how_computed() -> Computing:
    return _computing.get(_WITH_DASK)


@contextmanager
def spill_folder() -> Iterator[Path]:
    """Make a folder that all workers see, removed when the block ends."""
    parent = how_computed().spill
    with temporary_folder(parent or Path(gettempdir()), "validate-") as folder:
        yield folder


@dataclass(frozen=True)
class Failed:
    """Why a job has no result."""

    why: str


@dataclass
class Outcome:
    """Each job's result on one partition; emptied once it is merged."""

    place: int
    n_rows: int
    results: list[Any]


def run_pass(dataset: Dataset, jobs: Sequence[PassJob]) -> list[Any]:
    """Return each job's result over all partitions, or Failed; a failing job does not affect the
    others.

    Reads the columns that the jobs need once. Raises InputError for a damaged partition.
    """
    how = how_computed()
    columns = sorted({column for job in jobs for column in job.columns})
    shared = delayed(_Work(tuple(jobs), tuple(columns), dataset.facts), pure=False)
    tasks = [
        delayed(_examine, pure=False)(part.source, place, part.first_row, shared)
        for place, part in enumerate(dataset.parts)
    ]
    merged = _Merger(jobs)
    how.on_pass(dataset.n_rows)

    def on_result(outcome: Outcome) -> None:
        expected = dataset.parts[outcome.place].n_rows
        if outcome.n_rows != expected:
            raise InputError.rows_changed(dataset.name, outcome.place, expected, outcome.n_rows)
        how.on_rows(outcome.n_rows)
        merged.add(outcome)

    how.run(tasks, on_result)
    return merged.results


def fetch_rows(dataset: Dataset, requests: Sequence[tuple[Ints, Sequence[str]]]) -> list[pa.Table]:
    """Fetch for each request the rows of these numbers (ascending), with these columns, in order.

    Only partitions that contain some are read.
    """
    tasks = []
    starts = np.array([part.first_row for part in dataset.parts] + [dataset.n_rows])
    for part, start, stop in zip(dataset.parts, starts[:-1], starts[1:], strict=True):
        parts = [
            (place, rows[(rows >= start) & (rows < stop)] - start, tuple(columns))
            for place, (rows, columns) in enumerate(requests)
        ]
        parts = [request for request in parts if len(request[1])]
        if parts:
            tasks.append(delayed(_take, pure=False)(part.source, parts, dataset.facts))
    found: list[list[pa.Table]] = [[] for _ in requests]
    for tables in how_computed().run(tasks, None):
        for place, table in tables:
            found[place].append(table)
    return [
        pa.concat_tables([_no_rows(dataset, columns), *tables], promote_options="permissive")
        for tables, (_, columns) in zip(found, requests, strict=True)
    ]


@dataclass(frozen=True)
class _Work:
    """Arguments shared by every task of a pass."""

    jobs: tuple[PassJob, ...]
    columns: tuple[str, ...]
    facts: Facts


def _examine(source: ParquetSource | pa.Table, place: int, first_row: int, work: _Work) -> Outcome:
    view = _view(source, work.columns, first_row, work.facts)
    return Outcome(place, view.n_rows, [_attempt(job, view) for job in work.jobs])


def _attempt(job: PassJob, view: LoadedColumns) -> Any:
    try:
        return job.examine(view)
    except ToolkitError:
        raise
    except Exception as error:
        return Failed(str(error))


def _view(
    source: ParquetSource | pa.Table, columns: Sequence[str], first_row: int, facts: Facts
) -> LoadedColumns:
    # A table without columns has no rows: read one that no job needs for their number.
    return LoadedColumns(load(source, columns or facts.schema.names[:1]), first_row, facts)


def _take(
    source: ParquetSource | pa.Table,
    requests: Sequence[tuple[int, Ints, tuple[str, ...]]],
    facts: Facts,
) -> list[tuple[int, pa.Table]]:
    columns = list(dict.fromkeys(name for _, _, names in requests for name in names))
    view = _view(source, columns, 0, facts)
    return [(place, view.arrow(names, rows)) for place, rows, names in requests]


def _no_rows(dataset: Dataset, columns: Sequence[str]) -> pa.Table:
    names = list(dict.fromkeys(columns))
    return pa.schema([dataset.facts.schema.field(name) for name in names]).empty_table()


class _Merger:
    """Merges outcomes in the order of partitions, in whatever order they arrive."""

    def __init__(self, jobs: Sequence[PassJob]) -> None:
        self._jobs = jobs
        self._waiting: dict[int, list[Any]] = {}
        self._next = 0
        self.results: list[Any] = []

    def add(self, outcome: Outcome) -> None:
        self._waiting[outcome.place], outcome.results = outcome.results, []
        while self._next in self._waiting:
            later = self._waiting.pop(self._next)
            self.results = self._all_merged(later) if self._next else later
            self._next += 1

    def _all_merged(self, later: Sequence[Any]) -> list[Any]:
        triples = zip(self._jobs, self.results, later, strict=True)
        return [self._merged(job, one, other) for job, one, other in triples]

    def _merged(self, job: PassJob, earlier: Any, later: Any) -> Any:
        for result in (earlier, later):
            if isinstance(result, Failed):
                return result
        try:
            return job.merge(earlier, later)
        except Exception as error:
            return Failed(str(error))
