"""Checks of the rows that meet a condition, in every form in which a condition is written."""

from __future__ import annotations

from typing import Any

from great_expectations.expectations.row_conditions import Column

from tests.validate.cases.case import Case, Unnamed, cases_of, fails, passes, raises


def where(column: str, operator: str, parameter: Any) -> dict[str, Any]:
    named = {"name": column}
    return {"type": "comparison", "column": named, "operator": operator, "parameter": parameter}


def where_null(column: str, answer: bool = True) -> dict[str, Any]:
    return {"type": "nullity", "column": {"name": column}, "is_null": answer}


def where_many(joined_by: str, *conditions: dict[str, Any]) -> dict[str, Any]:
    return {"type": joined_by, "conditions": list(conditions)}


def tens(words: str, row_condition: Any, **kwargs: Any) -> Unnamed:
    """A quantity of ten is unexpected, but only where the condition holds."""
    return fails(words, column="quantity", max_value=9, row_condition=row_condition, **kwargs)


DELHI = where("region", "==", "Delhi")
CHEAP = where("price", "<", 20)
GX = {"condition_parser": "great_expectations"}
PANDAS = {"condition_parser": "pandas"}

CASES: list[Case] = [
    *cases_of(
        "expect_column_values_to_be_between",
        tens("equal", DELHI),
        tens("not equal", where("region", "!=", "Delhi")),
        tens("greater", where("weight", ">", 3.5)),
        tens("in a list", where("region", "IN", ["Delhi", "São Paulo"])),
        tens("not in a list", where("stock", "NOT_IN", [1, 2, 3])),
        tens("null", where_null("channel")),
        tens("not null", where_null("late", False)),
        tens("dictionary equal", where("channel", "==", "web")),
        tens("both", where_many("and", DELHI, CHEAP)),
        tens("either", where_many("or", DELHI, where_null("stock"))),
        tens("Python objects", (Column("low") >= 2) & Column("stock").is_not_null()),
        tens("parsed", 'col("region") == "Delhi"', **GX),
        tens("parsed, not null", 'col("late").notnull()', **GX),
        tens("pandas", 'region == "Delhi" and low > 3', **PANDAS),
        tens("pandas, list and method", "share_a in [1, 2, 3] or weight.isnull()", **PANDAS),
        tens("pandas, a figure of all rows", "price > price.mean()", **PANDAS),
        tens("pandas, row numbers", "index >= 100", **PANDAS),
        passes("no row", column="quantity", max_value=0, row_condition=where("low", ">", 99)),
        raises("no such column", column="quantity", max_value=9, row_condition=where("x", "==", 1)),
    ),
    *cases_of(
        "expect_column_values_to_be_unique",
        passes("one part", column="order_id", row_condition=where("row_number", "<", 150)),
        fails("some parts", column="order_id", row_condition=where("row_number", ">=", 90)),
    ),
    *cases_of(
        "expect_column_mean_to_be_between",
        passes("equal", column="price", min_value=50, max_value=70, row_condition=DELHI),
        fails("no row", column="price", min_value=1, row_condition=where("price", "<", 0)),
    ),
    *cases_of(
        "expect_column_distinct_values_to_equal_set",
        passes("equal", column="region", value_set=["Delhi"], row_condition=DELHI),
    ),
    *cases_of(
        "expect_column_values_to_be_increasing",
        passes("equal", column="row_number", strictly=True, row_condition=DELHI),
    ),
    *cases_of(
        "expect_column_pair_values_a_to_be_greater_than_b",
        fails("equal", column_A="high", column_B="low", row_condition=DELHI),
    ),
    *cases_of(
        "expect_compound_columns_to_be_unique",
        fails("less", column_list=["order_id", "constant"], row_condition=where("low", "<", 11)),
    ),
    *cases_of(
        "expect_multicolumn_sum_to_equal",
        fails("equal", column_list=["share_a", "share_b"], sum_total=10, row_condition=DELHI),
    ),
    *cases_of(
        "expect_table_row_count_to_equal",
        passes("equal", value=72, row_condition=DELHI),
        fails("pandas, times", value=72, row_condition="created > '2024-01-20'", **PANDAS),
    ),
]
