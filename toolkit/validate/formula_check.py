"""Compare a column with a formula of other columns, row by row, without Great Expectations."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from toolkit.arrays import EXACT, MOST_DIGITS, Figures, Floats, decimal_units, decimals_of
from toolkit.contract.exact_formula import evaluate_exactly, exactly_apart
from toolkit.contract.formula import evaluate_formula, formula_columns, round_half_even

_LAST_BITS = 4 * np.finfo(np.float64).eps


def formula_holds(
    frame: pd.DataFrame,
    formula: str,
    decimals: int | None = None,
    tolerance: float | None = None,
) -> npt.NDArray[np.bool_]:
    """Return one boolean per row: does the first column of `frame` equal `formula` over the others?

    The formula's value is rounded to `decimals` first, as in cleaning. A difference up to
    `tolerance` (0 if None) is allowed, and so are the last bits of a float, which depend on the
    order of the arithmetic; decimals and whole numbers alone are compared exactly instead. A row
    where either side is null or NaN is False. Raises ConfigError for
    an invalid formula, KeyError for a column that the frame lacks, and ValueError or TypeError for
    one that is not numeric.
    """
    columns = {name: _figures(frame[name]) for name in formula_columns(formula)}
    if any(one.scale is not None for one in columns.values()):
        kinds = [frame.iloc[:, 0], *(frame[name] for name in columns)]
        if all(map(_is_exact, kinds)):
            return _holds_exactly(_figures(frame.iloc[:, 0]), formula, columns, decimals, tolerance)
    computed = np.broadcast_to(evaluate_formula(formula, columns), len(frame))
    if decimals is not None:
        computed = round_half_even(computed, decimals)
    found = _floats(frame.iloc[:, 0])
    with np.errstate(all="ignore"):
        difference = np.abs(found - computed)
        allowed = (tolerance or 0.0) + _LAST_BITS * np.maximum(np.abs(found), np.abs(computed))
        near = np.isfinite(difference) & (difference <= allowed)
    return np.asarray((found == computed) | near)


def _holds_exactly(
    stored: Figures,
    formula: str,
    columns: dict[str, Figures],
    decimals: int | None,
    tolerance: float | None,
) -> npt.NDArray[np.bool_]:
    known = np.logical_and.reduce([np.isfinite(one.floats) for one in (stored, *columns.values())])
    if decimals is not None:
        rounded = evaluate_exactly(formula, columns, min(decimals, MOST_DIGITS), "half_even")
        formula, columns = "rounded", {"rounded": rounded}
        known = known & np.isfinite(rounded.floats)
    return known & ~exactly_apart(stored, formula, columns, tolerance or 0.0)


def _is_exact(column: pd.Series) -> bool:
    return pd.api.types.is_signed_integer_dtype(column.dtype) or _decimals(column) is not None


def _decimals(column: pd.Series) -> Figures | None:
    """Return the column's Python decimals, if it has some that fit 64 bits."""
    if column.dtype != object or not isinstance(next(iter(column.dropna()), None), Decimal):
        return None
    array = pa.array(column, from_pandas=True)
    if not pa.types.is_decimal(array.type) or array.type.precision > MOST_DIGITS:
        return None
    known = np.asarray(array.is_valid())
    return decimals_of(decimal_units(array), array.type.scale, known)


def _figures(column: pd.Series) -> Figures:
    """Return the numbers, whole ones and decimals exactly; nulls are unknown."""
    if (found := _decimals(column)) is not None:
        return found
    floats = _floats(column)
    if (
        not pd.api.types.is_signed_integer_dtype(column.dtype)
        or not (np.abs(floats) >= EXACT).any()
    ):
        return Figures(floats)
    return Figures(floats, column.to_numpy(dtype=np.int64, na_value=0))


def _floats(column: pd.Series) -> Floats:
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
