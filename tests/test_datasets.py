"""The contracts of real feeds: excerpts and small feeds of our own making, and the real ones."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.commands import ask
from tests.real_feeds import MAKES, KnownFeed, dirty_cafe, online_retail

pytestmark = pytest.mark.slow

RETAIL = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
500001,22001a, RED LAMP ,6,2010-12-01 08:26:00,2.50,17001.0,United Kingdom
500001,22001a, RED LAMP ,6,2010-12-01 08:26:00,2.50,17001.0,United Kingdom
500001,22001A, RED LAMP ,6,2010-12-01 08:26:00,2.50,17001.0,United Kingdom
C500002,22001A,RED LAMP,-1,2010-12-01 09:00:00,2.50,17001.0,United Kingdom
A500003,B,Adjust bad debt,1,2011-01-03 10:00:00,-110.62,,United Kingdom
500004,22002,,5,2011-01-03 11:00:00,0,,United Kingdom
500005,22002,lost,-5,2011-01-03 12:00:00,0,,United Kingdom
500006,22003,MUG,2,2011-01-31 23:59:00,1.25,,EIRE
"""
RETAIL_REASONS = [
    "duplicate_row", "cancelled", "bad_debt", "price_not_above_zero", "quantity_not_above_zero",
]  # fmt: skip

CAFE_HEADER = (
    "Transaction ID,Item,Quantity,Price Per Unit,Total Spent,Payment Method,Location,"
    "Transaction Date"
)
# Each row, what is left of it (quantity, price, total), and its reason without repairs.
CAFE: list[tuple[str, tuple[int, float, float] | str, str | None]] = [
    ("TXN_0000001,Tea,2,1.5,3.0,Cash,In-store,2023-05-16", (2, 1.5, 3.0), None),
    ("TXN_0000002,Cake,ERROR,3.0,12.0,Cash,,2023-05-17", (4, 3.0, 12.0), "unknown_quantity"),
    ("TXN_0000003,Juice,3,UNKNOWN,9.0,ERROR,,2023-05-18", (3, 3.0, 9.0), "unknown_price"),
    ("TXN_0000004,Salad,1,5.0,,Credit Card,Takeaway,2023-05-19", (1, 5.0, 5.0), None),
    ("TXN_0000005,Tea,2,,ERROR,Cash,In-store,2023-06-01", (2, 1.5, 3.0), "unknown_price"),
    ("TXN_0000006,Tea,,,,Cash,In-store,2023-06-02", "unknown_quantity", "unknown_quantity"),
    ("TXN_0000007,UNKNOWN,1,2.0,2.0,Cash,In-store,2023-06-03", "unknown_item", "unknown_item"),
    ("TXN_0000008,Cake,1,3.0,3.0,Cash,In-store,ERROR", "invalid_date", "invalid_date"),
    ("TXN_0000001,Tea,2,1.5,3.0,Cash,In-store,2023-05-16", "duplicate_transaction",
     "duplicate_transaction"),
    ("TXN_0000009,Cake,2,3.0,7.0,Cash,In-store,2023-06-04", "total_mismatch", "total_mismatch"),
]  # fmt: skip


def run(folder: Path, dataset: str, feed: Path, *words: str, code: int = 0) -> str:
    """Run the pipeline in the folder; what it printed, or its last line when it is refused."""
    done = ask("run-pipeline", f"dataset={dataset}", f"input={feed}", *words, cwd=folder)
    assert done.code == code, done.err
    return done.err.splitlines()[-1] if code else done.out


def clean_rows(folder: Path) -> pa.Table:
    [path] = folder.glob("data/clean/*.parquet")
    return pq.read_table(path)


def reasons(folder: Path) -> list[str]:
    """In the order of the file."""
    [path] = folder.glob("data/rejected/*.parquet")
    return [str(reason) for reason in pq.read_table(path).column("rejection_reason").to_pylist()]


