"""The toolkit's own Great Expectations expectation. Importing this module registers it."""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd
from great_expectations.compatibility import pydantic
from great_expectations.core import ExpectationValidationResult
from great_expectations.data_context.store import ExpectationsStore
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metrics.map_metric_provider import (
    MulticolumnMapMetricProvider,
    multicolumn_condition_partial,
)
from great_expectations.render import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer
from great_expectations.render.renderer_configuration import (
    RendererConfiguration,
    RendererValueType,
)

from toolkit.contract.formula import MOST_DECIMALS, formula_columns
from toolkit.errors import ConfigError
from toolkit.validate.formula_check import formula_holds

# great_expectations.yml names this module as that of its store, so that it is imported.
__all__ = ["ExpectMulticolumnValuesToMatchFormula", "ExpectationsStore"]

_Parameter = dict[str, Any]
"""{"$PARAMETER": expression}, replaced before validation."""


def _holds(
    cls: type,
    column_list: pd.DataFrame,
    formula: str,
    decimals: int | None,
    tolerance: float | None,
    **_: Any,
) -> pd.Series:
    holds = formula_holds(column_list, formula, decimals, tolerance)
    return pd.Series(holds, index=column_list.index)


class MulticolumnValuesMatchFormula(MulticolumnMapMetricProvider):
    """multicolumn_values.match_formula, row by row."""

    condition_metric_name = "multicolumn_values.match_formula"
    condition_value_keys = ("formula", "decimals", "tolerance")

    partition_kernel = staticmethod(formula_holds)
    """Computes the condition on a partition, on workers without Great Expectations."""

    _pandas = multicolumn_condition_partial(PandasExecutionEngine)(_holds)


class _Decimals(pydantic.NonNegativeInt):
    """The number of decimals that a contract allows."""

    le = MOST_DECIMALS


class ExpectMulticolumnValuesToMatchFormula(MulticolumnMapExpectation):
    """Expect the first column to equal a formula over the others, in every row.

    `formula` has + - * /, parentheses, numbers and the names of the other columns, as formulas in
    a contract do. Its value is rounded to `decimals` before it is compared; a difference up to
    `tolerance`, in units of the first column, is allowed. A row in which some value is missing
    does not match, unless `ignore_row_if` leaves it out.
    """

    formula: str | _Parameter
    decimals: _Decimals | _Parameter | None = None
    tolerance: pydantic.NonNegativeFloat | _Parameter = 0.0

    map_metric: ClassVar[str | None] = "multicolumn_values.match_formula"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "formula", "decimals", "tolerance")
    args_keys: ClassVar[tuple[str, ...]] = ("column_list", "formula", "decimals", "tolerance")

    @pydantic.validator("formula")
    def _names_its_columns(cls, formula: Any, values: dict[str, Any]) -> Any:
        """Check that a formula without parameters names exactly the other columns of the list."""
        if isinstance(formula, str) and "column_list" in values:
            try:
                named = formula_columns(formula)
            except ConfigError as error:
                raise ValueError(str(error)) from None
            others = values["column_list"][1:]
            if sorted(named) != sorted(others):
                raise ValueError(f"formula names {named}, column_list after its first {others}")
        return formula

    @classmethod
    def _prescriptive_template(
        cls, renderer_configuration: RendererConfiguration[Any]
    ) -> RendererConfiguration[Any]:
        """Render the expectation as a sentence; Great Expectations adds a row_condition before
        it.
        """
        for name, kind in _SHOWN:
            renderer_configuration.add_param(name=name, param_type=kind)
        params = renderer_configuration.params
        result = renderer_configuration.kwargs["column_list"][0]
        renderer_configuration.add_param("result", RendererValueType.STRING, result)
        text = "$result must equal $formula"
        if params.decimals is not None:
            text += ", rounded to $decimals decimals"
        if params.tolerance is not None and params.tolerance.value:
            text += ", give or take $tolerance"
        if params.mostly is not None and params.mostly.value < 1:
            cls._add_mostly_pct_param(renderer_configuration=renderer_configuration)
            text += ", at least $mostly_pct % of the time"
        renderer_configuration.template_str = f"{text}."
        return renderer_configuration

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls,
        configuration: ExpectationConfiguration | None = None,
        result: ExpectationValidationResult | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> list[RenderedStringTemplateContent]:
        """Render the expectation for Data Docs, in the same words."""
        described = cls._prescriptive_template(
            RendererConfiguration(
                configuration=configuration,
                result=result,
                runtime_configuration=runtime_configuration,
            )
        )
        params = {name: param["value"] for name, param in described.params.dict().items()}
        styling = (runtime_configuration or {}).get("styling")
        template = {"template": described.template_str, "params": params, "styling": styling}
        return [
            RenderedStringTemplateContent(
                content_block_type="string_template", string_template=template
            )
        ]


_SHOWN = (
    ("formula", RendererValueType.STRING),
    ("decimals", RendererValueType.NUMBER),
    ("tolerance", RendererValueType.NUMBER),
    ("mostly", RendererValueType.NUMBER),
)
