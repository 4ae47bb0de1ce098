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

WRITTEN: list[tuple[Mapping[str, Any], dict[str, float | None]]] = [
    ({}, {"1.7": 1.7, "1,7": None, "200.000.000": None, "100,000.00": None, "1e3": 1000.0}),
    (
        COMMA,
        {"1,7": 1.7, "1,": 1.0, ",5": 0.5, "-,5": -0.5, "1,5e3": 1500.0, "+12": 12.0, "007,0": 7.0}
        | {
            "1.7": None,
            "5.25": None,
            "12,5": 12.5,
            "1,2,3": None,
            ",": None,
            "": None,
            "1e2,5": None,
        }
        | {"1.000,5": None, "nan": None, "inf": None, "\u0661,5": None},
    ),
    (
        GERMAN,
        {"200.000.000": 2e8, "1.234,5": 1234.5, "1234,5": 1234.5, "-1.234": -1234.0, "12,5": 12.5}
        | {"12.34": None, "1.2345": None, ".123": None, "1.234.": None, "1.234.56": None}
        | {"0.123": None, "00.123": None, "5.25": None, "1,234.5": None, "1234.567": None}
        | {"1.234,5e1": 12345.0, "1..234": None, ",5": 0.5},
    ),
    (
        ENGLISH,
        {"100,000.00": 1e5, "1,234,567.5": 1234567.5, "1234.5": 1234.5, "-1,000": -1000.0}
        | {"300,0,00.40": None, "1,7": None, "12,5": None, ",100": None, "1,000,00": None}
        | {"5.25": 5.25, "1,0000": None, "1000,000": None, "1.5,000": None, ".5": 0.5},
    ),
    (
        FRENCH,
        {"1 234,5": 1234.5, "1\u00a0234,5": 1234.5, "1\u202f234\u00a0567": 1234567.0}
        | {"1  234": None, "12 34": None, "1,5 000": None},
    ),
    (SWISS, {"1'234.50": 1234.5, "1\u2019234": 1234.0, "1'23": None, "'123": None}),
    (
        IN_WORDS,
        {"two": 2.0, "TWO": 2.0, "ZW\u00d6LF": 12.0, "half": 0.5, "-": 0.0, "2": 2.0}
        | {"three": None, "two two": None, "": None, "-1": -1.0},
    ),
]


@pytest.mark.parametrize(("written", "numbers"), WRITTEN, ids=[str(w) for w, _ in WRITTEN])
def test_numbers_as_they_are_written(
    written: Mapping[str, Any], numbers: dict[str, float | None]
) -> None:
    column = Number(kind="number", **written)
    together = read_written(column, pa.array(numbers, pa.string()))[0].tolist()
    alone = [read_written(column, pa.array([text]))[0][0] for text in numbers]
    for values in (together, alone):
        assert [None if math.isnan(value) else value for value in values] == [*numbers.values()]


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
    text = english.translate(str.maketrans({".": decimal, ",": thousands}))
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
