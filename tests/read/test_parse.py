"""From bytes to raw tables: every record comes out once, as it stood in the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.read.machine import read_all
from toolkit.contract import CsvFormat, text_contract
from toolkit.read.blocks import Block
from toolkit.read.parse import Selection, parse_bytes, read_records
from toolkit.read.reader import CsvReader, near_unique_columns
from toolkit.read.records import Grammar, find_cut, next_start
from toolkit.read.sources import find_sources

SMALL = Grammar(max_field_bytes=40)
Record = tuple[str, ...] | str

PIECES = [
    b"a", b"b", b"a", b",", b",", b",", b'"', b"\n", b"\n", b"\r\n", b"\r", b'""', b'","',
    b',"x",', b'"\n', b"x,y\n", b"x,y,z\r\n", b"NULL", b"\xff", b"\xc3\xa9", b"\xc3", b"\x00",
    b"\x00,,\n", b"\x00,,,\n", b'"p\nq",r\n', b"\xe2\x80\xa8",
]  # fmt: skip
FEEDS = st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)


def records_of(
    data: bytes, names: Sequence[str], plain: Sequence[str] = (), grammar: Grammar = SMALL
) -> list[Record]:
    """All records in file order: a well-formed one's fields, a malformed one's raw text."""
    raw = parse_bytes(data, names, grammar, Selection(frozenset(plain)))
    raw.table.validate(full=True)
    assert raw.table.column_names == list(names)
    assert raw.table.num_rows + len(raw.malformed) == raw.n_records
    places = range(raw.n_records) if raw.rows is None else raw.rows.tolist()
    found: dict[int, Record] = dict(raw.malformed)
    for place, row in zip(places, raw.table.to_pylist(), strict=True):
        assert place not in found
        found[place] = tuple(row.values())
    return [found[place] for place in range(raw.n_records)]


def wanted(data: bytes, n_columns: int, grammar: Grammar = SMALL) -> list[Record]:
    """The same from the letter-by-letter machine."""
    out: list[Record] = []
    for start, stop, fields in read_all(data, grammar.max_field_bytes).records:
        raw = data[start:stop]
        try:
            raw.decode()
        except UnicodeDecodeError:
            fields = None
        if fields is None or len(fields) != n_columns:
            out.append(raw.rstrip(b"\r\n").decode("utf-8", "backslashreplace"))
        else:
            out.append(tuple(field.decode() for field in fields))
    return out


@settings(max_examples=400)
@given(data=FEEDS, n_columns=st.integers(1, 3))
@example(data=b"a,\xff\rb,\xff\rc,d\r", n_columns=2)
@example(data=b"\xff\n", n_columns=1)
@example(data=b'""\n\n""\n', n_columns=1)
@example(data=b"\n\na,b", n_columns=2)
@example(data=b"", n_columns=2)
@example(data=b"\r\n\r\n\n", n_columns=2)
@pytest.mark.slow
def test_nothing_is_lost_or_changed(data: bytes, n_columns: int) -> None:
    names = list("abc")[:n_columns]
    right = wanted(data, n_columns)
    assert records_of(data, names) == right
    assert records_of(data, names, plain=names) == right
    assert records_of(data, names, plain=names[:1]) == right


@settings(max_examples=150)
@given(data=FEEDS, block_bytes=st.sampled_from([1, 5, 13, 30]))
@pytest.mark.slow
def test_any_block_size_gives_the_same_records(data: bytes, block_bytes: int) -> None:
    def read(start: int, stop: int) -> bytes:
        return data[start:stop]

    cuts = [0]
    for target in range(block_bytes, len(data), block_bytes):
        if target > cuts[-1]:
            cut = find_cut(read, target, (0, len(data)), SMALL)
            if cut is None:
                cut = next_start(read, cuts[-1], (target, len(data)), SMALL)
            cuts.append(cut)
    cuts.append(len(data))
    pieces = [
        record
        for start, stop in pairwise(cuts)
        for record in records_of(data[start:stop], ["a", "b"])
    ]
    assert pieces == wanted(data, 2)


# Lines around a broken one, which must not be swallowed: (feed, records).
CASES: dict[str, tuple[bytes, list[Record]]] = {
    "too many fields": (b"1,2\n3,4,5\n6,7\n", [("1", "2"), "3,4,5", ("6", "7")]),
    "too few fields": (b"1,2\n3\n6,7\n", [("1", "2"), "3", ("6", "7")]),
    "quotes of a short record are kept": (b'1,2\n"3 ""x"""\n', [("1", "2"), '"3 ""x"""']),
    "newline in a long record is kept": (b'"3\n4",5,6\n7,8\n', ['"3\n4",5,6', ("7", "8")]),
    "crlf of a bad record is not its text": (b"1,2,3\r\n4,5\r\n", ["1,2,3", ("4", "5")]),
    "bad bytes": (b"1,2\n\xff,\xc3(\n6,7\n", [("1", "2"), r"\xff,\xc3(", ("6", "7")]),
    "bad bytes, line ends of \\r": (b"\xff,1\r\xfe,2\r3,4\r", [r"\xff,1", r"\xfe,2", ("3", "4")]),
    "bad bytes on every line": (b"\xff,1\n" * 3, [r"\xff,1"] * 3),
    "bad bytes and too many fields": (b"\xff,1,2\n3,4\n", [r"\xff,1,2", ("3", "4")]),
    "bad bytes behind newlines": (b'"a\n\xff\n\xfe",1\n3,4\n', ['"a\n\\xff\n\\xfe",1', ("3", "4")]),
    "a letter cut off by the line end": (b"1,\xc3\n3,4\n", [r"1,\xc3", ("3", "4")]),
    "a surrogate": (b"1,\xed\xa0\x80\n3,4\n", [r"1,\xed\xa0\x80", ("3", "4")]),
    "never closed": (b'1,"2\n3,4\n', ['1,"2', ("3", "4")]),
    "text after the closing quote": (b'"1"x,2\n3,4\n', ['"1"x,2', ("3", "4")]),
    "NUL is a letter": (b"1,\x00\n\x00x,4\n", [("1", "\x00"), ("\x00x", "4")]),
    "NUL beside a broken line": (b'\x00,,\n1,"2\n\x00\x00,,\n', ["\x00,,", '1,"2', "\x00\x00,,"]),
    "a byte order mark is a letter": (
        b"\xef\xbb\xbf1,2\n\xef\xbb\xbf\n\xef\xbb\xbf\"3\",4\n",
        [("\ufeff1", "2"), "\ufeff", ("\ufeff\"3\"", "4")],
    ),
    "a byte order mark alone": (b"\xef\xbb\xbf", ["\ufeff"]),
    "empty lines": (b"\n1,2\n\n\r\n3,4\n\n", [("1", "2"), ("3", "4")]),
    "blanks are kept": (b" 1 ,\t2\n", [(" 1 ", "\t2")]),
    "null words are text": (b"NULL,\nNaN,N/A\n", [("NULL", ""), ("NaN", "N/A")]),
    "leading zeros are kept": (b"001,1.10\n", [("001", "1.10")]),
    "no newline at the end": (b"1,2\n3,4", [("1", "2"), ("3", "4")]),
    "one record, no newline": (b"1,2", [("1", "2")]),
    "one bad record, no newline": (b'1,"2', ['1,"2']),
    "mixed line ends": (b"1,2\r\n3,4\n5,6\r7,8", [("1", "2"), ("3", "4"), ("5", "6"), ("7", "8")]),
    "CR CR LF": (b"1,2\r\r\n3,4\r\r\n", [("1", "2"), ("3", "4")]),
    "quoted delimiter and quote": (b'"1,""x""","2\r\n"\n', [('1,"x"', "2\r\n")]),
    "# is data": (b"#1,2\n", [("#1", "2")]),
}  # fmt: skip


