"""A feed may lack columns that nothing is computed from; lookup commands need theirs alone."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.commands import ask

pytestmark = pytest.mark.slow

HEADER = (
    "order_id,product_name,category,quantity,unit_price,discount_percent,region,sale_date,"
    "customer_email"
)
ROWS = (
    "O1,Lamp,Books,1,2.5,0,Delhi,2026-01-02,a@b.co",
    "O2,Lamp,Xyzzyxx,1,2.5,0,Delhi,2026-01-02,",
)


def write(path: Path, header: str, *rows: str) -> str:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path.name


def test_a_feed_without_the_unused_revenue_is_cleaned_and_the_run_says_so(tmp_path: Path) -> None:
    feed = write(tmp_path / "feed.csv", HEADER, *ROWS)
    done = ask("clean-data", feed, cwd=tmp_path)
    assert done.code == 0, done.err
    assert "there is no column revenue, which is not used, in feed.csv" in done.out
    clean = pq.read_table(tmp_path / "data/clean/feed_clean.parquet")
    rejected = pq.read_table(tmp_path / "data/rejected/feed_rejected.parquet")
    assert clean.column("revenue").to_pylist() == [2.5]
    assert rejected.column("rejection_reason").to_pylist() == ["unknown_category"]
    assert rejected.column("revenue").to_pylist() == [None]


def test_files_with_and_without_it_are_one_feed(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", HEADER, *ROWS)
    write(tmp_path / "b.csv", f"{HEADER},revenue", "O3,Lamp,Xyzzyxx,1,2,0,Delhi,2026-01-02,,9.9")
    done = ask("clean-data", "a.csv", "b.csv", cwd=tmp_path)
    assert done.code == 0, done.err
    [folder] = (tmp_path / "data/rejected").iterdir()
    rejected = pq.read_table(folder)
    assert rejected.column("revenue").to_pylist() == [None, "9.9"]


def test_a_column_that_is_used_is_needed_all_the_same(tmp_path: Path) -> None:
    feed = write(
        tmp_path / "feed.csv", HEADER.replace(",region", ""), "O1,Lamp,Books,1,2,0,2026-01-02,"
    )
    done = ask("clean-data", feed, cwd=tmp_path)
    assert (done.code, "region" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (("build-region-map",), "region_map.json"),
        (("build-region-lookup",), "common_regions.json"),
        (("build-lookup", "column=region"), "common_regions.json"),
    ],
)
def test_a_lookup_is_built_from_its_column_alone(
    words: tuple[str, ...], file: str, tmp_path: Path
) -> None:
    feed = write(tmp_path / "feed.csv", "shop,region,note", *["7,Atlantis,x"] * 3)
    done = ask(words[0], feed, *words[1:], cwd=tmp_path)
    assert done.code == 0, done.err
    assert "Atlantis" in json.dumps(json.loads((tmp_path / "data/lookups" / file).read_text()))


def test_all_lookups_need_their_columns_only(tmp_path: Path) -> None:
    feed = write(tmp_path / "feed.csv", "region,category", *["Atlantis,Scrolls"] * 3)
    done = ask("update-lookups", feed, "run_tests=false", cwd=tmp_path)
    assert done.code == 0, done.err
    names = json.loads((tmp_path / "data/lookups/common_categories.json").read_text())
    assert "Scrolls" in names


def test_a_review_shows_revenue_only_where_it_can_be_computed(tmp_path: Path) -> None:
    feed = write(tmp_path / "feed.csv", "region,category", "Atlantis,Books")
    done = ask("review-lookups", feed, cwd=tmp_path)
    assert done.code == 0, done.err
    assert "Atlantis" in done.out
    assert "revenue is left out: " in done.out + done.err
