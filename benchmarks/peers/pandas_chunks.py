"""The sales cleaning in pandas, a chunk at a time, on one core.

Columns that repeat themselves are read as categories, so that their text is parsed once a
distinct value and the rows take the result by code. Malformed CSV is not handled: generated
feeds hold none.
"""

import datetime as dt
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.peers import rules

CHUNK_ROWS = 500_000
CATEGORICAL = ("product_name", "category", "region", "sale_date")
Floats = npt.NDArray[np.float64]

CLEAN_SCHEMA = pa.schema(
    [
        ("order_id", pa.large_string()),
        ("product_name", pa.large_string()),
        ("category", pa.large_string()),
        ("quantity", pa.int64()),
        ("unit_price", pa.float64()),
        ("discount_percent", pa.float64()),
        ("region", pa.large_string()),
        ("sale_date", pa.date32()),
        ("customer_email", pa.large_string()),
        ("revenue", pa.float64()),
        ("anomaly_flag", pa.large_string()),
    ]
)
REJECTED_SCHEMA = pa.schema(
    [
        *((name, pa.large_string()) for name in rules.RAW_COLUMNS),
        ("rejection_reason", pa.large_string()),
        ("source_row", pa.int64()),
    ]
)
REASONS = (
    "missing_order_id_or_product",
    "unknown_category",
    "unknown_region",
    "invalid_unit_price",
    "zero_quantity",
    "invalid_sale_date",
    "sale_date_out_of_range",
    "invalid_calculated_revenue",
    "duplicate_order_id",
)
KEPT, REPEATED = -1, len(REASONS) - 1


def clean(
    csv_path: str | Path, lookups_dir: str | Path, as_of: dt.date, out_dir: str | Path
) -> None:
    """Clean a feed into `out_dir`/clean.parquet and rejected.parquet, rows in file order."""
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    lookups = rules.read_lookups(lookups_dir)
    seen: set[str] = set()
    with (
        pq.ParquetWriter(
            out / "clean.parquet", CLEAN_SCHEMA, compression=rules.COMPRESSION
        ) as clean_file,
        pq.ParquetWriter(
            out / "rejected.parquet", REJECTED_SCHEMA, compression=rules.COMPRESSION
        ) as rejected_file,
    ):
        for raw in read_chunks(csv_path):
            rows = evaluate_values(raw, lookups)
            reason = find_reasons(rows, as_of)
            mark_repeated(rows["order_id"], reason, seen)
            clean_file.write_table(select_clean(rows, reason))
            rejected_file.write_table(select_rejected(raw, reason))


def read_chunks(csv_path: str | Path) -> Iterator[pd.DataFrame]:
    """Raw text, numbered from 0; the columns that repeat themselves as categories.

    Not so the numbers: pandas turns categories that all look like numbers into floats, and then
    a rejected row could not be given back as it stood.
    """
    types: dict[Hashable, Any] = {
        name: "category" if name in CATEGORICAL else "str" for name in rules.RAW_COLUMNS
    }
    with pd.read_csv(
        csv_path, dtype=types, keep_default_na=False, na_filter=False, chunksize=CHUNK_ROWS
    ) as chunks:
        yield from chunks


def evaluate_values(raw: pd.DataFrame, lookups: rules.Lookups) -> pd.DataFrame:
    """The clean columns of every row, with nulls where the text could not be read."""

    def parse_category(text: str) -> str | None:
        return rules.nearest_category(text, lookups.categories)

    def parse_region(text: str) -> str | None:
        return rules.find_region(text, lookups.regions)

    price = take(raw["unit_price"], parse_numbers)
    quantity = take(raw["quantity"], parse_numbers).round().clip(lower=0)  # ties to even
    discount = take(raw["discount_percent"], parse_numbers).fillna(0).clip(0, 1)
    return pd.DataFrame(
        {
            "order_id": raw["order_id"].str.strip(),
            "product_name": take(raw["product_name"], lambda text: text.str.strip()),
            "category": take(raw["category"], lambda text: parse_each(text, parse_category)),
            "quantity": quantity,
            "unit_price": price,
            "discount_percent": discount,
            "region": take(raw["region"], lambda text: parse_each(text, parse_region)),
            "sale_date": take(raw["sale_date"], parse_dates),
            "customer_email": take(raw["customer_email"], parse_emails),
            "revenue": round_cents((price * quantity * (1 - discount)).to_numpy()),
        },
        copy=False,
    )


