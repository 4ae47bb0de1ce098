"""The pipeline on a feed of timestamps, and on one whose days are in the wrong order."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands import left_in, read
from tests.feeds import row_with, write_feed
from tests.stages.places import Place, about

pytestmark = pytest.mark.slow

TILL: dict[str, Any] = {
    "name": "till",
    "columns": {
        "id": {"kind": "text"},
        "paid": {
            "kind": "timestamp", "source": "Paid At", "formats": ["%d/%m/%y %H:%M", "%d-%b-%Y"],
            "reason": "no_moment", "years_before": 1, "years_after": 0, "range_reason": "too_far",
        },
        "amount": {"kind": "number", "reason": "no_amount"},
    },
    "reasons": ["no_moment", "too_far", "no_amount"],
    "aggregations": {
        "months": {
            "kind": "summary",
            "by": {"month": {"column": "paid", "unit": "month"}},
            "measures": {"n": {"count": "rows"}, "amount": {"sum": "amount"}},
        },
        "moments": {
            "kind": "summary",
            "by": {"paid": {"column": "paid"}},
            "measures": {"n": {"count": "rows"}},
        },
        "largest": {
            "kind": "extremes", "highest": {"most": "amount"}, "tie_break": "id", "limit": 1,
        },
    },
}  # fmt: skip
ROWS = [
    ("1", "31/10/26 8:26", "5"), ("2", "23/11/26 23:59", "7"), ("3", "01-NOV-2026", "1"),
    ("4", "31/10/26 8:26", "2"), ("5", "31/10/26 24:00", "9"), ("6", "22/11/25 23:59", "9"),
]  # fmt: skip


@pytest.fixture
def till(place: Place) -> Place:
    contracts = place.folder / "conf" / "dataset"
    contracts.mkdir(parents=True)
    (contracts / "till.yaml").write_text(yaml.safe_dump(TILL), "utf-8")
    (place.folder / "till.csv").write_bytes(write_feed(ROWS, ["id", "Paid At", "amount"]))
    return place


def outputs(place: Place) -> Path:
    return place.folder / "data"


def test_timestamps_go_all_the_way(till: Place) -> None:
    limits = {
        "min_value": {"$PARAMETER": "paid_earliest"},
        "max_value": {"$PARAMETER": "paid_latest"},
    }
    till.write_suites(
        [
            about("paid", "be_between", **limits),
            about("paid", "be_between", min_value="2026-10-31T08:27:00"),
            about("paid", "be_unique"),
            about("paid"),
        ],
        dataset="till",
    )  # fmt: skip
    answer = till.ask(
        "run-pipeline", "till.csv", "dataset=till", "as_of=2026-11-23", "validation=watch"
    )
    assert answer.code == 0, answer.err
    clean = read(outputs(till) / "clean" / "till_clean.parquet")
    assert clean.column("paid").to_pylist() == [
        datetime(2026, 10, 31, 8, 26), datetime(2026, 11, 23, 23, 59), datetime(2026, 11, 1),
        datetime(2026, 10, 31, 8, 26),
    ]  # fmt: skip
    assert till.stage("clean")["rejected_by_reason"] == {"no_moment": 1, "too_far": 1}
    aggregations = {
        path.stem: read(path).to_pylist()
        for path in (outputs(till) / "aggregations").glob("*/*.parquet")
    }
    assert aggregations["months"] == [
        {"month": "2026-10", "n": 2, "amount": 7.0}, {"month": "2026-11", "n": 2, "amount": 8.0},
    ]  # fmt: skip
    assert [(row["paid"], row["n"]) for row in aggregations["moments"]] == [
        (datetime(2026, 10, 31, 8, 26), 2), (datetime(2026, 11, 1), 1),
        (datetime(2026, 11, 23, 23, 59), 1),
    ]  # fmt: skip
    assert [row["paid"] for row in aggregations["largest"]] == [datetime(2026, 11, 23, 23, 59)]
    checks = till.stage("validate")["checks"]
    found = [(check["result"], check["unexpected"]) for check in checks if check["about"] == "paid"]
    assert found == [("passed", 0), ("failed", 2), ("failed", 2), ("passed", 0)]


SALES = [
    row_with(order_id="1", sale_date="5/6/2026"),
    row_with(order_id="2", sale_date="16/5/2026"),
    row_with(order_id="2", sale_date="17/5/2026"),
]


def test_days_in_the_wrong_order_publish_nothing(published: Place) -> None:
    (published.folder / "feed.csv").write_bytes(write_feed(SALES))
    before, left = published.published(), left_in(outputs(published) / "clean")
    answer = published.ask(
        "run-pipeline", "feed.csv", "dataset.columns.sale_date.max_contradictions=0"
    )
    assert answer.code == 2
    assert answer.errors == [
        "error: feed.csv: column sale_date: read as %m/%d/%Y, but 2 cells can only be day/month "
        "(first '16/5/2026' in row 2) and 0 only month/day; set dataset.columns.sale_date.formats, "
        "or max_contradictions to reject those rows one by one"
    ]
    assert published.published() == before
    assert left_in(outputs(published) / "clean") == left


def test_shipped_rules_reject_such_days_one_by_one_and_say_so(place: Place) -> None:
    (place.folder / "feed.csv").write_bytes(write_feed(SALES))
    answer = place.ask("clean-data", "feed.csv", "as_of=2026-11-23")
    assert answer.code == 0, answer.err
    clean = place.stage("clean")
    assert clean["rejected_by_reason"] == {"invalid_sale_date": 2}
    assert (
        "column sale_date: read as %m/%d/%Y; 2 cells can only be day/month (first '16/5/2026' in "
        "row 2) and 0 only month/day; the former are rejected"
    ) in clean["notes"]


def test_reasons_name_the_limits_that_rows_are_beyond(till: Place) -> None:
    answer = till.ask("clean-data", "till.csv", "dataset=till", "as_of=2026-11-23")
    assert answer.code == 0, answer.err
    stage = till.stage("clean")
    assert stage["as_of"] == "2026-11-23"
    limits = (
        "later than 2026-11-23 (as_of 2026-11-23 + 0 years, dataset.columns.paid.years_after) or "
        "earlier than 2025-11-23 (as_of 2026-11-23 - 1 year, dataset.columns.paid.years_before)"
    )
    assert stage["limits"] == {"too_far": limits}
    assert stage["notes"] == [f"too_far rejects what is {limits}"]
