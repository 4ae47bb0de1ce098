"""Missing numbers computed or looked up, and stored numbers held against a formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from toolkit.clean.numbers import settle
from toolkit.clean.parsers import Bools, Floats
from toolkit.contract import Check, Column, Contract, Fill, Integer, Number
from toolkit.formula import evaluate_formula, formula_columns, round_half_even

Ints = npt.NDArray[np.int64]
LookUp = Callable[[str, str, Ints], Floats]
"""What a map (its file) says of the values of a column in some rows."""

FORMULA, LOOKUP = "formula", "lookup"
_ROUNDING = 8
_FORGIVEN = 4


def fill_missing(
    fills: Sequence[Fill], values: dict[str, Floats], contract: Contract, look_up: LookUp
) -> dict[str, dict[str, Bools]]:
    """Put a number where a fill knows one and none is known, one fill after the other.

    `values` are those of rows, and are replaced by filled copies. The answer says by column, and
    how, which rows were filled; each column of a fill is in it.
    """
    filled: dict[str, dict[str, Bools]] = {fill.column: {} for fill in fills}
    for fill in fills:
        known = values[fill.column]
        rows = np.flatnonzero(np.isnan(known))
        if fill.by is not None and fill.map is not None:
            how, found = LOOKUP, look_up(fill.by, fill.map, rows)
        else:
            how, found = FORMULA, _computed(fill, values, rows)
        found = _fitting(contract.columns[fill.column], found)
        values[fill.column] = known.copy()
        values[fill.column][rows] = found
        hits = rows[~np.isnan(found)]
        if len(hits):
            filled[fill.column].setdefault(how, np.zeros(len(known), dtype=bool))[hits] = True
    return filled


def _computed(fill: Fill, values: Mapping[str, Floats], rows: Ints) -> Floats:
    """What a fill's formula gives for `rows`; NaN where a column of it is unknown."""
    inputs = {name: values[name][rows] for name in fill.inputs}
    found = np.broadcast_to(evaluate_formula(fill.formula or "", inputs), len(rows))
    return found if fill.decimals is None else round_half_even(found, fill.decimals) + 0.0


def _fitting(column: Column, found: Floats) -> Floats:
    """What may fill the column, as it would have been read; NaN for what is no value of it."""
    if not isinstance(column, Number | Integer):
        raise AssertionError("only numbers are filled")
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
