"""For each expectation of the shipped suites, in the order of their files, data damaged for it.

A damage takes the clean or rejected rows of a generated dirty feed of 1,000 rows and returns them
with one thing wrong. Other figures of a row are kept consistent, so that as few other expectations
as possible fail with the one that is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

Frame = pd.DataFrame


@dataclass(frozen=True)
class Damage:
    """`name` is that of the expectation; `also` names those that cannot but fail with it."""

    name: str
    damage: Callable[[Frame], Frame]
    also: tuple[str, ...] = ()


def put(column: str, value: Any) -> Callable[[Frame], Frame]:
    """`value` in the first row."""
    return lambda frame: set_where(frame, column, value, np.arange(len(frame)) == 0)


def put_many(column: str, value: Any, n: int) -> Callable[[Frame], Frame]:
    """`value` in the first n rows."""
    return lambda frame: set_where(frame, column, value, np.arange(len(frame)) < n)


def put_in(reason: str, column: str, value: Any) -> Callable[[Frame], Frame]:
    """`value` in the first row with this reason."""

    def damage(frame: Frame) -> Frame:
        of_reason = (frame["rejection_reason"] == reason).to_numpy()
        return set_where(frame, column, value, of_reason & (of_reason.cumsum() == 1))

    return damage


def set_where(frame: Frame, column: str, value: Any, rows: Any) -> Frame:
    values = frame[column].astype(object)
    return frame.assign(**{column: values.mask(rows, value).astype(_kept(frame[column], value))})


def _kept(column: pd.Series[Any], value: Any) -> Any:
    """The type that `column` has in pandas once `value` is in it."""
    whole = pd.api.types.is_integer_dtype(column.dtype)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "category"
    return np.float64 if whole and value is None else column.dtype


def sell(**figures: Any) -> Callable[[Frame], Frame]:
    """The first row with these figures, and the revenue that they make."""

    def damage(frame: Frame) -> Frame:
        for column, value in figures.items():
            frame = put(column, value)(frame)
        return with_revenue(frame)

    return damage


def with_revenue(frame: Frame) -> Frame:
    revenue = frame["unit_price"] * frame["quantity"] * (1 - frame["discount_percent"])
    return frame.assign(revenue=revenue.map(lambda value: round(float(value), 2)))


def scale_prices(factor: float) -> Callable[[Frame], Frame]:
    return lambda frame: with_revenue(
        frame.assign(unit_price=(frame["unit_price"] * factor).round(2))
    )


def set_discounts(change: Callable[[pd.Series[float]], Any]) -> Callable[[Frame], Frame]:
    """Other discounts, with their flags and revenues."""

    def damage(frame: Frame) -> Frame:
        discount = change(frame["discount_percent"])
        flag = pd.Series("heavy_discount", frame.index).where(discount > 0.8).astype("category")
        return with_revenue(frame.assign(discount_percent=discount, anomaly_flag=flag))

    return damage


def flag_first(flag: str | None, *, heavy: bool) -> Callable[[Frame], Frame]:
    """Another flag on the first row with a heavy, or an ordinary, discount."""

    def damage(frame: Frame) -> Frame:
        rows = ((frame["discount_percent"] > 0.8) == heavy).to_numpy()
        return set_where(frame, "anomaly_flag", flag, rows & (rows.cumsum() == 1))

    return damage


def repeat_second(column: str) -> Callable[[Frame], Frame]:
    """The first row gets what the second has."""
    return lambda frame: put(column, frame[column].iloc[1])(frame)


def reorder(frame: Frame) -> Frame:
    return frame[[*frame.columns[1:], frame.columns[0]]]


def many_pieces(frame: Frame) -> Frame:
    rows = np.arange(len(frame)) % 5 == 0
    return with_revenue(frame.assign(quantity=frame["quantity"].mask(rows, 24)))


def grow(n: int) -> Callable[[Frame], Frame]:
    """n rejected rows, the same again and again, numbered anew."""
    return lambda frame: frame.iloc[np.arange(n) % len(frame)].assign(source_row=np.arange(n) + 1)


def reject_all(reason: str, column: str) -> Callable[[Frame], Frame]:
    """Every row for the one reason, which its empty `column` shows."""

    def damage(frame: Frame) -> Frame:
        labels = pd.Series(reason, frame.index).astype("category")
        return frame.assign(rejection_reason=labels, **{column: ""})

    return damage


CLEAN = [
    Damage("columns", reorder),
    Damage(
        "some rows",
        lambda frame: frame.iloc[:0],
        ("rows as counted", "prices", "discount", "regions"),
    ),
    Damage("rows as counted", lambda frame: frame.iloc[1:]),
    Damage("order_id null", put("order_id", None)),
    Damage("order_id unique", repeat_second("order_id")),
    Damage("order_id blanks", put("order_id", "ORD-999999999 ")),
    Damage("order_id blanks", put("order_id", "\tORD-999999999")),
    Damage("order_id blanks", put("order_id", "")),
    Damage("order_id pattern", lambda f: f.assign(order_id=f["order_id"].str.replace("ORD-", "A"))),
    Damage("product_name null", put("product_name", None)),
    Damage("category null", put("category", None)),
    Damage("category known", put("category", "Electronic")),
    Damage("quantity whole", lambda f: f.assign(quantity=f["quantity"].astype(float))),
    Damage("quantity range", sell(quantity=0)),
    Damage("quantity range", sell(quantity=-1), ("revenue range",)),
    Damage("quantity usual", many_pieces),
    Damage("unit_price range", sell(unit_price=0.0)),
    Damage("unit_price range", sell(unit_price=50_000.0, quantity=1)),
    Damage("prices", scale_prices(0.01)),
    Damage("prices", scale_prices(0.1)),
    Damage("prices", scale_prices(10)),
    Damage("prices", scale_prices(100), ("unit_price range", "revenue range")),
    Damage("discount range", sell(discount_percent=-0.1)),
    Damage("discount range", sell(discount_percent=1.5), ("revenue range", "flag missing")),
    Damage("discount", set_discounts(lambda discount: discount * 0)),
    Damage("discount", set_discounts(lambda discount: (discount * 100).clip(0, 1))),
    Damage("region null", put("region", None)),
    Damage("region known", put("region", "Bombay")),
    Damage("regions", lambda f: f.assign(region=pd.Series("Delhi", f.index).astype("category"))),
    Damage("sale_date null", put("sale_date", None)),
    Damage("sale_date range", put("sale_date", date(2006, 11, 22))),
    Damage("sale_date range", put("sale_date", date(2027, 11, 24))),
    Damage("customer_email shape", put("customer_email", "Ann@example.com")),
    Damage("customer_email shape", put("customer_email", "ann@example")),
    Damage("customer_email usual", put_many("customer_email", None, 400)),
    Damage("revenue formula", lambda f: f.assign(revenue=f["revenue"] + 0.01)),
    Damage("revenue formula", put("revenue", None)),
    Damage("revenue formula", put("discount_percent", None)),
    Damage(
        "revenue at least a price",
        lambda f: f.assign(revenue=f["revenue"] / 100),
        ("revenue formula",),
    ),
    Damage("revenue range", sell(unit_price=40_000.0, quantity=50, discount_percent=0.0)),
    Damage("revenue range", put("revenue", -0.01), ("revenue formula",)),
    Damage("flag known", flag_first("cheap", heavy=True)),
    Damage("flag missing", flag_first(None, heavy=True)),
    Damage("flag unfounded", flag_first("heavy_discount", heavy=False)),
]

REJECTED = [
    Damage("columns", lambda frame: frame.drop(columns="revenue")),
    Damage("rows as counted", lambda frame: frame.iloc[1:]),
    Damage(
        "half of all",
        grow(501),
        ("rows as counted", "share of all", "share of quantities", "share of dates"),
    ),
    Damage("share of all", grow(301), ("rows as counted",)),
    Damage("reason null", put("rejection_reason", None)),
    Damage("reason known", put("rejection_reason", "unlucky")),
    Damage("source_file null", put("source_file", None)),
    Damage("source_row null", put("source_row", None)),
    Damage("source_row range", put("source_row", 0)),
    Damage("source_row range", put("source_row", 1001)),
    Damage("source unique", repeat_second("source_row")),
    Damage("cells kept", put("order_id", None)),
    Damage("raw_line elsewhere", put("raw_line", "a,b")),
    Damage("raw_line missing", put("rejection_reason", "malformed_row")),
    Damage("quantity shows it", put_in("zero_quantity", "quantity", "3")),
    Damage("date shows it", put_in("invalid_sale_date", "sale_date", "2026-02-28")),
    Damage("share of broken", put_many("rejection_reason", "blank_row", 20)),
    Damage("share of unknown", put_many("rejection_reason", "unknown_region", 60)),
    Damage("share of unknown", put_many("rejection_reason", "unknown_category", 60)),
    Damage("share of quantities", reject_all("zero_quantity", "quantity")),
    Damage("share of dates", reject_all("invalid_sale_date", "sale_date")),
    Damage("share of others", put_many("rejection_reason", "missing_order_id_or_product", 60)),
    Damage("share of others", put_many("rejection_reason", "invalid_unit_price", 60)),
    Damage("share of repeated", put_many("rejection_reason", "duplicate_order_id", 60)),
]

DAMAGES = {"clean": CLEAN, "rejected": REJECTED}
NAMES = {
    suite: list(dict.fromkeys(damage.name for damage in damages))
    for suite, damages in DAMAGES.items()
}
"""A name for each expectation of a suite, in the order of its file."""
