"""Check that columns named in a contract exist and have the right kind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from toolkit.contract.columns import KINDS, kinds_of
from toolkit.contract.contract import Contract
from toolkit.contract.formula import formula_columns
from toolkit.errors import ConfigError, did_you_mean

NUMERIC = kinds_of("number")
LABELS = kinds_of("label")
DAYS = kinds_of("day")
KEYS_OF_LOOKUPS = tuple(kind for kind, one in KINDS.items() if one.keys_lookups)


def feed_kinds(contract: Contract) -> dict[str, str]:
    """Return the kind of each column of the feed."""
    return {name: column.kind for name, column in contract.columns.items()}


def clean_kinds(contract: Contract) -> dict[str, str]:
    """Return the kind of each column of clean rows."""
    return {
        **{name: column.kind for name, column in contract.columns.items() if column.is_clean},
        **dict.fromkeys(contract.derived, "number"),
        **dict.fromkeys(contract.flags, "flag"),
    }


def kind_problems(
    where: str, column: str, kinds: Mapping[str, str], allowed: Collection[str]
) -> Iterator[str]:
    """Yield why the column cannot be used at `where`, if so."""
    if column not in kinds:
        yield f"{where}={column!r}: there is no such column{did_you_mean(column, kinds)}"
    elif kinds[column] not in allowed:
        yield f"{where}={column!r}: is of kind {kinds[column]}; must be {listed(allowed)}"


def formula_problems(where: str, formula: str, kinds: Mapping[str, str]) -> Iterator[str]:
    """Yield the problems of a formula over number and integer columns."""
    try:
        sources = formula_columns(formula)
        if not sources:
            yield f"{where}.formula={formula!r}: names no column"
        for source in sources:
            yield from kind_problems(f"{where}.formula", source, kinds, NUMERIC)
    except ConfigError as error:
        yield f"{where}.{error}"


def listed(names: Collection[str]) -> str:
    return " or ".join([", ".join(list(names)[:-1]), list(names)[-1]][len(names) < 2 :])
