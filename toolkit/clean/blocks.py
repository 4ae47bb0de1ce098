"""The tasks that each clean one block, on any machine that sees the files.

`stage_block` reads and evaluates a block and spills the result. Once the repeated keys of the
whole input are known, `publish_block` writes its clean and its rejected part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.date_order import OrderEvidence
from toolkit.clean.duplicates import Spilled, likely_repeats, spill_words
from toolkit.clean.evaluate import Evaluated, Rules, evaluate
from toolkit.clean.examples import first_rejected
from toolkit.clean.fill_down import Tails, tails_of
from toolkit.clean.keys import Words, key_words
from toolkit.clean.repaired import Repaired
from toolkit.clean.tables import reason_labels
from toolkit.contract import (
    RAW_LINE_COLUMN,
    REASON_COLUMN,
    SOURCE_FILE_COLUMN,
    SOURCE_ROW_COLUMN,
    Contract,
    Key,
)
from toolkit.errors import OutputError
from toolkit.pages.masking import Masks
from toolkit.read.blocks import Block
from toolkit.read.parse import RawBlock, Selection
from toolkit.read.reader import Reader, reader_of
from toolkit.report.facts import RejectedExample
from toolkit.storage.datasets import ParquetStyle, part_name, write_parquet
from toolkit.storage.spill import read_spilled, write_spilled

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CleaningJob:
    """The rules, spill folder and columns that all tasks of one cleaning run share."""

    rules: Rules
    spill: Path
    plain_columns: frozenset[str]
    """Columns of the file whose values nearly all differ: read as plain strings, for speed."""
    extra: tuple[str, ...] = ()

    @property
    def contract(self) -> Contract:
        return self.rules.contract

    @property
    def reader(self) -> Reader:
        return reader_of(self.contract)

    @property
    def raw_names(self) -> tuple[str, ...]:
        """Every column of the files, the same for all blocks."""
        return (*self.contract.sources.values(), *self.extra)

    def raw_key(self, raw: pa.Table) -> list[pa.Array]:
        """Return the columns of raw rows, null where their file lacks one."""
        return [
            raw.column(name).combine_chunks()
            if name in raw.column_names
            else pa.nulls(raw.num_rows, pa.string())
            for name in self.raw_names
        ]


@dataclass(frozen=True)
class SpillFiles:
    """A block's files in the spill folder."""

    clean: Path
    rejected: Path
    words: Path
    repeats: Path
    """Raw rows that probably repeat a key, so that they need not be read again."""
    repeated_words: Path
    """The words of `repeats`, where whole rows are the key."""

    @classmethod
    def of(cls, block: Block, folder: Path) -> SpillFiles:
        return cls(*(folder / f"{block.index:06d}.{part.name}" for part in fields(cls)))

    def remove(self) -> None:
        """Remove the files. Only once the block is published: a task may be retried until then."""
        for part in fields(self):
            getattr(self, part.name).unlink(missing_ok=True)


@dataclass(frozen=True)
class Staged:
    """An evaluated block in the spill folder, and its counts."""

    block: Block
    n_records: int
    rejected_by_reason: tuple[int, ...]
    """By reason id; repeated keys are not known yet."""
    repaired: tuple[Repaired, ...]
    spilled: Spilled
    files: SpillFiles
    date_order: Mapping[str, tuple[OrderEvidence, ...]]
    """By date column, for each of its formats; rows are places among the block's records."""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """Lines that are no records, by what they are."""

    @property
    def n_bytes(self) -> int:
        return self.block.n_bytes


@dataclass(frozen=True)
class Targets:
    """The folders that parts are written to, None for none; `token` is in all parts' names."""

    clean: Path | None
    rejected: Path | None
    compression: str = "snappy"
    masked: frozenset[str] = frozenset()
    """Those of 'clean' and 'rejected' in which personal columns are masked."""
    token: str = ""


@dataclass(frozen=True)
class Placed:
    """A staged block within the whole input."""

    staged: Staged
    first_row: int
    """The number of records of the same source before the block."""
    repeated: Ints
    """Which of the block's clean rows repeat the key of an earlier row, ascending."""


@dataclass(frozen=True)
class PublishedBlock:
    """The counts, files and first rejected rows of a published block."""

    index: int
    n_records: int
    n_clean: int
    n_rejected: int
    n_duplicates: int
    n_bytes: int
    paths: tuple[Path, ...]
    examples: tuple[RejectedExample, ...]


