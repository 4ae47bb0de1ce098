"""Every figure of a dirty feed: against another implementation's, tests/oracle.py, and as known."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections import Counter
from typing import Any

import pandas as pd
import pytest

from tests.feeds import Cleaned, Cleaner, clean_files, write_feed
from tests.oracle import Book, Outcome, clean_feeds
from tests.real_feeds import MAKES, real_ecommerce
from toolkit.clean.evaluate import Rules
from toolkit.generate.csv_text import csv_bytes
from toolkit.generate.feed import FeedSpec, feed_block
from toolkit.lookups import load_lookups


def figures(cleaned: Cleaned) -> dict[str, Any]:
    """What there is to know of a feed, computed by pandas from the parquet that was written."""
    clean = cleaned.clean.to_pandas()
    cents = (clean["revenue"] * 100).round().astype("int64")
    months = pd.to_datetime(clean["sale_date"]).dt.strftime("%Y-%m")

    def revenue_by(group: pd.Series[Any]) -> dict[str, float]:
        sums = cents.groupby(group.astype(str).to_numpy()).sum()
        return {str(name): int(total) / 100 for name, total in sums.items()}

    ids = "\n".join(sorted(clean["order_id"])).encode()
    return {
        "rows": cleaned.clean.num_rows + cleaned.rejected.num_rows,
        "clean": cleaned.clean.num_rows,
        "rejected": cleaned.rejected.num_rows,
        "reasons": dict(Counter(cleaned.reasons)),
        "clean_order_ids_sha256": hashlib.sha256(ids).hexdigest(),
        "quantity_sum": int(clean["quantity"].sum()),
        "revenue_sum": int(cents.sum()) / 100,
        "discount_sum": round(float(clean["discount_percent"].sum()), 3),
        "emails_null": int(clean["customer_email"].isna().sum()),
        "heavy_discount": int((clean["anomaly_flag"] == "heavy_discount").sum()),
        "distinct_products": int(clean["product_name"].nunique()),
        "orders_by_category": dict(Counter(clean["category"])),
        "orders_by_region": dict(Counter(clean["region"])),
        "revenue_by_category": revenue_by(clean["category"]),
        "revenue_by_region": revenue_by(clean["region"]),
        "revenue_by_month": revenue_by(months),
    }


def figures_of(outcome: Outcome) -> dict[str, Any]:
    """The same of what the oracle makes of a feed, in plain Python."""
    rows = outcome.clean
    revenue = {name: Counter[str]() for name in ("category", "region", "month")}
    for row in rows:
        for name, cents in revenue.items():
            group = row["sale_date"].strftime("%Y-%m") if name == "month" else row[name]
            cents[group] += round(row["revenue"] * 100)
    ids = "\n".join(sorted(row["order_id"] for row in rows)).encode()
    return {
        "rows": len(rows) + len(outcome.rejected),
        "clean": len(rows),
        "rejected": len(outcome.rejected),
        "reasons": dict(Counter(row["rejection_reason"] for row in outcome.rejected)),
        "clean_order_ids_sha256": hashlib.sha256(ids).hexdigest(),
        "quantity_sum": sum(row["quantity"] for row in rows),
        "revenue_sum": sum(revenue["month"].values()) / 100,
        "discount_sum": round(math.fsum(row["discount_percent"] for row in rows), 3),
        "emails_null": sum(row["customer_email"] is None for row in rows),
        "heavy_discount": sum(row["anomaly_flag"] is not None for row in rows),
        "distinct_products": len({row["product_name"] for row in rows}),
        "orders_by_category": dict(Counter(row["category"] for row in rows)),
        "orders_by_region": dict(Counter(row["region"] for row in rows)),
        **{
            f"revenue_by_{name}": {group: total / 100 for group, total in cents.items()}
            for name, cents in revenue.items()
        },
    }


@pytest.fixture(scope="module")
def feed(rules: Rules) -> bytes:
    """A generated feed, of every seventh row one cell after the other without its value."""
    spec = FeedSpec(2_000, 1729, "dirty", rules.as_of)
    text = csv_bytes(feed_block(spec, 0).table, header=True).to_pybytes().decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    for place, row in enumerate(rows[::7]):
        row[place % len(row)] = "?" if place % 3 else ""
    return write_feed(rows, header)


@pytest.mark.parametrize("n_blocks", [1, 17])
@pytest.mark.parametrize("make", MAKES)
@pytest.mark.slow
def test_every_figure_is_known(
    make: str, n_blocks: int, feed: bytes, book: Book, rules: Rules, clean_feed: Cleaner
) -> None:
    if make == "small":
        known = figures_of(clean_feeds([("feed.csv", feed)], book))
        assert len(known["reasons"]) > 5
        cleaned = clean_feed(feed, n_blocks)
    else:
        real = real_ecommerce()
        known = real.answers
        lookups = load_lookups(rules.contract, real.folder / "lookups")
        path = real.folder / "dirty_100k.csv.gz"
        rules = Rules(rules.contract, lookups, rules.as_of)
        cleaned = clean_files(rules, [str(path)], (1 << 24) // n_blocks, "threads")
    assert figures(cleaned) == known
