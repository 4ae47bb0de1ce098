"""A user's own expectations: one condition, made known to Great Expectations in three ways."""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from tests.validate.own_conditions import is_square, is_square_up_to


class Plain(ColumnMapMetricProvider):
    """As Great Expectations documents it, and nothing else."""

    condition_metric_name = "column_values.square_plain"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series[Any], **_: Any) -> Any:
        return is_square(column)


class ByRow(ColumnMapMetricProvider):
    """Said to look at each row alone."""

    condition_metric_name = "column_values.square_by_row"
    row_wise = True

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series[Any], **_: Any) -> Any:
        return is_square(column)


class ByKernel(ColumnMapMetricProvider):
    """With a function for the parts; the stock one is not to be called."""

    condition_metric_name = "column_values.square_by_kernel"
    condition_value_keys = ("largest",)
    partition_kernel = staticmethod(is_square_up_to)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series[Any], **_: Any) -> Any:
        raise NotImplementedError


class ExpectPlainSquares(ColumnMapExpectation):
    """Squares, on whole columns."""

    map_metric: ClassVar[str | None] = "column_values.square_plain"


class ExpectSquaresByRow(ColumnMapExpectation):
    """Squares, by stock code on parts."""

    map_metric: ClassVar[str | None] = "column_values.square_by_row"


class ExpectSquaresByKernel(ColumnMapExpectation):
    """Squares, by a kernel on parts."""

    largest: int | None = None

    map_metric: ClassVar[str | None] = "column_values.square_by_kernel"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "largest")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "largest", "mostly")
