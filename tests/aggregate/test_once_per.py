"""Sums of a figure of an order, which all of its lines have: counted once an order."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from pydantic import TypeAdapter

from toolkit.aggregate.partials import combine, partial
from toolkit.aggregate.tables import finish
from toolkit.contract import Contract, Measure
from toolkit.contract.check import contract_problems
from toolkit.errors import InputError

COLUMNS: dict[str, Any] = {
    "order": {"kind": "text"},
    "shop": {"kind": "text"},
    "shipping": {"kind": "number"},
    "fee": {"kind": "decimal", "scale": 2},
    "parcels": {"kind": "integer"},
}
MEASURES = {
    "shipping": {"sum": "shipping", "once_per": "order"},
    "fee": {"sum": "fee", "once_per": "order"},
    "parcels": {"sum": "parcels", "once_per": "order"},
    "orders": {"count_distinct": "order"},
    "average": {"ratio": ["shipping", "orders"]},
    "lines": {"count": "rows"},
}


def contract_of(measures: dict[str, Any], **columns: Any) -> Contract:
    aggregation = {"kind": "summary", "by": {"shop": {"column": "shop"}}, "measures": measures}
    return TypeAdapter(Contract).validate_python(
        {"name": "n", "columns": COLUMNS | columns, "aggregations": {"by_shop": aggregation}}
    )


def table_of(rows: list[dict[str, Any]], contract: Contract) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=contract.clean_schema())


def line(order: str | None, shop: str, shipping: float | None, **others: Any) -> dict[str, Any]:
    return {"order": order, "shop": shop, "shipping": shipping, "fee": None, **others}


def summed(rows: list[dict[str, Any]], n_parts: int = 1) -> dict[str, dict[str, Any]]:
    contract = contract_of(MEASURES)
    table = table_of(rows, contract)
    size = -(-len(rows) // n_parts)
    parts = [partial(table.slice(at, size), contract) for at in range(0, len(rows), size)]
    found = finish(combine(parts), contract)["by_shop"]
    return {row.pop("shop"): row for row in found.to_pylist()}


def test_an_order_counts_once_in_each_group() -> None:
    rows = [
        *[line("A1", "Ely", 4.9)] * 3,
        line("A2", "Ely", 0.1),
        line("A2", "Kew", 0.1),
        line("A3", "Kew", None),
    ]
    found = summed(rows)
    assert found["Ely"] | {"average": None} == {
        "shipping": 5.0, "fee": 0, "parcels": 0, "orders": 2, "average": None, "lines": 4,
    }  # fmt: skip
    assert found["Ely"]["average"] == 2.5
    assert (found["Kew"]["shipping"], found["Kew"]["orders"]) == (0.1, 2)


@pytest.mark.parametrize("n_parts", [1, 2, 7, 60])
def test_it_is_exact_however_rows_are_cut(n_parts: int) -> None:
    chance = random.Random(3)
    of_order = {
        f"A{n}": (chance.choice([0.1, 0.2, -1e9, 7.25, 1e-9]), chance.randint(-(2**60), 2**60))
        for n in range(20)
    }
    rows = []
    for _ in range(60):
        order, (shipping, parcels) = chance.choice([*of_order.items()])
        rows.append(line(order, chance.choice(["Ely", "Kew"]), shipping, parcels=parcels // 40))
    found = summed(rows, n_parts)
    for shop, figures in found.items():
        orders = {row["order"] for row in rows if row["shop"] == shop}
        exact = sum(Fraction(of_order[order][0]) for order in orders)
        assert figures["shipping"] == float(exact)
        assert figures["parcels"] == sum(of_order[order][1] // 40 for order in orders)
        assert figures["orders"] == len(orders)


def test_lines_that_differ_are_an_error() -> None:
    rows = [line("A1", "Ely", 4.9), line("A1", "Ely", 5.0), line("A0", "Ely", 1.0)]
    with pytest.raises(InputError, match=r"differs between rows of the same order \(1; first 'A1'"):
        summed(rows)


def test_a_line_without_an_order_is_an_error() -> None:
    with pytest.raises(InputError, match="rows with shipping and without order"):
        summed([line("A1", "Ely", 4.9), line(None, "Ely", 5.0)])
    assert summed([line("A1", "Ely", 4.9), line(None, "Ely", None)])["Ely"]["shipping"] == 4.9


def test_a_personal_order_is_hidden() -> None:
    contract = contract_of(
        {"shipping": MEASURES["shipping"]}, order={"kind": "text", "personal": True}
    )
    rows = [line("ann@x.org", "Ely", 4.9), line("ann@x.org", "Ely", 5.0)]
    with pytest.raises(InputError) as raised:
        finish(partial(table_of(rows, contract), contract), contract)
    assert "ann@" not in str(raised.value)


@pytest.mark.parametrize(
    ("measure", "problem"),
    [
        ({"sum": "shipping", "once_per": "ordr"}, "once_per='ordr': there is no such column"),
        ({"mean": "shipping", "once_per": "order"}, "once_per: has no effect without a sum"),
    ],
)
def test_what_it_cannot_do_is_named(measure: dict[str, Any], problem: str) -> None:
    problems = contract_problems(contract_of({"m": measure}))
    [found] = [line for line in problems if "once_per" in line]
    assert problem in found


def test_sums_of_orders_are_not_added_up() -> None:
    assert Measure(sum="shipping").adds_up
    assert not Measure(sum="shipping", once_per="order").adds_up
