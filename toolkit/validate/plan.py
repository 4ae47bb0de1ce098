"""Translate metrics of Great Expectations into jobs that run on partitions."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from great_expectations.expectations.row_conditions import deserialize_row_condition
from great_expectations.validator.metric_configuration import MetricConfiguration

from toolkit.arrays import MOST_DIGITS
from toolkit.contract.python_syntax import parse_expression
from toolkit.validate import conditions
from toolkit.validate.checks import ConditionJob, PassJob, Presence
from toolkit.validate.columns import Domain
from toolkit.validate.dataset import Dataset, is_text
from toolkit.validate.figures import Distinct, MinMax, Moments, Sums
from toolkit.validate.pandas_types import stock_frame
from toolkit.validate.stock import StockMetric, accepts
from toolkit.validate.unique import KeySpill

CONDITION = ".condition"
LeftOut = Literal["any", "all", "none"]

_KERNELS: dict[str, Callable[..., Any]] = {
    "column_values.between": conditions.between,
    "column_values.in_set": conditions.in_set,
    "column_values.not_in_set": conditions.not_in_set,
    "column_values.match_regex": conditions.match_regex,
    "column_values.not_match_regex": conditions.not_match_regex,
    "column_values.match_regex_list": conditions.match_regex_list,
    "column_values.not_match_regex_list": conditions.not_match_regex_list,
    "column_values.match_json_schema": conditions.match_json_schema,
    "column_values.value_length.between": conditions.length_between,
    "column_values.value_length.equals": conditions.length_equals,
    "column_pair_values.equal": conditions.pair_equal,
    "column_pair_values.a_greater_than_b": conditions.pair_greater,
    "column_pair_values.in_set": conditions.pair_in_set,
    "multicolumn_sum.equal": conditions.sum_equal,
}
# Stock code for these may never end, so it is never run.
_LIMITED = {name for name in _KERNELS if "regex" in name or "json_schema" in name}
_PRESENCE = {"column_values.nonnull": True, "column_values.null": False}
_DISTINCT, _DISTINCT_COUNT = "column.distinct_values", "column.distinct_values.count"
_SUMS: dict[str, tuple[bool, Callable[[Moments], float]]] = {
    "column.sum": (False, Moments.sum),
    "column.mean": (False, Moments.mean),
    "column.standard_deviation": (True, Moments.standard_deviation),
}
# Stock conditions that decide each row alone.
_ROW_WISE = {
    "column_values.dateutil_parseable",
    "column_values.json_parseable",
    "column_values.match_strftime_format",
    "column_values.of_type",
    "column_values.in_type_list",
    "column_values.not_outliers",
    "column_values.z_score.under_threshold",
    "multicolumn_values.equal",
    "select_column_values.unique.within_record",
}
# pandas compares categoricals by all their categories, so they need whole columns.
_COMPARES_CATEGORIES = {
    "column_pair_values.equal",
    "column_pair_values.a_greater_than_b",
    "multicolumn_values.equal",
    "multicolumn_sum.equal",
}
_UNIQUE = {"column_values.unique", "compound_columns.unique"}
_LEFT_OUT: dict[str, LeftOut] = {
    "both_values_are_missing": "all",
    "either_value_is_missing": "any",
    "neither": "none",
    "all_values_are_missing": "all",
    "any_value_is_missing": "any",
    "never": "none",
}
_ROW_WISE_NODES = (
    *(ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.Invert, ast.USub),
    *(ast.BinOp, ast.BitAnd, ast.BitOr, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Compare),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn),
    *(ast.Name, ast.Load, ast.Constant, ast.List, ast.Tuple, ast.Call, ast.Attribute),
)
_ROW_WISE_METHODS = {"isnull", "notnull", "isna", "notna"}


@dataclass(frozen=True)
class MetricRequest:
    """A metric that Great Expectations requests, with the metrics it depends on.

    `owner` is the metric's class, `provider` its stock code for pandas.
    """

    metric: MetricConfiguration
    metrics: Mapping[str, Any]
    runtime: Mapping[str, Any]
    owner: Any
    provider: Callable[..., Any]

    @property
    def name(self) -> str:
        return str(self.metric.metric_name)

    @property
    def domain(self) -> Mapping[str, Any]:
        kwargs: Mapping[str, Any] = self.metric.metric_domain_kwargs
        return kwargs

    @property
    def arguments(self) -> Mapping[str, Any]:
        kwargs: Mapping[str, Any] = self.metric.metric_value_kwargs
        return kwargs


def domain_of(
    kwargs: Mapping[str, Any], query: str | None, dataset: Dataset, *, drop_nulls: bool
) -> Domain:
    """Return the rows and columns that a domain selects; `query` is its row condition, if it has
    one.

    `drop_nulls` is for a single column, whose nulls a condition may or may not see.
    """
    left_out: LeftOut = "any" if drop_nulls else "none"
    if "column" not in kwargs and kwargs.get("ignore_row_if") is not None:
        left_out = _LEFT_OUT[kwargs["ignore_row_if"]]
    named = tuple(query_columns(query, dataset)) if query is not None else ()
    return Domain(domain_columns(kwargs), left_out, query, query_columns=named)


def row_condition(given: Any) -> Any:
    """Parse a row condition of Great Expectations, also in JSON form; others are returned
    unchanged.
    """
    return deserialize_row_condition(given) if isinstance(given, dict) else given


def domain_columns(kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the columns that a domain names, in its order."""
    if "column" in kwargs:
        return (kwargs["column"],)
    if "column_A" in kwargs and "column_B" in kwargs:
        return (kwargs["column_A"], kwargs["column_B"])
    return tuple(kwargs.get("column_list") or ())


