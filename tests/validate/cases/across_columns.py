"""Checks that say yes or no to each row by two or more of its columns."""

from __future__ import annotations

from tests.validate.cases.case import Case, cases_of, fails, passes, raises

PAIRS = [
    *cases_of(
        "expect_column_pair_values_a_to_be_greater_than_b",
        fails("integers, equal in places", column_A="high", column_B="low"),
        passes("integers, or equal", column_A="high", column_B="low", or_equal=True),
        passes("integers, mostly", column_A="high", column_B="low", mostly=0.7),
        fails("nulls count", column_A="stock", column_B="late", ignore_row_if="neither"),
        fails(
            "either null",
            column_A="gap",
            column_B="big_id",
            ignore_row_if="either_value_is_missing",
        ),
        fails(
            "both null", column_A="weight", column_B="gap", ignore_row_if="both_values_are_missing"
        ),
        fails("dates", column_A="ship_date", column_B="sale_date"),
        fails(
            "dates with nulls", column_A="ship_date", column_B="sale_date", ignore_row_if="neither"
        ),
        passes("timestamps with nulls", column_A="updated", column_B="created", mostly=0.5),
        raises("text against number", column_A="region", column_B="quantity"),
        raises("no such column", column_A="missing", column_B="low"),
    ),
    *cases_of(
        "expect_column_pair_values_to_be_equal",
        fails("strings", column_A="region", column_B="region_copy"),
        passes("strings, mostly", column_A="region", column_B="region_copy", mostly=0.97),
        fails("a null is no null", column_A="late", column_B="late", ignore_row_if="neither"),
        passes("dictionary, both null", column_A="channel", column_B="channel_copy"),
        fails("dictionary", column_A="channel", column_B="channel_copy", ignore_row_if="neither"),
        fails("text against number", column_A="region", column_B="quantity"),
        passes("all null", column_A="nothing", column_B="nothing"),
    ),
    *cases_of(
        "expect_column_pair_values_to_be_in_set",
        fails(
            "strings and dictionary",
            column_A="region",
            column_B="channel",
            value_pairs_set=[("Delhi", "web"), ("Mumbai", "shop"), ("Delhi", None)],
        ),
        passes(
            "integers, mostly",
            column_A="low",
            column_B="share_c",
            value_pairs_set=[(n, 5) for n in range(3)],
            mostly=0.05,
        ),
        fails(
            "nulls are values",
            column_A="channel",
            column_B="share_b",
            value_pairs_set=[(None, 10.0), ("web", None)],
            ignore_row_if="neither",
        ),
        fails("empty set", column_A="low", column_B="high", value_pairs_set=[]),
    ),
]

NEVER = {"ignore_row_if": "never"}
ANY = {"ignore_row_if": "any_value_is_missing"}
ALL = {"ignore_row_if": "all_values_are_missing"}
SHARES = ["share_a", "share_b", "share_c"]

RECORDS = [
    *cases_of(
        "expect_compound_columns_to_be_unique",
        passes("one is unique", column_list=["order_id", "row_number"]),
        fails("repeated in other parts", column_list=["order_id", "constant"]),
        passes("repeated, mostly", column_list=["order_id", "constant"], mostly=0.98),
        fails("nulls are equal", column_list=["token", "nothing"], **NEVER),
        fails("any null", column_list=["channel", "late"], **ANY),
        passes("any null, no row left", column_list=["token", "nothing"], **ANY),
        fails("all null", column_list=["late", "is_vip"], **ALL),
        fails("dictionary and dates", column_list=["channel", "ship_date"]),
        fails("floats with NaN", column_list=["weight", "share_c"]),
        raises("no such column", column_list=["order_id", "missing"]),
    ),
    *cases_of(
        "expect_select_column_values_to_be_unique_within_record",
        fails("integers", column_list=["low", "high", "share_a"]),
        passes("integers, mostly", column_list=["low", "high"], mostly=0.7),
        fails("nulls are equal", column_list=["stock", "late"], **NEVER),
        passes("mixed kinds", column_list=["region", "quantity"]),
        fails("all null", column_list=["region", "region_copy", "channel"], **ALL),
    ),
    *cases_of(
        "expect_multicolumn_sum_to_equal",
        passes("any null", column_list=SHARES[:2], sum_total=10, **ANY),
        fails("nulls count", column_list=SHARES[:2], sum_total=10, **NEVER),
        fails("three columns", column_list=SHARES, sum_total=15),
        passes("three columns, mostly", column_list=SHARES, sum_total=15, mostly=0.9),
        raises("text", column_list=["region", "quantity"], sum_total=1),
    ),
    *cases_of(
        "expect_multicolumn_values_to_be_equal",
        fails("strings", column_list=["region", "region_copy"]),
        passes("dictionary with nulls", column_list=["channel", "channel_copy"], **NEVER),
        fails("integers", column_list=["low", "high", "share_a"]),
        passes("nulls are equal", column_list=["nothing", "no_number"], **NEVER),
        fails("nulls and values", column_list=["stock", "gap"], **NEVER),
    ),
]

CASES: list[Case] = [*PAIRS, *RECORDS]
