"""Where records begin and end, against a machine that reads a character at a time."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.contracts import text_only
from tests.read.machine import Rules, read_all
from toolkit.contract import CsvFormat
from toolkit.read import records
from toolkit.read.blocks import plan_blocks
from toolkit.read.header import COMMENTS
from toolkit.read.parse import Selection, parse_bytes
from toolkit.read.records import Grammar, find_cut, next_start, record_starts, scan
from toolkit.read.sources import find_sources

TINY = Grammar(max_field_bytes=24)
PIECES = [
    b"a", b"b", b"a", b"b", b",", b",", b'"', b"\n", b"\n", b"\r\n", b"\r", b'""', b'","',
    b',"x",', b'"\n', b"x,y\n", b'"a\nb"\n', b'a"b', b'"c"d', b"\xc3\xa9",
]  # fmt: skip
FEEDS = st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)


@pytest.fixture(params=[1, 8, 64])
def window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Windows so small that even short feeds are cut without sight of their beginning."""
    monkeypatch.setattr(records, "_FIRST_WINDOW", request.param)
    return request.param


def cut_everywhere(data: bytes, grammar: Grammar) -> tuple[list[int | None], list[int], list[int]]:
    """For every target byte: what find_cut says, what walking says, and what is right."""
    found, walked, right = [], [], []
    boundaries = read_all(data, grammar.max_field_bytes).boundaries

    def read(start: int, stop: int) -> bytes:
        assert 0 <= start <= stop <= len(data)
        return data[start:stop]

    for target in range(1, len(data) + 1):
        found.append(find_cut(read, target, (0, len(data)), grammar))
        walked.append(next_start(read, 0, (target, len(data)), grammar))
        right.append(next((b for b in boundaries if b >= target), len(data)))
    return found, walked, right


@settings(max_examples=150)
@given(data=FEEDS)
@example(data=b'a\n"b\n' + b"c,d\n" * 20 + b'e"\n')
@example(data=b'"' * 50)
@example(data=b'x,"' + b"\n" * 40 + b'",y\n')
@example(data=b"a\r" * 30)
@example(data=b'x\n"a"bbbbbbb,"c\nd",e\nf\n' * 3)
@example(data=b'"","\r\n"\r\n' * 12)
@pytest.mark.slow
def test_every_cut_is_exact(data: bytes) -> None:
    for window in (1, 8, 64):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(records, "_FIRST_WINDOW", window)
            found, walked, right = cut_everywhere(data, TINY)
        assert walked == right
        assert [r if f is None else f for f, r in zip(found, right, strict=True)] == right


@pytest.mark.parametrize(
    "data",
    [
        b"aaa,bbb\n" * 40,
        b"aaa,bbb\r\n" * 40,
        b'"a\nb","c"\n' * 30,
        b'say "hi",a\n' * 30,
        b'a,""\n' * 30,
    ],
    ids=["plain", "crlf", "quoted newlines", "bare quotes", "empty quoted"],
)
def test_ordinary_text_is_cut_without_reading_it_from_the_start(data: bytes, window: int) -> None:
    found, _, right = cut_everywhere(data, TINY)
    assert found == right


@settings(max_examples=300)
@given(data=FEEDS)
@example(data=b"")
@example(data=b"\r\n\r\n")
@example(data=b'"a""b"')
@example(data=b'a,"b\r\nc",d')
def test_scan_finds_what_reading_letter_by_letter_finds(data: bytes) -> None:
    reading = read_all(data, TINY.max_field_bytes)
    structure = scan(data, TINY)
    assert structure.malformed == reading.malformed
    assert [tuple(span) for span in structure.quoted.tolist()] == reading.quoted
    starts = record_starts(data, structure)
    assert starts.dtype == np.int64
    assert starts.tolist() == [start for start, _, _ in reading.records]


