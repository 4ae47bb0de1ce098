"""Hostile files of our own making: a trap each, read through the whole cleaning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import AS_OF
from tests.contracts import text_only
from tests.feeds import clean_files
from tests.read.hostile import BLANK, HEADER, MALFORMED, Holds, Refused, Rows, read_file
from toolkit.clean.evaluate import Rules
from toolkit.contract import AnyColumn, Category, CsvFormat, Mapped, Text
from toolkit.lookups import Lookup
from toolkit.read.blocks import header_notes, plan_blocks
from toolkit.read.sources import find_sources

# One that hangs fails, long before the suite would.
pytestmark = pytest.mark.timeout(60)

SEMICOLONS = CsvFormat(delimiter=";")
UTF16 = CsvFormat(encoding="utf-16")
SAID: Rows = [("1", "2"), ("3", "4")]
CASES: dict[str, tuple[bytes, Holds | Refused]] = {
    "delimiter in quotes": (b'n,t\n1,"x, y"\n', Holds([("1", "x, y")])),
    "doubled quotes": (b'n,t\n1,"x ""y"""\n', Holds([("1", 'x "y"')])),
    "line ends in a cell": (b'n,t\n1,"x\ny\r\nz\rw"\n', Holds([("1", "x\ny\r\nz\rw")])),
    "JSON in a cell": (b'n,t\n1,"{""k"": [1, {}]}"\n', Holds([("1", '{"k": [1, {}]}')])),
    "letters beyond ASCII": ("n,t\n1,ʒ😀\n".encode(), Holds([("1", "ʒ😀")])),
    "empty cells": (b'n,t\n1,""\n,2\n', Holds([("1", ""), ("", "2")])),
    "never closed, at the end": (
        b'n,t\n1,2\n3,"x\n',
        Holds([("1", "2")], [(2, MALFORMED, '3,"x')]),
    ),
    "never closed, in the middle": (
        b'n,t\n1,"x\n1,2\n3,4\n',
        Holds(SAID, [(1, MALFORMED, '1,"x')]),
    ),
    "bare quote in an unquoted cell": (b'n,t\n1,x "y" z\n', Holds([("1", 'x "y" z')])),
    "bare quote in a quoted cell": (
        b'n,t\n1,2\n9,"x " y"\n3,4\n',
        Holds(SAID, [(2, MALFORMED, '9,"x " y"')]),
    ),
    "bare quotes and delimiters in quotes": (
        b'n;t\n1;2\n9;"x "y" ;z"\n3;4\n',
        Holds(SAID, [(2, MALFORMED, '9;"x "y" ;z"')], csv=SEMICOLONS),
    ),
    "text after a closing quote": (
        b'n,t\n1,2\n"x"y,z\n3,4\n',
        Holds(SAID, [(2, MALFORMED, '"x"y,z')]),
    ),
    "short and long rows": (
        b"n,t\n1,2\n9\n9,9,9\n3,4\n",
        Holds(SAID, [(2, MALFORMED, "9"), (3, MALFORMED, "9,9,9")]),
    ),
    "a bad byte and too many cells": (
        b"n,t\n1,2\n\xff,8,9\n3,4\n",
        Holds(SAID, [(2, MALFORMED, r"\xff,8,9")]),
    ),
    "bad bytes in the data": (
        b"n,t\n1,2\nx,\xc3\x28\xff\n3,4\n",
        Holds(SAID, [(2, MALFORMED, r"x,\xc3(\xff")]),
    ),
    "bad bytes in the header": (b"n,t\xf6\n1,2\n", Refused("the header is not UTF-8 (byte 3)")),
    "nothing at all": (b"", Refused("no header")),
    "nothing but line ends": (b"\r\n\n\r", Refused("no header")),
    "header alone": (b"n,t", Holds()),
    "other names": (b"x,y\n1,2\n", Refused("missing from the header: n, t", names=["n", "t"])),
    "a title above": (b"Sales,\nn,t\n1,2\n", Refused("its header is line 2", names=["n", "t"])),
    "header never closed": (b'"n,t\n1,2\n', Refused("no header")),
    "empty names": (b"n,t,,\n1,2,,\n", Refused("2 columns of the header have no name (columns 3")),
    "repeated names": (b"n,t,n\n1,2,3\n", Refused("the header names a column twice: 'n'")),
    "one empty name": (b"n,\n1,2\n", Holds([("1", "2")])),
    "line breaks and controls in a name": (b'" n\n\x0b1\r\n ",t\n1,2\n3,4\n', Holds(SAID)),
    "quotes in a name": (b"n,it''s\n1,2\n3,4\n", Holds(SAID)),
    "blanks around cells": (b"n,t\n 1 ,\t2\n", Holds([("1", "2")])),
    "null words are text": (b"n,t\nNA,NULL\n", Holds([("NA", "NULL")])),
    "numbers are text": (b"n,t\n007,1e3\n", Holds([("007", "1e3")])),
    "# is data": (b"n,t\n#1,2\n", Holds([("#1", "2")])),
    "NUL in, around and instead of a cell": (
        b"n,t\nx\x00y,\x00 z\x00\n\x00,1\n\x00,\x00\n",
        Holds([("x\x00y", "z"), ("", "1")], [(3, BLANK, None)]),
    ),
    "CR alone": (b'n,t\r1,2\r"3",4\r', Holds(SAID)),
    "CRLF and LF and CR": (b"n,t\r\n1,2\n3,4\r5,6", Holds([*SAID, ("5", "6")])),
    "CR CR LF": (b"n,t\r\r\n1,2\r\r\n3,4\r\r\n", Holds(SAID)),
    "UTF-8 mark": (b"\xef\xbb\xbfn,t\n1,2\n3,4\n", Holds(SAID)),
    "UTF-8 mark, read as cp1252": (
        b"\xef\xbb\xbfn,t\n1,2\n",
        Refused("mark of UTF-8", names=["n", "t"], csv=CsvFormat(encoding="cp1252")),
    ),
    "UTF-16": ("n,t\n1,2\n".encode("utf-16"), Refused("set dataset.csv.encoding=utf-16,")),
    "UTF-16 as told": ("n,t\n1,ʒ\n".encode("utf-16"), Holds([("1", "ʒ")], csv=UTF16)),
    "latin-1 as told": (b"n,t\n1,\xe9\n", Holds([("1", "é")], csv=CsvFormat(encoding="latin-1"))),
    "latin-1 unsaid": (b"n,t\n1,\xe9\n", Holds(rejected=[(1, MALFORMED, r"1,\xe9")])),
    "empty lines before the header": (b"\n\r\n\nn,t\n1,2\n3,4\n", Holds(SAID)),
    "hundreds of empty lines": (b"n,t\n1,2\n" + b"\n" * 300 + b"3,4\n", Holds(SAID)),
    "rows with nothing in them": (b"n,t\n1,2\n,\n3,4\n", Holds(SAID, [(2, BLANK, None)])),
    "the header again": (b"n,t\n1,2\nn,t\n3,4\n", Holds(SAID, [(2, HEADER, None)])),
    "the header again, padded": (b"n ,t\n1,2\n n,t\n3,4\n", Holds(SAID, [(2, HEADER, None)])),
    "files with marks put together": (
        b"\xef\xbb\xbfn,t\n1,2\n\xef\xbb\xbfn,t\n3,4\n\xef\xbb\xbf\n",
        Holds(SAID, [(2, HEADER, None), (4, MALFORMED, "\ufeff")]),
    ),
    "a long cell that is no end": (
        b'n,t\n1,"' + b"x" * (1 << 21) + b'"\n1,2\n3,4\n',
        Holds(SAID, [(1, MALFORMED, '1,"' + "x" * (1 << 21) + '"')]),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "case"), CASES.values(), ids=list(CASES))
