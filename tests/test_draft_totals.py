"""Rows that are totals of others are rejected by a drafted contract, and never added up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.commands import ask, read

pytestmark = pytest.mark.slow

QUICK = "cluster=sync"
HEADER = "order,item,qty,amount"
ROWS = [f"A{i},{['ink', 'pen', 'pad'][i % 3]},{1 + i % 4},{10 + i % 13}.25" for i in range(60)]
TOTAL = sum(float(row.split(",")[3]) for row in ROWS)
PIECES = sum(int(row.split(",")[2]) for row in ROWS)


@dataclass(frozen=True)
class Cleaned:
    """What a draft made of a feed: its words, and the rows that were cleaned by it."""

    said: str
    contract: str
    clean: pa.Table
    reasons: list[str]

    def total(self, column: str) -> float:
        return round(float(pc.sum(self.clean.column(column)).as_py() or 0), 2)


def drafted(folder: Path, header: str, rows: list[str], more: str = "") -> Cleaned:
    (folder / "feed.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    draft = ask("new-dataset", "feed.csv", "name=f", QUICK, cwd=folder)
    assert draft.code == 0, draft.err
    done = ask("clean-data", "feed.csv", "dataset=f", "validation=off", QUICK, cwd=folder)
    assert done.code == 0, done.err
    rejected = folder / "data" / "rejected" / "feed_rejected.parquet"
    reasons = read(rejected).column("rejection_reason").to_pylist()
    return Cleaned(
        draft.out,
        (folder / "conf" / "dataset" / "f.yaml").read_text("utf-8"),
        read(folder / "data" / "clean" / "feed_clean.parquet"),
        [str(reason) for reason in reasons],
    )


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (["Total,,,{total}"], "total_row"),
        (["Grand total:,,{pieces},{total}"], "total_row"),
        ([",,Total,{total}"], "unknown_item"),
        ([",Summe,,{total}"], "unknown_item"),
        (["Gesamt,,{pieces},{total}"], "total_row"),
        (["*** TOTAL ***,,,{total}"], "total_row"),
        (["Average,,,15.9"], "total_row"),
        (["Sum of all,x,{pieces},{total}"], "total_row"),
        ([",,,{total}"], "no_order"),
        ([",,,15.9"], "no_order"),
        (["Insgesamt 2025,,{pieces},{total}"], "total_row"),
        (["Итого,,,{total}"], "total_row"),
    ],
)
def test_a_total_at_the_end_is_rejected_with_a_reason(
    last: list[str], reason: str, tmp_path: Path
) -> None:
    footer = [line.format(total=f"{TOTAL:.2f}", pieces=PIECES) for line in last]
    cleaned = drafted(tmp_path, HEADER, [*ROWS, *footer])
    assert (cleaned.total("amount"), cleaned.total("qty")) == (TOTAL, PIECES)
    assert cleaned.reasons[:1] == [reason]
    assert cleaned.clean.num_rows + len(cleaned.reasons) == len(ROWS) + len(footer)
    assert re.search(r"file: 1 row is a total, not a record of others: .*row 61", cleaned.said)
    assert "key: {columns: [order], reason: duplicate_order}" in cleaned.contract


def test_what_stands_between_totals_at_the_end_is_none_of_the_records(tmp_path: Path) -> None:
    rows = [f"2025-03-{1 + n % 28:02d},P{n % 7},{1 + n % 4},{n}.5" for n in range(40)]
    footer = [",Total net,,800.0", ",VAT 19 %,,152.0", ",Freight,,9.0", ",Total gross,,961.0",
              ",made by hand,,"]  # fmt: skip
    cleaned = drafted(tmp_path, "day,item,qty,amount", [*rows, *footer])
    assert cleaned.total("amount") == 800.0
    assert len(cleaned.reasons) == 5


def test_a_total_within_one_cell_is_no_record(tmp_path: Path) -> None:
    rows = [f"P{n % 5},{n}.5" for n in range(40)]
    cleaned = drafted(tmp_path, "product,amount", [*rows, "Total: 800.0,"])
    assert cleaned.clean.num_rows == 40
    assert cleaned.reasons == ["unknown_product"]


def test_subtotals_within_a_file_are_rejected(tmp_path: Path) -> None:
    rows, whole = [], 0
    for region in ("North", "South", "West"):
        amounts = [7 + 3 * n for n in range(20)]
        rows += [f"{region},P{n % 6},{amount}" for n, amount in enumerate(amounts)]
        rows.append(f"Subtotal {region},,{sum(amounts)}")
        whole += sum(amounts)
    cleaned = drafted(tmp_path, "region,product,amount", [*rows, f"Grand Total,,{whole}"])
    assert cleaned.total("amount") == whole
    assert cleaned.clean.num_rows == 60
    assert len(cleaned.reasons) == 4


def test_a_total_without_an_empty_cell_is_told_by_its_sums(tmp_path: Path) -> None:
    rows = [f"City {n},{n * 3 + 1},{n * 5 + 2}" for n in range(12)]
    jan, feb = sum(n * 3 + 1 for n in range(12)), sum(n * 5 + 2 for n in range(12))
    cleaned = drafted(tmp_path, "city,jan,feb", [f"All,{jan},{feb}".replace("All", "Total"), *rows])
    assert (cleaned.total("jan"), cleaned.total("feb")) == (jan, feb)
    assert cleaned.reasons == ["total_row"]


def test_a_product_that_is_called_total_is_kept(tmp_path: Path) -> None:
    rows = [f"A{n},{['Total', 'Total Gym', 'Shell'][n % 3]},{n}.5" for n in range(60)]
    cleaned = drafted(tmp_path, "order,brand,amount", rows)
    assert cleaned.clean.num_rows == 60
    assert "20 rows are called a total, yet like other rows, and kept: 'Total' (row 1)" in (
        cleaned.said
    )


def test_a_brand_and_a_footer_of_one_name_are_told_apart(tmp_path: Path) -> None:
    rows = [f"A{n},{['Total', 'Esso', 'Shell'][n % 3]},{n}.5" for n in range(60)]
    cleaned = drafted(tmp_path, "order,brand,amount", [*rows, ",Total,1800.0"])
    assert cleaned.total("amount") == 1800.0
    assert cleaned.reasons == ["no_order"]


def test_order_lines_that_lack_what_their_order_has_are_no_totals(tmp_path: Path) -> None:
    rows = []
    for n in range(30):
        rows.append(f"#{1000 + n},{n + 20}.0,paid,P{n % 7},1,{n + 10}.0")
        rows.append(f"#{1000 + n},,,P{n % 5},2,5.0")
    cleaned = drafted(tmp_path, "Name,Total,Status,Item,Quantity,Price", rows)
    assert cleaned.clean.num_rows == 60
    assert cleaned.reasons == []


def test_totals_are_the_same_however_the_file_is_cut(tmp_path: Path) -> None:
    rows = [f"A{i},x,{1 + i % 4},{10 + i % 13}.25" for i in range(5000)]
    total = sum(float(row.split(",")[3]) for row in rows)
    text = "\n".join([HEADER, *rows, f"Sum,,,{total:.2f}", ""])
    (tmp_path / "feed.csv").write_text(text, encoding="utf-8")
    said = []
    for n in (1, 7):
        answer = ask(
            "profile-data",
            "feed.csv",
            QUICK,
            "partitions=by_count",
            f"partitions.count={n}",
            cwd=tmp_path,
        )
        assert answer.code == 0, answer.err
        said.append(answer.out.partition("in doubt")[2].partition("stage")[0])
    assert said[0] == said[1]
    assert "1 row is a total, not a record of others: 'Sum' (row 5,001)" in said[0]
