"""Whole feeds: nothing is lost, the cut does not matter, and clean rows stay as they are."""

from __future__ import annotations

import gzip
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import dask.dataframe as dd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.contracts import rules_of
from tests.feeds import (
    GOOD_ROW,
    HEADER,
    Cleaned,
    Cleaner,
    clean_files,
    hostile_bytes,
    hostile_rows,
    plain,
    row_with,
    write_again,
    write_feed,
)
from tests.oracle import COLUMNS, Book, clean_feeds
from tests.read.machine import read_all
from toolkit.clean.evaluate import Rules
from toolkit.clean.feed import clean_rows, evaluate_feed, rejected_rows
from toolkit.errors import InputError

GOOD_LINE = b"%d,Lamp,Office,1,2.5,0,Mumbai,2026-03-04,a@b.c,2.5\n"


def same(one: Cleaned, other: Cleaned) -> bool:
    tables = ((one.clean, other.clean), (one.rejected, other.rejected))
    return all(a.schema == b.schema and plain(a) == plain(b) for a, b in tables)


def check_conserved(cleaned: Cleaned, body: bytes) -> None:
    """Every record that the letter-by-letter machine finds is clean or rejected, once."""
    records = read_all(body, 1 << 20).records
    rejected = plain(cleaned.rejected)
    assert cleaned.clean.num_rows + len(rejected) == len(records)
    assert sum(p.n_records for p in cleaned.published) == len(records)
    assert sum(p.n_clean for p in cleaned.published) == cleaned.clean.num_rows
    assert sum(p.n_rejected for p in cleaned.published) == len(rejected)
    assert sum(p.n_duplicates for p in cleaned.published) == cleaned.reasons.count(
        "duplicate_order_id"
    )
    assert cleaned.n_left_in_spill == 0
    numbers = [row["source_row"] for row in rejected]
    assert numbers == sorted(set(numbers))
    for row in rejected:
        start, stop, fields = records[row["source_row"] - 1]
        if row["rejection_reason"] == "malformed_row":
            raw = body[start:stop].rstrip(b"\r\n").decode("utf-8", "backslashreplace")
            assert row["raw_line"] == raw
        else:
            assert fields is not None
            if row["rejection_reason"] == "blank_row":
                # A line of blanks has them in its first cell.
                fields = [*fields, *[b""] * (len(COLUMNS) - len(fields))]
            assert [row[name] for name in COLUMNS] == [field.decode() for field in fields]


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(body=hostile_bytes())
@example(body=b'"')
@example(body=b"\xff\r\xff\r\n")
@example(body=GOOD_LINE % 7 + b'x,"\n' + GOOD_LINE % 7 + b'"\n' + GOOD_LINE % 8)
@example(body=(GOOD_LINE % 1) * 3 + b"\n\n" + (GOOD_LINE % 2) * 2)
def test_hostile_text_is_conserved_whatever_the_cut_and_the_scheduler(
    body: bytes, clean_feed: Cleaner
) -> None:
    feed = HEADER + body
    whole = clean_feed(feed)
    check_conserved(whole, body)
    for n_blocks, scheduler in ((2, "threads"), (7, "sync"), (64, "threads")):
        assert same(clean_feed(feed, n_blocks, scheduler), whole)


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(feed=hostile_rows())
def test_hostile_rows_come_out_the_same_from_any_number_of_blocks(
    feed: bytes, clean_feed: Cleaner
) -> None:
    whole = clean_feed(feed)
    for n_blocks in (2, 7, 64):
        assert same(clean_feed(feed, n_blocks, "threads"), whole)


@pytest.mark.slow
@settings(max_examples=25)
@given(feed=hostile_rows())
def test_cleaning_clean_rows_again_changes_nothing(feed: bytes, clean_feed: Cleaner) -> None:
    once = clean_feed(feed)
    twice = clean_feed(write_again(once.clean))
    assert plain(twice.rejected) == []
    assert plain(twice.clean) == plain(once.clean)


