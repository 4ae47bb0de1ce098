"""Check the repairs and checks of a contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolkit.contract.contract import Contract
from toolkit.contract.formula import decimal_places, formula_columns
from toolkit.contract.references import (
    KEYS_OF_LOOKUPS,
    NUMERIC,
    feed_kinds,
    formula_problems,
    kind_problems,
    listed,
)
from toolkit.contract.rules import Fill
from toolkit.errors import ConfigError


def value_problems(contract: Contract) -> Iterator[str]:
    """Yield contradictions in how cells are filled and checked."""
    yield from _fill_problems(contract)
    kinds = feed_kinds(contract)
    for name, check in contract.checks.items():
        where = f"checks.{name}"
        problems = [
            *kind_problems(f"{where}.column", check.column, kinds, NUMERIC),
            *formula_problems(where, check.formula, kinds),
        ]
        yield from problems or _literal_problems(where, check.column, check.formula, contract)


def _fill_problems(contract: Contract) -> Iterator[str]:
    kinds = feed_kinds(contract)
    for place, fill in enumerate(contract.repairs):
        where = f"repairs.{place}"
        yield from kind_problems(f"{where}.column", fill.column, kinds, NUMERIC)
        looked_up = fill.by is not None and fill.map is not None
        half = (fill.by is None) != (fill.map is None)
        if half or looked_up == (fill.formula is not None):
            yield f"{where}: needs either a formula, or both by and map"
        elif fill.formula is not None:
            yield from _formula_fill_problems(where, fill, kinds, contract)
        elif fill.by is not None:
            yield from kind_problems(f"{where}.by", fill.by, kinds, KEYS_OF_LOOKUPS)
            if fill.decimals is not None:
                yield f"{where}.decimals: is for a formula"


def _literal_problems(where: str, column: str, formula: str, contract: Contract) -> Iterator[str]:
    """Yield numbers of an exact formula that have more digits than its columns."""
    names = formula_columns(formula)
    if contract.is_exact([column, *names]):
        try:
            decimal_places(formula, {one: contract.columns[one].exact_places or 0 for one in names})
        except ConfigError as error:
            yield f"{where}.{error}"


def _formula_fill_problems(
    where: str, fill: Fill, kinds: Mapping[str, str], contract: Contract
) -> Iterator[str]:
    problems = [*formula_problems(where, fill.formula or "", kinds)]
    yield from problems
    if not problems and fill.column in formula_columns(fill.formula or ""):
        yield f"{where}.formula: {fill.column} is computed from itself"
    column = contract.columns.get(fill.column)
    if problems or column is None or column.exact_places is None:
        return
    yield from _literal_problems(where, fill.column, fill.formula or "", contract)
    if not column.is_fixed:
        return
    if floats := [n for n in fill.inputs if contract.columns[n].exact_places is None]:
        yield (
            f"{where}.formula: {fill.column} is of kind {kinds[fill.column]}, and {listed(floats)} "
            f"(float64) cannot fill it exactly; make it of kind {kinds[fill.column]}, too"
        )
    if (fill.decimals or 0) > column.exact_places:
        yield (
            f"{where}.decimals={fill.decimals}: is more than the {column.exact_places} of the "
            f"column {fill.column}"
        )
