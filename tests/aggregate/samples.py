"""Clean rows for the tests, ways to cut them, and what their aggregations must be.

The expected tables are computed a row at a time with Python's own fractions and sorting; they
share no code with the toolkit.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from toolkit.contract import Contract
from toolkit.storage.datasets import ParquetStyle, part_name, write_parquet

Row = dict[str, Any]
Tables = dict[str, list[Row]]

CATEGORIES = ("Books", "Clothing", "Toys & Games")
PRODUCTS = ("Lamp", "lamp", "Lamp XL", "Étui", "Zebra", "\U0001f9e6 socks", "a")
REGIONS = ("Delhi", "Mumbai")
DAYS = (
    dt.date(1969, 12, 31),
    dt.date(1970, 1, 1),
    dt.date(2023, 12, 31),
    dt.date(2024, 2, 29),
    dt.date(2024, 3, 1),
    dt.date(812, 5, 6),
)


@st.composite
def rows(draw: st.DrawFn, max_size: int = 40) -> list[Row]:
    """Clean rows with many ties; order ids are a permutation of running numbers."""
    n = draw(st.integers(0, max_size))
    ids = draw(st.permutations(range(n)))
    return [make_row(number, draw) for number in ids]


def make_row(number: int, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Row:
    price = draw(st.sampled_from([0.1, 0.7, 1.15, 19.99, 250.0, 49999.99]))
    quantity = draw(st.sampled_from([1, 2, 3, 50]))
    discount = draw(st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.001, 0.85, 1.0, 1 / 3]))
    return {
        "order_id": f"ORD-{number:09d}",
        "product_name": draw(st.sampled_from(PRODUCTS)),
        "category": draw(st.sampled_from(CATEGORIES)),
        "quantity": quantity,
        "unit_price": price,
        "discount_percent": discount,
        "region": draw(st.sampled_from(REGIONS)),
        "sale_date": draw(st.sampled_from(DAYS)),
        "customer_email": draw(st.sampled_from([None, "a@b.co", "x.y@example.com"])),
        "revenue": round(min(price * quantity * (1 - discount), 999_999.0), 2),
        "anomaly_flag": "heavy_discount" if discount > 0.8 else None,
    }


def make_table(rows: Sequence[Row], contract: Contract) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=contract.clean_schema())


def cut(table: pa.Table, n_parts: int) -> list[pa.Table]:
    """The table in so many neighbouring slices; some are empty when there are few rows."""
    ends = [table.num_rows * n // n_parts for n in range(n_parts + 1)]
    return [table.slice(a, b - a) for a, b in pairwise(ends)]


def write_dataset(tables: Sequence[pa.Table], contract: Contract, folder: Path) -> Path:
    """A published dataset: parts and a manifest."""
    folder.mkdir(parents=True)
    for number, table in enumerate(tables):
        write_parquet(table, contract.clean_schema(), folder / part_name(number), ParquetStyle())
    (folder / "_manifest.json").write_text("{}")
    return folder


def as_rows(tables: dict[str, pa.Table]) -> Tables:
    return {name: table.to_pylist() for name, table in tables.items()}


def expected(rows: Sequence[Row], limit: int = 5) -> Tables:
    """The aggregations of the sales contract."""
    return {
        "monthly_sales_summary": monthly(rows),
        "top_products_by_category": top_products(rows, limit),
        "region_wise_performance": regions(rows),
        "top_categories": categories(rows),
        "sales_by_month_region_category": months_regions_categories(rows),
        "anomaly_records": anomalies(rows, limit),
    }


def monthly(rows: Iterable[Row]) -> list[Row]:
    groups = grouped(rows, lambda row: row["sale_date"].isoformat()[:7])
    return [
        {
            "month": month,
            "total_revenue": revenue(found),
            "total_quantity": sum(row["quantity"] for row in found),
            "avg_discount_percent": mean(row["discount_percent"] for row in found),
            "order_count": len(found),
        }
        for month, found in sorted(groups.items())
    ]


def top_products(rows: Iterable[Row], limit: int) -> list[Row]:
    found: list[Row] = []
    for category, of_category in sorted(grouped(rows, lambda row: row["category"]).items()):
        products = [
            {
                "product_name": product,
                "total_revenue": revenue(sold),
                "total_quantity": sum(row["quantity"] for row in sold),
                "order_count": len(sold),
            }
            for product, sold in grouped(of_category, lambda row: row["product_name"]).items()
        ]
        for metric, measure in (("revenue", "total_revenue"), ("units", "total_quantity")):
            products.sort(key=lambda p: (-p[measure], p["product_name"]))
            for rank, product in enumerate(products[:limit], start=1):
                found.append({"category": category, "metric_type": metric, "rank": rank, **product})
    return found


def regions(rows: Iterable[Row]) -> list[Row]:
    found = [
        {
            "region": region,
            "total_revenue": revenue(sold),
            "total_quantity": sum(row["quantity"] for row in sold),
            "order_count": len(sold),
            "avg_order_value": float(sum(map(cents, sold)) / 100 / len(sold)),
        }
        for region, sold in grouped(rows, lambda row: row["region"]).items()
    ]
    return sorted(found, key=lambda row: (-row["total_revenue"], row["region"]))


def categories(rows: Iterable[Row]) -> list[Row]:
    found = [
        {
            "category": category,
            "total_revenue": revenue(sold),
            "order_count": len(sold),
            "avg_discount_percent": mean(row["discount_percent"] for row in sold),
        }
        for category, sold in grouped(rows, lambda row: row["category"]).items()
    ]
    return sorted(found, key=lambda row: (-row["total_revenue"], row["category"]))


def months_regions_categories(rows: Iterable[Row]) -> list[Row]:
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["sale_date"].isoformat()[:7], row["region"], row["category"]].append(row)
    return [
        {
            "month": month,
            "region": region,
            "category": category,
            "total_revenue": revenue(sold),
            "total_quantity": sum(row["quantity"] for row in sold),
            "order_count": len(sold),
            "avg_order_value": float(sum(map(cents, sold)) / 100 / len(sold)),
            "avg_discount_percent": mean(row["discount_percent"] for row in sold),
        }
        for (month, region, category), sold in sorted(groups.items())
    ]


def anomalies(rows: Sequence[Row], limit: int) -> list[Row]:
    found: list[Row] = []
    for reason, column in (("high_revenue", "revenue"), ("high_discount", "discount_percent")):
        best = sorted(rows, key=lambda row: (-row[column], row["order_id"]))
        for rank, row in enumerate(best[:limit], start=1):
            found.append({"rank": rank, "anomaly_reason": reason, **row})
    return found


def grouped(rows: Iterable[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def cents(row: Row) -> Fraction:
    return Fraction(round(row["revenue"] * 100))


def revenue(rows: Iterable[Row]) -> float:
    """To the cent, as on paper."""
    return float(sum(map(cents, rows), Fraction(0)) / 100)


def mean(values: Iterable[float]) -> float:
    exact = [Fraction(value) for value in values]
    return float(sum(exact, Fraction(0)) / len(exact))
