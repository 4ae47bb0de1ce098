"""Entries go in and out; whatever a person wrote stays as it was, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.lookups.spelling import sort_key
from toolkit.lookups.text import LookupText, Shape

PATH = Path("lookup.json")


def changed(text: str, wanted: dict[str, str], removed: set[str], shape: Shape = "map") -> str:
    return LookupText.parse(text, PATH, shape).with_changes(wanted, removed)


# The file, what is wanted in it, and the file that follows.
CASES: dict[str, tuple[str, dict[str, str], str]] = {
    "in its place": (
        '{\n  "a": "X",\n  "c": "X"\n}\n',
        {"b": "Y"},
        '{\n  "a": "X",\n  "b": "Y",\n  "c": "X"\n}\n',
    ),
    "first": ('{\n  "b": "X"\n}', {"a": "Y"}, '{\n  "a": "Y",\n  "b": "X"\n}'),
    "last": ('{\n  "b": "X"\n}', {"C": "Y"}, '{\n  "b": "X",\n  "C": "Y"\n}'),
    "into nothing": ("{}\n", {"b": "Y", "a": "X"}, '{\n  "a": "X",\n  "b": "Y"\n}\n'),
    "into an open nothing": ("{\n}\n", {"a": "X"}, '{\n  "a": "X"\n}\n'),
    "into a nothing of Windows": ("{}\r\n", {"a": "X"}, '{\r\n  "a": "X"\r\n}\r\n'),
    "line ends of Windows": (
        '\ufeff{\r\n\t"a": "X"\r\n}\r\n',
        {"b": "Y"},
        '\ufeff{\r\n\t"a": "X",\r\n\t"b": "Y"\r\n}\r\n',
    ),
    "minified": ('{"a":"X","c":"X"}', {"b": "Y"}, '{"a":"X","b": "Y","c":"X"}'),
    "odd blanks": (
        '{ "a" : "X" ,\n\n "c" :"X"  }',
        {"b": "Y"},
        '{ "a" : "X" ,\n\n "b": "Y",\n\n "c" :"X"  }',
    ),
    "not sorted": (
        '{\n "z": "X",\n "a": "X"\n}',
        {"b": "Y"},
        '{\n "b": "Y",\n "z": "X",\n "a": "X"\n}',
    ),
    "escapes": (
        '{\n "\\u00e9": "X"\n}',
        {"\x01\u00fc": "Y"},
        '{\n "\\u0001\u00fc": "Y",\n "\\u00e9": "X"\n}',
    ),
    "another target": (
        '{\n "a": "X",\n "b" :  "X"\n}',
        {"b": "Y"},
        '{\n "a": "X",\n "b" :  "Y"\n}',
    ),
    "the same": (
        '{\n "b":"X",\n "a":"\\u0058"\n}',
        {"a": "X"},
        '{\n "b":"X",\n "a":"\\u0058"\n}',
    ),
}


@pytest.mark.parametrize(("text", "wanted", "expected"), CASES.values(), ids=list(CASES))
def test_additions(text: str, wanted: dict[str, str], expected: str) -> None:
    assert changed(text, wanted, set()) == expected


@pytest.mark.parametrize(
    ("removed", "expected"),
    [
        ({"a"}, '{\n  "b": "X",\n  "c": "X"\n}\n'),
        ({"b"}, '{\n  "a": "X",\n  "c": "X"\n}\n'),
        ({"c"}, '{\n  "a": "X",\n  "b": "X"\n}\n'),
        ({"a", "b", "c"}, "{\n}\n"),
    ],
)
def test_removals(removed: set[str], expected: str) -> None:
    text = '{\n  "a": "X",\n  "b": "X",\n  "c": "X"\n}\n'
    assert changed(text, {}, removed) == expected


def test_names() -> None:
    text = '[\n  "Books",\n  "Toys"\n]\n'
    wanted = {"games": "games"}
    assert changed(text, wanted, set(), "names") == '[\n  "Books",\n  "games",\n  "Toys"\n]\n'
    assert changed("[]\n", wanted, set(), "names") == '[\n  "games"\n]\n'


def test_entries_know_their_lines() -> None:
    text = '\ufeff\n{ "a": "X", "b": "X",\r\n\n"c":\n"X" }'
    entries = LookupText.parse(text, PATH, "map").entries
    assert [(e.key, e.value, e.line) for e in entries] == [
        ("a", "X", 2), ("b", "X", 2), ("c", "X", 4),
    ]  # fmt: skip
    assert [text[e.start : e.stop] for e in entries] == ['"a": "X"', '"b": "X"', '"c":\n"X"']


ENTRIES = st.dictionaries(st.text(max_size=4), st.sampled_from("XY"), max_size=6)
BLANK = st.text(" \t\r\n", max_size=3)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A file as odd as a person may write it."""
    entries = draw(ENTRIES)
    pieces = [
        "".join((
            *(draw(BLANK), json.dumps(key, ensure_ascii=draw(st.booleans())), draw(BLANK), ":"),
            *(draw(BLANK), json.dumps(value), draw(BLANK)),
        ))
        for key, value in entries.items()
    ]  # fmt: skip
    bom = draw(st.sampled_from(["", "\ufeff"]))
    return f"{bom}{draw(BLANK)}{{{','.join(pieces) or draw(BLANK)}}}{draw(BLANK)}", entries


@given(written(), ENTRIES, st.data())
def test_a_persons_entries_survive_in_their_order_and_spelling(
    file: tuple[str, dict[str, str]], wanted: dict[str, str], data: st.DataObject
) -> None:
    text, entries = file
    removed = data.draw(st.sets(st.sampled_from(sorted(entries)))) if entries else set()
    removed -= set(wanted)
    before = LookupText.parse(text, PATH, "map")
    after = LookupText.parse(before.with_changes(wanted, removed), PATH, "map")
    expected = {key: value for key, value in entries.items() if key not in removed} | wanted
    assert {e.key: e.value for e in after.entries} == expected
    untouched = [e for e in before.entries if e.key not in removed and e.key not in wanted]
    kept = {e.key for e in untouched}
    assert [text[e.start : e.stop] for e in untouched] == [
        after.text[e.start : e.stop] for e in after.entries if e.key in kept
    ]
    assert after.with_changes(wanted, removed) == after.text


@given(written())
def test_nothing_new_changes_no_byte(file: tuple[str, dict[str, str]]) -> None:
    text, entries = file
    assert changed(text, entries, set()) == text


@given(ENTRIES, ENTRIES)
def test_a_sorted_file_stays_sorted(entries: dict[str, str], more: dict[str, str]) -> None:
    first = changed("{}\n", entries, set())
    after = LookupText.parse(changed(first, {**more, **entries}, set()), PATH, "map")
    keys = [e.key for e in after.entries]
    assert keys == sorted(keys, key=sort_key)
    lines = after.text.splitlines()
    if keys and all(key.isprintable() for key in keys):
        assert len(lines) == len(keys) + 2
