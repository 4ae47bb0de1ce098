"""All aggregations of the sales contract against rows counted one by one, however they are cut."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.aggregate.samples import (
    CATEGORIES,
    DAYS,
    PRODUCTS,
    REGIONS,
    Row,
    as_rows,
    cut,
    expected,
    make_table,
    rows,
)
from toolkit.aggregate.partials import Partials, combine, partial
from toolkit.aggregate.tables import aggregation_schema, finish
from toolkit.contract import Contract


def aggregate_cut(table: pa.Table, contract: Contract, n_parts: int) -> dict[str, pa.Table]:
    return finish(combine([partial(part, contract) for part in cut(table, n_parts)]), contract)


def random_rows(n: int, seed: int) -> list[Row]:
    chance = random.Random(seed)
    return [
        {
            "order_id": f"ORD-{number:09d}",
            "product_name": chance.choice(PRODUCTS),
            "category": chance.choice(CATEGORIES),
            "quantity": chance.randint(1, 60),
            "unit_price": round(chance.uniform(0.5, 900), 2),
            "discount_percent": chance.random(),
            "region": chance.choice(REGIONS),
            "sale_date": chance.choice(DAYS),
            "customer_email": None,
            "revenue": round(chance.uniform(0, 999_999), 2),
            "anomaly_flag": None,
        }
        for number in range(n)
    ]


@pytest.mark.parametrize("n_parts", [1, 2, 7, 64])
@settings(max_examples=25)
@given(rows=rows())
@pytest.mark.slow
def test_every_cut_gives_what_counting_rows_gives(
    contract: Contract, n_parts: int, rows: list[Row]
) -> None:
    tables = aggregate_cut(make_table(rows, contract), contract, n_parts)

    assert as_rows(tables) == expected(rows)


@settings(max_examples=25)
@given(rows=rows(max_size=25), data=st.data())
@pytest.mark.slow
def test_the_order_and_the_tree_of_merging_mean_nothing(
    contract: Contract, rows: list[Row], data: st.DataObject
) -> None:
    partials = [partial(part, contract) for part in cut(make_table(rows, contract), 6)]
    shuffled = data.draw(st.permutations(partials))
    at = data.draw(st.integers(0, 6))

    tree = combine([combine(shuffled[:at]), Partials(), combine(shuffled[at:])])

    assert as_rows(finish(tree, contract)) == as_rows(finish(combine(partials), contract))


@pytest.mark.parametrize("n_parts", [1, 7])
def test_sums_and_means_of_many_rows_agree_with_pandas(contract: Contract, n_parts: int) -> None:
    table = make_table(random_rows(5000, seed=3), contract)
    frame = table.to_pandas().assign(month=lambda f: f["sale_date"].astype(str).str[:7])

    months = aggregate_cut(table, contract, n_parts)["monthly_sales_summary"].to_pandas()

    by_month = frame.groupby("month")
    wanted = pd.DataFrame(
        {
            "total_revenue": by_month["revenue"].sum(),
            "total_quantity": by_month["quantity"].sum(),
            "avg_discount_percent": by_month["discount_percent"].mean(),
            "order_count": by_month.size(),
        }
    ).reset_index()
    pd.testing.assert_frame_equal(months, wanted, check_dtype=False, rtol=1e-13)


def test_means_are_the_same_bit_for_bit_where_adding_in_doubles_is_not(contract: Contract) -> None:
    table = make_table(random_rows(5000, seed=4), contract)
    values = table.column("discount_percent").to_numpy()
    assert sum(float(part.sum()) for part in np.array_split(values, 7)) != sum(values.tolist())

    tables = [aggregate_cut(table, contract, n_parts) for n_parts in (1, 2, 7, 64)]

    assert all(as_rows(other) == as_rows(tables[0]) for other in tables)


def test_money_is_summed_to_the_cent(contract: Contract) -> None:
    [row] = random_rows(1, seed=1)
    three = [{**row, "revenue": value} for value in (0.1, 0.2, 0.3)]

    tables = aggregate_cut(make_table(three, contract), contract, 1)

    assert 0.1 + 0.2 + 0.3 != 0.6
    assert tables["top_categories"].column("total_revenue").to_pylist() == [0.6]


def test_equal_products_are_ranked_by_their_names_code_points(contract: Contract) -> None:
    [row] = random_rows(1, seed=1)
    names = ["é", "b", "a", "B", "\U0001f9e6", "Z", "~"]
    table = make_table([{**row, "product_name": name} for name in names], contract)

    ranking = aggregate_cut(table, contract, 3)["top_products_by_category"]

    assert ranking.column("product_name").to_pylist() == ["B", "Z", "a", "b", "~"] * 2
    assert ranking.column("rank").to_pylist() == [1, 2, 3, 4, 5] * 2


@pytest.mark.slow
def test_names_that_are_nearly_all_different(contract: Contract) -> None:
    rows = [
        {**row, "product_name": f"product {n % 29_000}"}
        for n, row in enumerate(random_rows(30_000, seed=6))
    ]

    tables = aggregate_cut(make_table(rows, contract), contract, 2)

    assert as_rows(tables) == expected(rows)


@pytest.mark.parametrize("n_parts", [1, 4])
def test_no_rows_make_empty_tables_with_the_schema(contract: Contract, n_parts: int) -> None:
    tables = aggregate_cut(make_table([], contract), contract, n_parts)

    assert list(tables) == list(contract.aggregations)
    for name, table in tables.items():
        assert table.num_rows == 0
        assert table.schema == aggregation_schema(contract, name)


def test_the_schemas_are_those_of_the_sales_rules(contract: Contract) -> None:
    tables = aggregate_cut(make_table(random_rows(50, seed=2), contract), contract, 2)

    assert {name: table.schema for name, table in tables.items()} == {
        name: aggregation_schema(contract, name) for name in contract.aggregations
    }
    text, whole, number = pa.string(), pa.int64(), pa.float64()
    assert tables["monthly_sales_summary"].schema == pa.schema(
        [
            ("month", text),
            ("total_revenue", number),
            ("total_quantity", whole),
            ("avg_discount_percent", number),
            ("order_count", whole),
        ]
    )
    assert tables["top_products_by_category"].schema == pa.schema(
        [
            ("category", text),
            ("metric_type", text),
            ("rank", whole),
            ("product_name", text),
            ("total_revenue", number),
            ("total_quantity", whole),
            ("order_count", whole),
        ]
    )
    assert tables["sales_by_month_region_category"].schema == pa.schema(
        [
            ("month", text),
            ("region", text),
            ("category", text),
            ("total_revenue", number),
            ("total_quantity", whole),
            ("order_count", whole),
            ("avg_order_value", number),
            ("avg_discount_percent", number),
        ]
    )
    assert tables["anomaly_records"].schema.names == [
        "rank",
        "anomaly_reason",
        *contract.clean_schema().names,
    ]
    assert not any(pa.types.is_dictionary(f.type) for f in tables["anomaly_records"].schema)


@pytest.mark.parametrize("n_parts", [1, 3])
def test_a_dictionary_that_repeats_a_label_or_holds_a_null(
    contract: Contract, n_parts: int
) -> None:
    table = make_table(random_rows(60, seed=12), contract)
    places = pa.array([n % 4 for n in range(60)], pa.int32())
    odd = pa.DictionaryArray.from_arrays(places, pa.array(["Delhi", "Mumbai", "Delhi", None]))
    plain = odd.cast(pa.string()).dictionary_encode()
    at = table.column_names.index("region")

    tables = [
        aggregate_cut(table.set_column(at, "region", regions), contract, n_parts)
        for regions in (odd, plain)
    ]

    assert tables[0]["region_wise_performance"].num_rows == 3
    assert as_rows(tables[0]) == as_rows(tables[1])
