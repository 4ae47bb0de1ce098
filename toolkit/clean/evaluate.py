"""One block evaluated: every record gets its clean values and at most one rejection reason.

Clean the vocabulary, not the rows: where a column comes as a dictionary, its parser sees the
distinct values only, and the rows take the results by index.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.clean.date_order import OrderEvidence, weigh_column
from toolkit.clean.dates import ParsedDates, parse_dates
from toolkit.clean.parsers import (
    OK,
    Bools,
    Codes,
    Floats,
    Parsed,
    coded,
    label_values,
    name_values,
    parse_email,
    parse_integer,
    parse_labels,
    parse_number,
    parse_text,
    within_limits,
)
from toolkit.contract import (
    BLANK_ROW,
    RAW_LINE_COLUMN,
    REASON_COLUMN,
    REPEATED_HEADER,
    SOURCE_ROW_COLUMN,
    Category,
    Contract,
    Dated,
    Email,
    Integer,
    Mapped,
    Number,
    Text,
    Unused,
)
from toolkit.formula import evaluate_formula, formula_columns, round_half_even
from toolkit.lookups import Lookup, match_key
from toolkit.read.cells import read_cells, repeated_headers, rows_that_read
from toolkit.read.parse import RawBlock

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rules:
    """What cleaning goes by: the contract, a lookup for each column that needs one, the day."""

    contract: Contract
    lookups: Mapping[str, Lookup]
    as_of: date

    @cached_property
    def reason_ids(self) -> dict[str, int]:
        return {reason: place for place, reason in enumerate(self.contract.all_reasons)}


@dataclass(frozen=True)
class Evaluated:
    """The two halves of a block, both in file order.

    `clean` has the contract's clean columns of the rows that break no rule but, perhaps, the
    uniqueness of the key; `clean_rows` is the row of each in the raw table. `rejected` has the raw
    columns, the reason, the place (as source_row) and the raw line of the others.
    len(clean) + len(rejected) is the number of records in the block. `date_order` is what the cells
    of each date column say about its formats, by the contract's order; its rows are such places.
    """

    clean: pa.Table
    clean_rows: Ints
    rejected: pa.Table
    date_order: Mapping[str, tuple[OrderEvidence, ...]]


@dataclass(frozen=True)
class _Column:
    """A parsed column: a row's value is values[indices], or values where there are no indices."""

    parsed: Parsed
    indices: npt.NDArray[np.int32] | None

    def codes(self) -> Codes | None:
        codes = self.parsed.codes
        return codes if codes is None or self.indices is None else codes[self.indices]

    def floats(self) -> Floats:
        values = np.asarray(self.parsed.values)
        return values if self.indices is None else values[self.indices]

    def vocabulary(self) -> tuple[pa.Array, npt.NDArray[np.int32]]:
        """The values, and the place among them of each row's; for columns that are looked up."""
        values = self.parsed.values
        if self.indices is None or isinstance(values, np.ndarray):
            raise AssertionError("the column came without a dictionary")
        return values, self.indices

    def take(self, rows: Ints) -> pa.Array | Floats:
        """The values of `rows`; text that came as a dictionary stays one."""
        values = self.parsed.values
        if self.indices is None:
            return values[rows] if isinstance(values, np.ndarray) else values.take(pa.array(rows))
        indices = self.indices[rows]
        if isinstance(values, np.ndarray):
            return values[indices]
        if not pa.types.is_string(values.type):
            return values.take(pa.array(indices))
        distinct = values.dictionary_encode()
        return pa.DictionaryArray.from_arrays(
            distinct.indices.take(pa.array(indices)), distinct.dictionary
        )


def evaluate(raw: RawBlock, rules: Rules) -> Evaluated:
    """Clean values and reasons for every record of a block. Rows are conserved, in file order."""
    reasons = np.full(raw.table.num_rows, OK, dtype=np.uint8)
    columns = _parse_columns(raw.table, rules)
    for column in columns.values():
        _lower(reasons, column.codes())
    derived = {name: _derive(name, columns, reasons, rules) for name in rules.contract.derived}
    _reject_structure(reasons, raw, rules)
    _reject_unrepresentable(reasons, columns, rules)
    kept = np.flatnonzero(reasons == OK)
    evaluated = Evaluated(
        _clean_table(kept, columns, derived, rules.contract),
        kept,
        _rejected_table(raw, reasons, rules),
        {
            name: weigh_column(column.parsed, column.vocabulary()[1], raw)
            for name, column in columns.items()
            if isinstance(column.parsed, ParsedDates)
        },
    )
    if evaluated.clean.num_rows + evaluated.rejected.num_rows != raw.n_records:
        raise AssertionError("a block's rows are not all either clean or rejected")
    return evaluated


