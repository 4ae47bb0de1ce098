"""The Dask graph that cleans a whole feed, and the lazy DataFrame for Python users."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from dask.delayed import Delayed, delayed

from toolkit.arrays import Ints
from toolkit.clean.blocks import (
    CleaningJob,
    Placed,
    Staged,
    Targets,
    first_rows,
    load_clean,
    load_rejected,
    place_blocks,
    publish_block,
    stage_block,
    tail_of_block,
)
from toolkit.clean.duplicates import bucket_ranges, find_duplicates, find_meetings
from toolkit.clean.evaluate import Rules
from toolkit.clean.exact_rows import SpilledRows, find_exact_repeats, gather_rows
from toolkit.clean.fill_down import Tails, tails_above
from toolkit.clean.order_check import check_date_orders
from toolkit.clean.repaired import repair_facts
from toolkit.contract import (
    RAW_LINE_COLUMN,
    REASON_COLUMN,
    SOURCE_FILE_COLUMN,
    SOURCE_ROW_COLUMN,
    Contract,
    Key,
)
from toolkit.read.blocks import Block, extra_columns
from toolkit.read.reader import near_unique_columns, reader_of
from toolkit.read.sources import Source, find_sources, repeated_names, watching
from toolkit.read.unpack import spool
from toolkit.report.facts import RepairFacts

if TYPE_CHECKING:
    import dask.dataframe as dd

Duplicates = Mapping[int, Ints]
Run = Callable[[list[Delayed]], Any]
"""Computes independent tasks: a list of results, or a lazy one that becomes part of a graph."""

RAW_PREFIX = "raw."
_DUPLICATE_TASKS = 8
"""For a lazy frame, whose number of workers is not known yet."""


def make_job(rules: Rules, blocks: Sequence[Block], spill: Path) -> CleaningJob:
    """Build the job that all tasks of a run share; samples the largest block."""
    largest = max(blocks, key=lambda block: block.n_bytes)
    plain = near_unique_columns(largest, reader_of(rules.contract))
    return CleaningJob(rules, spill, plain, extra_columns(blocks, rules.contract))


def stage_tasks(
    blocks: Sequence[Block], job: CleaningJob, above: Sequence[Tails | None]
) -> list[Delayed]:
    """Return a task per block that returns its Staged; `above` is what `find_tails` returns."""
    shared = delayed(job, pure=False)
    return [
        delayed(partial(stage_block, block, above=tails), pure=False)(shared)
        for block, tails in zip(blocks, above, strict=True)
    ]


def find_tails(run: Run, blocks: Sequence[Block], job: CleaningJob) -> Any:
    """Return for each block what the blocks before it leave to fill down; lazy if `run` is."""
    if not job.contract.filled_down():
        return [None] * len(blocks)
    shared = delayed(job, pure=False)
    tails = run([delayed(partial(tail_of_block, block), pure=False)(shared) for block in blocks])
    return _call(tails_above, tails)


def find_repeats(
    run: Run, staged: Sequence[Staged] | Delayed, n_blocks: int, job: CleaningJob, n_tasks: int
) -> Any:
    """Place all blocks, each with its clean rows that repeat a key; lazy if `staged` is.

    `run` computes independent tasks; at most about `n_tasks` of them search at a time.
    """
    key = job.contract.key
    if key is None:
        return _call(place_blocks, staged)
    buckets = bucket_ranges(n_tasks)
    found = run([_task(_find_duplicates, staged, key, some) for some in buckets])
    placed: Any = _call(_place_repeats, staged, found)
    if not key.exact_rows:
        return placed
    # So far only 64-bit hashes of whole rows were compared; now the rows themselves.
    gathered = run([_task(_gather, placed[n], job) for n in range(n_blocks)])
    found = run([_task(_compare, gathered, job.raw_names, some) for some in buckets])
    return _call(_place_repeats, staged, found)


def publish_tasks(placed: Sequence[Placed], job: CleaningJob, targets: Targets) -> list[Delayed]:
    """Return a task per block that writes its parts and returns its PublishedBlock."""
    shared = delayed(job, pure=False)
    return [
        delayed(partial(publish_block, block, targets=targets), pure=False)(shared)
        for block in placed
    ]


def _task(function: Callable[..., Any], known: Any, *others: Any) -> Delayed:
    """Make the call a task. A known argument is bound: Dask would search it for lazy values."""
    if isinstance(known, Delayed):
        return delayed(function, pure=False)(known, *others)
    return delayed(partial(function, known, *others), pure=False)()


def _call(function: Callable[..., Any], *values: Any) -> Any:
    """Call the function, lazily if a value is lazy."""
    if any(isinstance(value, Delayed) for value in values):
        return delayed(function, pure=False)(*values)
    return function(*values)


def total_repairs(staged: Sequence[Staged], contract: Contract) -> list[RepairFacts]:
    """Total the repairs of all blocks, given in file order."""
    starts = first_rows(staged)
    blocks = zip(staged, starts, strict=True)
    return repair_facts(((b.repaired, b.block.source.shown, n) for b, n in blocks), contract)


def evaluate_feed(
    rules: Rules, inputs: Sequence[str], *, block_bytes: int = 16 << 20, spill: Path | None = None
) -> dd.DataFrame:
    """Evaluate every record of the inputs, as a lazy Dask DataFrame with Arrow-backed columns.

    Rows are conserved and in file order, a partition a block. Columns: the contract's clean ones
    (null in rejected rows); the raw ones under "raw.<name>" (filled in rejected rows only);
    rejection_reason (null in clean rows), source_file, source_row, raw_line. `clean_rows` and
    `rejected_rows` are its two filters.

    Planning reads headers and the bytes around the cuts; inputs that are compressed or not
    UTF-8 are copied at once.
    Computing spills evaluated blocks to `spill` (a temporary folder by default, removed when
    Python ends), which all workers must see. Raises InputError for inputs that are not such a feed;
    computing any part of the frame raises it when an input has changed since it was planned, or
    when the whole feed contradicts the order of day and month in a format, as `check_date_orders`
    does (whose notes are not given here). Warns of a file that is named more than once.
    """
    # Half a second to import, which a pipeline of tasks need not wait for.
    import dask.dataframe as dd
    from dask.dataframe.extensions import make_scalar

    # Else Dask has no example of what the sum of a column of decimals is, and fails.
    make_scalar.register(Decimal, Decimal)
    if spill is None:
        spill = Path(tempfile.mkdtemp(prefix="sales-feed-"))
        atexit.register(shutil.rmtree, spill, ignore_errors=True)
    csv = rules.contract.csv
    found = find_sources(inputs)
    if repeated := repeated_names(found):
        warnings.warn(repeated, stacklevel=2)
    with watching(found):
        sources = [spool(one, spill, csv.encoding, csv.max_unpacking, csv.sheet) for one in found]
        blocks = reader_of(rules.contract).plan(sources, block_bytes)
        job = make_job(rules, blocks, spill)
    shared = delayed(job, pure=False)
    above = find_tails(delayed, blocks, job)
    tasks = [
        delayed(_stage_watched, pure=False)(block, shared, above[place])
        for place, block in enumerate(blocks)
    ]
    staged = delayed(_checked, pure=False)(tasks, sources, rules.contract)
    placed = find_repeats(delayed, staged, len(blocks), job, _DUPLICATE_TASKS)
    meta = _frame(_evaluated_schema(job).empty_table())
    parts = [_task(_evaluated_part, placed[n], job) for n in range(len(blocks))]
    return dd.from_delayed(parts, meta=meta, verify_meta=False)


def clean_rows(evaluated: dd.DataFrame, contract: Contract) -> dd.DataFrame:
    """Select the rows without a rejection reason, with the clean columns. Lazy."""
    return evaluated[evaluated[REASON_COLUMN].isna()][contract.clean_schema().names]


def rejected_rows(evaluated: dd.DataFrame) -> dd.DataFrame:
    """Select the rows with a rejection reason, raw columns under their own names. Lazy."""
    rejected = evaluated[~evaluated[REASON_COLUMN].isna()]
    raw = {n: n.removeprefix(RAW_PREFIX) for n in evaluated.columns if n.startswith(RAW_PREFIX)}
    facts = [REASON_COLUMN, SOURCE_FILE_COLUMN, SOURCE_ROW_COLUMN, RAW_LINE_COLUMN]
    return rejected[[*raw, *facts]].rename(columns=raw)


def _stage_watched(block: Block, job: CleaningJob, above: Tails | None) -> Staged:
    with watching([block.source]):
        return stage_block(block, job, above)


def _checked(
    staged: Sequence[Staged], sources: Sequence[Source], contract: Contract
) -> list[Staged]:
    """Check date orders over all blocks; raises InputError if a file changed since planning."""
    with watching(sources):
        check_date_orders(staged, contract)
    return list(staged)


def _find_duplicates(staged: Sequence[Staged], key: Key, buckets: range) -> Duplicates:
    """Find duplicates, or rows that share a word, by the blocks' own index."""
    spilled = [block.spilled for block in staged]
    found = (
        find_meetings(spilled, buckets)
        if key.exact_rows
        else find_duplicates(spilled, key.columns, buckets)
    )
    return {staged[place].block.index: rows for place, rows in found.items()}


