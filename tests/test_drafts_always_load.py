"""Whatever a file holds, its draft is a contract that cleans it, and no row is lost."""

from __future__ import annotations

import csv
import re
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.commands import ask, read

pytestmark = pytest.mark.slow

QUICK = "cluster=sync"
CELLS = st.sampled_from(
    ["", "1", "-7", "0", "3.50", "4,5", "1.234,50", "$9.99", "12 kg", "12%", "1e3", "007", "(7)",
     "2025-03-01", "1/2/2025", "13/2/2025", "2/13/2025", "1735689600", "45658", "Total", "Summe",
     "NA", "n/a", "-", "null", "yes", "no", "EUR", "USD", "a@b.example", "${x}", "a, b", 'say "hi"',
     "two\nlines", "Ünïcode", "9007199254740993", "1e400", "nan", "=1+1", "x" * 80]
) | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)  # fmt: skip
HEADERS = st.sampled_from(
    ["id", "Order ID", "order", "Total", "total_row", "amount", "Currency", "date", "row_count",
     "1e3", "null", "yes", "a.b", "${y}", "unit", "rank", "price", "quantity", "Größe", "名前"]
) | st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=10)  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """A header and records; some columns have few values, so that they become categories."""
    width = draw(st.integers(1, 5))
    header = draw(st.lists(HEADERS, min_size=width, max_size=width, unique=True))
    pools = [draw(st.lists(CELLS, min_size=1, max_size=5)) for _ in header]
    n_rows = draw(st.sampled_from([1, 3, 8, 40]))
    picks = st.lists(st.integers(0, 4), min_size=width, max_size=width)
    rows = [[pool[k % len(pool)] for pool, k in zip(pools, draw(picks), strict=True)]
            for _ in range(n_rows)]  # fmt: skip
    return [header, *rows]


