"""Which files are read, and how they are cut and unpacked."""

from __future__ import annotations

import bz2
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from tests.feeds import GOOD_ROW, HEADER, write_feed
from toolkit.contract import Contract
from toolkit.errors import InputError, OutputError
from toolkit.read.blocks import extra_columns, plan_blocks
from toolkit.read.sources import Source, find_sources
from toolkit.read.unpack import spool


def zstd(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstd,
    ".bz2": bz2.compress,
}


def names_of(sources: list[Source]) -> list[str]:
    return [Path(source.shown).name for source in sources]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.csv", "a.csv", "c 1.csv", "notes.txt"):
        (tmp_path / name).write_bytes(HEADER)
    (tmp_path / "sub.csv").mkdir()
    return tmp_path


def test_a_pattern_gives_its_files_by_name_and_no_folders(folder: Path) -> None:
    assert names_of(find_sources([f"{folder}/*.csv"])) == ["a.csv", "b.csv", "c 1.csv"]


def test_inputs_keep_their_order_and_count_once(folder: Path) -> None:
    found = find_sources([f"{folder}/b.csv", f"{folder}/*.csv", f"{folder}/b.csv"])
    assert names_of(found) == ["b.csv", "a.csv", "c 1.csv"]


def test_a_name_with_pattern_letters_in_it_is_a_name_first(tmp_path: Path) -> None:
    (tmp_path / "a[1].csv").write_bytes(HEADER)
    (tmp_path / "a1.csv").write_bytes(HEADER)
    assert names_of(find_sources([f"{tmp_path}/a[1].csv"])) == ["a[1].csv"]


# What is asked for, and what the message must say.
MISSING = {
    "sub.csv": "is a folder",
    "d.csv": "no such file; did you mean",
    "x*.csv": "no such file",
    "nowhere/a.csv": "no such file",
    "a.csv/b.csv": "cannot be read",
}


@pytest.mark.parametrize(("given", "told"), MISSING.items(), ids=list(MISSING))
def test_what_is_no_file_is_named(given: str, told: str, folder: Path) -> None:
    with pytest.raises(InputError, match=told) as caught:
        find_sources([f"{folder}/{given}"])
    assert str(folder / given) in str(caught.value)


def test_a_dangling_link_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(InputError, match="no such file"):
        find_sources([f"{tmp_path}/link.csv"])


