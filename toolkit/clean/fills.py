"""Fill missing numbers by formula or lookup, and check stored numbers against a formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from toolkit.arrays import (
    EXACT,
    HIGHEST,
    LOWEST,
    Bools,
    Figures,
    Floats,
    Ints,
    figures_of,
)
from toolkit.clean.kinds import fitted
from toolkit.clean.parsed import FORMULA, LOOKUP
from toolkit.contract import Check, Contract, Fill, Numeric
from toolkit.contract.exact_formula import evaluate_exactly, exactly_apart
from toolkit.contract.formula import (
    evaluate_formula,
    exact_numbers,
    exact_values,
    formula_columns,
    has_large,
    round_half_even,
)

LookUp = Callable[[str, str, Ints, int | None], Figures]
"""Looks up the values of a column in a map (its file), for some rows; as decimals of a scale."""

_FORGIVEN = 4


def fill_missing(
    fills: Sequence[Fill], values: dict[str, Figures], contract: Contract, look_up: LookUp
) -> dict[str, dict[str, Bools]]:
    """Fill in missing numbers where a fill has one, one fill after the other.

    `values` are replaced by filled copies. Returns the filled rows by column and by how; each
    column of a fill is in it.
    """
    filled: dict[str, dict[str, Bools]] = {fill.column: {} for fill in fills}
    for fill in fills:
        known, column = values[fill.column], contract.columns[fill.column]
        if not isinstance(column, Numeric):
            raise AssertionError("only numbers are filled")
        rows = np.flatnonzero(np.isnan(known.floats))
        if fill.by is not None and fill.map is not None:
            how, found = LOOKUP, look_up(fill.by, fill.map, rows, known.scale)
        else:
            inputs = {name: values[name].take(rows) for name in fill.inputs}
            exactly = contract.is_exact([fill.column, *fill.inputs])
            compute = _exactly_computed if exactly else _computed
            how, found = FORMULA, compute(fill, inputs, column)
        found = fitted(column, found)
        values[fill.column] = known.replaced(rows, found)
        hits = rows[~np.isnan(found.floats)]
        if len(hits):
            filled[fill.column].setdefault(how, np.zeros(len(known), dtype=bool))[hits] = True
    return filled


def _exactly_computed(fill: Fill, inputs: Mapping[str, Figures], column: Numeric) -> Figures:
    """Compute a fill's formula of decimals; NaN where the column has no such number."""
    found = evaluate_exactly(
        fill.formula or "",
        inputs,
        column.exact_places or 0,
        column.rounding,
        fill.decimals,
    )
    floats = np.where(np.isfinite(found.floats), found.floats, np.nan)
    return Figures(floats, found.whole, found.scale if column.is_fixed else None)


def _computed(fill: Fill, inputs: Mapping[str, Figures], column: Numeric) -> Figures:
    """Compute a fill's formula; NaN where an input is unknown or the result is not finite."""
    formula = fill.formula or ""
    found = evaluate_formula(formula, inputs)
    if fill.decimals is not None:
        found = round_half_even(found, fill.decimals) + 0.0
    known = np.logical_and.reduce([np.isfinite(one.floats) for one in inputs.values()])
    found = np.where(known, found, np.nan)
    if column.exact_places is None:
        return Figures(found)
    # Beyond 2**53 float64 rounds whole numbers: those rows are computed again in fractions.
    rows = np.flatnonzero(known & (has_large(formula, inputs) | (np.abs(found) >= EXACT)))
    if not len(rows):
        return Figures(found)
    exact = exact_values(formula, {name: one.take(rows) for name, one in inputs.items()})
    found[rows] = np.nan
    return Figures(found).replaced(rows, figures_of([_whole(one, fill) for one in exact]))


def _whole(value: Fraction | None, fill: Fill) -> float:
    """Round an exact result to a whole number of 64 bits; NaN where it is not one."""
    if value is not None and fill.decimals is not None:
        value = round(value, fill.decimals)
    if value is None or value.denominator != 1 or not LOWEST <= value <= HIGHEST:
        return np.nan
    return value.numerator


def contradicted(check: Check, values: Mapping[str, Figures], exactly: bool = False) -> Bools:
    """Mark rows with known column and inputs whose formula is too far off or not finite."""
    names = formula_columns(check.formula)
    inputs = {name: values[name] for name in names}
    if exactly:
        bad = exactly_apart(values[check.column], check.formula, inputs, check.tolerance)
    else:
        bad = _apart(check, values, inputs)
    for name in (check.column, *names):
        bad &= ~np.isnan(values[name].floats)
    return np.asarray(bad)


def _apart(check: Check, values: Mapping[str, Figures], inputs: Mapping[str, Figures]) -> Bools:
    """Compare in float64; unknown numbers give any result."""
    stored = values[check.column].floats
    with np.errstate(all="ignore"):
        expected = evaluate_formula(check.formula, inputs)
        slack = _slack(stored, expected)
        # Not `>`: NaN and infinity must count as too far off.
        bad = ~(np.abs(stored - expected) <= check.tolerance + slack)
    rows = np.flatnonzero(has_large(check.formula, inputs) | values[check.column].large())
    if len(rows):
        bad[rows] = _far_apart(check, {n: figures.take(rows) for n, figures in values.items()})
    return np.asarray(bad)


def _far_apart(check: Check, values: Mapping[str, Figures]) -> list[bool]:
    """Compare exactly the rows with whole numbers that float64 rounds.

    Rounding is forgiven unless both sides are whole numbers. True where one is unknown.
    """
    inputs = {name: values[name] for name in formula_columns(check.formula)}
    pairs = zip(
        exact_numbers(values[check.column]), exact_values(check.formula, inputs), strict=True
    )
    return [
        stored is None
        or expected is None
        or abs(stored - expected) > Fraction(check.tolerance) + _forgiven(stored, expected)
        for stored, expected in pairs
    ]


def _forgiven(stored: Fraction, expected: Fraction) -> Fraction:
    if stored.denominator == expected.denominator == 1:
        return Fraction(0)
    try:
        [slack] = _slack(np.array([float(stored)]), np.array([float(expected)])).tolist()
    except OverflowError:
        # Beyond the range of float64, which no stored number is near to.
        return Fraction(0)
    return Fraction(slack)


def _slack(stored: Floats, expected: Floats) -> Floats:
    """Return a few float64 steps (ulps) of the larger number: the rounding of its computation."""
    return np.asarray(_FORGIVEN * np.spacing(np.maximum(np.abs(stored), np.abs(expected))))
