"""Decide what a drafted contract sums, and what it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.contract.references import DAYS
from toolkit.profile.doubts import Doubt
from toolkit.profile.draft_across import DraftFormulas, DraftPart
from toolkit.profile.draft_columns import DraftColumn
from toolkit.profile.facts import ColumnFacts, Profile
from toolkit.profile.sorts import (
    AMOUNT,
    ITEM,
    QUANTITY,
    SHARE,
    is_added_up,
    is_order,
    is_order_name,
    reason_not_to_sum,
)
from toolkit.units import human_number

_N_CATEGORIES, _N_MEASURES, _LEAST_ITEMS = 3, 3, 5


def draft_aggregations(profile: Profile, figures: DraftFormulas, key: DraftPart) -> DraftPart:
    """Draft aggregations by month and category, best items and highest rows, as columns allow.

    Rows of several currencies or units are never added up together.
    """
    columns = figures.columns
    shared = profile.of_orders
    once = _on_first_lines(profile, figures)
    amount, order = _amount(figures, shared), _order(profile, figures, key)
    measures = _measures(figures, order, amount, shared)
    of_orders = {**{_total(name): {"sum": name} for name in once}, **measures}
    if amount is None and (usual := next(filter(AMOUNT.search, once), None)) is not None:
        of_orders |= _measures(figures, order, usual, shared - {usual})
    first = _total(amount) if amount is not None else next(reversed(measures))
    why = {c.name: what for c in profile.columns if (what := reason_not_to_sum(c))}
    apart = {name: {"column": name} for name in why}
    found: dict[str, Any] = {}
    days = [n for n, one in columns.items() if one.kind in DAYS]
    # A day of its own first, then a month; quarters and years have none.
    days.sort(key=lambda name: "period" in columns[name].settings)
    day = next((n for n in days if columns[n].settings.get("period", "month") == "month"), None)
    categories = [n for n, one in columns.items() if one.kind == "category"]
    if day is not None:
        by = {"month": {"column": day, "unit": "month"}, **apart}
        found["monthly_summary"] = {"kind": "summary", "by": by, "measures": of_orders}
    groups = [name for name in (apart or categories) if name in columns]
    item = _item(profile, columns, groups)
    if groups and item is not None and len(apart) < 2:
        within = next(name for name in groups if name != item)
        metrics = {first.removeprefix("total_"): first}
        found[f"top_{item}_by_{within}"] = {
            "kind": "ranking", "within": within, "item": item, "metrics": metrics,
            "measures": measures,
        }  # fmt: skip
    plain = [name for name in categories if name not in apart][:_N_CATEGORIES]
    for name in [*plain, *list(apart)[:1]]:
        found[f"{name}_summary"] = {
            "kind": "summary", "by": {name: {"column": name}, **apart},
            "measures": of_orders if name in shared else measures,
            "largest_first": first,
        }  # fmt: skip
    tie_break = next((n for n, one in columns.items() if one.kind == "text"), None)
    if amount is not None and tie_break is not None and not apart:
        highest = {f"highest_{amount}": amount}
        found["highest_rows"] = {"kind": "extremes", "highest": highest, "tie_break": tie_break}
    doubts = [*(_apart(profile.column(n), what) for n, what in why.items()), *_shared(profile)]
    if once:
        doubts.append(_counted_once(once, profile))
    return DraftPart(found or None, doubts=tuple(doubts))


def _on_first_lines(profile: Profile, figures: DraftFormulas) -> list[str]:
    """List the figures that only the first line of each order has: rows add them up once."""
    numeric = figures.numeric()
    names = [one.column for one in profile.first_lines]
    return [name for name in names if name in numeric and is_added_up(name)]


def _counted_once(columns: Sequence[str], profile: Profile) -> Doubt:
    found = next(one for one in profile.first_lines if one.column == columns[0])
    text = (
        f"{', '.join(columns)}: only the first line of each {found.order} has a value, which is "
        "added up by what belongs to it as a whole, and not by what differs from line to line"
    )
    return Doubt(text, found.n_lines)


def _apart(column: ColumnFacts, what: str) -> Doubt:
    shown = ", ".join(one.value for one in column.top[:4])
    more = " ..." if column.n_distinct > 4 else ""
    text = (
        f"{column.name} has several {what} ({shown}{more}): figures are added up for each of them "
        "alone; no sum over all of them means anything"
    )
    return Doubt(text, column.n_said)


def _shared(profile: Profile) -> list[Doubt]:
    return [
        Doubt(
            f"{one.column} is the same in all rows of one {one.order}, as in "
            f"{human_number(one.n_repeated, 'row')} that repeat it: a sum over rows would count it "
            "more than once, so it is added up nowhere",
            one.n_repeated,
        )
        for one in profile.shared
    ]


def _measures(
    figures: DraftFormulas, order: str | None, amount: str | None, shared: set[str]
) -> dict[str, dict[str, Any]]:
    """Draft measures. With an order column, rows are order lines; without one nothing is called an
    order.
    """
    names = [name for name in figures.numeric() if name not in shared]
    summed = [n for n in names if n == amount or (QUANTITY.search(n) and is_added_up(n))]
    summed = summed[:_N_MEASURES]
    averaged = [n for n in names if SHARE.search(n) and n not in summed][:1]
    found: dict[str, dict[str, Any]] = {
        **{_total(name): {"sum": name} for name in summed},
        **{f"mean_{name}": {"mean": name} for name in averaged},
    }
    if order is None:
        return {**found, "row_count": {"count": "rows"}}
    found["order_count"] = {"count_distinct": order}
    if amount in summed:
        found["avg_order_value"] = {"ratio": [_total(str(amount)), "order_count"]}
    return {**found, "line_count": {"count": "rows"}}


def _order(profile: Profile, figures: DraftFormulas, key: DraftPart) -> str | None:
    """Return the column of order ids, if some orders have several rows.

    Not a column that is the key by itself: there each row is an order.
    """
    keys = (key.content or {}).get("columns") or ()
    return next(
        (
            column.name
            for column in profile.columns
            if figures.columns[column.name].kind in ("text", "integer")
            and is_order(column)
            and 1 < column.n_distinct < column.n_rows
            and list(keys) != [column.name]
        ),
        None,
    )


def _amount(figures: DraftFormulas, shared: set[str]) -> str | None:
    """Return the column most likely to be money that can be summed."""
    computed = list(figures.derived.content or {})
    checked = [one["column"] for one in (figures.checks.content or {}).values()]
    figured = (name for name in figures.numeric() if not is_order_name(name))
    named = [name for name in figured if AMOUNT.search(name)]
    found = [n for n in (*computed, *checked, *named) if n not in shared and is_added_up(n)]
    return next(iter(found), None)


def _item(
    profile: Profile, columns: Mapping[str, DraftColumn], categories: Sequence[str]
) -> str | None:
    """Return the column of items sold: text or categories that repeat."""
    repeating = [
        column.name
        for column in profile.columns
        if columns[column.name].kind in ("text", "category")
        and column.n_distinct >= _LEAST_ITEMS
        and 2 * column.n_distinct <= column.n_rows
        and any(name != column.name for name in categories)
    ]
    return next((name for name in repeating if ITEM.search(name)), None)


def _total(column: str) -> str:
    """Return the name of a column's sum."""
    if column == "total":
        return column
    return f"total_{column.removeprefix('total_')}"
