"""The same aggregations from parts, from one file, from a Dask DataFrame, on every scheduler."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import dask
import dask.dataframe as dd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dask.base import compute
from dask.delayed import Delayed

from tests.aggregate.samples import Row, as_rows, cut, expected, make_table, write_dataset
from tests.aggregate.test_aggregations import random_rows
from toolkit.aggregate.dataset import aggregate, aggregate_lazily
from toolkit.aggregate.needs import aggregated_columns
from toolkit.aggregate.partials import partial_of_partition
from toolkit.aggregate.partitions import days_covered, plan_partitions, read_partition
from toolkit.contract import Contract, Summary
from toolkit.errors import InputError

N_ROWS = 300


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return random_rows(N_ROWS, seed=9)


@pytest.fixture(scope="module")
def table(rows: list[Row], contract: Contract) -> pa.Table:
    return make_table(rows, contract)


@pytest.fixture
def dataset(table: pa.Table, contract: Contract, tmp_path: Path) -> Path:
    return write_dataset(cut(table, 3), contract, tmp_path / "clean.parquet")


@pytest.mark.parametrize("scheduler", ["sync", "threads"])
@pytest.mark.parametrize("n_parts", [1, 2, 7, 64])
def test_parts(
    rows: list[Row],
    table: pa.Table,
    contract: Contract,
    tmp_path: Path,
    n_parts: int,
    scheduler: str,
) -> None:
    folder = write_dataset(cut(table, n_parts), contract, tmp_path / "clean.parquet")

    with dask.config.set(scheduler=scheduler):
        tables = aggregate(folder, contract)

    assert as_rows(tables) == expected(rows)


@pytest.mark.slow
def test_processes(rows: list[Row], dataset: Path, contract: Contract) -> None:
    with dask.config.set(scheduler="processes", num_workers=2):
        tables = aggregate(dataset, contract)

    assert as_rows(tables) == expected(rows)


def test_the_days_that_are_covered_are_those_of_the_rows(
    table: pa.Table, contract: Contract, tmp_path: Path
) -> None:
    days = table.column("sale_date").to_pylist()
    parts = [*cut(table, 3), table.slice(0, 0)]

    partitions = plan_partitions(write_dataset(parts, contract, tmp_path / "a.parquet"), contract)

    assert days_covered(partitions, contract) == {"sale_date": (min(days), max(days))}


def test_days_are_not_made_up_where_a_file_does_not_tell_them(
    table: pa.Table, contract: Contract, tmp_path: Path
) -> None:
    silent, empty = tmp_path / "silent.parquet", tmp_path / "empty.parquet"
    pq.write_table(table, silent, write_statistics=False)
    pq.write_table(table.slice(0, 0), empty)

    assert days_covered(plan_partitions(silent, contract), contract) == {}
    assert days_covered(plan_partitions(empty, contract), contract) == {}


def test_one_file_is_cut_at_its_row_groups(
    rows: list[Row], table: pa.Table, contract: Contract, tmp_path: Path
) -> None:
    path = tmp_path / "clean.parquet"
    pq.write_table(table, path, row_group_size=40)

    partitions = plan_partitions(path, contract, rows_a_partition=100)

    assert [partition.row_groups for partition in partitions] == [(0, 1), (2, 3), (4, 5), (6, 7)]
    assert [partition.n_rows for partition in partitions] == [80, 80, 80, 60]
    assert as_rows(aggregate(str(path), contract)) == expected(rows)


def test_a_list_of_files(rows: list[Row], dataset: Path, contract: Contract) -> None:
    paths = sorted(dataset.glob("*.parquet"), reverse=True)

    assert as_rows(aggregate(paths, contract)) == expected(rows)


def test_a_dask_dataframe_with_arrow_columns(
    rows: list[Row], dataset: Path, contract: Contract
) -> None:
    paths = [str(path) for path in sorted(dataset.glob("*.parquet"))]
    ddf = dd.read_parquet(paths, dtype_backend="pyarrow")

    assert as_rows(aggregate(ddf, contract)) == expected(rows)


def test_a_dask_dataframe_with_the_columns_of_pandas(
    rows: list[Row], table: pa.Table, contract: Contract
) -> None:
    frame = table.to_pandas(date_as_object=False)
    ddf = dd.from_pandas(frame, npartitions=5)

    assert as_rows(aggregate(ddf, contract)) == expected(rows)


def test_files_of_other_writers(
    rows: list[Row], table: pa.Table, contract: Contract, tmp_path: Path
) -> None:
    """Narrow integers, plain large text, time stamps at midnight."""
    kinds = {
        "quantity": pa.int32(),
        "category": pa.large_string(),
        "product_name": pa.large_string(),
        "sale_date": pa.timestamp("us"),
    }
    schema = pa.schema([(f.name, kinds.get(f.name, f.type)) for f in table.schema])
    pq.write_table(table.cast(schema), tmp_path / "foreign.parquet", row_group_size=100)

    assert as_rows(aggregate(tmp_path / "foreign.parquet", contract)) == expected(rows)


def test_parts_and_row_groups_without_rows_change_nothing(
    rows: list[Row], table: pa.Table, contract: Contract, tmp_path: Path
) -> None:
    empty = table.slice(0, 0)
    parts = [empty, table.slice(0, 200), empty, table.slice(200), empty]
    folder = write_dataset(parts, contract, tmp_path / "clean.parquet")

    assert sum(partition.n_rows for partition in plan_partitions(folder, contract)) == N_ROWS
    assert as_rows(aggregate(folder, contract)) == expected(rows)


def test_a_dataset_without_rows(table: pa.Table, contract: Contract, tmp_path: Path) -> None:
    folder = write_dataset([table.slice(0, 0)], contract, tmp_path / "clean.parquet")

    assert plan_partitions(folder, contract) == []
    assert as_rows(aggregate(folder, contract)) == expected([])


def test_hidden_files_are_no_parts(rows: list[Row], dataset: Path, contract: Contract) -> None:
    (dataset / "_left.parquet").write_bytes(b"not parquet")
    (dataset / ".part-000000.parquet").write_bytes(b"not parquet")

    assert as_rows(aggregate(dataset, contract)) == expected(rows)


def test_nothing_is_read_before_it_is_asked_for(
    rows: list[Row], dataset: Path, contract: Contract
) -> None:
    lazy = aggregate_lazily(dataset, contract)
    part = dataset / "part-000001.parquet"
    hidden = part.rename(part.with_suffix(".away"))

    assert isinstance(lazy, Delayed)
    with pytest.raises(InputError, match=r"part-000001\.parquet"):
        compute(lazy)
    hidden.rename(part)
    [tables] = compute(lazy)
    assert as_rows(tables) == expected(rows)


def test_a_piece_is_read_without_the_columns_that_only_winners_show(
    dataset: Path, contract: Contract
) -> None:
    partition = plan_partitions(dataset, contract)[0]

    table = read_partition(partition, contract)

    assert table.column_names == aggregated_columns(contract)
    assert {"order_id", "customer_email", "unit_price"}.isdisjoint(table.column_names)
    assert partial_of_partition(partition, contract).n_rows == partition.n_rows == 100


def test_missing_columns_are_named(table: pa.Table, contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "raw.parquet"
    pq.write_table(table.drop_columns(["order_id", "revenue"]), path)

    with pytest.raises(InputError, match="2 of 11 columns are missing: ") as caught:
        aggregate(path, contract)

    assert str(path) in str(caught.value)
    assert "order_id" in str(caught.value)
    assert "revenue" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_frame_without_a_column(table: pa.Table, contract: Contract) -> None:
    frame = table.drop_columns(["region"]).to_pandas()
    ddf = dd.from_pandas(frame, npartitions=2)

    with pytest.raises(InputError, match="1 of 11 columns are missing: region"):
        aggregate_lazily(ddf, contract)


def test_a_column_of_another_kind(table: pa.Table, contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "raw.parquet"
    at = table.column_names.index("revenue")
    pq.write_table(table.set_column(at, "revenue", table.column("revenue").cast("string")), path)

    with pytest.raises(InputError, match="revenue is string instead of double"):
        aggregate(path, contract)


def test_a_value_that_has_no_place_in_its_type(
    table: pa.Table, contract: Contract, tmp_path: Path
) -> None:
    path = tmp_path / "unsigned.parquet"
    at = table.column_names.index("quantity")
    huge = pa.array([2**63] * N_ROWS, pa.uint64())
    pq.write_table(table.set_column(at, "quantity", huge), path)

    with pytest.raises(InputError, match=r"unsigned\.parquet: is not a cleaned dataset \(Integer"):
        aggregate(path, contract)


def test_an_aggregation_of_a_column_that_is_not_there(dataset: Path, contract: Contract) -> None:
    months = contract.aggregations["monthly_sales_summary"]
    assert isinstance(months, Summary)
    [measure] = [m for m in months.measures.values() if m.mean]
    wrong = replace(months, measures={"mean_profit": replace(measure, mean="profit")})
    asked = replace(contract, aggregations={"months": wrong})

    with pytest.raises(InputError, match="1 of 2 columns are missing: profit"):
        aggregate(dataset, asked)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("none.parquet", None, "no such file or folder"),
        ("text.parquet", b"order_id,product_name\n", "cannot be read"),
        ("empty.parquet", b"", "cannot be read"),
    ],
)
def test_what_is_no_dataset(
    contract: Contract, tmp_path: Path, name: str, content: bytes | None, why: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputError, match=why) as caught:
        aggregate(path, contract)

    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_parts(contract: Contract, tmp_path: Path) -> None:
    (tmp_path / "_manifest.json").write_text("{}")

    with pytest.raises(InputError, match=r"the folder has no \*\.parquet parts"):
        aggregate(tmp_path, contract)


def test_a_part_with_damaged_pages(dataset: Path, contract: Contract) -> None:
    part = dataset / "part-000002.parquet"
    content = bytearray(part.read_bytes())
    content[4:2000] = b"\xff" * 1996
    part.write_bytes(content)

    wanted = r"part-000002\.parquet: is not a cleaned dataset"
    with pytest.raises(InputError, match=wanted) as caught:
        aggregate(dataset, contract)

    assert "\n" not in str(caught.value)