SHOP: dict[str, Any] = {
    "name": "shop",
    "null_words": ["N/A", "NONE"],
    "columns": {
        "code": {
            "kind": "text", "case": "upper", "prefix": ["NR", "C-"], "suffix": [".0"],
            "pattern": "^[A-Z0-9]+$", "reject": {"cancelled": "^C"}, "reason": "bad",
        },
        "name": {"kind": "text", "map": "names.json", "pattern": "[a-z]", "reason": "bad"},
        "n": {
            "kind": "integer", "suffix": ["pcs"], "words": {"two": 2}, "floor": 0, "reason": "bad",
        },
        "price": {"kind": "number", "prefix": ["$"], "thousands": ",", "min": 0, "reason": "bad"},
        "total": {"kind": "number", "prefix": ["$"], "thousands": ",", "reason": "bad"},
        "note": {"kind": "text", "prefix": ["#"], "suffix": ["!"], "null_words": ["-"]},
    },
    "repairs": [
        {"column": "total", "formula": "n * price"},
        {"column": "price", "by": "name", "map": "prices.json"},
        {"column": "n", "formula": "total / price"},
    ],
    "checks": {"adds": {"column": "total", "formula": "n * price", "reason": "wrong"}},
    "derived": {"half": {"formula": "total / 2", "decimals": 2}},
    "key": {"columns": ["code", "n", "total", "note"], "reason": "twice"},
    "reasons": ["cancelled", "bad", "wrong", "twice"],
}  # fmt: skip
SHOP_LOOKUPS = {"names.json": {"lmap": "Lamp", "CHAIR": "chair"}, "prices.json": {"lamp": 0.1}}
shop_rows = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.text(st.sampled_from("aCnrR- .0"), min_size=1, max_size=7),
            "name": st.sampled_from(["Lamp", "LMAP", "chair", "Chair", "desk", "DESK", "", "NONE"]),
            "n": st.sampled_from(["two", "2 pcs", "3pcspcs", "-1", "1.5", "", "N/A", "x"]),
            "price": st.sampled_from(["$0.1", "$ 1,000.5", "7", "", "-3", "1,0"]),
            "total": st.sampled_from(["", "$0.2", "2,001", "14", "0.3", "N/A"]),
            "note": st.text(st.sampled_from("#!- aN/A"), max_size=5),
        }
    ),
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=80)
@given(rows=shop_rows, n_blocks=st.sampled_from([1, 3, 40]))
def test_cleaning_again_changes_nothing_whatever_a_contract_repairs(
    rows: list[dict[str, str]], n_blocks: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clean = Cleaner(rules_of(SHOP, SHOP_LOOKUPS), tmp_path_factory.getbasetemp())
    once = clean(write_feed(rows, [*SHOP["columns"]]), n_blocks)
    assert once.clean.num_rows + once.rejected.num_rows == len(rows)
    again = clean(write_again(once.clean))
    assert again.clean.equals(once.clean)
    assert again.rejected.num_rows == 0
    assert again.repaired == []


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(feed=hostile_rows(), n_blocks=st.sampled_from([1, 3]))
@pytest.mark.slow
def test_the_lazy_frame_s_two_filters_are_the_published_outputs(
    feed: bytes, n_blocks: int, clean_feed: Cleaner
) -> None:
    cleaned = clean_feed(feed, n_blocks)
    frame = lazy_frame(clean_feed, [clean_feed.path()], max(1, -(-len(feed) // n_blocks)))
    check_frame(frame, cleaned, clean_feed.rules)


def lazy_frame(clean_feed: Cleaner, inputs: list[str], block_bytes: int) -> dd.DataFrame:
    spill = clean_feed.folder / "spill"
    spill.mkdir(exist_ok=True)
    return evaluate_feed(clean_feed.rules, inputs, block_bytes=block_bytes, spill=spill)


def check_frame(frame: dd.DataFrame, cleaned: Cleaned, rules: Rules) -> None:
    assert frame.npartitions == cleaned.n_blocks
    clean = clean_rows(frame, rules.contract)
    rejected = rejected_rows(frame)
    assert list(rejected.columns) == cleaned.rejected.column_names
    for lazy, table in ((clean, cleaned.clean), (rejected, cleaned.rejected)):
        computed = lazy.compute(scheduler="sync")
        assert list(computed.dtypes) == list(lazy.dtypes)
        found = pa.Table.from_pandas(computed, preserve_index=False)
        assert found.schema.types == table.schema.types
        assert found.column_names == table.column_names
        assert plain(found) == plain(table)


def test_the_lazy_frame_over_several_files_and_computed_twice(clean_feed: Cleaner) -> None:
    feeds = {"a.csv": write_feed([GOOD_ROW] * 2), "b.csv": HEADER, "c.csv": write_feed([GOOD_ROW])}
    cleaned = clean_feed(feeds)
    frame = lazy_frame(clean_feed, [clean_feed.path(name) for name in feeds], 1 << 20)
    for _ in range(2):
        check_frame(frame, cleaned, clean_feed.rules)
    everything = frame.compute(scheduler="sync")
    assert everything["source_row"].tolist() == [1, 2, 1]
    assert everything["raw.order_id"].isna().tolist() == [True, False, False]


@pytest.mark.slow
def test_processes_give_what_one_thread_gives(clean_feed: Cleaner) -> None:
    rows = [row_with(order_id=str(n % 40), quantity=str(n % 5)) for n in range(60)]
    feed = write_feed([*rows, ["short"]])
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, spawning) as pool, dask.config.set(pool=pool):
        cleaned = clean_feed(feed, 3, "processes")
    assert same(cleaned, clean_feed(feed))


@pytest.mark.slow
def test_several_files_are_one_input(clean_feed: Cleaner, book: Book) -> None:
    """Rows are numbered in their own file; keys, and who came first, are of the whole input."""
    bad = row_with(order_id="b", quantity="none")
    feeds = {
        "2.csv": write_feed([row_with(order_id="x"), bad, row_with(order_id="y"), ["short"]]),
        "1.csv": write_feed([bad, row_with(order_id="y"), row_with(order_id="z")]),
        "3.csv": HEADER,
        "4.csv": write_feed([row_with(order_id="z"), row_with(order_id="x"), row_with()]),
    }
    wanted = clean_feeds([(clean_feed.path(name), data) for name, data in feeds.items()], book)
    for n_blocks in (1, 2, 7, 64):
        cleaned = clean_feed(feeds, n_blocks, "threads")
        assert plain(cleaned.clean) == wanted.clean
        assert plain(cleaned.rejected) == wanted.rejected
    whereabouts = [
        (Path(row["source_file"]).name, row["source_row"], row["rejection_reason"])
        for row in wanted.rejected
    ]
    assert whereabouts == [
        ("2.csv", 2, "zero_quantity"),
        ("2.csv", 4, "malformed_row"),
        ("1.csv", 1, "zero_quantity"),
        ("1.csv", 2, "duplicate_order_id"),
        ("4.csv", 1, "duplicate_order_id"),
        ("4.csv", 2, "duplicate_order_id"),
    ]


def test_files_may_differ_in_columns_and_their_order(clean_feed: Cleaner) -> None:
    bad = row_with(order_id="b", region="N/A") | {"note": "n", "colour": "c"}
    dup = GOOD_ROW | {"note": "n2", "colour": "c2"}
    feeds = {
        "a.csv": write_feed([bad, GOOD_ROW]),
        "b.csv": write_feed([bad, dup], ["note", *reversed(COLUMNS)]),
        "c.csv": write_feed([dup, bad], [*COLUMNS[3:], "colour", *COLUMNS[:3], "note"]),
    }
    for n_blocks in (1, 5):
        cleaned = clean_feed(feeds, n_blocks)
        assert cleaned.rejected.column_names[:12] == [*COLUMNS, "note", "colour"]
        rejected = plain(cleaned.rejected)
        assert cleaned.reasons == ["unknown_region"] * 2 + ["duplicate_order_id"] * 2 + [
            "unknown_region"
        ]
        assert [row["note"] for row in rejected] == [None, "n", "n2", "n2", "n"]
        assert [row["colour"] for row in rejected] == [None, None, None, "c2", "c"]
        for row in rejected:
            raw = bad if row["rejection_reason"] == "unknown_region" else dup
            assert {name: row[name] for name in COLUMNS} == {name: raw[name] for name in COLUMNS}


@pytest.mark.parametrize("feed", [HEADER, HEADER.rstrip(), HEADER + b"\r\n\n"])
def test_a_feed_without_records_gives_empty_outputs(feed: bytes, clean_feed: Cleaner) -> None:
    cleaned = clean_feed(feed)
    assert (cleaned.clean.num_rows, cleaned.rejected.num_rows, cleaned.n_blocks) == (0, 0, 1)


def test_all_rows_rejected_or_all_kept(clean_feed: Cleaner) -> None:
    kept = [row_with(order_id=str(n)) for n in range(20)]
    for n_blocks in (1, 7):
        cleaned = clean_feed(write_feed(kept), n_blocks)
        assert (cleaned.clean.num_rows, cleaned.rejected.num_rows) == (20, 0)
        cleaned = clean_feed(write_feed([row_with(region="")] * 20), n_blocks)
        assert (cleaned.clean.num_rows, cleaned.rejected.num_rows) == (0, 20)


def test_a_last_record_without_line_end_counts(clean_feed: Cleaner) -> None:
    feed = write_feed([row_with(order_id=str(n)) for n in range(5)]).rstrip(b"\n")
    for n_blocks in (1, 64):
        assert clean_feed(feed, n_blocks).clean.num_rows == 5


def test_a_record_longer_than_many_blocks(clean_feed: Cleaner) -> None:
    long = row_with(order_id="long", product_name='"\n,' * 70_000)
    feed = write_feed([row_with(order_id="1"), long, row_with(order_id="2")])
    whole = clean_feed(feed)
    assert whole.clean.column("product_name").to_pylist()[1] == long["product_name"]
    assert same(clean_feed(feed, 64), whole)


@pytest.mark.slow
def test_a_field_beyond_the_limit_loses_its_own_lines_only(clean_feed: Cleaner) -> None:
    contract = clean_feed.rules.contract
    short_fields = replace(contract, csv=replace(contract.csv, max_field_bytes=1024))
    rules = replace(clean_feed.rules, contract=short_fields)
    long = row_with(product_name="x\n" * 600)
    feed = write_feed([row_with(order_id="1"), long, row_with(order_id="2")])
    for n_blocks in (1, 64):
        cleaned = clean_feed(feed, n_blocks, rules=rules)
        assert cleaned.clean.column("order_id").to_pylist() == ["1", "2"]
        # Each of its lines is a record of too few fields.
        assert cleaned.reasons == ["malformed_row"] * 601


@pytest.mark.slow
def test_packed_feeds_are_cleaned_like_plain_ones(clean_feed: Cleaner) -> None:
    feed = write_feed([row_with(order_id=str(n % 30), quantity=str(n % 4)) for n in range(50)])
    plain_one = clean_feed(feed, 1)
    packed = clean_feed({"feed.csv.gz": gzip.compress(feed)}, 7)
    assert plain(packed.clean) == plain(plain_one.clean)
    assert packed.reasons == plain_one.reasons
    assert set(packed.rejected.column("source_file").to_pylist()) == {
        clean_feed.path("feed.csv.gz")
    }
    assert packed.n_left_in_spill == 0


def test_the_same_file_twice_is_read_once(clean_feed: Cleaner, rules: Rules) -> None:
    clean_feed(write_feed([GOOD_ROW]))
    cleaned = clean_files(rules, [clean_feed.path()] * 2, 1 << 20)
    assert (cleaned.clean.num_rows, cleaned.rejected.num_rows) == (1, 0)


def test_an_input_that_is_no_feed_is_refused_before_anything_is_computed(
    clean_feed: Cleaner, tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(InputError, match="9 of the contract's columns are missing"):
        evaluate_feed(clean_feed.rules, [str(tmp_path / "x.csv")], spill=tmp_path)
