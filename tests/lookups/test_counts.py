"""Counts of distinct values: those of a plain count, however the input is cut."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts import CAFE, PRICES, rules_of
from tests.feeds import HEADER, hostile_rows, row_with, write_feed
from tests.oracle import COLUMNS, PADDING
from toolkit.clean.evaluate import Rules
from toolkit.clean.revenue import amount_column, behind_amount, weigh_block
from toolkit.contract import Contract
from toolkit.lookups.counts import AMOUNT, ROWS, Counted, Group, ValueCounts, count_block
from toolkit.read.blocks import plan_blocks
from toolkit.read.sources import find_sources

GROUPS: tuple[Group, ...] = (("region",), ("category",), ("product_name", "category"))


Found = dict[Group, Counter[tuple[str, ...]]]


def counts(path: Path, contract: Contract, block_bytes: int) -> tuple[int, Found]:
    tallies = {group: ValueCounts(group) for group in GROUPS}
    n_records = 0
    for block in plan_blocks(find_sources([str(path)]), contract, block_bytes):
        counted = count_block(block, contract, GROUPS)
        n_records += counted.n_records
        for group in GROUPS:
            tallies[group].add(counted.tables[group])
    return n_records, {group: as_counter(tally) for group, tally in tallies.items()}


def as_counter(tally: ValueCounts) -> Counter[tuple[str, ...]]:
    table = tally.table()
    values = zip(*(table.column(n).to_pylist() for n in table.column_names[:-1]), strict=True)
    found = Counter(dict(zip(values, table.column(ROWS).to_pylist(), strict=True)))
    assert len(found) == table.num_rows
    return found


def test_values_are_counted_as_rules_see_them(contract: Contract, tmp_path: Path) -> None:
    rows = [row_with(region=region) for region in (" Mumbai", "Mumbai", "mumbai", "", "\u3000")]
    path = tmp_path / "feed.csv"
    path.write_bytes(write_feed(rows) + b"broken,record\n")
    n_records, found = counts(path, contract, 1 << 20)
    assert n_records == 6
    assert found[("region",)] == {("Mumbai",): 2, ("mumbai",): 1, ("",): 2}
    assert found[("product_name", "category")] == {("Desk Lamp", "Office"): 5}


def test_repeated_headers_are_no_values_but_a_value_like_the_header_is(
    contract: Contract, tmp_path: Path
) -> None:
    path = tmp_path / "feed.csv"
    odd = row_with(region="region", category="category", product_name="product_name")
    path.write_bytes(write_feed([row_with(), odd]) + HEADER + write_feed([row_with()]))
    _, found = counts(path, contract, 1 << 20)
    assert found[("region",)] == {("Mumbai",): 2, ("region",): 1}
    assert found[("category",)] == {("Office",): 2, ("category",): 1}


def test_repeated_headers_are_no_values_however_they_are_written(
    contract: Contract, tmp_path: Path
) -> None:
    path = tmp_path / "feed.csv"
    header = HEADER.replace(b"region", b"Region").replace(b"order_id", b"Order ID")
    rows = write_feed([row_with()]).removeprefix(HEADER)
    path.write_bytes(header + rows + header + rows + HEADER)
    n_records, found = counts(path, contract, 1 << 20)
    assert n_records == 4
    assert found[("region",)] == {("Mumbai",): 2}


def test_a_header_alone_has_no_values(contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(HEADER)
    assert counts(path, contract, 1 << 20) == (0, {group: Counter() for group in GROUPS})


@settings(max_examples=40)
@given(feed=hostile_rows(), block_bytes=st.integers(1, 400))
@pytest.mark.slow
def test_counts_are_the_same_however_the_input_is_cut(
    feed: bytes, block_bytes: int, contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("tally") / "feed.csv"
    path.write_bytes(feed)
    whole, pieces = counts(path, contract, 1 << 30), counts(path, contract, block_bytes)
    assert whole == pieces
    # Python's csv module gives the same, without malformed records and repeated headers.
    text = feed.decode("utf-8-sig", "surrogateescape")
    lines = csv.reader(io.StringIO(text, newline=""))
    header, *records = (line for line in lines if line)
    place = header.index("region")
    plain = [
        record[place].strip(PADDING)
        for record in records
        if len(record) == len(header)
        and "\udcff" not in "".join(record)
        and [cell.strip(PADDING).removeprefix("\ufeff") for cell in record] != header
    ]
    assert whole[1][("region",)] == Counter((value,) for value in plain)


def test_counts_add_up_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa

    monkeypatch.setattr("toolkit.lookups.counts._LINES_AT_ONCE", 3)
    tally = ValueCounts(("x",))
    for n in range(50):
        tally.add(pa.table({"x": ["a", str(n % 4)], ROWS: pa.array([1, 2], pa.int64())}))
    assert as_counter(tally) == {("a",): 50, ("0",): 26, ("1",): 26, ("2",): 24, ("3",): 24}


def test_amounts_are_what_cleaning_would_have_made_of_the_rows(
    rules: Rules, tmp_path: Path
) -> None:
    rows = [
        row_with(region="Atlantis", quantity="3", unit_price="10.10", discount_percent="0.1"),
        row_with(region="Atlantis", quantity="two"),
        row_with(region="Atlantis", unit_price="50000"),
        row_with(region=" Atlantis", quantity="1", unit_price="0.01"),
        row_with(region="Mumbai", quantity="99", unit_price="49999", discount_percent="0"),
    ]
    path = tmp_path / "feed.csv"
    path.write_bytes(write_feed(rows, COLUMNS))
    amount = amount_column(rules.contract)
    assert amount == "revenue"
    for block_bytes in (1, 1 << 20):
        tally = ValueCounts(("region",))
        for block in plan_blocks(find_sources([str(path)]), rules.contract, block_bytes):
            counted: Counted = weigh_block(block, rules, (("region",),), amount)
            tally.add(counted.tables[("region",)])
        table = tally.table().to_pydict()
        assert table["region"] == ["Atlantis", "Mumbai"]
        assert table[ROWS] == [4, 1]
        # 49,999 x 99 is beyond the column's limit.
        assert table[AMOUNT] == [2727 + 1, 0]


def test_amounts_hang_on_repairs_as_well(tmp_path: Path) -> None:
    """Of the columns that a repair looks at, but only of those that the amount hangs on."""
    limits = {"decimals": 2, "min": 0, "below": 100, "reason": "no_total"}
    rules = rules_of(CAFE | {"derived": {"revenue": {"formula": "total"} | limits}}, PRICES)
    rows = [
        ("Tea", "2", "", ""),
        ("Tea", "", "1.5", ""),
        ("Mate", "1", "", ""),
        ("Cake", "", "", "9"),
    ]
    path = tmp_path / "feed.csv"
    path.write_bytes(write_feed(rows, [*CAFE["columns"]]))
    [block] = plan_blocks(find_sources([str(path)]), rules.contract, 1 << 20)
    assert behind_amount(rules.contract, "revenue") == ("total", "quantity", "price", "item")
    table = weigh_block(block, rules, (("item",),), "revenue").tables[("item",)]
    sums = dict(zip(table["item"].to_pylist(), table[AMOUNT].to_pylist(), strict=True))
    assert sums == {"Tea": 300, "Mate": 0, "Cake": 900}