def _lower(reasons: Codes, codes: Codes | None) -> None:
    """The first reason in order is the one with the lowest id."""
    if codes is not None:
        np.minimum(reasons, codes, out=reasons)


def _parse_columns(
    table: pa.Table, rules: Rules, only: Collection[str] | None = None
) -> dict[str, _Column]:
    parsed: dict[str, _Column] = {}
    for name, column in rules.contract.columns.items():
        if not isinstance(column, Unused) and (only is None or name in only):
            array = table.column(column.source or name).combine_chunks()
            if isinstance(array, pa.ChunkedArray):
                array = array.chunk(0)
            parsed[name] = _parse_column(name, array, rules)
    for name, column in rules.contract.columns.items():
        if isinstance(column, Category) and column.repair is not None and name in parsed:
            parsed[name] = _repair(name, parsed[name], parsed[column.repair.by], rules)
    return parsed


def _parse_column(name: str, array: pa.Array, rules: Rules) -> _Column:
    column = rules.contract.columns[name]
    if _is_looked_up(name, rules.contract) and pa.types.is_string(array.type):
        array = array.dictionary_encode()
    indices = None
    if pa.types.is_dictionary(array.type):
        indices, array = array.indices.to_numpy(), array.dictionary
    return _Column(_parse_strings(name, read_cells(column, array), rules), indices)


def _is_looked_up(name: str, contract: Contract) -> bool:
    """Whether a value of the column takes more time than putting it into a dictionary."""
    columns = contract.columns.values()
    repairs = (column.repair for column in columns if isinstance(column, Category))
    return (
        isinstance(contract.columns[name], Dated)
        or name in contract.lookup_columns()
        or name in {repair.by for repair in repairs if repair is not None}
    )


def _repair(name: str, labels: _Column, by: _Column, rules: Rules) -> _Column:
    """The labels, but for rows that have one and whose `by` says which it should be."""
    column, lookup = rules.contract.columns[name], rules.lookups[name]
    if not isinstance(column, Category):
        raise AssertionError(f"column {name} cannot be repaired")
    (names, name_rows), (values, value_rows) = labels.vocabulary(), by.vocabulary()
    usual = np.array(
        [lookup.repairs.get(match_key(value), -1) for value in values.to_pylist()], np.int32
    )[value_rows]
    given = names.indices.fill_null(-1).to_numpy()[name_rows]
    places = np.where((given >= 0) & (usual >= 0), usual, given)
    # Every name once, and last the unknown value.
    known = np.append(np.arange(len(lookup.names), dtype=np.int32), np.int32(-1))
    parsed = label_values(known, column, rules.reason_ids, lookup)
    return _Column(parsed, np.where(places < 0, np.int32(len(lookup.names)), places))


def _parse_strings(name: str, strings: pa.Array, rules: Rules) -> Parsed:
    match rules.contract.columns[name]:
        case Text() as column:
            if column.map is not None:
                strings = name_values(strings, rules.lookups[name])
            return parse_text(column, strings, rules.reason_ids)
        case Number() as column:
            return parse_number(column, strings, rules.reason_ids)
        case Integer() as column:
            return parse_integer(column, strings, rules.reason_ids)
        case Dated() as column:
            return parse_dates(column, strings, rules.reason_ids, rules.as_of)
        case Email() as column:
            return parse_email(column, strings, rules.reason_ids)
        case Category() | Mapped() as column:
            return parse_labels(column, strings, rules.reason_ids, rules.lookups[name])
    raise AssertionError(f"column {name} has no parser")


def derived_values(name: str, table: pa.Table, rules: Rules) -> Floats:
    """A derived column of raw rows; NaN where an input cannot be read or a limit is not kept.

    `table` needs the raw columns of the formula only.
    """
    derived = rules.contract.derived[name]
    columns = _parse_columns(table, rules, formula_columns(derived.formula))
    refused = np.full(table.num_rows, OK, dtype=np.uint8)
    for column in columns.values():
        _lower(refused, column.codes())
    values = _derive(name, columns, refused, rules)
    return np.where(refused == OK, values, np.nan)


