"""One block evaluated: every record gets its clean values and at most one rejection reason.

Clean the vocabulary, not the rows: where a column comes as a dictionary, its parser sees the
distinct values only, and the rows take the results by index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.arrays import Bools, Figures, Floats, Ints, figures_of
from toolkit.clean.date_order import OrderEvidence, weigh_column
from toolkit.clean.dates import ParsedDates, parse_dates
from toolkit.clean.fills import FORMULA, LOOKUP, contradicted, fill_missing
from toolkit.clean.numbers import finish_numeric, parse_numeric, read_numeric, within_limits
from toolkit.clean.parsers import (
    OK,
    Codes,
    Parsed,
    coded,
    found_only,
    label_values,
    parse_email,
    parse_labels,
    parse_text,
)
from toolkit.clean.repaired import N_EXAMPLES, Repaired, show_examples
from toolkit.clean.tables import clean_table, number_array, rejected_table
from toolkit.contract import (
    BLANK_ROW,
    REPEATED_HEADER,
    STRUCTURAL_REASONS,
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
from toolkit.contract.formula import evaluate_formula, formula_columns, round_half_even
from toolkit.lookups import Lookup, load_lookups, load_numbers, match_key
from toolkit.pages.masking import HIDDEN, Masks
from toolkit.read.cells import column_of, read_cells, repeated_headers, rows_that_read
from toolkit.read.parse import RawBlock


@dataclass(frozen=True)
class Rules:
    """What cleaning goes by: the contract, a lookup for each column that needs one, the day.

    `numbers` has what the maps of the contract's repairs say, by file and match key.
    """

    contract: Contract
    lookups: Mapping[str, Lookup]
    as_of: date
    numbers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    mask_key: bytes | None = field(default=None, repr=False)
    """Without it, personal values are hidden in examples instead of masked."""

    @classmethod
    def load(
        cls, contract: Contract, folder: Path, as_of: date, only: Collection[str] | None = None
    ) -> Rules:
        """The rules with the lookups from `folder`: all, or those of some columns.

        Raises LookupFileError for an unsound one.
        """
        lookups = load_lookups(contract, folder, only)
        return cls(contract, lookups, as_of, load_numbers(contract, folder, only))

    @cached_property
    def file_masks(self) -> Masks:
        """The masks of rows as they stand in the file."""
        return Masks.of_file(self.contract, self.mask_key)

    @cached_property
    def reason_ids(self) -> dict[str, int]:
        return {reason: place for place, reason in enumerate(self.contract.all_reasons)}


@dataclass(frozen=True)
class Evaluated:
    """The two halves of a block, both in file order.

    `clean` has the contract's clean columns of the rows that break no rule but, perhaps, the
    uniqueness of the key; `clean_rows` is the row of each in the raw table. `rejected` has the raw
    columns, the reason, the place (as source_row) and the raw line of the others.
    len(clean) + len(rejected) is the number of records in the block. `repaired` counts repairs of
    clean rows. `date_order` is what the cells of each date column say about its formats, by the
    contract's order; its rows are such places.
    """

    clean: pa.Table
    clean_rows: Ints
    rejected: pa.Table
    repaired: tuple[Repaired, ...]
    date_order: Mapping[str, tuple[OrderEvidence, ...]]


@dataclass(frozen=True)
class _Column:
    """A parsed column: a row's value is values[indices], or values where there are no indices."""

    parsed: Parsed
    indices: npt.NDArray[np.int32] | None
    changed_rows: Mapping[str, Bools] = field(default_factory=dict)
    """Rows that were repaired by what other columns say, besides the values that parsing did."""

    def codes(self) -> Codes | None:
        codes = self.parsed.codes
        return codes if codes is None or self.indices is None else codes[self.indices]

    def figures(self) -> Figures:
        figures = self.parsed.figures
        return figures if self.indices is None else figures.take(self.indices)

    def absent(self) -> Bools | None:
        absent = self.parsed.absent
        return absent if absent is None or self.indices is None else absent[self.indices]

    def changes(self) -> dict[str, Bools]:
        """The rows that were repaired, by how."""
        found = self.parsed.changes
        if self.indices is not None:
            found = {how: mask.take(self.indices) for how, mask in found.items()}
        return {**found, **self.changed_rows}

    def vocabulary(self) -> tuple[pa.Array, npt.NDArray[np.int32]]:
        """The values, and the place among them of each row's; for columns that are looked up."""
        values = self.parsed.values
        if self.indices is None or isinstance(values, np.ndarray):
            raise AssertionError("the column came without a dictionary")
        return values, self.indices

    def take(self, rows: Ints) -> pa.Array | Figures:
        """The values of `rows`; text that came as a dictionary stays one."""
        values = self.parsed.values
        if isinstance(values, np.ndarray):
            places = rows if self.indices is None else self.indices[rows]
            return self.parsed.figures.take(places)
        if self.indices is None:
            return values.take(pa.array(rows))
        indices = self.indices[rows]
        if not pa.types.is_string(values.type):
            return values.take(pa.array(indices))
        distinct = values.dictionary_encode()
        return pa.DictionaryArray.from_arrays(
            distinct.indices.take(pa.array(indices)), distinct.dictionary
        )


