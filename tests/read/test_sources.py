"""Which files inputs name, what is refused at sight, and what is noticed when one changes."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import socket
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from tests.feeds import GOOD_ROW, HEADER, write_feed
from toolkit.clean.evaluate import Rules
from toolkit.clean.feed import evaluate_feed
from toolkit.contract import Contract
from toolkit.errors import InputError
from toolkit.read.blocks import plan_blocks
from toolkit.read.sources import find_sources, repeated_names, watching

FEED = write_feed([GOOD_ROW] * 3)


@pytest.fixture
def feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """a.csv in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.csv"
    path.write_bytes(FEED)
    return path


def test_a_file_is_read_once_under_all_its_names(feed: Path) -> None:
    Path("b.csv").symlink_to("a.csv")
    os.link("a.csv", "c.csv")
    for inputs in (["./a.csv"], ["b.csv"], ["c.csv"], [str(feed)], ["./*.csv"], ["a.csv"]):
        sources = find_sources(["a.csv", *inputs])
        assert [source.shown for source in sources] == ["a.csv"]
        assert repeated_names(sources)
    sources = find_sources(["a.csv", "./*.csv"])
    told = "a.csv is named again as ./a.csv and 2 more, and read once"
    assert repeated_names(sources) == told
    Path("d.csv").write_bytes(FEED)
    sources = find_sources(["*.csv", "./*.csv"])
    assert [source.shown for source in sources] == ["a.csv", "d.csv"]
    assert str(repeated_names(sources)).endswith("read once, and so is 1 more file")
    assert repeated_names(find_sources(["a.csv", "d.csv"])) is None


def test_sources_are_found_from_any_folder(feed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [source] = pickle.loads(pickle.dumps(find_sources(["a.csv"])))
    monkeypatch.chdir("/")
    assert not source.has_changed()
    with source.open() as file:
        assert file.read() == FEED


def packed(data: bytes, name: str = "a.csv") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, data)
    return file.getvalue()


def parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), file)
    return file.getvalue()


def feather() -> bytes:
    file = io.BytesIO()
    pyarrow.feather.write_feather(pa.table({"a": [1]}), file)
    return file.getvalue()


NO_CSV = {
    "a zip archive": packed(FEED),
    "an Office file, such as .xlsx": packed(b"<x/>", "[Content_Types].xml"),
    "gzip-compressed": gzip.compress(FEED),
    "a parquet file": parquet(),
    "an Arrow or Feather file": feather(),
    "a PDF": b"%PDF-1.4\n1 0 obj\n",
    "HTML": b"\n<!doctype html>\n<html>",
    "XML": b"<?xml version='1.0'?>",
    "JSON": b'[{"order": 1}]',
    "a PNG image": b"\x89PNG\r\n\x1a\n",
    "an SQLite database": b"SQLite format 3\x00",
    "a Python pickle": pickle.dumps([1]),
    "binary data": bytes(5000),
}


@pytest.mark.parametrize(("what", "data"), NO_CSV.items(), ids=list(NO_CSV))
def test_what_is_no_csv_is_called_what_it_is(what: str, data: bytes, feed: Path) -> None:
    feed.write_bytes(data)
    with pytest.raises(InputError) as caught:
        find_sources(["a.csv"])
    assert str(caught.value).startswith(f"input a.csv: is not a CSV file but {what}")
    assert "\n" not in str(caught.value)


HEADERS = ["PAR1,PAR2", "ORC,b", "Obj,b", "BM,b", "PK,b", "GIF,b", "[a],b", '{"a",b', "<b>,c"]


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_may_begin_like_another_kind(header: str, feed: Path) -> None:
    feed.write_text(f"{header}\n1,2\n")
    assert len(find_sources(["a.csv"])) == 1


