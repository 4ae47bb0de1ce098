"""Great Expectations' row-wise conditions for pandas, reimplemented without importing it.

Each takes what the stock condition takes and accepts the same values; an argument that the stock
one refuses is refused here too. A series may have distinct values instead of all.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from toolkit.validate.limited import fits_schema_within_limit, search_within_limit
from toolkit.validate.queries import is_plain_pattern

Series = pd.Series
# Float64 holds whole numbers up to here exactly.
_EXACT = 2**53


def between(
    values: Series,
    min_value: Any = None,
    max_value: Any = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Any:
    """Accept values between bounds, inclusive unless strict. Values compare with their own type
    only.

    Raises ValueError without bounds or with crossed ones, TypeError for bounds of another type.
    """
    if min_value is None and max_value is None:
        raise ValueError("min_value and max_value cannot both be None")
    if min_value is not None and max_value is not None and min_value > max_value:
        raise ValueError("min_value cannot be greater than max_value")
    if _are_decimals(values):
        min_value, max_value = _as_written(min_value), _as_written(max_value)
    above = operator.gt if strict_min else operator.ge
    below = operator.lt if strict_max else operator.le
    tests = [
        (test, bound)
        for test, bound in ((above, min_value), (below, max_value))
        if bound is not None
    ]
    if _compares_at_once(values, [bound for _, bound in tests]):
        return reduce(operator.and_, (test(values, bound) for test, bound in tests))
    return np.array([_passes(value, tests) for value in values], dtype=bool)


def in_set(values: Series, value_set: Sequence[Any] | None = None) -> Any:
    """Accept values in the set; without a set, everything."""
    return _everything(values) if value_set is None else values.isin(_members(values, value_set))


def not_in_set(values: Series, value_set: Sequence[Any] | None = None) -> Any:
    """Accept values not in the set; without a set, everything. Text in the set is read as a time
    where the values are times.
    """
    if value_set is None:
        return _everything(values)
    if pd.api.types.is_datetime64_any_dtype(values):
        value_set = [pd.Timestamp(v) if isinstance(v, str) else v for v in value_set]
    return ~values.isin(_members(values, value_set))


def match_regex(values: Series, regex: str) -> Any:
    """Accept values in which the pattern matches anywhere. Raises ValueError for one that takes too
    long.
    """
    text = values.astype(str)
    if _is_linear(text, regex):
        return text.str.contains(regex)
    found = np.zeros(len(text), dtype=bool)
    present = text.notna().to_numpy()
    found[present] = search_within_limit(regex, text[present].tolist())
    return found


def not_match_regex(values: Series, regex: str) -> Any:
    return ~match_regex(values, regex)


def match_regex_list(values: Series, regex_list: Sequence[str], match_on: str = "any") -> Any:
    """Accept values that match any pattern of the list, or all of them."""
    if match_on not in ("any", "all"):
        raise ValueError("match_on must be either 'any' or 'all'")
    if not regex_list:
        raise ValueError("No objects to concatenate")
    combine = operator.or_ if match_on == "any" else operator.and_
    return reduce(combine, (match_regex(values, regex) for regex in regex_list))


def not_match_regex_list(values: Series, regex_list: Sequence[str]) -> Any:
    return ~match_regex_list(values, regex_list)


def match_json_schema(values: Series, json_schema: Any) -> Any:
    """Accept JSON values that fit the schema. Raises ValueError for invalid JSON, or a schema that
    takes too long.
    """
    return np.array(fits_schema_within_limit(json_schema, values.tolist()), dtype=bool)


def length_between(
    values: Series,
    min_value: Any = None,
    max_value: Any = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Any:
    """Accept values whose length in characters, after conversion to text, is within bounds."""
    if min_value is None and max_value is None:
        raise ValueError("Invalid configuration")
    lengths = _lengths(values)
    accepted = _everything(values)
    if min_value is not None:
        accepted &= lengths > min_value if strict_min else lengths >= min_value
    if max_value is not None:
        accepted &= lengths < max_value if strict_max else lengths <= max_value
    return accepted


def length_equals(values: Series, value: Any) -> Any:
    return _lengths(values) == value


def pair_equal(frame: pd.DataFrame) -> Any:
    """Accept rows whose two columns are equal."""
    return frame.iloc[:, 0] == frame.iloc[:, 1]


def pair_greater(frame: pd.DataFrame, or_equal: bool | None = None) -> Any:
    """Accept rows whose first column is greater than the second."""
    first, second = frame.iloc[:, 0], frame.iloc[:, 1]
    return first >= second if or_equal else first > second


def pair_in_set(frame: pd.DataFrame, value_pairs_set: Sequence[Any] | None = None) -> Any:
    """Accept rows whose two values are one of the pairs; a missing value counts as None."""
    if value_pairs_set is None:
        return _everything(frame)
    accepted = {(first, second) for first, second in value_pairs_set}
    rows = frame.set_axis(["A", "B"], axis=1)
    # Look up each distinct pair once.
    places = rows.groupby(["A", "B"], dropna=False, sort=False, observed=True).ngroup()
    firsts = rows.loc[~places.duplicated()].astype(object)
    pairs = zip(firsts["A"], firsts["B"], strict=True)
    known = [tuple(None if pd.isnull(v) else v for v in pair) in accepted for pair in pairs]
    return np.array(known, dtype=bool)[places.to_numpy()]


def sum_equal(frame: pd.DataFrame, sum_total: Any = None) -> Any:
    """Accept rows whose values add up to the total; with a missing one they do not."""
    total = frame.sum(axis=1, skipna=False)
    return total == (_as_written(sum_total) if _are_decimals(total) else sum_total)


def _members(values: Series, value_set: Sequence[Any]) -> list[Any]:
    return [*map(_as_written, value_set)] if _are_decimals(values) else list(value_set)


def _are_decimals(values: Series) -> bool:
    return values.dtype == object and len(values) > 0 and isinstance(values.iloc[0], Decimal)


def _as_written(bound: Any) -> Any:
    """Convert a suite's bound to compare decimals with: 0.1 is a tenth, not the float near it."""
    return Decimal(str(bound)) if type(bound) is float else bound


