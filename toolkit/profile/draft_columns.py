"""What a draft says of one column: how it is read, what is rejected, and the evidence for both."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from rapidfuzz.distance import Levenshtein

from toolkit.contract import Dated, Numeric
from toolkit.lookups.spelling import match_key
from toolkit.profile.facts import ColumnFacts
from toolkit.profile.keys import is_like_an_id
from toolkit.profile.words import distinct, figure
from toolkit.units import human_count, human_share

MOST_LOST = 0.2
"""The share of its rows that a column may reject; one that lacks more is drafted as text."""

_SHARED_REASON = "invalid_cell"
_GENEROUS = 10
_YEARS_BEFORE, _YEARS_AFTER = 20, 1
_SHORTEST_FOR_EDITS = 5
_OPTIONAL_AMOUNT = re.compile(r"discount|rebate|tax|fee|shipping|tip|rabatt|remise", re.I)
_NUMBER_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]


@dataclass(frozen=True)
class DraftColumn:
    """One column of a drafted contract.

    `settings` are its keys in YAML; `rejects` has for each reason the rows that it is known to
    reject; `names` are to be the lookup that `settings` call `values`.
    """

    name: str
    settings: dict[str, Any]
    comments: tuple[str, ...] = ()
    rejects: dict[str, int] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return str(self.settings["kind"])

    @property
    def always_there(self) -> bool:
        """Whether no clean row lacks a value."""
        return bool(self.rejects) or "default" in self.settings

    def marked(self, why: str) -> DraftColumn:
        """The same as a personal column, where there is a reason for it."""
        if not why:
            return self
        told = f"personal, as {why}: masked wherever rows are shown"
        settings = {**self.settings, "personal": True}
        return replace(self, settings=settings, comments=(*self.comments, told))

    def required(self, facts: ColumnFacts) -> DraftColumn:
        """The same; where it is text that some rows lack, these are rejected."""
        if self.kind != "text" or not facts.n_missing:
            return self
        reason = f"missing_{self.name}"
        settings = {**self.settings, "required": True, "reason": reason}
        return replace(self, settings=settings, rejects={reason: facts.n_missing})

    def for_one_reason(self) -> DraftColumn:
        """The same with a reason that it shares with other columns."""
        settings = {
            key: _SHARED_REASON if key in ("reason", "range_reason") else value
            for key, value in self.settings.items()
        }
        rejects = {_SHARED_REASON: sum(self.rejects.values())} if self.rejects else {}
        return replace(self, settings=settings, rejects=rejects)


def draft_column(column: ColumnFacts, dataset: str, as_of: date) -> DraftColumn:
    """The column as a contract could have it, strict only where the evidence says so."""
    kind = "text" if _is_an_id(column) else column.kind
    n_lost = column.n_missing + (column.n_unread if kind != "email" else 0)
    too_many = n_lost > MOST_LOST * column.n_rows
    match kind:
        case "number" | "integer" if too_many and _OPTIONAL_AMOUNT.search(column.name):
            settings = {**_number(column), "default": 0, **_limits(column)}
            told = [*_told(column), f"{human_count(n_lost)} rows without a number count as 0"]
            return _drafted(column, settings, told, f"invalid_{column.name}", 0)
        case "number" | "integer" if not too_many:
            settings = {**_number(column), **_limits(column)}
            return _drafted(column, settings, _told(column), f"invalid_{column.name}", n_lost)
        case "date" | "timestamp" if not too_many:
            return _dates(column, as_of, n_lost)
        case "category" | "boolean" if not too_many:
            return _category(column, dataset)
        case "email":
            told = [*_told(column), "what is no address becomes empty"]
            return _drafted(column, {"kind": "email"}, told)
    return _text(column, n_lost if too_many else 0)


def _drafted(
    column: ColumnFacts,
    settings: dict[str, Any],
    told: list[str],
    reason: str | None = None,
    n_rejected: int = 0,
) -> DraftColumn:
    source = {} if column.source == column.name else {"source": column.source}
    if reason is not None:
        settings = {**settings, "reason": reason}
    rejects = {} if reason is None else {reason: n_rejected}
    doubts = [f"doubt: {doubt}" for doubt in column.doubts]
    return DraftColumn(column.name, {**source, **settings}, (*told, *doubts), rejects)


def _told(column: ColumnFacts) -> list[str]:
    """What the cells are, in figures."""
    read = column.n_said - column.n_unread
    part = human_share(read, column.n_rows)
    told = [f"{part} of {human_count(column.n_rows)} cells are {column.kind}"]
    if column.n_empty:
        told[0] += f"; {human_count(column.n_empty)} are empty"
    if column.null_words:
        words = ", ".join(f"{word!r} {human_count(n)}" for word, n in column.null_words.items())
        told[0] += f"; null words: {words}"
    if column.n_unread:
        examples = ", ".join(map(str, column.unread[:3]))
        told.append(f"{human_count(column.n_unread)} others, such as {examples}")
    spread = column.spread
    if spread is not None and column.kind != "email":
        low, median, high = (
            figure(v, column.kind) for v in (spread.low, spread.quartiles[1], spread.high)
        )
        told.append(f"from {low} to {high}, half of them up to {median}")
    if spread is not None and column.kind in ("number", "integer"):
        for n, what in ((spread.n_below_zero, "below 0"), (spread.n_zero, "0")):
            if n and spread.low < 0:
                told.append(f"{human_count(n)} are {what}; above: 0 would reject them")
    return told


def _is_an_id(column: ColumnFacts) -> bool:
    """Whole numbers that nobody adds up: by their name, or because zeros lead them."""
    if column.kind != "integer":
        return False
    zeros = any(one.value.startswith("0") and len(one.value) > 1 for one in column.top)
    return zeros or is_like_an_id(column.source)


def _number(column: ColumnFacts) -> dict[str, Any]:
    read = column.reading.column
    settings: dict[str, Any] = {"kind": column.kind}
    if isinstance(read, Numeric):
        if read.decimal != ".":
            settings["decimal"] = read.decimal
        if read.thousands is not None:
            settings["thousands"] = read.thousands
        settings |= {
            key: list(value)
            for key, value in (("prefix", read.prefix), ("suffix", read.suffix))
            if value
        }
    words = {one.value.lower() for one in column.unread} & {*_NUMBER_WORDS}
    if words:
        settings["words"] = {word: _NUMBER_WORDS.index(word) for word in sorted(words)}
    return settings


def _limits(column: ColumnFacts) -> dict[str, float]:
    """Limits far beyond what was seen."""
    if column.spread is None:
        return {}
    low, high = column.spread.low, column.spread.high
    limits: dict[str, float] = {}
    if low > 0:
        limits["above"] = 0
    else:
        limits["min"] = 0 if low == 0 else -_round_up(-low * _GENEROUS)
    limits["max"] = 0 if high < 0 else _round_up(max(high, 1) * _GENEROUS)
    return limits


def _round_up(value: float) -> int | float:
    """To the next power of ten."""
    power = 10 ** math.ceil(math.log10(value) - 1e-9)
    return power if power < 10**15 else float(power)


def _dates(column: ColumnFacts, as_of: date, n_lost: int) -> DraftColumn:
    read, spread = column.reading.column, column.spread
    if not isinstance(read, Dated) or spread is None:
        raise AssertionError(f"column {column.name} has no dates")
    told = _told(column)
    settings: dict[str, Any] = {"kind": column.kind, "formats": list(read.formats)}
    for order in column.day_orders:
        decided = order.decided + order.contradict
        told.append(
            f"{order.date_format}: {human_count(order.decided)} cells prove this order of day and "
            f"month, {human_count(order.contradict)} the other, {human_count(order.either)} read "
            "both ways"
        )
        if order.contradict:
            allowed = math.ceil(order.contradict / decided * 120) / 100
            settings["max_contradictions"] = min(
                1.0, max(allowed, settings.get("max_contradictions", 0.0))
            )
    first, last = (int(figure(v, "date")[:4]) for v in (spread.low, spread.high))
    settings["reason"] = f"invalid_{column.name}"
    settings["years_before"] = max(_YEARS_BEFORE, as_of.year - first + _GENEROUS)
    settings["years_after"] = max(_YEARS_AFTER, last - as_of.year + 1)
    settings["range_reason"] = f"{column.name}_out_of_range"
    drafted = _drafted(column, settings, told)
    rejects = {settings["reason"]: n_lost, settings["range_reason"]: 0}
    return DraftColumn(drafted.name, drafted.settings, drafted.comments, rejects)


def _category(column: ColumnFacts, dataset: str) -> DraftColumn:
    values = tuple(one.value for one in column.names)
    edits = _edits(column)
    near = sum(rows for _, name, rows in column.spellings if name)
    unknown = sum(rows for _, name, rows in column.spellings if not name) + (0 if edits else near)
    settings: dict[str, Any] = {"kind": "category", "values": f"{dataset}_{column.name}.json"}
    told = [*_told(column), f"{len(values)} names are in the lookup"]
    if edits:
        settings["max_edits"] = edits
        told.append(f"{human_count(near)} rows have a spelling within {edits} edits of a name")
    if unknown:
        examples = ", ".join(repr(v) for v, name, _ in column.spellings if not (edits and name))
        told.append(f"{human_count(unknown)} rows have other values, such as {examples[:100]}")
    n_rejected = column.n_missing + unknown
    drafted = _drafted(column, settings, told, f"unknown_{column.name}", n_rejected)
    return DraftColumn(
        drafted.name, drafted.settings, drafted.comments, drafted.rejects, names=values
    )


def _edits(column: ColumnFacts) -> int:
    """How many edits bring the rare spellings to their names; 0 where names are too short."""
    needed = [
        Levenshtein.distance(match_key(value), match_key(name))
        for value, name, _ in column.spellings
        if name
    ]
    names = [match_key(one.value) for one in column.names]
    if not needed or min(map(len, names)) < _SHORTEST_FOR_EDITS:
        return 0
    return max(needed)


def _text(column: ColumnFacts, n_lost: int) -> DraftColumn:
    settings: dict[str, Any] = {"kind": "text"}
    said = human_share(column.n_said, column.n_rows)
    told = [f"{said} of {human_count(column.n_rows)} cells are filled, {distinct(column)} distinct"]
    if column.null_words:
        words = ", ".join(f"{word!r} {human_count(n)}" for word, n in column.null_words.items())
        told[0] += f"; null words: {words}"
    if column.kind == "integer" and all(one.value.endswith(".0") for one in column.top):
        settings["suffix"] = [".0"]
    if column.kind not in ("text", "empty"):
        told += _why_text(column, n_lost)
    told += _as_written(column)
    return _drafted(column, settings, told)


def _why_text(column: ColumnFacts, n_lost: int) -> Iterator[str]:
    if n_lost:
        yield (
            f"doubt: would be {column.kind}, but {human_count(n_lost)} rows "
            f"({human_share(n_lost, column.n_rows)}) have no such value and would be rejected"
        )
        return
    yield f"{column.kind}s that name something: kept as text"
    if column.n_unread:
        examples = ", ".join(map(str, column.unread[:3]))
        yield f"{human_count(column.n_unread)} are no {column.kind}, such as {examples}"
        letters = {one.value[:1] for one in column.unread}
        if len(letters) == 1 and letters.pop().isalpha():
            letter = column.unread[0].value[0]
            yield f'doubt: reject: {{some_reason: "^{letter}"}} would reject those'


def _as_written(column: ColumnFacts) -> Iterator[str]:
    """White space and case that could be put right at the source."""
    for n, what in (
        (column.n_blank_ends, "have blanks at an end, which are taken off"),
        (column.n_inner_blanks, "have several blanks in a row inside"),
        (column.n_odd_characters, "have control characters or odd blanks inside"),
    ):
        if n:
            yield f"{human_count(n)} cells {what}"
    if column.case_variants:
        shown = ", ".join(map(repr, column.case_variants[0][:3]))
        yield f"doubt: values differ in case alone, such as {shown}"