def _derive(name: str, columns: Mapping[str, _Column], reasons: Codes, rules: Rules) -> Floats:
    """A derived column, its failures put into `reasons`. NaN inputs fail no rule of it."""
    derived = rules.contract.derived[name]
    inputs = {source: columns[source].floats() for source in formula_columns(derived.formula)}
    values = evaluate_formula(derived.formula, inputs)
    if derived.decimals is not None:
        values = round_half_even(values, derived.decimals) + 0.0
    if derived.reason is not None:
        bad = ~within_limits(derived, values)
        if np.isnan(values).any():
            for known in inputs.values():
                bad &= ~np.isnan(known)
        _lower(reasons, coded(bad, rules.reason_ids[derived.reason]))
    return values


def _reject_structure(reasons: Codes, raw: RawBlock, rules: Rules) -> None:
    """Records that are the header again, and records with nothing in them."""
    for reason, rows in (
        (REPEATED_HEADER, repeated_headers(raw.table, raw.written)),
        (BLANK_ROW, rows_that_read(raw.table, dict.fromkeys(raw.table.column_names, ("",)))),
    ):
        reasons[rows] = np.minimum(reasons[rows], rules.reason_ids[reason])


def _reject_unrepresentable(reasons: Codes, columns: Mapping[str, _Column], rules: Rules) -> None:
    """A whole number beyond int64 that no rule has rejected yet is no value of its column."""
    for name, column in rules.contract.columns.items():
        if isinstance(column, Integer) and column.reason is not None:
            values = np.asarray(columns[name].parsed.values)
            if (np.abs(values) >= 2.0**63).any():
                huge = (np.abs(columns[name].floats()) >= 2.0**63) & (reasons == OK)
                reasons[huge] = rules.reason_ids[column.reason]


def _clean_table(
    kept: Ints, columns: Mapping[str, _Column], derived: Mapping[str, Floats], contract: Contract
) -> pa.Table:
    arrays: dict[str, pa.Array] = {}
    for name, column in contract.columns.items():
        if isinstance(column, Unused):
            continue
        values = columns[name].take(kept)
        arrays[name] = pa.array(values.astype(np.int64) if isinstance(column, Integer) else values)
    arrays |= {name: pa.array(values[kept]) for name, values in derived.items()}
    for flag, labels in contract.flags.items():
        arrays[flag] = _flag(
            {label: arrays[on.column].to_numpy() > on.above for label, on in labels.items()}
        )
    return pa.table(arrays)


def _flag(holds: Mapping[str, Bools]) -> pa.DictionaryArray:
    """The first label that holds; null where none does."""
    place = np.full(len(next(iter(holds.values()))), -1, dtype=np.int32)
    for n, mask in reversed(list(enumerate(holds.values()))):
        place[mask] = n
    return pa.DictionaryArray.from_arrays(
        pa.array(place, mask=place < 0), pa.array(list(holds), pa.string())
    )


def _rejected_table(raw: RawBlock, reasons: Codes, rules: Rules) -> pa.Table:
    """Raw columns, reason, place and raw line of every record that is not kept, in file order."""
    rows = np.flatnonzero(reasons != OK)
    table = raw.table.take(pa.array(rows)).append_column(
        REASON_COLUMN, reason_labels(reasons[rows], rules.contract)
    )
    table = table.append_column(SOURCE_ROW_COLUMN, pa.array(raw.places(rows)))
    table = table.append_column(RAW_LINE_COLUMN, pa.nulls(len(rows), pa.string()))
    if not raw.malformed:
        return table
    places = np.fromiter(raw.malformed, np.int64, len(raw.malformed))
    malformed = pa.table(
        {
            **{f.name: pa.nulls(len(places), f.type) for f in raw.table.schema},
            REASON_COLUMN: reason_labels(np.zeros(len(places), np.uint8), rules.contract),
            SOURCE_ROW_COLUMN: places,
            RAW_LINE_COLUMN: pa.array(raw.malformed.values(), pa.string()),
        }
    )
    both = pa.concat_tables([table, malformed]).combine_chunks()
    return both.sort_by(SOURCE_ROW_COLUMN)


def reason_labels(codes: Codes, contract: Contract) -> pa.DictionaryArray:
    """Reason ids as the reasons' names, a dictionary array."""
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32)), pa.array(contract.all_reasons, pa.string())
    )
