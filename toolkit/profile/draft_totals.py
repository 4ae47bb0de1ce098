"""Draft rules that reject rows which are totals of other rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from rapidfuzz.distance import Levenshtein

from toolkit.lookups.spelling import match_key
from toolkit.profile.doubts import Doubt
from toolkit.profile.draft_columns import DraftColumn
from toolkit.profile.facts import ColumnFacts, Profile, TotalRow
from toolkit.units import human_number

TOTAL_ROW = "total_row"
"""Reason for rows with a label that only totals have."""
_BY_KIND = ("number", "integer", "date", "timestamp")
_MOST_LABELS = 50


def reject_totals(
    profile: Profile, columns: Mapping[str, DraftColumn]
) -> tuple[dict[str, DraftColumn], tuple[Doubt, ...]]:
    """Add rules that reject totals to the columns, and a doubt for totals that no rule can match.

    A label that only totals have rejects them, else a column that all other rows have.
    """
    drafted = dict(columns)
    labels: dict[str, dict[str, int]] = {}
    unheard: list[TotalRow] = []
    for row in profile.totals:
        column = row.column
        if column and _takes_label(drafted[column], labels.get(column, {}), row.label):
            found = labels.setdefault(column, {})
            found[row.label] = found.get(row.label, 0) + 1
            continue
        needed = _only_totals_lack(row, profile, drafted)
        if needed is not None:
            drafted[needed] = _needed(drafted[needed])
            continue
        own = _own_text(row, drafted)
        if own is None:
            unheard.append(row)
        else:
            labels.setdefault(own, {})[row.texts[own]] = 1
    for name, found in labels.items():
        drafted[name] = _rejecting(drafted[name], found)
    return drafted, tuple(_unmatched(unheard))


def _takes_label(column: DraftColumn, known: Mapping[str, int], label: str) -> bool:
    """Return whether a rule can use the label; a pattern allows only so many."""
    return column.kind in (*_BY_KIND, "category") or label in known or len(known) < _MOST_LABELS


def _only_totals_lack(
    row: TotalRow, profile: Profile, columns: Mapping[str, DraftColumn]
) -> str | None:
    """Return a column that is empty in this row and never in records."""
    lacking: list[ColumnFacts] = [
        column
        for column in profile.columns
        if column.name in row.empty
        and not column.n_missing
        and not column.null_words
        and columns[column.name].kind not in ("email",)
    ]
    return next((column.name for column in lacking), None)


def _own_text(row: TotalRow, columns: Mapping[str, DraftColumn]) -> str | None:
    """Return a text column whose value in this row no other row has."""
    for name, value in row.texts.items():
        if columns[name].kind == "text" and value:
            return name
    return None


def _needed(column: DraftColumn) -> DraftColumn:
    """Make a value required in the column, as written in the file where cells are parsed."""
    if column.kind != "text" or "required" in column.settings:
        return column
    reason = str(column.settings.get("reason", f"no_{column.name}"))
    settings = {**column.settings, "required": True, "reason": reason}
    comment = f"only totals have no {column.name}"
    return replace(
        column,
        settings=settings,
        comments=(*column.comments, comment),
        rejects={**column.rejects, reason: 0},
    )


def _rejecting(column: DraftColumn, labels: Mapping[str, int]) -> DraftColumn:
    """Reject totals by their labels in the column."""
    n = sum(labels.values())
    shown = ", ".join(map(repr, list(labels)[:3]))
    comment = f"{human_number(n, 'row')} of totals: {shown}"
    if column.kind in _BY_KIND or (column.kind == "category" and not _near(column, labels)):
        # A value in no lookup, or that is not a number or a day, is rejected anyway.
        reason = str(column.settings["reason"])
        rejects = {**column.rejects, reason: column.rejects.get(reason, 0) + n}
        return replace(column, comments=(*column.comments, comment), rejects=rejects)
    still_valid = ("source", "null_words", "personal", "required", "reason", "suffix")
    settings = {key: value for key, value in column.settings.items() if key in still_valid}
    if column.kind != "text":
        settings = {key: value for key, value in settings.items() if key != "reason"}
    spelt = {label.lower(): label for label in labels}
    pattern = "|".join(re.escape(label).replace(r"\ ", " ") for label in spelt.values())
    reject = {**column.settings.get("reject", {}), TOTAL_ROW: f"(?i)^(?:{pattern})$"}
    rejects = {} if column.kind != "text" else column.rejects
    return replace(
        column,
        settings={**settings, "kind": "text", "reject": reject},
        comments=(*column.comments, comment),
        rejects={TOTAL_ROW: n, **rejects},
        names=(),
    )


def _near(column: DraftColumn, labels: Mapping[str, int]) -> bool:
    """Return whether a label would be read as a misspelled name."""
    edits = column.settings.get("max_edits", 0)
    names = [*map(match_key, column.names)]
    return any(
        Levenshtein.distance(match_key(label), name) <= edits for label in labels for name in names
    )


def _unmatched(rows: list[TotalRow]) -> list[Doubt]:
    if not rows:
        return []
    places = ", ".join(f"row {row.example.row:,}" for row in rows[:3])
    one = len(rows) == 1
    text = (
        f"{human_number(len(rows), 'total')} of other rows cannot be told apart by a rule and "
        f"{'is' if one else 'are'} counted: {places}; take {'it' if one else 'them'} out of the "
        "file before a run"
    )
    return [Doubt(text, len(rows))]
