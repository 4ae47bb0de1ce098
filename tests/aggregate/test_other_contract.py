"""A contract that has nothing to do with sales: nulls, other grains, other ties."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pydantic import TypeAdapter

from tests.aggregate.samples import cut
from toolkit.aggregate.needs import aggregated_columns
from toolkit.aggregate.partials import combine, partial
from toolkit.aggregate.tables import finish
from toolkit.contract import Contract, Timestamp
from toolkit.errors import InputError

WEATHER: dict[str, Any] = {
    "name": "weather",
    "columns": {
        "station": {"kind": "text"},
        "day": {"kind": "date", "formats": ["%Y-%m-%d"]},
        "observer": {"kind": "text"},
        "rain": {"kind": "number"},
        "strikes": {"kind": "integer"},
        "notes": {"kind": "text"},
    },
    "derived": {"inches": {"formula": "rain / 25.4", "decimals": 2}},
    "aggregations": {
        "days": {
            "kind": "summary",
            "by": {"day": {"column": "day"}},
            "measures": {"rain": {"sum": "rain"}, "observations": {"count": "rows"}},
        },
        "months": {
            "kind": "summary",
            "by": {"month": {"column": "day", "unit": "month"}},
            "measures": {"mean_rain": {"mean": "rain"}, "strikes": {"sum": "strikes"}},
        },
        "stations": {
            "kind": "summary",
            "by": {"where": {"column": "station"}},
            "measures": {"mean_rain": {"mean": "rain"}, "inches": {"sum": "inches"}},
            "largest_first": "mean_rain",
        },
        "observers": {
            "kind": "ranking",
            "within": "station",
            "item": "observer",
            "metrics": {"wettest": "mean_rain"},
            "measures": {"mean_rain": {"mean": "rain"}, "n": {"count": "rows"}},
            "limit": 2,
        },
        "storms": {
            "kind": "extremes",
            "highest": {"most strikes": "strikes", "most rain": "rain"},
            "tie_break": "notes",
            "limit": 3,
        },
    },
}
NAN = float("nan")
MARCH = dt.date(2024, 3, 1)
ROWS: list[tuple[Any, ...]] = [
    # station, day, observer, rain, strikes, notes
    ("Kew", dt.date(2024, 2, 29), "ann", 1e16, 7, "b"),
    ("Kew", dt.date(2024, 2, 29), "ann", 1.0, 7, None),
    ("Kew", MARCH, "ben", -1e16, 7, "a"),
    (None, MARCH, None, 4.0, 2, "c"),
    ("Ely", None, "ann", None, 0, "d"),
    ("Ely", MARCH, "cy", NAN, -5, "e"),
    ("Rye", dt.date(1, 1, 1), "dot", 2.5, 2**33 + 1, "f"),
    ("Rye", dt.date(9999, 12, 31), None, 2.5, 1, "f"),
]


@pytest.fixture(scope="module")
def weather() -> Contract:
    return TypeAdapter(Contract).validate_python(WEATHER)


@pytest.fixture(scope="module")
def table(weather: Contract) -> pa.Table:
    names = ["station", "day", "observer", "rain", "strikes", "notes"]
    columns = dict(zip(names, map(list, zip(*ROWS, strict=True)), strict=True))
    columns["inches"] = [0.1, 0.2, 0.3, None, 0.5, 0.25, 1.0, 1.0]
    return pa.table(columns, schema=weather.clean_schema())


@pytest.fixture(params=[1, 2, 3, 8])
def tables(
    request: pytest.FixtureRequest, table: pa.Table, weather: Contract
) -> dict[str, list[dict[str, Any]]]:
    parts = [partial(part, weather) for part in cut(table, request.param)]
    return {name: t.to_pylist() for name, t in finish(combine(parts), weather).items()}


def test_days_are_in_order_and_a_missing_day_is_a_group(tables: dict[str, Any]) -> None:
    assert [(row["day"], row["rain"], row["observations"]) for row in tables["days"]] == [
        (dt.date(1, 1, 1), 2.5, 1),
        (dt.date(2024, 2, 29), 1e16, 2),
        (MARCH, 4.0 - 1e16, 3),
        (dt.date(9999, 12, 31), 2.5, 1),
        (None, 0.0, 1),
    ]


def test_months_of_distant_centuries(tables: dict[str, Any]) -> None:
    assert tables["months"] == [
        {"month": "0001-01", "mean_rain": 2.5, "strikes": 2**33 + 1},
        {"month": "2024-02", "mean_rain": 5e15 + 0.5, "strikes": 14},
        {"month": "2024-03", "mean_rain": (4 - 10**16) / 2, "strikes": 4},
        {"month": "9999-12", "mean_rain": 2.5, "strikes": 1},
        {"month": None, "mean_rain": None, "strikes": 0},
    ]


def test_moments_fall_into_the_months_of_their_days(
    table: pa.Table, tables: dict[str, Any], weather: Contract
) -> None:
    columns = dict(weather.columns)
    columns["day"] = Timestamp(kind="timestamp", formats=("%Y-%m-%d %H:%M:%S",))
    moments = [
        day and dt.datetime.combine(day, dt.time.max) for day in table.column("day").to_pylist()
    ]
    timed = table.set_column(1, "day", pa.array(moments, pa.timestamp("us")))
    contract = replace(weather, columns=columns)
    found = finish(combine([partial(part, contract) for part in cut(timed, 3)]), contract)
    assert found["months"].to_pylist() == tables["months"]
    assert found["days"].column("day").to_pylist() == [*sorted(set(moments) - {None}), None]


def test_a_mean_leaves_out_what_is_missing_and_comes_last_without_values(
    tables: dict[str, Any],
) -> None:
    # 0.1 + 0.2 + 0.3 as the doubles that they are: the column's limits promise no cents.
    assert tables["stations"] == [
        {"where": None, "mean_rain": 4.0, "inches": 0.0},
        {"where": "Rye", "mean_rain": 2.5, "inches": 2.0},
        {"where": "Kew", "mean_rain": 1 / 3, "inches": 0.6},
        {"where": "Ely", "mean_rain": None, "inches": 0.75},
    ]


def test_ranks_within_groups_that_may_be_missing(tables: dict[str, Any]) -> None:
    assert [
        (row["station"], row["rank"], row["observer"], row["mean_rain"], row["n"])
        for row in tables["observers"]
    ] == [
        ("Ely", 1, "ann", None, 1),
        ("Ely", 2, "cy", None, 1),
        ("Kew", 1, "ann", 5e15 + 0.5, 2),
        ("Kew", 2, "ben", -1e16, 1),
        ("Rye", 1, "dot", 2.5, 1),
        ("Rye", 2, None, 2.5, 1),
        (None, 1, None, 4.0, 1),
    ]


def test_a_missing_group_beside_a_single_other(weather: Contract, table: pa.Table) -> None:
    two = table.filter(pc.is_in(table.column("notes"), pa.array(["a", "c"])))

    ranking = finish(partial(two, weather), weather)["observers"]

    assert ranking.column("station").to_pylist() == ["Kew", None]
    assert ranking.column("rank").to_pylist() == [1, 1]


def test_items_without_a_value_do_not_push_others_out(weather: Contract, table: pa.Table) -> None:
    at = table.column_names.index("station")
    alike = table.set_column(at, "station", pa.array(["Kew"] * len(ROWS)))
    at = table.column_names.index("observer")
    alike = alike.set_column(at, "observer", pa.array(list("abcdefgh")))

    ranking = finish(partial(alike, weather), weather)["observers"]

    # Of eight, two have no rain: e and f; the highest are a with 1e16 and d with 4.
    assert ranking.column("observer").to_pylist() == ["a", "d"]


def test_extremes_skip_what_is_missing_and_a_missing_tie_break_comes_last(
    tables: dict[str, Any],
) -> None:
    assert [
        (row["anomaly_reason"], row["rank"], row["strikes"], row["rain"], row["notes"])
        for row in tables["storms"]
    ] == [
        ("most strikes", 1, 2**33 + 1, 2.5, "f"),
        ("most strikes", 2, 7, -1e16, "a"),
        ("most strikes", 3, 7, 1e16, "b"),
        ("most rain", 1, 7, 1e16, "b"),
        ("most rain", 2, 2, 4.0, "c"),
        # The same notes: the earlier day, the clean column that comes next, decides.
        ("most rain", 3, 2**33 + 1, 2.5, "f"),
    ]


def test_only_the_columns_that_are_aggregated_are_read(weather: Contract) -> None:
    assert aggregated_columns(weather) == [
        "station",
        "day",
        "observer",
        "rain",
        "strikes",
        "inches",
    ]


def test_an_infinite_value_is_refused_in_one_line(weather: Contract, table: pa.Table) -> None:
    at = table.column_names.index("rain")
    rain = pa.array([1.0, float("inf"), float("-inf"), 0.0, 0.0, None, 0.0, 0.0])
    broken = table.set_column(at, table.schema.field(at), rain)

    with pytest.raises(InputError, match="column rain has 2 infinite values"):
        partial(broken, weather)


def test_an_integer_sum_beyond_64_bits_is_refused_in_one_line(
    weather: Contract, table: pa.Table
) -> None:
    at = table.column_names.index("strikes")
    broken = table.set_column(at, table.schema.field(at), pa.array([2**63 - 1] * 8))

    with pytest.raises(InputError, match=r"months\.strikes: the sum of strikes does not fit"):
        finish(partial(broken, weather), weather)