def tail_of_block(block: Block, job: CleaningJob) -> Tails:
    """Return what the block leaves to fill down into the blocks after it; reads it once."""
    contract = job.contract
    names = dict.fromkeys([*contract.filled_down(), *contract.filled_down().values()])
    only = Selection(only=tuple(contract.sources[name] for name in names))
    return tails_of(job.reader.parse(block, only), contract)


def stage_block(block: Block, job: CleaningJob, above: Tails | None = None) -> Staged:
    """Evaluate one block and spill it; memory is that of one block, whatever the input's size.

    `above` are the tails of the blocks before it, for a contract that fills down.
    """
    raw = job.reader.parse(block, Selection(job.plain_columns))
    evaluated = evaluate(raw, job.rules, above)
    files = SpillFiles.of(block, job.spill)
    places = pa.array(raw.places(evaluated.clean_rows))
    bucket_ends: tuple[int, ...] = ()
    try:
        write_spilled(evaluated.clean.append_column(SOURCE_ROW_COLUMN, places), files.clean)
        write_spilled(evaluated.rejected, files.rejected)
        if job.contract.key is not None:
            words = _key_words(job.contract.key, raw, evaluated, job)
            bucket_ends = spill_words(words, files.words)
            if not job.contract.key.exact_rows:
                likely = evaluated.clean_rows[likely_repeats(words)]
                write_spilled(_raw_rows(raw, likely), files.repeats)
    except OSError as error:
        raise OutputError.cannot_write(job.spill, error) from error
    codes = evaluated.rejected.column(REASON_COLUMN).combine_chunks().indices.to_numpy()
    return Staged(
        block,
        raw.n_records,
        tuple(np.bincount(codes, minlength=len(job.contract.all_reasons)).tolist()),
        evaluated.repaired,
        Spilled(files.clean, files.words, evaluated.clean.num_rows, bucket_ends),
        files,
        evaluated.date_order,
        dict(raw.passed_over),
    )


def first_rows(staged: Sequence[Staged]) -> list[int]:
    """Return for each block the number of records of the same source before it."""
    before: dict[str, int] = {}
    rows = []
    for block in staged:
        shown = block.block.source.shown
        rows.append(before.get(shown, 0))
        before[shown] = rows[-1] + block.n_records
    return rows


def place_blocks(
    staged: Sequence[Staged], duplicates: Mapping[int, Ints] | None = None
) -> list[Placed]:
    """Return all blocks, given in file order, with their repeated rows."""
    none = np.empty(0, np.int64)
    return [
        Placed(block, first_row, (duplicates or {}).get(block.block.index, none))
        for block, first_row in zip(staged, first_rows(staged), strict=True)
    ]


def publish_block(placed: Placed, job: CleaningJob, targets: Targets) -> PublishedBlock:
    """Write a block's clean and rejected part, each in file order.

    Rows in = clean + rejected is asserted.
    """
    staged = placed.staged
    index = staged.block.index
    paths: list[Path] = []
    n_bytes = 0
    clean = load_clean(placed)
    rejected = load_rejected(placed, job)
    if clean.num_rows + rejected.num_rows != staged.n_records:
        raise AssertionError(f"block {index}: rows are neither clean nor rejected")
    examples = first_rejected(rejected, job.contract, job.rules.file_masks)
    if "clean" in targets.masked:
        clean = _masked_clean(clean, job)
    if "rejected" in targets.masked:
        rejected = job.rules.file_masks.table(rejected)
    try:
        style = ParquetStyle(targets.compression, _few_values(job))
        for table, schema, folder in (
            (clean, job.contract.clean_schema(), targets.clean),
            (rejected, job.contract.rejected_schema(job.extra), targets.rejected),
        ):
            if folder is not None:
                paths.append(folder / part_name(index, targets.token))
                n_bytes += write_parquet(table, schema, paths[-1], style)
    except OSError as error:
        raise OutputError.cannot_write(targets.clean or job.spill, error) from error
    return PublishedBlock(
        index=index,
        n_records=staged.n_records,
        n_clean=clean.num_rows,
        n_rejected=rejected.num_rows,
        n_duplicates=len(placed.repeated),
        n_bytes=n_bytes,
        paths=tuple(paths),
        examples=examples,
    )


def _masked_clean(clean: pa.Table, job: CleaningJob) -> pa.Table:
    """Mask the personal columns of clean rows; numbers and days become null."""
    masks, schema = Masks.of_clean(job.contract, job.rules.mask_key), job.contract.clean_schema()
    for name in masks.by_column:
        kind, place = schema.field(name).type, clean.column_names.index(name)
        if pa.types.is_string(kind) or pa.types.is_dictionary(kind):
            column = masks.column(name, clean.column(name))
        else:
            column = pa.nulls(clean.num_rows, kind)
        clean = clean.set_column(place, name, column)
    return clean


