"""The Dask graph that cleans a whole feed, and the lazy DataFrame for Python users."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from dask.delayed import Delayed, delayed

from toolkit.clean.blocks import (
    Job,
    Staged,
    Targets,
    first_rows,
    load_clean,
    load_rejected,
    publish_block,
    stage_block,
)
from toolkit.clean.duplicates import bucket_ranges, find_duplicates, find_meetings
from toolkit.clean.evaluate import Rules
from toolkit.clean.exact_rows import Gathered, find_exact_repeats, gather_rows
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
from toolkit.read.blocks import Block, extra_columns, plan_blocks
from toolkit.read.header import grammar_of
from toolkit.read.parse import near_unique_columns
from toolkit.read.sources import Source, find_sources, repeated_names, watching
from toolkit.read.unpack import spool
from toolkit.report.facts import RepairFacts

if TYPE_CHECKING:
    import dask.dataframe as dd

Ints = npt.NDArray[np.int64]
Duplicates = Mapping[int, Ints]
Run = Callable[[list[Delayed]], list[Any]]

RAW_PREFIX = "raw."
# Of a lazy frame, which does not know how many workers it will have.
_DUPLICATE_TASKS = 8


def make_job(rules: Rules, blocks: Sequence[Block], spill: Path) -> Job:
    """What every task of a run over `blocks` is told; looks into the largest block."""
    largest = max(blocks, key=lambda block: block.n_bytes)
    plain = near_unique_columns(largest, grammar_of(rules.contract))
    return Job(rules, spill, plain, extra_columns(blocks, rules.contract))


def stage_tasks(blocks: Sequence[Block], job: Job) -> list[Delayed]:
    """One task a block, each giving its Staged."""
    shared = delayed(job, pure=False)
    return [delayed(partial(stage_block, block), pure=False)(shared) for block in blocks]


def find_repeats(run: Run, staged: Sequence[Staged], job: Job, n_tasks: int) -> Duplicates:
    """The clean rows that repeat the key of an earlier one, by block index.

    `run` computes independent tasks; at most about `n_tasks` of them search at a time.
    """
    if job.contract.key is None:
        return {}
    found = merge_duplicates(run(_search_tasks(staged, job.contract.key, n_tasks)))
    if not job.contract.key.exact_rows:
        return found
    gather = delayed(gather_rows, pure=False)
    gathered = run(
        [
            gather(block, found[block.block.index], job)
            for block in staged
            if block.block.index in found
        ]
    )
    return merge_duplicates(run(_compare_tasks(gathered, job, n_tasks)))


def _search_tasks(staged: Sequence[Staged] | Delayed, key: Key, n_tasks: int) -> list[Delayed]:
    """Tasks that give, for some buckets each, the rows that repeat a key, by block index.

    Where whole rows are the key, the rows that they may repeat are among them.
    """
    if isinstance(staged, Delayed):
        search = delayed(_find_duplicates, pure=False)
        return [search(staged, key, buckets) for buckets in bucket_ranges(n_tasks)]
    # Bound, here and below: Dask would search every field of every block for lazy values.
    bound = delayed(partial(_find_duplicates, staged, key), pure=False)
    return [bound(buckets) for buckets in bucket_ranges(n_tasks)]


def _compare_tasks(gathered: Sequence[Gathered] | Delayed, job: Job, n_tasks: int) -> list[Delayed]:
    compare = delayed(find_exact_repeats, pure=False)
    return [compare(gathered, job.raw_names, buckets) for buckets in bucket_ranges(n_tasks)]


def publish_tasks(
    staged: Sequence[Staged], duplicates: Duplicates, job: Job, targets: Targets
) -> list[Delayed]:
    """One task a block, each writing the block's parts and giving its Published."""
    shared = delayed(job, pure=False)
    return [
        delayed(
            partial(
                publish_block,
                block,
                first_row,
                _of_block(duplicates, block.block.index),
                targets=targets,
            ),
            pure=False,
        )(shared)
        for block, first_row in zip(staged, first_rows(staged), strict=True)
    ]


def total_repairs(staged: Sequence[Staged], contract: Contract) -> list[RepairFacts]:
    """What was repaired in all blocks, which must be in file order."""
    starts = first_rows(staged)
    blocks = zip(staged, starts, strict=True)
    return repair_facts(((b.repaired, b.block.source.shown, n) for b, n in blocks), contract)


def merge_duplicates(found: Sequence[Duplicates]) -> dict[int, Ints]:
    """The rows of all buckets together, ascending within each block."""
    merged: dict[int, list[Ints]] = {}
    for by_block in found:
        for index, rows in by_block.items():
            merged.setdefault(index, []).append(rows)
    return {index: np.sort(np.concatenate(rows)) for index, rows in merged.items()}


