"""The sales rules as the peers share them: bounds, formats, lookups, and parsers of one value.

The peers know nothing of the toolkit, so that a mistake in one can't hide in the other.
"""

import datetime as dt
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rapidfuzz.distance import Levenshtein

RAW_COLUMNS = (
    "order_id",
    "product_name",
    "category",
    "quantity",
    "unit_price",
    "discount_percent",
    "region",
    "sale_date",
    "customer_email",
    "revenue",
)
DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d")
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
UNKNOWN_REGION = "UNKNOWN"
MAX_EDITS = 2
PRICE_LIMIT = 50_000.0  # 0 < price < limit
REVENUE_LIMIT = 1_000_000.0  # 0 <= revenue < limit
HEAVY_DISCOUNT = 0.80
COMPRESSION: Literal["snappy", "zstd"] = (
    "snappy"  # of all parquet, so that the codec decides nothing
)
YEARS_BACK, YEARS_AHEAD = 20, 1

# Revenue is rounded as Python's round() does it: by the exact value of the double, not by that
# of the product with 100, which can land on a tie that the double itself is not. Veltkamp's
# constant splits a double in two halves whose products with 100 are exact, which gives the
# rounding error of that product (Dekker 1971) and so the side of the tie.
SPLIT = 2.0**27 + 1

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
DATE = re.compile(r"[0-9]{4}([-/])[0-9]{1,2}\1[0-9]{1,2}|[0-9]{1,2}([-/])[0-9]{1,2}\2[0-9]{4}")


@dataclass(frozen=True)
class Lookups:
    """Canonical categories in alphabetical order, and regions by lower-case raw spelling."""

    categories: tuple[str, ...]
    regions: dict[str, str]


def read_lookups(folder: str | Path) -> Lookups:
    """Read the hand-edited JSON lookups; spellings mapped to UNKNOWN are left out."""
    categories = json.loads(Path(folder, "common_categories.json").read_text("utf-8"))
    region_map = json.loads(Path(folder, "region_map.json").read_text("utf-8"))
    regions = {raw.lower(): name for raw, name in region_map.items() if name != UNKNOWN_REGION}
    return Lookups(tuple(sorted(categories)), regions)


def date_bounds(as_of: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of sale that a run as of this day accepts."""
    return _shift_years(as_of, -YEARS_BACK), _shift_years(as_of, YEARS_AHEAD)


def _shift_years(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def nearest_category(text: str, categories: tuple[str, ...]) -> str | None:
    """The canonical category nearest to a value without case, None beyond MAX_EDITS."""
    value = text.strip().lower()
    if not value:
        return None
    edits = [
        Levenshtein.distance(value, name.lower(), score_cutoff=MAX_EDITS) for name in categories
    ]
    best = min(range(len(edits)), key=edits.__getitem__)  # the first of equals: alphabetical
    return categories[best] if edits[best] <= MAX_EDITS else None


def find_region(text: str, regions: dict[str, str]) -> str | None:
    """The canonical region of a raw spelling, None when unknown."""
    return regions.get(text.strip().lower())


def parse_quantity(text: str) -> float | None:
    """Whole pieces, rounded to even and floored at 0, as a float: revenue is tested before
    it is known to fit an integer. None when it is no number or not finite."""
    value = text.strip()
    if not NUMBER.fullmatch(value):
        return None
    number = float(value)
    return float(max(round(number), 0)) if abs(number) < float("inf") else None


def parse_date(text: str) -> dt.date | None:
    """A real calendar day in one of DATE_FORMATS, else None."""
    value = text.strip()
    if not DATE.fullmatch(value):
        return None
    for form in DATE_FORMATS:
        try:
            return dt.datetime.strptime(value, form).date()
        except ValueError:
            continue
    return None
