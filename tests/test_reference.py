"""The known answers for 100,000 dirty rows, every figure of them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.feeds import Cleaned, clean_files
from toolkit.clean.evaluate import Rules
from toolkit.contract import Contract
from toolkit.lookups import load_lookups

SHARED = Path(__file__).parents[2] / "shared" / "data" / "ecommerce"
FEED = SHARED / "dirty_100k.csv.gz"
pytestmark = pytest.mark.skipif(
    not FEED.exists(),
    reason=f"the reference feed is not beside this project: no {FEED}",
)


@pytest.fixture(scope="module", params=[1 << 30, 1_000_000], ids=["one block", "many blocks"])
def cleaned(request: pytest.FixtureRequest, contract: Contract) -> Cleaned:
    rules = Rules(contract, load_lookups(contract, SHARED / "lookups"), date(2026, 11, 23))
    return clean_files(rules, [str(FEED)], request.param, "threads")


def figures(cleaned: Cleaned) -> dict[str, Any]:
    """What the answers say of a feed, computed by pandas from the parquet that was written."""
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


def test_every_figure_is_the_known_one(cleaned: Cleaned) -> None:
    known = json.loads((SHARED / "dirty_100k.expected.json").read_text("utf-8"))
    found = figures(cleaned)
    assert sorted(found) == sorted(known)
    assert {name: found[name] for name in known if found[name] != known[name]} == {}