def load_clean(placed: Placed) -> pa.Table:
    """Read the clean rows without the repeated ones, in file order, with their source_row."""
    repeated = placed.repeated
    table = read_spilled(placed.staged.files.clean)
    if len(repeated):
        is_first = np.ones(table.num_rows, dtype=bool)
        is_first[repeated] = False
        table = table.filter(pa.array(is_first))
    return _numbered(table, placed.first_row)


def load_rejected(placed: Placed, job: CleaningJob) -> pa.Table:
    """Read the rejected and the repeated rows, in file order, numbered in their source."""
    staged, repeated = placed.staged, placed.repeated
    table = read_spilled(staged.files.rejected)
    if len(repeated):
        duplicates = _duplicate_rows(staged, repeated, job)
        both = pa.concat_tables([table, _like(table, duplicates)])
        order = np.argsort(np.asarray(both.column(SOURCE_ROW_COLUMN)), kind="stable")
        table = both.unify_dictionaries().combine_chunks().take(pa.array(order))
    for name in job.raw_names:
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
    source = _constant(staged.block.source.shown, table.num_rows)
    return _numbered(table, placed.first_row).append_column(SOURCE_FILE_COLUMN, source)


def _key_words(key: Key, raw: RawBlock, evaluated: Evaluated, job: CleaningJob) -> Words:
    """Hash the keys of the clean rows."""
    if key.exact_rows:
        return key_words(job.raw_key(raw.table))[evaluated.clean_rows]
    return key_words([evaluated.clean.column(name).combine_chunks() for name in key.columns])


def _numbered(table: pa.Table, first_row: int) -> pa.Table:
    """Turn places in the block into row numbers of the source, from 1."""
    rows = np.asarray(table.column(SOURCE_ROW_COLUMN)) + first_row + 1
    return table.set_column(
        table.column_names.index(SOURCE_ROW_COLUMN), SOURCE_ROW_COLUMN, pa.array(rows)
    )


def _raw_rows(raw: RawBlock, rows: Ints) -> pa.Table:
    return raw.table.take(pa.array(rows)).append_column(
        SOURCE_ROW_COLUMN, pa.array(raw.places(rows))
    )


def _duplicate_rows(staged: Staged, repeated: Ints, job: CleaningJob) -> pa.Table:
    """Read repeated rows as rejected rows, in any order.

    Most repeat a key of their own block and were spilled with it (all of them where whole rows
    are the key); the others are read from the input again.
    """
    key = job.contract.key
    if key is None:
        raise AssertionError("repeated rows without a key")
    clean = read_spilled(staged.files.clean)
    places = np.asarray(clean.column(SOURCE_ROW_COLUMN))[repeated]
    aside = read_spilled(staged.files.repeats)
    aside = _plain(aside.filter(pc.is_in(aside.column(SOURCE_ROW_COLUMN), pa.array(places))))
    again = np.setdiff1d(places, np.asarray(aside.column(SOURCE_ROW_COLUMN)))
    if len(again):
        raw = job.reader.records(staged.block, again, staged.n_records)
        raw = raw.append_column(SOURCE_ROW_COLUMN, pa.array(again))
        aside = pa.concat_tables([aside, raw])
    reason = np.full(len(places), job.rules.reason_ids[key.reason], np.uint8)
    aside = aside.append_column(REASON_COLUMN, reason_labels(reason, job.contract))
    return aside.append_column(RAW_LINE_COLUMN, pa.nulls(len(places), pa.string()))


def _like(model: pa.Table, table: pa.Table) -> pa.Table:
    """Return the columns of `model`, dictionary-encoded where it has dictionaries."""
    columns = {}
    for field_ in model.schema:
        column = table.column(field_.name).combine_chunks()
        is_plain = not pa.types.is_dictionary(column.type)
        if pa.types.is_dictionary(field_.type) and is_plain:
            column = column.dictionary_encode()
        columns[field_.name] = column.cast(field_.type)
    return pa.table(columns)


def _plain(table: pa.Table) -> pa.Table:
    """Decode the table's dictionaries."""
    plain = [
        f.with_type(pa.string()) if pa.types.is_dictionary(f.type) else f for f in table.schema
    ]
    return table.cast(pa.schema(plain))


def _few_values(job: CleaningJob) -> tuple[str, ...]:
    """Return the clean columns that get a dictionary in parquet."""
    sources = job.contract.sources
    return tuple(n for n in sources if sources[n] not in job.plain_columns)


def _constant(value: str, n: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([value]))
