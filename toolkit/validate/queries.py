"""Parse row conditions for pandas against an allow-list.

DataFrame.query executes its input: `@` and attributes reach everything that Python can import. What
pandas gets from here is written anew from a syntax tree in which every node is allowed.
"""

from __future__ import annotations

import ast
import datetime
import re
import warnings
from functools import lru_cache
from typing import Any

from toolkit.contract.python_syntax import parse_expression

MAX_LETTERS = 10_000
MAX_DEPTH = 100
MAX_POWER = 10

ROW_WISE_METHODS = frozenset(
    (
        *("isna", "isnull", "notna", "notnull", "isin", "between", "abs", "round", "fillna"),
        *("eq", "ne", "lt", "le", "gt", "ge", "clip"),
    )
)
_METHODS = ROW_WISE_METHODS | {
    *("mean", "median", "min", "max", "sum", "std", "var", "count", "nunique", "quantile"),
    *("shift", "diff", "rank", "cumsum", "cummax", "cummin", "duplicated"),
}
_TEXT_METHODS = frozenset(
    (
        *("len", "lower", "upper", "casefold", "title", "capitalize", "strip", "lstrip", "rstrip"),
        *("startswith", "endswith", "contains", "match", "fullmatch", "find", "rfind", "slice"),
        *("get", "isalpha", "isalnum", "isdigit", "isdecimal", "isnumeric", "isspace"),
        *("isupper", "islower", "istitle"),
    )
)
_PATTERN_METHODS = frozenset(("contains", "match", "fullmatch"))
_TIME_METHODS = frozenset(("day_name", "month_name", "normalize", "total_seconds"))
_TIME_FIELDS = frozenset(
    (
        *("year", "quarter", "month", "day", "hour", "minute", "second", "microsecond"),
        *("dayofweek", "day_of_week", "weekday", "dayofyear", "day_of_year", "days_in_month"),
        *("daysinmonth", "is_month_start", "is_month_end", "is_quarter_start", "is_quarter_end"),
        *("is_year_start", "is_year_end", "is_leap_year", "date", "time", "days", "seconds"),
    )
)
_FUNCTIONS = frozenset(
    (
        *("abs", "sqrt", "exp", "expm1", "log", "log10", "log1p", "floor", "ceil", "sin", "cos"),
        *("tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh"),
    )
)
_ARGUMENTS = frozenset(
    (
        *("na", "case", "regex", "inclusive", "decimals", "value", "lower", "upper", "periods"),
        *("q", "ddof", "skipna", "keep", "method", "ascending", "start", "stop", "sub"),
    )
)
_OPERATORS = (
    *(ast.And, ast.Or, ast.Not, ast.Invert, ast.USub, ast.UAdd),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.BitAnd, ast.BitOr),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn),
)
# Patterns without repetition, alternatives and references: every engine takes linear time.
_PLAIN_PATTERN = re.compile(r"(?:\\[^0-9]|[^\\*+?{|(])*", re.DOTALL)
# Times, as Great Expectations writes them in its conditions for pandas.
_MOMENT = re.compile(
    r"datetime\.date\(\d+, \d+, \d+\)"
    r"|datetime\.datetime\(\d+(?:, \d+)*(?:, fold=1)?(?:, tzinfo=datetime\.timezone(?:\.utc|"
    r"\(datetime\.timedelta\((?:days=-1)?(?:, )?(?:seconds=\d+)?\)\)))?\)"
)
# Names that a condition may use beside columns; none from the scope that calls pandas.
SCOPE: Any = {"global_dict": {"datetime": datetime}, "local_dict": {}}
# Text in quotes or a name in backticks; what is between is code.
_QUOTED = re.compile(r"""('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\n]|``)+`)""", re.DOTALL)


class ConditionError(ValueError):
    """A row condition that is not an expression, or contains something that is not allowed."""


@lru_cache(maxsize=1024)
def read_condition(condition: str, max_letters: int | None = MAX_LETTERS) -> str:
    """Rewrite a condition for DataFrame.query; raises ConditionError unless it is safe.

    Allowed are comparisons, arithmetic, and, or, not, and listed methods.
    """
    if max_letters is not None and len(condition) > max_letters:
        raise ConditionError(f"has {len(condition):,} letters, more than {max_letters:,}")
    if '"""' in condition or "'''" in condition:
        raise ConditionError("three quotes in a row are not taken")
    mark = "_quoted"
    while mark in condition:
        mark += "_"
    parts = _QUOTED.split(condition)
    names = [part for part in parts if part.startswith("`")]
    tree = _parse("".join(_as_python(part, names, mark) for part in parts))
    _check(tree, mark, 0)
    for place in range(len(names)):
        if names[place][1:-1].startswith("__"):
            raise _refused(f"the name {names[place]}")
    text = ast.unparse(tree)
    return re.sub(rf"{mark}(\d+)_", lambda found: names[int(found[1])], text)


def is_plain_pattern(pattern: str) -> bool:
    """Return whether a pattern has no repetition, alternatives or groups: every engine is fast on
    it.
    """
    return _PLAIN_PATTERN.fullmatch(pattern) is not None


