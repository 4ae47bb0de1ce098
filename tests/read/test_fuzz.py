"""Any bytes at all, held against Python's csv module and against themselves cut to pieces.

The csv module reads strictly and is asked only what it accepts; it sees bytes as Latin-1, in which
all of them are letters. Where both read a file they differ by design in three things alone:

- an empty line is no record (the csv module gives an empty list for it);
- a record with a wrong number of cells, or with bytes that are not UTF-8, is malformed;
- a quoted field is at most `max_field_bytes` long, unquoted ones are as long as they like (the csv
  module has one limit for both).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.contracts import text_only
from tests.read.hostile import read_file
from toolkit.contract import CsvFormat
from toolkit.read import records
from toolkit.read.blocks import plan_blocks
from toolkit.read.header import grammar_of
from toolkit.read.parse import RawBlock, Selection, parse_block, parse_bytes
from toolkit.read.records import Grammar
from toolkit.read.sources import find_sources

Records = list[tuple[str, ...] | str]
_PIECES = [
    b'"', b'"', b'""', b'"\n', b'\n"', b'","', b'"a"', b'"a\r\nb"', b'a"b', b'"a"b', b"'", b"'x'",
    b",", b",", b";", b"\t", b"\n", b"\n", b"\r\n", b"\r", b"\r\r\n", b"\x00", b"\x00,", b" ", b"1",
    b"\xff", b"\xc3", b"\xc3\xa9", b"\xed\xb2\x81", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x85",
    b"\x1c", b"\\", b'\\"', b"1,2\n", b"3,4\r\n", b'5,"6"\n', b"n,t\n",
]  # fmt: skip
SCRAPS = st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=3)), max_size=40).map(
    b"".join
)


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    """A sound file of which pieces are cut out, doubled, or put in the place of others."""
    cell = st.text(st.sampled_from('ab,"\r\n;é\0'), max_size=5)
    rows = draw(st.lists(st.tuples(cell, cell), max_size=12))
    text = io.StringIO(newline="")
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    minimal = csv.writer(text, lineterminator=end)
    quoted = csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL)
    draw(st.sampled_from([minimal, quoted])).writerows(rows)
    data = text.getvalue().encode()
    for _ in range(draw(st.integers(0, 3))):
        start, stop = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
        scrap = draw(st.one_of(st.just(b""), st.just(data[start:stop] * 2), st.binary(max_size=3)))
        data = data[:start] + scrap + data[stop:]
    return data


FILES = st.one_of(SCRAPS, damaged_files())
GRAMMARS = st.sampled_from(
    [Grammar(), Grammar(), Grammar(ord(";")), Grammar(ord("\t"), ord("'")), Grammar(ord("|"))]
)


def by_the_csv_module(data: bytes, grammar: Grammar) -> list[list[bytes]] | None:
    """The cells of every record; None where the module does not accept the file."""
    lines = io.StringIO(data.decode("latin-1"), newline="")
    dialect = {"delimiter": chr(grammar.delimiter), "quotechar": chr(grammar.quote)}
    try:
        rows = list(csv.reader(lines, strict=True, **dialect))  # type: ignore[arg-type]
    except csv.Error:
        return None
    return [[cell.encode("latin-1") for cell in row] for row in rows if row]


def is_sound(row: list[bytes], n_columns: int) -> bool:
    try:
        return len(row) == n_columns and b"".join(row).decode() is not None
    except UnicodeDecodeError:
        return False


@settings(max_examples=400)
@given(data=FILES, grammar=GRAMMARS)
@example(data=b'""\n\n""', grammar=Grammar())
@example(data=b"\xef\xbb\xbf", grammar=Grammar())
@example(data=b'\xef\xbb\xbf"', grammar=Grammar())
@example(data=b'"a\r\n""b",c\r\rd,"e"', grammar=Grammar())
@pytest.mark.slow
def test_records_and_cells_are_those_of_the_csv_module(data: bytes, grammar: Grammar) -> None:
    rows = by_the_csv_module(data, grammar)
    if rows is None:
        return
    [(n_columns, _)] = Counter(map(len, rows)).most_common(1) or [(1, 0)]
    names = [f"column {n}" for n in range(n_columns)]
    for plain in ([], names):
        raw = parse_bytes(data, names, grammar, Selection(frozenset(plain)))
        assert raw.n_records == len(rows)
        sound = [row for row in rows if is_sound(row, n_columns)]
        assert [[c.encode() for c in row.values()] for row in raw.table.to_pylist()] == sound
        broken = [n for n, row in enumerate(rows) if not is_sound(row, n_columns)]
        assert sorted(raw.malformed) == broken


@dataclass(frozen=True)
class Pieces:
    """A file's records in order, whatever it was cut into, and how many blocks that took."""

    found: Records
    n_blocks: int


def read_blocks(path: Path, csv_format: CsvFormat, block_bytes: int) -> Pieces:
    contract = text_only(["n", "t"], csv_format)
    blocks = plan_blocks(find_sources([str(path)]), contract, block_bytes)
    found: Records = []
    for block in blocks:
        raw = parse_block(block, grammar_of(contract), Selection())
        assert raw.table.num_rows + len(raw.malformed) == raw.n_records
        found += in_order(raw)
    return Pieces(found, len(blocks))


def in_order(raw: RawBlock) -> Records:
    rows = iter(raw.table.to_pylist())
    return [
        raw.malformed[n] if n in raw.malformed else tuple(next(rows).values())
        for n in range(raw.n_records)
    ]


@settings(max_examples=150)
@given(data=FILES, sizes=st.sets(st.integers(1, 64), min_size=1, max_size=3))
@example(data=b'a\n"b\n' + b"c,d\n" * 20 + b'e"\n', sizes={1, 7})
@pytest.mark.slow
def test_any_cut_gives_the_records_of_the_whole(
    data: bytes, sizes: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.csv"
    path.write_bytes(b"n,t\n" + data)
    # Fields, and windows that are looked at, so short that most cuts are made far from the start.
    csv_format = CsvFormat(max_field_bytes=24)
    whole = read_blocks(path, csv_format, 1 << 20)
    for window in (1, 16):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(records, "_FIRST_WINDOW", window)
            for block_bytes in sizes:
                pieces = read_blocks(path, csv_format, block_bytes)
                assert pieces.found == whole.found
                assert pieces.n_blocks >= whole.n_blocks


@settings(max_examples=40)
@given(data=FILES, block_bytes=st.integers(1, 64))
@pytest.mark.slow
def test_every_record_is_clean_or_rejected_once_however_the_file_is_cut(
    data: bytes, block_bytes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(b"n,t\n" + data)
    contract = text_only(["n", "t"], CsvFormat())
    clean, rejected = read_file(path, contract, 1 << 20)
    assert read_file(path, contract, block_bytes) == (clean, rejected)
    rows = by_the_csv_module(data, Grammar())
    if rows is not None:
        assert len(clean) + len(rejected) == len(rows)