@settings(max_examples=300)
@given(data=FEEDS)
def test_agrees_with_the_csv_module_wherever_that_reads_strictly(data: bytes) -> None:
    try:
        rows = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    except csv.Error:
        return
    rows = [row for row in rows if row]
    if any(len(cell.encode()) > TINY.max_field_bytes // 2 - 2 for row in rows for cell in row):
        return
    structure = scan(data, TINY)
    assert structure.malformed == []
    assert len(record_starts(data, structure)) == len(rows)


# A feed, and what of it is malformed. A letter stands for a sound record.
BROKEN = {
    "never closed": (b'A\nx,"y\nB\nC\n', b'x,"y\n'),
    "never closed, last line": (b'A\nB\nx,"y', b'x,"y'),
    "text after the closing quote": (b'A\n"x"y,z\nB\n', b'"x"y,z\n'),
    "blank after the closing quote": (b'A\n"x" ,z\nB\n', b'"x" ,z\n'),
    "text after a quote that closed a line later": (b'A\n"x\nB"y\nC\n', b'"x\n'),
    "second field, after one with a newline": (b'A\n"x\ny","z\nB\n', b'"x\ny","z\n'),
    "longer than a field may be": (b'A\n"' + b"x" * 30 + b'"\nB\n', b'"' + b"x" * 30 + b'"\n'),
    "crlf": (b'A\r\nx,"y\r\nB\r\n', b'x,"y\r\n'),
    "cr": (b'A\rx,"y\rB\r', b'x,"y\r'),
}


@pytest.mark.parametrize(("data", "line"), BROKEN.values(), ids=list(BROKEN))
def test_a_broken_record_loses_its_own_line_and_no_other(data: bytes, line: bytes) -> None:
    structure = scan(data, TINY)
    assert [data[start:stop] for start, stop in structure.malformed] == [line]


@pytest.mark.parametrize("data", [b'A,b"c\nB,"\nC,d""\n', b'5" nail,"a"\n', b"it's,fine\n"])
def test_a_quote_inside_an_unquoted_field_is_a_letter(data: bytes) -> None:
    data = data.replace(b',"\n', b",x\n")
    assert scan(data, TINY).malformed == []


@pytest.mark.parametrize("length", [22, 23, 24, 25])
def test_the_longest_field_is_counted_from_quote_to_quote(length: int) -> None:
    data = b'A\n"' + b"x" * length + b'",y\n"'
    n_sound = len(scan(data[:-1], TINY).quoted)
    assert n_sound == (length < TINY.max_field_bytes)
    # The same, decided by the slow path: the quote at the end breaks a record.
    assert len(scan(data, TINY).quoted) == n_sound


@pytest.mark.parametrize(("delimiter", "quote"), [(";", "'"), ("\t", '"'), ("|", "`")])
def test_other_delimiters_and_quotes(delimiter: str, quote: str) -> None:
    text = 'A,"b\nc""d",e\n"x"y,z\nB,"w"\n'.replace('"', quote).replace(",", delimiter)
    grammar = Grammar(ord(delimiter), ord(quote), 24)
    structure = scan(text.encode(), grammar)
    assert [text[a:b] for a, b in structure.malformed] == [f"{quote}x{quote}y{delimiter}z\n"]
    assert len(structure.quoted) == 2
    assert len(record_starts(text.encode(), structure)) == 3


def calls_during(work: Callable[[], object]) -> int:
    """How many functions, Python's and C's, are called meanwhile."""
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


MANY_QUOTES = {
    "long cells of quotes": b'1,"' + b'""' * 3000 + b'",x\n',
    "cells of one quote": b'1,"""",""""\n',
    "quotes in cells": b'1,"{""a"": ""b""}",x\n',
    "broken cells": b'1,"a"b"c"d"e",x\n',
}


@pytest.mark.parametrize("line", MANY_QUOTES.values(), ids=list(MANY_QUOTES))
def test_planning_calls_nothing_for_each_quote(line: bytes, tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_bytes(b"a,b,c\n" + line * (1_500_000 // len(line)))
    contract = text_only(["a", "b", "c"], CsvFormat())
    sources = find_sources([str(file)])
    calls = calls_during(lambda: plan_blocks(sources, contract, 300_000))
    assert calls < 5_000


def test_a_scan_of_a_broken_block_calls_nothing_for_each_quote() -> None:
    data = b'"x"y\n' + b'1,"",""\n' * 50_000
    structures = []
    assert calls_during(lambda: structures.append(scan(data, Grammar()))) < 500
    assert structures[0].malformed == [(0, 5)]
    assert len(structures[0].quoted) == 100_000


def test_a_long_walk_is_taken_in_strides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_STRIDE", 50)
    monkeypatch.setattr(records, "_FIRST_WINDOW", 8)
    data = b'1,"a\nb","c""d"\n' * 40
    longest = 0

    def read(start: int, stop: int) -> bytes:
        nonlocal longest
        longest = max(longest, stop - start)
        return data[start:stop]

    record = len(data) // 40
    assert next_start(read, 0, (record * 30 + 1, len(data)), TINY) == record * 31
    assert longest < 200


EXTENDED = {
    "comments": {"comment": ord("#")},
    "escapes": {"escape": ord("\\")},
    "blanks": {"blanks": True},
    "all": {"comment": ord("#"), "escape": ord("\\"), "blanks": True},
}
MORE_PIECES = [
    *PIECES, b"#", b"\n#", b'#"', b'\n#"x,"\n', b"\\", b'\\"', b"\\\\", b"\\\n", b"\\,", b" ",
    b'  "', b', "x y" ,', b'"\t', b'\n "a\n#b" \n',
]  # fmt: skip
MORE_FEEDS = st.lists(st.sampled_from(MORE_PIECES), max_size=50).map(b"".join)


@pytest.mark.slow
@pytest.mark.parametrize("options", EXTENDED.values(), ids=list(EXTENDED))
@settings(max_examples=150)
@given(data=MORE_FEEDS)
@example(data=b'a,b\n# no "x\n1,"#2"\n#"')
@example(data=b'"a\n#b",c\n\n#"\n#\n"d"\n')
@example(data=b'a\\"b,"c\\"d",\\\\\n"e\\\\"\n\\\\\\\\\\\\"x"\n')
@example(data=b'a,  "b\nc"  ,d\n   "e" x\n')
@example(data=b'  "","')
@example(data=b'a","",""\na"\n')
def test_comments_escapes_and_blanks_are_cut_and_parsed_exactly(
    options: dict[str, Any], data: bytes
) -> None:
    grammar = Grammar(max_field_bytes=24, **options)
    reading = read_all(data, Rules(24, **options))

    def read(start: int, stop: int) -> bytes:
        assert 0 <= start <= stop <= len(data)
        return data[start:stop]

    for window in (1, 8, 64):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(records, "_FIRST_WINDOW", window)
            for target in range(1, len(data) + 1):
                right = next((b for b in reading.boundaries if b >= target), len(data))
                assert next_start(read, 0, (target, len(data)), grammar) == right
                assert find_cut(read, target, (0, len(data)), grammar) in (None, right)
    masked = grammar.mask(data)
    structure = scan(masked, grammar)
    assert structure.malformed == reading.malformed
    assert [tuple(span) for span in structure.comments.tolist()] == reading.comments
    assert record_starts(masked, structure).tolist() == [start for start, _, _ in reading.records]
    raw = parse_bytes(data, ["a", "b"], grammar, Selection())
    fit = {n: one for n, (_, _, one) in enumerate(reading.records) if one and len(one) == 2}
    assert raw.n_records == len(reading.records)
    assert raw.passed_over[COMMENTS] == len(reading.comments)
    assert [tuple(row.values()) for row in raw.table.to_pylist()] == [
        tuple(cell.decode() for cell in cells) for cells in fit.values()
    ]
    assert raw.malformed == {
        n: data[start:stop].rstrip(b"\r\n").decode()
        for n, (start, stop, _) in enumerate(reading.records)
        if n not in fit
    }
