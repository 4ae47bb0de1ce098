"""The catalogue: checks of every kind that ships, and what the stock pandas engine says of them."""

from __future__ import annotations

from tests.validate.cases import (
    across_columns,
    column_aggregates,
    column_values,
    row_conditions,
    sql_only,
    tables,
)
from tests.validate.cases.case import Case

MODULES = (column_values, column_aggregates, across_columns, tables, row_conditions, sql_only)
CASES: list[Case] = [case for module in MODULES for case in module.CASES]
