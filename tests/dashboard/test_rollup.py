"""Rolling a summary up gives what summing its rows one by one gives."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.contract import Grain, Measure, Summary
from toolkit.dashboard.published import Table
from toolkit.dashboard.rollup import honest_measures, rolled_up, selected_rows

MONTHS, REGIONS = ("2026-01", "2026-02", "2026-03"), ("Delhi", "Mumbai")
MEASURES = {
    "revenue": Measure(sum="revenue"),
    "orders": Measure(count="rows"),
    "discount": Measure(mean="discount"),
}


def table_of(rows: list[dict[str, Any]], measures: dict[str, Measure] = MEASURES) -> Table:
    by = {"month": Grain(column="day", unit="month"), "region": Grain(column="region")}
    summary = Summary(kind="summary", by=by, measures=measures)
    return Table("sales", summary, pd.DataFrame(rows, columns=["month", "region", *measures]))


@st.composite
def orders(draw: st.DrawFn) -> list[tuple[str, str, int, float]]:
    """Single orders: month, region, revenue in cents, discount."""
    one = st.tuples(
        st.sampled_from(MONTHS),
        st.sampled_from(REGIONS),
        st.integers(0, 10**6),
        st.sampled_from([0.0, 0.1, 0.25, 1.0]),
    )
    return draw(st.lists(one, min_size=1, max_size=30))


def summed(orders: list[tuple[str, str, int, float]]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for month, region, cents, discount in orders:
        groups[month, region].append((cents, discount))
    return [
        {
            "month": month,
            "region": region,
            "revenue": sum(cents for cents, _ in found),
            "orders": len(found),
            "discount": sum(discount for _, discount in found) / len(found),
        }
        for (month, region), found in sorted(groups.items())
    ]


@given(orders=orders(), months=st.sets(st.sampled_from(MONTHS)))
@pytest.mark.slow
def test_groups_of_groups_are_groups_of_orders(
    orders: list[tuple[str, str, int, float]], months: set[str]
) -> None:
    found = rolled_up(table_of(summed(orders)), ["region"], {"month": months})

    kept = [(r, cents, discount) for month, r, cents, discount in orders if month in months]
    for row in found.to_dict("records"):
        mine = [(cents, discount) for region, cents, discount in kept if region == row["region"]]
        assert row["revenue"] == sum(cents for cents, _ in mine)
        assert row["orders"] == len(mine)
        assert row["discount"] == pytest.approx(sum(d for _, d in mine) / len(mine))
    assert found["region"].tolist() == sorted({region for region, _, _ in kept})


def test_a_mean_weighs_the_orders_behind_it_and_not_the_rows() -> None:
    rows = [
        {"month": "2026-01", "region": "Delhi", "revenue": 1, "orders": 1, "discount": 0.9},
        {"month": "2026-02", "region": "Delhi", "revenue": 1, "orders": 9, "discount": 0.1},
    ]

    [found] = rolled_up(table_of(rows), [], {}).to_dict("records")

    assert found == {"revenue": 2, "orders": 10, "discount": pytest.approx(0.18)}


def test_means_are_left_out_where_nothing_counts_the_orders() -> None:
    measures = {name: MEASURES[name] for name in ("revenue", "discount")}
    rows = [{"month": m, "region": r, "revenue": 1, "discount": 0.5} for m, r in
            product(MONTHS, REGIONS)]  # fmt: skip
    table = table_of(rows, measures)

    assert honest_measures(table) == ["revenue"]
    assert rolled_up(table, ["month"], {}).columns.tolist() == ["month", "revenue"]


def test_nothing_kept_sums_to_nothing() -> None:
    table = table_of(summed([("2026-01", "Delhi", 5, 0.0)]))
    nothing = {"region": ["Mumbai"]}

    assert selected_rows(table, nothing).empty
    assert rolled_up(table, ["month"], nothing).empty
    [total] = rolled_up(table, [], nothing).to_dict("records")
    assert (total["revenue"], total["orders"]) == (0, 0)
    assert total["discount"] != total["discount"]


DISTINCT = {
    "buyers": Measure(count_distinct="customer"),
    "revenue": Measure(sum="revenue"),
    "a_buyer": Measure(ratio=("revenue", "buyers")),
    "lines": Measure(count="rows"),
    "a_line": Measure(ratio=("revenue", "lines")),
}


def test_distinct_counts_are_never_added_up() -> None:
    rows = [
        {
            "month": m,
            "region": r,
            "buyers": 3,
            "revenue": 6,
            "a_buyer": 2.0,
            "lines": 1,
            "a_line": 6,
        }
        for m, r in product(MONTHS, REGIONS)
    ]
    table = table_of(rows, DISTINCT)

    found = rolled_up(table, ["month"], {})

    assert honest_measures(table) == ["revenue", "lines", "a_line"]
    assert found.columns.tolist() == ["month", "revenue", "lines", "a_line"]


def test_a_ratio_is_computed_after_its_parts_are_added_up() -> None:
    rows = [
        {"month": "2026-01", "region": "Delhi", "revenue": 30, "lines": 1, "a_line": 30.0},
        {"month": "2026-01", "region": "Mumbai", "revenue": 10, "lines": 3, "a_line": 10 / 3},
    ]
    measures = {name: DISTINCT[name] for name in ("revenue", "lines", "a_line")}

    [found] = rolled_up(table_of(rows, measures), ["month"], {}).to_dict("records")

    assert found == {"month": "2026-01", "revenue": 40, "lines": 4, "a_line": 10.0}


def test_a_ratio_of_nothing_is_no_figure() -> None:
    measures = {name: DISTINCT[name] for name in ("revenue", "lines", "a_line")}
    rows = [{"month": "2026-01", "region": "Delhi", "revenue": 3, "lines": 1, "a_line": 3.0}]

    [found] = rolled_up(table_of(rows, measures), [], {"region": ["Mumbai"]}).to_dict("records")

    assert (found["revenue"], found["lines"]) == (0, 0)
    assert found["a_line"] != found["a_line"]


def test_means_of_values_that_rows_may_lack_are_not_merged() -> None:
    measures = {"n": Measure(count="rows"), "mean_weight": Measure(mean="weight")}
    summary = Summary(
        kind="summary",
        by={"region": Grain(column="region")},
        measures=measures,
    )
    frame = pd.DataFrame({"region": ["N", "S"], "n": [100, 1], "mean_weight": [1.0, 5.0]})
    table = Table("sales", summary, frame, frozenset({"weight"}))
    assert honest_measures(table) == ["n"]
    assert honest_measures(Table("sales", summary, frame)) == ["n", "mean_weight"]


@pytest.mark.parametrize("by", [[], ["month"]])
def test_whole_numbers_are_added_up_exactly(by: list[str]) -> None:
    measures = {
        "units": Measure(sum="units"),
        "lines": Measure(count="rows"),
        "each": Measure(ratio=("units", "lines")),
    }

    def added(*numbers: int) -> dict[str, Any]:
        rows = [
            {"month": "2026-01", "region": str(n), "units": units, "lines": 1, "each": units}
            for n, units in enumerate(numbers)
        ]
        [found] = rolled_up(table_of(rows, measures), by, {}).to_dict("records")
        return {name: found[name] for name in measures}

    assert added(2**53, 1) == {"units": 2**53 + 1, "lines": 2, "each": 2.0**52}
    assert added(2**62, 2**62 - 1) == {"units": 2**63 - 1, "lines": 2, "each": 2.0**62}
    assert added(2**62, 2**62) == {"units": 2.0**63, "lines": 2, "each": 2.0**62}
    assert added(-(2**63), 2**62, 2**62) == {"units": 0, "lines": 3, "each": 0}
