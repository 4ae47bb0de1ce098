"""The highest rows of files: found by the statistics, or without them, whoever wrote the file."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.aggregate.samples import Row, anomalies, cut, make_table, rows, write_dataset
from tests.aggregate.test_aggregations import random_rows
from toolkit.aggregate.extremes import find_highest
from toolkit.aggregate.partials import combine, partial_of_partition
from toolkit.aggregate.partitions import plan_partitions
from toolkit.aggregate.tables import finish
from toolkit.contract import Contract, Extremes, Number, Text


@given(
    values=st.lists(st.one_of(st.none(), st.sampled_from([-1.5, 0.0, 2.0, 3.0, float("nan")]))),
    limit=st.integers(1, 4),
    repeats=st.sampled_from([1, 100]),
)
def test_highest_values_and_their_rows(
    values: list[float | None], limit: int, repeats: int
) -> None:
    values = values * repeats
    known = sorted((v for v in values if v is not None and v == v), reverse=True)

    highest = find_highest(pa.chunked_array([pa.array(values, pa.float64())]), limit)

    assert highest.values.tolist() == known[:limit]
    assert [values[row] for row in highest.rows.tolist()] == known[:limit]
    assert len(set(highest.rows.tolist())) == len(highest.rows)
    assert highest.more == (len(known) > limit and known[limit - 1] == known[limit])


@settings(max_examples=50)
@given(
    rows=rows(),
    rows_in_group=st.integers(1, 9),
    rows_a_partition=st.integers(1, 20),
    statistics=st.booleans(),
)
@pytest.mark.slow
def test_winners_from_a_file(
    contract: Contract,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[Row],
    rows_in_group: int,
    rows_a_partition: int,
    statistics: bool,
) -> None:
    path = tmp_path_factory.mktemp("file") / "clean.parquet"
    table = make_table(rows, contract)
    pq.write_table(table, path, row_group_size=rows_in_group, write_statistics=statistics)

    assert winners_of(path, contract, rows_a_partition) == anomalies(rows, 5)


def winners_of(
    path: Path, contract: Contract, rows_a_partition: int, name: str = "anomaly_records"
) -> list[Row]:
    partitions = plan_partitions(path, contract, rows_a_partition)
    partials = combine([partial_of_partition(partition, contract) for partition in partitions])
    found: list[Row] = finish(partials, contract)[name].to_pylist()
    return found


def test_more_winners_wanted_than_there_are_rows(contract: Contract, tmp_path: Path) -> None:
    rows = random_rows(7, seed=1)
    path = tmp_path / "clean.parquet"
    pq.write_table(make_table(rows, contract), path, row_group_size=2)

    found = winners_of(path, with_extremes(contract, limit=100), rows_a_partition=2)

    assert found == anomalies(rows, 100)


def test_a_tie_break_that_breaks_no_tie_leaves_it_to_the_columns(
    contract: Contract, tmp_path: Path
) -> None:
    rows = [{**row, "discount_percent": 0.5, "revenue": 1.0} for row in random_rows(200, seed=5)]
    random.Random(2).shuffle(rows)
    asked = with_extremes(contract, tie_break="region")
    wanted = sorted(rows, key=lambda row: (row["region"], row["order_id"]))[:5]

    for size in (7, 200):
        path = tmp_path / f"{size}.parquet"
        pq.write_table(make_table(rows, contract), path, row_group_size=size)
        found = winners_of(path, asked, rows_a_partition=size)
        assert [row["order_id"] for row in found] == [row["order_id"] for row in wanted] * 2


@pytest.mark.parametrize("shuffled", [False, True])
def test_thousands_of_ties(contract: Contract, tmp_path: Path, shuffled: bool) -> None:
    rows = [{**row, "discount_percent": 1.0} for row in random_rows(3000, seed=8)]
    if shuffled:
        random.Random(1).shuffle(rows)
    path = tmp_path / "clean.parquet"
    pq.write_table(make_table(rows, contract), path, row_group_size=100)

    assert winners_of(path, contract, rows_a_partition=300) == anomalies(rows, 5)


def test_row_groups_that_cannot_win_are_not_read_again(contract: Contract, tmp_path: Path) -> None:
    rows = [
        {**row, "discount_percent": 1.0, "revenue": float(3000 - n)}
        for n, row in enumerate(random_rows(3000, seed=8))
    ]
    folder = write_dataset(cut(make_table(rows, contract), 3), contract, tmp_path / "clean")
    partitions = plan_partitions(folder, contract)
    partials = combine([partial_of_partition(partition, contract) for partition in partitions])

    for partition in partitions[1:]:
        damage_pages(partition.path)

    assert finish(partials, contract)["anomaly_records"].to_pylist() == anomalies(rows, 5)


def damage_pages(path: Path) -> None:
    """The footer with its statistics stays, the rows are gone."""
    content = bytearray(path.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little") + 8
    content[4:-footer] = b"\xff" * (len(content) - 4 - footer)
    path.write_bytes(content)
    with pytest.raises((OSError, pa.ArrowException)):
        pq.read_table(path)


def with_extremes(contract: Contract, **changes: object) -> Contract:
    [(name, extremes)] = [
        (name, a) for name, a in contract.aggregations.items() if isinstance(a, Extremes)
    ]
    return replace(contract, aggregations={name: replace(extremes, **changes)})  # type: ignore[arg-type]


def test_winners_far_apart_in_a_large_row_group(tmp_path: Path) -> None:
    numbers = Contract(
        name="numbers",
        columns={"name": Text(kind="text"), "x": Number(kind="number")},
        aggregations={"top": Extremes(kind="extremes", highest={"x": "x"}, tie_break="name")},
    )
    n = 140_000
    x = np.zeros(n)
    x[[139_999, 70_000, 3]] = [3.0, 2.0, 1.0]
    names = [f"{n - row:06d}" for row in range(n)]
    pq.write_table(pa.table({"name": names, "x": x}), tmp_path / "x.parquet")

    found = winners_of(tmp_path / "x.parquet", numbers, n, "top")

    assert [(row["name"], row["x"]) for row in found] == [
        ("000001", 3.0),
        ("070000", 2.0),
        ("139997", 1.0),
        ("000002", 0.0),
        ("000003", 0.0),
    ]
