"""Check that the cleaned data has what a contract's aggregations need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from toolkit.aggregate.groups import Grains
from toolkit.contract import Contract, Extremes, Grain, Ranking, Summary
from toolkit.errors import InputError

_EXACT = 2.0**52


def grains_of(aggregation: Summary | Ranking) -> Grains:
    """Return the grains that make the aggregation's groups."""
    if isinstance(aggregation, Summary):
        return tuple(aggregation.by.values())
    return Grain(column=aggregation.within), Grain(column=aggregation.item)


def with_values(grains: Grains, column: str) -> Grains:
    """Add a grain: one group for each value of a column in each group."""
    return *grains, Grain(column=column)


def partial_terms(contract: Contract) -> dict[Grains, list[tuple[str, str]]]:
    """List for each grouping of the contract its partial results: how, and of which column.

    Distinct values are groups of a finer grouping, so that they merge as groups do.
    """
    found: dict[Grains, dict[tuple[str, str], None]] = {}
    for aggregation in contract.aggregations.values():
        if isinstance(aggregation, Extremes):
            continue
        grains = grains_of(aggregation)
        terms = found.setdefault(grains, {})
        for measure in aggregation.measures.values():
            if (name := measure.column) is None:
                continue
            if measure.once_per is not None:
                of_orders = found.setdefault(with_values(grains, measure.once_per), {})
                of_orders |= {("min", name): None, ("max", name): None}
            elif (how := measure.answers.partial) == "distinct":
                found.setdefault(with_values(grains, name), {})
            elif how is not None:
                terms[how, name] = None
    return {grains: list(terms) for grains, terms in found.items()}


def aggregated_columns(contract: Contract) -> list[str]:
    """List the columns that the one pass over all rows reads, in the order of the clean schema.

    Extremes need their ranked column only; the others are fetched for the few winning rows.
    """
    needed = set(_read(contract))
    known = contract.clean_schema().names
    return [name for name in known if name in needed] + sorted(needed.difference(known))


def required_columns(contract: Contract) -> list[str]:
    """List the columns that the data must have: all clean ones where whole rows are shown."""
    needed = aggregated_columns(contract)
    for aggregation in contract.aggregations.values():
        if isinstance(aggregation, Extremes):
            needed += [*contract.clean_schema().names, aggregation.tie_break]
    return list(dict.fromkeys(needed))


def check_names(found: Sequence[str], contract: Contract, where: Path | str) -> None:
    """Raise InputError when data at `where` lacks a column."""
    required = required_columns(contract)
    missing = [name for name in required if name not in found]
    if missing:
        raise InputError.not_clean_dataset(
            where,
            f"{len(missing)} of {len(required)} columns are missing: {', '.join(missing)}",
        )


def check_columns(found: pa.Schema, contract: Contract, where: Path | str) -> None:
    """Raise InputError when data at `where` lacks a column or has one of another kind."""
    check_names(found.names, contract, where)
    required = required_columns(contract)
    expected = contract.clean_schema()
    unknown = [name for name in required if name not in expected.names]
    if unknown:
        raise InputError.not_clean_dataset(
            where, f"the contract has no column {', '.join(unknown)}, but aggregates it"
        )
    wrong = [
        f"{name} is {found.field(name).type} instead of {expected.field(name).type}"
        for name in required
        if not _same_kind(found.field(name).type, expected.field(name).type)
    ]
    if wrong:
        raise InputError.not_clean_dataset(where, ", ".join(wrong))


def units_in_one(column: str, contract: Contract) -> int:
    """Return how many of the units in which a number column is summed make 1.

    A derived column with decimals is summed in units of its last decimal place (prices in cents),
    so that sums are what they are on paper, if its limits guarantee that float64 holds the units
    exactly. A column of decimals is summed in units of its last place, all others as they are.
    """
    kind = contract.clean_schema().field(column).type
    if pa.types.is_decimal(kind):
        return int(10**kind.scale)
    derived = contract.derived.get(column)
    if derived is None or derived.decimals is None or derived.reason is None:
        return 1
    highest = [limit for limit in (derived.below, derived.max) if limit is not None]
    lowest = [limit for limit in (derived.above, derived.min) if limit is not None]
    units: int = 10**derived.decimals
    if not highest or not lowest or max(min(highest), -max(lowest)) * units > _EXACT:
        return 1
    return units


def conformed(table: pa.Table, contract: Contract, where: Path | str) -> pa.Table:
    """Cast the contract's columns to its types, but for text, which may stay a dictionary.

    Rows are conserved, in order. Raises InputError when a value does not fit its type.
    """
    schema = contract.clean_schema()
    names = [name for name in schema.names if name in table.column_names]
    try:
        return pa.table(
            {name: _conformed(table.column(name), schema.field(name).type) for name in names}
        )
    except pa.ArrowInvalid as error:
        raise InputError.not_clean_dataset(where, str(error).partition("\n")[0]) from error


def _conformed(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type) and column.type.value_type == plain_type(kind):
        return column
    if pa.types.is_null(plain_type(column.type)):
        return pa.chunked_array([pa.nulls(len(column), plain_type(kind))])
    return column.cast(plain_type(kind))


def plain(schema: pa.Schema) -> pa.Schema:
    """Replace the dictionary types of a schema by their value types."""
    return pa.schema([(field.name, plain_type(field.type)) for field in schema])


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of a column's values, whether it is a dictionary or not."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _read(contract: Contract) -> Iterator[str]:
    for grains, terms in partial_terms(contract).items():
        yield from (grain.column for grain in grains)
        yield from (column for _, column in terms)
    for aggregation in contract.aggregations.values():
        if isinstance(aggregation, Extremes):
            yield from aggregation.highest.values()


def _same_kind(found: pa.DataType, expected: pa.DataType) -> bool:
    found, expected = plain_type(found), plain_type(expected)
    if pa.types.is_null(found):
        return True
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    numbers = (pa.types.is_integer, pa.types.is_floating)
    days, decimals = (pa.types.is_date, pa.types.is_timestamp), (pa.types.is_decimal,)
    for kinds in (texts, numbers[:1], days, decimals):
        if any(kind(expected) for kind in kinds):
            return any(kind(found) for kind in kinds)
    if pa.types.is_floating(expected):
        return any(kind(found) for kind in numbers)
    return bool(found == expected)
