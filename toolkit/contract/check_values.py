"""What a contract can get wrong about repairs and checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolkit.contract.contract import Contract
from toolkit.contract.formula import formula_columns
from toolkit.contract.references import (
    KEYS_OF_LOOKUPS,
    NUMERIC,
    feed_kinds,
    formula_problems,
    kind_problems,
)
from toolkit.contract.rules import Fill


def value_problems(contract: Contract) -> Iterator[str]:
    """Contradictions in how cells are filled and checked."""
    yield from _fill_problems(contract)
    kinds = feed_kinds(contract)
    for name, check in contract.checks.items():
        where = f"checks.{name}"
        yield from kind_problems(f"{where}.column", check.column, kinds, NUMERIC)
        yield from formula_problems(where, check.formula, kinds)


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
            yield from _formula_fill_problems(where, fill, kinds)
        elif fill.by is not None:
            yield from kind_problems(f"{where}.by", fill.by, kinds, KEYS_OF_LOOKUPS)
            if fill.decimals is not None:
                yield f"{where}.decimals: is for a formula"


def _formula_fill_problems(where: str, fill: Fill, kinds: Mapping[str, str]) -> Iterator[str]:
    problems = [*formula_problems(where, fill.formula or "", kinds)]
    yield from problems
    if not problems and fill.column in formula_columns(fill.formula or ""):
        yield f"{where}.formula: {fill.column} is computed from itself"
