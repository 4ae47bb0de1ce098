"""Find number columns that follow from others: products, sums and differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from toolkit.arrays import Floats
from toolkit.contract.formula import evaluate_formula, formula_columns
from toolkit.profile.vocabulary import Ints

_MOST_COLUMNS = 8
_LEAST_ROWS = 10
_HOLDS = 0.9
_N_DIFFERING, _LEAST_OTHERS = 3, 5
_ROUNDING = 1e-9
# Above half a cent, so that it does not matter how halves were rounded.
_TOLERANCE = 0.006


@dataclass(frozen=True)
class Formula:
    """A formula that a column may follow from, with clean names of columns."""

    column: str
    formula: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, *formula_columns(self.formula))


@dataclass(frozen=True)
class Differing:
    """A row in which a formula does not hold: its index, the stored and the expected figure."""

    place: int
    found: float
    expected: float


@dataclass(frozen=True)
class Holds:
    """Rows in which all the figures are known, and those of them in which the formula holds."""

    n_known: int = 0
    n_holding: int = 0
    gap_in_cents: int = 0
    """The sum of column minus formula over all other rows; an integer, so that the sum does not
    depend on the partitioning.
    """
    differing: tuple[Differing, ...] = ()
    """The first of these rows."""

    def __add__(self, other: Holds) -> Holds:
        differing = sorted((*self.differing, *other.differing), key=lambda one: one.place)
        return Holds(
            self.n_known + other.n_known,
            self.n_holding + other.n_holding,
            self.gap_in_cents + other.gap_in_cents,
            tuple(differing[:_N_DIFFERING]),
        )

    @property
    def share(self) -> float:
        return self.n_holding / self.n_known if self.n_known else 0.0


def check_formula(
    formula: Formula, numbers: Mapping[str, Floats], places: Ints | None = None
) -> Holds:
    """Compare a column with its formula, to the cent. `places` number the rows."""
    figures = {name: numbers[name] for name in formula_columns(formula.formula)}
    expected, found = evaluate_formula(formula.formula, figures), numbers[formula.column]
    known = np.isfinite(expected) & np.isfinite(found)
    near = np.abs(found - expected) <= _TOLERANCE + _ROUNDING * np.abs(found)
    apart = np.flatnonzero(known & ~near)
    gaps = np.rint(100 * (found[apart] - expected[apart]))
    first = [
        Differing(int(n if places is None else places[n]), float(found[n]), float(expected[n]))
        for n in apart[:_N_DIFFERING].tolist()
    ]
    gap = sum(map(int, gaps.tolist()))
    return Holds(int(known.sum()), int((known & near).sum()), gap, tuple(first))


def formulas_to_try(numbers: Mapping[str, Floats]) -> tuple[Formula, ...]:
    """Return for each column the first formula that holds in nearly all rows of a sample."""
    varied = [name for name, values in numbers.items() if _varies(values)][:_MOST_COLUMNS]
    found: list[Formula] = []
    # Computed columns usually come after the columns they follow from.
    for column in reversed(varied):
        others = [name for name in varied if name != column]
        for text in _texts(others):
            formula = Formula(column, text)
            if _is_new(formula, found) and _holds(formula, numbers):
                found.append(formula)
                break
    return tuple(found)


def _texts(names: list[str]) -> Iterator[str]:
    """Yield formulas, products first: most figures of sales are products."""
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


def _is_new(formula: Formula, found: list[Formula]) -> bool:
    """Return whether it is more than a found formula solved for another column."""
    used = set(formula.columns)
    return all(not used <= set(earlier.columns) for earlier in found)


def _holds(formula: Formula, numbers: Mapping[str, Floats]) -> bool:
    holds = check_formula(formula, numbers)
    return (
        holds.n_known >= _LEAST_ROWS
        and holds.share >= _HOLDS
        and all(_holds_where_it_varies(formula, name, numbers) for name in formula.columns)
    )


def _holds_where_it_varies(formula: Formula, name: str, numbers: Mapping[str, Floats]) -> bool:
    """Return whether the formula also holds in rows without the column's usual figure."""
    values = numbers[name]
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    others = values != distinct[counts.argmax()]
    holds = check_formula(formula, {key: column[others] for key, column in numbers.items()})
    return holds.n_known >= _LEAST_OTHERS and holds.share >= _HOLDS


def _varies(values: Floats) -> bool:
    """Return whether it varies: constants, and columns nearly all zero, fit any formula."""
    known = values[np.isfinite(values)]
    if len(known) < _LEAST_ROWS:
        return False
    distinct, counts = np.unique(known, return_counts=True)
    return len(distinct) > 1 and float(counts.max()) < 0.99 * len(known)
