"""Numbers as they are written, in whatever way, their limits and their repairs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.clean.parsed import BAD, REASONS, outcomes, parse_cells
from tests.contracts import by_row, rules_of
from tests.feeds import Cleaner, write_feed
from toolkit.clean.kinds.number import read_numbers, read_written
from toolkit.clean.parsed import OK
from toolkit.contract import Integer, Number


def numbers(texts: Sequence[str]) -> list[float | None]:
    return [None if math.isnan(v) else v for v in read_numbers(pa.array(texts, pa.string()))]


NUMBERS = {
    "7": 7.0, "+7": 7.0, "-7": -7.0, "007": 7.0, "1.": 1.0, ".5": 0.5, "-.5": -0.5, "1e3": 1000.0,
    "1E3": 1000.0, "1e+3": 1000.0, "1.5e-3": 0.0015, ".5e1": 5.0, "5.e1": 50.0, "-0": 0.0,
    "0.1": 0.1, "1e400": math.inf, "-1e400": -math.inf, "1e-400": 0.0, "9" * 400: math.inf,
    "0.1000000000000000055511151231257827021181583404541015625": 0.1,
    "9007199254740993": 9007199254740992.0, "2.2250738585072011e-308": 2.2250738585072011e-308,
}  # fmt: skip
NO_NUMBERS = [
    "", ".", "+", "-", "e5", ".e5", "1e", "1e+", "1e1.5", "1.2.3", "--1", "+-1", "1-", "nan", "NaN",
    "-nan", "inf", "INF", "+inf", "-Infinity", "infinity", "1_000", "1,5", "1,000.00", "1 000",
    "$5", "5$", "€5", "5%", "0x1A", "0b1", "1f", "1d5", "1L", "(5)", "\u0661", "\uff11", "²", "½",
    "1\x00",
    "\x001", "1\n", "two", "N/A", "NULL", "true", "1e5e5", "\u22125", "1 e5", "nan(1)", " 5",
]  # fmt: skip


@pytest.mark.parametrize("beside", [[], ["x"]], ids=["all numbers", "beside a word"])
@pytest.mark.parametrize(("text", "value"), NUMBERS.items(), ids=[t[:12] for t in NUMBERS])
def test_numbers(text: str, value: float, beside: list[str]) -> None:
    assert numbers([text, *beside])[0] == value


@pytest.mark.parametrize("beside", [[], ["1.5"]], ids=["alone", "beside a number"])
@pytest.mark.parametrize("text", NO_NUMBERS, ids=ascii)
def test_no_numbers(text: str, beside: list[str]) -> None:
    assert numbers([text, *beside])[0] is None


@settings(max_examples=300)
@given(
    texts=st.lists(
        st.one_of(
            st.text("0123456789+-.eE", max_size=8),
            st.from_regex(r"[+-]?[0-9]{0,20}\.?[0-9]{0,20}([eE][+-]?[0-9]{1,3})?", fullmatch=True),
            st.floats().map(repr),
            st.sampled_from(["nan", "inf", "-inf", "1_0", "٣"]),
        ),
        max_size=5,
    )
)
@pytest.mark.slow
def test_numbers_are_what_float_makes_of_the_grammar(texts: list[str]) -> None:
    assert numbers(texts) == [oracle.read_number(text) for text in texts]


NUMBER_LIMITS = [
    (Number(kind="number", reason="bad", above=0, below=50000), "0", 0.0, BAD),
    (Number(kind="number", reason="bad", above=0, below=50000), "-0.01", -0.01, BAD),
    (Number(kind="number", reason="bad", above=0, below=50000), "5e-324", 5e-324, OK),
    (Number(kind="number", reason="bad", above=0, below=50000), "49999.99", 49999.99, OK),
    (Number(kind="number", reason="bad", above=0, below=50000), "50000", 50000.0, BAD),
    (Number(kind="number", reason="bad", above=0, below=50000), "1e400", math.inf, BAD),
    (Number(kind="number", reason="bad", above=0, below=50000), "two", None, BAD),
    (Number(kind="number", reason="bad"), "two", None, BAD),
    (Number(kind="number", reason="bad"), "-1e9", -1e9, OK),
    (Number(kind="number", reason="bad", min=0, max=1), "0", 0.0, OK),
    (Number(kind="number", reason="bad", min=0, max=1), "1", 1.0, OK),
    (Number(kind="number", reason="bad", min=0, max=1), "1.0000001", 1.0000001, BAD),
    (Number(kind="number", default=0, clip=(0, 1)), "two", 0.0, OK),
    (Number(kind="number", default=0, clip=(0, 1)), "", 0.0, OK),
    (Number(kind="number", default=0, clip=(0, 1)), "nan", 0.0, OK),
    (Number(kind="number", default=0, clip=(0, 1)), "2.5", 1.0, OK),
    (Number(kind="number", default=0, clip=(0, 1)), "-0.1", 0.0, OK),
    (Number(kind="number", default=0, clip=(0, 1)), "1e400", 1.0, OK),
    (Number(kind="number", default=0, clip=(0, 1)), "-1e400", 0.0, OK),
    (Number(kind="number", default=5, clip=(0, 1)), "two", 1.0, OK),
]


@pytest.mark.parametrize(("column", "text", "value", "code"), NUMBER_LIMITS)
def test_number_limits(column: Number, text: str, value: float | None, code: int) -> None:
    parsed = parse_cells(column, pa.array([text]), REASONS)
    assert outcomes(parsed, 1) == [(value, code)]


@pytest.mark.parametrize("text", ["-0", "-0.0", "-1e-400", "-5"])
def test_a_clipped_zero_has_no_sign(text: str) -> None:
    column = Number(kind="number", default=0, clip=(0, 1))
    assert repr(parse_cells(column, pa.array([text]), {}).values.tolist()) == "[0.0]"


QUANTITIES: dict[str, tuple[float | None, int]] = {
    "1": (1, OK), "0": (0, BAD), "0.4": (0, BAD), "0.5": (0, BAD), "0.50000001": (1, OK),
    "1.5": (2, OK), "2.5": (2, OK), "3.5": (4, OK), "-0.5": (0, BAD), "-3": (0, BAD),
    "-1e400": (0, BAD), "50": (50, OK), "1e3": (1000, OK), "two": (None, BAD), "": (None, BAD),
    "nan": (None, BAD), "4503599627370497.5": (4503599627370498, OK),
    "9007199254740991": (9007199254740991, OK), "1e18": (10**18, OK), "1e400": (math.inf, OK),
}  # fmt: skip


@pytest.mark.parametrize(("text", "outcome"), QUANTITIES.items())
def test_whole_numbers(text: str, outcome: tuple[float | None, int]) -> None:
    column = Integer(kind="integer", reason="bad", floor=0, above=0)
    parsed = parse_cells(column, pa.array([text]), REASONS)
    assert outcomes(parsed, 1) == [outcome]
    assert not np.signbit(parsed.values)[0]


def test_whole_number_without_floor_or_with_a_default() -> None:
    bare = Integer(kind="integer", reason="bad", min=-2)
    repaired = Integer(kind="integer", default=7)
    texts = pa.array(["-2.5", "-3.5", "x"])
    assert outcomes(parse_cells(bare, texts, REASONS), 3) == [(-2, OK), (-4, BAD), (None, BAD)]
    assert outcomes(parse_cells(repaired, texts, REASONS), 3) == [(-2, OK), (-4, OK), (7, OK)]


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
    parsed = parse_cells(column, pa.array(values, pa.string()), {"bad": 4})
    found = [{how for how, mask in parsed.changes.items() if mask[n]} for n in range(len(values))]
    assert found == [*values.values()]
    assert all(mask.any() for mask in parsed.changes.values())
