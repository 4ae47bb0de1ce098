"""Every measure has its answers, and the dashboard merges groups as aggregating the rows does."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter

from toolkit.aggregate.measures import MEASURES
from toolkit.aggregate.partials import combine, partial
from toolkit.aggregate.tables import aggregation_schema, finish
from toolkit.contract import Contract, Measure, Summary
from toolkit.contract.check import contract_problems
from toolkit.contract.measures import ANSWERS
from toolkit.dashboard.files import read_frame
from toolkit.dashboard.published import Table
from toolkit.dashboard.rollup import honest_measures, rolled_up

COLUMNS: dict[str, Any] = {
    "shop": {"kind": "text"},
    "item": {"kind": "text"},
    "day": {"kind": "date", "formats": ["%Y-%m-%d"]},
    "moment": {"kind": "timestamp", "formats": ["%Y-%m-%d %H:%M"]},
    "pieces": {"kind": "integer"},
    "price": {"kind": "number"},
    "paid": {"kind": "decimal", "scale": 3},
}
GIVEN: dict[str, list[Any]] = {
    "sum": ["pieces", "price", "paid"],
    "mean": ["price", "paid"],
    "min": ["pieces", "price", "paid", "day", "moment"],
    "max": ["pieces", "price", "paid", "day", "moment"],
    "count": ["rows"],
    "count_distinct": ["item", "day", "paid"],
    "ratio": [["sum_pieces", "count_rows"], ["sum_price", "sum_pieces"], ["sum_paid", "sum_price"]],
}
"""Examples of each measure: at least one."""
FINE = {"shop": {"column": "shop"}, "item": {"column": "item"}}


def measures_named() -> dict[str, dict[str, Any]]:
    """Every example of every measure, under a name of its own."""
    return {
        f"{kind}_{given if isinstance(given, str) else '_by_'.join(given)}": {kind: given}
        for kind, examples in GIVEN.items()
        for given in examples
    }


@pytest.fixture(scope="module")
def contract() -> Contract:
    def summary(by: Any) -> Any:
        return {"kind": "summary", "by": by, "measures": measures_named()}

    aggregations = {
        "fine": summary(FINE),
        "shop": summary({"shop": FINE["shop"]}),
        "item": summary({"item": FINE["item"]}),
    }
    return TypeAdapter(Contract).validate_python(
        {"name": "sales", "columns": COLUMNS, "aggregations": aggregations}
    )


def sales(n: int, seed: int, schema: pa.Schema) -> pa.Table:
    chance = random.Random(seed)
    days = [None, *(dt.date(2026, 1, d) for d in range(1, 20))]
    rows = [
        {
            "shop": chance.choice(["Ely", "Kew", "Rye"]),
            "item": chance.choice(["cup", "mug", "pot"]),
            "day": chance.choice(days),
            "moment": chance.choice([None, dt.datetime(2026, 1, 1, chance.randint(0, 23))]),
            "pieces": chance.choice([None, -(2**53) - 1, 2**53 + 1, *range(-5, 5)]),
            "price": chance.choice([0.1, 0.2, -0.0, 0.0, 7.25, -3.5]),
            "paid": chance.choice([Decimal(n).scaleb(-3) for n in (100, 1, -1, 10**18 - 1)]),
        }
        for _ in range(n)
    ]
    return pa.Table.from_pylist(rows, schema=schema)


@pytest.mark.parametrize("measure", [key.name for key in fields(Measure) if key.name != "once_per"])
def test_every_measure_answers(measure: str) -> None:
    answers = ANSWERS[measure]

    assert measure in MEASURES, "toolkit.aggregate.measures does not compute it"
    assert measure in GIVEN, "the tests below have no example of it"
    assert answers.dashboard in (
        "add",
        "weigh",
        "divide",
        "keep highest",
        "keep lowest",
        "nothing",
    )
    # Values that are no sums must not be added up.
    assert (answers.dashboard == "add") <= (answers.partial in ("sum", None))
    assert (answers.partial is None) == (answers.takes is None)


def test_what_is_computed_is_a_measure() -> None:
    assert set(MEASURES) == set(ANSWERS) == set(GIVEN)


@pytest.mark.parametrize("by", ["shop", "item"])
@pytest.mark.parametrize("seed", range(4))
def test_the_dashboard_merges_groups_as_rows_are_aggregated(
    contract: Contract, tmp_path: Path, by: str, seed: int
) -> None:
    rows = sales(5 + 40 * seed, seed, contract.clean_schema())
    tables = finish(combine([partial(rows, contract)]), contract)
    fine = contract.aggregations["fine"]
    assert isinstance(fine, Summary)
    frames = {}
    for name in ("fine", by):
        pq.write_table(tables[name], tmp_path / f"{name}.parquet")
        frames[name] = read_frame(tmp_path / f"{name}.parquet")
    table = Table("fine", fine, frames["fine"])

    found = rolled_up(table, [by], {})

    shown = honest_measures(table)
    left_out = {name for name in measures_named() if name not in shown}
    assert left_out == {n for n in measures_named() if n.startswith("count_distinct")}
    assert found[by].tolist() == frames[by][by].tolist()
    for name in shown:
        for one, other in zip(found[name], frames[by][name], strict=True):
            close = pytest.approx(other) if isinstance(other, float) else other
            assert one == close or (pd.isna(one) and pd.isna(other)), name


@pytest.mark.parametrize("n_parts", [2, 5, 50])
def test_partitions_and_their_order_make_no_difference(contract: Contract, n_parts: int) -> None:
    rows = sales(200, 7, contract.clean_schema())
    size = -(-200 // n_parts)
    parts = [partial(rows.slice(at, size), contract) for at in range(0, 200, size)]

    once = finish(combine([partial(rows, contract)]), contract)

    assert finish(combine(parts), contract) == once
    assert finish(combine([combine(parts[1:]), *parts[:1]]), contract) == once
    for name, table in once.items():
        assert table.schema == aggregation_schema(contract, name)


def test_a_coarser_grouping_is_the_same_alone(contract: Contract) -> None:
    """Alone it comes from the rows, beside a finer one from the groups of that."""
    rows = sales(300, 8, contract.clean_schema())
    alone = replace(contract, aggregations={"shop": contract.aggregations["shop"]})

    beside = finish(combine([partial(rows, contract)]), contract)["shop"]

    assert finish(combine([partial(rows, alone)]), alone)["shop"] == beside


def test_lowest_and_highest_are_exact_and_have_the_type_of_their_column(contract: Contract) -> None:
    schema = contract.clean_schema()
    day, nan = dt.date(2026, 3, 1), float("nan")
    rows = [
        {"shop": "Ely", "item": "cup", "pieces": 2**53 + 1, "price": nan, "day": day},
        {"shop": "Ely", "item": "cup", "pieces": 2**53, "price": -0.0, "day": None},
        {"shop": "Ely", "item": "cup", "pieces": None, "price": 0.0, "day": None},
        {"shop": "Kew", "item": "cup", "pieces": None, "price": nan, "day": None},
    ]

    parts = [partial(pa.Table.from_pylist([row], schema), contract) for row in rows]
    found = finish(combine(parts), contract)["shop"]

    ely, kew = found.to_pylist()
    assert (ely["min_pieces"], ely["max_pieces"]) == (2**53, 2**53 + 1)
    assert (str(ely["min_price"]), str(ely["max_price"])) == ("0.0", "0.0")
    assert ely["min_day"] == ely["max_day"] == day
    empty = ("min_pieces", "max_pieces", "min_price", "max_price", "min_day", "max_moment")
    assert [kew[name] for name in empty] == [None] * len(empty)
    types = {name: found.schema.field(f"max_{name}").type for name in ("pieces", "day", "moment")}
    assert types == {name: schema.field(name).type for name in types}


@pytest.mark.parametrize(
    ("column", "keys", "problem"),
    [
        ("shop", {}, "is of kind text; must be"),
        (
            "price",
            {"personal": {"mask": "hash"}},
            "is personal, and a max shows the value of one row",
        ),
    ],
)
def test_columns_without_a_highest_value_to_show(
    column: str, keys: dict[str, Any], problem: str
) -> None:
    columns = {**COLUMNS, column: {**COLUMNS[column], **keys}}
    summary = {"kind": "summary", "by": FINE, "measures": {"most": {"max": column}}}
    contract = TypeAdapter(Contract).validate_python(
        {"name": "sales", "columns": columns, "aggregations": {"a": summary}}
    )

    found = [line for line in contract_problems(contract) if "aggregations.a" in line]

    assert len(found) == 1
    assert found[0].startswith(f"dataset.aggregations.a.measures.most.max='{column}': ")
    assert problem in found[0]


def test_a_ranking_by_the_last_day(contract: Contract) -> None:
    ranking = {
        "kind": "ranking",
        "within": "shop",
        "item": "item",
        "metrics": {"newest": "last"},
        "measures": {"last": {"max": "day"}},
        "limit": 1,
    }
    one = TypeAdapter(Contract).validate_python(
        {"name": "sales", "columns": COLUMNS, "aggregations": {"newest": ranking}}
    )
    rows = [
        {"shop": "Ely", "item": item, "day": day}
        for item, day in [("cup", dt.date(2026, 1, 2)), ("mug", dt.date(2026, 2, 1)), ("pot", None)]
    ]

    found = finish(combine([partial(pa.Table.from_pylist(rows, one.clean_schema()), one)]), one)

    assert [row["item"] for row in found["newest"].to_pylist()] == ["mug"]
