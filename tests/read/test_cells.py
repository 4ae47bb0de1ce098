"""Cells as rules see them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import PADDING
from toolkit.contract import Contract, Text
from toolkit.read.cells import read_cells, strip
from toolkit.settings.config import read_contract


def test_white_space_and_nuls_are_stripped_and_nothing_else() -> None:
    letters = [
        *PADDING,
        *map(chr, range(0x300)),
        *map(chr, range(0x2000, 0x2100)),
        *"\u180e\ufeff",
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


# How a column is declared, with values and what its rules see of them.
CELLS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"null_words": ["NULL", "-"]}, {" NULL": "", "null": "null", "-": "", "a-": "a-", "": ""}),
    ({}, {"ERROR": "", " UNKNOWN ": "", "error": "error"}),
    ({"null_words": []}, {"ERROR": "ERROR"}),
    ({"null_words": ["NA"]}, {"ERROR": "ERROR", "NA": ""}),
    (
        {"prefix": ["$", "US$"]},
        {"$5": "5", " $ 5": "5", "US$5": "5", "$$5": "5", "5$": "5$", "$": "", "$-5": "-5"},
    ),
    ({"prefix": [".", "a"]}, {".b": "b", "ab": "b", "b": "b", "xab": "xab", "a.a b": "b"}),
    (
        {"suffix": [".0", " EUR", "\u20ac"]},
        {"17850.0": "17850", "1750": "1750", "5 EUR": "5", "5EUR": "5EUR", "5\u00a0\u20ac": "5"}
        | {"5.0.0": "5", "5.0 EUR": "5", "5.05": "5.05", ".0": "", "EUR": "EUR"},
    ),
    ({"prefix": ["("], "suffix": [")"]}, {"(a)": "a", "((a": "a", "(": "", "()": ""}),
    ({"suffix": [".0"]}, {"ERROR.0": "", "ERROR": ""}),
    ({"kind": "text", "case": "upper"}, {"a1\u00e9": "A1\u00c9", " b": "B", "error": ""}),
    ({"kind": "text", "case": "lower", "prefix": ["nr"]}, {"NR 7": "7", "nR7": "7", "N7": "n7"}),
]


def contract_with(**column: Any) -> Contract:
    """One column x, in a contract whose null words are ERROR and UNKNOWN."""
    columns = {"x": {"kind": "email"} | column}
    return read_contract({"name": "n", "null_words": ["ERROR", "UNKNOWN"], "columns": columns})


@pytest.mark.parametrize(("column", "cells"), CELLS, ids=[str(column) for column, _ in CELLS])
def test_cells_as_rules_see_them(column: dict[str, Any], cells: dict[str, str]) -> None:
    contract = contract_with(**column)
    assert read_cells(contract, "x", pa.array(cells)).to_pylist() == [*cells.values()]
    again = read_cells(contract, "x", pa.array(cells.values()))
    assert again.to_pylist() == [*cells.values()]


trims = st.lists(st.text(st.sampled_from(" \u00a0ab.$\\"), min_size=1, max_size=3), max_size=3)


@given(
    texts=st.lists(st.text(st.sampled_from(" \u00a0abAB.$\\")), min_size=1, max_size=20),
    prefix=trims,
    suffix=trims,
    words=st.lists(st.text(st.sampled_from("abAB"), max_size=2), max_size=2),
    case=st.sampled_from([None, "upper", "lower"]),
)
def test_what_was_read_reads_as_itself(
    texts: list[str], prefix: list[str], suffix: list[str], words: list[str], case: str | None
) -> None:
    column = Text(
        kind="text",
        prefix=tuple(prefix),
        suffix=tuple(suffix),
        null_words=tuple(words),
        case=case,  # type: ignore[arg-type]
    )
    contract = Contract(name="n", columns={"x": column})
    once = read_cells(contract, "x", pa.array(texts))
    assert read_cells(contract, "x", once).to_pylist() == once.to_pylist()
    for text in once.to_pylist():
        assert text == text.strip(PADDING)
        assert not text.startswith(tuple(prefix) or "\0")
        assert not text.endswith(tuple(suffix) or "\0")


def test_a_long_run_of_prefixes_takes_no_time() -> None:
    contract = contract_with(prefix=["$"], suffix=["0"])
    texts = pa.array(["$" * 1_000_000 + "1", "1" + "0" * 1_000_000])
    assert read_cells(contract, "x", texts).to_pylist() == ["1", "1"]
