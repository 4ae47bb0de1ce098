"""Checks of the table as a whole."""

from __future__ import annotations

from tests.validate.cases.case import Case, cases_of, fails, passes
from tests.validate.sample import SCHEMA

NAMES = list(SCHEMA.names)

CASES: list[Case] = [
    *cases_of(
        "expect_table_row_count_to_equal",
        passes("all rows", value=360),
        fails("one more", value=361),
    ),
    *cases_of(
        "expect_table_row_count_to_be_between",
        passes("both bounds", min_value=360, max_value=360),
        fails("strict maximum", max_value=360, strict_max=True),
        fails("minimum", min_value=1000),
    ),
    *cases_of(
        "expect_table_column_count_to_equal",
        passes("all columns", value=len(NAMES)),
        fails("one less", value=len(NAMES) - 1),
    ),
    *cases_of(
        "expect_table_column_count_to_be_between",
        passes("minimum", min_value=10),
        fails("maximum", max_value=10),
    ),
    *cases_of(
        "expect_table_columns_to_match_ordered_list",
        passes("all", column_list=NAMES),
        fails("reversed", column_list=NAMES[::-1]),
        fails("one less", column_list=NAMES[:-1]),
    ),
    *cases_of(
        "expect_table_columns_to_match_set",
        passes("all, another order", column_set=NAMES[::-1]),
        fails("one less", column_set=NAMES[1:]),
        passes("one less, not exact", column_set=NAMES[1:], exact_match=False),
        fails("one unknown, not exact", column_set=["order_id", "nowhere"], exact_match=False),
    ),
    *cases_of(
        "expect_column_to_exist",
        passes("anywhere", column="region"),
        passes("in its place", column="region", column_index=2),
        fails("in another place", column="region", column_index=3),
        fails("nowhere", column="nowhere"),
    ),
]