def test_a_name_that_is_no_utf8_cannot_be_written_down(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv")
    Path(path).write_bytes(HEADER)
    with pytest.raises(InputError, match="not UTF-8; rename it") as caught:
        find_sources([path])
    assert str(caught.value).isascii()


@pytest.mark.parametrize("block_bytes", [1, 7, 64, 1000, 1 << 20])
def test_blocks_hold_every_byte_once_in_order(
    block_bytes: int, contract: Contract, tmp_path: Path
) -> None:
    rows = [GOOD_ROW | {"order_id": f"{n}\n", "product_name": "x" * (n % 40)} for n in range(40)]
    data = b"\xef\xbb\xbf\n" + write_feed(rows)
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(data)
    blocks = plan_blocks(find_sources([f"{tmp_path}/*.csv"]), contract, block_bytes)
    assert [block.index for block in blocks] == list(range(len(blocks)))
    body = data[data.index(b"revenue\n") + len(b"revenue\n") :]
    for name in ("a.csv", "b.csv"):
        pieces = [b.read() for b in blocks if b.source.path.name == name]
        assert b"".join(pieces) == body
        assert [p for p in pieces if not p.startswith(b'"')] == []
    assert (len(blocks) == 2) == (block_bytes > len(body))
    assert (len(blocks) == 80) == (block_bytes <= 64)


def test_a_file_without_records_still_makes_a_block(contract: Contract, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(HEADER)
    (tmp_path / "b.csv").write_bytes(HEADER.rstrip())
    blocks = plan_blocks(find_sources([f"{tmp_path}/*.csv"]), contract, 100)
    assert [(b.source.path.name, b.read()) for b in blocks] == [("a.csv", b""), ("b.csv", b"")]


def test_extra_columns_of_all_files_in_order_of_appearance(
    contract: Contract, tmp_path: Path
) -> None:
    line = HEADER.rstrip()
    for name, more in (("a", b",note,x"), ("b", b""), ("c", b",y,note")):
        (tmp_path / f"{name}.csv").write_bytes(line + more + b"\n")
    blocks = plan_blocks(find_sources([f"{tmp_path}/*.csv"]), contract, 100)
    assert extra_columns(blocks, contract) == ("note", "x", "y")


def test_a_file_that_shrinks_after_planning_is_reported(contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(write_feed([GOOD_ROW] * 3))
    [source] = find_sources([str(path)])
    [block] = plan_blocks([source], contract, 1 << 20)
    assert not source.has_changed()
    os.truncate(path, len(HEADER) + 5)
    assert source.has_changed()
    with pytest.raises(InputError, match="changed while it was being read"):
        block.read()
    path.unlink()
    assert source.has_changed()


@pytest.mark.parametrize("suffix", [*PACKERS, ".GZ"])
def test_compressed_text_is_unpacked(suffix: str, tmp_path: Path) -> None:
    pack = PACKERS[suffix.lower()]
    data = HEADER + os.urandom(3000).hex().encode()
    (tmp_path / f"a.csv{suffix}").write_bytes(pack(data))
    [source] = find_sources([f"{tmp_path}/a.csv{suffix}"])
    spooled = spool(source, tmp_path, "utf-8")
    assert spooled.path.read_bytes() == data
    assert spooled.shown == source.shown
    assert not spooled.has_changed()


@pytest.mark.parametrize("suffix", PACKERS)
def test_every_part_of_an_appended_file_is_unpacked(suffix: str, tmp_path: Path) -> None:
    """`cat a.gz b.gz`, and what the parallel packers write."""
    pack = PACKERS[suffix]
    (tmp_path / f"a{suffix}").write_bytes(pack(b"one\n") + pack(b"two\n"))
    [source] = find_sources([f"{tmp_path}/a{suffix}"])
    assert spool(source, tmp_path, "utf-8").path.read_bytes() == b"one\ntwo\n"


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda data: data[: len(data) // 2],
    "last byte missing": lambda data: data[:-1],
    "not packed at all": lambda data: HEADER * 3,
    # In the middle a .zst without a checksum, which is usual, cannot tell.
    "damaged at its head": lambda data: bytes([data[0] ^ 255]) + data[1:],
    "something after it": lambda data: data + b"and more",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
@pytest.mark.parametrize("suffix", PACKERS)
def test_damaged_packing_is_refused_by_name(
    suffix: str, damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    packed = PACKERS[suffix](os.urandom(500).hex().encode())
    (tmp_path / f"a.csv{suffix}").write_bytes(damage(packed))
    [source] = find_sources([f"{tmp_path}/a.csv{suffix}"])
    with pytest.raises(InputError, match="not valid") as caught:
        spool(source, tmp_path, "utf-8")
    assert str(caught.value).startswith(f"{tmp_path}/a.csv{suffix}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".gz", ".bz2"])
def test_damage_is_found_by_the_checksum(suffix: str, tmp_path: Path) -> None:
    packed = bytearray(PACKERS[suffix](os.urandom(500).hex().encode()))
    packed[len(packed) // 2] ^= 1
    (tmp_path / f"a{suffix}").write_bytes(bytes(packed))
    [source] = find_sources([f"{tmp_path}/a{suffix}"])
    with pytest.raises(InputError, match="not valid"):
        spool(source, tmp_path, "utf-8")


def test_a_full_disk_is_reported_as_such(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(HEADER))
    [source] = find_sources([f"{tmp_path}/a.gz"])
    # What is written there is refused for lack of space, at the latest when it is closed.
    spool_path = spool(source, tmp_path, "utf-8").path
    spool_path.unlink()
    spool_path.symlink_to("/dev/full")
    with pytest.raises(OutputError, match="No space left"):
        spool(source, tmp_path, "utf-8")


def test_plain_text_is_read_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(HEADER)
    [source] = find_sources([f"{tmp_path}/a.csv"])
    assert spool(source, tmp_path, "utf-8") is source


def test_unpacked_copies_never_share_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two names have the same CRC-32."""
    monkeypatch.chdir(tmp_path)
    names = ["7b8dcc.csv.gz", "2004800.csv.gz"]
    for name in names:
        Path(name).write_bytes(gzip.compress(name.encode()))
    sources = [spool(source, tmp_path, "utf-8") for source in find_sources(names)]
    assert [source.path.read_text() for source in sources] == names


@pytest.mark.parametrize("data", [bytes(1 << 23), gzip.compress(HEADER), b"%PDF-1.4"])
def test_what_is_packed_is_called_what_it_is_at_once(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(data, 1))
    [source] = find_sources([f"{tmp_path}/a.csv.gz"])
    with pytest.raises(InputError, match="is not a CSV file but gzip of"):
        spool(source, tmp_path, "utf-8")