def _everything(values: Series | pd.DataFrame) -> Any:
    return np.ones(len(values), dtype=bool)


def _is_linear(text: Series, regex: str) -> bool:
    """Return whether pandas uses Arrow's RE2 for the pattern, or every engine is fast on it."""
    if is_plain_pattern(regex):
        return True
    needs_python = getattr(text.array, "_needs_python_regex", None)
    return needs_python is not None and not needs_python(regex)


def _lengths(values: Series) -> Any:
    return values.astype(str).str.len()


def _compares_at_once(values: Series, bounds: Sequence[Any]) -> bool:
    if values.dtype in (np.dtype("int64"), np.dtype("float64")):
        return True
    if _is_number_with_nulls(values):
        # Compare larger integers with floats one by one in Python, which is exact.
        return all(type(bound) in (int, float) and abs(bound) <= _EXACT for bound in bounds)
    return pd.api.types.is_datetime64_any_dtype(values) and all(
        isinstance(bound, datetime) for bound in bounds
    )


def _is_number_with_nulls(values: Series) -> bool:
    """Return whether the type is Int64 or the like, which has a null of its own."""
    kinds = pd.api.types
    is_own = kinds.is_extension_array_dtype(values.dtype) and kinds.is_numeric_dtype(values.dtype)
    return is_own and not kinds.is_bool_dtype(values.dtype)


def _passes(value: Any, tests: Sequence[tuple[Callable[[Any, Any], Any], Any]]) -> bool:
    if any(isinstance(value, str) != isinstance(bound, str) for _, bound in tests):
        raise TypeError(
            "Column values, min_value, and max_value must either be None or of the same type."
        )
    return all(test(value, bound) for test, bound in tests)
