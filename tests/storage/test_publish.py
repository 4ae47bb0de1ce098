"""Outputs appear whole or not at all, read back with the contract's schema, and leave no litter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.commands import everything_in, left_in
from tests.conftest import ROOT
from toolkit.contract import Contract
from toolkit.errors import OutputError
from toolkit.storage.atomic import BackgroundSync, publish_new, publishing_files, write_json
from toolkit.storage.datasets import ParquetStyle, part_name, write_parquet
from toolkit.storage.locks import locked


def files_below(folder: Path) -> dict[str, str]:
    """Every file, by its place below the folder, with what it holds; folders that are empty too."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file():
            found[name] = path.read_text()
        elif not any(path.iterdir()):
            found[name] = "(empty)"
    return found


HOLD = """
import sys
from pathlib import Path
from toolkit.storage.atomic import publishing_files
with publishing_files(Path(sys.argv[1])) as staged:
    (staged / "part").write_text("half")
    print("holding", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_run(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process in the middle of writing files of the folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_lock_is_held_by_one_and_waited_for(tmp_path: Path) -> None:
    target = tmp_path / "target"
    begun = threading.Event()

    def wait_patiently() -> None:
        begun.set()
        with locked(target, wait=True):
            pass

    with ThreadPoolExecutor(1) as pool:
        with locked(target):
            with (
                pytest.raises(OutputError, match="is being written by another run"),
                locked(target),
            ):
                pass
            waiting = pool.submit(wait_patiently)
            assert begun.wait(10)
            assert not waiting.done()
        waiting.result()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_target_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with (
        pytest.raises(OutputError, match=f"cannot write {tmp_path}/data") as caught,
        locked(tmp_path / "data" / "a.parquet"),
    ):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"), locked(tmp_path / "a.parquet"):
        pass


def test_single_files_replace_their_namesakes_only(tmp_path: Path) -> None:
    for name in ("month.parquet", "mine.txt"):
        (tmp_path / name).write_text("old")
    with publishing_files(tmp_path) as staged:
        for name in ("month.parquet", "region.parquet", "_manifest.json"):
            (staged / name).write_text("new")
        assert (tmp_path / "month.parquet").read_text() == "old"
    assert files_below(tmp_path) == {
        "month.parquet": "new", "region.parquet": "new", "_manifest.json": "new",
        "mine.txt": "old",
    }  # fmt: skip


def test_single_files_stay_when_the_run_fails(tmp_path: Path) -> None:
    (tmp_path / "month.parquet").write_text("old")

    def fail_midway() -> None:
        with publishing_files(tmp_path) as staged:
            (staged / "month.parquet").write_text("half")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail_midway()
    assert files_below(tmp_path) == {"month.parquet": "old"}


def test_single_files_of_a_killed_run_are_cleared_and_two_runs_refused(tmp_path: Path) -> None:
    folder = tmp_path / "aggregations"
    with another_run(folder) as other:
        with (
            pytest.raises(OutputError, match="another run"),
            publishing_files(folder),
        ):
            pass
        other.send_signal(signal.SIGKILL)
        other.wait()
    with publishing_files(folder) as staged:
        (staged / "month.parquet").write_text("new")
    assert files_below(tmp_path) == {"aggregations/month.parquet": "new"}


def test_part_names_sort_as_their_numbers() -> None:
    numbers = [0, 1, 2, 9, 10, 11, 99, 100, 99_999, 100_000]
    assert sorted(map(part_name, numbers)) == [part_name(n) for n in numbers]
    assert part_name(7, "1f2e") == "part-000007-1f2e.parquet"


def test_json_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "_manifest.json"
    write_json({"b": 1, "a": "é", "on": date(2026, 1, 2)}, path)
    assert path.read_text("utf-8") == '{\n  "b": 1,\n  "a": "é",\n  "on": "2026-01-02"\n}\n'
    with pytest.raises(TypeError):
        write_json({("no", "key"): 1}, path)  # type: ignore[dict-item]
    assert path.read_text("utf-8").startswith('{\n  "b": 1')
    assert sorted(p.name for p in tmp_path.iterdir()) == ["_manifest.json"]


def test_background_sync_tells_of_failures_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with BackgroundSync() as syncing:
        syncing.add(tmp_path / "a")
    with pytest.raises(FileNotFoundError), BackgroundSync() as syncing:
        syncing.add(tmp_path / "gone")

    def fail_midway() -> None:
        with BackgroundSync() as syncing:
            syncing.add(tmp_path / "gone")
            raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        fail_midway()


def clean_table(contract: Contract, *, as_dictionaries: bool, n: int) -> pa.Table:
    """Rows as evaluation gives them: text columns plain or as dictionaries, all of one value."""
    columns = {}
    for field in contract.clean_schema():
        value = {
            pa.int64(): 1, pa.float64(): 0.5, pa.date32(): date(2026, 1, 2), pa.string(): "é",
        }.get(field.type, "Books")  # fmt: skip
        none = field.name in ("customer_email", "anomaly_flag")
        type_ = pa.string() if pa.types.is_dictionary(field.type) else field.type
        array = pa.array([None if none else value] * n, type_)
        is_label = pa.types.is_dictionary(field.type)
        if is_label or (as_dictionaries and pa.types.is_string(field.type)):
            array = array.dictionary_encode()
        columns[field.name] = array
    return pa.table(columns)


@pytest.mark.parametrize("compression", ["snappy", "zstd", "none"])
@pytest.mark.parametrize("as_dictionaries", [True, False], ids=["dictionaries", "plain"])
@pytest.mark.parametrize("n", [0, 1, 1000])
def test_every_part_reads_back_with_the_contract_s_schema(
    n: int, as_dictionaries: bool, compression: str, contract: Contract, tmp_path: Path
) -> None:
    """All-null columns, no rows at all, and dictionaries where the schema says string."""
    table = clean_table(contract, as_dictionaries=as_dictionaries, n=n)
    schema, path = contract.clean_schema(), tmp_path / part_name(0)
    style = ParquetStyle(compression, ("product_name", "no such column"))
    assert write_parquet(table, schema, path, style) == path.stat().st_size
    for read in (pq.read_table(path), pq.read_table(tmp_path), pq.ParquetFile(path).read()):
        assert read.schema.remove_metadata().equals(schema)
        assert read.to_pylist() == table.to_pylist()
    frame = pd.read_parquet(path, dtype_backend="pyarrow")
    assert [dtype.pyarrow_dtype for dtype in frame.dtypes] == schema.types
    assert len(pd.read_parquet(path)) == n
    facts = pq.read_metadata(path)
    assert facts.num_rows == n
    if n:
        assert facts.row_group(0).column(0).statistics is not None


def test_columns_are_written_in_the_schema_s_order_and_others_left_out(
    contract: Contract, tmp_path: Path
) -> None:
    table = clean_table(contract, as_dictionaries=True, n=3)
    shuffled = table.select(table.column_names[::-1]).append_column("row", pa.array([1, 2, 3]))
    write_parquet(shuffled, contract.clean_schema(), tmp_path / "x.parquet", ParquetStyle())
    assert pq.read_table(tmp_path / "x.parquet").column_names == table.column_names


def test_parts_of_both_shapes_read_as_one_dataset(contract: Contract, tmp_path: Path) -> None:
    for index, as_dictionaries in enumerate((True, False)):
        table = clean_table(contract, as_dictionaries=as_dictionaries, n=2)
        write_parquet(table, contract.clean_schema(), tmp_path / part_name(index), ParquetStyle())
    whole = pq.read_table(tmp_path)
    assert whole.schema.remove_metadata().equals(contract.clean_schema())
    assert whole.num_rows == 4


# --- files that nobody has yet --------------------------------------------------------------------


def test_new_files_appear_all_with_their_folders(tmp_path: Path) -> None:
    one, two = tmp_path / "a" / "b" / "one.txt", tmp_path / "two.txt"
    publish_new({one: b"1", two: b"2"})
    assert everything_in(tmp_path) == {"a/b/one.txt": b"1", "two.txt": b"2"}


def test_where_one_is_there_none_appears_and_that_one_stays(tmp_path: Path) -> None:
    one, two = tmp_path / "a" / "one.txt", tmp_path / "two.txt"
    two.write_bytes(b"edited")
    with pytest.raises(OutputError, match=r"cannot write .*two\.txt: File exists"):
        publish_new({one: b"1", two: b"2"})
    assert left_in(tmp_path) == ["two.txt"]
    assert two.read_bytes() == b"edited"


def test_where_one_cannot_be_written_none_appears(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        publish_new({tmp_path / "a" / "one.txt": b"1", tmp_path / "file" / "two.txt": b"2"})
    assert left_in(tmp_path) == ["file"]