def _as_python(part: str, names: list[str], mark: str) -> str:
    """Rewrite as pandas does: & and | bind like and and or, a name in backticks is one name."""
    if part.startswith("`"):
        return f" {mark}{names.index(part)}_ "
    if part.startswith(("'", '"')):
        return part
    return part.replace("&", " and ").replace("|", " or ")


def _parse(text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return parse_expression(text.strip()).body
    except SyntaxError as error:
        if "@" in _QUOTED.sub("", text):
            raise _refused("@") from None
        raise ConditionError(str(error)) from None
    except (ValueError, RecursionError, MemoryError):
        raise ConditionError("cannot be read") from None


def _check(node: ast.AST, mark: str, depth: int) -> None:
    """Raise ConditionError about the first node that is not allowed.

    `mark` replaces names in backticks.
    """
    if depth > MAX_DEPTH:
        raise ConditionError(f"is nested more than {MAX_DEPTH} deep")
    match node:
        case ast.Name(id=name) if not name.startswith("__"):
            inner: list[ast.AST] = []
        case ast.Constant(value=str() | int() | float() | None as value):
            if isinstance(value, str) and mark in value:
                raise _refused("a backtick in quotes")
            inner = []
        case ast.BoolOp(op=op, values=values) if isinstance(op, _OPERATORS):
            inner = [*values]
        case ast.UnaryOp(op=op, operand=operand) if isinstance(op, _OPERATORS):
            inner = [operand]
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() | float() as n)) if (
            n <= MAX_POWER and not any(isinstance(part, ast.Pow) for part in ast.walk(left))
        ):
            inner = [left]
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _OPERATORS):
            if not isinstance(op, ast.Add) and any(map(_is_text_or_list, (left, right))):
                # Multiplied they are repeated, up to any size; text % values fills a format.
                raise _refused(ast.unparse(node))
            inner = [left, right]
        case ast.Compare(left=left, ops=ops, comparators=others) if all(
            isinstance(op, _OPERATORS) for op in ops
        ):
            inner = [left, *others]
        case ast.List(elts=items) | ast.Tuple(elts=items):
            inner = [*items]
        case ast.Call():
            inner = [] if _MOMENT.fullmatch(ast.unparse(node)) else _called(node)
        case ast.Attribute(value=ast.Attribute(value=owner, attr="dt"), attr=field) if (
            field in _TIME_FIELDS
        ):
            inner = [owner]
        case ast.Subscript(value=ast.Attribute(value=owner, attr="str" | "iloc"), slice=place):
            _check_place(place)
            inner = [owner]
        case _:
            raise _refused(ast.unparse(node) or type(node).__name__)
    for part in inner:
        _check(part, mark, depth + 1)


def _is_text_or_list(node: ast.AST) -> bool:
    return isinstance(node, ast.List | ast.Tuple) or isinstance(getattr(node, "value", None), str)


def _check_place(place: ast.AST) -> None:
    """Check the number in iloc[0], the numbers in str[0:2]."""
    parts = (place.lower, place.upper, place.step) if isinstance(place, ast.Slice) else (place,)
    for part in parts:
        number = part.operand if isinstance(part, ast.UnaryOp) else part
        if number is None:
            continue
        if not isinstance(number, ast.Constant) or type(number.value) is not int:
            raise _refused(f"[{ast.unparse(place)}]")


def _called(call: ast.Call) -> list[ast.AST]:
    """Return the owner of an allowed method, and the arguments of its call."""
    match call.func:
        case ast.Attribute(value=ast.Attribute(value=owner, attr="str"), attr=method) if (
            method in _TEXT_METHODS
        ):
            if method in _PATTERN_METHODS:
                _check_pattern(call)
            inner: list[ast.AST] = [owner]
        case ast.Attribute(value=ast.Attribute(value=owner, attr="dt"), attr=method) if (
            method in _TIME_METHODS
        ):
            inner = [owner]
        case ast.Attribute(value=owner, attr=method) if method in _METHODS:
            inner = [owner]
        case ast.Name(id=name) if name in _FUNCTIONS:
            inner = []
        case _:
            raise _refused(ast.unparse(call.func) + "()")
    for given in call.keywords:
        if given.arg not in _ARGUMENTS:
            raise _refused(f"the argument {ast.unparse(given)}")
        inner.append(given.value)
    return [*inner, *call.args]


def _check_pattern(call: ast.Call) -> None:
    """Refuse patterns that pandas could run on a backtracking engine, except plain ones."""
    if any(g.arg == "regex" and _is_false(g.value) for g in call.keywords):
        return
    first = call.args[0] if len(call.args) == 1 else None
    pattern = first.value if isinstance(first, ast.Constant) else None
    if not isinstance(pattern, str) or not is_plain_pattern(pattern):
        raise ConditionError(
            f"{ast.unparse(call)}: patterns in conditions have no repetition, alternatives or "
            "groups; add regex=False to look for plain text"
        )


def _is_false(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _refused(what: str) -> ConditionError:
    return ConditionError(
        f"{what if len(what) <= 80 else what[:77] + '...'} is not taken; conditions compare, "
        "calculate, use and, or, not, in, and methods such as isnull(), isin() or "
        "str.startswith() (docs/validation.md)"
    )
