"""Evaluate one block: give every record its clean values and at most one rejection reason.

Clean the vocabulary, not the rows: where a column comes as a dictionary, its parser sees the
distinct values only, and the rows take the results by index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.arrays import Bools, Figures, Floats, Ints, figures_of
from toolkit.clean.date_order import OrderEvidence, weigh_column
from toolkit.clean.fill_down import Tails, fill_down
from toolkit.clean.fills import contradicted, fill_missing
from toolkit.clean.kinds import Given, finish, parse
from toolkit.clean.kinds.date import ParsedDates
from toolkit.clean.kinds.label import repair_labels
from toolkit.clean.kinds.number import within_limits
from toolkit.clean.parsed import (
    FILLED_DOWN,
    FORMULA,
    LOOKUP,
    OK,
    Codes,
    ParsedColumn,
    ParsedValues,
    coded,
)
from toolkit.clean.repaired import N_EXAMPLES, Repaired, show_examples
from toolkit.clean.tables import clean_table, number_array, rejected_table
from toolkit.contract import (
    BLANK_ROW,
    REPEATED_HEADER,
    STRUCTURAL_REASONS,
    Category,
    Contract,
    Integer,
)
from toolkit.contract.exact_formula import evaluate_exactly
from toolkit.contract.formula import evaluate_formula, formula_columns, round_half_even
from toolkit.lookups import Lookup, load_lookups, load_numbers, match_key
from toolkit.pages.masking import HIDDEN, Masks
from toolkit.read.cells import column_of, read_cells, repeated_headers, rows_that_read
from toolkit.read.parse import RawBlock


@dataclass(frozen=True)
class Rules:
    """The contract with the lookups of its columns and the day that limits count from.

    `numbers` are the values of the maps of the contract's repairs, by file and match key.
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
        """Load the rules with the lookups from `folder`: all, or those of some columns.

        Raises LookupFileError for an invalid one.
        """
        lookups = load_lookups(contract, folder, only)
        return cls(contract, lookups, as_of, load_numbers(contract, folder, only))

    @cached_property
    def file_masks(self) -> Masks:
        """The masks of raw rows."""
        return Masks.of_file(self.contract, self.mask_key)

    @cached_property
    def reason_ids(self) -> dict[str, int]:
        return {reason: place for place, reason in enumerate(self.contract.all_reasons)}

    @cached_property
    def looked_up(self) -> frozenset[str]:
        """The columns whose values take more time than putting them into a dictionary."""
        columns = self.contract.columns
        repairs = (column.repair for column in columns.values() if isinstance(column, Category))
        return frozenset(
            [
                *(name for name, column in columns.items() if column.group == "day"),
                *self.contract.lookup_columns(),
                *(repair.by for repair in repairs if repair is not None),
                *(fill.by for fill in self.contract.repairs if fill.by is not None),
            ]
        )

    def given(self, name: str) -> Given:
        """Return what the parser of a column needs besides its cells."""
        return Given(self.reason_ids, self.as_of, self.lookups.get(name))


@dataclass(frozen=True)
class Evaluated:
    """The clean and the rejected rows of a block, both in file order.

    `clean` has the contract's clean columns of the rows that break no rule but, perhaps, the
    uniqueness of the key; `clean_rows` is the row of each in the raw table. `rejected` has the raw
    columns, the reason, the place (as source_row) and the raw line of the others.
    len(clean) + len(rejected) is the number of records in the block. `repaired` counts repairs of
    clean rows. `date_order` is each date column's evidence for its formats, in the contract's
    order; its rows are such places.
    """

    clean: pa.Table
    clean_rows: Ints
    rejected: pa.Table
    repaired: tuple[Repaired, ...]
    date_order: Mapping[str, tuple[OrderEvidence, ...]]


@dataclass(frozen=True)
class _Derived:
    """A derived column, and the rows whose inputs are all known (None: all values are valid)."""

    figures: Figures
    known: Bools | None


