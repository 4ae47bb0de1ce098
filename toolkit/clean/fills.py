"""Missing numbers computed or looked up, and stored numbers held against a formula."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from toolkit.clean.numbers import settle
from toolkit.clean.parsers import Bools, Floats
from toolkit.contract import Check, Fill, Integer, Number
from toolkit.formula import evaluate_formula, formula_columns, round_half_even

Ints = npt.NDArray[np.int64]

FORMULA, LOOKUP = "formula", "lookup"
_ROUNDING = 8
_FORGIVEN = 4


def computed(fill: Fill, values: Mapping[str, Floats], rows: Ints) -> Floats:
    """What a fill's formula gives for `rows`; NaN where a column of it is unknown."""
    if fill.formula is None:
        raise AssertionError("the fill has no formula")
    inputs = {name: values[name][rows] for name in formula_columns(fill.formula)}
    found = np.broadcast_to(evaluate_formula(fill.formula, inputs), len(rows))
    return found if fill.decimals is None else round_half_even(found, fill.decimals) + 0.0


def fitting(column: Number | Integer, found: Floats) -> Floats:
    """What may fill the column, as it would have been read; NaN for what is no value of it."""
    fine = np.isfinite(found)
    if isinstance(column, Integer):
        with np.errstate(invalid="ignore"):
            off = np.abs(found - np.rint(found))
            fine &= off <= _ROUNDING * np.spacing(np.maximum(np.abs(found), 1.0))
    return settle(column, np.where(fine, found, np.nan))


def contradicted(check: Check, values: Mapping[str, Floats]) -> Bools:
    """Rows whose column and formula are both known, and too far apart."""
    stored = values[check.column]
    names = formula_columns(check.formula)
    with np.errstate(all="ignore"):
        wanted = evaluate_formula(check.formula, values)
        slack = _FORGIVEN * np.spacing(np.maximum(np.abs(stored), np.abs(wanted)))
        bad = ~(np.abs(stored - wanted) <= check.tolerance + slack)
    for name in (check.column, *names):
        bad &= ~np.isnan(values[name])
    return np.asarray(bad)
