"""Decimals are added up, compared and ranked exactly, however the rows are cut and stored."""

from __future__ import annotations

from collections import defaultdict
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.aggregate.samples import cut, write_dataset
from toolkit.aggregate.dataset import aggregate
from toolkit.aggregate.partials import combine, partial
from toolkit.aggregate.tables import aggregation_schema, finish
from toolkit.contract import Contract
from toolkit.errors import InputError

TOP = 10**18 - 1
WIDE = Context(prec=60)
MEASURES = {
    "total": {"sum": "paid"},
    "pieces": {"sum": "pieces"},
    "mean": {"mean": "paid"},
    "least": {"min": "paid"},
    "most": {"max": "paid"},
    "prices": {"count_distinct": "paid"},
    "lines": {"count": "rows"},
    "a_piece": {"ratio": ["total", "pieces"]},
    "a_tax": {"ratio": ["total", "tax"]},
    "tax": {"sum": "tax"},
}
SALES: dict[str, Any] = {
    "name": "sales",
    "columns": {
        "id": {"kind": "text"},
        "shop": {"kind": "text"},
        "paid": {"kind": "decimal", "scale": 2},
        "pieces": {"kind": "integer"},
    },
    "derived": {"tax": {"formula": "paid * 0.19"}},
    "aggregations": {
        "shops": {"kind": "summary", "by": {"shop": {"column": "shop"}}, "measures": MEASURES},
        "best": {
            "kind": "ranking", "within": "shop", "item": "id", "metrics": {"most": "most"},
            "measures": {"most": {"max": "paid"}}, "limit": 3,
        },
        "top": {"kind": "extremes", "highest": {"dear": "paid"}, "tie_break": "id", "limit": 4},
    },
}  # fmt: skip

UNITS = st.none() | st.integers(-TOP, TOP) | st.sampled_from([0, 1, 10, 30, 2**53, 2**53 + 1, TOP])
ROWS = st.lists(
    st.tuples(st.sampled_from("AB"), UNITS, st.none() | st.integers(-3, 3)), min_size=1, max_size=25
)


@pytest.fixture(scope="module")
def sales() -> Contract:
    return TypeAdapter(Contract).validate_python(SALES)


def amount(units: int | None, scale: int = 2) -> Decimal | None:
    return None if units is None else Decimal(units).scaleb(-scale, WIDE)


def table_of(rows: list[tuple[str, int | None, int | None]], contract: Contract) -> pa.Table:
    found = [
        {"id": f"{n:03}", "shop": shop, "paid": amount(units), "pieces": pieces,
         "tax": amount(None if units is None else units // 1000 * 19, 4)}
        for n, (shop, units, pieces) in enumerate(rows)
    ]  # fmt: skip
    return pa.Table.from_pylist(found, schema=contract.clean_schema())


def wanted(table: pa.Table) -> list[dict[str, Any]]:
    """The measures of each shop in Python's fractions."""
    shops: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        shops[row["shop"]].append(row)
    found = []
    for shop, rows in sorted(shops.items()):
        paid = [Fraction(row["paid"]) for row in rows if row["paid"] is not None]
        tax = sum((Fraction(row["tax"]) for row in rows if row["tax"] is not None), Fraction(0))
        pieces = sum(row["pieces"] or 0 for row in rows)
        total = sum(paid, Fraction(0))
        found.append(
            {
                "shop": shop,
                "total": amount(int(total * 100)),
                "pieces": pieces,
                "mean": float(total / len(paid)) if paid else None,
                "least": amount(int(min(paid) * 100)) if paid else None,
                "most": amount(int(max(paid) * 100)) if paid else None,
                "prices": len({*paid}),
                "lines": len(rows),
                "a_piece": float(total / pieces) if pieces else None,
                "a_tax": float(total / tax) if tax else None,
                "tax": amount(int(tax * 10**4), 4),
            }
        )
    return found


def top(table: pa.Table, limit: int = 4) -> list[str]:
    rows = [row for row in table.to_pylist() if row["paid"] is not None]
    return [row["id"] for row in sorted(rows, key=lambda r: (-Fraction(r["paid"]), r["id"]))][
        :limit
    ]


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, n_parts=st.sampled_from([1, 2, 7]))
@pytest.mark.slow
def test_measures_are_those_of_fractions_however_rows_are_cut(
    sales: Contract, rows: list[tuple[str, int | None, int | None]], n_parts: int
) -> None:
    table = table_of(rows, sales)
    found = finish(combine([partial(part, sales) for part in cut(table, n_parts)]), sales)
    assert found["shops"].to_pylist() == wanted(table)
    assert found["shops"].schema == aggregation_schema(sales, "shops")
    assert found["top"].column("id").to_pylist() == top(table)
    for shop in "AB":
        of_shop = table.filter(pa.compute.equal(table.column("shop"), shop))
        best = [row for row in found["best"].to_pylist() if row["shop"] == shop]
        # Rows without an amount come last.
        assert [row["id"] for row in best][: len(top(of_shop))] == top(of_shop, 3)


def test_sums_have_more_digits_than_their_column(sales: Contract) -> None:
    table = table_of([("A", TOP, 1)] * 100, sales)
    [row] = finish(combine([partial(table, sales)] * 1000), sales)["shops"].to_pylist()
    assert str(row["total"]) == f"{TOP * 100_000 // 100}.{TOP * 100_000 % 100:02}"


def many(contract: Contract) -> pa.Table:
    rng = np.random.default_rng(3)
    units = [int(n) for n in rng.integers(-TOP, TOP, 600)] + [5, 5, 7, TOP, TOP, TOP, TOP, TOP]
    return table_of([("AB"[n % 2], units[n], n % 4) for n in rng.permutation(len(units))], contract)


@pytest.mark.parametrize("statistics", [True, False])
def test_a_dataset_on_disk(sales: Contract, tmp_path: Path, statistics: bool) -> None:
    table = many(sales)
    folder = write_dataset(cut(table, 3), sales, tmp_path / "clean.parquet")
    if not statistics:
        for path in folder.glob("*.parquet"):
            pq.write_table(pq.read_table(path), path, row_group_size=50, write_statistics=False)
    found = aggregate(folder, sales)
    assert found["shops"].to_pylist() == wanted(table)
    assert found["top"].column("id").to_pylist() == top(table)


@pytest.mark.parametrize("dtype", ["arrow", "objects"])
def test_a_dask_dataframe(sales: Contract, dtype: str) -> None:
    table = many(sales)
    frame = table.to_pandas(types_mapper=pd.ArrowDtype if dtype == "arrow" else None)
    # Else Dask makes text of objects.
    with dask.config.set({"dataframe.convert-string": False}):
        found = aggregate(dd.from_pandas(frame, npartitions=3), sales)
    assert found["shops"].to_pylist() == wanted(table)
    assert found["top"].column("id").to_pylist() == top(table)


def test_floats_in_the_place_of_decimals_are_refused(sales: Contract) -> None:
    table = many(sales)
    floats = table.set_column(2, "paid", table.column("paid").cast(pa.float64()))
    with pytest.raises(InputError, match="paid is double instead of decimal128"):
        partial(floats, sales)