def evaluate(raw: RawBlock, rules: Rules, above: Tails | None = None) -> Evaluated:
    """Clean or reject every record of a block. Rows are conserved, in file order.

    `above` are the tails of all blocks before it; only a contract that fills down needs them.
    """
    reasons = np.full(raw.table.num_rows, OK, dtype=np.uint8)
    table, filled = fill_down(raw, rules.contract, above or {})
    columns = _parse_columns(table, rules)
    for name, rows in filled.items():
        columns[name] = columns[name].marked(FILLED_DOWN, rows)
    for column in columns.values():
        _lower(reasons, column.codes())
    _check(columns, reasons, rules)
    derived = {name: _derive(name, columns, rules.contract) for name in rules.contract.derived}
    for name, found in derived.items():
        _hold_derived(name, found, reasons, rules)
    _reject_structure(reasons, raw, rules)
    _reject_unrepresentable(reasons, columns, rules)
    clean = np.flatnonzero(reasons == OK)
    evaluated = Evaluated(
        clean_table(
            {name: column.take(clean) for name, column in columns.items()},
            {name: found.figures.take(clean) for name, found in derived.items()},
            rules.contract,
        ),
        clean,
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
    """Lower the reasons to `codes` in place: the first reason in order has the lowest id."""
    if codes is not None:
        np.minimum(reasons, codes, out=reasons)


def _parse_columns(
    table: pa.Table, rules: Rules, only: Collection[str] | None = None
) -> dict[str, ParsedColumn]:
    parsed: dict[str, ParsedColumn] = {}
    sources = rules.contract.sources
    for name, column in rules.contract.columns.items():
        if column.is_clean and (only is None or name in only):
            parsed[name] = _parse_column(name, column_of(table, sources[name]), rules)
    for name, column in rules.contract.columns.items():
        if isinstance(column, Category) and column.repair is not None and name in parsed:
            by = parsed[column.repair.by]
            parsed[name] = repair_labels(column, parsed[name], by, rules.given(name))
    return _fill(parsed, rules)


def _parse_column(name: str, array: pa.Array, rules: Rules) -> ParsedColumn:
    if name in rules.looked_up and pa.types.is_string(array.type):
        array = array.dictionary_encode()
    indices = None
    if pa.types.is_dictionary(array.type):
        indices, array = array.indices.to_numpy(), array.dictionary
    return ParsedColumn(
        parse(
            rules.contract.columns[name],
            read_cells(rules.contract, name, array),
            rules.given(name),
        ),
        indices,
    )


def _fill(columns: dict[str, ParsedColumn], rules: Rules) -> dict[str, ParsedColumn]:
    """Fill in missing numbers by the contract's repairs, then apply those columns' rules."""

    def look_up(by: str, map_file: str, rows: Ints, scale: int | None) -> Figures:
        labels, indices = columns[by].vocabulary()
        numbers = rules.numbers[map_file]
        # An unknown label is null; the empty text is in no map.
        keys = [match_key(label or "") for label in labels.to_pylist()]
        known = [numbers.get(key, np.nan) for key in keys]
        return figures_of(known, scale).take(indices[rows])

    fills = [fill for fill in rules.contract.repairs if fill.column in columns]
    named = {name for fill in fills for name in (fill.column, *fill.inputs)}
    numbers = [name for name in named if rules.contract.columns[name].group == "number"]
    values = {name: columns[name].figures() for name in numbers}
    for name, changes in fill_missing(fills, values, rules.contract, look_up).items():
        before = columns[name]
        known = ParsedValues(
            values[name].floats,
            changes={**before.changes(), **changes},
            absent=before.absent(),
            whole=values[name].whole,
            scale=values[name].scale,
        )
        columns[name] = ParsedColumn(known, None)
    kinds = rules.contract.columns
    return {
        name: replace(column, parsed=finish(kinds[name], column.parsed, rules.reason_ids))
        for name, column in columns.items()
    }


def _check(columns: Mapping[str, ParsedColumn], reasons: Codes, rules: Rules) -> None:
    """Put the failures of all checks into `reasons`."""
    for check in rules.contract.checks.values():
        names = (check.column, *formula_columns(check.formula))
        exactly = rules.contract.is_exact(names)
        bad = contradicted(check, {name: columns[name].figures() for name in names}, exactly)
        _lower(reasons, coded(bad, rules.reason_ids[check.reason]))


def _count_repairs(
    columns: Mapping[str, ParsedColumn], is_clean: Bools, raw: RawBlock, rules: Rules
) -> Iterator[Repaired]:
    """Count the repairs of clean rows, with the raw cells of the first few."""
    contract = rules.contract
    personal = contract.personal_columns().keys()
    for name, column in columns.items():
        for how, mask in column.changes().items():
            rows = np.flatnonzero(mask & is_clean)
            if len(rows):
                first = rows[:N_EXAMPLES]
                cells = raw.table.column(contract.sources[name]).take(pa.array(first))
                values = column.take(first)
                if isinstance(values, Figures):
                    values = number_array(values, contract.columns[name].arrow_type())
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
    """Weigh the formats of a date column; examples of a personal column are masked."""
    evidence = weigh_column(parsed, indices, raw)
    source = rules.contract.sources[name]
    if source not in rules.file_masks:
        return evidence
    return tuple(one.masked(partial(rules.file_masks.value, source)) for one in evidence)


def derived_values(name: str, table: pa.Table, rules: Rules) -> Floats:
    """Compute a derived column of raw rows; NaN where an input is unreadable or a limit broken.

    `table` needs only the raw columns behind the formula.
    """
    inputs = formula_columns(rules.contract.derived[name].formula)
    columns = _parse_columns(table, rules, rules.contract.columns_behind(inputs))
    refused = np.full(table.num_rows, OK, dtype=np.uint8)
    for column in inputs:
        _lower(refused, columns[column].codes())
    values = _derive(name, columns, rules.contract)
    _hold_derived(name, values, refused, rules)
    return np.where(refused == OK, values.figures.floats, np.nan)


def _derive(name: str, columns: Mapping[str, ParsedColumn], contract: Contract) -> _Derived:
    """Compute a derived column; NaN where an input is unknown."""
    derived = contract.derived[name]
    inputs = {source: columns[source].figures() for source in formula_columns(derived.formula)}
    if (places := contract.derived_places(name)) is not None:
        exact = evaluate_exactly(derived.formula, inputs, places, "half_even")
        return _Derived(exact, ~np.isnan(exact.floats))
    values = evaluate_formula(derived.formula, inputs)
    if derived.decimals is not None:
        values = round_half_even(values, derived.decimals) + 0.0
    known = None
    if not np.isfinite(values).all():
        known = np.logical_and.reduce([~np.isnan(one.floats) for one in inputs.values()])
    return _Derived(Figures(values), known)


def _hold_derived(name: str, found: _Derived, reasons: Codes, rules: Rules) -> None:
    """Reject rows whose derived value breaks its limits or is not finite; unknown inputs do not
    count.
    """
    bad = ~within_limits(rules.contract.derived[name], found.figures)
    if found.known is not None:
        bad = (bad | np.isinf(found.figures.floats)) & found.known
    _lower(reasons, coded(bad, rules.reason_ids[rules.contract.derived_reasons[name]]))


def _reject_structure(reasons: Codes, raw: RawBlock, rules: Rules) -> None:
    """Reject repeated headers and blank records."""
    for reason, rows in (
        (REPEATED_HEADER, repeated_headers(raw.table, raw.written)),
        (BLANK_ROW, rows_that_read(raw.table, dict.fromkeys(raw.table.column_names, ("",)))),
    ):
        reasons[rows] = np.minimum(reasons[rows], rules.reason_ids[reason])


def _reject_unrepresentable(
    reasons: Codes, columns: Mapping[str, ParsedColumn], rules: Rules
) -> None:
    """Reject whole numbers beyond int64 that no rule has rejected yet."""
    for name, column in rules.contract.columns.items():
        if isinstance(column, Integer) and column.reason is not None:
            figures = columns[name].figures()
            if figures.whole is not None:
                # A reason that the contract does not name gives way to the column's own.
                left = reasons >= len(STRUCTURAL_REASONS) + len(rules.contract.reasons)
                reasons[figures.beyond & left] = rules.reason_ids[column.reason]
