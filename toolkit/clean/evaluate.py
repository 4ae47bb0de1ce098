"""One block evaluated: every record gets its clean values and at most one rejection reason.

Clean the vocabulary, not the rows: where a column comes as a dictionary, its parser sees the
distinct values only, and the rows take the results by index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.parsers import (
    OK,
    Bools,
    Codes,
    Floats,
    Parsed,
    coded,
    parse_date,
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
    Date,
    Email,
    Integer,
    Mapped,
    Number,
    Text,
    Unused,
)
from toolkit.formula import evaluate_formula, formula_columns, round_half_even
from toolkit.lookups import Lookup
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
    len(clean) + len(rejected) is the number of records in the block.
    """

    clean: pa.Table
    clean_rows: Ints
    rejected: pa.Table


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
    _reject_structure(reasons, raw.table, rules)
    _reject_unrepresentable(reasons, columns, rules)
    kept = np.flatnonzero(reasons == OK)
    evaluated = Evaluated(
        _clean_table(kept, columns, derived, rules.contract),
        kept,
        _rejected_table(raw, reasons, rules),
    )
    if evaluated.clean.num_rows + evaluated.rejected.num_rows != raw.n_records:
        raise AssertionError("a block's rows are not all either clean or rejected")
    return evaluated


def _lower(reasons: Codes, codes: Codes | None) -> None:
    """The first reason in order is the one with the lowest id."""
    if codes is not None:
        np.minimum(reasons, codes, out=reasons)


def _parse_columns(table: pa.Table, rules: Rules) -> dict[str, _Column]:
    parsed: dict[str, _Column] = {}
    for name, column in rules.contract.columns.items():
        if not isinstance(column, Unused):
            array = table.column(column.source or name).combine_chunks()
            if isinstance(array, pa.ChunkedArray):
                array = array.chunk(0)
            parsed[name] = _parse_column(name, array, rules)
    return parsed


def _parse_column(name: str, array: pa.Array, rules: Rules) -> _Column:
    column = rules.contract.columns[name]
    if isinstance(column, Category | Mapped | Date) and pa.types.is_string(array.type):
        array = array.dictionary_encode()
    indices = None
    if pa.types.is_dictionary(array.type):
        indices, array = array.indices.to_numpy(), array.dictionary
    strings = strip(array)
    if column.null_words:
        null = pc.is_in(strings, pa.array(column.null_words))
        strings = pc.if_else(null, "", strings)
    return _Column(_parse_strings(name, strings, rules), indices)


def _parse_strings(name: str, strings: pa.Array, rules: Rules) -> Parsed:
    match rules.contract.columns[name]:
        case Text() as column:
            return parse_text(column, strings, rules.reason_ids)
        case Number() as column:
            return parse_number(column, strings, rules.reason_ids)
        case Integer() as column:
            return parse_integer(column, strings, rules.reason_ids)
        case Date() as column:
            return parse_date(column, strings, rules.reason_ids, rules.as_of)
        case Email() as column:
            return parse_email(column, strings, rules.reason_ids)
        case Category() | Mapped() as column:
            return parse_labels(column, strings, rules.reason_ids, rules.lookups[name])
    raise AssertionError(f"column {name} has no parser")


def strip(strings: pa.Array) -> pa.Array:
    """The strings without Unicode white space at both ends; the same array if none has any."""
    buffers = strings.buffers()
    if len(strings) == 0 or buffers[2] is None:
        return strings
    offsets = np.frombuffer(buffers[1], np.int32)[strings.offset :][: len(strings) + 1]
    data = np.frombuffer(buffers[2], np.uint8)
    filled = offsets[:-1] < offsets[1:]
    starts, lasts = offsets[:-1][filled], offsets[1:][filled] - 1
    # Below '!' lie ASCII's blanks and controls, from 0x80 on lies what is not ASCII.
    if ((data[starts] - 33 < 95) & (data[lasts] - 33 < 95)).all():
        return strings
    return pc.utf8_trim_whitespace(strings)


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


def _reject_structure(reasons: Codes, table: pa.Table, rules: Rules) -> None:
    """Records that are the header again, and records with nothing in them."""
    for reason, wanted in (
        (REPEATED_HEADER, dict(zip(table.column_names, table.column_names, strict=True))),
        (BLANK_ROW, dict.fromkeys(table.column_names, "")),
    ):
        rows = _rows_that_read(table, wanted)
        reasons[rows] = np.minimum(reasons[rows], rules.reason_ids[reason])


def _rows_that_read(table: pa.Table, wanted: Mapping[str, str]) -> Ints:
    """Rows whose every stripped value is the wanted one; most columns are seldom looked at."""
    rows: Ints | None = None
    dictionaries_first = sorted(
        table.column_names, key=lambda n: not pa.types.is_dictionary(table.schema.field(n).type)
    )
    for name in dictionaries_first:
        array = table.column(name)
        if rows is not None:
            array = array.take(pa.array(rows))
        array = array.combine_chunks()
        if pa.types.is_dictionary(array.type):
            words = pc.equal(pc.utf8_trim_whitespace(array.dictionary), wanted[name])
            if not pc.any(words).as_py():
                return np.empty(0, np.int64)
            same = words.to_numpy(zero_copy_only=False)[array.indices.to_numpy()]
        else:
            same = pc.equal(strip(array), wanted[name]).to_numpy(zero_copy_only=False)
        hits = np.flatnonzero(same)
        rows = hits if rows is None else rows[hits]
        if len(rows) == 0:
            break
    return np.empty(0, np.int64) if rows is None else rows


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