def aggregated(folder: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(
        next(folder.glob(f"data/aggregations/*/{name}.parquet"))
    ).to_pylist()
    return rows


def known(
    feed: Callable[[str, Path], KnownFeed],
    request: pytest.FixtureRequest,
    factory: pytest.TempPathFactory,
) -> KnownFeed:
    return feed(request.param, factory.mktemp(request.param))


@pytest.fixture(scope="module", params=MAKES)
def retail(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> KnownFeed:
    return known(online_retail, request, tmp_path_factory)


@pytest.fixture(scope="module", params=MAKES)
def cafe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> KnownFeed:
    return known(dirty_cafe, request, tmp_path_factory)


class TestOnlineRetail:
    def test_an_excerpt(self, tmp_path: Path) -> None:
        feed = tmp_path / "retail.csv.gz"
        feed.write_bytes(gzip.compress(RETAIL.encode()))
        out = run(tmp_path, "online_retail", feed, "validation=watch")
        clean = clean_rows(tmp_path)
        assert reasons(tmp_path) == RETAIL_REASONS
        assert clean.column("stock_code").to_pylist() == ["22001A", "22001A", "22003"]
        assert clean.column("customer_id").to_pylist() == ["17001", "17001", None]
        assert clean.column("revenue").to_pylist() == [15.0, 15.0, 2.5]
        assert str(clean.column("sale_date")[2]) == "2011-01-31 23:59:00"
        assert [
            (row["month"], row["total_revenue"], row["order_count"], row["line_count"])
            for row in aggregated(tmp_path, "monthly_sales_summary")
        ] == [("2010-12", 30.0, 1, 2), ("2011-01", 2.5, 1, 1)]
        assert [r["region"] for r in aggregated(tmp_path, "region_wise_performance")] == [
            "United Kingdom",
            "EIRE",
        ]
        assert "aggregation top_categories is left out: the contract has no category" in out
        assert (
            "aggregation monthly_sales_summary is without avg_discount_percent: "
            "the contract has no discount_percent" in out
        )
        assert not (tmp_path / "data/aggregations/online_retail/top_categories.parquet").exists()

    @pytest.mark.parametrize("cut", [[], ["partitions=by_count", "partitions.count=37"]])
    def test_a_whole_feed(self, cut: list[str], retail: KnownFeed, tmp_path: Path) -> None:
        answers, feed = retail.answers, retail.folder / "online_retail.csv.gz"
        validation = "gate" if not cut else '"off"'
        run(tmp_path, "online_retail", feed, f"validation={validation}", *cut)
        found = reasons(tmp_path)
        n_rows = answers["keep after exact dedupe"]
        assert clean_rows(tmp_path).num_rows == n_rows
        assert len(found) == answers["rows"] - n_rows
        assert found.count("cancelled") == answers["cancelled"]
        assert found.count("bad_debt") == answers["bad-debt A invoice"]
        assert found.count("duplicate_row") == answers["keep before dedupe"] - n_rows
        months = aggregated(tmp_path, "monthly_sales_summary")
        assert {r["month"]: round(r["total_revenue"], 2) for r in months} == answers[
            "revenue_by_month"
        ]
        assert round(sum(r["total_revenue"] for r in months), 2) == answers["revenue_keep_after"]
        [november] = [row for row in months if row["month"] == "2011-11"]
        assert november["order_count"] == answers["november"]
        assert november["avg_order_value"] == november["total_revenue"] / answers["november"]
        assert sum(row["line_count"] for row in months) == n_rows
        regions = aggregated(tmp_path, "region_wise_performance")
        assert {r["region"]: round(r["total_revenue"], 2) for r in regions[:5]} == answers[
            "top_countries"
        ]


class TestDirtyCafe:
    def test_an_excerpt_with_repair(self, tmp_path: Path) -> None:
        feed = tmp_path / "cafe.csv"
        feed.write_text("\n".join([CAFE_HEADER, *(row for row, _, _ in CAFE)]))
        out = run(tmp_path, "dirty_cafe", feed, "validation=watch")
        clean = clean_rows(tmp_path).select(["quantity", "unit_price", "total_spent"])
        kept = [outcome for _, outcome, _ in CAFE if not isinstance(outcome, str)]
        assert [tuple(row.values()) for row in clean.to_pylist()] == kept
        assert reasons(tmp_path) == [o for _, o, _ in CAFE if isinstance(o, str)]
        assert clean_rows(tmp_path).column("payment_method").null_count == 1
        assert clean_rows(tmp_path).column("location").null_count == 2
        assert [r["product_name"] for r in aggregated(tmp_path, "sales_by_item")] == [
            "Cake",
            "Juice",
            "Tea",
            "Salad",
        ]
        assert "repaired" in out

    def test_an_excerpt_strictly(self, tmp_path: Path) -> None:
        feed = tmp_path / "cafe.csv"
        feed.write_text("\n".join([CAFE_HEADER, *(row for row, _, _ in CAFE)]))
        run(tmp_path, "dirty_cafe", feed, "dataset.repairs=[]", 'validation="off"')
        assert reasons(tmp_path) == [reason for _, _, reason in CAFE if reason is not None]
        assert clean_rows(tmp_path).column("total_spent").to_pylist() == [3.0, None]

    def test_a_whole_feed(self, cafe: KnownFeed, tmp_path: Path) -> None:
        answers, feed = cafe.answers, cafe.folder / "dirty_cafe_sales.csv"
        run(tmp_path, "dirty_cafe", feed)
        assert (
            clean_rows(tmp_path).num_rows
            == answers["keep, with recovery (q,p,t known, date good, item good)"]
        )
        assert reasons(tmp_path).count("duplicate_transaction") == answers["duplicate id"]
        run(tmp_path, "dirty_cafe", feed, "dataset.repairs=[]")
        assert (
            clean_rows(tmp_path).num_rows == answers["keep, strict (item, qty, price, date good)"]
        )

    @pytest.mark.parametrize(
        ("copy", "words"),
        [
            ("cafe_mdy_slash", ['dataset.columns.sale_date.formats=["%m/%d/%Y"]']),
            ("cafe_dmy_dot", ['dataset.columns.sale_date.formats=["%d.%m.%Y"]']),
            (
                "cafe_decimal_comma",
                [
                    'dataset.columns.unit_price.decimal=","',
                    'dataset.columns.total_spent.decimal=","',
                ],
            ),
        ],
    )
    def test_re_saved_copies_are_the_same_rows(
        self, copy: str, words: list[str], cafe: KnownFeed, tmp_path: Path
    ) -> None:
        tables = []
        for name, more in (("dirty_cafe_sales", []), (copy, words)):
            folder = tmp_path / name
            folder.mkdir()
            run(folder, "dirty_cafe", cafe.folder / f"{name}.csv", 'validation="off"', *more)
            tables.append(clean_rows(folder))
        original, re_saved = tables
        # Somebody typed over a few of the copies' ids.
        alike = [name for name in original.column_names if name != "order_id"]
        assert re_saved.select(alike).equals(original.select(alike))
        ids = zip(original["order_id"].to_pylist(), re_saved["order_id"].to_pylist(), strict=True)
        assert sum(one != other for one, other in ids) <= 10

    def test_a_wrong_order_of_day_and_month_is_refused_with_the_evidence(
        self, cafe: KnownFeed, tmp_path: Path
    ) -> None:
        feed, words = cafe.folder / "cafe_mdy_slash.csv", '["%d/%m/%Y"]'
        line = run(
            tmp_path, "dirty_cafe", feed, f"dataset.columns.sale_date.formats={words}", code=2
        )
        n_cells = cafe.answers["only month/day"]
        assert f"column Transaction Date: read as %d/%m/%Y, but {n_cells:,} cells can only" in line
        assert not [*tmp_path.glob("data/clean/*.parquet")]
