"""Which reason a row is rejected for, and what a row that is kept looks like."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.feeds import GOOD_ROW, Cleaner, plain, row_with, write_again, write_feed
from tests.oracle import COLUMNS
from toolkit.clean.evaluate import Rules, evaluate
from toolkit.contract import Category, Contract, Repair, Text
from toolkit.lookups import Lookup
from toolkit.read.parse import Selection, parse_bytes
from toolkit.read.records import Grammar

pytestmark = pytest.mark.slow

CLEAN_ROW = {
    "order_id": "ORD-000000001",
    "product_name": "Desk Lamp",
    "category": "Office",
    "quantity": 2,
    "unit_price": 19.99,
    "discount_percent": 0.1,
    "region": "Mumbai",
    "sale_date": date(2026, 3, 4),
    "customer_email": "ann.lee@example.com",
    "revenue": 35.98,
    "anomaly_flag": None,
}

# One value that breaks each rule, in the order of the rules.
FAULTS = {
    "missing_order_id_or_product": {"product_name": "\u3000"},
    "unknown_category": {"category": "Submarines"},
    "unknown_region": {"region": "N/A"},
    "invalid_unit_price": {"unit_price": "free"},
    "zero_quantity": {"quantity": "0.5"},
    "invalid_sale_date": {"sale_date": "31/12/2025"},
}
LATER_FAULTS = {
    "sale_date_out_of_range": {"sale_date": "2006-11-22"},
    "invalid_calculated_revenue": {"quantity": "50100", "discount_percent": "0"},
}


def reasons_of(clean_feed: Cleaner, *rows: dict[str, str], rules: Rules | None = None) -> list[str]:
    cleaned = clean_feed(write_feed(rows), rules=rules)
    assert cleaned.clean.num_rows + cleaned.rejected.num_rows == len(rows)
    return cleaned.reasons


def test_a_sound_row_is_kept(clean_feed: Cleaner) -> None:
    assert plain(clean_feed(write_feed([GOOD_ROW])).clean) == [CLEAN_ROW]


@pytest.mark.parametrize(("reason", "fault"), (FAULTS | LATER_FAULTS).items())
def test_each_fault_names_its_reason(
    reason: str, fault: dict[str, str], clean_feed: Cleaner
) -> None:
    assert reasons_of(clean_feed, row_with(**fault)) == [reason]


@pytest.mark.parametrize("first", range(len(FAULTS)))
def test_of_several_faults_the_first_rule_names_the_reason(first: int, clean_feed: Cleaner) -> None:
    row = dict(GOOD_ROW)
    for reason in list(FAULTS)[first:]:
        row |= FAULTS[reason]
    assert reasons_of(clean_feed, row) == [list(FAULTS)[first]]


@pytest.mark.parametrize("reason", FAULTS)
def test_later_rules_do_not_speak_before_earlier_ones(reason: str, clean_feed: Cleaner) -> None:
    for later in LATER_FAULTS.values():
        assert reasons_of(clean_feed, GOOD_ROW | later | FAULTS[reason]) == [reason]


@settings(max_examples=25)
@given(order=st.permutations([*FAULTS, *LATER_FAULTS]), faults=st.sets(st.sampled_from([*FAULTS])))
def test_the_contract_s_order_of_reasons_decides(
    order: list[str], faults: set[str], clean_feed: Cleaner
) -> None:
    """What could not be read is unknown to other rules: it never names their reasons."""
    contract = replace(clean_feed.rules.contract, reasons=(*order, "duplicate_order_id"))
    row = dict(GOOD_ROW)
    for reason in faults:
        row |= FAULTS[reason]
    wanted = sorted(faults, key=order.index)[:1]
    rules = replace(clean_feed.rules, contract=contract)
    assert reasons_of(clean_feed, row, rules=rules) == wanted


# What a row has, and what the clean row has for it.
REPAIRS = [
    ({"discount_percent": "none"}, {"discount_percent": 0.0, "revenue": 39.98}),
    ({"discount_percent": ""}, {"discount_percent": 0.0, "revenue": 39.98}),
    ({"discount_percent": "-0.1"}, {"discount_percent": 0.0, "revenue": 39.98}),
    (
        {"discount_percent": "2.5"},
        {"discount_percent": 1.0, "revenue": 0.0, "anomaly_flag": "heavy_discount"},
    ),
    ({"discount_percent": "0.8"}, {"discount_percent": 0.8, "revenue": 8.0}),
    (
        {"discount_percent": "0.81"},
        {"discount_percent": 0.81, "revenue": 7.6, "anomaly_flag": "heavy_discount"},
    ),
    ({"customer_email": "a@b"}, {"customer_email": None}),
    ({"customer_email": "NULL"}, {"customer_email": None}),
    ({"customer_email": " Ann@B.C\n"}, {"customer_email": "ann@b.c"}),
    ({"order_id": "\u00a0x "}, {"order_id": "x"}),
    ({"product_name": "\tA  b\u2003"}, {"product_name": "A  b"}),
    ({"product_name": "NULL"}, {"product_name": "NULL"}),
    ({"category": " ofice "}, {"category": "Office"}),
    ({"region": "BOMBAY"}, {"region": "Mumbai"}),
    ({"quantity": "1.5"}, {"quantity": 2}),
    ({"quantity": "2.5"}, {"quantity": 2}),
    ({"sale_date": "4-3-2026"}, {"sale_date": date(2026, 3, 4)}),
    ({"revenue": "junk"}, {}),
    ({"quantity": "1", "unit_price": "2.675", "discount_percent": "0"},
     {"quantity": 1, "unit_price": 2.675, "discount_percent": 0.0, "revenue": 2.67}),
    ({"quantity": "1", "unit_price": "0.125", "discount_percent": "0"},
     {"quantity": 1, "unit_price": 0.125, "discount_percent": 0.0, "revenue": 0.12}),
    ({"quantity": "9007199254740992", "discount_percent": "1"},
     {"quantity": 2**53, "discount_percent": 1.0, "revenue": 0.0,
      "anomaly_flag": "heavy_discount"}),
]  # fmt: skip


@pytest.mark.parametrize(("messy", "clean"), REPAIRS)
def test_what_is_repaired(
    messy: dict[str, str], clean: dict[str, object], clean_feed: Cleaner
) -> None:
    assert plain(clean_feed(write_feed([GOOD_ROW | messy])).clean) == [CLEAN_ROW | clean]


REVENUES = [
    ("49999.99", "20", "0", None),
    ("49999.99", "20", "1e-300", None),
    ("40000", "25", "0", "invalid_calculated_revenue"),
    ("999999.994", "1", "0", "invalid_unit_price"),
    ("39999.9999", "25", "0", "invalid_calculated_revenue"),
    ("39999.9997", "25", "0", None),
    ("1", "1e400", "0", "invalid_calculated_revenue"),
    ("1", "1e400", "1", "invalid_calculated_revenue"),
    ("1", "1e30", "1", "zero_quantity"),
    ("1", "9223372036854775808", "1", "zero_quantity"),
    ("1", "9223372036854774784", "1", None),
    ("0.001", "1", "0", None),
]


@pytest.mark.parametrize(("price", "quantity", "discount", "reason"), REVENUES)
def test_revenue_is_judged_after_rounding_and_its_quantity_must_be_storable(
    price: str, quantity: str, discount: str, reason: str | None, clean_feed: Cleaner
) -> None:
    row = row_with(unit_price=price, quantity=quantity, discount_percent=discount)
    assert reasons_of(clean_feed, row) == [reason] * (reason is not None)


def test_a_huge_quantity_beside_sound_rows_changes_none_of_them(clean_feed: Cleaner) -> None:
    rows = [row_with(order_id=str(n)) for n in range(3)]
    rows.insert(1, row_with(order_id="x", quantity="1e30", discount_percent="1"))
    cleaned = clean_feed(write_feed(rows))
    assert cleaned.clean.column("quantity").to_pylist() == [2, 2, 2]
    assert cleaned.reasons == ["zero_quantity"]


HEADERS = [
    COLUMNS,
    [f" {name}\t" for name in COLUMNS],
]


@pytest.mark.parametrize("row", HEADERS, ids=["as it stands", "with blanks"])
def test_a_repeated_header_is_told_from_a_bad_row(row: list[str], clean_feed: Cleaner) -> None:
    cleaned = clean_feed(write_feed([GOOD_ROW, row, row_with(order_id="2")]))
    assert cleaned.reasons == ["repeated_header"]
    [rejected] = plain(cleaned.rejected)
    assert [rejected[name] for name in COLUMNS] == row
    assert (rejected["source_row"], rejected["raw_line"]) == (2, None)


def test_a_header_of_another_order_or_case_is_a_bad_row(clean_feed: Cleaner) -> None:
    rows = [list(reversed(COLUMNS)), [name.upper() for name in COLUMNS], [*COLUMNS[:-1], "x"]]
    assert clean_feed(write_feed(rows)).reasons == ["unknown_category"] * 3


@pytest.mark.parametrize("cell", ["", " ", "\u3000", "\n"])
def test_a_row_of_blanks_is_a_blank_row(cell: str, clean_feed: Cleaner) -> None:
    cleaned = clean_feed(write_feed([GOOD_ROW, [cell] * 10, row_with(order_id="2")]))
    assert cleaned.reasons == ["blank_row"]
    assert plain(cleaned.rejected)[0]["category"] == cell


def test_a_row_that_is_blank_but_for_one_cell_is_no_blank_row(clean_feed: Cleaner) -> None:
    for place in range(10):
        row = [""] * 10
        row[place] = "x"
        assert clean_feed(write_feed([row])).reasons == ["missing_order_id_or_product"]


def test_an_extra_column_counts_as_a_field(clean_feed: Cleaner) -> None:
    columns = ["note", *COLUMNS]
    rows = [["", *[""] * 10], ["x", *[""] * 10], ["note", *COLUMNS], ["n", *COLUMNS]]
    cleaned = clean_feed(write_feed(rows, columns))
    assert cleaned.reasons == [
        "blank_row", "missing_order_id_or_product", "repeated_header", "unknown_category",
    ]  # fmt: skip
    assert cleaned.rejected.column("note").to_pylist() == ["", "x", "note", "n"]


def test_a_malformed_row_in_the_middle_leaves_its_neighbours(clean_feed: Cleaner) -> None:
    good = [row_with(order_id=str(n)) for n in range(4)]
    long = [*row_with(order_id="long").values(), "more"]
    short = ["short", "a\nb"]
    cleaned = clean_feed(write_feed([good[0], long, good[1], good[2], short, good[3]]))
    assert cleaned.clean.column("order_id").to_pylist() == ["0", "1", "2", "3"]
    rejected = plain(cleaned.rejected)
    assert [row["source_row"] for row in rejected] == [2, 5]
    assert [row["raw_line"] for row in rejected] == [",".join(long), 'short,"a\nb"']
    assert {row[name] for row in rejected for name in COLUMNS} == {None}


@pytest.mark.parametrize("plain_columns", [(), COLUMNS, COLUMNS[::2]], ids=len)
def test_the_answer_is_the_same_for_dictionaries_and_plain_columns(
    plain_columns: tuple[str, ...], rules: Rules
) -> None:
    rows = [row_with(order_id=str(n)) for n in range(5)]
    rows += [row_with(**fault) for fault in (FAULTS | LATER_FAULTS).values()]
    data = write_feed([*rows, COLUMNS, [""] * 10]).split(b"\n", 1)[1]
    raw = parse_bytes(data, COLUMNS, Grammar(), Selection(frozenset(plain_columns)))
    evaluated = evaluate(raw, rules)
    assert evaluated.clean_rows.tolist() == [0, 1, 2, 3, 4]
    assert plain(evaluated.clean) == [CLEAN_ROW | {"order_id": str(n)} for n in range(5)]
    found = evaluated.rejected.column("rejection_reason").to_pylist()
    assert found == [*FAULTS, *LATER_FAULTS, "repeated_header", "blank_row"]


def test_an_empty_block_has_the_columns_all_the_same(rules: Rules, contract: Contract) -> None:
    evaluated = evaluate(parse_bytes(b"", COLUMNS, Grammar(), Selection()), rules)
    assert evaluated.clean.num_rows == evaluated.rejected.num_rows == 0
    assert evaluated.clean.column_names == contract.clean_schema().names


def test_null_words_read_as_empty(clean_feed: Cleaner) -> None:
    contract = clean_feed.rules.contract
    words = replace(contract.columns["product_name"], null_words=("NULL", "-"))
    rules = replace(
        clean_feed.rules,
        contract=replace(contract, columns={**contract.columns, "product_name": words}),
    )
    rows = [
        row_with(order_id=n, product_name=p)
        for n, p in (("1", " NULL "), ("2", "-"), ("3", "null"))
    ]
    cleaned = clean_feed(write_feed(rows), rules=rules)
    assert cleaned.reasons == ["missing_order_id_or_product"] * 2
    assert cleaned.clean.column("product_name").to_pylist() == ["null"]
    assert cleaned.rejected.column("product_name").to_pylist() == [" NULL ", "-"]


def test_a_column_may_have_another_name_in_the_file(clean_feed: Cleaner) -> None:
    contract = clean_feed.rules.contract
    columns = {
        **contract.columns,
        "region": replace(contract.columns["region"], source="Where sold"),
    }
    rules = replace(clean_feed.rules, contract=replace(contract, columns=columns))
    header = [name.replace("region", "Where sold") for name in COLUMNS]
    rows = [list(GOOD_ROW.values()), list(row_with(region="Atlantis").values()), header]
    cleaned = clean_feed(write_feed(rows, header), rules=rules)
    assert plain(cleaned.clean) == [CLEAN_ROW]
    assert cleaned.reasons == ["unknown_region", "repeated_header"]
    assert cleaned.rejected.column("Where sold").to_pylist() == ["Atlantis", "Where sold"]


def test_the_first_flag_that_holds_is_set(clean_feed: Cleaner) -> None:
    contract = clean_feed.rules.contract
    flag = contract.flags["anomaly_flag"]["heavy_discount"]
    flags = {"anomaly_flag": {"total": replace(flag, above=0.95), "heavy": flag}}
    rules = replace(clean_feed.rules, contract=replace(contract, flags=flags))
    rows = [row_with(order_id=d, discount_percent=d) for d in ("0.80", "0.81", "0.95", "0.96")]
    cleaned = clean_feed(write_feed(rows), rules=rules)
    assert cleaned.clean.column("anomaly_flag").to_pylist() == [None, "heavy", "heavy", "total"]


def test_types_are_the_contract_s(rules: Rules) -> None:
    data = write_feed([GOOD_ROW]).split(b"\n", 1)[1]
    evaluated = evaluate(
        parse_bytes(data, COLUMNS, Grammar(), Selection(frozenset(COLUMNS))), rules
    )
    assert evaluated.clean.cast(rules.contract.clean_schema()).num_rows == 1
    assert evaluated.clean.schema.field("quantity").type == pa.int64()


# --- canonical spellings, and labels repaired by another column ---------------------------------

SPELLINGS = Lookup(("Desk Lamp", "Pen"), {"desk lamp": 0, "pen": 1, "desklamp": 0})
PRODUCTS = st.sampled_from(["Desk Lamp", " DESKLAMP", "desk lamp ", "PEN", "Other", "", "x, y"])
LABELS = st.sampled_from(["Office", "ofice", "Books", "Submarine", ""])


@pytest.fixture(scope="module")
def repairing(rules: Rules) -> Rules:
    columns = dict(rules.contract.columns)
    product, category = columns["product_name"], columns["category"]
    assert isinstance(product, Text)
    assert isinstance(category, Category)
    columns["product_name"] = replace(product, map="names.json")
    columns["category"] = replace(category, repair=Repair(by="product_name", map="usual.json"))
    usual = {"desk lamp": rules.lookups["category"].names.index("Office")}
    labels = replace(rules.lookups["category"], repairs=usual)
    lookups = {**rules.lookups, "product_name": SPELLINGS, "category": labels}
    return replace(rules, contract=replace(rules.contract, columns=columns), lookups=lookups)


def by_hand(product: str, category: str) -> tuple[str, str] | None:
    """(product, category) of a clean row; None for a rejected one."""
    product = product.strip()
    if not product or category in ("Submarine", ""):
        return None
    product = {"desklamp": "Desk Lamp", "desk lamp": "Desk Lamp", "pen": "Pen"}.get(
        product.lower(), product
    )
    cleaned = {"ofice": "Office"}.get(category, category)
    return product, "Office" if product == "Desk Lamp" else cleaned


@given(
    cells=st.lists(st.tuples(PRODUCTS, LABELS), max_size=12),
    plain_columns=st.sets(st.sampled_from(["product_name", "category"])),
)
def test_spellings_and_repairs_are_those_made_by_hand(
    cells: list[tuple[str, str]], plain_columns: set[str], repairing: Rules
) -> None:
    rows = [row_with(product_name=product, category=category) for product, category in cells]
    data = write_feed(rows)[len(write_feed([])) :]
    raw = parse_bytes(data, COLUMNS, Grammar(), Selection(frozenset(plain_columns)))
    evaluated = evaluate(raw, repairing)
    expected = [by_hand(*row) for row in cells]
    clean = evaluated.clean.select(["product_name", "category"]).to_pylist()
    assert [tuple(row.values()) for row in clean] == [row for row in expected if row]
    assert evaluated.rejected.num_rows == expected.count(None)


@given(cells=st.lists(st.tuples(PRODUCTS, LABELS), max_size=12), n_blocks=st.integers(1, 5))
def test_spellings_and_repairs_do_not_depend_on_the_cut_and_come_to_rest(
    cells: list[tuple[str, str]], n_blocks: int, repairing: Rules, clean_feed: Cleaner
) -> None:
    rows = [
        row_with(order_id=f"O{n}", product_name=product, category=category)
        for n, (product, category) in enumerate(cells)
    ]
    once = clean_feed(write_feed(rows), rules=repairing)
    pieces = clean_feed(write_feed(rows), n_blocks, rules=repairing)
    assert plain(once.clean) == plain(pieces.clean)
    assert plain(once.rejected) == plain(pieces.rejected)
    again = clean_feed(write_again(once.clean), rules=repairing)
    assert plain(again.clean) == plain(once.clean)
    assert again.rejected.num_rows == 0
