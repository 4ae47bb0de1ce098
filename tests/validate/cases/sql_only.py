"""Checks that only a database can run: pandas raises, so a Dask engine has to raise as well."""

from __future__ import annotations

from tests.validate.cases.case import Case, cases_of, raises

CASES: list[Case] = [
    *cases_of(
        "expect_column_values_to_match_like_pattern",
        raises("no LIKE in pandas", column="region", like_pattern="D%"),
    ),
    *cases_of(
        "expect_column_values_to_match_like_pattern_list",
        raises("no LIKE in pandas", column="region", like_pattern_list=["D%"]),
    ),
    *cases_of(
        "expect_column_values_to_not_match_like_pattern",
        raises("no LIKE in pandas", column="region", like_pattern="D%"),
    ),
    *cases_of(
        "expect_column_values_to_not_match_like_pattern_list",
        raises("no LIKE in pandas", column="region", like_pattern_list=["D%"]),
    ),
    *cases_of(
        "expect_query_results_to_match_comparison",
        raises(
            "no SQL in pandas",
            base_query="SELECT 1",
            comparison_data_source_name="another",
            comparison_query="SELECT 1",
        ),
    ),
    *cases_of(
        "expect_table_row_count_to_equal_other_table",
        raises("a batch is one table", other_table_name="another"),
    ),
    *cases_of(
        "unexpected_rows_expectation",
        raises("no SQL in pandas", unexpected_rows_query="SELECT * FROM {batch}"),
    ),
]
