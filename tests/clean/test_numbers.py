"""Numbers as other people write them: decimal commas, groups of digits, words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts import by_row, rules_of
from tests.feeds import Cleaner, write_feed
from toolkit.clean.numbers import parse_numeric, read_written
from toolkit.contract import Integer, Number

COMMA = {"decimal": ","}
GERMAN = {"decimal": ",", "thousands": "."}
ENGLISH = {"thousands": ","}
FRENCH = {"decimal": ",", "thousands": " "}
SWISS = {"thousands": "'"}
IN_WORDS = {"words": {"two": 2, "Zw\u00f6lf": 12, "half": 0.5, "-": 0}}

# How a column is written, what is a number then, and what is none.
WRITTEN: list[tuple[Mapping[str, Any], dict[str, float], str]] = [
    ({}, {"1.7": 1.7, "1e3": 1000.0}, "1,7 200.000.000 100,000.00"),
    (
        COMMA,
        {"1,7": 1.7, "1,": 1.0, ",5": 0.5, "-,5": -0.5, "1,5e3": 1500.0, "+12": 12.0, "007,0": 7.0},
        "1.7 5.25 1,2,3 , 1e2,5 1.000,5 nan inf \u0661,5",
    ),
    (
        GERMAN,
        {"200.000.000": 2e8, "1.234,5": 1234.5, "1234,5": 1234.5, "-1.234": -1234.0, "12,5": 12.5}
        | {"1.234,5e1": 12345.0, ",5": 0.5},
        "12.34 1.2345 .123 1.234. 1.234.56 0.123 00.123 5.25 1,234.5 1234.567 1..234",
    ),
    (
        ENGLISH,
        {"100,000.00": 1e5, "1,234,567.5": 1234567.5, "1234.5": 1234.5, "-1,000": -1000.0}
        | {"5.25": 5.25, ".5": 0.5},
        "300,0,00.40 1,7 12,5 ,100 1,000,00 1,0000 1000,000 1.5,000",
    ),
    (
        FRENCH,
        {"1 234,5": 1234.5, "1\u00a0234,5": 1234.5, "1\u202f234\u00a0567": 1234567.0},
        "1.234,5 12\u00a034 1\u00a0\u00a0234 1,5\u202f000",
    ),
    (SWISS, {"1'234.50": 1234.5, "1\u2019234": 1234.0}, "1'23 '123 1''234"),
    (
        IN_WORDS,
        {"two": 2.0, "TWO": 2.0, "ZW\u00d6LF": 12.0, "half": 0.5, "-": 0.0, "2": 2.0, "-1": -1.0},
        "three twotwo --",
    ),
]


@pytest.mark.parametrize(
    ("written", "numbers", "others"), WRITTEN, ids=[str(w[0]) for w in WRITTEN]
)
def test_numbers_as_they_are_written(
    written: Mapping[str, Any], numbers: dict[str, float], others: str
) -> None:
    column = Number(kind="number", **written)
    texts = [*numbers, "", *others.split(" ")]
    together = read_written(column, pa.array(texts))[0].tolist()
    alone = [float(read_written(column, pa.array([text]))[0][0]) for text in texts]
    for values in (together, alone):
        assert values[: len(numbers)] == [*numbers.values()]
        assert all(map(math.isnan, values[len(numbers) :]))


@given(
    value=st.integers(-(10**12), 10**12),
    decimals=st.integers(0, 3),
    signs=st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'")]),
    grouped=st.booleans(),
)
def test_what_was_written_with_these_signs_reads_as_the_number(
    value: int, decimals: int, signs: tuple[str, str], grouped: bool
) -> None:
    number = value / 10**decimals
    english = f"{number:,.{decimals}f}" if grouped else f"{number:.{decimals}f}"
    decimal, thousands = signs
    text = english.translate(str.maketrans(".,", decimal + thousands))
    column = Number(kind="number", decimal=decimal, thousands=thousands)  # type: ignore[arg-type]
    assert read_written(column, pa.array([text]))[0].tolist() == [number]


def test_a_column_of_two_decimal_signs_is_read_by_the_declared_one(tmp_path: Path) -> None:
    """Never a guess a cell: what the other sign wrote is rejected, and so it is seen."""
    columns = {"n": {"kind": "number", "decimal": ",", "reason": "bad"}, "id": {"kind": "text"}}
    rules = rules_of({"name": "n", "columns": columns, "reasons": ["bad"]})
    rows = [("12,5", "007"), ("5.25", "1"), ("7", "0012")]
    found = by_row(Cleaner(rules, tmp_path)(write_feed(rows, ["n", "id"])))
    assert found == [{"n": 12.5, "id": "007"}, "bad", {"n": 7.0, "id": "0012"}]


CHANGES: list[tuple[Number | Integer, dict[str, set[str]]]] = [
    (
        Number(kind="number", default=0.5, clip=(0, 1)),
        {"": {"default"}, "x": {"default"}, "2": {"clipped"}, "-1": {"clipped"}, "1": set()}
        | {"0.3": set(), "-0": set()},
    ),
    (Number(kind="number", reason="bad"), {"": set(), "2": set()}),
    (
        Integer(kind="integer", floor=0, default=3, reason="bad"),
        {"2": set(), "2.0": set(), "2.4": {"rounded"}, "-0.4": {"rounded"}, "": {"default"}}
        | {"-3": {"raised to floor"}, "-3.6": {"rounded", "raised to floor"}, "1e400": set()},
    ),
    (
        Integer(kind="integer", words={"two": 2, "half": 0.5, "minus": -1}, floor=0, reason="bad"),
        {"two": {"words"}, "half": {"words", "rounded"}, "minus": {"words", "raised to floor"}}
        | {"3": set(), "three": set()},
    ),
]


@pytest.mark.parametrize(("column", "values"), CHANGES)
def test_what_was_repaired_is_known_by_value(
    column: Number | Integer, values: dict[str, set[str]]
) -> None:
    parsed = parse_numeric(column, pa.array(values, pa.string()), {"bad": 4})
    found = [{how for how, mask in parsed.changes.items() if mask[n]} for n in range(len(values))]
    assert found == [*values.values()]
    assert all(mask.any() for mask in parsed.changes.values())
