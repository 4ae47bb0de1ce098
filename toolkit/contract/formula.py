"""Arithmetic formulas of a contract, evaluated on columns, never as code."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from toolkit.arrays import Bools, Figures, Floats, as_written
from toolkit.contract.python_syntax import parse_expression
from toolkit.errors import ConfigError
from toolkit.units import cut

# A power of ten up to here is a float64, so that rounding to so many decimals is exact.
MOST_DECIMALS = 22

_DEEPEST, _LONGEST_SHOWN = 200, 100
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def formula_columns(formula: str) -> list[str]:
    """List the columns of a formula, in order. Raises ConfigError for an invalid formula.

    A formula has + - * /, parentheses, numbers and column names.
    """
    names: list[str] = []
    for node in _nodes(_parse(formula), formula):
        valid = True
        if isinstance(node, ast.Name):
            names += [node.id] if node.id not in names else []
        elif isinstance(node, ast.Constant):
            valid = _is_number(node.value)
        elif isinstance(node, ast.UnaryOp):
            valid = isinstance(node.op, ast.USub)
        elif isinstance(node, ast.BinOp):
            valid = type(node.op) in _OPERATORS
        if not valid:
            raise _refused(formula)
    return names


def decimal_places(formula: str, scales: Mapping[str, int]) -> int | None:
    """Return how many decimal places the formula's exact value has at most.

    None where it divides: a quotient may have any number. Raises ConfigError for a number with
    more digits than float64 can tell apart.
    """
    return _places(_parse(formula), scales, formula)


def _places(node: ast.expr, scales: Mapping[str, int], formula: str) -> int | None:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            both = [_places(one, scales, formula) for one in (left, right)]
            if None in both or isinstance(op, ast.Div):
                return None
            known = [one for one in both if one is not None]
            return sum(known) if isinstance(op, ast.Mult) else max(known)
        case ast.UnaryOp(operand=operand):
            return _places(operand, scales, formula)
        case ast.Name(id=name):
            return scales[name]
        case ast.Constant(value=int() | float() as number):
            text = ast.get_source_segment(formula, node) or str(number)
            if isinstance(number, float) and Fraction(text) != as_written(number):
                raise ConfigError(
                    f"formula {formula!r}: {text} has more digits than a number can have here"
                )
            denominator, places = as_written(number).denominator, 0
            while 10**places % denominator:
                places += 1
            return places
    raise _refused(formula)


def evaluate_formula(formula: str, columns: Mapping[str, Floats | Figures]) -> Floats:
    """Evaluate the formula for every row in float64, in the order in which it is written.

    Rows with a whole number of 2**53 or more are computed without rounding, and rounded once.
    """
    tree = _parse(formula)
    figures = _figures(columns)
    with np.errstate(all="ignore"):
        floats = {name: column.floats for name, column in figures.items()}
        values = np.asarray(_value(tree, floats), dtype=np.float64)
    rows = np.flatnonzero(has_large(formula, figures))
    if len(rows):
        values = np.broadcast_to(values, len(next(iter(figures.values())))).copy()
        exact = exact_values(formula, {name: column.take(rows) for name, column in figures.items()})
        for row, value in zip(rows.tolist(), exact, strict=True):
            values[row] = values[row] if value is None else _nearest(value)
    return values


def has_large(formula: str, columns: Mapping[str, Figures]) -> Bools:
    """Mark rows in which a column of the formula is an integer that float64 may have rounded."""
    large = [columns[name].large() for name in formula_columns(formula)]
    return np.logical_or.reduce(large) if large else np.zeros(0, dtype=bool)


def computed(formula: str, columns: Mapping[str, Any], literal: Callable[[float], Any]) -> Any:
    """Evaluate in the arithmetic of the columns; `literal` turns the formula's numbers into it."""
    return _value(_parse(formula), columns, literal)


def exact_values(
    formula: str, columns: Mapping[str, Figures], literal: Callable[[float], Fraction] = Fraction
) -> list[Fraction | None]:
    """Evaluate the formula for every row without rounding; None where it is not finite.

    It takes Python for each row: for the few that 64 bits are not enough for.
    """
    tree, names = _parse(formula), formula_columns(formula)
    rows = zip(*(exact_numbers(columns[name]) for name in names), strict=True)
    return [_exact_value(tree, dict(zip(names, row, strict=True)), literal) for row in rows]


