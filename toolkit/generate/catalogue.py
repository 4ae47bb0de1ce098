"""The catalogue of generated feeds: catalogue.yaml as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

Range = tuple[float, float]


@dataclass(frozen=True)
class ProductCategory:
    """A category: price band in currency units, discount band as shares 0..1, both inclusive."""

    name: str
    price: Range
    discount: Range
    discounted: float
    """Share of orders that carry a discount."""
    products: tuple[str, ...]
    descriptions: tuple[str, ...]
    """Colours and sizes that may come before or after a product's name."""


@dataclass(frozen=True)
class People:
    """The pools that e-mail addresses are made of."""

    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    email_domains: tuple[str, ...]


@dataclass(frozen=True)
class SaleDates:
    """The distribution of sales over the last `days` days, and the strftime formats of dates."""

    days: int
    recent_days: int
    recent_share: float
    months: tuple[float, ...]
    """Sales a day, January to December, relative to an ordinary day."""
    formats: tuple[str, ...]
    """The first is that of a row without faults."""


@dataclass(frozen=True)
class Faults:
    """Frequency of each fault, as shares of all rows."""

    shares: Mapping[str, float]
    texts: Mapping[str, Mapping[str, float]]
    """Fault -> faulty text -> share, for faults that write one of a few fixed texts."""
    discount_ranges: Mapping[str, tuple[Range, ...]]
    """Fault -> equally likely ranges of the discount, limits included."""
    furthest_back: int
    """The largest distance, in orders, between an order_id and its repetition."""


@dataclass(frozen=True)
class Catalogue:
    """Everything that a feed is made of. `regions` maps a canonical name to other spellings."""

    categories: tuple[ProductCategory, ...]
    spelling_shares: Mapping[str, float]
    quantities: Mapping[str, float]
    sale_dates: SaleDates
    faults: Faults
    regions: Mapping[str, tuple[str, ...]]
    people: People


@lru_cache(maxsize=1)
def load_catalogue() -> Catalogue:
    """Load the catalogue shipped with the package, once per process."""
    text = resources.files(__package__).joinpath("catalogue.yaml").read_text(encoding="utf-8")
    raw = yaml.safe_load(text)
    return Catalogue(
        categories=tuple(_category(name, raw) for name in raw["categories"]),
        spelling_shares=raw["product_spellings"],
        quantities=raw["quantities"],
        sale_dates=SaleDates(**_with_tuples(raw["sale_dates"])),
        faults=_faults(raw["faults"]),
        regions=_with_tuples(raw["regions"]),
        people=People(**_with_tuples(raw["people"])),
    )


def _category(name: str, raw: Mapping[str, Any]) -> ProductCategory:
    row = raw["categories"][name]
    described = [text for kind in row["descriptions"] for text in raw["descriptions"][kind]]
    return ProductCategory(
        name=name,
        price=_range(row["price"]),
        discount=_range(row["discount"]),
        discounted=row["discounted"],
        products=tuple(raw["products"][name]),
        descriptions=tuple(described),
    )


def _faults(raw: Mapping[str, Any]) -> Faults:
    shares: dict[str, float] = {}
    texts: dict[str, Mapping[str, float]] = {}
    ranges: dict[str, tuple[Range, ...]] = {}
    for fault, value in raw.items():
        if isinstance(value, float):
            shares[fault] = value
        elif "share" not in value:
            texts[fault] = value
        else:
            shares[fault] = value["share"]
            if "ranges" in value:
                ranges[fault] = tuple(_range(pair) for pair in value["ranges"])
    return Faults(shares, texts, ranges, raw["duplicate_id"]["furthest_back"])


def _range(pair: Sequence[float]) -> Range:
    low, high = pair
    return (low, high)


def _with_tuples(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}