def query_columns(query: str, dataset: Dataset) -> list[str]:
    """Return the columns that a query names; when in doubt, rather one too many."""
    names = _names(query)
    return [name for name in dataset.columns if name in (query if names is None else names)]


@dataclass(frozen=True)
class Records:
    """Records for stock code to see instead of the data; its result is the metric's value."""

    frame: pd.DataFrame


@dataclass(frozen=True)
class Planned:
    """A job, and what its result means: a value, or the Records to get it from."""

    job: PassJob
    meaning: Callable[[Any], Any]


def plan_condition(
    request: MetricRequest, domain: Domain, dataset: Dataset, n_listed: int
) -> PassJob | None:
    """Return the job that tests a condition by partition; None when it needs whole columns.

    The job lists at most `n_listed` unexpected rows by number.
    """
    name = request.name.removesuffix(CONDITION)
    kinds = [dataset.facts.schema.field(column).type for column in domain.columns]
    if name in _UNIQUE:
        return None if any(map(_is_unusual, kinds)) else KeySpill(domain, False, n_listed)
    if name in _PRESENCE:
        return Presence(domain, _PRESENCE[name], n_listed)
    if any(map(_is_unusual, kinds)) and name not in _LIMITED:
        return None
    if name in _COMPARES_CATEGORIES and any(map(pa.types.is_dictionary, kinds)):
        return None
    by_row = "column" not in request.domain
    kernel = getattr(request.owner, "partition_kernel", None) or _KERNELS.get(name)
    if kernel is not None:
        return ConditionJob(domain, kernel, _known(kernel, request.arguments), by_row, n_listed)
    if name in _ROW_WISE or getattr(request.owner, "row_wise", False):
        return ConditionJob(domain, accepts, {"metric": stock_metric(request)}, by_row, n_listed)
    return None


def limited_condition(metric: MetricConfiguration) -> Callable[..., Any] | None:
    """Return a bounded test for a condition whose stock code may never end; None for any other
    metric.
    """
    name = metric.metric_name.removesuffix(CONDITION)
    if not metric.metric_name.endswith(CONDITION) or name not in _LIMITED:
        return None
    kernel = _KERNELS[name]
    return partial(kernel, **_known(kernel, metric.metric_value_kwargs))


