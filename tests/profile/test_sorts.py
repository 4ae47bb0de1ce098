"""Columns by their names and values: what may be added up, what is an order, what is apart."""

from __future__ import annotations

from typing import Any

import pytest

from tests.profile.facts import column
from toolkit.profile.facts import Frequent
from toolkit.profile.sorts import is_added_up, is_order, is_order_name, reason_not_to_sum


def values(*found: str) -> tuple[Frequent, ...]:
    return tuple(Frequent(value, 10) for value in found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("amount", True), ("quantity", True), ("total_price", True), ("shipping", True),
        ("price", False), ("unit_price", False), ("total_unit_price", False),
        ("sales_price", False), ("balance", False), ("running_total", False),
        ("rank", False), ("tax_rate", False),
        ("amount_ytd", False), ("average_amount", False), ("discount_percent", False),
        ("corporate", True), ("shareholders", True),
    ],
)  # fmt: skip
def test_figures_that_may_be_summed_over_rows(name: str, expected: bool) -> None:
    assert is_added_up(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("order_id", True), ("invoice", True), ("InvoiceNo", True), ("bestellnummer", True),
        ("shop_order_number", True), ("document_no", True),
        ("order_date", False), ("orders", False), ("preorder_id", False), ("border_id", False),
    ],
)  # fmt: skip
def test_names_of_orders(name: str, expected: bool) -> None:
    assert is_order_name(name) is expected


@pytest.mark.parametrize(("shape", "expected"), [("#9999", True), ("9999", False), ("#aa", False)])
def test_orders_as_shops_number_them(shape: str, expected: bool) -> None:
    assert is_order(column("name", shapes=values(shape))) is expected
    assert is_order(column("order_id", shapes=()))


@pytest.mark.parametrize(
    ("name", "found", "why"),
    [
        ("currency", ("EUR", "USD"), "currencies"),
        ("money", ("EUR", "USD", "GBP"), "currencies"),
        ("currency", ("EUR",), ""),
        # A symbol and a code of one currency are one.
        ("currency", ("EUR", "€"), ""),
        ("ccy", ("XTS", "XXZ"), "currencies"),
        ("code", ("XTS", "XXZ"), ""),
        ("unit", ("kg", "g"), "units"),
        ("word", ("kg", "g", "milk", "rice", "salt"), ""),
        ("side", ("S", "H"), "sides of an account"),
        ("type", ("S", "H"), ""),
        ("type", ("Debit", "Credit"), "sides of an account"),
        ("type", ("Debit", "Credit", "Other"), ""),
        ("direction", ("in", "out"), "sides of an account"),
    ],
)
def test_rows_that_must_not_be_summed_together(name: str, found: tuple[str, ...], why: str) -> None:
    assert reason_not_to_sum(column(name, "category", top=values(*found))) == why
    assert reason_not_to_sum(column(name, "category", names=values(*found))) == why


@pytest.mark.parametrize("facts", [{"kind": "integer"}, {"kind": "text", "personal": "as given"}])
def test_figures_and_persons_keep_no_rows_apart(facts: dict[str, Any]) -> None:
    assert reason_not_to_sum(column("currency", top=values("EUR", "USD"))) == "currencies"
    assert reason_not_to_sum(column("currency", **facts, top=values("EUR", "USD"))) == ""
