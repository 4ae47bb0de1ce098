"""Arithmetic formulas of a contract, evaluated on columns, never as code."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from toolkit.arrays import Bools, Figures, Floats
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
    """The columns that a formula names, in order. Raises ConfigError for what is no formula.

    A formula has + - * /, parentheses, numbers and column names.
    """
    names: list[str] = []
    for node in _nodes(_parse(formula), formula):
        sound = True
        if isinstance(node, ast.Name):
            names += [node.id] if node.id not in names else []
        elif isinstance(node, ast.Constant):
            sound = _is_number(node.value)
        elif isinstance(node, ast.UnaryOp):
            sound = isinstance(node.op, ast.USub)
        elif isinstance(node, ast.BinOp):
            sound = type(node.op) in _OPERATORS
        if not sound:
            raise _refused(formula)
    return names


def evaluate_formula(formula: str, columns: Mapping[str, Floats | Figures]) -> Floats:
    """The formula's value for every row, in float64, in the order in which it is written.

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
    """Rows in which a column of the formula is a whole number that float64 may round."""
    large = [columns[name].large() for name in formula_columns(formula)]
    return np.logical_or.reduce(large) if large else np.zeros(0, dtype=bool)


def exact_values(formula: str, columns: Mapping[str, Figures]) -> list[Fraction | None]:
    """The formula's value for every row, nothing rounded; None where there is no finite one.

    It takes Python for each row: for the few that float64 is not enough for.
    """
    tree, names = _parse(formula), formula_columns(formula)
    rows = zip(*(exact_numbers(columns[name]) for name in names), strict=True)
    return [_exact_value(tree, dict(zip(names, row, strict=True))) for row in rows]


def _figures(columns: Mapping[str, Floats | Figures]) -> dict[str, Figures]:
    return {
        name: column if isinstance(column, Figures) else Figures(column)
        for name, column in columns.items()
    }


def exact_numbers(column: Figures) -> list[Fraction | None]:
    """Each number without rounding; None where it is unknown or not finite."""
    large, whole = column.large().tolist(), column.whole
    wholes = [0] * len(column) if whole is None else whole.tolist()
    return [
        Fraction(exact) if is_large else Fraction(value) if math.isfinite(value) else None
        for value, exact, is_large in zip(column.floats.tolist(), wholes, large, strict=True)
    ]


def _exact_value(tree: ast.expr, row: Mapping[str, Fraction | None]) -> Fraction | None:
    if None in row.values():
        return None
    try:
        return Fraction(_value(tree, row, Fraction))
    except ZeroDivisionError:
        return None


def _nearest(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def round_half_even(values: Floats, decimals: int) -> Floats:
    """Each value rounded to `decimals` as Python's round() does it: exactly, ties to even.

    value x 10^decimals may round to a tie that the exact product is not; the error of that
    product (Dekker, "A floating-point technique for extending the available precision", 1971)
    then tells on which side the value lies.
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
    # From 2^53 on, neighbouring floats lie further apart than the decimals asked for.
    return np.where(np.abs(product) < 2.0**53, rounded, values)


def _product_error(a: Floats, b: float, product: Floats) -> Floats:
    """The exact a * b - product."""
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


def _value(node: ast.expr, columns: Mapping[str, Any], of: type = np.float64) -> Any:
    """The value in the arithmetic of the columns; a literal is of the type `of`."""
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
