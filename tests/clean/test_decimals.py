"""Decimals are exact: read, limited, computed and compared as Python's own decimals are."""

from __future__ import annotations

import decimal
import re
from collections.abc import Sequence
from decimal import Decimal as Exact
from fractions import Fraction
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.clean.parsed import BAD, parse_cells
from tests.contracts import by_row, rules_of
from tests.feeds import Cleaner, write_feed
from toolkit.arrays import decimal_array
from toolkit.clean.feed import clean_rows, evaluate_feed
from toolkit.clean.parsed import OK
from toolkit.contract.numeric import Decimal

PRICE = {"kind": "decimal", "scale": 2, "reason": "bad"}
WIDE = decimal.Context(prec=400)
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

CELLS = {
    "1": "1.00", "1.5": "1.50", "-1.50": "-1.50", "+.5": "0.50", "5.": "5.00", "-0": "0.00",
    "0.1": "0.10", "1.500": "1.50", "00012.3": "12.30", "1e3": "1000.00", "15e-1": "1.50",
    "12345.6789e-2": None, "1.234e1": "12.34", "1.005": None, "0.001": None, "1e-3": None,
    "9999999999999999.99": "9999999999999999.99", "-9999999999999999.99": "-9999999999999999.99",
    "10000000000000000": None, "1e16": None, "1e999": None, "1e999999999999999999999": None,
    "1e-999999999999999999999": None, "0e999": "0.00", f"1.{'0' * 60}": "1.00",
    f"{'0' * 60}1": "1.00", f"{'9' * 400}": None, f"1.{'0' * 60}1": None,
    "": None, ".": None, "+": None, "-": None, "e5": None, "1e": None, "1_000": None, "0x10": None,
    "nan": None, "inf": None, "1,5": None, "1.5.0": None, "--1": None, "$5": None, "5-": None,
    "(5)": None, "\u0665": None,
}  # fmt: skip


def read(cells: Sequence[str], **keys: Any) -> list[tuple[Exact | None, int]]:
    """What becomes of each cell: a number, or None and the reason."""
    column = Decimal(kind="decimal", reason="bad", **keys)
    parsed = parse_cells(column, pa.array(cells, pa.string()))
    unknown = np.isnan(parsed.figures.floats)
    values = decimal_array(parsed.figures.wholes(), column.arrow_type(), unknown).to_pylist()
    codes = [OK] * len(cells) if parsed.codes is None else parsed.codes.tolist()
    return list(zip(values, codes, strict=True))


def test_cells_are_read_digit_by_digit() -> None:
    found = [(None if one is None else str(one), code) for one, code in read([*CELLS], scale=2)]
    wanted = [(one, BAD if one is None else OK) for one in CELLS.values()]
    assert dict(zip(CELLS, found, strict=True)) == dict(zip(CELLS, wanted, strict=True))


@settings(max_examples=300, deadline=None)
@given(
    cells=st.lists(st.from_regex(NUMBER, fullmatch=True) | st.text("0159.+-e", max_size=45)),
    scale=st.integers(0, 18),
    precision=st.integers(1, 18),
    rounding=st.sampled_from([None, "half_even", "half_up"]),
)
@example([".5", "1.5", "-.5", "0.49999999999999999999999999999999999999999"], 0, 18, "half_even")
@example([".5", "1.5", "-.5", "2.5", "9.5"], 0, 1, "half_up")
@pytest.mark.slow
def test_any_cell_is_what_python_makes_of_it(
    cells: list[str], scale: int, precision: int, rounding: str | None
) -> None:
    precision = max(precision, scale)
    cells = [cell for cell in cells if len(cell.lower().partition("e")[2]) < 5]
    for cell, (value, code) in zip(
        cells, read(cells, scale=scale, precision=precision, round=rounding), strict=True
    ):
        wanted = expected(cell, scale, precision, rounding)
        assert (value, code) == (wanted, BAD if wanted is None else OK), cell


def expected(cell: str, scale: int, precision: int, rounding: str | None) -> Exact | None:
    """In Python's fractions, which round half to even by themselves."""
    if NUMBER.fullmatch(cell) is None:
        return None
    if abs(int(cell.lower().partition("e")[2] or 0)) > 300:
        written = Fraction(0) if Exact(cell) == 0 else Fraction(1, 10**200)
        if written and Exact(cell).adjusted() > 0:
            return None
    else:
        written = Fraction(cell)
    units = written * 10**scale
    if rounding == "half_even":
        units = Fraction(round(units))
    elif rounding == "half_up":
        units = Fraction(int(abs(units) + Fraction(1, 2)) * (1 if units > 0 else -1))
    if units.denominator != 1 or abs(units) >= 10**precision:
        return None
    return Exact(units.numerator).scaleb(-scale, WIDE)


