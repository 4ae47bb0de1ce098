"""Number columns that follow from others: products, sums and differences that hold in the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from toolkit.clean.parsers import Floats
from toolkit.formula import evaluate_formula, formula_columns

_MOST_COLUMNS = 8
_LEAST_ROWS = 10
_HOLDS = 0.9
_ROUNDING = 1e-9
# More than half a cent, so that it does not matter how halves were rounded.
_TOLERANCE = 0.006


@dataclass(frozen=True)
class Formula:
    """What a column may follow from. Columns go by their clean names."""

    column: str
    formula: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, *formula_columns(self.formula))


@dataclass(frozen=True)
class Holds:
    """Rows in which all the figures are known, and those of them in which the formula holds."""

    n_known: int = 0
    n_holding: int = 0

    def __add__(self, other: Holds) -> Holds:
        return Holds(self.n_known + other.n_known, self.n_holding + other.n_holding)

    @property
    def share(self) -> float:
        return self.n_holding / self.n_known if self.n_known else 0.0


def check_formula(formula: Formula, numbers: Mapping[str, Floats]) -> Holds:
    """Hold a column against its formula, to the cent."""
    figures = {name: numbers[name] for name in formula_columns(formula.formula)}
    expected, found = evaluate_formula(formula.formula, figures), numbers[formula.column]
    known = np.isfinite(expected) & np.isfinite(found)
    near = np.abs(found - expected)[known] <= _TOLERANCE + _ROUNDING * np.abs(found[known])
    return Holds(int(known.sum()), int(near.sum()))


def formulas_to_try(numbers: Mapping[str, Floats]) -> tuple[Formula, ...]:
    """For each column the first formula that holds in nearly all rows of a sample."""
    varied = [name for name, values in numbers.items() if _varies(values)][:_MOST_COLUMNS]
    found: list[Formula] = []
    # What follows from others stands after them, as a rule.
    for column in reversed(varied):
        others = [name for name in varied if name != column]
        for text in _texts(others):
            formula = Formula(column, text)
            if _says_anything(formula, found) and _holds(formula, numbers):
                found.append(formula)
                break
    return tuple(found)


def _texts(names: list[str]) -> Iterator[str]:
    """Products first: most figures of sales are products."""
    for one, two in combinations(names, 2):
        yield f"{one} * {two}"
    for one, two in combinations(names, 2):
        for share in names:
            if share not in (one, two):
                yield f"{one} * {two} * (1 - {share})"
                yield f"{one} * {two} * (1 - {share} / 100)"
    for one, two in combinations(names, 2):
        yield f"{one} + {two}"
        for other in names:
            if other not in (one, two):
                yield f"{one} * {two} - {other}"
    for one, share in permutations(names, 2):
        yield f"{one} * (1 - {share})"


def _says_anything(formula: Formula, found: list[Formula]) -> bool:
    """A formula between columns that one follows from already says the same again."""
    used = set(formula.columns)
    return all(not used <= set(earlier.columns) for earlier in found)


def _holds(formula: Formula, numbers: Mapping[str, Floats]) -> bool:
    holds = check_formula(formula, numbers)
    return holds.n_known >= _LEAST_ROWS and holds.share >= _HOLDS


def _varies(values: Floats) -> bool:
    """Constants, and columns that are nearly all zero, fit any formula."""
    known = values[np.isfinite(values)]
    if len(known) < _LEAST_ROWS:
        return False
    distinct, counts = np.unique(known, return_counts=True)
    return len(distinct) > 1 and float(counts.max()) < 0.99 * len(known)
