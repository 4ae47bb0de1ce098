"""Repeated keys over any number of blocks, against pandas, and where hashes meet."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from dask.delayed import Delayed
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.contracts import rules_of
from tests.feeds import Cleaner, plain, row_with, write_feed
from tests.oracle import COLUMNS
from toolkit.clean.blocks import stage_block
from toolkit.clean.duplicates import (
    N_BUCKETS,
    Spilled,
    find_duplicates,
    find_meetings,
    likely_repeats,
    spill_words,
)
from toolkit.clean.evaluate import Rules
from toolkit.clean.feed import evaluate_feed, find_repeats, make_job
from toolkit.clean.keys import Words, key_words
from toolkit.read.blocks import plan_blocks
from toolkit.read.sources import find_sources

pytestmark = pytest.mark.slow

KEYS = st.lists(
    st.sampled_from(["", "a", "b", "aa", "12345678", "123456789", "é", "日" * 9, "\x00"])
)


def spill_block(keys: pa.Table, words: Words, stem: Path) -> Spilled:
    """Lay a block's keys down as staging does, under whatever words the test wants."""
    keys_path, words_path = stem.with_suffix(".arrow"), stem.with_suffix(".words")
    with pa.OSFile(str(keys_path), "wb") as file, pa.ipc.new_file(file, keys.schema) as writer:
        writer.write_table(keys)
    return Spilled(keys_path, words_path, keys.num_rows, spill_words(words, words_path))


def rows_found(
    blocks: Sequence[pa.Table], folder: Path, keep_bits: int = 2**64 - 1, step: int = N_BUCKETS
) -> list[int]:
    """Rows over all blocks that repeat a key, their words being cut down to `keep_bits`."""
    spilled = []
    for n, keys in enumerate(blocks):
        words = key_words([c.combine_chunks() for c in keys.columns]) & np.uint64(keep_bits)
        spilled.append(spill_block(keys, words, folder / str(n)))
    starts = np.cumsum([0, *(block.n_rows for block in spilled)])
    names = blocks[0].column_names
    found: list[int] = []
    for first in range(0, N_BUCKETS, step):
        buckets = range(N_BUCKETS)[first : first + step]
        for block, rows in find_duplicates(spilled, names, buckets).items():
            assert rows.tolist() == sorted(set(rows.tolist()))
            found += (starts[block] + rows).tolist()
    return sorted(found)


def rows_wanted(blocks: Sequence[pa.Table]) -> list[int]:
    frame = pd.concat([block.to_pandas() for block in blocks], ignore_index=True)
    return list(np.flatnonzero(frame.duplicated(keep="first").to_numpy()))


def table_of(keys: list[str]) -> pa.Table:
    return pa.table({"key": pa.array(keys, pa.string())})


# Which bits of a word are kept: all; none, so that all keys meet; the bucket's; the lowest ones.
BITS = [2**64 - 1, 0, 3 << 62, 7]


