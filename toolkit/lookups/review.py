"""Values for a user to review: those in no lookup, and entries that the toolkit suggested."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from rich.table import Table

from toolkit.contract import Category, Contract
from toolkit.lookups.building import SpellingCounts
from toolkit.lookups.counts import AMOUNT, ROWS
from toolkit.lookups.loading import check_names
from toolkit.lookups.matching import Match, Matcher
from toolkit.lookups.planning import Counts, Plan
from toolkit.lookups.spelling import match_key
from toolkit.lookups.suggested import Mark
from toolkit.pages.masking import Masks
from toolkit.pages.visible import cell_for_people
from toolkit.report.terminal import plain_table
from toolkit.units import human_count

UNKNOWN, UNCERTAIN = "unknown", "uncertain"


@dataclass(frozen=True)
class ReviewEntry:
    """One value to review; `amount` is None where the contract has no column to sum.

    `stands_for` is its name in the lookup, present or drafted; empty where cleaning rejects it.
    """

    lookup: str
    column: str
    value: str
    state: str
    rows: int
    amount: float | None
    stands_for: str
    suggestion: str | None
    score: float
    runner_up: str | None
    runner_up_score: float


@dataclass(frozen=True)
class _Weights:
    """Rows and amounts by match key; `texts` are the most frequent spellings."""

    rows: Mapping[str, int]
    amounts: Mapping[str, int]
    texts: Mapping[str, str]


def entries_to_review(
    plan: Plan, counts: Counts, decimals: int | None, masks: Masks | None = None
) -> list[ReviewEntry]:
    """Return all values of a plan to review, most rows first; `decimals` are those of the amounts,
    if any.

    `masks` are those of clean columns.
    """
    masks = masks or Masks()
    entries: list[ReviewEntry] = []
    for name, draft in plan.drafts.items():
        column = plan.columns[name]
        weighed_by = _weighed_by(plan.contract, name, column)
        weights = _weigh(counts, weighed_by)
        n_before = len(entries)
        known_unknown = getattr(plan.contract.columns[column], "unknown", None)
        for raw, mark in draft.marks.items():
            state = UNKNOWN if mark.target == known_unknown else UNCERTAIN
            entries.append(_entry((name, column, raw, state), mark.target, mark, weights, decimals))
        entries += _categories_to_review(plan, name, weights, decimals)
        entries[n_before:] = [_masked(one, weighed_by[0], masks) for one in entries[n_before:]]
    return sorted(entries, key=lambda d: (-d.rows, -(d.amount or 0), d.lookup, d.value))


def _masked(entry: ReviewEntry, value_of: str, masks: Masks) -> ReviewEntry:
    """Mask the value of a personal column, and the names where their column is personal."""
    return replace(
        entry,
        value=masks.value(value_of, entry.value),
        stands_for=masks.value(entry.column, entry.stands_for),
        suggestion=masks.value(entry.column, entry.suggestion),
        runner_up=masks.value(entry.column, entry.runner_up),
    )


def write_review(entries: Sequence[ReviewEntry], path: Path) -> None:
    """Write all entries as CSV, with no cell that a spreadsheet would run as a formula."""
    names = [field.name for field in fields(ReviewEntry)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(
            [cell_for_people(getattr(entry, name)) for name in names] for entry in entries
        )


def review_table(entries: Sequence[ReviewEntry], amount: str | None, limit: int) -> Table:
    """Return the first entries as a table for a terminal."""
    table = plain_table()
    for heading in ("value", "of", "is"):
        table.add_column(heading, overflow="fold")
    for heading in ("rows", *([amount] if amount else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("stands for", "suggestion", "runner-up"):
        table.add_column(heading, overflow="fold")
    for entry in entries[:limit]:
        table.add_row(
            repr(entry.value),
            entry.column,
            entry.state,
            human_count(entry.rows),
            *([f"{entry.amount or 0:,.2f}"] if amount else []),
            entry.stands_for or "-",
            _scored(entry.suggestion, entry.score),
            _scored(entry.runner_up, entry.runner_up_score),
        )
    if len(entries) > limit:
        table.add_row(f"and {human_count(len(entries) - limit)} more")
    return table


def _scored(name: str | None, score: float) -> str:
    return "-" if name is None else f"{name} {score:.2f}"


def _weighed_by(contract: Contract, name: str, column: str) -> tuple[str, ...]:
    """Return the columns whose values weigh the entries of a file; the first column is matched."""
    kind = contract.columns[column]
    if isinstance(kind, Category) and kind.repair is not None and kind.repair.map == name:
        return (kind.repair.by, column)
    return (column,)


def _weigh(counts: Counts, group: tuple[str, ...]) -> _Weights:
    table = counts[group]
    amounts: dict[str, int] = defaultdict(int)
    values = table.column(0).to_pylist()
    if AMOUNT in table.column_names:
        for value, n in zip(values, table.column(AMOUNT).to_pylist(), strict=True):
            amounts[match_key(value)] += n
    rows: dict[str, int] = defaultdict(int)
    for value, n in zip(values, table.column(ROWS).to_pylist(), strict=True):
        rows[value] += n
    spellings = SpellingCounts.of(rows).spellings
    return _Weights(
        {key: spelling.rows for key, spelling in spellings.items()},
        amounts,
        {key: spelling.text for key, spelling in spellings.items()},
    )


def _categories_to_review(
    plan: Plan, name: str, weights: _Weights, decimals: int | None
) -> Iterator[ReviewEntry]:
    """Yield category values that cleaning rejects, or takes for a name that seems wrong.

    Categories have no map to add them to: only a new canonical name changes how they are cleaned.
    """
    column = plan.contract.columns[plan.columns[name]]
    if not isinstance(column, Category) or column.values != name:
        return
    lookup = check_names(plan.file(name, "names").text)
    keys = sorted(weights.rows.keys() - lookup.places.keys())
    places = lookup.find(keys, column.max_edits).tolist()
    # Words for 'unknown' match no name.
    words = dict.fromkeys(plan.rules.unknown_words)
    matches = Matcher(lookup.names, words).match_all(keys)
    for key, place, match in zip(keys, places, matches, strict=True):
        cleaned = lookup.names[place] if place >= 0 else None
        if cleaned is None or match.target != cleaned:
            state = UNCERTAIN if cleaned else UNKNOWN
            named = (name, plan.columns[name], weights.texts[key], state)
            yield _entry(named, cleaned or "", match, weights, decimals)


def _entry(
    named: tuple[str, str, str, str],
    stands_for: str,
    guess: Mark | Match,
    weights: _Weights,
    decimals: int | None,
) -> ReviewEntry:
    key = match_key(named[2])
    amount = None if decimals is None else weights.amounts.get(key, 0) / 10**decimals
    return ReviewEntry(
        *named,
        weights.rows.get(key, 0),
        amount,
        stands_for,
        guess.suggestion,
        guess.score,
        guess.runner_up,
        guess.runner_up_score,
    )
