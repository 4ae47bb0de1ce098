"""Optional aggregations: what a contract's columns allow of them, and a line about the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from toolkit.contract import AnyAggregation, Contract, Extremes, Grain, Measure, Ranking, Summary
from toolkit.contract.check import contract_problems
from toolkit.contract.optional import fit_aggregations

SUMMARY = Summary(
    kind="summary",
    by={"month": Grain(column="sale_date", unit="month")},
    measures={"total": Measure(sum="revenue"), "n": Measure(count="rows")},
    largest_first="total",
    optional=True,
)
RANKING = Ranking(
    kind="ranking",
    within="category",
    item="product_name",
    metrics={"revenue": "total", "units": "pieces"},
    measures={"total": Measure(sum="revenue"), "pieces": Measure(sum="quantity")},
    optional=True,
)
EXTREMES = Extremes(
    kind="extremes",
    highest={"dear": "revenue", "much": "quantity"},
    tie_break="order_id",
    optional=True,
)


def fitted(
    contract: Contract, aggregation: AnyAggregation, without: str
) -> tuple[AnyAggregation | None, list[str]]:
    columns = {name: column for name, column in contract.columns.items() if name != without}
    derived = {name: one for name, one in contract.derived.items() if name != without}
    less = replace(contract, columns=columns, derived=derived, aggregations={"some": aggregation})
    found, lines = fit_aggregations(less)
    return found.aggregations.get("some"), lines


@pytest.mark.parametrize("aggregation", [SUMMARY, RANKING, EXTREMES])
def test_what_the_columns_allow_stays(aggregation: AnyAggregation, contract: Contract) -> None:
    assert fitted(contract, aggregation, "customer_email") == (aggregation, [])


@pytest.mark.parametrize(
    ("aggregation", "column"),
    [
        (SUMMARY, "sale_date"),
        (RANKING, "category"),
        (RANKING, "product_name"),
        (EXTREMES, "order_id"),
    ],
)
def test_without_its_groups_it_goes(
    aggregation: AnyAggregation, column: str, contract: Contract
) -> None:
    line = f"aggregation some is left out: the contract has no {column}"
    assert fitted(contract, aggregation, column) == (None, [line])


def test_parts_go_alone(contract: Contract) -> None:
    line = "aggregation some is without {}: the contract has no {}"
    less = replace(SUMMARY, measures={"n": Measure(count="rows")}, largest_first=None)
    assert fitted(contract, SUMMARY, "revenue") == (less, [line.format("total", "revenue")])
    ranked = replace(
        RANKING, metrics={"revenue": "total"}, measures={"total": Measure(sum="revenue")}
    )
    assert fitted(contract, RANKING, "quantity") == (ranked, [line.format("pieces", "quantity")])
    one = replace(EXTREMES, highest={"dear": "revenue"})
    assert fitted(contract, EXTREMES, "quantity") == (one, [line.format("much", "quantity")])


def test_a_ratio_goes_with_its_parts(contract: Contract) -> None:
    line = "aggregation some is without {}: the contract has no order_id"
    measures = {
        "each": Measure(ratio=("total", "orders")),
        "total": Measure(sum="revenue"),
        "orders": Measure(count_distinct="order_id"),
        "line": Measure(ratio=("total", "n")),
        "n": Measure(count="rows"),
    }
    kept = {name: measures[name] for name in ("total", "line", "n")}
    assert fitted(contract, replace(SUMMARY, measures=measures), "order_id") == (
        replace(SUMMARY, measures=kept),
        [line.format("each"), line.format("orders")],
    )


def test_with_nothing_left_it_goes(contract: Contract) -> None:
    line = "aggregation some is left out: the contract has no revenue"
    total = replace(SUMMARY, measures={"total": Measure(sum="revenue")})
    assert fitted(contract, total, "revenue") == (None, [line])
    dear = replace(EXTREMES, highest={"dear": "revenue"})
    assert fitted(contract, dear, "revenue") == (None, [line])


def test_what_is_not_optional_is_a_mistake(contract: Contract) -> None:
    strict = replace(SUMMARY, by={"month": Grain(column="day", unit="month")}, optional=False)
    kept, lines = fit_aggregations(replace(contract, aggregations={"some": strict}))
    assert (kept.aggregations, lines) == ({"some": strict}, [])
    [problem] = contract_problems(kept)
    assert "dataset.aggregations.some.by.month.column='day': there is no such column" in problem
