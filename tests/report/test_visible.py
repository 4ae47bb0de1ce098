"""What data may hold, and what of it a reader sees."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.pages.render import visible


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words, self.tags = "", set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


def read(text: object, longest: int = 200) -> tuple[str, set[str]]:
    parser = _Words()
    parser.feed(visible(text, longest))
    parser.close()
    return parser.words, parser.tags


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("Lamp", "Lamp"),
        ('<script>alert("1")</script>', '<script>alert("1")</script>'),
        ("a & b &amp; 'c'", "a & b &amp; 'c'"),
        ("nul\x00tab\tend\r\n", r"nul\x00tab\tend\r\n"),
        ("no\xa0break", r"no\xa0break"),
        ("\ufeffbom", r"\ufeffbom"),
        ("over\u202eride", r"over\u202eride"),
        ("half \udcff", r"half \udcff"),
        ("שלום 東京 ß 🎉", "שלום 東京 ß 🎉"),
        (None, "empty"),
        ("", "empty"),
        (17, "17"),
    ],
)
def test_everything_is_seen_and_nothing_acts(raw: object, seen: str) -> None:
    words, tags = read(raw)
    assert words == seen
    assert tags <= {"bdi", "b", "i", "wbr"}


def test_what_is_empty_is_told_apart_from_the_word() -> None:
    assert "i" in read("")[1]
    assert "i" not in read("empty")[1]


def test_what_is_escaped_is_told_apart_from_a_backslash() -> None:
    assert "b" in read("\t")[1]
    assert "b" not in read(r"\t")[1]


def test_long_values_are_cut() -> None:
    words, _ = read("x" * 1_000_000)
    assert words == "x" * 199 + "…"
    assert read("abcdef", longest=6)[0] == "abcdef"


@given(st.text(st.characters(exclude_categories=[]), min_size=1))
def test_any_text_can_be_written_down(text: str) -> None:
    words, tags = read(text, longest=1000)
    assert tags <= {"bdi", "b", "wbr"}
    assert words.isprintable()
    words.encode()