@dataclass(frozen=True)
class _Derived:
    """A derived column: its values, and which rows know all inputs (None: all values are fine)."""

    floats: Floats
    known: Bools | None


def evaluate(raw: RawBlock, rules: Rules) -> Evaluated:
    """Clean values and reasons for every record of a block. Rows are conserved, in file order."""
    reasons = np.full(raw.table.num_rows, OK, dtype=np.uint8)
    columns = _parse_columns(raw.table, rules)
    for column in columns.values():
        _lower(reasons, column.codes())
    _check(columns, reasons, rules)
    derived = {name: _derive(name, columns, rules.contract) for name in rules.contract.derived}
    for name, found in derived.items():
        _hold_derived(name, found, reasons, rules)
    _reject_structure(reasons, raw, rules)
    _reject_unrepresentable(reasons, columns, rules)
    kept = np.flatnonzero(reasons == OK)
    evaluated = Evaluated(
        clean_table(
            {name: column.take(kept) for name, column in columns.items()},
            {name: Figures(found.floats[kept]) for name, found in derived.items()},
            rules.contract,
        ),
        kept,
        rejected_table(raw, reasons, rules.contract),
        tuple(_count_repairs(columns, reasons == OK, raw, rules)),
        {
            name: _weigh(name, column.parsed, column.vocabulary()[1], raw, rules)
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
            parsed[name] = _parse_column(name, column_of(table, column.source or name), rules)
    for name, column in rules.contract.columns.items():
        if isinstance(column, Category) and column.repair is not None and name in parsed:
            parsed[name] = _repair(name, parsed[name], parsed[column.repair.by], rules)
    return _fill(parsed, rules)


def _parse_column(name: str, array: pa.Array, rules: Rules) -> _Column:
    if _is_looked_up(name, rules.contract) and pa.types.is_string(array.type):
        array = array.dictionary_encode()
    indices = None
    if pa.types.is_dictionary(array.type):
        indices, array = array.indices.to_numpy(), array.dictionary
    return _Column(_parse_strings(name, read_cells(rules.contract, name, array), rules), indices)


def _is_looked_up(name: str, contract: Contract) -> bool:
    """Whether a value of the column takes more time than putting it into a dictionary."""
    columns = contract.columns.values()
    repairs = (column.repair for column in columns if isinstance(column, Category))
    return (
        isinstance(contract.columns[name], Dated)
        or name in contract.lookup_columns()
        or name in {repair.by for repair in repairs if repair is not None}
        or name in {fill.by for fill in contract.repairs}
    )


def _repair(name: str, labels: _Column, by: _Column, rules: Rules) -> _Column:
    """The labels, but for rows that have one and whose `by` says which it should be."""
    column, lookup = rules.contract.columns[name], rules.lookups[name]
    if not isinstance(column, Category):
        raise AssertionError(f"column {name} cannot be repaired")
    (names, name_rows), (values, value_rows) = labels.vocabulary(), by.vocabulary()
    usual = np.array(
        [lookup.repairs.get(match_key(value or ""), -1) for value in values.to_pylist()], np.int32
    )[value_rows]
    given = names.indices.fill_null(-1).to_numpy()[name_rows]
    places = np.where((given >= 0) & (usual >= 0), usual, given)
    # Every name once, then the unknown value, and last no value.
    n_names = len(lookup.names)
    known = np.append(np.arange(n_names, dtype=np.int32), np.array([-1, -1], np.int32))
    nothing = np.arange(len(known)) > n_names if column.optional else None
    parsed = label_values(known, column, rules.reason_ids, lookup, nothing)
    changes = labels.changes() | found_only({LOOKUP: places != given})
    absent = labels.absent()
    unknown = np.int32(n_names) if absent is None else np.int32(n_names) + absent
    return _Column(parsed, np.where(places < 0, unknown, places).astype(np.int32), changes)


def _fill(columns: dict[str, _Column], rules: Rules) -> dict[str, _Column]:
    """The columns, with numbers where a repair knows them; then those columns' own rules."""

    def look_up(by: str, map_file: str, rows: Ints) -> Figures:
        labels, indices = columns[by].vocabulary()
        numbers = rules.numbers[map_file]
        # An unknown label is null; no map knows the empty text.
        keys = [match_key(label or "") for label in labels.to_pylist()]
        return figures_of([numbers.get(key, np.nan) for key in keys]).take(indices[rows])

    fills = [fill for fill in rules.contract.repairs if fill.column in columns]
    names = _in_fills(rules.contract).intersection(columns)
    values = {name: columns[name].figures() for name in names}
    filled = fill_missing(fills, values, rules.contract, look_up)
    for name in names:
        column, before = rules.contract.columns[name], columns[name]
        if not isinstance(column, Number | Integer):
            raise AssertionError("only numbers are filled")
        if name in filled:
            changes = {**before.changes(), **filled[name]}
            known = Parsed(
                values[name].floats,
                changes=changes,
                absent=before.absent(),
                whole=values[name].whole,
            )
            before = _Column(known, None)
        finished = finish_numeric(column, before.parsed, rules.reason_ids)
        columns[name] = _Column(finished, before.indices)
    return columns


def _in_fills(contract: Contract) -> frozenset[str]:
    """The number columns that are filled or filled from: their defaults come after all fills."""
    named = {name for fill in contract.repairs for name in (fill.column, *fill.inputs)}
    return frozenset(name for name in named if _is_numeric(name, contract))


def _is_numeric(name: str, contract: Contract) -> bool:
    return isinstance(contract.columns[name], Number | Integer)


def _check(columns: Mapping[str, _Column], reasons: Codes, rules: Rules) -> None:
    """Put the failures of all checks into `reasons`."""
    for check in rules.contract.checks.values():
        names = (check.column, *formula_columns(check.formula))
        bad = contradicted(check, {name: columns[name].figures() for name in names})
        _lower(reasons, coded(bad, rules.reason_ids[check.reason]))


def _count_repairs(
    columns: Mapping[str, _Column], kept: Bools, raw: RawBlock, rules: Rules
) -> Iterator[Repaired]:
    """The repairs of the kept rows, with the cells of the first few as they stood in the file."""
    contract = rules.contract
    personal = contract.personal_columns().keys()
    for name, column in columns.items():
        for how, mask in column.changes().items():
            rows = np.flatnonzero(mask & kept)
            if len(rows):
                first = rows[:N_EXAMPLES]
                cells = raw.table.column(contract.sources[name]).take(pa.array(first))
                values = column.take(first)
                if isinstance(values, Figures):
                    values = number_array(values, isinstance(contract.columns[name], Integer))
                if contract.columns[name].personal is not None:
                    cells, values = (
                        rules.file_masks.array(contract.sources[name], array)
                        for array in (cells.combine_chunks(), values)
                    )
                elif how in (FORMULA, LOOKUP) and personal & {*contract.columns_behind([name])}:
                    values = pa.array([HIDDEN] * len(first))
                examples = show_examples(raw.places(first), cells, values)
                yield Repaired(name, how, len(rows), examples)


def _weigh(
    name: str, parsed: ParsedDates, indices: npt.NDArray[np.int32], raw: RawBlock, rules: Rules
) -> tuple[OrderEvidence, ...]:
    """What a date column's cells say of its formats; of a personal one its examples are masked."""
    evidence = weigh_column(parsed, indices, raw)
    source = rules.contract.sources[name]
    if source not in rules.file_masks:
        return evidence
    return tuple(one.masked(partial(rules.file_masks.value, source)) for one in evidence)


def _parse_strings(name: str, strings: pa.Array, rules: Rules) -> Parsed:
    match rules.contract.columns[name]:
        case Text() as column:
            lookup = None if column.map is None else rules.lookups[name]
            return parse_text(column, strings, rules.reason_ids, lookup)
        case Number() | Integer() as column:
            if name in _in_fills(rules.contract):
                return read_numeric(column, strings)
            return parse_numeric(column, strings, rules.reason_ids)
        case Dated() as column:
            return parse_dates(column, strings, rules.reason_ids, rules.as_of)
        case Email() as column:
            return parse_email(column, strings, rules.reason_ids)
        case Category() | Mapped() as column:
            return parse_labels(column, strings, rules.reason_ids, rules.lookups[name])
    raise AssertionError(f"column {name} has no parser")


def derived_values(name: str, table: pa.Table, rules: Rules) -> Floats:
    """A derived column of raw rows; NaN where an input cannot be read or a limit is not kept.

    `table` needs the raw columns of the formula, and those behind them, only.
    """
    inputs = formula_columns(rules.contract.derived[name].formula)
    columns = _parse_columns(table, rules, rules.contract.columns_behind(inputs))
    refused = np.full(table.num_rows, OK, dtype=np.uint8)
    for column in inputs:
        _lower(refused, columns[column].codes())
    values = _derive(name, columns, rules.contract)
    _hold_derived(name, values, refused, rules)
    return np.where(refused == OK, values.floats, np.nan)


def _derive(name: str, columns: Mapping[str, _Column], contract: Contract) -> _Derived:
    """A derived column, NaN where an input is unknown."""
    derived = contract.derived[name]
    inputs = {source: columns[source].figures() for source in formula_columns(derived.formula)}
    values = evaluate_formula(derived.formula, inputs)
    if derived.decimals is not None:
        values = round_half_even(values, derived.decimals) + 0.0
    known = None
    if not np.isfinite(values).all():
        known = np.logical_and.reduce([~np.isnan(one.floats) for one in inputs.values()])
    return _Derived(values, known)


def _hold_derived(name: str, found: _Derived, reasons: Codes, rules: Rules) -> None:
    """Put the reason of a derived column's rows that break its limits, or are no finite number,
    into `reasons`. Unknown inputs fail no rule of it.
    """
    bad = ~within_limits(rules.contract.derived[name], Figures(found.floats))
    if found.known is not None:
        bad = (bad | np.isinf(found.floats)) & found.known
    _lower(reasons, coded(bad, rules.reason_ids[rules.contract.derived_reasons[name]]))


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
            figures = columns[name].figures()
            if figures.whole is not None:
                # A reason that the contract does not name gives way to that of the number itself.
                left = reasons >= len(STRUCTURAL_REASONS) + len(rules.contract.reasons)
                reasons[figures.beyond & left] = rules.reason_ids[column.reason]
