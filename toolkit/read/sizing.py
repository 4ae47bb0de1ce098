"""Choose the block size from cores, memory and file sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import psutil

from toolkit.contract import Contract
from toolkit.read.header import fitted, grammar_of, read_header
from toolkit.read.records import record_starts, scan
from toolkit.read.sources import Source, reading

_SMALLEST, _LARGEST = 1 << 20, 16 << 20
# Cleaning a block takes about this many times its bytes, counting all copies.
_MEMORY_FACTOR = 8
# Blocks for each worker, so that none is idle for long when the others end.
_BLOCKS_A_WORKER = 4
_SAMPLE_BYTES = 1 << 20


class PartitionOptions(Protocol):
    """Options of conf/partitions."""

    @property
    def kind(self) -> str: ...
    @property
    def block_bytes(self) -> int | None: ...
    @property
    def count(self) -> int | None: ...
    @property
    def rows(self) -> int | None: ...


def choose_block_bytes(
    options: PartitionOptions, sources: Sequence[Source], contract: Contract, n_workers: int
) -> int:
    """Choose the bytes of a block for these (plain) sources; results do not depend on it.

    auto: as large as a quarter of the free memory allows all workers at once, at most 16 MiB,
    and small enough that a small input still gives every worker something to do.
    by_rows: from the mean length of the first records.
    """
    total = sum(map(_plain_bytes, sources))
    if options.kind == "by_size" and options.block_bytes:
        return options.block_bytes
    if options.kind == "by_count" and options.count:
        return max(1, -(-total // options.count))
    if options.kind == "by_rows" and options.rows:
        return max(1, int(options.rows * _mean_record_bytes(sources, contract)))
    by_memory = psutil.virtual_memory().available // (4 * _MEMORY_FACTOR * n_workers)
    by_workers = total // (n_workers * _BLOCKS_A_WORKER)
    return max(_SMALLEST, min(_LARGEST, by_memory, by_workers))


def _mean_record_bytes(sources: Sequence[Source], contract: Contract) -> float:
    largest = max(sources, key=_plain_bytes)
    contract = fitted(contract, largest)
    header = read_header(largest.path, largest.shown, contract)
    with largest.open() as file:
        file.seek(header.data_start)
        data = file.read(_SAMPLE_BYTES)
    grammar = grammar_of(contract)
    masked = grammar.mask(data)
    n_records = len(record_starts(masked, scan(masked, grammar))) if data else 0
    return len(data) / max(1, n_records)


def _plain_bytes(source: Source) -> int:
    with reading(source.shown, source.path):
        return source.path.stat().st_size
