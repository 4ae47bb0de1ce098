"""The rows that a report shows of each reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.feeds import Cleaner, row_with, write_feed
from toolkit.clean.evaluate import Rules
from toolkit.clean.examples import first_of_each, reason_columns
from toolkit.contract import Check, Contract, Text
from toolkit.report.facts import RejectedExample

FEED = write_feed(
    [
        row_with(order_id=f"A{n}", quantity=quantity, region=region)
        for n, (quantity, region) in enumerate(
            [("1", "Mumbai"), ("0", "Mumbai"), ("x", "Atlantis"), ("0", "Mumbai")] * 10
        )
    ]
    + [row_with(order_id="A0"), row_with(order_id="", product_name="")]
)


def examples_of(feed: bytes, clean_feed: Cleaner, n_blocks: int) -> list[RejectedExample]:
    published = clean_feed(feed, n_blocks).published
    return first_of_each(example for block in published for example in block.examples)


def test_the_first_three_rows_of_each_reason_as_they_stand_in_the_file(
    clean_feed: Cleaner,
) -> None:
    found = examples_of(FEED, clean_feed, 1)
    assert {example.source_file for example in found} == {clean_feed.path()}
    told = [(one.reason, one.source_row, one.values) for one in found]
    assert sorted(told, key=lambda one: one[:2]) == [
        ("duplicate_order_id", 41, {"order_id": "A0"}),
        ("missing_order_id_or_product", 42, {"order_id": "", "product_name": ""}),
        ("unknown_region", 3, {"region": "Atlantis"}),
        ("unknown_region", 7, {"region": "Atlantis"}),
        ("unknown_region", 11, {"region": "Atlantis"}),
        ("zero_quantity", 2, {"quantity": "0"}),
        ("zero_quantity", 4, {"quantity": "0"}),
        ("zero_quantity", 6, {"quantity": "0"}),
    ]


@pytest.mark.parametrize("n_blocks", [2, 7, 30])
def test_they_do_not_depend_on_how_the_input_is_cut(n_blocks: int, clean_feed: Cleaner) -> None:
    one = examples_of(FEED, clean_feed, 1)
    many = examples_of(FEED, clean_feed, n_blocks)
    assert sorted(one, key=repr) == sorted(many, key=repr)


def test_of_a_malformed_row_the_raw_line_is_shown_cut_short(
    clean_feed: Cleaner, rules: Rules
) -> None:
    feed = FEED + b"A99,Lamp\n" + b"B" * 100_000 + b",Lamp\n"
    columns = {n: replace(c, personal=None) for n, c in rules.contract.columns.items()}
    rules = replace(rules, contract=replace(rules.contract, columns=columns))
    found = first_of_each(e for b in clean_feed(feed, 1, rules=rules).published for e in b.examples)
    malformed = [example for example in found if example.reason == "malformed_row"]
    assert [example.values for example in malformed] == [
        {"raw_line": "A99,Lamp"},
        {"raw_line": "B" * 199 + "…"},
    ]


def test_of_a_malformed_row_with_personal_columns_only_the_length_is_shown(
    clean_feed: Cleaner,
) -> None:
    feed = FEED + b"A99,jane@example.com\n"
    [malformed] = [e for e in examples_of(feed, clean_feed, 1) if e.reason == "malformed_row"]
    hidden = "(20 characters, hidden: the contract has personal columns)"
    assert malformed.values == {"raw_line": hidden}


def test_a_reason_is_about_the_columns_that_can_give_it(contract: Contract) -> None:
    product = contract.columns["product_name"]
    assert isinstance(product, Text)
    product = replace(product, source="Product Name", reject={"x": "^x"})
    changed = replace(
        contract,
        columns={**contract.columns, "product_name": product},
        checks={"c": Check(column="quantity", formula="unit_price * 2", reason="off")},
    )
    about = reason_columns(changed)
    assert about["missing_order_id_or_product"] == ["order_id", "Product Name"]
    assert about["x"] == ["Product Name"]
    assert about["off"] == ["quantity", "unit_price"]
    assert about["invalid_calculated_revenue"] == ["unit_price", "quantity", "discount_percent"]
    assert about["sale_date_out_of_range"] == ["sale_date"]
    assert about["duplicate_order_id"] == ["order_id"]
    assert about["malformed_row"] == ["raw_line"]


def test_of_a_reason_about_no_column_the_first_ones_are_shown(clean_feed: Cleaner) -> None:
    header = FEED.partition(b"\n")[0] + b"\n"
    [repeated] = [
        e for e in examples_of(FEED + header, clean_feed, 1) if e.reason == "repeated_header"
    ]
    assert list(repeated.values) == list(repeated.values.values())
    assert len(repeated.values) == 6