@pytest.mark.slow
def test_the_sound_outcome(data: bytes, case: Holds | Refused, tmp_path: Path) -> None:
    case.check(data, tmp_path / "a file.csv")


REPEATS = {
    "as the file has it": "Order ID,Net_Price",
    "as the contract has it": "order_id,net price",
    "one of each, padded": " order_id ,\tNet_Price",
}


@pytest.mark.parametrize("repeat", REPEATS.values(), ids=list(REPEATS))
@pytest.mark.parametrize("block_bytes", [1, 1 << 20])
def test_a_header_that_comes_again_is_none_of_the_rows(
    repeat: str, block_bytes: int, tmp_path: Path
) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(f"Order ID,Net_Price\n1,2\n{repeat}\nOrder ID,3\n")
    contract = text_only(["order_id", "net price"], CsvFormat())
    clean, rejected = read_file(path, contract, block_bytes)
    assert clean == [("1", "2"), ("Order ID", "3")]
    assert rejected == [(2, HEADER, None)]


def test_a_header_of_several_lines_comes_again(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text('"Order\nID",x\n1,2\n"Order\nID",x\n')
    clean, rejected = read_file(path, text_only(["order id", "x"], CsvFormat()), 1)
    assert (clean, rejected) == ([("1", "2")], [(2, HEADER, None)])


def test_files_whose_headers_are_written_differently_are_one_feed(tmp_path: Path) -> None:
    headers = {
        "a": "order_id,net",
        "b": "Net,Order ID",
        "c": "NET,ORDER-ID,Note",
        "d": "Net,Order ID",
    }
    for name, header in headers.items():
        (tmp_path / f"{name}.csv").write_text(f"{header}\n{'1,2,' if name == 'c' else '1,2'}\n1\n")
    contract = text_only(["order_id", "net"], CsvFormat())
    inputs = [f"{tmp_path}/*.csv"]
    cleaned = clean_files(Rules(contract, {}, AS_OF), inputs, 1)
    assert cleaned.clean.to_pydict() == {
        "order_id": ["1", "2", "2", "2"],
        "net": ["2", "1", "1", "1"],
    }
    assert cleaned.rejected.column_names[:3] == ["order_id", "net", "Note"]
    assert cleaned.reasons == [MALFORMED] * 4
    notes = [*header_notes(plan_blocks(find_sources(inputs), contract, 1), contract)]
    assert notes == [
        f"the header of {tmp_path}/b.csv and 1 more writes order_id as 'Order ID', net as 'Net'",
        f"the header of {tmp_path}/c.csv writes order_id as 'ORDER-ID', net as 'NET'",
    ]


def test_a_letter_matches_a_lookup_composed_and_not(tmp_path: Path) -> None:
    """Whichever of the two the lookup has."""
    path = tmp_path / "feed.csv"
    path.write_text("a,b,c,key\nü,ü,ü,1\nu\u0308,u\u0308,u\u0308,2\nU\u0308,U\u0308,U\u0308,3\n")
    columns: dict[str, AnyColumn] = {
        "a": Category(kind="category", values="x.json", reason="bad"),
        "b": Mapped(kind="mapped", values="x.json", map="y.json", reason="bad"),
        "c": Text(kind="text", map="z.json"),
    }
    for name in ("ü", "u\u0308"):
        lookups = dict.fromkeys(columns, Lookup.of_names([name]))
        contract = text_only(["a", "b", "c", "key"], CsvFormat())
        contract = replace(contract, columns={**contract.columns, **columns}, reasons=("bad",))
        cleaned = clean_files(Rules(contract, lookups, AS_OF), [str(path)], 1 << 20)
        assert cleaned.reasons == []
        assert cleaned.clean.drop(["key"]).to_pylist() == [dict.fromkeys("abc", name)] * 3
