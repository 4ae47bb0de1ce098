"""Missing numbers that other columns know, and stored ones that these contradict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dask
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts import CAFE, PRICES, by_row, rules_of
from tests.feeds import Cleaner, write_again, write_feed
from toolkit.clean.evaluate import Rules
from toolkit.clean.feed import clean_rows, evaluate_feed, rejected_rows

COLUMNS = [*CAFE["columns"]]
Row = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def cafe() -> Rules:
    return rules_of(CAFE, PRICES)


@pytest.fixture
def clean(cafe: Rules, tmp_path: Path) -> Cleaner:
    return Cleaner(cafe, tmp_path)


# Cells of item, quantity, price, total -> the last three once clean, or the reason.
ROWS: list[tuple[Row, tuple[int, float, float] | str]] = [
    (("Tea", "2", "1.5", "3"), (2, 1.5, 3.0)),
    (("Tea", "", "1.5", "3"), (2, 1.5, 3.0)),
    (("Tea", "many", "1.5", "3"), (2, 1.5, 3.0)),
    (("Tea", "ERROR", "1.5", "3"), (2, 1.5, 3.0)),
    ((" TEA ", "2", "UNKNOWN", "3"), (2, 1.5, 3.0)),
    (("STRASSE", "2", "", "8"), (2, 4.0, 8.0)),
    # What one repair has filled is known to the next.
    (("Tea", "2", "", ""), (2, 1.5, 3.0)),
    (("Tea", "", "", "3"), (2, 1.5, 3.0)),
    (("Mate", "2", "", "3"), (2, 1.5, 3.0)),
    (("", "2", "", "3"), (2, 1.5, 3.0)),
    # A price that is there is believed, whatever the lookup says.
    (("Tea", "2", "9", ""), (2, 9.0, 18.0)),
    # Two of three are needed.
    (("Mate", "", "", "3"), "no_quantity"),
    (("Mate", "2", "", ""), "no_price"),
    (("Mate", "2", "x", ""), "no_price"),
    (("ERROR", "", "", ""), "no_quantity"),
    (("Tea", "", "", ""), "no_quantity"),
    # A quantity is a whole number, but for the rounding of floats.
    (("Tea", "", "1.5", "4"), "no_quantity"),
    (("Mate", "", "0.1", "0.3"), (3, 0.1, 0.3)),
    (("Mate", "", "0.1", "0.30000001"), "no_quantity"),
    # Decimals round what was computed, and nothing that was read.
    (("Mate", "3", "1.1", ""), (3, 1.1, 3.3)),
    (("Mate", "3", "1.111", ""), (3, 1.111, 3.33)),
    # A repaired value must keep its column's limits.
    (("Tea", "", "1.5", "0"), "no_quantity"),
    (("Mate", "2", "", "0"), "no_price"),
    (("Mate", "1", "", "-3"), "no_price"),
    # What is no finite number fills nothing.
    (("Mate", "0", "", "3"), "no_quantity"),
    (("Mate", "", "0", "3"), "no_quantity"),
    (("Mate", "", "0", "0"), "no_quantity"),
    (("Mate", "1e300", "1e300", ""), "no_total"),
    (("Mate", "", "1", "1e300"), "no_quantity"),
    # Checks: within the tolerance, and four units in the last place beyond it.
    (("Tea", "2", "1.5", "3.005"), (2, 1.5, 3.005)),
    (("Tea", "2", "1.5", "2.995"), (2, 1.5, 2.995)),
    (("Mate", "4", "2.5", "10.005"), (4, 2.5, 10.005)),
    (("Tea", "2", "1.5", "3.00500001"), "total_mismatch"),
    (("Tea", "2", "1.5", "2.99"), "total_mismatch"),
    # What cannot be read is unknown to the check: one fault, one reason.
    (("Mate", "2", "", "x"), "no_price"),
    (("Mate", "1.5", "2", "4"), (2, 2.0, 4.0)),
    (("Mate", "1", "2", "1e999"), "no_total"),
]


@pytest.mark.parametrize(("row", "outcome"), ROWS, ids=[str(row) for row, _ in ROWS])
@pytest.mark.parametrize("beside", [[], [("Tea", "2", "1.5", "3")]], ids=["alone", "beside"])
def test_what_a_row_comes_to(
    row: Row, outcome: tuple[int, float, float] | str, beside: list[Row], clean: Cleaner
) -> None:
    [found, *_] = by_row(clean(write_feed([row, *beside], COLUMNS)))
    item = None if row[0].strip() in ("", "ERROR") else row[0].strip()
    wanted = outcome if isinstance(outcome, str) else (item, *outcome)
    assert (found if isinstance(found, str) else tuple(found.values())) == wanted


def test_the_default_comes_after_all_repairs(tmp_path: Path) -> None:
    quantity = CAFE["columns"]["quantity"] | {"floor": 1, "default": 7}
    values = CAFE | {"columns": CAFE["columns"] | {"quantity": quantity}}
    rows = [("Tea", "", "", "3"), ("Tea", "", "1.5", ""), ("Mate", "", "2", "-8")]
    found = by_row(Cleaner(rules_of(values, PRICES), tmp_path)(write_feed(rows, COLUMNS)))
    assert found[0] == {"item": "Tea", "quantity": 2, "price": 1.5, "total": 3.0}
    # total = quantity * price had no quantity yet, and a total is not computed from a default.
    assert found[1] == "no_total"
    # -8 / 2 is raised to the floor, as if it had stood in the file.
    assert found[2] == "no_total"


def test_a_filled_number_is_clipped_and_a_filled_integer_raised(tmp_path: Path) -> None:
    values = {
        "name": "n",
        "columns": {
            "a": {"kind": "number", "default": 9},
            "n": {"kind": "number", "clip": [0, 1], "default": 0.5},
            "m": {"kind": "integer", "floor": 2, "default": 5, "reason": "no_m"},
        },
        "reasons": ["no_m"],
        "repairs": [{"column": "n", "formula": "a / 2"}, {"column": "m", "formula": "-a"}],
    }
    rows = [("4", "", ""), ("-4", "", ""), ("1", "", ""), ("x", "", ""), ("1", "7", "7")]
    cleaned = Cleaner(rules_of(values), tmp_path)(write_feed(rows, ["a", "n", "m"]))
    assert [tuple(row.values()) for row in cleaned.clean.to_pylist()] == [
        (4.0, 1.0, 2), (-4.0, 0.0, 4), (1.0, 0.5, 2), (9.0, 0.5, 5), (1.0, 1.0, 7),
    ]  # fmt: skip


def test_derived_columns_and_flags_see_repaired_values(tmp_path: Path) -> None:
    values = CAFE | {
        "derived": {"twice": {"formula": "total * 2", "min": 0, "reason": "no_total"}},
        "flags": {"size": {"large": {"column": "total", "above": 100}}},
    }
    rows = [("Cake", "40", "", ""), ("Cake", "", "", "6")]
    cleaned = Cleaner(rules_of(values, PRICES), tmp_path)(write_feed(rows, COLUMNS))
    assert cleaned.clean.column("twice").to_pylist() == [240.0, 12.0]
    assert cleaned.clean.column("size").to_pylist() == ["large", None]


@pytest.mark.parametrize("kind", ["category", "mapped", "text"])
def test_any_label_can_look_a_number_up(kind: str, tmp_path: Path) -> None:
    items: dict[str, dict[str, Any]] = {
        "category": {"kind": "category", "values": "items.json", "max_edits": 1},
        "mapped": {"kind": "mapped", "map": "map.json", "values": "items.json"},
        "text": {"kind": "text", "map": "map.json"},
    }
    reason = {} if kind == "text" else {"reason": "no_item"}
    values = CAFE | {
        "columns": {**CAFE["columns"], "item": items[kind] | reason},
        "reasons": [*CAFE["reasons"], *reason.values()],
    }
    names = ["Cake", "Tea"]
    lookups = PRICES | {"items.json": names, "map.json": {"Teas": "Tea"}}
    rows = [("teas", "2", "", ""), ("Soup", "2", "", "4"), ("Soup", "2", "", "")]
    found = by_row(Cleaner(rules_of(values, lookups), tmp_path)(write_feed(rows, COLUMNS)))
    assert found[0] == {"item": "Tea", "quantity": 2, "price": 1.5, "total": 3.0}
    soup = {"item": "Soup", "quantity": 2, "price": 2.0, "total": 4.0}
    assert found[1:] == [soup if kind == "text" else "no_item", "no_price"]


cells = st.sampled_from(["", "x", "0", "1", "2", "-2", "1.5", "3", "4.5", "6", "0.1", "0.3"])
rows_of_cafe = st.lists(
    st.tuples(st.sampled_from(["Tea", "Cake", "Mate", "ERROR"]), cells, cells, cells), max_size=12
)


@settings(max_examples=100)
@given(
    rows=rows_of_cafe,
    order=st.permutations(CAFE["repairs"]),
    guesses=st.sampled_from([{}, {"quantity": 3}, {"price": 2}, {"total": 4, "quantity": 5}]),
    n_blocks=st.sampled_from([1, 3, 50]),
)
@pytest.mark.slow
def test_rows_come_out_as_one_would_fill_them_by_hand(
    rows: list[Row],
    order: list[dict[str, Any]],
    guesses: dict[str, int],
    n_blocks: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """No formula computes with a default, whatever else of the row is filled and by what."""
    columns = {
        name: column | ({"default": guesses[name]} if name in guesses else {})
        for name, column in CAFE["columns"].items()
    }
    rules = rules_of(CAFE | {"columns": columns, "repairs": order}, PRICES)
    clean = Cleaner(rules, tmp_path_factory.getbasetemp())
    cleaned = clean(write_feed(rows, COLUMNS), n_blocks)
    assert by_row(cleaned) == [by_hand(row, order, guesses) for row in rows]
    again = clean(write_again(cleaned.clean))
    assert again.clean.equals(cleaned.clean)
    assert again.rejected.num_rows == 0


def by_hand(
    row: Row, repairs: Sequence[Mapping[str, Any]], guesses: Mapping[str, int]
) -> dict[str, Any] | str:
    """A row at a time, with the three formulas of the cafe written out."""
    q, p, t = (float(cell) if cell not in ("", "x") else math.nan for cell in row[1:])
    q = float(round(q)) if q == q else q
    for repair in repairs:
        match repair["column"], "by" in repair:
            case "price", True:
                p = p if p == p else PRICES["item_prices.json"].get(row[0], math.nan)
            case "total", _:
                t = t if t == t else round(q * p, 2)
            case "quantity", _:
                whole = t / p if p else math.nan
                fits = whole == whole and abs(whole - round(whole)) < 1e-12
                q = q if q == q or not fits else float(round(whole))
            case "price", _:
                p = p if p == p or not q else t / q
    q, p, t = (
        float(guesses.get(name, math.nan)) if number != number else number
        for name, number in (("quantity", q), ("price", p), ("total", t))
    )
    for reason, broken in (
        ("no_quantity", not q > 0),
        ("no_price", not p > 0),
        ("no_total", not t >= 0),
        ("total_mismatch", abs(t - q * p) > 0.0050000001),
    ):
        if broken:
            return reason
    item = None if row[0] in ("", "ERROR") else row[0]
    return {"item": item, "quantity": int(q), "price": p, "total": t}


def test_the_lazy_frame_fills_and_checks_as_well(clean: Cleaner) -> None:
    rows = [row for row, _ in ROWS]
    cleaned = clean(write_feed(rows, COLUMNS), 4)
    evaluated = evaluate_feed(clean.rules, [clean.path()], block_bytes=200)
    kept, rejected = dask.compute(  # type: ignore[attr-defined, no-untyped-call]
        clean_rows(evaluated, clean.rules.contract), rejected_rows(evaluated)
    )
    assert kept.to_dict("records") == cleaned.clean.to_pylist()
    assert rejected["rejection_reason"].tolist() == cleaned.reasons
