"""What suites take from outside: the contract, the lookups, the day and the manifest."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.feeds import Cleaner, row_with, write_feed
from tests.validate.shipped import SUITES
from toolkit.clean.evaluate import Rules
from toolkit.contract import (
    STRUCTURAL_REASONS,
    Category,
    Contract,
    Date,
    Mapped,
    Number,
    Text,
    Timestamp,
)
from toolkit.lookups import Lookup
from toolkit.validate.parameters import suite_parameters

pytestmark = pytest.mark.slow

AS_OF = date(2026, 11, 23)
DAYS = [AS_OF, date(2024, 2, 29), date(2023, 2, 28), date(2000, 1, 1), date(2019, 12, 31)]
MANIFEST = {
    "dataset": "ecommerce",
    "rows_in": 10,
    "rows_clean": 7,
    "rows_rejected": 3,
    "rejected_by_reason": {"zero_quantity": 3},
}


def test_all_that_the_shipped_contract_offers(rules: Rules) -> None:
    found = suite_parameters(rules.contract, rules.lookups, AS_OF, MANIFEST)
    categories, regions = found.pop("category_values"), found.pop("region_values")
    assert categories == sorted(categories)
    assert (categories[0], regions[0]) == ("Automotive", "Bengaluru")
    assert found == {
        "reasons": [*STRUCTURAL_REASONS, *rules.contract.reasons],
        "category_count": 19,
        "region_count": 12,
        "sale_date_earliest": "2006-11-23",
        "sale_date_latest": "2027-11-23",
        "rows_in": 10,
        "rows_clean": 7,
        "rows_rejected": 3,
    }


def test_they_are_plain_json(rules: Rules) -> None:
    found = suite_parameters(rules.contract, rules.lookups, AS_OF, MANIFEST)
    assert json.loads(json.dumps(found)) == found


def test_the_shipped_suites_ask_for_nothing_else(rules: Rules) -> None:
    offered = suite_parameters(rules.contract, rules.lookups, AS_OF, MANIFEST)
    asked = {
        word
        for expression in re.findall(r'"\$PARAMETER": "([^"]*)"', json.dumps(SUITES))
        for word in re.findall(r"[A-Za-z_]\w*", expression)
    }
    assert asked <= offered.keys()
    assert {"category_values", "sale_date_latest", "reasons", "rows_in"} <= asked


def test_a_contract_without_lookups_limits_or_key_offers_its_reasons() -> None:
    contract = Contract(
        name="meters",
        columns={
            "meter": Text(kind="text"),
            "reading": Number(kind="number"),
            "read_on": Date(kind="date", formats=("%Y-%m-%d",)),
        },
    )
    assert suite_parameters(contract, {}, AS_OF) == {"reasons": list(STRUCTURAL_REASONS)}


def test_each_column_offers_its_own() -> None:
    day = Date(kind="date", formats=("%Y-%m-%d",), range_reason="far")
    contract = Contract(
        name="rentals",
        columns={
            "kind": Category(kind="category", values="kinds.json"),
            "shop": Mapped(kind="mapped", map="shop_map.json", values="shops.json"),
            "taken": replace(day, years_before=1),
            "returned": replace(day, years_after=0),
        },
        reasons=("far",),
    )
    lookups = {"kind": Lookup(("Bike", "Van"), {}), "shop": Lookup((), {})}
    assert suite_parameters(contract, lookups, AS_OF) == {
        "reasons": [*STRUCTURAL_REASONS, "far"],
        "kind_values": ["Bike", "Van"],
        "kind_count": 2,
        "shop_values": [],
        "shop_count": 0,
        "taken_earliest": "2025-11-23",
        "returned_latest": "2026-11-23",
    }


def test_the_limits_of_a_timestamp_are_the_moments_of_its_days() -> None:
    moment = Timestamp(
        kind="timestamp", formats=("%Y-%m-%d",), years_before=1, years_after=0, range_reason="far"
    )
    assert suite_parameters(Contract(name="till", columns={"paid": moment}), {}, AS_OF) == {
        "reasons": list(STRUCTURAL_REASONS),
        "paid_earliest": "2025-11-23T00:00:00",
        "paid_latest": "2026-11-23T23:59:59.999999",
    }


def test_years_beyond_the_calendar_end_with_it() -> None:
    far = Date(kind="date", formats=("%Y",), years_before=3000, years_after=9000, range_reason="r")
    found = suite_parameters(Contract(name="far", columns={"day": far}), {}, AS_OF)
    assert (found["day_earliest"], found["day_latest"]) == ("0001-01-01", "9999-12-31")


def test_counts_that_a_manifest_lacks_are_no_parameters(rules: Rules) -> None:
    found = suite_parameters(rules.contract, rules.lookups, AS_OF, {"rows_in": 4})
    assert [name for name in found if name.startswith("rows_")] == ["rows_in"]


@pytest.mark.parametrize("as_of", DAYS, ids=date.isoformat)
def test_the_days_are_those_that_cleaning_keeps(
    as_of: date, clean_feed: Cleaner, rules: Rules
) -> None:
    found = suite_parameters(rules.contract, rules.lookups, as_of)
    first = date.fromisoformat(found["sale_date_earliest"])
    last = date.fromisoformat(found["sale_date_latest"])
    one = timedelta(days=1)
    days = [first - one, first, last, last + one]
    rows = [row_with(order_id=f"{n}", sale_date=day.isoformat()) for n, day in enumerate(days)]
    cleaned = clean_feed(write_feed(rows), rules=Rules(rules.contract, rules.lookups, as_of))
    assert cleaned.clean["order_id"].to_pylist() == ["1", "2"]
    assert cleaned.reasons == ["sale_date_out_of_range"] * 2


def test_neither_dask_nor_great_expectations_is_needed() -> None:
    modules = "toolkit.validate.parameters", "toolkit.validate.formula_check"
    check = (
        f"import sys, {', '.join(modules)}; "
        "sys.exit(bool({'dask', 'great_expectations'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
