"""Compare a column with a formula of other columns, row by row, without Great Expectations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.arrays import EXACT, Figures, Floats
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
    order of the arithmetic. A row where either side is null or NaN is False. Raises ConfigError for
    an invalid formula, KeyError for a column that the frame lacks, and ValueError or TypeError for
    one that is not numeric.
    """
    columns = {name: _figures(frame[name]) for name in formula_columns(formula)}
    computed = np.broadcast_to(evaluate_formula(formula, columns), len(frame))
    if decimals is not None:
        computed = round_half_even(computed, decimals)
    found = _floats(frame.iloc[:, 0])
    with np.errstate(all="ignore"):
        difference = np.abs(found - computed)
        allowed = (tolerance or 0.0) + _LAST_BITS * np.maximum(np.abs(found), np.abs(computed))
        near = np.isfinite(difference) & (difference <= allowed)
    return np.asarray((found == computed) | near)


def _figures(column: pd.Series) -> Figures:
    """Return the numbers, whole ones exactly; nulls are unknown."""
    floats = _floats(column)
    if (
        not pd.api.types.is_signed_integer_dtype(column.dtype)
        or not (np.abs(floats) >= EXACT).any()
    ):
        return Figures(floats)
    return Figures(floats, column.to_numpy(dtype=np.int64, na_value=0))


def _floats(column: pd.Series) -> Floats:
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
