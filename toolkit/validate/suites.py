"""Load suites in Great Expectations' JSON, or refuse them with every problem.

Great Expectations itself silently drops an unknown expectation from a suite.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from great_expectations.compatibility import pydantic
from great_expectations.core.suite_parameters import SuiteParameterParser, parse_suite_parameter
from great_expectations.exceptions.exceptions import GreatExpectationsError
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.registry import (
    get_expectation_impl,
    list_registered_expectation_implementations,
)
from great_expectations.expectations.row_conditions import (
    AndCondition,
    ComparisonCondition,
    NullityCondition,
    OrCondition,
    PassThroughCondition,
)

import toolkit.validate.expectations  # noqa: F401 registers the toolkit's own
from toolkit.contract.python_syntax import PARSING
from toolkit.errors import SuiteError, did_you_mean
from toolkit.storage.plain_files import UnfitFileError, read_plain
from toolkit.validate.plan import row_condition
from toolkit.validate.queries import SCOPE, ConditionError, read_condition

_KEYS = ("type", "kwargs", "meta", "notes", "description", "severity", "id", "rendered_content")
_LARGEST_SUITE = 64 << 20
_SUITE_KEYS = ("name", "expectations", "suite_parameters", "meta", "notes", "id")
# A name in an expression, but not a keyword argument's.
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*\b(?!\s*=)")
_KNOWN_NAMES = {*SuiteParameterParser.fn, "PI", "E", "e"}
_ABOUT_TABLES, _ABOUT_ITS_EXISTENCE = "expect_table_", "expect_column_to_exist"


@dataclass(frozen=True)
class Suite:
    """A suite, its expectations in the order of the file."""

    name: str
    path: Path
    expectations: tuple[Expectation, ...]

    def check_columns(self, columns: Collection[str]) -> None:
        """Raise SuiteError about every column that the data lacks."""
        lacking: dict[str, list[int]] = {}
        for number, expectation in self.numbered():
            for column in _needed_columns(expectation):
                if column not in columns:
                    lacking.setdefault(column, []).append(number)
        if lacking:
            lines = [
                f"the data has no column {column!r}{did_you_mean(column, columns)} "
                f"(expectation {', '.join(map(str, numbers))})"
                for column, numbers in lacking.items()
            ]
            raise SuiteError.from_problems(self.path, lines)

    def check_conditions(self, empty: pd.DataFrame) -> None:
        """Raise SuiteError about every row condition that pandas cannot read, or finds no name of.

        `empty` has the columns of the data and no rows.
        """
        found = [problem for n, e in self.numbered() for problem in _unreadable(n, e, empty)]
        if found:
            raise SuiteError.from_problems(self.path, found)

    def check_parameters(self, known: Mapping[str, Any]) -> None:
        """Raise SuiteError about every $PARAMETER that has no value."""
        found = [problem for n, e in self.numbered() for problem in _unknown(n, e, known)]
        if found:
            raise SuiteError.from_problems(self.path, found)

    def numbered(self) -> Iterator[tuple[int, Expectation]]:
        return enumerate(self.expectations, 1)


def load_suite(path: Path) -> Suite:
    """Load a suite. The file is never written to; ids in it are ignored.

    Raises SuiteError when it is missing, not JSON, or contains what Great Expectations cannot use.
    """
    content = _read_json(path)
    problems = [*_shape_problems(content)]
    if problems:
        raise SuiteError.from_problems(path, problems)
    expectations: list[Expectation] = []
    for number, given in enumerate(content["expectations"], 1):
        try:
            expectations.append(_expectation(given))
            problems += _refused(number, expectations[-1])
        except _Unusable as error:
            problems += [f"expectation {number}: {line}" for line in error.lines]
    if problems:
        raise SuiteError.from_problems(path, problems)
    return Suite(content["name"], path, tuple(expectations))


class _Unusable(Exception):
    def __init__(self, *lines: str) -> None:
        self.lines = lines


def _read_json(path: Path) -> Any:
    try:
        return json.loads(read_plain(path, _LARGEST_SUITE).decode("utf-8-sig"))
    except FileNotFoundError:
        near = [p.name for p in path.parent.glob("*.json")] if path.parent.is_dir() else []
        raise SuiteError.missing(path, near) from None
    except json.JSONDecodeError as error:
        raise SuiteError.not_json(path, error.msg, error.lineno) from None
    except UnfitFileError as error:
        raise SuiteError.from_problems(path, [str(error)]) from None
    except RecursionError:
        raise SuiteError.not_json(path, "it is nested too deeply") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError.not_json(path, str(error)) from None


def _shape_problems(content: Any) -> Iterator[str]:
    if not isinstance(content, dict):
        yield "should be an object with name and expectations"
        return
    for key in content:
        if key not in _SUITE_KEYS:
            yield f"{key}: unknown key{did_you_mean(key, _SUITE_KEYS)}"
    if not isinstance(content.get("name"), str) or not content["name"]:
        yield "name: missing, or not text"
    if not isinstance(content.get("expectations"), list) or not content["expectations"]:
        yield "expectations: missing, or no list of at least one"


def _expectation(given: Any) -> Expectation:
    if not isinstance(given, dict):
        raise _Unusable("should be an object with type and kwargs")
    kind = given.get("type")
    known = list_registered_expectation_implementations()
    if kind not in known:
        raise _Unusable(f"type {kind!r} is not known{did_you_mean(str(kind), known)}")
    unknown = [key for key in given if key not in _KEYS]
    if unknown:
        lines = (f"{key}: unknown key{did_you_mean(key, _KEYS)}" for key in unknown)
        raise _Unusable(*(f"{kind}: {line}" for line in lines))
    without_id = {key: value for key, value in given.items() if key != "id"}
    try:
        expectation: Expectation = ExpectationConfiguration(
            **{"kwargs": {}, **without_id}
        ).to_domain_obj()
    except pydantic.ValidationError as error:
        raise _Unusable(*_lines(kind, error.errors())) from None
    except (GreatExpectationsError, TypeError, ValueError) as error:
        raise _Unusable(f"{kind}: {' '.join(str(error).split())}") from None
    if rounded := [*_rounded_bounds(expectation, given.get("kwargs") or {})]:
        raise _Unusable(*(f"{kind}: {line}" for line in rounded))
    return expectation


def _rounded_bounds(expectation: Expectation, kwargs: Mapping[str, Any]) -> Iterator[str]:
    """Yield whole-number bounds that Great Expectations, which stores floats, would change."""
    for name, given in kwargs.items():
        stored = getattr(expectation, name, None)
        if type(given) is int and isinstance(stored, float) and stored != given:
            yield (
                f"{name}: Great Expectations compares with floats, and {given} is not one; "
                f"the nearest is {int(stored)}"
            )


def _lines(kind: str, errors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Return one line for each kwarg: pydantic reports every type of a union."""
    seen: set[Any] = set()
    for found in errors:
        place = found["loc"][0]
        # Errors about all kwargs together mostly follow from a wrong one.
        if place not in seen and (place != "__root__" or not seen):
            seen.add(place)
            yield _line(kind, found)