def _place_repeats(staged: Sequence[Staged], found: Sequence[Duplicates]) -> list[Placed]:
    """Place all blocks with the rows found in all buckets, ascending within each block."""
    merged: dict[int, list[Ints]] = {}
    for by_block in found:
        for index, rows in by_block.items():
            merged.setdefault(index, []).append(rows)
    by_index = {index: np.sort(np.concatenate(rows)) for index, rows in merged.items()}
    return place_blocks(staged, by_index)


def _gather(placed: Placed, job: CleaningJob) -> SpilledRows | None:
    if not len(placed.repeated):
        return None
    return gather_rows(placed.staged, placed.repeated, job)


def _compare(
    gathered: Sequence[SpilledRows | None], names: Sequence[str], buckets: range
) -> Duplicates:
    return find_exact_repeats([block for block in gathered if block is not None], names, buckets)


def _evaluated_schema(job: CleaningJob) -> pa.Schema:
    rejected = job.contract.rejected_schema(job.extra)
    raw = set(job.contract.raw_schema(job.extra).names)
    renamed = [f.with_name(RAW_PREFIX + f.name) if f.name in raw else f for f in rejected]
    return pa.schema([*job.contract.clean_schema(), *renamed])


def _evaluated_part(placed: Placed, job: CleaningJob) -> pd.DataFrame:
    schema = _evaluated_schema(job)
    clean = load_clean(placed)
    rejected = load_rejected(placed, job)
    raw = job.contract.raw_schema(job.extra).names
    rejected = rejected.rename_columns(
        [RAW_PREFIX + name if name in raw else name for name in rejected.column_names]
    )
    both = pa.concat_tables([_fitted(clean, schema), _fitted(rejected, schema)])
    return _frame(both.sort_by(SOURCE_ROW_COLUMN))


def _fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Cast the table to `schema`; columns that it lacks are null."""
    return pa.table(
        [
            table.column(f.name).cast(f.type)
            if f.name in table.column_names
            else pa.nulls(table.num_rows, f.type)
            for f in schema
        ],
        schema=schema,
    )


def _frame(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas(types_mapper=pd.ArrowDtype)
