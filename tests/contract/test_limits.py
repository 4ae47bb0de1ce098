from __future__ import annotations

from datetime import date

import pytest

from toolkit.settings.config import read_contract

SHOP = {
    "name": "shop",
    "columns": {
        "day": {
            "kind": "date", "formats": ["%Y-%m-%d"], "reason": "no_day",
            "years_after": 1, "range_reason": "day_too_far",
        },
        "quantity": {"kind": "integer", "min": 1, "max": 9007199254740993, "reason": "no_number"},
        "price": {"kind": "number", "above": 0, "reason": "no_number"},
        "weight": {"kind": "number", "reason": "no_weight"},
    },
    "derived": {"revenue": {"formula": "quantity * price", "below": 1e6, "reason": "too_much"}},
    "reasons": ["no_day", "day_too_far", "no_number", "no_weight", "too_much"],
}  # fmt: skip


def test_each_reason_names_the_limits_of_all_its_columns() -> None:
    assert read_contract(SHOP).limits_of_reasons(date(2024, 2, 29)) == {
        "day_too_far": "later than 2025-02-28 (as_of 2024-02-29 + 1 year, "
        "dataset.columns.day.years_after)",
        "no_number": "lower than 1 (dataset.columns.quantity.min) or higher than "
        "9007199254740993 (dataset.columns.quantity.max) or not above 0 "
        "(dataset.columns.price.above)",
        "too_much": "not below 1000000 (dataset.derived.revenue.below)",
    }


@pytest.mark.parametrize(("years", "limited"), [({"years_after": 1}, True), ({}, False)])
def test_days_count_from_as_of_only_with_limits(years: dict[str, int], limited: bool) -> None:
    day = {"kind": "date", "formats": ["%Y-%m-%d"], "reason": "no_day"} | years
    if limited:
        day["range_reason"] = "day_too_far"
    reasons = ["no_day", "day_too_far"] if limited else ["no_day"]
    contract = read_contract({"name": "shop", "columns": {"day": day}, "reasons": reasons})
    assert contract.limits_of_days is limited