@pytest.mark.parametrize(("data", "records"), CASES.values(), ids=list(CASES))
def test_neighbours_of_a_broken_record_stay(data: bytes, records: list[Record]) -> None:
    assert records_of(data, ["a", "b"]) == records
    assert records_of(data, ["a", "b"], plain=["a", "b"]) == records


ONE_COLUMN: dict[str, tuple[bytes, list[Record]]] = {
    "an empty line is no record, two quotes are": (b'1\n\n""\n2\n', [("1",), ("",), ("2",)]),
    "a delimiter makes two fields": (b"1\n2,3\n4\n", [("1",), "2,3", ("4",)]),
    "bad bytes": (b"1\n\xff\n4\n", [("1",), r"\xff", ("4",)]),
    "never closed": (b'1\n"2\n4', [("1",), '"2', ("4",)]),
}  # fmt: skip


@pytest.mark.parametrize(("data", "records"), ONE_COLUMN.values(), ids=list(ONE_COLUMN))
def test_one_column(data: bytes, records: list[Record]) -> None:
    assert records_of(data, ["a"]) == records


@settings(max_examples=150)
@given(rows=st.lists(st.tuples(st.text(), st.text()), max_size=8))
def test_any_text_written_as_csv_is_read_back(rows: list[tuple[str, str]]) -> None:
    rows = [row for row in rows if not any("\ud800" <= c <= "\udfff" for c in "".join(row))]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(rows)
    assert records_of(text.getvalue().encode(), ["a", "b"], grammar=Grammar()) == rows