@settings(max_examples=60)
@given(blocks=st.lists(KEYS, min_size=1, max_size=7), bits=st.sampled_from(BITS))
@example(blocks=[["a"], [], ["a"], [], []], bits=0)
@example(blocks=[[], []], bits=2**64 - 1)
def test_the_repeated_rows_are_those_that_pandas_finds(
    blocks: list[list[str]], bits: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tables = [table_of(keys) for keys in blocks]
    folder = tmp_path_factory.getbasetemp()
    wanted = rows_wanted(tables)
    assert rows_found(tables, folder, bits) == wanted
    assert rows_found(tables, folder, bits, step=8) == wanted


@pytest.mark.parametrize("n_blocks", [1, 2, 7, 64])
@pytest.mark.parametrize("bits", BITS)
def test_many_random_keys_over_blocks(n_blocks: int, bits: int, tmp_path: Path) -> None:
    keys = np.random.default_rng(7).integers(0, 3000, 5000)
    tables = [table_of([f"ORD-{k:09}" for k in p]) for p in np.array_split(keys, n_blocks)]
    assert rows_found(tables, tmp_path, bits) == rows_wanted(tables)


def test_all_rows_repeat_one_key(tmp_path: Path) -> None:
    tables = [table_of(["same"] * n) for n in (0, 3, 0, 2)]
    assert rows_found(tables, tmp_path) == [1, 2, 3, 4]


def test_keys_of_several_columns_are_compared_as_a_whole(tmp_path: Path) -> None:
    rows = [("a", "bc"), ("ab", "c"), ("abc", ""), ("", "abc"), ("a", "bc"), ("bc", "a")]
    labels = pa.array([b for _, b in rows]).dictionary_encode()
    table = pa.table({"a": pa.array([a for a, _ in rows]), "b": labels})
    for bits in BITS:
        assert rows_found([table.slice(0, 2), table.slice(2)], tmp_path, bits) == [4]


def test_words_do_not_depend_on_how_a_column_is_held() -> None:
    keys = ["", "a", "12345678", "123456789012345678", "é日本", "\x00", "\x00\x00", "a"]
    strings = pa.array(keys)
    words = key_words([strings])
    assert key_words([strings.dictionary_encode()]).tolist() == words.tolist()
    padded = pa.concat_arrays([pa.array(["zzz", "y" * 20]), strings, pa.array(["w"])])
    assert key_words([padded[2:-1]]).tolist() == words.tolist()
    assert [key_words([strings[n : n + 1]])[0] for n in range(8)] == words.tolist()
    assert len(set(words.tolist())) == 7
    # Workers on several machines write them for one another.
    assert key_words([pa.array(["ORD-000000001"])]).tolist() == [14557880335735082498]


def test_words_of_many_like_keys_all_differ() -> None:
    keys = pa.array([f"ORD-{n:09}" for n in range(200_000)])
    words = key_words([keys])
    assert len(np.unique(words)) == 200_000
    assert np.array_equal(words[70_001:], key_words([keys[70_001:]]))
    buckets = np.bincount((words >> np.uint64(58)).astype(int), minlength=64)
    assert buckets.min() > 0.8 * 200_000 / 64


@given(words=st.lists(st.sampled_from([0, 1, 2**18, 2**29, 2**40, 2**63, 5 << 18]), max_size=30))
def test_likely_repeats_only_names_rows_that_repeat_a_word(words: list[int]) -> None:
    rows = likely_repeats(np.array(words, dtype=np.uint64)).tolist()
    repeats = [n for n, word in enumerate(words) if word in words[:n]]
    assert rows == sorted(set(rows))
    assert set(rows) <= set(repeats)


def test_likely_repeats_misses_hardly_any() -> None:
    words = key_words([pa.array([f"ORD-{n % 90_000:09}" for n in range(100_000)])])
    assert len(likely_repeats(words)) > 9_990


@pytest.mark.parametrize("n_blocks", [1, 2, 7, 64])
def test_a_rejected_row_does_not_take_the_key(n_blocks: int, clean_feed: Cleaner) -> None:
    rows = [
        row_with(order_id="A", quantity="0"),
        row_with(order_id=" A", unit_price="5"),
        row_with(order_id="A ", unit_price="6"),
        row_with(order_id="A", region="N/A"),
        row_with(order_id="a", unit_price="7"),
        row_with(order_id="A", unit_price="8"),
    ]
    cleaned = clean_feed(write_feed(rows), n_blocks)
    assert cleaned.clean.column("unit_price").to_pylist() == [5.0, 7.0]
    assert cleaned.reasons == [
        "zero_quantity", "duplicate_order_id", "unknown_region", "duplicate_order_id",
    ]  # fmt: skip


@pytest.mark.parametrize("n_blocks", [1, 2, 7, 64])
def test_the_raw_text_of_repeated_rows_is_exact(n_blocks: int, clean_feed: Cleaner) -> None:
    """Whether they repeat a key of their own block or of one long before."""
    rows = []
    for n in range(60):
        rows.append(
            row_with(
                order_id=f" {n % 20}\t",
                product_name=f'L"amp,\r\n{n}\u3000',
                quantity=f" +{n % 3 + 1}.0",
                sale_date="3/4/2026",
                revenue=f"raw {n}",
            )
        )
        if n % 7 == 0:
            rows.append({**row_with(), "order_id": "", "revenue": f"bad {n}"})
    data = write_feed(rows) + b'1,"never closed\n'
    cleaned = clean_feed(data, n_blocks)
    assert cleaned.clean.num_rows == 20
    rejected = plain(cleaned.rejected)
    for row in rejected[:-1]:
        raw = rows[row["source_row"] - 1]
        assert {name: row[name] for name in COLUMNS} == raw
        assert row["rejection_reason"] == (
            "duplicate_order_id" if raw["order_id"] else "missing_order_id_or_product"
        )
    assert [row["source_row"] for row in rejected] == sorted(row["source_row"] for row in rejected)
    assert len(rejected) == 40 + 9 + 1


def test_without_a_key_nothing_is_a_duplicate(clean_feed: Cleaner) -> None:
    rules = replace(clean_feed.rules, contract=replace(clean_feed.rules.contract, key=None))
    cleaned = clean_feed(write_feed([row_with()] * 5), 3, rules=rules)
    assert (cleaned.clean.num_rows, cleaned.rejected.num_rows) == (5, 0)


@pytest.mark.parametrize("n_blocks", [1, 7])
def test_a_key_of_two_columns_in_a_feed(n_blocks: int, clean_feed: Cleaner) -> None:
    contract = clean_feed.rules.contract
    assert contract.key is not None
    key = replace(contract.key, columns=("order_id", "product_name"))
    rules = replace(clean_feed.rules, contract=replace(contract, key=key))
    pairs = [("1", "a"), ("1", "b"), ("2", "a"), ("1", "a"), ("11", ""), ("1", "1"), ("2", "a ")]
    rows = [row_with(order_id=a, product_name=b) for a, b in pairs]
    cleaned = clean_feed(write_feed(rows), n_blocks, rules=rules)
    assert [r["source_row"] for r in plain(cleaned.rejected)] == [4, 5, 7]


ITEMS: dict[str, Any] = {
    "name": "items",
    "columns": {
        "day": {"kind": "date", "formats": ["%Y-%m-%d", "%d.%m.%Y"], "reason": "bad"},
        "n": {"kind": "integer", "reason": "bad"},
        "x": {"kind": "number", "reason": "bad"},
        "kind": {"kind": "category", "values": "kinds.json", "max_edits": 1, "reason": "bad"},
        "mail": {"kind": "email"},
        "note": {"kind": "text", "null_words": ["NULL"]},
    },
    "derived": {"double": {"formula": "x * 2"}},
    "flags": {"flag": {"large": {"column": "x", "above": 1}}},
    "reasons": ["bad", "twice"],
}
KINDS = {"kinds.json": ["Toys", "Books"]}
SPELLINGS: dict[str, list[str]] = {
    "day": ["2026-01-02", "02.01.2026", "2026-1-3", "x"],
    "n": ["1", "1.0", "+1", "2", "-0", "0", "x"],
    "x": ["1.5", "1.50", "-0", "0", "0.1", "0.10000000000000001", "x"],
    "kind": ["Toys", "toyz", "BOOKS", "Books", "x"],
    "mail": ["a@b.c", "A@B.C", "a@b", "", "b@b.c"],
    "note": ["", "NULL", " ", "a", "a ", "A"],
}
SOUND_ITEM = {name: spellings[0] for name, spellings in SPELLINGS.items()}
KEYS_OF_ITEMS = [
    ("day",), ("n",), ("x",), ("kind",), ("mail",), ("note",), ("double",), ("flag",),
    ("day", "n"), ("mail", "note", "x"), ("kind", "flag", "note"),
]  # fmt: skip


def with_key(**key: Any) -> Rules:
    return rules_of(ITEMS | {"key": key | {"reason": "twice"}}, KINDS)


items = st.fixed_dictionaries(
    {name: st.one_of(st.just(s[0]), st.sampled_from(s)) for name, s in SPELLINGS.items()}
)


@settings(max_examples=60)
@given(
    rows=st.lists(items, max_size=14),
    columns=st.sampled_from(KEYS_OF_ITEMS),
    n_blocks=st.sampled_from([1, 3, 50]),
)
def test_keys_of_any_kind_are_compared_as_clean_values(
    rows: list[dict[str, str]],
    columns: tuple[str, ...],
    n_blocks: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Nothing equals nothing, a zero of either sign a zero, and null is not the empty text."""
    clean = Cleaner(rules_of(ITEMS | {"reasons": ["bad"]}, KINDS), tmp_path_factory.getbasetemp())
    data = write_feed(rows, list(SPELLINGS))
    valid = clean(data).clean
    seen: set[Hashable] = set()
    first = []
    for row in valid.to_pylist():
        key = tuple(row[name] for name in columns)
        first.append(key not in seen)
        seen.add(key)
    keyed = clean(data, n_blocks, rules=with_key(columns=list(columns)))
    assert keyed.clean.to_pylist() == valid.filter(pa.array(first, pa.bool_())).to_pylist()
    assert keyed.reasons.count("twice") == first.count(False)


texts = st.sampled_from(["1", " 1", "1 ", "1.0", "x", ""])
exact = st.fixed_dictionaries(
    {"n": texts, "note": st.sampled_from(["", " ", "NULL", "a", "a\n", 'q"', "\u3000"])}
)


@settings(max_examples=60)
@given(
    files=st.lists(st.lists(exact, max_size=10), min_size=1, max_size=3),
    n_blocks=st.sampled_from([1, 3, 60]),
)
def test_exact_rows_are_records_that_are_equal_as_they_stand(
    files: list[list[dict[str, str]]], n_blocks: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clean = Cleaner(with_key(exact_rows=True), tmp_path_factory.getbasetemp())
    rows = [[SOUND_ITEM | row for row in file] for file in files]
    feeds = {f"{n}.csv": write_feed(file, list(SPELLINGS)) for n, file in enumerate(rows)}
    seen: set[Hashable] = set()
    wanted = []
    for name, file in zip(feeds, rows, strict=True):
        for place, row in enumerate(file):
            record = tuple(row.values())
            reason = "bad" if row["n"] in ("x", "") else "twice" if record in seen else None
            if reason is None:
                seen.add(record)
            else:
                wanted.append((clean.path(name), place + 1, reason, *record))
    cleaned = clean(feeds, n_blocks)
    facts = ("source_file", "source_row", "rejection_reason", *SPELLINGS)
    found = [tuple(row[name] for name in facts) for row in cleaned.rejected.to_pylist()]
    assert found == wanted
    assert cleaned.clean.num_rows == len(seen)
    assert cleaned.n_left_in_spill == 0


@pytest.mark.parametrize("key", [{"exact_rows": True}, {"columns": ["n"]}], ids=["exact", "key"])
@pytest.mark.parametrize("n_blocks", [1, 9])
def test_files_that_overlap_give_each_row_once(
    key: dict[str, Any], n_blocks: int, tmp_path: Path
) -> None:
    rows = [SOUND_ITEM | {"n": str(n)} for n in range(40)]
    feeds = {
        "january.csv": write_feed(rows[:25], list(SPELLINGS)),
        "february.csv": write_feed(rows[15:], list(SPELLINGS)),
    }
    cleaned = Cleaner(with_key(**key), tmp_path)(feeds, n_blocks)
    assert cleaned.clean.column("n").to_pylist() == [*range(40)]
    assert [(row["source_row"], row["n"]) for row in cleaned.rejected.to_pylist()] == [
        (n - 14, str(n)) for n in range(15, 25)
    ]


def test_exact_rows_of_files_with_other_columns(tmp_path: Path) -> None:
    """Columns may come in another order; a column that a file lacks equals no text."""
    row, names = SOUND_ITEM, list(SPELLINGS)
    feeds = {
        "a.csv": write_feed([row], names),
        "b.csv": write_feed([row], names[::-1]),
        "c.csv": write_feed([row | {"extra": ""}, row | {"extra": "1"}], [*names, "extra"]),
        "d.csv": write_feed([row | {"extra": "1"}, row | {"extra": ""}], ["extra", *names]),
    }
    cleaned = Cleaner(with_key(exact_rows=True), tmp_path)(feeds, 2)
    where = [(Path(row["source_file"]).name, row["source_row"]) for row in plain(cleaned.rejected)]
    assert where == [("b.csv", 1), ("d.csv", 1), ("d.csv", 2)]


@pytest.mark.parametrize("keep_bits", BITS)
def test_all_that_repeat_and_are_repeated_meet(keep_bits: int, tmp_path: Path) -> None:
    tables = [table_of(["a", "b"]), table_of([]), table_of(["c", "a", "a"])]
    spilled = []
    for n, keys in enumerate(tables):
        words = key_words([c.combine_chunks() for c in keys.columns]) & np.uint64(keep_bits)
        spilled.append(spill_block(keys, words, tmp_path / str(n)))
    met = {block: set(rows.tolist()) for block, rows in find_meetings(spilled, range(64)).items()}
    assert met[0] >= {0}
    assert met[2] >= {1, 2}
    if keep_bits == 2**64 - 1:
        assert met == {0: {0}, 2: {1, 2}}


def test_the_lazy_frame_finds_exact_rows_as_well(tmp_path: Path) -> None:
    rows = [SOUND_ITEM | {"note": note} for note in ("a", "b", "a ", "a", "x", "b", "a")]
    clean = Cleaner(with_key(exact_rows=True), tmp_path)
    cleaned = clean(write_feed(rows, list(SPELLINGS)))
    evaluated = evaluate_feed(clean.rules, [clean.path()], block_bytes=60)
    [frame] = dask.compute(evaluated)  # type: ignore[attr-defined, no-untyped-call]
    reasons = frame["rejection_reason"]
    assert reasons[reasons.notna()].tolist() == cleaned.reasons == ["twice"] * 3
    assert frame["source_row"][reasons.notna()].tolist() == [4, 6, 7]


@pytest.mark.parametrize("values", [[1.5, -0.0, 0.0, math.nan, -math.nan, 1.5, None]])
def test_words_are_equal_where_values_are(values: list[float | None]) -> None:
    words = key_words([pa.array(values, pa.float64())]).tolist()
    assert words[1] == words[2]
    assert words[3] == words[4] == words[6]
    assert words[0] == words[5]
    assert len(set(words)) == 3
    labels = pa.array(["a", None, "", "a"])
    assert key_words([labels.dictionary_encode()]).tolist() == key_words([labels]).tolist()


@pytest.mark.parametrize("key", [{"exact_rows": True}, {"columns": ["n"]}], ids=["exact", "key"])
def test_a_run_and_the_lazy_frame_search_by_the_same_tasks(
    key: dict[str, Any], tmp_path: Path
) -> None:
    rules, feed = with_key(**key), tmp_path / "feed.csv"
    feed.write_bytes(write_feed([SOUND_ITEM] * 9, list(SPELLINGS)))
    blocks = plan_blocks(find_sources([str(feed)]), rules.contract, 100)
    job = make_job(rules, blocks, tmp_path)
    staged = [stage_block(block, job) for block in blocks]
    searched: Counter[str] = Counter()

    def run(tasks: list[Delayed]) -> list[Any]:
        searched.update(str(task.key).rpartition("-")[0].split("-")[0] for task in tasks)
        return list(dask.compute(*tasks, scheduler="sync"))  # type: ignore[attr-defined, no-untyped-call]

    placed = find_repeats(run, staged, len(blocks), job, 8)
    assert sum(len(one.repeated) for one in placed) == 8
    frame = evaluate_feed(rules, [str(feed)], block_bytes=100, spill=tmp_path)
    in_graph = Counter(str(name).split("-")[0] for name in frame.__dask_graph__())
    assert searched.keys() <= in_graph.keys()
    assert searched == {name: in_graph[name] for name in searched}