def test_numbers_are_written_as_number_columns_have_them() -> None:
    keys = {"decimal": ",", "thousands": ".", "words": {"frei": 0, "halb": 0.5}}
    found = read(["1.234.567,89", "1.23,4", "0,1", "FREI", "halb", "1,005"], scale=2, **keys)
    assert [value for value, _ in found] == [
        Exact("1234567.89"), None, Exact("0.10"), Exact(0), Exact("0.50"), None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        ({"min": 0.1}, [1, 2]), ({"above": 0.1}, [2]), ({"max": 0.1}, [0, 1]),
        ({"below": 0.1}, [0]), ({"min": 0.095}, [1, 2]), ({"below": 0.105}, [0, 1]),
        ({"max": 1e300}, [0, 1, 2]), ({"min": -1e300}, [0, 1, 2]), ({"max": 0}, []),
    ],
)  # fmt: skip
def test_limits_mean_what_is_written(limit: dict[str, float], kept: list[int]) -> None:
    found = read(["0.09", "0.10", "0.11"], scale=2, **limit)
    assert [n for n, (_, code) in enumerate(found) if code == OK] == kept


def test_limits_of_eighteen_digits_are_exact() -> None:
    top = 999_999_999_999_999_998
    found = read([str(top - 1), str(top), str(top + 1)], scale=0, max=top, above=top - 1)
    assert [code for _, code in found] == [BAD, OK, BAD]


def cleaned(
    folder: Path,
    rows: Sequence[tuple[str, ...]],
    columns: dict[str, Any],
    lookups: dict[str, Any] | None = None,
    n_blocks: int = 2,
    **others: Any,
) -> list[Any]:
    values = {"name": "x", "columns": columns, "reasons": ["bad"], **others}
    return by_row(
        Cleaner(rules_of(values, lookups), folder)(write_feed(rows, [*columns]), n_blocks)
    )


def test_a_derived_column_of_decimals_is_one(tmp_path: Path) -> None:
    columns = {"price": PRICE, "n": {"kind": "integer", "reason": "bad"}}
    derived = {
        "gross": {"formula": "price * n * 1.19"},
        "net": {"formula": "price / 1.19", "decimals": 2},
        "each": {"formula": "price / n", "decimals": 4, "max": 0.3, "reason": "dear"},
    }
    rows = [("0.10", "3"), ("0.70", "1"), ("0.30", "1"), ("0.3", "0"), ("9999999999999999", "100")]
    reasons = ["bad", "dear"]
    found = cleaned(tmp_path, rows, columns, derived=derived, reasons=reasons)
    assert found == [
        {"price": Exact("0.10"), "n": 3, "gross": Exact("0.3570"), "net": Exact("0.08"),
         "each": Exact("0.0333")},
        "dear",
        {"price": Exact("0.30"), "n": 1, "gross": Exact("0.3570"), "net": Exact("0.25"),
         "each": Exact("0.3000")},
        "dear",
        "dear",
    ]  # fmt: skip


def test_a_derived_column_beyond_eighteen_digits_is_rejected_and_never_wrong(
    tmp_path: Path,
) -> None:
    rows = [("99999999.99",), ("9999999999.99",), ("-9999999999999999.99",)]
    found = cleaned(
        tmp_path, rows, {"price": PRICE}, derived={"square": {"formula": "price*price"}}
    )
    square = Exact("9999999998000000.0001")
    assert found[1:] == ["invalid_square"] * 2
    assert found[0] == "invalid_square" if square >= 10**14 else {"square": square}
    smaller = cleaned(
        tmp_path,
        [("9999999.99",)],
        {"price": PRICE},
        derived={"square": {"formula": "price*price"}},
    )
    assert smaller == [{"price": Exact("9999999.99"), "square": Exact("99999999800000.0001")}]


