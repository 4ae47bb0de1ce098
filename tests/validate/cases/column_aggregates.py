"""Checks of one figure that is computed from a whole column."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.validate.cases.case import Case, cases_of, fails, passes, raises
from tests.validate.sample import CHANNELS, FIRST_DAY, REGIONS

NEW_YEAR = dt.datetime(2024, 1, 1)

EXTREMES = [
    *cases_of(
        "expect_column_min_to_be_between",
        passes("integers", column="quantity", min_value=1, max_value=1),
        fails("strict", column="quantity", min_value=1, strict_min=True),
        passes("floats with NaN", column="weight", max_value=0.5),
        passes("null in the first parts", column="late", min_value=0, max_value=0),
        passes("dates as text", column="sale_date", min_value="2024-01-01"),
        fails("dates with nulls", column="ship_date", min_value=dt.date(2024, 1, 2)),
        passes("timestamps", column="created", min_value=NEW_YEAR),
        fails("infinity", column="peaks", min_value=0),
        passes("decimals with nulls", column="amount", min_value=0, max_value=1),
        fails("all null", column="no_number", min_value=0),
        passes("no bounds", column="quantity"),
        raises("timestamps against a date", column="created", min_value=FIRST_DAY),
        raises("strings", column="region", min_value=1),
        raises("dictionary", column="channel", min_value=1),
    ),
    *cases_of(
        "expect_column_max_to_be_between",
        passes("integers", column="quantity", min_value=10, max_value=10),
        fails("strict", column="quantity", max_value=10, strict_max=True),
        fails("null in the first parts", column="late", max_value=15),
        passes("beyond 2^53", column="big_id", max_value=2**60 + 359),
        passes("timestamps with nulls", column="updated", max_value=dt.datetime(2024, 2, 29)),
        fails("float32", column="small_float", max_value=3.8),
        raises("no such column", column="missing", max_value=1),
    ),
]

MOMENTS = [
    *cases_of(
        "expect_column_mean_to_be_between",
        passes("integers", column="quantity", min_value=5.5, max_value=5.5),
        fails("strict", column="quantity", min_value=5.5, strict_min=True),
        fails("floats with NaN", column="weight", min_value=20),
        passes("null in the first parts", column="late", max_value=9),
        passes("beyond 2^53", column="big_id", min_value=2**60),
        passes("booleans", column="is_gift", min_value=0.3, max_value=0.4),
        passes("float32", column="small_float", min_value=1, max_value=3),
        fails("all null", column="no_number", min_value=0),
        fails("infinities", column="peaks", min_value=0),
        raises("strings", column="region", min_value=0),
    ),
    *cases_of(
        "expect_column_stdev_to_be_between",
        passes("integers", column="quantity", min_value=2, max_value=3),
        fails("floats with NaN", column="weight", max_value=7),
        passes("constant", column="constant", min_value=0, max_value=0),
        passes("null in the first parts", column="late", min_value=4.9),
        passes("small beside the mean", column="serial", min_value=104, max_value=105),
        passes("beyond 2^53", column="big_id", min_value=100, max_value=300),
        fails("all null", column="no_number", min_value=0),
    ),
    *cases_of(
        "expect_column_sum_to_be_between",
        passes("integers", column="quantity", min_value=1980, max_value=1980),
        passes("floats with NaN", column="weight", min_value=3900),
        fails("floats", column="revenue", min_value=0, max_value=1000),
        passes("null in the first parts", column="late", min_value=1285, max_value=1285),
        passes("booleans", column="is_gift", min_value=120, max_value=120),
        passes("all null", column="no_number", min_value=0, max_value=0),
        fails("beyond 2^63, which wraps", column="big_id", min_value=0),
        raises("strings", column="region", min_value=0),
    ),
]


def ranges(quantiles: dict[float, list[Any]]) -> dict[str, Any]:
    return {"quantiles": list(quantiles), "value_ranges": list(quantiles.values())}


QUANTILES = [
    *cases_of(
        "expect_column_median_to_be_between",
        passes("even number of integers", column="quantity", min_value=5.5, max_value=5.5),
        fails("floats with NaN", column="weight", max_value=13),
        passes("null in the first parts", column="late", min_value=8, max_value=8),
        passes("timestamps", column="created", min_value=dt.datetime(2024, 1, 20)),
        fails("all null", column="no_number", min_value=0),
        raises("strings", column="region", min_value=0),
    ),
    *cases_of(
        "expect_column_quantile_values_to_be_between",
        passes(
            "nearest",
            column="quantity",
            quantile_ranges=ranges({0: [1, 1], 0.25: [2, 4], 0.75: [None, 9], 1: [10, None]}),
        ),
        fails(
            "floats with NaN, linear",
            column="weight",
            quantile_ranges=ranges({0.1: [0, 1], 0.333: [8, 10]}),
            allow_relative_error="linear",
        ),
        passes(
            "integers with nulls, lower",
            column="stock",
            quantile_ranges=ranges({0.05: [0, 5], 0.9: [40, 49]}),
            allow_relative_error="lower",
        ),
        passes(
            "floats, higher",
            column="price",
            quantile_ranges=ranges({0.3: [30, 45], 0.65: [70, 85]}),
            allow_relative_error="higher",
        ),
        passes(
            "null in the first parts, midpoint",
            column="late",
            quantile_ranges=ranges({0.21: [2, 5], 0.5: [8, 8]}),
            allow_relative_error="midpoint",
        ),
        raises("timestamps", column="created", quantile_ranges=ranges({0.5: [None, 0]})),
        raises(
            "an interpolation that is none",
            column="price",
            quantile_ranges=ranges({0.5: [0, 100]}),
            allow_relative_error="sideways",
        ),
    ),
]

DISTINCT = [
    *cases_of(
        "expect_column_distinct_values_to_be_in_set",
        passes("strings", column="region", value_set=list(REGIONS)),
        fails("strings, one too many", column="region_copy", value_set=list(REGIONS)),
        passes("dictionary with nulls", column="channel", value_set=list(CHANNELS)),
        fails("dates as text", column="sale_date", value_set=["2024-01-01", "2024-01-06"]),
        fails("more than a result holds", column="row_number", value_set=[1, 2]),
        passes("all null", column="nothing", value_set=["a"]),
    ),
    *cases_of(
        "expect_column_distinct_values_to_contain_set",
        passes("strings", column="region", value_set=["Delhi", "São Paulo"]),
        fails("strings, three missing", column="region", value_set=["Delhi", "x", "y", "z"]),
        fails("timestamps", column="created", value_set=["2024-01-01T00:00:00", "2023-01-01"]),
        passes("empty set", column="channel", value_set=[]),
        fails("all null", column="nothing", value_set=["a"]),
    ),
    *cases_of(
        "expect_column_distinct_values_to_equal_set",
        fails("strings, one more and one less", column="region", value_set=[*REGIONS[1:], "Goa"]),
        passes("dictionary with nulls", column="channel", value_set=list(CHANNELS)),
        passes("null in the first parts", column="late", value_set=list(range(17))),
        passes("booleans", column="is_gift", value_set=[True, False]),
        fails("dates", column="sale_date", value_set=[FIRST_DAY]),
    ),
    *cases_of(
        "expect_column_unique_value_count_to_be_between",
        passes("strings with nulls", column="token", min_value=320, max_value=320),
        fails("repeated in other parts", column="order_id", min_value=358),
        passes("dictionary with nulls", column="channel", min_value=3, max_value=3),
        fails("floats with NaN, strict", column="weight", max_value=83, strict_max=True),
        passes("all null", column="nothing", max_value=0),
    ),
    *cases_of(
        "expect_column_proportion_of_unique_values_to_be_between",
        fails("repeated in other parts", column="order_id", min_value=1),
        passes("strings with nulls", column="token", min_value=1),
        fails("strict", column="row_number", max_value=1, strict_max=True),
        passes("all null", column="nothing", max_value=0),
    ),
    *cases_of(
        "expect_column_proportion_of_non_null_values_to_be_between",
        fails("floats with NaN", column="weight", min_value=0.9),
        passes("null in the first parts", column="late", min_value=0.4, max_value=0.5),
        fails("all null", column="nothing", min_value=0, strict_min=True),
    ),
    *cases_of(
        "expect_column_most_common_value_to_be_in_set",
        passes("strings with ties", column="region", value_set=list(REGIONS), ties_okay=True),
        fails("strings with ties, not okay", column="region", value_set=["Delhi"]),
        fails("one winner", column="share_c", value_set=[6]),
        passes("dictionary with nulls", column="channel", value_set=list(CHANNELS)),
        passes("null in the first parts", column="late", value_set=[0, 13], ties_okay=True),
        fails("integers with many ties", column="row_number", value_set=[1], ties_okay=False),
        fails("dates with nulls", column="ship_date", value_set=[FIRST_DAY], ties_okay=False),
        fails("all null", column="nothing", value_set=["a"]),
    ),
]

EVENLY = {"values": list(REGIONS), "weights": [0.2] * 5}
ONE_LESS = {"values": list(REGIONS[:4]), "weights": [0.25] * 4}
QUARTERS = {"bins": [0, 30, 60, 90, 120], "weights": [0.25] * 4}
TOO_NARROW = {"bins": [1, 5, 10, 20], "weights": [0.5, 0.3, 0.2]}

DIVERGENCE = cases_of(
    "expect_column_kl_divergence_to_be_less_than",
    passes("strings", column="region", partition_object=EVENLY, threshold=0.01),
    fails("strings, one unexpected", column="region", partition_object=ONE_LESS, threshold=0.01),
    passes(
        "strings, one unexpected, held out",
        column="region_copy",
        partition_object=EVENLY,
        threshold=0.1,
        tail_weight_holdout=0.02,
    ),
    passes(
        "dictionary, no threshold",
        column="channel",
        partition_object={"values": list(CHANNELS), "weights": [0.5, 0.3, 0.2]},
    ),
    passes("bins", column="price", partition_object=QUARTERS, threshold=0.1),
    fails(
        "bins with nulls, tails and holdouts",
        column="weight",
        partition_object=TOO_NARROW,
        threshold=0.01,
        tail_weight_holdout=0.05,
        internal_weight_holdout=0.05,
    ),
    passes("bins of its own", column="price", partition_object=None, threshold=0.1),
)

CASES: list[Case] = [*EXTREMES, *MOMENTS, *QUANTILES, *DISTINCT, *DIVERGENCE]
