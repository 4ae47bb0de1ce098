"""Arithmetic formulas of a contract, evaluated on columns, never as code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from toolkit.errors import ConfigError

Floats = npt.NDArray[np.float64]

_OPERATORS: dict[type[ast.operator], Callable[[Floats, Floats], Floats]] = {
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
    for node in _nodes(_parse(formula)):
        if isinstance(node, ast.Name) and node.id not in names:
            names.append(node.id)
        elif (
            (isinstance(node, ast.Constant) and type(node.value) not in (int, float))
            or (isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.USub))
            or (isinstance(node, ast.BinOp) and type(node.op) not in _OPERATORS)
        ):
            raise _refused(formula)
    return names


def evaluate_formula(formula: str, columns: Mapping[str, Floats]) -> Floats:
    """The formula's value for every row, in float64, in the order in which it is written."""
    with np.errstate(all="ignore"):
        return np.asarray(_value(_parse(formula), columns), dtype=np.float64)


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
        return ast.parse(formula, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        raise _refused(formula) from None


def _nodes(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BinOp(left=left, right=right):
            return [node, *_nodes(left), *_nodes(right)]
        case ast.UnaryOp(operand=operand):
            return [node, *_nodes(operand)]
        case ast.Name() | ast.Constant():
            return [node]
    raise _refused(ast.unparse(node))


def _value(node: ast.expr, columns: Mapping[str, Floats]) -> Floats | float:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_value(left, columns), _value(right, columns))  # type: ignore[arg-type]
        case ast.UnaryOp(operand=operand):
            return -_value(operand, columns)
        case ast.Name(id=name):
            return columns[name]
        case ast.Constant(value=int() | float() as number):
            return float(number)
    raise _refused(ast.unparse(node))


def _refused(formula: str) -> ConfigError:
    return ConfigError(f"formula {formula!r}: only + - * /, parentheses, numbers and columns")