def evaluate_feed(
    rules: Rules, inputs: Sequence[str], *, block_bytes: int = 16 << 20, spill: Path | None = None
) -> dd.DataFrame:
    """Every record of the inputs, evaluated, as a lazy Dask DataFrame with Arrow-backed columns.

    Rows are conserved and in file order, a partition a block. Columns: the contract's clean ones
    (null in rejected rows); the raw ones under "raw.<name>" (filled in rejected rows only);
    rejection_reason (null in clean rows), source_file, source_row, raw_line. `clean_rows` and
    `rejected_rows` are its two filters.

    Planning reads headers and the bytes around the cuts; inputs that are compressed or
    no UTF-8 are copied at once.
    Computing spills evaluated blocks to `spill` (a temporary folder by default, removed when
    Python ends), which all workers must see. Raises InputError for inputs that are no such feed;
    computing any part of the frame raises it when an input has changed since it was planned, or
    when the whole feed contradicts the order of day and month in a format, as `check_date_orders`
    does (whose notes are not given here). Warns of a file that is named more than once.
    """
    # Half a second to import, which a pipeline of tasks need not wait for.
    import dask.dataframe as dd

    if spill is None:
        spill = Path(tempfile.mkdtemp(prefix="sales-feed-"))
        atexit.register(shutil.rmtree, spill, ignore_errors=True)
    csv = rules.contract.csv
    found = find_sources(inputs)
    if repeated := repeated_names(found):
        warnings.warn(repeated, stacklevel=2)
    with watching(found):
        sources = [spool(one, spill, csv.encoding, csv.max_unpacking) for one in found]
        blocks = plan_blocks(sources, rules.contract, block_bytes)
        job = make_job(rules, blocks, spill)
    shared = delayed(job, pure=False)
    tasks = [delayed(_stage_watched, pure=False)(block, shared) for block in blocks]
    staged = delayed(_checked, pure=False)(tasks, sources, rules.contract)
    duplicates = _find_repeats_lazily(staged, len(blocks), job)
    meta = _frame(_evaluated_schema(job).empty_table())
    parts = [
        delayed(_evaluated_part, pure=False)(staged, place, duplicates, job)
        for place in range(len(blocks))
    ]
    return dd.from_delayed(parts, meta=meta, verify_meta=False)


def _find_repeats_lazily(staged: Delayed, n_blocks: int, job: Job) -> Delayed:
    """As `find_repeats`, as part of a graph."""
    key, merge = job.contract.key, delayed(merge_duplicates, pure=False)
    if key is None:
        return merge([])
    found = merge(_search_tasks(staged, key, _DUPLICATE_TASKS))
    if not key.exact_rows:
        return found
    gather = delayed(_gather_at, pure=False)
    gathered = [gather(staged, place, found, job) for place in range(n_blocks)]
    present = delayed(_present, pure=False)(gathered)
    return merge(_compare_tasks(present, job, _DUPLICATE_TASKS))


def _gather_at(
    staged: Sequence[Staged], place: int, found: Duplicates, job: Job
) -> Gathered | None:
    block = staged[place]
    rows = _of_block(found, block.block.index)
    return gather_rows(block, rows, job) if len(rows) else None


def _present(gathered: Sequence[Gathered | None]) -> list[Gathered]:
    return [block for block in gathered if block is not None]


def clean_rows(evaluated: dd.DataFrame, contract: Contract) -> dd.DataFrame:
    """The rows without a rejection reason, in the contract's clean columns. Lazy, order kept."""
    return evaluated[evaluated[REASON_COLUMN].isna()][contract.clean_schema().names]


def rejected_rows(evaluated: dd.DataFrame) -> dd.DataFrame:
    """The rows with a rejection reason, raw columns under their own names. Lazy, order kept."""
    rejected = evaluated[~evaluated[REASON_COLUMN].isna()]
    raw = {n: n.removeprefix(RAW_PREFIX) for n in evaluated.columns if n.startswith(RAW_PREFIX)}
    facts = [REASON_COLUMN, SOURCE_FILE_COLUMN, SOURCE_ROW_COLUMN, RAW_LINE_COLUMN]
    return rejected[[*raw, *facts]].rename(columns=raw)


def _stage_watched(block: Block, job: Job) -> Staged:
    with watching([block.source]):
        return stage_block(block, job)


def _checked(
    staged: Sequence[Staged], sources: Sequence[Source], contract: Contract
) -> list[Staged]:
    """All blocks, if they are still of the files that were planned with."""
    with watching(sources):
        check_date_orders(staged, contract)
    return list(staged)


def _find_duplicates(staged: Sequence[Staged], key: Key, buckets: range) -> Duplicates:
    """As `find_duplicates` or `find_meetings`, but by the blocks' own index."""
    spilled = [block.spilled for block in staged]
    found = (
        find_meetings(spilled, buckets)
        if key.exact_rows
        else find_duplicates(spilled, key.columns, buckets)
    )
    return {staged[place].block.index: rows for place, rows in found.items()}


def _of_block(duplicates: Duplicates, index: int) -> Ints:
    return duplicates.get(index, np.empty(0, np.int64))


def _evaluated_schema(job: Job) -> pa.Schema:
    rejected = job.contract.rejected_schema(job.extra)
    raw = set(job.contract.raw_schema(job.extra).names)
    renamed = [f.with_name(RAW_PREFIX + f.name) if f.name in raw else f for f in rejected]
    return pa.schema([*job.contract.clean_schema(), *renamed])


def _evaluated_part(
    staged: Sequence[Staged], place: int, duplicates: Duplicates, job: Job
) -> pd.DataFrame:
    block, first_row = staged[place], first_rows(staged)[place]
    repeated = _of_block(duplicates, block.block.index)
    schema = _evaluated_schema(job)
    clean = load_clean(block, first_row, repeated)
    rejected = load_rejected(block, first_row, repeated, job)
    raw = job.contract.raw_schema(job.extra).names
    rejected = rejected.rename_columns(
        [RAW_PREFIX + name if name in raw else name for name in rejected.column_names]
    )
    both = pa.concat_tables([_fitted(clean, schema), _fitted(rejected, schema)])
    return _frame(both.sort_by(SOURCE_ROW_COLUMN))


def _fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with every column of `schema`; null where it has none."""
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
