"""Lines of a feed that are no records: above the header, below it, comments; and odd quoting."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.contracts import rules_of
from tests.feeds import Cleaned, Cleaner, plain
from toolkit.clean.evaluate import Rules
from toolkit.errors import InputError
from toolkit.read.blocks import passed_over_notes
from toolkit.read.header import read_header
from toolkit.read.parse import Selection
from toolkit.read.reader import reader_of
from toolkit.read.sources import find_sources

COLUMNS = {
    "order": {"kind": "text"},
    "item": {"kind": "text"},
    "price": {"kind": "number", "reason": "no_price"},
}
ROWS = b'1,Lamp,2.50\n2,"Desk, big\n#1",3\n3,Chair,x\n4,Pen,1\n'


def rules_with(**csv: Any) -> Rules:
    return rules_of({"name": "shop", "csv": csv, "columns": COLUMNS, "reasons": ["no_price"]})


def clean(folder: Path, rules: Rules, data: bytes, n_blocks: int = 1) -> Cleaned:
    return Cleaner(rules, folder)(data, n_blocks)


def passed_over(folder: Path, rules: Rules, data: bytes) -> dict[str, int]:
    path = folder / "feed.csv"
    path.write_bytes(data)
    return dict(read_header(path, "feed.csv", rules.contract).passed_over)


ODD: dict[str, tuple[dict[str, Any], bytes]] = {
    "sep": ({}, b"sep=,\r\norder,item,price\n" + ROWS),
    "quoted sep after a mark": ({}, b'\xef\xbb\xbf"sep=,"\norder,item,price\n' + ROWS),
    "titles": (
        {"skip_until": "header"},
        b'Sales "report\nPrinted by,J. Doe\n\n"a,\norder,item,price\n' + ROWS,
    ),
    "units": ({"skip_below_header": 1}, b"order,item,price\n-,-,EUR\n" + ROWS),
    "comments": (
        {"comment": "#"},
        b"# it's \"new\norder,item,price\n#\n" + ROWS + b'#"\n# end, "of" file',
    ),
    "all": (
        {"skip_until": "header", "skip_below_header": 2, "comment": "#"},
        b"sep=,\nReport\n#x\norder,item,price\n\n-,-,EUR\n#y\nt,t,n\n" + ROWS,
    ),
    "escapes": (
        {"escape": "\\"},
        b'order,item,price\n1,Lamp,2.50\n2,Desk\\, big\\\n#1,3\n3,"Chair",x\n4,"Pe\\n",1\n'.replace(
            b"Pe\\n", b"Pen"
        ),
    ),
    "blanks around quotes": (
        {"blanks_around_quotes": True},
        b'order, "item" ,price\n1,"Lamp", 2.50\n2, "Desk, big\n#1" ,3\n'
        b' "3",Chair,x\n4,\t"Pen" ,1\n',
    ),
    "delimiters at the end": (
        {"trailing_delimiter": True},
        b'order,item,price\n1,Lamp,2.50,\n2,"Desk, big\n#1",3,\n3,Chair,x,\n4,Pen,1, \n',
    ),
}


@pytest.mark.parametrize(("csv", "data"), ODD.values(), ids=list(ODD))
def test_records_are_those_of_a_plain_file_wherever_it_is_cut(
    csv: dict[str, Any], data: bytes, tmp_path: Path
) -> None:
    rules = rules_with(**csv)
    want = clean(tmp_path, rules_with(), b"order,item,price\n" + ROWS)
    assert [row["item"] for row in plain(want.clean)] == ["Lamp", "Desk, big\n#1", "Pen"]
    for n_blocks in (1, 2, 3, 5, 1000):
        found = clean(tmp_path, rules, data, n_blocks)
        assert plain(found.clean) == plain(want.clean)
        assert plain(found.rejected) == plain(want.rejected)


def test_each_line_above_and_below_the_header_is_counted(tmp_path: Path) -> None:
    csv, data = ODD["all"]
    rules = rules_with(**csv)
    assert passed_over(tmp_path, rules, data) == {
        "sep= lines": 1, "comments": 2, "lines above the header": 2, "lines below the header": 2,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_lines_are_records_or_passed_over(seed: int, tmp_path: Path) -> None:
    """Every line of a random feed is counted once, however it is cut."""
    chance = random.Random(seed)
    kinds = [b"%d,Lamp,2", b'%d,"De,sk",3', b"# %d, no", b'#"%d', b"%d,x", b'%d,"a"b,c']
    lines = [chance.choice(kinds) % n for n in range(200)]
    data = b"Sales\nof %d\norder,item,price\n-,-,EUR\n" % seed + b"\n".join(lines)
    path = tmp_path / "feed.csv"
    path.write_bytes(data)
    rules = rules_with(skip_until="header", skip_below_header=1, comment="#")
    sources = find_sources([str(path)])
    reader = reader_of(rules.contract)
    n_comments = sum(line.startswith(b"#") for line in lines)
    cells = None
    for block_bytes in (chance.randint(1, 60), chance.randint(60, 900), 1 << 20):
        parsed = [reader.parse(one, Selection()) for one in reader.plan(sources, block_bytes)]
        counts = sum((raw.passed_over for raw in parsed), Counter())
        n_records = sum(raw.n_records for raw in parsed)
        assert counts == {
            "lines above the header": 2, "lines below the header": 1, "comments": n_comments,
        }  # fmt: skip
        assert n_records + sum(counts.values()) + 1 == len(data.split(b"\n"))
        rows = [row for raw in parsed for row in (*plain(raw.table), *raw.malformed.values())]
        cells = cells or sorted(map(str, rows))
        assert sorted(map(str, rows)) == cells


def test_an_order_number_with_a_hash_is_a_record_without_a_comment_key(tmp_path: Path) -> None:
    found = clean(tmp_path, rules_with(), b"order,item,price\n#1001,Lamp,2\n")
    assert [row["order"] for row in plain(found.clean)] == ["#1001"]


def test_text_after_a_trailing_delimiter_is_not_dropped(tmp_path: Path) -> None:
    data = b"order,item,price\n1,Lamp,2,\n2,Desk,3,lost\n3,Pen,4\n4,Pen,5,\n"
    for n_blocks in (1, 4):
        found = clean(tmp_path, rules_with(trailing_delimiter=True), data, n_blocks)
        assert [row["order"] for row in plain(found.clean)] == ["1", "4"]
        assert [(row["source_row"], row["raw_line"]) for row in plain(found.rejected)] == [
            (2, "2,Desk,3,lost"), (3, "3,Pen,4"),
        ]  # fmt: skip


def test_a_null_as_mysql_writes_it_is_a_word_like_others(tmp_path: Path) -> None:
    data = b'order,item,price\n1,\\N,2\n2,"a\\"b",3\n3,"\\\\",4\n4,"\\",5\n'
    found = clean(tmp_path, rules_with(escape="\\"), data)
    assert [row["item"] for row in plain(found.clean)] == ["\\N", 'a"b', "\\"]
    assert [row["raw_line"] for row in plain(found.rejected)] == ['4,"\\",5']


def test_the_note_says_how_many_lines_of_what() -> None:
    counts = {"feed.csv": {"sep= lines": 1, "comments": 1200}, "b.csv": {"comments": 1}, "c": {}}
    assert list(passed_over_notes(counts)) == [
        "feed.csv: 1,201 lines are passed over: 1 sep= line, 1,200 comments",
        "b.csv: 1 line is passed over: 1 comment",
    ]


def test_a_header_that_no_line_has_is_refused_with_the_nearest_line(tmp_path: Path) -> None:
    rules = rules_with(skip_until="header")
    with pytest.raises(InputError, match=r"1 of the contract's columns .*price; .*'cost'"):
        clean(tmp_path, rules, b"Sales\norder,item,cost\n1,Lamp,2\n")
