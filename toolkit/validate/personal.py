"""Mask the values of personal columns in results, before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from great_expectations.core.expectation_validation_result import ExpectationValidationResult

from toolkit.contract.references import NUMERIC
from toolkit.pages.masking import Mask, Masks
from toolkit.validate.suite_page import config_of
from toolkit.validate.suites import columns_of

_COUNTS = re.compile(r"(element|missing|unexpected)_(count|percent)(_\w+)?")
_LISTS_OF_ROWS = ("partial_unexpected_index_list", "unexpected_index_list")
_LISTS_OF_VALUES = ("partial_unexpected_list", "unexpected_list")
_COUNTED = "partial_unexpected_counts"
_NAMES = ("unexpected_index_column_names",)
_QUERY = "unexpected_index_query"
_OBSERVED = "observed_value"
# The observed value of these is a figure, also of personal numbers: not one of a single row...
_FIGURES = re.compile(
    r"expect_column_(mean|stdev|sum|unique_value_count|proportion_of_\w+|value_z_scores|"
    r"kl_divergence|distinct_values_count)_"
)
# ... or the name of a type.
_TYPES = re.compile(r"expect_column_(values_to_be_of_type|values_to_be_in_type_list|to_exist)")
# The observed values of these are column names, which are not personal.
_HEADERS = re.compile(r"expect_table_columns_to_match_")
_FACTS = {"value", "count", "values", "quantiles", "weights", "bins", "fraction", "details"}


def mask_results(results: Iterable[ExpectationValidationResult], masks: Masks) -> None:
    """Mask the values of personal columns in results, in place; counts and figures stay.

    Error messages of an expectation about such a column are hidden: they may quote a value.
    """
    for one in results if masks else ():
        config = config_of(one)
        if _HEADERS.match(config.type):
            continue
        named = [*columns_of(config.type, config.kwargs)]
        about = [name for name in masks.by_column if name in named or _names(config.kwargs, name)]
        one.result = {
            key: _masked(key, value, config.type, named, about, masks)
            for key, value in one.result.items()
        }
        if about:
            one.exception_info = _without_messages(one.exception_info, about)


def _names(value: Any, column: str) -> bool:
    """Return whether arguments name a column, alone or in a formula. Their keys do not count."""
    match value:
        case str():
            return (
                value == column
                or re.search(rf"(?<!\w){re.escape(column)}(?!\w)", value) is not None
            )
        case Mapping():
            return any(_names(inner, column) for inner in value.values())
        case list() | tuple():
            return any(_names(inner, column) for inner in value)
    return False


def _masked(
    key: str, value: Any, kind: str, named: Sequence[str], about: Sequence[str], masks: Masks
) -> Any:
    if key in _LISTS_OF_ROWS:
        return [masks.values(row) if isinstance(row, Mapping) else row for row in value or []]
    if not about or _COUNTS.fullmatch(key) or key in _NAMES:
        return value
    if key == _QUERY:
        return None
    if key in _LISTS_OF_VALUES:
        return [_value(one, named, about, masks) for one in value or []]
    if key == _COUNTED:
        return [{**one, "value": _value(one["value"], named, about, masks)} for one in value or []]
    if key == _OBSERVED and (_TYPES.match(kind) or _FIGURES.match(kind)):
        return value
    return _hide(value, masks.by_column[about[0]], masks.key)


def _value(value: Any, named: Sequence[str], about: Sequence[str], masks: Masks) -> Any:
    """Mask one unexpected value: of a column, or of several as a tuple or by their names."""
    if isinstance(value, Mapping):
        return masks.values(value)
    if isinstance(value, list | tuple):
        if len(value) == len(named):
            return type(value)(map(masks.value, named, value))
        return type(value)(masks.value(about[0], one) for one in value)
    column = named[0] if len(named) == 1 else about[0]
    return masks.value(column, value)


def _hide(value: Any, mask: Mask, key: bytes | None) -> Any:
    """Hide the rest of a result: all text and days in it, and all figures of personal numbers.

    Figures of text are lengths, counts and shares.
    """
    match value:
        case None | bool():
            return value
        case int() | float() if mask.kind not in NUMERIC:
            return value
        case Mapping():
            return {
                name if name in _FACTS else mask.of(name, key): inner
                if name in ("count", "fraction", "quantiles", "weights")
                else _hide(inner, mask, key)
                for name, inner in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_hide(inner, mask, key) for inner in value]
    return mask.of(value, key)


def _without_messages(info: Any, about: Sequence[str]) -> Any:
    if not isinstance(info, Mapping):
        return info
    if "raised_exception" not in info:
        return {name: _without_messages(inner, about) for name, inner in info.items()}
    if not info["raised_exception"]:
        return info
    error, colon, _ = str(info["exception_message"]).partition(":")
    named = f"{error}: " if colon and error.isidentifier() else ""
    why = f"{named}(hidden: it may quote a value of {', '.join(about)}, which is personal)"
    return {**info, "exception_message": why, "exception_traceback": why}
