"""When a derived column is summed in its decimals: only if the contract makes that exact."""

from __future__ import annotations

from dataclasses import replace

import pytest

from toolkit.aggregate.needs import required_columns, units_in_one
from toolkit.contract import AnyAggregation, Contract, Derived, Extremes

LIMITED = Derived(formula="quantity * unit_price", decimals=2, min=0, below=1e6, reason="bad")


@pytest.mark.parametrize(
    ("derived", "units"),
    [
        (LIMITED, 100),
        (replace(LIMITED, decimals=0), 1),
        (replace(LIMITED, min=None, above=-5.0, below=None, max=7.0), 100),
        (replace(LIMITED, decimals=None), 1),
        # Limits that reject nothing, one that is missing, and some that are too wide for a double.
        (replace(LIMITED, reason=None), 1),
        (replace(LIMITED, below=None), 1),
        (replace(LIMITED, min=None), 1),
        (replace(LIMITED, below=1e14), 1),
        (replace(LIMITED, min=-1e14), 1),
    ],
)
def test_units_of_a_derived_column(contract: Contract, derived: Derived, units: int) -> None:
    assert units_in_one("revenue", replace(contract, derived={"revenue": derived})) == units


def test_a_column_of_the_file_is_summed_as_it_is(contract: Contract) -> None:
    assert units_in_one("discount_percent", contract) == 1


def test_whole_rows_are_required_only_where_they_are_shown(contract: Contract) -> None:
    narrow: dict[str, AnyAggregation] = {
        n: a for n, a in contract.aggregations.items() if not isinstance(a, Extremes)
    }

    assert set(required_columns(contract)) == set(contract.clean_schema().names)
    assert set(required_columns(replace(contract, aggregations=narrow))) == {
        "product_name",
        "category",
        "quantity",
        "discount_percent",
        "region",
        "sale_date",
        "revenue",
    }
