"""Write a feed to a CSV file: blocks generated in parallel with Dask, appended in order.

The graph bounds its own memory: a block waits until the one IN_FLIGHT_BLOCKS before it is written,
so no scheduler holds more blocks than that, whatever its number of workers.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from dask.base import compute
from dask.delayed import Delayed, delayed

from toolkit.errors import OutputError
from toolkit.generate.csv_text import csv_bytes
from toolkit.generate.feed import FeedSpec, feed_block, n_block_rows, n_blocks
from toolkit.generate.ledger import combine_ledgers, is_ledger, stage_ledger
from toolkit.storage.atomic import as_it_was, replace_in_order, staging_folder, sync_path

IN_FLIGHT_BLOCKS = 16
"""Appending a block takes less than a tenth of the time of generating it. With this many in flight
writing is the bottleneck, and more would only cost memory (8 MB each).
"""


@dataclass(frozen=True)
class Written:
    """Records and bytes (header included) written to the file, and the offset where they end."""

    rows: int
    bytes: int
    end: int


@dataclass(frozen=True)
class StagedFeed:
    """A staged feed: compute all of `graph`, then publish what it returned.

    Without a `ledger_dir` no ledger is made, and one at `ledger_path` is an earlier feed's.
    """

    spec: FeedSpec
    graph: list[Delayed]
    partial_path: Path
    path: Path
    ledger_dir: Path | None
    ledger_path: Path | None

    def publish(self, written: Sequence[Written]) -> Written:
        """Rename the complete file, and its ledger, into place; return the file's totals.

        The ledger of an earlier feed is removed first, the new one is moved last: a kill in between
        leaves a feed without a ledger, not one with another feed's ledger. Raises RuntimeError
        unless every row of the spec is in the file, and OutputError when a file cannot be moved;
        everything is then as before.
        """
        total, moves = self.finish(written)
        *ledger, feed = moves
        try:
            for _, file in moves:
                if file is not None:
                    sync_path(file)
            with as_it_was([target for target, _ in moves], self.partial_path.parent):
                replace_in_order([(target, None) for target, _ in ledger])
                replace_in_order([feed, *ledger])
        except OSError as error:
            raise OutputError.cannot_write(self.path, error) from error
        return total

    def finish(self, written: Sequence[Written]) -> tuple[Written, list[tuple[Path, Path | None]]]:
        """Return the file's totals, and the files to move into place, the feed last.

        A file is None where an earlier feed's ledger is to be removed. Raises RuntimeError unless
        every row of the spec is in the file.
        """
        total = _check_complete(self.spec, self.partial_path, written)
        moves: list[tuple[Path, Path | None]] = []
        if self.ledger_path is not None and self.ledger_dir is not None:
            combined = self.ledger_dir / "ledger.parquet"
            combine_ledgers(self.ledger_dir, n_blocks(self.spec), combined)
            moves.append((self.ledger_path, combined))
        elif self.ledger_path is not None and is_ledger(self.ledger_path):
            moves.append((self.ledger_path, None))
        return total, [*moves, (self.path, self.partial_path)]


def write_feed(spec: FeedSpec, path: Path, *, ledger_path: Path | None = None) -> Written:
    """Write the feed, and its ledger if asked for, with Dask's current scheduler. Computes at once.

    Each file appears whole, replacing an older one, or not at all, and no temporary file remains.
    Workers must see the folders of `path` and `ledger_path`. Raises OutputError when a file cannot
    be written.
    """
    try:
        with stage_feed(spec, path, ledger_path) as staged:
            return staged.publish(compute(*staged.graph))
    except OSError as error:
        raise OutputError.cannot_write(path, error) from error


@contextmanager
def stage_feed(
    spec: FeedSpec, path: Path, ledger_path: Path | None = None, *, with_ledger: bool = True
) -> Iterator[StagedFeed]:
    """Stage a feed, for a caller that computes the graph itself, with its own progress and cluster.

    Without a ledger, one of an earlier feed at `ledger_path` is removed with that feed. Lazy:
    nothing is generated here. On exit everything unpublished is removed, also after an error or an
    interrupt. Raises OutputError when a folder cannot be written.
    """
    # Absolute, because a worker may run in another folder.
    path = Path(path).absolute()
    ledger_path = None if ledger_path is None else Path(ledger_path).absolute()
    with ExitStack() as stack:
        partial_path = stack.enter_context(staging_folder(path)) / path.name
        partial_path.touch()
        ledger_dir = (
            stack.enter_context(staging_folder(ledger_path))
            if ledger_path and with_ledger
            else None
        )
        graph = feed_graph(spec, partial_path, ledger_dir)
        yield StagedFeed(spec, graph, partial_path, path, ledger_dir, ledger_path)


def feed_graph(spec: FeedSpec, partial_path: Path, ledger_dir: Path | None) -> list[Delayed]:
    """Build the graph: one lazy Written per block, in order; each depends on the one before it.

    The file and the folder must exist; the file should be empty. A task that runs again, as after
    the loss of a worker, writes the same bytes to the same place.
    """
    make = delayed(make_block, pure=False)
    append = delayed(append_block, pure=False)
    graph: list[Delayed] = []
    for block in range(n_blocks(spec)):
        waits_for = graph[block - IN_FLIGHT_BLOCKS] if block >= IN_FLIGHT_BLOCKS else None
        text = make(spec, block, ledger_dir, waits_for)
        before = graph[-1] if graph else None
        graph.append(append(text, n_block_rows(spec, block), partial_path, before))
    return graph


def make_block(
    spec: FeedSpec, block: int, ledger_dir: Path | None, waits_for: Written | None
) -> pa.Buffer:
    """Make one block's CSV text, and write its ledger to `ledger_dir`. `waits_for` only bounds
    memory.
    """
    made = feed_block(spec, block)
    if ledger_dir is not None:
        stage_ledger(made.ledger, ledger_dir, block)
    return csv_bytes(made.table, header=block == 0)


def append_block(text: pa.Buffer, rows: int, path: Path, before: Written | None) -> Written:
    """Write a block's text where the block before it ended. The file must exist."""
    start = before.end if before else 0
    # Not "ab": a second run of this task must not write its block twice. And not "wb": a task
    # that outlives an interrupted run must not bring the removed file back.
    with path.open("r+b") as file:
        file.seek(start)
        file.write(text)
    return Written(rows, text.size, start + text.size)


def _check_complete(spec: FeedSpec, path: Path, written: Sequence[Written]) -> Written:
    rows, n_bytes = sum(one.rows for one in written), sum(one.bytes for one in written)
    size = path.stat().st_size
    if (rows, n_bytes) != (spec.rows, size):
        raise RuntimeError(
            f"{path}: {rows:,} rows and {n_bytes:,} bytes were appended, "
            f"but the feed has {spec.rows:,} rows and the file {size:,} bytes"
        )
    return Written(rows, n_bytes, size)
