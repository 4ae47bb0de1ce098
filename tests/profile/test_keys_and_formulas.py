"""What identifies a record, and which figures follow from others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from toolkit.clean.duplicates import N_BUCKETS
from toolkit.contract import Integer, Number
from toolkit.profile.formulas import Formula, check_formula, formulas_to_try
from toolkit.profile.keys import (
    Repeats,
    count_repeats,
    groups_to_try,
    is_like_an_id,
    spill_sorted,
    words_of,
)
from toolkit.profile.naming import clean_names, snake_case
from toolkit.profile.readings import Reading

INTEGERS, NUMBERS = Reading(Integer(kind="integer")), Reading(Number(kind="number"))


def column(values: list[object]) -> pa.DictionaryArray:
    return pa.array(list(map(str, values)), pa.string()).dictionary_encode()


def test_repeats_are_counted_over_all_blocks(tmp_path: Path) -> None:
    blocks = [["a", "b", "a"], ["c", "", "b"], []]
    spilled = [
        spill_sorted(words_of([column(list(block))]), tmp_path / f"{n}.words")
        for n, block in enumerate(blocks)
    ]
    assert count_repeats(spilled, range(N_BUCKETS)) == Repeats(5, 2)
    halves = [count_repeats(spilled, buckets) for buckets in (range(20), range(20, N_BUCKETS))]
    assert halves[0] + halves[1] == Repeats(5, 2)


def test_a_column_called_like_an_id_is_enough() -> None:
    table = {"order_id": column([*range(50)]), "line": column([1] * 50)}
    assert groups_to_try(table, dict.fromkeys(table, INTEGERS)) == ((), ("order_id",))


def test_pairs_are_tried_where_no_column_will_do() -> None:
    table = {
        "order_id": column([n // 2 for n in range(60)]),
        "line_no": column([n % 2 for n in range(60)]),
        "price": column([n * 1.5 for n in range(60)]),
    }
    readings = {"order_id": INTEGERS, "line_no": INTEGERS, "price": NUMBERS}
    groups = groups_to_try(table, readings)
    assert ("order_id", "line_no") in groups
    assert ("price",) not in groups


@pytest.mark.parametrize(
    ("name", "like"),
    [("order_id", True), ("InvoiceNo", True), ("Transaction ID", True), ("sku", True),
     ("notes", False), ("paid", False), ("Country", False), ("provider", False)],
)  # fmt: skip
def test_names_of_identifiers(name: str, like: bool) -> None:
    assert is_like_an_id(name) is like


def figures() -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    rng = np.random.default_rng(1)
    quantity = rng.integers(1, 9, 200).astype(float)
    price, share = rng.integers(100, 9999, 200) / 100, rng.integers(0, 5, 200) / 10
    return {"quantity": quantity, "price": price, "discount": share}


@pytest.mark.parametrize(
    "formula",
    [
        "quantity * price",
        "quantity * price * (1 - discount)",
        "quantity + price",
        "quantity * price - discount",
        "price * (1 - discount)",
    ],
)
def test_a_formula_is_found_and_found_again_when_some_rows_lack_figures(formula: str) -> None:
    known = figures()
    total = np.round(eval(formula, {}, known), 2)
    total[::10] = np.nan
    numbers = {**known, "total": total}
    assert formulas_to_try(numbers) == (Formula("total", formula),)
    total[1] += 1
    holds = check_formula(Formula("total", formula), numbers)
    assert (holds.n_known, holds.n_holding) == (180, 179)


def test_chance_and_constants_are_no_formulas() -> None:
    numbers = {**figures(), "ones": np.ones(200), "other": np.arange(200.0) ** 2}
    assert formulas_to_try(numbers) == ()


@pytest.mark.parametrize(
    ("header", "name"),
    [("Price Per Unit", "price_per_unit"), ("InvoiceNo", "invoice_no"),
     ("CustomerID", "customer_id"), ("Größe (cm)", "grosse_cm"), ("  a--b ", "a_b"),
     ("日本", "ri_ben"), ("?!", ""), ("Total%", "total")],
)  # fmt: skip
def test_snake_case(header: str, name: str) -> None:
    assert snake_case(header) == name


def test_clean_names_are_all_different_and_can_be_used() -> None:
    headers = ["A b", "a-b", "日本", "class", "2021", "Raw Line", ""]
    names = clean_names(headers)
    assert list(names) == ["a_b", "a_b_2", "ri_ben", "class_", "n_2021", "raw_line_", "column_7"]
    assert list(names.values()) == headers
