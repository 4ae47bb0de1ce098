"""Draft suites for a contract: requirements on clean and rejected rows, and warnings about unusual
data.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolkit.contract import (
    MALFORMED,
    RAW_LINE_COLUMN,
    REASON_COLUMN,
    SOURCE_FILE_COLUMN,
    SOURCE_ROW_COLUMN,
    Contract,
    Dated,
    Integer,
    Number,
)
from toolkit.contract.formula import formula_columns
from toolkit.profile.cells import LONGEST_SHAPE
from toolkit.profile.draft_columns import DraftColumn
from toolkit.profile.facts import ColumnFacts, FormulaFacts, Profile

Suite = dict[str, Any]

_ABOUT = (
    "Drafted by new-dataset from one file. Words after $PARAMETER come from the contract, the "
    "lookups and the manifest of the run; docs/validation.md lists them."
)
_USUAL = 0.95
_ROOM = 0.1
_SEVERAL_TIMES, _AT_LEAST = 1.5, 0.02
_FAR_TOO_MANY = 0.3
_PERCENT = 100
_TOLERANCE = 0.01


def clean_suite(
    profile: Profile,
    columns: Mapping[str, DraftColumn],
    formulas: Sequence[FormulaFacts],
    contract: Contract,
) -> Suite:
    """Draft requirements on all clean rows of the contract, and warnings about unusual data."""
    found = [*_table(contract), *_key(contract)]
    for facts in profile.columns:
        found += _column(facts, columns[facts.name], contract)
    for name, derived in contract.derived.items():
        used = [name, *formula_columns(derived.formula)]
        kwargs = {
            "column_list": used, "formula": derived.formula, "decimals": derived.decimals,
            "ignore_row_if": "any_value_is_missing",
        }  # fmt: skip
        note = "The figure is what the row says it is, where none of its inputs is missing."
        found.append(_expect("multicolumn_values_to_match_formula", "critical", kwargs, note))
    found += [_compared(formula) for formula in formulas if formula.n_holding < formula.n_known]
    return {"name": f"{contract.name}.clean", "notes": _ABOUT, "expectations": found}


def _expect(what: str, severity: str, kwargs: Mapping[str, Any], notes: str) -> dict[str, Any]:
    return {
        "type": f"expect_{what}", "severity": severity, "kwargs": dict(kwargs), "notes": notes,
    }  # fmt: skip


def _compared(formula: FormulaFacts) -> dict[str, Any]:
    """Draft a warning for a formula that most rows satisfy; it rejects nothing."""
    share = math.floor((formula.n_holding / formula.n_known - _ROOM) * _PERCENT) / _PERCENT
    kwargs = {
        "column_list": [formula.column, *formula_columns(formula.formula)],
        "formula": formula.formula, "tolerance": _TOLERANCE, "mostly": share,
        "ignore_row_if": "any_value_is_missing",
    }  # fmt: skip
    note = "Nearly all rows of the first file keep it; the stored figure counts in any case."
    return _expect("multicolumn_values_to_match_formula", "info", kwargs, note)


def _parameter(text: str) -> dict[str, str]:
    return {"$PARAMETER": text}


def _table(contract: Contract) -> Iterator[dict[str, Any]]:
    yield _expect(
        "table_columns_to_match_ordered_list",
        "critical",
        {"column_list": contract.clean_schema().names},
        "Whoever reads the rows counts on these columns, perhaps by position.",
    )
    yield _expect(
        "table_row_count_to_be_between",
        "critical",
        {"min_value": 1},
        "Nothing at all passes every check about rows, so there must be rows.",
    )
    yield _expect(
        "table_row_count_to_equal",
        "critical",
        {"value": _parameter("rows_in - rows_rejected")},
        "Every row that went in is clean or rejected.",
    )


def _key(contract: Contract) -> Iterator[dict[str, Any]]:
    if contract.key is None or not contract.key.columns:
        return
    names = list(contract.key.columns)
    note = "A record that occurs twice is counted twice in every figure."
    if len(names) == 1:
        yield _expect("column_values_to_be_unique", "critical", {"column": names[0]}, note)
    else:
        yield _expect("compound_columns_to_be_unique", "critical", {"column_list": names}, note)


def _column(
    facts: ColumnFacts, drafted: DraftColumn, contract: Contract
) -> Iterator[dict[str, Any]]:
    name = drafted.name
    if drafted.always_there:
        note = "The contract rejects rows without it, or has a default for them."
        yield _expect("column_values_to_not_be_null", "critical", {"column": name}, note)
    match contract.columns[name]:
        case Number() | Integer() as column:
            yield from _numbers(facts, column)
        case Dated():
            kwargs = {
                "column": name, "min_value": _parameter(f"{name}_earliest"),
                "max_value": _parameter(f"{name}_latest"),
            }  # fmt: skip
            note = "Days far from as_of are misread dates."
            yield _expect("column_values_to_be_between", "critical", kwargs, note)
    match drafted.kind:
        case "category":
            kwargs = {"column": name, "value_set": _parameter(f"{name}_values")}
            note = "A spelling that is not in the lookup would split a total in two."
            yield _expect("column_values_to_be_in_set", "critical", kwargs, note)
        case "email":
            yield from _usually_there(facts, facts.n_missing + facts.n_unread)
        case "text":
            yield from _shape(facts)


def _numbers(facts: ColumnFacts, column: Number | Integer) -> Iterator[dict[str, Any]]:
    limits: dict[str, Any] = {"column": facts.name}
    if column.above is not None:
        limits |= {"min_value": column.above, "strict_min": True}
    if column.min is not None:
        limits["min_value"] = column.min
    if column.max is not None:
        limits["max_value"] = column.max
    if len(limits) > 1:
        note = "The contract's limits, repeated here so that nobody loosens them by accident."
        yield _expect("column_values_to_be_between", "critical", limits, note)
    if facts.spread is not None:
        seen = {
            "column": facts.name, "min_value": facts.spread.low, "max_value": facts.spread.high,
            "mostly": _USUAL,
        }  # fmt: skip
        note = "The range of the file that this was drafted from; a guess for others."
        yield _expect("column_values_to_be_between", "warning", seen, note)


def _usually_there(facts: ColumnFacts, n_lost: int) -> Iterator[dict[str, Any]]:
    mostly = round(1 - n_lost / max(1, facts.n_rows) - _ROOM, 2)
    if mostly > 0:
        kwargs = {"column": facts.name, "mostly": mostly}
        note = "When many more are missing than in the first file, the column has changed its form."
        yield _expect("column_values_to_not_be_null", "warning", kwargs, note)


def _shape(facts: ColumnFacts) -> Iterator[dict[str, Any]]:
    """Return the one shape of nearly all values, if it is specific."""
    if not facts.shapes or facts.kind not in ("text", "integer"):
        return
    shape, rows = facts.shapes[0].value.removesuffix(".9"), facts.shapes[0].rows
    # The shape of a longer value is truncated, so no pattern could match to its end.
    if facts.longest >= LONGEST_SHAPE:
        return
    if rows < _USUAL * facts.n_said or "9" not in shape or facts.missing > _ROOM:
        return
    signs = {"9": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}
    runs = re.findall(r"9+|A+|a+|.", shape, re.DOTALL)
    pattern = "".join(
        f"{signs[run[0]]}{{{len(run)}}}" if run[0] in signs else re.escape(run) for run in runs
    )
    kwargs = {"column": facts.name, "regex": rf"^{pattern}\Z", "mostly": round(_USUAL - _ROOM, 2)}
    note = "The shape of nearly all values in the first file; others may be valid."
    yield _expect("column_values_to_match_regex", "info", kwargs, note)


def rejected_suite(profile: Profile, rejects: Mapping[str, int], contract: Contract) -> Suite:
    """Draft requirements that rejected rows are complete, traceable, and not far more than in the
    first file.
    """
    file = profile.file
    n_left_out = file.n_records - file.n_rows
    expected = min(1.0, (sum(rejects.values()) + n_left_out) / max(1, file.n_records))
    found = [*_rows(contract), *_bounds(expected), *_facts(), *_malformed(contract)]
    return {"name": f"{contract.name}.rejected", "notes": _ABOUT, "expectations": found}


def _rows(contract: Contract) -> Iterator[dict[str, Any]]:
    yield _expect(
        "table_columns_to_match_set",
        "critical",
        {"column_set": contract.rejected_schema().names, "exact_match": False},
        "Repairing a row takes the raw row, its reason and its place.",
    )
    yield _expect(
        "table_row_count_to_equal",
        "critical",
        {"value": _parameter("rows_in - rows_clean")},
        "Every row that went in is clean or rejected.",
    )


def _bounds(expected: float) -> Iterator[dict[str, Any]]:
    usual = expected * _SEVERAL_TIMES + _AT_LEAST
    for severity, bound in (("warning", usual), ("critical", usual + _FAR_TOO_MANY)):
        if bound < 1:
            share = round(bound, 2)
            bounds = _expect(
                "table_row_count_to_be_between",
                severity,
                {"max_value": _parameter(f"rows_in * {share}")},
                "More would mean another kind of file than the one this was drafted from.",
            )
            yield {
                **bounds,
                "description": f"At most {share * _PERCENT:.0f} % of rows are rejected.",
            }


def _facts() -> Iterator[dict[str, Any]]:
    for column in (REASON_COLUMN, SOURCE_FILE_COLUMN, SOURCE_ROW_COLUMN):
        note = "A row without a reason or a place cannot be put right."
        yield _expect("column_values_to_not_be_null", "critical", {"column": column}, note)
    yield _expect(
        "column_values_to_be_in_set",
        "critical",
        {"column": REASON_COLUMN, "value_set": _parameter("reasons")},
        "Only reasons that the contract names can be looked up.",
    )
    yield _expect(
        "column_values_to_be_between",
        "critical",
        {"column": SOURCE_ROW_COLUMN, "min_value": 1, "max_value": _parameter("rows_in")},
        "Records are counted from 1, and no file has more of them than the whole run.",
    )
    yield _expect(
        "compound_columns_to_be_unique",
        "critical",
        {"column_list": [SOURCE_FILE_COLUMN, SOURCE_ROW_COLUMN]},
        "One record is rejected once, for its first reason.",
    )


def _malformed(contract: Contract) -> Iterator[dict[str, Any]]:
    others = {
        "type": "comparison", "column": {"name": REASON_COLUMN}, "operator": "!=",
        "parameter": MALFORMED,
    }  # fmt: skip
    first = next(iter(contract.sources.values()))
    yield _expect(
        "column_values_to_not_be_null",
        "critical",
        {"column": first, "row_condition": others},
        "A row that could be read keeps its cells, be they empty; null would mean they were lost.",
    )
    yield _expect(
        "column_values_to_be_null",
        "critical",
        {"column": RAW_LINE_COLUMN, "row_condition": others},
        "Only a record that could not be read as cells is kept as a line.",
    )