def _line(kind: str, found: Mapping[str, Any]) -> str:
    place = ".".join(str(step) for step in found["loc"] if step != "__root__")
    if found["type"] == "value_error.extra":
        names = get_expectation_impl(kind).__fields__
        return f"{kind}: unknown kwarg {place}{did_you_mean(place, names)}"
    message = " ".join(str(found["msg"]).split())
    return f"{kind}: {place}: {message}" if place else f"{kind}: {message}"


def _needed_columns(expectation: Expectation) -> Sequence[str]:
    config = expectation.configuration
    about = () if config.type == _ABOUT_ITS_EXISTENCE else columns_of(config.type, config.kwargs)
    return [*about, *_condition_columns(config.kwargs.get("row_condition"))]


def _condition_columns(condition: Any) -> Iterator[str]:
    """Return the columns that a condition names; conditions for pandas are not parsed."""
    condition = row_condition(condition)
    if isinstance(condition, AndCondition | OrCondition):
        for part in condition.conditions:
            yield from _condition_columns(part)
    elif isinstance(condition, ComparisonCondition | NullityCondition):
        yield condition.column.name


def _unreadable(number: int, expectation: Expectation, empty: pd.DataFrame) -> Iterator[str]:
    query = _written_for_pandas(expectation)
    if query is None:
        return
    try:
        with PARSING:
            empty.query(read_condition(query), **SCOPE)
    except (SyntaxError, NameError, NotImplementedError) as error:
        why = str(error).partition("\n")[0]
        yield f"expectation {number}: row_condition {query!r}: {why}"
    except Exception:
        # Conditions that fail without rows may work with them.
        return


def _refused(number: int, expectation: Expectation) -> Iterator[str]:
    query = _written_for_pandas(expectation)
    try:
        if query is not None:
            read_condition(query)
    except ConditionError as error:
        yield f"expectation {number}: row_condition {(query or '')[:200]!r}: {error}"


def _written_for_pandas(expectation: Expectation) -> str | None:
    condition = row_condition(expectation.configuration.kwargs.get("row_condition"))
    is_text = isinstance(condition, PassThroughCondition)
    return str(condition.pass_through_filter) if is_text else None


def _unknown(number: int, expectation: Expectation, parameters: Mapping[str, Any]) -> Iterator[str]:
    kind = expectation.configuration.type
    for expression in _expressions(expectation.configuration.kwargs):
        names = [name for name in _NAME.findall(expression) if name not in _KNOWN_NAMES]
        lacking = [name for name in names if name not in parameters]
        for name in lacking:
            hint = did_you_mean(name, parameters) or f"; there are {', '.join(sorted(parameters))}"
            yield f"expectation {number}: {kind}: parameter {name!r} has no value{hint}"
        if not lacking and not _is_expression(expression, parameters):
            yield (
                f"expectation {number}: {kind}: {expression!r} cannot be calculated; "
                "use names of parameters, numbers, + - * / and parentheses"
            )


def _is_expression(expression: str, parameters: Mapping[str, Any]) -> bool:
    if expression in parameters:
        return True
    try:
        parse_suite_parameter(expression, suite_parameters=dict(parameters))
    except (GreatExpectationsError, ArithmeticError, TypeError, ValueError):
        return False
    return True


def columns_of(kind: str, kwargs: Mapping[str, Any]) -> Sequence[str]:
    """Return the columns whose values an expectation is about, in order; none for a table's."""
    if kind.startswith(_ABOUT_TABLES):
        return ()
    single = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
    listed = kwargs.get("column_list") or []
    return [*single, *(name for name in listed if isinstance(name, str))]


def _expressions(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if "$PARAMETER" in value:
            yield str(value["$PARAMETER"])
        for inner in value.values():
            yield from _expressions(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _expressions(inner)
