"""Signs, affixes, groups and units of numbers, read alike by every kind of number."""

from __future__ import annotations

import decimal
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal as Exact
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts import by_row, rules_of
from tests.feeds import Cleaner, write_feed
from toolkit.clean.kinds import Given, parse
from toolkit.read.cells import read_cells
from toolkit.settings.config import read_contract

KINDS: dict[str, dict[str, Any]] = {
    "number": {"kind": "number"},
    "integer": {"kind": "integer"},
    "decimal": {"kind": "decimal", "scale": 4},
}
MINUS = "\u2212"
ACCOUNTS = {"negative": ["(5)", "5-", f"{MINUS}5", "5 CR", "- 5"], "suffix": ["DR", "EUR"]}

# How a column is written, what is a number then, and what is none.
WRITTEN: list[tuple[Mapping[str, Any], dict[str, int], str]] = [
    (
        {"prefix": ["$", "US$"], "thousands": ","},
        {"-$5.00": -5, "$-5.00": -5, "+$5": 5, "- US$ 1,200": -1200, "-$.0": 0, "$5": 5, "-5": -5},
        "--$5|-$-5|($5)|$|-$|5-$",
    ),
    (
        ACCOUNTS | {"prefix": ["$"], "thousands": ","},
        {"(12.0)": -12, "( 12 )": -12, "($1,212.00)": -1212, "$(1,212.00)": -1212, "(7) EUR": -7}
        | {"49.00-": -49, "49 -": -49, "$49-": -49, "49 EUR-": -49, "49- EUR": -49}
        | {f"{MINUS}4": -4, f"{MINUS}$4": -4, f"${MINUS}4": -4, "- 5.00": -5, "-$5": -5, "-5": -5}
        | {"5.00 CR": -5, "5CR": -5, "$5 CR": -5, "5.00 DR": 5, "5": 5, "(1e3)": -1000},
        f"(-5)|-(5)|(5-)|-5-|5--|((5))|(5|5)|()|5,-|(5,)|(1,21)|-5 CR|{MINUS}-5|{MINUS}|CR|5 cr",
    ),
    ({}, {"-5": -5, "+5": 5}, f"(5)|5-|{MINUS}5|- 5|5 CR|5%|5K|1,00,000"),
    (
        {"negative": ["<5>", "H 5", "5 Cr."], "decimal": ",", "thousands": "."},
        {"<1.234,0>": -1234, "H 7": -7, "H7,0": -7, "7 Cr.": -7},
        "<1,234.0>|H|7 Cr|H -7",
    ),
    (
        {"thousands": ",", "groups": "indian", "negative": ["(5)"]},
        {"1,00,000.00": 100_000, "12,34,567": 1_234_567, "-1,23,45,678": -12_345_678}
        | {"(1,00,000)": -100_000, "1,000": 1000, "99": 99, "100000": 100_000},
        "100,000|1,00,00|1,0,000|,00,000|1,00,0000|0,00,000|1.00.000",
    ),
    (
        {"units": {"K": 1000, "M": 1_000_000, "": 1}, "negative": ["(5)"]},
        {
            "1.5K": 1500,
            "2 M": 2_000_000,
            "-3K": -3000,
            "(4K)": -4000,
            "K 5": 5000,
            "9": 9,
            "-9": -9,
        },
        "K|1.5k|1.5KK|K1K|5 B|1,5K|5%",
    ),
    (
        {"units": {"kg": 1000, "g": 1}, "decimal": ",", "thousands": "."},
        {"1,5 kg": 1500, "800 g": 800, "1.200 g": 1200, "-2kg": -2000, "0": 0, "0,00": 0},
        "3|1.5 kg|5 lb|kg|5 g kg",
    ),
]


def read(kind: str, written: Mapping[str, Any], cells: Sequence[str]) -> list[Exact | None]:
    """What each cell is; None for no number."""
    column = KINDS[kind] | {"reason": "bad"} | dict(written)
    contract = read_contract({"name": "n", "columns": {"x": column}, "reasons": ["bad"]})
    strings = read_cells(contract, "x", pa.array(cells, pa.string()))
    known = parse(contract.columns["x"], strings, Given({"bad": 0}, rules_of(PLAIN).as_of)).figures
    values = known.floats.tolist() if known.whole is None else known.whole.tolist()
    scale = known.scale or 0
    return [
        None if float(shown) != float(shown) else Exact(str(value)).scaleb(-scale)
        for value, shown in zip(values, known.floats.tolist(), strict=True)
    ]