def test_repairs_fill_decimals_exactly(tmp_path: Path) -> None:
    columns = {
        "price": PRICE | {"optional": True},
        "n": {"kind": "integer", "reason": "bad", "optional": True},
        "total": PRICE | {"optional": True},
        "item": {"kind": "text"},
    }
    repairs = [
        {"column": "price", "by": "item", "map": "prices.json"},
        {"column": "total", "formula": "price * n"},
        {"column": "price", "formula": "total / n"},
        {"column": "n", "formula": "total / price"},
    ]
    rows = [
        ("", "3", "", "tea"), ("", "3", "0.30", ""), ("", "3", "1.00", ""), ("0.1", "", "0.3", ""),
        ("0.1", "", "0.35", ""), ("", "1", "", "long"), ("1e15", "1000", "", ""),
        ("0", "", "1", ""),
    ]  # fmt: skip
    lookups = {"prices.json": {"tea": 0.7, "long": 0.12345678901234567}}
    found = cleaned(tmp_path, rows, columns, lookups, repairs=repairs)
    wanted = [
        ("0.70", 3, "2.10"), ("0.10", 3, "0.30"), (None, 3, "1.00"), ("0.10", 3, "0.30"),
        ("0.10", None, "0.35"), (None, 1, None), ("1000000000000000.00", 1000, None),
        ("0.00", None, "1.00"),
    ]  # fmt: skip
    text = {"price": None, "total": None}
    shown = [
        tuple(str(v) if k in text and v is not None else v for k, v in row.items())[:3]
        for row in found
    ]
    assert shown == wanted


def test_a_repair_is_rounded_where_the_contract_says_so(tmp_path: Path) -> None:
    columns = {"a": PRICE | {"round": "half_up"}, "b": PRICE}
    up = cleaned(tmp_path, [("", "0.25")], columns, repairs=[{"column": "a", "formula": "b / 10"}])
    even = cleaned(
        tmp_path,
        [("", "0.25")],
        columns,
        repairs=[{"column": "a", "formula": "b / 10", "decimals": 2}],
    )
    assert [row["a"] for row in (*up, *even)] == [Exact("0.03"), Exact("0.02")]


def test_checks_flags_and_keys_of_decimals_are_exact(tmp_path: Path) -> None:
    columns = {"a": PRICE, "b": PRICE, "c": PRICE}
    checks = {"sum": {"column": "c", "formula": "a + b", "tolerance": 0.01, "reason": "apart"}}
    flags = {"size": {"large": {"column": "c", "above": 0.3}}}
    big = "1234567890123456.78"
    rows = [
        ("0.1", "0.2", "0.30"), ("0.1", "0.2", "0.31"), ("0.1", "0.2", "0.32"),
        (big, "0", "1234567890123456.79"), (big, "0", "1234567890123456.80"), (".1", ".20", "0.3"),
    ]  # fmt: skip
    found = cleaned(
        tmp_path, rows, columns, checks=checks, flags=flags, reasons=["bad", "apart", "twice"],
        key={"columns": ["a", "b", "c"], "reason": "twice"},
    )  # fmt: skip
    assert [row if isinstance(row, str) else row["size"] for row in found] == [
        None, "large", "apart", "large", "apart", "twice",
    ]  # fmt: skip


def test_a_number_column_makes_floats_of_decimals(tmp_path: Path) -> None:
    columns = {"a": PRICE, "x": {"kind": "number", "reason": "bad"}}
    checks = {"same": {"column": "x", "formula": "a * 3", "reason": "apart"}}
    [found] = cleaned(
        tmp_path, [("0.1", "0.3")], columns, checks=checks, reasons=["bad", "apart"],
        derived={"y": {"formula": "a + x"}},
    )  # fmt: skip
    assert found == {"a": Exact("0.10"), "x": 0.3, "y": 0.1 + 0.3}


@pytest.mark.parametrize("n_blocks", [1, 3, 7])
def test_blocks_make_no_difference(n_blocks: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    cells = [f"{n / 1000:.{p}f}" for n, p in rng.integers([0, 0], [10**6, 4], (200, 2)).tolist()]
    rows = list(zip(cells, cells[::-1], strict=True))
    columns = {"a": PRICE, "b": PRICE | {"round": "half_even"}}
    found = cleaned(
        tmp_path, rows, columns, n_blocks=n_blocks, derived={"c": {"formula": "a * b - 1"}}
    )
    for (a, b), row in zip(rows, found, strict=True):
        units = Exact(b).quantize(Exact("0.01"), decimal.ROUND_HALF_EVEN)
        if Exact(a) != Exact(a).quantize(Exact("0.01")):
            assert row == "bad"
        else:
            assert row == {"a": Exact(a), "b": units, "c": Exact(a) * units - 1}


def test_dask_adds_up_a_lazy_frame_s_decimals(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(write_feed([("0.10",), ("0.20",), ("x",), ("1e15",)] * 9, ["price"]))
    rules = rules_of({"name": "x", "columns": {"price": PRICE}, "reasons": ["bad"]})
    evaluated = evaluate_feed(rules, [str(path)], block_bytes=40, spill=tmp_path)
    prices = clean_rows(evaluated, rules.contract)["price"]
    with dask.config.set(scheduler="sync"):
        found = prices.sum().compute(), prices.max().compute()
    assert found == (Exact("9000000000000002.70"), Exact("1e15"))
