"""Delimiter, quote and header, by the first records."""

from __future__ import annotations

import pytest

from toolkit.errors import InputError
from toolkit.read.dialect import Dialect, detect_dialect


def told(text: str, delimiter: str | None = None) -> Dialect:
    return detect_dialect(text, "feed.csv", whole=True, delimiter=delimiter)


@pytest.mark.parametrize(
    ("text", "delimiter", "quote"),
    [
        ("id,name\n1,Lamp\n", ",", '"'),
        ("id;name\n1;Lamp\n2;Desk\n", ";", '"'),
        ("id\tname\n1\tLamp\n", "\t", '"'),
        ("id|name\n1|Lamp\n", "|", '"'),
        # Decimal commas are no delimiters, quoted delimiters none either.
        ("id;price\n1;2,50\n2;3\n3;1,25\n", ";", '"'),
        ('id,text\n1,"a;b;c"\n2,"d;e;f"\n', ",", '"'),
        ('id,text\n1,"two\nlines"\n2,x\n', ",", '"'),
        ("id;text\n1;'a;b'\n2;'c'\n3;'d;e'\n", ";", "'"),
        # An apostrophe in a word is no quote.
        ("id,text\n1,it's\n2,'tis\n3,x\n", ",", '"'),
        ("name\nx\ny\n", ",", '"'),
    ],
)
def test_the_dialect_is_reported(text: str, delimiter: str, quote: str) -> None:
    found = told(text)
    assert (found.delimiter, found.quote) == (delimiter, quote)


def test_ragged_rows_do_not_hide_the_delimiter() -> None:
    rows = "".join(f"{n},Lamp {n},2.5\n" for n in range(30))
    found = told(f"id,name,price\n{rows}31,short\n32,too,long,by,far\n")
    assert found.delimiter == ","
    assert "3 fields in 93.9 % of the first 33 records" in found.evidence


def test_a_very_long_field_does_not_hide_what_stands_before_it() -> None:
    found = told(f"id;text\n1;a\n2;b\n3;{'x' * 200_000}\n4;c\n")
    assert found.delimiter == ";"


def test_a_given_delimiter_is_not_questioned() -> None:
    assert told("a;b,c\n1;2,3\n", delimiter=",").delimiter == ","


def test_a_rival_and_a_single_column_are_doubts() -> None:
    assert any("semicolon would" in doubt for doubt in told("a;b,c\n1;2,3\n4;5,6\n").doubts)
    assert any("one column" in doubt for doubt in told("name\n1\n2\n").doubts)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no header, the file is empty (0 records)"),
        ("\n\r\n", "no header, the file is empty (0 records)"),
        (
            "1,Lamp,2.50\n2,Desk,3.50\n",
            "has no header: its first record reads like data: 2 of its 3 cells are numbers,",
        ),
        ("2024-01-05,x\n2024-01-06,y\n", "has no header: its first record reads like data"),
        ("7,8\n", "has no header: its only record reads like data"),
        (
            "Sales 2024\n1,Lamp,2.50\n2,Desk,3.50\n",
            "has no header: its first record is 'Sales 2024'",
        ),
        ("\x00\x01\x02\x03PNG\x04\x05\n\x07\x08", "it is full of control characters"),
    ],
)
def test_what_has_no_header_is_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(InputError) as caught:
        told(text)
    assert str(caught.value).startswith("feed.csv: ")
    assert why in str(caught.value)


KEYS: dict[str, tuple[str, dict[str, object]]] = {
    "a title": ("Sales 2024\nid,name\n1,Lamp\n2,Desk\n", {"skip_until": "header"}),
    "a pair above": (
        "Till;3\n\nid;name;price;qty\n1;Lamp;2,50;1\n2;Desk;3;1\n",
        {"skip_until": "header"},
    ),
    "a nameless column": (",name\n0,Lamp\n1,Desk\n", {}),
    "a nameless column among three": ("id,,price\n1,Lamp,2\n2,Desk,3\n", {}),
    "a header with a hash": ("#,name\n1,Lamp\n2,Desk\n", {}),
    "numbers with a hash": ("id,name\n#1,Lamp\n#2,Desk\n", {}),
    "both": ("id,name\n#1,Lamp\n# page\n#2,Desk\n", {}),
    "comments": ("# by till\nid,name\n1,Lamp\n#\n2,Desk\n", {"comment": "#"}),
    "comments like records": (
        '# a, "b\n# x,y,1\nid,name,n\n1,Lamp,2\n2,Desk,3\n',
        {"comment": "#"},
    ),
    "escaped delimiters": ("id|name\n1|a\\|b\n2|x\n3|y\n", {"escape": "\\"}),
    "blanks before every quote": (
        '"id", "name"\n"1", "Lamp, big"\n"2", "Desk, x"\n',
        {"blanks_around_quotes": True},
    ),
    "a hash in a cell": ('id,text\n1,"two\n# lines"\n2,x\n', {}),
    "null words below the header": ("id,a,b\n-,n/a,-\n2,3,4\n3,4,5\n4,5,6\n", {}),
    "units": ("id,a,b\n,kg,EUR\n2,3,4\n3,4,5\n4,5,6\n", {"skip_below_header": 1}),
    "one number only": ("id,name\nnone yet,x\n2,y\n3,z\n4,z\n", {}),
    "a folder's backslash": ('id,path\n1,"C:\\x\\"\n2,"D:\\"\n', {}),
    "an empty last column": ("id,name,\n1,Lamp,\n2,Desk,\n", {}),
    "delimiters at the end": ("id,name\n1,Lamp,\n2,Desk,\n", {"trailing_delimiter": True}),
    "one more cell": ("id,name\n1,Lamp,x\n2,Desk,\n3,Pen,\n", {}),
}


@pytest.mark.parametrize(("text", "keys"), KEYS.values(), ids=list(KEYS))
def test_what_is_no_record_is_found(text: str, keys: dict[str, object]) -> None:
    assert told(text).keys == keys