@settings(max_examples=20, deadline=None)
@given(table=tables())
def test_a_draft_always_loads_and_keeps_every_row(table: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "feed.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(table)
        draft = ask("new-dataset", "feed.csv", "name=f", QUICK, cwd=folder)
        if draft.code == 2:
            # Such as a header that reads like data: said of the file, never of the draft.
            assert len(draft.errors) == 1
            assert "feed.csv" in draft.errors[0]
            assert not (folder / "conf").exists()
            return
        assert draft.code == 0, draft.err
        done = ask("clean-data", "feed.csv", "dataset=f", "validation=off", QUICK, cwd=folder)
        if done.code == 3:
            assert "no row" in done.err
            return
        assert done.code == 0, done.err
        clean = read(folder / "data" / "clean" / "feed_clean.parquet")
        parts = folder / "data" / "rejected" / "feed_rejected.parquet"
        rejected = read(parts) if parts.exists() else pa.table({"x": []})
        found = re.search(r"^  records +([0-9]+)", draft.out, re.MULTILINE)
        assert found is not None
        assert clean.num_rows + rejected.num_rows == int(found[1])


def test_items_are_ranked_within_a_category_by_what_adds_up(tmp_path: Path) -> None:
    rows = [f"A{n},{['North', 'South'][n % 2]},Item {n % 7},{n % 4 + 1},{n}.5,{n % 9}"
            for n in range(60)]  # fmt: skip
    text = "\n".join(["order,region,item,quantity,amount,rank", *rows, ""])
    (tmp_path / "feed.csv").write_text(text, encoding="utf-8")
    for words in (("new-dataset", "feed.csv", "name=f"), ("run-pipeline", "dataset=f", "feed.csv")):
        answer = ask(*words, QUICK, cwd=tmp_path)
        assert answer.code == 0, answer.err
    contract = yaml.safe_load((tmp_path / "conf" / "dataset" / "f.yaml").read_text("utf-8"))
    ranking = contract["aggregations"]["top_item_by_region"]
    assert (ranking["within"], ranking["item"]) == ("region", "item")
    assert ranking["metrics"] == {"amount": "total_amount"}
    assert "rank" not in str(ranking["measures"])
    table = read(tmp_path / "data" / "aggregations" / "f" / "top_item_by_region.parquet")
    north: dict[str, float] = {}
    for n in range(0, 60, 2):
        north[f"Item {n % 7}"] = north.get(f"Item {n % 7}", 0) + n + 0.5
    found = [row for row in table.to_pylist() if row["region"] == "North"]
    best = sorted(north, key=lambda item: -north[item])
    assert [row["item"] for row in found][:3] == best[:3]
    assert found[0]["total_amount"] == pytest.approx(north[best[0]])


@pytest.mark.parametrize(
    ("header", "cells", "told"),
    [
        ("created", [f"{1735689600 + 86400 * n}" for n in range(40)], "seconds since 1970 (2025)"),
        ("ts", [f"{1704067200000 + 10**9 * n}" for n in range(40)], "milliseconds since 1970"),
        ("value", [f"{1735689600 + 86399 * n}.25" for n in range(40)], "seconds since 1970"),
        ("Order Date", [f"{45658 + n}" for n in range(40)], "days as a spreadsheet counts them"),
        ("order_date", [f"2025{n + 100}" for n in range(40)], "named for days, but its numbers"),
        ("day", [f"25{n % 12 + 1:02}{n % 28 + 1:02}" for n in range(40)], "named for days, but"),
        ("shipped", [f"{45658 + n}" for n in range(40)], "may be days as a spreadsheet counts"),
        ("Timestamp", [f"{45658 + n}.5" for n in range(40)], "days as a spreadsheet counts them"),
    ],
)
def test_numbers_that_count_time_are_a_doubt(
    header: str, cells: list[str], told: str, tmp_path: Path
) -> None:
    rows = [f"A{n},{cell}" for n, cell in enumerate(cells)]
    (tmp_path / "feed.csv").write_text("\n".join([f"order,{header}", *rows, ""]), encoding="utf-8")
    answer = ask("new-dataset", "feed.csv", "name=f", QUICK, cwd=tmp_path)
    assert told in answer.out
    text = (tmp_path / "conf" / "dataset" / "f.yaml").read_text("utf-8")
    assert "# doubt: " in text


@pytest.mark.parametrize(
    "header",
    [
        "stock",
        "price",
        "population",
        "lead days",
        "holiday sales",
        "daily total",
        "updated_rows_count",
        "amount at date",
    ],
)
def test_numbers_of_the_same_size_that_count_no_time_are_none(header: str, tmp_path: Path) -> None:
    rows = [f"A{n},{45658 + n}" for n in range(40)]
    (tmp_path / "feed.csv").write_text("\n".join([f"order,{header}", *rows, ""]), encoding="utf-8")
    answer = ask("new-dataset", "feed.csv", "name=f", QUICK, cwd=tmp_path)
    assert not any(words in answer.out for words in ("looks like", "may be days", "for days"))
    contract = yaml.safe_load((tmp_path / "conf" / "dataset" / "f.yaml").read_text("utf-8"))
    assert [column["kind"] for column in contract["columns"].values()] == ["text", "integer"]


def test_lines_of_another_encoding_are_rejected_and_none_is_misread(tmp_path: Path) -> None:
    good = "".join(f"{n},Café,{n}.5\n" for n in range(30)).encode()
    other = "".join(f"{n + 30},Café,{n}.5\n" for n in range(30)).encode("cp1252")
    (tmp_path / "feed.csv").write_bytes(b"id,name,amount\n" + good + other)
    answer = ask("new-dataset", "feed.csv", "name=f", QUICK, cwd=tmp_path)
    assert "two encodings are mixed" in answer.out
    done = ask("clean-data", "feed.csv", "dataset=f", "validation=off", QUICK, cwd=tmp_path)
    assert done.code == 0, done.err
    clean = read(tmp_path / "data" / "clean" / "feed_clean.parquet")
    assert set(clean.column("name").to_pylist()) == {"Café"}
    rejected = read(tmp_path / "data" / "rejected" / "feed_rejected.parquet")
    assert (clean.num_rows, rejected.num_rows) == (30, 30)
