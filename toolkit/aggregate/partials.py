"""Partial aggregates: the contribution of some rows of a cleaned dataset to all aggregations.

They are small, can be pickled, and merge in any order and grouping to the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.aggregate.exact import LimbPart, split_floats, split_integers, split_whole
from toolkit.aggregate.extremes import (
    Candidates,
    Contest,
    candidates_in_partition,
    candidates_in_rows,
    contests,
    merge_candidates,
)
from toolkit.aggregate.groups import (
    Grains,
    Groups,
    Term,
    encode,
    group_rows,
    merge_groups,
    one_array,
    without_nan,
)
from toolkit.aggregate.needs import check_columns, conformed, partial_terms, units_in_one
from toolkit.aggregate.partitions import Partition, read_partition
from toolkit.arrays import Ints, decimal_units
from toolkit.contract import Contract
from toolkit.errors import InputError

_IN_MEMORY = "table"
# From groups of at least this many rows on average, coarser ones are made faster than from rows.
_ROWS_A_GROUP = 8


def sum_of(column: str) -> str:
    """Name the term that sums a column, in the units of `units_in_one`."""
    return f"sum of {column}"


def missing_in(column: str) -> str:
    """Name the term that counts a group's rows without a value (null or NaN) in a column."""
    return f"missing in {column}"


@dataclass(frozen=True)
class Partials:
    """Groups for each grouping of the contract, and the candidates of each of its contests."""

    n_rows: int = 0
    groups: Mapping[Grains, Groups] = field(default_factory=dict)
    candidates: Mapping[Contest, Candidates] = field(default_factory=dict)


def partial(table: pa.Table, contract: Contract) -> Partials:
    """Compute the partial aggregates of clean rows in memory, in any order.

    `table` has the contract's aggregated columns, and all of its clean columns where it asks for
    extremes. Raises InputError when one is missing or holds an infinite value that is summed.
    """
    check_columns(table.schema, contract, _IN_MEMORY)
    if table.num_rows == 0:
        return Partials()
    table = conformed(table, contract, _IN_MEMORY)
    return Partials(
        table.num_rows,
        _groups(table, contract),
        {c: candidates_in_rows(table, c) for c in contests(contract)},
    )


def partial_of_partition(partition: Partition, contract: Contract) -> Partials:
    """Compute the partial aggregates of a partition on disk; reads its aggregated columns once.

    Raises InputError when the partition cannot be read or holds an infinite value that is summed.
    """
    table = conformed(read_partition(partition, contract), contract, partition.path)
    return Partials(
        table.num_rows,
        _groups(table, contract),
        {c: candidates_in_partition(table, partition, c) for c in contests(contract)},
    )


def combine(several: Sequence[Partials]) -> Partials:
    """Merge partial aggregates; without any, return those of an empty dataset."""
    filled = [partials for partials in several if partials.n_rows]
    if not filled:
        return Partials()
    if len(filled) == 1:
        return filled[0]
    return Partials(
        sum(partials.n_rows for partials in filled),
        {g: merge_groups([p.groups[g] for p in filled]) for g in filled[0].groups},
        {c: merge_candidates([p.candidates[c] for p in filled], c) for c in filled[0].candidates},
    )


def _groups(table: pa.Table, contract: Contract) -> dict[Grains, Groups]:
    groupings = partial_terms(contract)
    used = set(chain(*groupings))
    keys = {grain: encode(table.column(grain.column), grain) for grain in used}
    terms = {
        (how, column): sum_terms(one_array(table.column(column)), column, contract)
        if how == "sum"
        else {Term(how, column): without_nan(one_array(table.column(column)))}
        for how, column in set(chain(*groupings.values()))
    }
    found: dict[Grains, Groups] = {}
    for grains in sorted(groupings, key=len, reverse=True):
        wanted = {*grains, *groupings[grains]}
        finer = (
            groups.by([several.index(grain) for grain in grains])
            for several, groups in found.items()
            if wanted <= {*several, *groupings[several]}
            if _ROWS_A_GROUP * len(groups) <= table.num_rows
        )
        if (few := next(finer, None)) is not None:
            found[grains] = merge_groups([few])
        else:
            added = [terms[term].items() for term in groupings[grains]]
            found[grains] = group_rows([keys[grain] for grain in grains], dict(chain(*added)))
    return found


def sum_terms(array: pa.Array, column: str, contract: Contract) -> dict[Term, pa.Array]:
    """Return what each value of a column contributes to its sum, and to the rows without a value.

    Raises InputError for an infinite value.
    """
    values, missing = _values(array)
    units = units_in_one(column, contract)
    if np.issubdtype(values.dtype, np.integer):
        parts = split_integers(values)
    elif len(values) and not np.isfinite([values.min() * units, values.max() * units]).all():
        raise InputError.infinite_values(column, int(np.isinf(values * units).sum()))
    else:
        parts = split_floats(values) if units == 1 else split_whole(np.rint(values * units))
    absent = [LimbPart(0, np.ones(len(missing), np.int64), missing)] if len(missing) else []
    return {
        Term("sum", of, part.k): pa.array(part.of_each(len(values)))
        for of, some in ((sum_of(column), parts), (missing_in(column), absent))
        for part in some
    }


def _values(array: pa.Array) -> tuple[npt.NDArray[Any], Ints]:
    """Return a number column with 0 for null and NaN, and the rows of these; decimals in units."""
    missing = np.flatnonzero(array.is_null()) if array.null_count else np.empty(0, np.int64)
    if pa.types.is_decimal(array.type):
        return decimal_units(array), missing
    values = (array.fill_null(0) if array.null_count else array).to_numpy()
    if len(values) and np.isnan(values.max()):
        nan = np.isnan(values)
        return np.where(nan, 0.0, values), np.append(missing, np.flatnonzero(nan))
    return values, missing
