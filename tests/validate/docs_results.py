"""Results of the stock pandas engine over a small frame with hostile values, for Data Docs."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.expectations.core.expect_column_values_to_be_in_set import (
    ExpectColumnValuesToBeInSet,
)
from great_expectations.render.components import RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer

from tests.validate.same_as_stock import new_context
from toolkit.validate.docs import SuiteDocs, Verdict
from toolkit.validate.verdicts import Status

HOSTILE = (
    "<script>alert(1)</script>",
    "{{7*7}}",
    "$column ${regex} $$",
    '"><img src=http://example.com/x.png onerror=alert(2)>',
    "x" * 5_000,
)
Configured = dict[str, Any]
RUN_TIME = datetime(2024, 3, 1, 12, 30, tzinfo=UTC)


class ExpectColumnValuesToBePolite(ExpectColumnValuesToBeInSet):
    """An expectation of a user's own, with words of its own."""

    @classmethod
    @renderer(renderer_type="renderer.prescriptive")
    def _prescriptive_renderer(cls, *_: Any, **given: Any) -> list[RenderedStringTemplateContent]:
        params = {"who": given["configuration"].kwargs["column"], "hostile": HOSTILE[0]}
        words = {"template": "$who says please, never $hostile & $nothing", "params": params}
        return [RenderedStringTemplateContent(string_template=words)]


class ExpectColumnValuesToBeUnspeakable(ExpectColumnValuesToBeInSet):
    """An expectation whose renderer fails."""

    @classmethod
    @renderer(renderer_type="renderer.prescriptive")
    def _prescriptive_renderer(cls, *_: Any, **given: Any) -> list[RenderedStringTemplateContent]:
        raise RuntimeError("no words")


def make_frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "order_id": [f"ORD-{i:09d}" for i in range(28)] + ["ORD-000000003", "ORD-000000004"],
            "name": [*HOSTILE, "", None] + ["fine"] * 23,
            "quantity": [1, 2, 3, -4, 0] + [5] * 25,
            "price": [1.5] * 29 + [1e9],
            "region": ["Delhi", "Mumbai", "Goa"] * 10,
            "nothing": [None] * 30,
            "sold": pd.to_datetime(["2024-01-01"] * 30),
        }
    )


def expect(
    kind: str, severity: str = "critical", notes: str | None = None, **kwargs: Any
) -> Configured:
    """An expectation as suites write it."""
    meta = {"notes": notes} if notes else {}
    return {"type": f"expect_{kind}", "severity": severity, "meta": meta, "kwargs": kwargs}


PASSING = (
    expect("column_values_to_not_be_null", column="order_id"),
    expect("table_row_count_to_be_between", min_value=1, max_value={"$PARAMETER": "most_rows"}),
    expect("table_columns_to_match_set", column_set=["order_id", "name"], exact_match=False),
    expect("column_values_to_match_regex", column="name", regex=r"^[a-z]+(?<!<y>)$", mostly=0.5),
    expect(
        "column_max_to_be_between",
        column="sold",
        min_value="2020-01-01T00:00:00",
        max_value="2030-01-01T00:00:00",
    ),
)
FAILING = (
    expect("column_values_to_be_unique", column="order_id", notes=f"Why: {HOSTILE[0]}"),
    expect("column_values_to_be_in_set", column="name", value_set=["fine", "<b>bold</b>"]),
    expect("column_values_to_be_between", "warning", column="quantity", min_value=1, max_value=10),
    expect("column_mean_to_be_between", column="price", min_value=0, max_value=10),
    expect("column_pair_values_a_to_be_greater_than_b", column_A="price", column_B="quantity"),
    expect(
        "column_kl_divergence_to_be_less_than",
        column="region",
        partition_object={"values": ["Delhi", "Mumbai", "Goa"], "weights": [0.5, 0.3, 0.2]},
        threshold=0.01,
    ),
    expect("compound_columns_to_be_unique", column_list=["region", "quantity", "price", "sold"]),
    expect("column_distinct_values_to_be_in_set", column="region", value_set=["Delhi", "Mumbai"]),
    expect("column_values_to_be_polite", column="region", value_set=["Delhi"]),
    expect("column_values_to_be_unspeakable", column="region", value_set=["Delhi"]),
)
ERRORING = expect("column_values_to_be_unique", column="absent")
VACUOUS = expect("column_values_to_be_in_set", column="nothing", value_set=["a"])


def validate(name: str, *expectations: Configured) -> ExpectationSuiteValidationResult:
    """What the stock engine says of the frame; every call gives other ids and times."""
    context = new_context()
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=[*expectations]))
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("orders")
    whole = asset.add_batch_definition_whole_dataframe("whole")
    definition = gx.ValidationDefinition(name=name, data=whole, suite=suite)
    return context.validation_definitions.add(definition).run(
        batch_parameters={"dataframe": make_frame()},
        expectation_parameters={"most_rows": 100},
        result_format={
            "result_format": "SUMMARY",
            "unexpected_index_column_names": ["order_id"],
        },
    )


def with_verdicts(result: ExpectationSuiteValidationResult, *links: tuple[str, Path]) -> SuiteDocs:
    """The result as the site takes it; a column of nothing is vacuous."""
    return SuiteDocs(result, [Verdict(status_of(one)) for one in result.results], dict(links))


def status_of(result: ExpectationValidationResult) -> Status:
    """What the frame above makes of an expectation, whatever its flag says."""
    column = result.expectation_config.kwargs.get("column") if result.expectation_config else None
    told = {"nothing": Status.VACUOUS, "absent": Status.ERRORED}
    return told.get(str(column), Status.PASSED if result.success else Status.FAILED)


@cache
def messy_result() -> ExpectationSuiteValidationResult:
    """Expectations of every status: 10 failed (one a warning), 1 errored, 1 vacuous, 5 passed."""
    return validate("messy", *PASSING, *FAILING, ERRORING, VACUOUS)


@cache
def good_result() -> ExpectationSuiteValidationResult:
    """All passed."""
    return validate("good", *PASSING)
