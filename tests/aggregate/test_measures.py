"""Distinct counts and ratios against sets and fractions, however the rows are cut."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import dask
import dask.dataframe as dd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.aggregate.samples import cut, write_dataset
from toolkit.aggregate.dataset import aggregate
from toolkit.aggregate.partials import combine, partial
from toolkit.aggregate.tables import aggregation_schema, finish
from toolkit.contract import Contract

MEASURES = {
    "total": {"sum": "amount"},
    "pieces": {"sum": "pieces"},
    "invoices": {"count_distinct": "invoice"},
    "lines": {"count": "rows"},
    "a_invoice": {"ratio": ["total", "invoices"]},
    "a_piece": {"ratio": ["total", "pieces"]},
}
LINES: dict[str, Any] = {
    "name": "lines",
    "columns": {
        "invoice": {"kind": "text"},
        "shop": {"kind": "text"},
        "item": {"kind": "text"},
        "day": {"kind": "date", "formats": ["%Y-%m-%d"]},
        "moment": {"kind": "timestamp", "formats": ["%Y-%m-%d %H:%M"]},
        "pieces": {"kind": "integer"},
        "amount": {"kind": "number"},
    },
    "flags": {"size": {"big": {"column": "pieces", "above": 5}}},
    "aggregations": {
        "months": {
            "kind": "summary",
            "by": {"month": {"column": "day", "unit": "month"}},
            "measures": MEASURES,
        },
        "months_and_shops": {
            "kind": "summary",
            "by": {"month": {"column": "day", "unit": "month"}, "shop": {"column": "shop"}},
            "measures": MEASURES,
            "largest_first": "invoices",
        },
        "best_items": {
            "kind": "ranking",
            "within": "shop",
            "item": "item",
            "metrics": {"invoices": "invoices", "price": "a_piece"},
            "measures": MEASURES,
            "limit": 2,
        },
        "kinds": {
            "kind": "summary",
            "by": {"shop": {"column": "shop"}},
            "measures": {
                name: {"count_distinct": name}
                for name in ("invoice", "day", "moment", "pieces", "amount", "size")
            },
        },
    },
}
DAYS = (dt.date(2011, 10, 31), dt.date(2011, 11, 1), dt.date(2011, 11, 30), None)


@pytest.fixture(scope="module")
def lines() -> Contract:
    return TypeAdapter(Contract).validate_python(LINES)


def random_lines(n: int, seed: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [
        {
            "invoice": chance.choice([None, *(f"I{k}" for k in range(40))]),
            "shop": chance.choice(["Ely", "Kew", "Rye", None]),
            "item": chance.choice(["cup", "mug", "pot", None]),
            "day": chance.choice(DAYS),
            "moment": chance.choice([None, dt.datetime(2011, 11, 1, 9, chance.randint(0, 3))]),
            "pieces": chance.choice([None, 0, 1, 2, -3]),
            "amount": chance.choice([0.1, 0.2, 0.3, 0.0, -0.0, float("nan"), None]),
            "size": chance.choice([None, "big"]),
        }
        for _ in range(n)
    ]


def table_of(rows: list[dict[str, Any]], contract: Contract) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=contract.clean_schema())


def computed(rows: list[dict[str, Any]], contract: Contract, n_parts: int) -> dict[str, Any]:
    parts = [partial(part, contract) for part in cut(table_of(rows, contract), n_parts)]
    return {name: table.to_pylist() for name, table in finish(combine(parts), contract).items()}


def wanted(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The measures of some rows, counted with sets and added up as fractions."""
    amounts = [row["amount"] for row in rows if row["amount"] is not None]
    total = sum((Fraction(amount) for amount in amounts if amount == amount), Fraction(0))
    pieces = sum(row["pieces"] or 0 for row in rows)
    invoices = len({row["invoice"] for row in rows} - {None})
    return {
        "total": float(total),
        "pieces": pieces,
        "invoices": invoices,
        "lines": len(rows),
        "a_invoice": float(total / invoices) if invoices else None,
        "a_piece": float(total / pieces) if pieces else None,
    }


@pytest.mark.parametrize("n_parts", [1, 2, 7, 64])
@given(n=st.integers(1, 120), seed=st.integers(0, 9))
@pytest.mark.slow
def test_every_cut_gives_what_sets_give(lines: Contract, n_parts: int, n: int, seed: int) -> None:
    rows = random_lines(n, seed)
    groups: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["day"] and row["day"].isoformat()[:7], row["shop"]].append(row)

    found = computed(rows, lines, n_parts)["months_and_shops"]

    assert len(found) == len(groups)
    for row in found:
        assert row == {**row, **wanted(groups[row["month"], row["shop"]])}
    counts = [row["invoices"] for row in found]
    assert counts == sorted(counts, reverse=True)