def _figures(columns: Mapping[str, Floats | Figures]) -> dict[str, Figures]:
    return {
        name: column if isinstance(column, Figures) else Figures(column)
        for name, column in columns.items()
    }


def exact_numbers(column: Figures) -> list[Fraction | None]:
    """Convert each number without rounding; None where it is unknown or not finite."""
    if column.scale is not None:
        known, one = np.isfinite(column.floats).tolist(), 10**column.scale
        units = column.wholes().tolist()
        return [Fraction(n, one) if k else None for n, k in zip(units, known, strict=True)]
    large, whole = column.large().tolist(), column.whole
    wholes = [0] * len(column) if whole is None else whole.tolist()
    return [
        Fraction(exact) if is_large else Fraction(value) if math.isfinite(value) else None
        for value, exact, is_large in zip(column.floats.tolist(), wholes, large, strict=True)
    ]


def _exact_value(
    tree: ast.expr, row: Mapping[str, Fraction | None], literal: Callable[[float], Fraction]
) -> Fraction | None:
    if None in row.values():
        return None
    try:
        return Fraction(_value(tree, row, literal))
    except ZeroDivisionError:
        return None


def _nearest(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def round_half_even(values: Floats, decimals: int) -> Floats:
    """Round each value to `decimals` as Python's round() does: exactly, ties to even.

    value x 10^decimals may round to a tie that the exact product is not; the error of that
    product (Dekker, "A floating-point technique for extending the available precision", 1971)
    then decides on which side the value is.
    """
    scale = 10.0**decimals
    with np.errstate(all="ignore"):
        product = values * scale
        whole = np.rint(product)
        ties = np.flatnonzero(np.abs(product - np.trunc(product)) == 0.5)
        if len(ties):
            error = _product_error(values[ties], scale, product[ties])
            up, down = np.ceil(product[ties]), np.floor(product[ties])
            whole[ties] = np.where(error > 0, up, np.where(error < 0, down, whole[ties]))
        rounded = whole / scale
    # From 2^53 on, neighbouring floats are further apart than the requested decimals.
    return np.where(np.abs(product) < 2.0**53, rounded, values)


def _product_error(a: Floats, b: float, product: Floats) -> Floats:
    """Return a * b - product exactly."""
    splitter = 2.0**27 + 1
    a_high = a * splitter - (a * splitter - a)
    b_high = b * splitter - (b * splitter - b)
    a_low, b_low = a - a_high, b - b_high
    partial = a_high * b_high - product
    return ((partial + a_high * b_low) + a_low * b_high) + a_low * b_low


def _parse(formula: str) -> ast.expr:
    try:
        return parse_expression(formula).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refused(formula) from None


def _nodes(node: ast.expr, formula: str, depth: int = 0) -> list[ast.expr]:
    if depth > _DEEPEST:
        raise _refused(formula)
    match node:
        case ast.BinOp(left=left, right=right):
            left_nodes = _nodes(left, formula, depth + 1)
            return [node, *left_nodes, *_nodes(right, formula, depth + 1)]
        case ast.UnaryOp(operand=operand):
            return [node, *_nodes(operand, formula, depth + 1)]
        case ast.Name() | ast.Constant():
            return [node]
    raise _refused(formula)


def _is_number(value: object) -> bool:
    """Return whether a literal is a number that float64 has a place for."""
    try:
        return type(value) in (int, float) and math.isfinite(float(value))  # type: ignore[arg-type]
    except OverflowError:
        return False


def _value(
    node: ast.expr, columns: Mapping[str, Any], of: Callable[[float], Any] = np.float64
) -> Any:
    """Evaluate in the arithmetic of the columns; `of` turns literals into theirs."""
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_value(left, columns, of), _value(right, columns, of))
        case ast.UnaryOp(operand=operand):
            return -_value(operand, columns, of)
        case ast.Name(id=name):
            return columns[name]
        case ast.Constant(value=int() | float() as number):
            return of(number)
    raise _refused(ast.unparse(node))


def _refused(formula: str) -> ConfigError:
    shown = repr(cut(formula, _LONGEST_SHOWN))
    return ConfigError(f"formula {shown}: only + - * /, parentheses, numbers and columns")
