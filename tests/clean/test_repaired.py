"""What cleaning changed, counted: the words for it, the rows, the first three examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts import CAFE, PRICES, rules_of
from tests.feeds import Cleaner, hostile_rows, row_with, write_feed
from toolkit.contract import Category, Contract, Repair
from toolkit.lookups import Lookup
from toolkit.report.facts import RepairExample, RepairFacts

# A row's cell, and how what became of it counts.
CELLS = [
    ("discount_percent", "none", "0.0", {"default"}),
    ("discount_percent", "", "0.0", {"default"}),
    ("discount_percent", " 2.5", "1.0", {"clipped"}),
    ("discount_percent", "0.10", "0.1", set()),
    ("quantity", "1.5", "2", {"rounded"}),
    ("quantity", "2.0", "2", set()),
    ("category", "ofice", "Office", {"nearest name"}),
    ("category", " OFFICE", "Office", set()),
    ("region", "Bombay\t", "Mumbai", {"mapped"}),
    ("region", "MUMBAI", "Mumbai", set()),
    ("customer_email", "n/a", "", {"emptied"}),
    ("customer_email", " ", "", set()),
    ("customer_email", "A@B.C", "a@b.c", set()),
    ("sale_date", "3/4/2026", "2026-03-04", set()),
]


@pytest.mark.parametrize(("column", "cell", "clean", "how"), CELLS)
def test_a_repair_is_counted_with_what_stood_there(
    column: str, cell: str, clean: str, how: set[str], clean_feed: Cleaner
) -> None:
    data = write_feed([row_with(), row_with(order_id="2", **{column: cell})])
    # Without a key, what stood in a personal column is hidden.
    shown = "(hidden)" if column == "customer_email" else cell
    example = RepairExample(shown, clean, clean_feed.path(), 2)
    wanted = [RepairFacts(column, word, 1, [example]) for word in how]
    assert clean_feed(data).repaired == wanted


def test_rows_that_break_a_rule_are_not_counted_but_repeated_keys_are(clean_feed: Cleaner) -> None:
    repaired = {"customer_email": "none", "category": "ofice"}
    rows = [
        row_with(quantity="0", **repaired),
        row_with(**repaired),
        row_with(**repaired),
        row_with(region="Atlantis", **repaired),
    ]
    found = {(one.column, one.how): one for one in clean_feed(write_feed(rows)).repaired}
    assert {key: one.rows for key, one in found.items()} == {
        ("category", "nearest name"): 2,
        ("customer_email", "emptied"): 2,
    }
    assert [e.source_row for e in found["category", "nearest name"].examples] == [2, 3]


def test_examples_are_the_first_three_in_file_order_over_all_files(clean_feed: Cleaner) -> None:
    rows = [row_with(order_id=str(n), quantity=f"{n}.4") for n in range(1, 9)]
    feeds = {
        "b.csv": write_feed([row_with(order_id="x"), *rows[:2]]),
        "a.csv": b"".join([write_feed(rows[2:6]), b'"broken\n', *[write_feed(rows[6:])]]),
    }
    for n_blocks in (1, 2, 40):
        [facts] = clean_feed(feeds, n_blocks).repaired
        assert facts == RepairFacts(
            "quantity",
            "rounded",
            8,
            [
                RepairExample("1.4", "1", clean_feed.path("b.csv"), 2),
                RepairExample("2.4", "2", clean_feed.path("b.csv"), 3),
                RepairExample("3.4", "3", clean_feed.path("a.csv"), 1),
            ],
        )


def test_a_malformed_row_counts_in_the_number_of_an_example(clean_feed: Cleaner) -> None:
    rows = [row_with(order_id="1"), row_with(order_id="2", category="ofice")]
    header, first, last = write_feed(rows).splitlines(keepends=True)
    [facts] = clean_feed(header + b"a,b\n" + first + b",\n" + last).repaired
    assert facts.examples[0].source_row == 4


@settings(max_examples=30)
@given(feed=hostile_rows(), n_blocks=st.sampled_from([2, 7, 64]))
@pytest.mark.slow
def test_repairs_do_not_depend_on_the_cut(feed: bytes, n_blocks: int, clean_feed: Cleaner) -> None:
    assert clean_feed(feed, n_blocks).repaired == clean_feed(feed).repaired


def test_filled_numbers_are_counted_by_where_they_came_from(tmp_path: Path) -> None:
    rows = [
        ("Tea", "", "1.5", "3"),
        ("Tea", "2", "x", "3"),
        ("Tea", "2", "", ""),
        ("Mate", "2.2", "", "3"),
        ("Mate", "", "", "3"),
        ("Tea", "2", "1.5", "9"),
    ]
    clean = Cleaner(rules_of(CAFE, PRICES), tmp_path)
    repaired = clean(write_feed(rows, [*CAFE["columns"]]), 3).repaired
    assert [(one.column, one.how, one.rows) for one in repaired] == [
        ("quantity", "formula", 1),
        ("quantity", "rounded", 1),
        ("price", "formula", 1),
        ("price", "lookup", 2),
        ("total", "formula", 1),
    ]
    assert [(e.raw, e.clean, e.source_row) for e in repaired[3].examples] == [
        ("x", "1.5", 2),
        ("", "1.5", 3),
    ]


def test_a_category_that_another_column_corrects_is_a_lookup(
    clean_feed: Cleaner, contract: Contract
) -> None:
    category = contract.columns["category"]
    assert isinstance(category, Category)
    repair = Repair(by="product_name", map="x.json")
    known = clean_feed.rules.lookups["category"]
    lookup = Lookup(known.names, known.places, {"desk lamp": known.names.index("Office")})
    columns = contract.columns | {"category": replace(category, repair=repair)}
    rules = replace(
        clean_feed.rules,
        contract=replace(contract, columns=columns),
        lookups={**clean_feed.rules.lookups, "category": lookup},
    )
    rows = [
        row_with(order_id="1", category="Office"),
        row_with(order_id="2", category="Toys & Games"),
        row_with(order_id="3", category="Toys & Gmes"),
        row_with(order_id="4", category="Submarines"),
    ]
    cleaned = clean_feed(write_feed(rows), rules=rules)
    assert cleaned.clean.column("category").to_pylist() == ["Office"] * 3
    assert {one.how: one.rows for one in cleaned.repaired} == {"lookup": 2, "nearest name": 1}