def test_the_values_of_any_column_are_counted(lines: Contract) -> None:
    rows = random_lines(500, seed=1)

    [ely] = [row for row in computed(rows, lines, 3)["kinds"] if row["shop"] == "Ely"]

    of_ely = [row for row in rows if row["shop"] == "Ely"]
    for name in ("invoice", "day", "moment", "pieces", "size"):
        assert ely[name] == len({row[name] for row in of_ely} - {None})
    # 0.1, 0.2, 0.3 and 0: -0 is no other number, NaN is none.
    assert ely["amount"] == 4


def test_an_invoice_of_two_months_is_counted_in_each(lines: Contract) -> None:
    [row] = random_lines(1, seed=2)
    rows = [{**row, "invoice": "I1", "shop": "Kew", "day": day} for day in DAYS[:3]]

    found = computed(rows, lines, 2)

    assert [month["invoices"] for month in found["months"]] == [1, 1]
    assert [shop["invoice"] for shop in found["kinds"]] == [1]


def test_items_are_ranked_by_distinct_counts_and_by_ratios(lines: Contract) -> None:
    [row] = random_lines(1, seed=3)
    sold = [
        ("cup", "I1", 1),
        ("cup", "I1", 1),
        ("cup", "I1", 1),
        ("mug", "I1", 4),
        ("mug", "I2", 4),
    ]
    rows = [
        {**row, "shop": "Kew", "item": item, "invoice": invoice, "pieces": n, "amount": 2.0}
        for item, invoice, n in sold
    ]

    found = computed(rows, lines, 2)["best_items"]

    assert [
        (one["metric_type"], one["item"], one["invoices"], one["a_piece"]) for one in found
    ] == [
        ("invoices", "mug", 2, 0.5),
        ("invoices", "cup", 1, 2.0),
        ("price", "cup", 1, 2.0),
        ("price", "mug", 2, 0.5),
    ]


def test_a_ratio_is_rounded_once(lines: Contract) -> None:
    rows = random_lines(1000, seed=4)

    [found] = [m for m in computed(rows, lines, 7)["months"] if m["month"] == "2011-11"]

    november = [row for row in rows if row["day"] in DAYS[1:3]]
    assert found == {"month": "2011-11", **wanted(november)}


def test_types_and_an_empty_dataset(lines: Contract) -> None:
    schema = aggregation_schema(lines, "months")

    assert schema.field("invoices").type == pa.int64()
    assert schema.field("a_invoice").type == pa.float64()
    assert finish(combine([]), lines)["months"].schema == schema


@pytest.mark.parametrize("scheduler", ["sync", "threads", "processes"])
@pytest.mark.slow
def test_parts_on_disk_and_row_groups(lines: Contract, tmp_path: Path, scheduler: str) -> None:
    rows = random_lines(400, seed=5)
    folder = write_dataset(cut(table_of(rows, lines), 5), lines, tmp_path / "clean.parquet")

    with dask.config.set(scheduler=scheduler, num_workers=2):
        found = aggregate(folder, lines)

    once = computed(rows, lines, 1)
    assert {name: table.to_pylist() for name, table in found.items()} == once


def test_a_dask_dataframe(lines: Contract) -> None:
    rows = random_lines(400, seed=6)
    frame = table_of(rows, lines).to_pandas(types_mapper=pd_arrow)

    found = aggregate(dd.from_pandas(frame, npartitions=3), lines)

    once = computed(rows, lines, 1)
    assert {name: table.to_pylist() for name, table in found.items()} == once


def pd_arrow(kind: pa.DataType) -> Any:
    import pandas as pd

    return pd.ArrowDtype(kind)


@pytest.mark.parametrize("n_parts", [1, 3])
def test_booleans_are_labels(n_parts: int) -> None:
    paid = {"paid": {"kind": "boolean", "reason": "bad", "optional": True}}
    measures = {"total": {"sum": "pieces"}, "said": {"count_distinct": "paid"}}
    contract = TypeAdapter(Contract).validate_python(
        {
            "name": "x",
            "columns": {"pieces": {"kind": "integer"}, **paid},
            "aggregations": {
                "by_paid": {
                    "kind": "summary",
                    "by": {"paid": {"column": "paid"}},
                    "measures": measures,
                }
            },
        }
    )
    rows = [{"pieces": n, "paid": (True, False, None)[n % 3]} for n in range(1, 10)]
    assert computed(rows, contract, n_parts)["by_paid"] == [
        {"paid": False, "total": 12, "said": 1},
        {"paid": True, "total": 18, "said": 1},
        {"paid": None, "total": 15, "said": 0},
    ]
