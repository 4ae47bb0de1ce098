"""Cells as rules see them."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import PADDING
from toolkit.contract import Text
from toolkit.read.cells import read_cells, strip


def test_white_space_nuls_and_marks_are_stripped_and_nothing_else() -> None:
    letters = [
        *PADDING,
        *map(chr, range(0x300)),
        *map(chr, range(0x2000, 0x2100)),
        "\u180e",
    ]
    assert len(PADDING) > 20
    for shape in ("{0}a{0}", "{0}", "a{0}", "{0}a", "a{0}a", "{0}{0}é{0}"):
        texts = [shape.format(letter) for letter in letters]
        assert strip(pa.array(texts)).to_pylist() == [text.strip(PADDING) for text in texts]


@given(
    texts=st.lists(st.text(st.sampled_from(" \t\u00a0aé\x1c\0")), max_size=5),
    skip=st.integers(0, 3),
)
def test_strip_of_any_slice(texts: list[str], skip: int) -> None:
    sliced = pa.array(texts, pa.string())[skip:]
    assert strip(sliced).to_pylist() == [text.strip(PADDING) for text in texts[skip:]]


def test_null_words_read_as_empty_once_stripped() -> None:
    column = Text(kind="text", null_words=("NULL", "-"))
    cells = read_cells(column, pa.array([" NULL", "null", "-", "a-", ""]))
    assert cells.to_pylist() == ["", "null", "", "a-", ""]