def test_only_files_are_read(feed: Path) -> None:
    os.mkfifo("pipe.csv")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.csv")
        for given, what in {
            "pipe.csv": "a pipe",
            "socket.csv": "a socket",
            "/dev/null": "a device",
            "-": "standard input",
        }.items():
            with pytest.raises(InputError, match=f"input {given}: is {what}.*write it to a file"):
                find_sources([given])
    reader, writer = os.pipe()
    try:
        with pytest.raises(InputError, match="is a pipe"):
            find_sources([f"/dev/fd/{reader}"])
    finally:
        os.close(reader)
        os.close(writer)


def test_an_open_file_is_read_by_its_own_name(feed: Path) -> None:
    with feed.open("rb") as file:
        [source] = find_sources([f"/dev/fd/{file.fileno()}"])
    assert source.path == feed


@pytest.mark.parametrize("address", ["https://x.org/a.csv", "s3://b/*.csv", "file:///srv/a.csv"])
def test_addresses_are_no_files(address: str) -> None:
    with pytest.raises(InputError, match="is an address, but only files"):
        find_sources([address])


def test_no_suggestion_is_what_was_typed(feed: Path) -> None:
    Path("long_gone.csv").symlink_to("nowhere")
    with pytest.raises(InputError) as caught:
        find_sources(["long_gone.csv"])
    assert "did you mean" not in str(caught.value)


def rewritten(path: Path) -> None:
    """Other content of the same length, with the same time of change."""
    before = path.stat()
    path.write_bytes(FEED.replace(b"Desk Lamp", b"Lamp Desk"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path: Path) -> None:
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(FEED)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(path)


def made_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "rewritten": rewritten,
    "replaced": replaced,
    "truncated": lambda path: os.truncate(path, len(HEADER)),
    "appended": lambda path: path.write_bytes(FEED * 2),
    "deleted": lambda path: path.unlink(),
    "a pipe now": made_a_pipe,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_changed_file_is_noticed(
    change: Callable[[Path], object], contract: Contract, feed: Path
) -> None:
    [source] = sources = find_sources(["a.csv"])
    [block] = plan_blocks(sources, contract, 1 << 20)
    assert not source.has_changed()
    change(feed)
    assert source.has_changed()
    with pytest.raises(InputError, match=r"a\.csv: changed while it was being read"):
        block.read()


def test_an_error_is_put_down_to_a_changed_file_alone(feed: Path) -> None:
    sources = find_sources(["a.csv"])
    with pytest.raises(IndexError), watching(sources):
        raise IndexError
    feed.write_bytes(FEED[:-5])
    with pytest.raises(InputError, match="changed"), watching(sources):
        raise IndexError
    with pytest.raises(InputError, match="changed"), watching(sources):
        pass


def test_another_machine_may_number_a_file_otherwise(feed: Path) -> None:
    [source] = find_sources(["a.csv"])
    there = replace(source.state, host="there", inode=1, changed_ns=1)
    assert not replace(source, state=there).has_changed()
    assert replace(source, state=replace(there, size=1)).has_changed()


def test_what_a_worker_does_not_see_is_no_write_that_failed(feed: Path) -> None:
    [source] = find_sources(["a.csv"])
    elsewhere = replace(source, state=replace(source.state, host="there"))
    feed.unlink()
    with pytest.raises(InputError, match=f"must be at {feed} on every machine"), elsewhere.open():
        pass


def test_a_lazy_frame_refuses_a_file_that_was_replaced(rules: Rules, feed: Path) -> None:
    rows = [GOOD_ROW | {"order_id": f"ORD-{n:09}"} for n in range(200)]
    feed.write_bytes(write_feed(rows))
    with pytest.warns(UserWarning, match="named again as ./a.csv, and read once"):
        evaluated = evaluate_feed(rules, ["a.csv", "./a.csv"], block_bytes=4000)
    assert len(evaluated) == 200
    replaced(feed)
    with pytest.raises(InputError, match="changed while it was being read"):
        evaluated.compute(scheduler="sync")