PLAIN = {"name": "n", "columns": {"x": {"kind": "text"}}}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("written", "numbers", "others"), WRITTEN, ids=[str(w[0]) for w in WRITTEN]
)
def test_numbers_are_read_as_the_contract_says_and_nothing_else_is(
    written: Mapping[str, Any], numbers: dict[str, int], others: str, kind: str
) -> None:
    assert dict(zip(numbers, read(kind, written, [*numbers]), strict=True)) == numbers
    misread = dict(zip(others.split("|"), read(kind, written, others.split("|")), strict=True))
    assert {cell: value for cell, value in misread.items() if value is not None} == {}


@pytest.mark.parametrize("kind", ["number", "decimal"])
def test_percent_are_hundredths_where_the_contract_says_so(kind: str) -> None:
    cells = ["12%", "12.5 %", "-3%", "0.7%", "100%", "0.12", "0"]
    hundredths = [Exact(text) for text in ("0.12", "0.125", "-0.03", "0.007", "1")]
    assert read(kind, {"units": {"%": 0.01}}, cells) == [*hundredths, None, Exact(0)]
    mixed = [*hundredths, Exact("0.12"), Exact(0)]
    assert read(kind, {"units": {"%": 0.01, "": 1}}, cells) == mixed


def test_units_of_decimals_are_exact_and_keep_the_rules_of_the_column() -> None:
    two = {"scale": 2, "units": {"%": 0.01, "k": 1000, "": 1}}
    cells = {
        "12%": "0.12", "12.5%": None, "1.23456k": "1234.56", "1.234567k": None, "1e1k": None,
        "999999999999999999%": "9999999999999999.99", "1000000000000000000%": None,
        "9999999999999k": "9999999999999000", "10000000000000k": None,
    }  # fmt: skip
    wanted = [None if one is None else Exact(one) for one in cells.values()]
    assert read("decimal", two, [*cells]) == wanted
    rounded = read("decimal", two | {"round": "half_even"}, ["12.5%", "13.5%", "1.234565k"])
    assert rounded == [Exact("0.12"), Exact("0.14"), Exact("1234.56")]


@settings(max_examples=150, deadline=None)
@given(
    units=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=10),
    way=st.sampled_from(
        ["-{}", "({})", "{}-", "{} CR", f"{MINUS}{{}}", "-${}", "$({})", "(${} EUR)"]
    ),
    grouped=st.booleans(),
    kind=st.sampled_from(["number", "decimal"]),
)
@pytest.mark.slow
def test_any_amount_reads_alike_in_every_way_to_write_it(
    units: list[int], way: str, grouped: bool, kind: str
) -> None:
    amounts = [Exact(one).scaleb(-2) for one in units]
    shown = [f"{abs(one):,.2f}" if grouped else f"{abs(one):.2f}" for one in amounts]
    cells = [
        way.format(text) if one < 0 else f"${text}"
        for one, text in zip(amounts, shown, strict=True)
    ]
    written = ACCOUNTS | {"prefix": ["$"], "thousands": ","}
    found = read(kind, written, cells)
    with decimal.localcontext(decimal.Context(prec=15)):
        assert [None if one is None else +one for one in found] == amounts


def test_the_guide_shows_what_is_read() -> None:
    guide = Path(__file__).parents[2] / "docs" / "bring-your-own-data.md"
    blocks = map(
        yaml.safe_load, re.findall(r"```ya?ml\n(.*?)```", guide.read_text("utf-8"), re.DOTALL)
    )
    [columns] = (one["columns"] for one in blocks if "turnover" in one.get("columns", {}))
    cells = {
        "amount": (["-$5.00", "$-5.00", "($5.00)", "5.00-"], [Exact(-5)] * 4),
        "turnover": (["1,00,000.00"], [Exact(100_000)]),
        "discount": (["12%", "0.12"], [Exact("0.12")] * 2),
        "weight": (["800 g", "2 kg", "800"], [Exact("0.8"), Exact(2), None]),
    }
    for name, (texts, numbers) in cells.items():
        column = {key: value for key, value in columns[name].items() if key not in ("reason",)}
        assert read("number", column, texts) == numbers, name


def test_refunds_are_below_zero_and_what_is_doubly_signed_is_rejected(tmp_path: Path) -> None:
    cells = ["$20.00", "($5.50)", "-$6.50", "7.50-", "(-1)", "8.50 CR", "9 DR"]
    amount = {"kind": "number", "prefix": ["$"], "negative": ["(5)", "5-", "5 CR"], "reason": "bad"}
    rules = rules_of({"name": "n", "columns": {"amount": amount}, "reasons": ["bad"]})
    found = by_row(Cleaner(rules, tmp_path)(write_feed([(one,) for one in cells], ["amount"]), 2))
    amounts = [20.0, -5.5, -6.5, -7.5, None, -8.5, None]
    assert found == ["bad" if one is None else {"amount": one} for one in amounts]
