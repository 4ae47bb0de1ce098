"""Collect a few rejected rows of each reason, as written in the file, for the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from toolkit.contract import (
    MALFORMED,
    RAW_LINE_COLUMN,
    REASON_COLUMN,
    SOURCE_FILE_COLUMN,
    SOURCE_ROW_COLUMN,
    Contract,
)
from toolkit.contract.formula import formula_columns
from toolkit.pages.masking import Masks
from toolkit.report.facts import RejectedExample
from toolkit.units import cut

_PER_REASON = 3
_LONGEST_VALUE = 200
_MOST_COLUMNS = 6
"""Columns shown for a reason that concerns no particular ones, such as a repeated header."""


def first_rejected(
    rejected: pa.Table, contract: Contract, masks: Masks
) -> tuple[RejectedExample, ...]:
    """Return the first three rows of each reason among rejected rows, masked by `masks`.

    `rejected` must be in file order.
    """
    reasons = rejected.column(REASON_COLUMN).combine_chunks()
    codes, about = np.asarray(reasons.indices), reason_columns(contract)
    found: list[RejectedExample] = []
    for code, reason in enumerate(reasons.dictionary.to_pylist()):
        rows = np.flatnonzero(codes == code)[:_PER_REASON]
        if len(rows):
            names = about.get(reason) or list(contract.sources.values())[:_MOST_COLUMNS]
            shown = rejected.select([*names, SOURCE_FILE_COLUMN, SOURCE_ROW_COLUMN])
            found += _as_examples(reason, shown.take(pa.array(rows)), masks)
    return tuple(found)


def first_of_each(examples: Iterable[RejectedExample]) -> list[RejectedExample]:
    """Return the first three examples of each reason, in their order."""
    counts: dict[str, int] = {}
    first = []
    for example in examples:
        counts[example.reason] = counts.get(example.reason, 0) + 1
        if counts[example.reason] <= _PER_REASON:
            first.append(example)
    return first


def reason_columns(contract: Contract) -> dict[str, list[str]]:
    """Return the columns that each reason is about, if any, by their names in the header."""
    found: dict[str, list[str]] = {MALFORMED: [RAW_LINE_COLUMN]}
    for reason, column in _reasons_and_columns(contract):
        sources = found.setdefault(reason, [])
        if contract.sources[column] not in sources:
            sources.append(contract.sources[column])
    return found


def _reasons_and_columns(contract: Contract) -> Iterator[tuple[str, str]]:
    for name, column in contract.columns.items():
        yield from ((reason, name) for _, reason in column.reasons())
    for check in contract.checks.values():
        for name in (check.column, *formula_columns(check.formula)):
            yield check.reason, name
    for derived in contract.derived.values():
        for name in formula_columns(derived.formula) if derived.reason else ():
            yield str(derived.reason), name
    if contract.key is not None:
        for key in contract.key.columns:
            for name in _read_for(key, contract):
                yield contract.key.reason, name


def _read_for(clean_column: str, contract: Contract) -> list[str]:
    """Return the columns of the feed that a clean column is computed from."""
    if clean_column in contract.derived:
        return formula_columns(contract.derived[clean_column].formula)
    if clean_column in contract.flags:
        marked = [flag.column for flag in contract.flags[clean_column].values()]
        return [name for column in marked for name in _read_for(column, contract)]
    return [clean_column]


def _as_examples(reason: str, rows: pa.Table, masks: Masks) -> Iterator[RejectedExample]:
    for row in rows.to_pylist():
        source_file, source_row = row.pop(SOURCE_FILE_COLUMN), row.pop(SOURCE_ROW_COLUMN)
        values = {
            name: value and cut(value, _LONGEST_VALUE) for name, value in masks.values(row).items()
        }
        yield RejectedExample(reason, values, source_file, source_row)
