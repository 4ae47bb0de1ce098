"""An order-independent digest of clean rows, to see that two cleanings gave the same ones."""

import datetime as dt
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

COUNTED = ("category", "region", "sale_date", "anomaly_flag")
ADDED = ("quantity", "discount_percent", "revenue")
SLICE = 100_000  # ids joined at once


@dataclass(frozen=True)
class Digest:
    """What two cleanings of one file must agree on; revenue in cents."""

    rows: int
    order_ids_sha256: str
    quantity_sum: int
    revenue_cents: int
    discount_sum: float
    emails_null: int
    heavy_discount: int
    orders_by_category: dict[str, int]
    orders_by_region: dict[str, int]
    orders_by_month: dict[str, int]

    def to_json(self) -> str:
        """One line of JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True)


def digest(clean_parquet: str | Path) -> Digest:
    """Digest a clean parquet file or folder.

    The order ids are held in memory to be sorted (about 0.5 GB for 8 million), the rest is read
    a batch at a time.
    """
    counts: dict[str, Counter[object]] = {name: Counter() for name in COUNTED}
    emails_null, quantity, cents, discount = 0, 0, 0, 0.0
    ids: list[pa.Array] = []
    columns = ["order_id", "customer_email", *COUNTED, *ADDED]
    for batch in ds.dataset(clean_parquet, format="parquet").to_batches(columns=columns):
        ids.append(batch["order_id"].cast(pa.large_string()))
        emails_null += batch["customer_email"].null_count
        quantity += int(batch["quantity"].to_numpy().sum())
        cents += int(np.rint(batch["revenue"].to_numpy() * 100).astype("int64").sum())
        discount += float(batch["discount_percent"].to_numpy().sum())
        for name in COUNTED:
            counts[name].update(_count_values(batch[name]))
    return Digest(
        rows=sum(map(len, ids)),
        order_ids_sha256=_hash_sorted(ids),
        quantity_sum=quantity,
        revenue_cents=cents,
        discount_sum=round(discount, 3),
        emails_null=emails_null,
        heavy_discount=counts["anomaly_flag"]["heavy_discount"],
        orders_by_category=_sort_counts(counts["category"].items()),
        orders_by_region=_sort_counts(counts["region"].items()),
        orders_by_month=_sort_counts(_count_months(counts["sale_date"])),
    )


def _count_values(column: pa.Array) -> dict[object, int]:
    values, counts = column.value_counts().flatten()
    return dict(zip(values.to_pylist(), counts.to_pylist(), strict=True))


def _count_months(days: Counter[object]) -> Iterator[tuple[str, int]]:
    for day, n in days.items():
        assert isinstance(day, dt.date), f"sale_date holds {day!r}"
        yield f"{day:%Y-%m}", n


def _sort_counts(pairs: Iterable[tuple[object, int]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for name, n in pairs:
        counts[str(name)] += n
    return dict(sorted(counts.items()))


def _hash_sorted(ids: list[pa.Array]) -> str:
    column = pa.chunked_array(ids, pa.large_string()).combine_chunks()
    ids.clear()
    order = pc.array_sort_indices(column)
    digest = hashlib.sha256()
    for start in range(0, len(order), SLICE):
        part = column.take(order[start : start + SLICE]).to_pylist()
        digest.update(("\n" if start else "").encode() + "\n".join(part).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    print(digest(sys.argv[1]).to_json())