# Each would take minutes if every broken line looked at all that follows it.
MANY_BROKEN = {
    "undecodable": b"1,\xe9\n" * 40_000 + b"1," + b"x" * (1 << 25) + b"\n",
    "NULs beside a broken line": b'1,"2"x\n' + b"\x00" * (1 << 22) + b"\n",
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("data", MANY_BROKEN.values(), ids=list(MANY_BROKEN))
@pytest.mark.slow
def test_many_broken_lines_take_no_longer_each_than_few(data: bytes) -> None:
    raw = parse_bytes(data, ["a", "b"], Grammar(), Selection())
    assert raw.n_records == data.count(b"\n")
    assert len(raw.malformed) == (40_000 if raw.table.num_rows else 2)


def block_of(path: Path, data: bytes, names: str = "ab", start: int = 0) -> Block:
    path.write_bytes(data)
    [source] = find_sources([str(path)])
    return Block(0, source, tuple(names), start, len(data))


@settings(max_examples=100)
@given(data=FEEDS, picked=st.sets(st.integers(0, 12)))
def test_records_read_anew_are_those_of_the_first_reading(
    data: bytes, picked: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    right = wanted(data, 2)
    places = [n for n in sorted(picked) if n < len(right) and isinstance(right[n], tuple)]
    if not places:
        return
    block = block_of(tmp_path_factory.getbasetemp() / "again.csv", data)
    table = read_records(block, SMALL, np.array(places), len(right))
    assert [tuple(row.values()) for row in table.to_pylist()] == [right[n] for n in places]


def test_records_are_read_anew_from_the_middle_of_a_long_block(tmp_path: Path) -> None:
    """Long enough that only a part of the block is read, and records are uneven in length."""
    short, long = b'1,"x\ny"\n' * 100_000, b'"' + b"z" * 5000 + b'",w\n'
    grammar = Grammar(max_field_bytes=6000)
    places = np.array([0, 399, 400, 50_000, 99_999, 100_399])
    for data, lengths in (
        (short + long * 400, [1, 1, 1, 1, 1, 5000]),
        (long * 400 + short, [5000, 5000, 1, 1, 1, 1]),
    ):
        block = block_of(tmp_path / "long.csv", data)
        for n in (1, 3, 6):
            table = read_records(block, grammar, places[:n], 100_400)
            assert [len(row["a"]) for row in table.to_pylist()] == lengths[:n]


def test_near_unique_columns_are_those_that_keep_bringing_new_values(tmp_path: Path) -> None:
    reader = CsvReader(text_contract({"a": "a", "b": "b"}, CsvFormat(max_field_bytes=1024)))
    rows = "".join(f"id-{n},{n % 7}\n" for n in range(2000))
    assert near_unique_columns(block_of(tmp_path / "a.csv", rows.encode()), reader) == {"a"}
    assert near_unique_columns(block_of(tmp_path / "b.csv", b"1,2\n"), reader) == frozenset()
    assert near_unique_columns(block_of(tmp_path / "c.csv", b""), reader) == frozenset()
    assert near_unique_columns(block_of(tmp_path / "d.csv", b'"\n1\n'), reader) == frozenset()


def test_line_ends_are_counted_outside_of_quotes(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(b'a,b\r\n1,"x\ny\rz"\r\n2,3\n4,"p\r\nq"\r5,6\r\n')
    contract = text_contract({"a": "a", "b": "b"}, CsvFormat())
    [block] = CsvReader(contract).plan(find_sources([str(path)]), 1 << 20)
    found = CsvReader(contract).parse(block, Selection(line_ends=True))
    assert found.line_ends == {"CRLF": 2, "LF": 1, "CR": 1}
    assert not CsvReader(contract).parse(block, Selection()).line_ends