def plan_figure(name: str, domain: Domain, dataset: Dataset, max_bytes: int) -> Planned | None:
    """Return the job for a figure of a column; None when stock code needs the whole column."""
    [column] = domain.columns
    kind = dataset.facts.schema.field(column).type
    if _is_unusual(kind):
        return None
    if name in ("column.min", "column.max"):
        as_floats = pa.types.is_decimal(kind)
        meaning = _as_floats(column) if as_floats else _as_records(column, dataset)
        return Planned(MinMax(domain), meaning)
    if name == "column.non_null_count":
        return Planned(
            Presence(domain, expected=True), lambda f: np.int64(f.n_rows - f.n_unexpected)
        )
    if name == _DISTINCT_COUNT and is_text(kind) and not dataset.has_few_values(column):
        valued = replace(domain, left_out="any")
        return Planned(KeySpill(valued, keep="first"), lambda f: f.n_rows - f.n_unexpected)
    if name.startswith(_DISTINCT):
        return Planned(Distinct(domain, max_bytes), _as_records(column, dataset))
    # pandas sums float32 in float32, which depends on the order of rows; sums of uint64 wrap
    # around elsewhere than those of int64.
    units = 10**kind.scale if _is_small_decimal(kind) else 1
    if (
        name in _SUMS
        and kind != pa.uint64()
        and (pa.types.is_integer(kind) or pa.types.is_float64(kind) or _is_small_decimal(kind))
    ):
        with_squares, moment = _SUMS[name]
        as_numbers = column not in dataset.facts.nullable or column in dataset.facts.dtypes
        whole = pa.types.is_integer(kind) and as_numbers
        if name == "column.sum" and whole:
            moment = Moments.whole_sum
        none = dataset.empty_frame()
        return Planned(
            Sums(domain, with_squares, units),
            lambda m: _as_numpy(moment(m)) if m.n else Records(none),
        )
    return None


def stock_metric(request: MetricRequest) -> StockMetric:
    """Return the metric for a worker to compute, once its row condition has been applied."""
    conditional = ("row_condition", "condition_parser")
    return StockMetric(
        request.name,
        request.owner.__module__,
        {key: value for key, value in request.domain.items() if key not in conditional},
        dict(request.arguments),
        dict(request.metrics),
    )


def is_row_wise(query: str, dataset: Dataset) -> bool:
    """Return whether a query decides each row by its own columns: no index, no calls except
    isnull.
    """
    nodes = _nodes(query)
    names = _names(query)
    if names is None:
        return False
    methods = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return (
        names <= set(dataset.columns)
        and methods <= _ROW_WISE_METHODS
        and all(isinstance(node, _ROW_WISE_NODES) for node in nodes)
    )


def _nodes(query: str) -> list[ast.AST]:
    """Return the nodes of a Python expression; none for other text, such as names in backticks."""
    try:
        return list(ast.walk(parse_expression(query)))
    except SyntaxError:
        return []


def _names(query: str) -> set[str] | None:
    nodes = _nodes(query)
    return {node.id for node in nodes if isinstance(node, ast.Name)} if nodes else None


def _as_records(column: str, dataset: Dataset) -> Callable[[pa.Array], Records]:
    def meaning(values: pa.Array) -> Records:
        return Records(stock_frame(pa.table({column: values}), dataset.facts))

    return meaning


def _as_floats(column: str) -> Callable[[pa.Array], Records]:
    """Convert decimals to the nearest floats, to compare with a suite's numbers."""

    def meaning(values: pa.Array) -> Records:
        # Arrow's own cast is off by a last place here and there.
        floats = [np.nan if value is None else float(value) for value in values.to_pylist()]
        return Records(pd.DataFrame({column: floats}, dtype="float64"))

    return meaning


def _is_small_decimal(kind: pa.DataType) -> bool:
    """Return whether values are decimals whose units fit 64 bits."""
    return bool(pa.types.is_decimal(kind) and kind.precision <= MOST_DIGITS)


def _as_numpy(number: float) -> np.generic:
    return np.int64(number) if isinstance(number, int) else np.float64(number)


def _known(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given arguments that a function accepts."""
    names = inspect.signature(function).parameters
    return {k: v for k, v in arguments.items() if k in names and v is not None}


def _is_unusual(kind: pa.DataType) -> bool:
    """Return whether Arrow can compute little with the type."""
    tests = (
        *(pa.types.is_nested, pa.types.is_float16, pa.types.is_binary),
        *(pa.types.is_large_binary, pa.types.is_fixed_size_binary),
        lambda one: isinstance(one, pa.BaseExtensionType),
    )
    return any(is_kind(kind) for is_kind in tests)
