"""A feed's file: the same bytes under every scheduler, whole or not there at all."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import dask
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dask.base import compute
from distributed import Client, LocalCluster

from tests.generate.conftest import make_spec
from toolkit.errors import OutputError
from toolkit.generate import write
from toolkit.generate.csv_text import csv_bytes
from toolkit.generate.feed import BLOCK_ROWS, FeedBlock, FeedSpec, feed_block, n_blocks
from toolkit.generate.ledger import LEDGER_SCHEMA
from toolkit.generate.write import (
    IN_FLIGHT_BLOCKS,
    Written,
    append_block,
    feed_graph,
    stage_feed,
    write_feed,
)

pytestmark = pytest.mark.slow

SPEC = make_spec(4 * BLOCK_ROWS + 123)


def expected_bytes(spec: FeedSpec) -> bytes:
    """The file, from its blocks one by one."""
    blocks = range(n_blocks(spec))
    return b"".join(
        csv_bytes(feed_block(spec, block).table, header=block == 0).to_pybytes() for block in blocks
    )


@pytest.fixture(scope="module")
def digest() -> str:
    return hashlib.sha256(expected_bytes(SPEC)).hexdigest()


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Path]:
    """A feed from before, which must outlive any failure; and nothing must lie beside it."""
    path = tmp_path / "sales.csv"
    path.write_text("old")
    yield path
    assert [one.name for one in tmp_path.iterdir()] == ["sales.csv"]
    assert path.read_text() == "old"


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("scheduler", "workers"), [("sync", 1), ("threads", 1), ("threads", 4), ("processes", 2)]
)
def test_the_same_bytes_under_every_scheduler(
    scheduler: str, workers: int, tmp_path: Path, digest: str
) -> None:
    path = tmp_path / "sales.csv"
    with dask.config.set(scheduler=scheduler, num_workers=workers):
        written = write_feed(SPEC, path)
    assert digest_of(path) == digest
    assert written == Written(SPEC.rows, path.stat().st_size, path.stat().st_size)
    assert os.listdir(tmp_path) == ["sales.csv"]


def test_the_same_bytes_on_a_cluster(tmp_path: Path, digest: str) -> None:
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        Client(cluster),
    ):
        write_feed(SPEC, tmp_path / "sales.csv", ledger_path=tmp_path / "ledger.parquet")
    assert digest_of(tmp_path / "sales.csv") == digest
    assert sorted(os.listdir(tmp_path)) == ["ledger.parquet", "sales.csv"]


def test_an_older_feed_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("older and longer\n" * 100)
    write_feed(make_spec(10), path)
    assert path.read_bytes() == expected_bytes(make_spec(10))


def test_an_empty_feed_has_its_header_and_an_empty_ledger(tmp_path: Path) -> None:
    written = write_feed(make_spec(0), tmp_path / "f.csv", ledger_path=tmp_path / "l.parquet")
    assert written.rows == 0
    assert (tmp_path / "f.csv").read_bytes() == expected_bytes(make_spec(0))
    assert pq.read_table(tmp_path / "l.parquet").num_rows == 0


def test_the_ledger_file_holds_every_blocks_ledger_in_order(tmp_path: Path) -> None:
    path = tmp_path / "ledger.parquet"
    with dask.config.set(scheduler="threads", num_workers=4):
        write_feed(SPEC, tmp_path / "sales.csv", ledger_path=path)
    assert pq.read_schema(path).equals(LEDGER_SCHEMA)
    blocks = [feed_block(SPEC, block).ledger for block in range(n_blocks(SPEC))]
    assert pq.read_table(path).equals(pa.concat_tables(blocks))


def test_a_clean_feeds_ledger_has_the_same_schema_and_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "ledger.parquet"
    write_feed(make_spec(100, mode="clean"), tmp_path / "sales.csv", ledger_path=path)
    assert pq.read_table(path).num_rows == 0
    assert pq.read_schema(path).equals(LEDGER_SCHEMA)


def test_relative_paths_and_another_folder_for_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ledgers").mkdir()
    with stage_feed(make_spec(10), Path("sales.csv"), Path("ledgers/l.parquet")) as staged:
        # As a worker does that was started elsewhere.
        monkeypatch.chdir(tmp_path.parent)
        staged.publish(compute(*staged.graph))
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")) == [
        "ledgers",
        "ledgers/l.parquet",
        "sales.csv",
    ]


def fail_at(block: int, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(spec: FeedSpec, number: int) -> FeedBlock:
        if number == block:
            raise error
        return feed_block(spec, number)

    monkeypatch.setattr(write, "feed_block", failing)


@pytest.mark.parametrize("scheduler", ["sync", "threads"])
@pytest.mark.parametrize("error", [ValueError("a bug"), KeyboardInterrupt()])
def test_a_run_that_fails_midway_leaves_nothing_behind(
    old: Path, scheduler: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(2, error, monkeypatch)
    with dask.config.set(scheduler=scheduler), pytest.raises(type(error)):
        write_feed(SPEC, old, ledger_path=old.with_name("ledger.parquet"))


def test_a_full_disk_is_one_line_that_names_the_file(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(1, OSError(28, "No space left on device"), monkeypatch)
    with pytest.raises(OutputError, match=r"cannot write .*sales\.csv: No space left on device"):
        write_feed(SPEC, old)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "sales.csv"
    with pytest.raises(OutputError, match=r"nowhere/sales\.csv: No such file or directory"):
        write_feed(make_spec(10), path)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_for_the_ledger_is_named(old: Path) -> None:
    ledger = old.parent / "nowhere" / "ledger.parquet"
    with pytest.raises(OutputError, match=r"nowhere/ledger\.parquet: No such file"):
        write_feed(make_spec(10), old, ledger_path=ledger)


def test_a_folder_in_the_files_place_is_refused_before_anything_is_generated(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(0, AssertionError("generated"), monkeypatch)
    with pytest.raises(OutputError, match="Is a directory"):
        write_feed(make_spec(10), old, ledger_path=old.parent)


def test_nothing_is_published_unless_every_row_was_written(old: Path) -> None:
    with stage_feed(SPEC, old) as staged:
        written = compute(*staged.graph)
        with pytest.raises(RuntimeError, match=f"but the feed has {SPEC.rows:,} rows"):
            staged.publish(written[:-1])
        with staged.partial_path.open("ab") as file:
            file.write(b"x")
        with pytest.raises(RuntimeError, match="and the file"):
            staged.publish(written)


def test_what_was_not_published_is_removed(old: Path) -> None:
    with stage_feed(SPEC, old, old.with_name("ledger.parquet")) as staged:
        compute(*staged.graph)


def test_a_task_that_outlives_its_run_does_not_bring_the_file_back(tmp_path: Path) -> None:
    with stage_feed(make_spec(10), tmp_path / "sales.csv") as staged:
        pass
    with pytest.raises(FileNotFoundError):
        append_block(pa.py_buffer(b"late"), 1, staged.partial_path, None)
    assert not list(tmp_path.iterdir())


def test_blocks_appended_again_leave_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "partial"
    path.touch()
    compute(*feed_graph(SPEC, path, None))
    before = path.read_bytes()
    text = csv_bytes(feed_block(SPEC, 1).table, header=False)
    first = csv_bytes(feed_block(SPEC, 0).table, header=True)
    again = append_block(text, BLOCK_ROWS, path, Written(BLOCK_ROWS, first.size, first.size))
    assert again == Written(BLOCK_ROWS, text.size, first.size + text.size)
    assert path.read_bytes() == before


def test_memory_is_bounded_by_the_graph_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No block is made before the one IN_FLIGHT_BLOCKS earlier is in the file."""
    spec = make_spec((3 * IN_FLIGHT_BLOCKS) * BLOCK_ROWS)
    made, appended, most = set[int](), list[int](), [0]

    def make(spec: FeedSpec, block: int, ledger_dir: object, waits_for: Written | None) -> int:
        made.add(block)
        most[0] = max(most[0], len(made) - len(appended))
        return block

    def append(block: int, rows: int, path: Path, before: Written | None) -> Written:
        appended.append(block)
        return Written(rows, 0, 0)

    monkeypatch.setattr(write, "make_block", make)
    monkeypatch.setattr(write, "append_block", append)
    graph = feed_graph(spec, tmp_path / "partial", None)
    # The worst order there can be: all that is ready runs, makers first.
    run_makers_first(graph)
    assert appended == list(range(n_blocks(spec)))
    assert most[0] == IN_FLIGHT_BLOCKS


def run_makers_first(graph: Sequence[object]) -> None:
    tasks = dict(dask.base.collections_to_expr(graph).__dask_graph__())
    results: dict[object, object] = {}
    rng = random.Random(0)
    while len(results) < len(tasks):
        ready = [
            key
            for key, task in tasks.items()
            if key not in results and task.dependencies <= results.keys()
        ]
        makers = [key for key in ready if str(key).startswith("make")]
        key = rng.choice(makers or ready)
        results[key] = tasks[key](results)