def take(column: pd.Series, parse: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Parse the distinct values of a column and give each row its own."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = column.cat.codes.to_numpy(), column.cat.categories
    else:
        codes, values = pd.factorize(column)
    parsed = parse(pd.Series(values, dtype="str"))
    return pd.Series(parsed.array.take(codes), index=column.index)


def parse_each(text: pd.Series, parse: Callable[[str], str | None]) -> pd.Series:
    """Parse values for which there is no vectorised function."""
    return pd.Series([parse(value) for value in text], dtype="str")


def parse_numbers(text: pd.Series) -> pd.Series:
    """NaN for what is no number, or is infinite."""
    return pd.to_numeric(text.str.strip(), errors="coerce").replace([np.inf, -np.inf], np.nan)


def parse_dates(text: pd.Series) -> pd.Series:
    """The day by the first format that fits, else NaT."""
    days = [
        pd.to_datetime(text.str.strip(), format=form, errors="coerce")
        for form in rules.DATE_FORMATS
    ]
    return days[0].fillna(days[1]).fillna(days[2]).fillna(days[3])


def parse_emails(text: pd.Series) -> pd.Series:
    """Lower case, null where malformed."""
    lower = text.str.strip().str.lower()
    return lower.where(lower.str.contains(rules.EMAIL))


def round_cents(revenue: Floats) -> Floats:
    """Round to cents by the exact value of each double (see rules.SPLIT)."""
    cents = revenue * 100
    whole = np.floor(cents)
    high = revenue * rules.SPLIT
    high -= high - revenue
    side = (high * 100 - cents) + (revenue - high) * 100 + (cents - whole - 0.5)
    rounded: Floats = np.where(side == 0, np.rint(cents), whole + (side > 0)) / 100
    return rounded


def find_reasons(rows: pd.DataFrame, as_of: dt.date) -> npt.NDArray[np.int64]:
    """The number of the first rule that each row breaks, KEPT where it breaks none."""
    first, last = (pd.Timestamp(day) for day in rules.date_bounds(as_of))
    day, price, revenue = rows["sale_date"], rows["unit_price"], rows["revenue"]
    broken = [
        rows["order_id"].eq("") | rows["product_name"].eq(""),
        rows["category"].isna(),
        rows["region"].isna(),
        ~((price > 0) & (price < rules.PRICE_LIMIT)),
        ~(rows["quantity"] > 0),
        day.isna(),
        ~day.between(first, last),
        ~((revenue >= 0) & (revenue < rules.REVENUE_LIMIT)),
    ]
    return np.select([rule.to_numpy(dtype=bool) for rule in broken], range(len(broken)), KEPT)


def mark_repeated(ids: pd.Series, reason: npt.NDArray[np.int64], seen: set[str]) -> None:
    """Mark kept rows whose id an earlier kept row has, and remember the ids of the others."""
    kept = ids[reason == KEPT]
    fresh = set(pa.array(kept).to_pylist())  # half the time of iterating over the series
    repeated = kept.duplicated() | kept.isin(seen & fresh)
    reason[kept.index[repeated] - ids.index[0]] = REPEATED
    seen |= fresh


def select_clean(rows: pd.DataFrame, reason: npt.NDArray[np.int64]) -> pa.Table:
    """The kept rows."""
    kept = rows[reason == KEPT]
    heavy = kept["discount_percent"].gt(rules.HEAVY_DISCOUNT).to_numpy()
    flag = pd.array(["heavy_discount", None], dtype="str").take(np.where(heavy, 0, 1))
    return pa.Table.from_pandas(
        kept.assign(anomaly_flag=flag), schema=CLEAN_SCHEMA, preserve_index=False
    )


def select_rejected(raw: pd.DataFrame, reason: npt.NDArray[np.int64]) -> pa.Table:
    """The other rows as they stood in the file, with their reason and row number."""
    rejected = raw[reason != KEPT]
    reasons = pd.array(REASONS, dtype="str").take(reason[reason != KEPT])
    return pa.Table.from_pandas(
        rejected.assign(rejection_reason=reasons, source_row=rejected.index + 1),
        schema=REJECTED_SCHEMA,
        preserve_index=False,
    )
