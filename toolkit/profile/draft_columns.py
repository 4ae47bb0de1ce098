"""Draft the settings of one column: how it is read, what is rejected, and the evidence for both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from rapidfuzz.distance import Levenshtein

from toolkit.contract import Date, Dated, Number, Numeric
from toolkit.contract.references import NUMERIC
from toolkit.lookups.spelling import match_key
from toolkit.profile.doubts import Doubt
from toolkit.profile.facts import ColumnFacts
from toolkit.profile.first_lines import FirstLines
from toolkit.profile.keys import is_like_an_id
from toolkit.profile.phrases import column_doubts, distinct, figure, shorter_codes
from toolkit.units import human_count, human_number, human_share

_SHARED_REASON = "invalid_cell"
_GENEROUS = 10
# A drafted max_contradictions is a fifth above the share seen (and rounded up to a whole percent),
# so that the next file of the feed does not fail for one more contradiction.
_ALLOWED_PERCENT = 120
_YEARS_BEFORE, _YEARS_AFTER = 20, 1
_SHORTEST_FOR_EDITS = 5
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

    `settings` are its keys in YAML; `rejects` has for each reason the rows that it would reject;
    `names` become the lookup that `settings` call `values`.
    """

    name: str
    settings: dict[str, Any]
    comments: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    rejects: dict[str, int] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return str(self.settings["kind"])

    @property
    def always_there(self) -> bool:
        """Return whether every clean row has a value."""
        if self.kind == "text":
            return bool(self.settings.get("required"))
        return bool(self.rejects) and "optional" not in self.settings

    def marked(self, why: str) -> DraftColumn:
        """Mark the column as personal, if there is a reason `why`."""
        if not why:
            return self
        comment = f"personal, as {why}: masked wherever rows are shown"
        settings = {**self.settings, "personal": True}
        return replace(self, settings=settings, comments=(*self.comments, comment))

    def of_first_lines(self, column: ColumnFacts, found: FirstLines) -> DraftColumn:
        """Fill the column down from the first line of each order, but for figures: the sum of these
        counts an order once as they are.
        """
        without = found.n_orders - found.n_filled
        comment = (
            f"{human_count(found.n_filled)} of {human_count(found.n_orders)} first lines of a "
            f"{found.order} have a value, none of the {human_number(found.n_continued, 'other')}"
        )
        doubts = tuple(one for one in self.doubts if one != _missing(column))
        if "optional" in self.settings and without:
            text = f"{human_number(without, 'first line')} of a {found.order} without a value"
            doubts += (Doubt(f"{text}: kept; optional: false rejects them", without),)
        settings = dict(self.settings)
        if self.kind not in NUMERIC:
            settings["fill_down"] = {"by": found.order}
            if not without:
                settings.pop("optional", None)
        return replace(self, settings=settings, comments=(*self.comments, comment), doubts=doubts)

    def for_one_reason(self) -> DraftColumn:
        """Replace its reason by one that it shares with other columns."""
        settings = {
            key: _SHARED_REASON if key in ("reason", "range_reason") else value
            for key, value in self.settings.items()
        }
        rejects = {_SHARED_REASON: sum(self.rejects.values())} if self.rejects else {}
        return replace(self, settings=settings, rejects=rejects)


def draft_column(column: ColumnFacts, dataset: str, as_of: date) -> DraftColumn:
    """Draft the column, strict only where the evidence supports it."""
    match "text" if _is_an_id(column) else column.kind:
        case "number" | "integer":
            settings = {**_number(column), **_limits(column)}
            reason, doubts = f"invalid_{column.name}", (*_signs(column), *_loses_digits(column))
            return _drafted(column, settings, _evidence(column), reason, doubts)
        case "date" | "timestamp":
            return _dates(column, as_of)
        case "category" | "boolean":
            return _category(column, dataset)
        case "email":
            evidence = [*_evidence(column), "invalid addresses become empty"]
            return _drafted(column, {"kind": "email"}, evidence)
    return _text(column)


def _drafted(
    column: ColumnFacts,
    settings: dict[str, Any],
    comments: list[str],
    reason: str | None = None,
    doubts: Sequence[Doubt] = (),
) -> DraftColumn:
    """Add what all columns have: a source, null words of its own; empty cells are kept."""
    source = {} if column.source == column.name else {"source": column.source}
    settings = {**source, **settings}
    if column.null_words:
        settings["null_words"] = list(column.null_words)
    rejects = {}
    all_doubts = [*column_doubts(column), *doubts]
    if reason is not None:
        if column.n_missing:
            settings["optional"] = True
            all_doubts.append(_missing(column))
        settings["reason"] = reason
        rejects = {reason: column.n_unread}
    return DraftColumn(column.name, settings, tuple(comments), tuple(all_doubts), rejects)


def _missing(column: ColumnFacts) -> Doubt:
    n = column.n_missing
    share = human_share(n, column.n_rows)
    verb = "has" if n == 1 else "have"
    text = (
        f"{human_number(n, 'row')} ({share}) {verb} none and are kept; optional: false rejects them"
    )
    return Doubt(text.replace("and are kept", "and is kept") if n == 1 else text, n)


def _evidence(column: ColumnFacts) -> list[str]:
    """Describe the cells, in figures."""
    read = column.n_said - column.n_unread
    part = human_share(read, column.n_rows)
    lines = [f"{part} of {human_count(column.n_rows)} cells are {column.kind}"]
    if column.n_empty:
        lines[0] += f"; {human_count(column.n_empty)} are empty"
    if column.null_words:
        words = ", ".join(f"{word!r} {human_count(n)}" for word, n in column.null_words.items())
        lines[0] += f"; null words: {words}"
    if column.n_unread:
        examples = ", ".join(map(str, column.unread[:3]))
        lines.append(f"{human_count(column.n_unread)} others, such as {examples}")
    spread = column.spread
    if spread is not None and column.kind != "email":
        low, median, high = (
            figure(v, column.kind) for v in (spread.low, spread.quartiles[1], spread.high)
        )
        lines.append(f"from {low} to {high}, half of them up to {median}")
    return lines


def _signs(column: ColumnFacts) -> Iterator[Doubt]:
    spread = column.spread
    if spread is None or spread.low >= 0:
        return
    for n, what in ((spread.n_below_zero, "below 0"), (spread.n_zero, "0")):
        if n:
            verb = "is" if n == 1 else "are"
            yield Doubt(f"{human_count(n)} {verb} {what}; above: 0 would reject them", n)


def _is_an_id(column: ColumnFacts) -> bool:
    """Return whether whole numbers are identifiers, by their name or because of leading zeros."""
    if column.kind != "integer":
        return False
    names = column.n_leading_zeros + column.n_long_digits + column.n_shortened + column.n_phones
    return names > 0 or is_like_an_id(column.source) or shorter_codes(column)[1] > 0


def _number(column: ColumnFacts) -> dict[str, Any]:
    read = column.reading.column
    settings: dict[str, Any] = {"kind": column.kind}
    if isinstance(read, Numeric):
        plain = Number(kind="number").written
        settings |= {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in read.written.items()
            if value != plain[key]
        }
    words = {one.value.lower() for one in column.unread} & {*_NUMBER_WORDS}
    if words:
        named = {word: _NUMBER_WORDS.index(word) for word in sorted(words)}
        settings["words"] = {**settings.get("words", {}), **named}
    return settings


def _limits(column: ColumnFacts) -> dict[str, float]:
    """Return limits far beyond the values seen."""
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
    """Round up to the next power of ten."""
    power = 10 ** math.ceil(math.log10(value) - 1e-9)
    return power if power < 10**15 else float(power)


def _dates(column: ColumnFacts, as_of: date) -> DraftColumn:
    read, spread = column.reading.column, column.spread
    if not isinstance(read, Dated) or spread is None:
        raise AssertionError(f"column {column.name} has no dates")
    comments = _evidence(column)
    settings: dict[str, Any] = {"kind": column.kind, **_as_written_days(read)}
    for order in column.day_orders:
        decided = order.decided + order.contradict
        comments.append(
            f"{order.date_format}: {human_count(order.decided)} cells prove this order of day and "
            f"month, {human_count(order.contradict)} the other, {human_count(order.either)} read "
            "both ways"
        )
        if order.contradict:
            allowed = math.ceil(order.contradict / decided * _ALLOWED_PERCENT) / 100
            settings["max_contradictions"] = min(
                1.0, max(allowed, settings.get("max_contradictions", 0.0))
            )
    near = column.near_days or (spread.low, spread.high)
    first, last = (int(figure(v, "date")[:4]) for v in near)
    settings["years_before"] = max(_YEARS_BEFORE, as_of.year - first + _GENEROUS)
    settings["years_after"] = max(_YEARS_AFTER, last - as_of.year + 1)
    settings["range_reason"] = f"{column.name}_out_of_range"
    drafted = _drafted(
        column, settings, comments, f"invalid_{column.name}", [*_pivots(column, read)]
    )
    rejects = {**drafted.rejects, settings["range_reason"]: column.n_far_days}
    return replace(drafted, rejects=rejects)


def _as_written_days(read: Dated) -> dict[str, Any]:
    """Return the keys that say how days are written, those that are not as by default."""
    usual = Date(kind="date", formats=read.formats)
    settings: dict[str, Any] = {"formats": list(read.formats)}
    for key in ("prefix", "suffix", "languages", "source_zone", "report_zone", "zone_names"):
        if (value := getattr(read, key)) != getattr(usual, key):
            settings[key] = list(value) if isinstance(value, tuple) else value
    if read.whole is not None:
        settings["period"] = read.whole
    return settings


def _pivots(column: ColumnFacts, read: Dated) -> Iterator[Doubt]:
    """Doubt years of two digits where some of them are far from the others."""
    if column.n_far_days and any("%y" in one for one in read.formats):
        first = read.two_digit_years_from
        text = f"two-digit years are {first} to {first + 99}; two_digit_years_from moves them"
        yield Doubt(text, column.n_far_days)


def _category(column: ColumnFacts, dataset: str) -> DraftColumn:
    edits = _edits(column)
    near = sum(rows for _, name, rows in column.spellings if name)
    rare = [value for value, name, _ in column.spellings if not (edits and name)]
    values = tuple(sorted([*(one.value for one in column.names), *rare]))
    settings: dict[str, Any] = {"kind": "category", "values": f"{dataset}_{column.name}.json"}
    comments = [*_evidence(column), f"{len(values)} names are in the lookup"]
    if edits:
        settings["max_edits"] = edits
        comments.append(f"{human_count(near)} rows have a spelling within {edits} edits of a name")
    drafted = _drafted(column, settings, comments, f"unknown_{column.name}")
    return replace(drafted, names=values)


def _edits(column: ColumnFacts) -> int:
    """Return how many edits lead from rare spellings to their names; 0 where names are too
    short.
    """
    needed = [
        Levenshtein.distance(match_key(value), match_key(name))
        for value, name, _ in column.spellings
        if name
    ]
    names = [match_key(name) for _, name, _ in column.spellings if name]
    if not needed or min(map(len, names)) < _SHORTEST_FOR_EDITS:
        return 0
    return max(needed)


def _text(column: ColumnFacts) -> DraftColumn:
    settings: dict[str, Any] = {"kind": "text"}
    share = human_share(column.n_said, column.n_rows)
    comments = [
        f"{share} of {human_count(column.n_rows)} cells are filled, {distinct(column)} distinct"
    ]
    if column.null_words:
        words = ", ".join(f"{word!r} {human_count(n)}" for word, n in column.null_words.items())
        comments[0] += f"; null words: {words}"
    if column.kind == "integer" and 0 < column.n_point_zero == column.n_said - column.n_unread:
        settings["suffix"] = [".0"]
    doubts: list[Doubt] = []
    if column.kind == "integer":
        comments.append("integers that name something: left as text")
        doubts += _as_text(column)
    if column.n_odd_characters and is_like_an_id(column.source):
        n = column.n_odd_characters
        text = (
            f"{human_number(n, 'cell')} {'has' if n == 1 else 'have'} control characters or odd "
            "blanks inside: what looks the same may differ, and a repeated key may be missed"
        )
        doubts.append(Doubt(text, n))
    return _drafted(column, settings, [*comments, *_as_written(column)], doubts=doubts)


def _as_text(column: ColumnFacts) -> Iterator[Doubt]:
    """Return the reason to read whole numbers as text, or not to."""
    letters = {one.value[:1] for one in column.unread}
    if len(letters) == 1 and letters.copy().pop().isalpha():
        letter = column.unread[0].value[0]
        text = f'reject: {{some_reason: "^{letter}"}} would reject those'
        yield Doubt(text, column.n_unread)
    for n, what in (
        (column.n_leading_zeros, "begin with a zero"),
        (column.n_long_digits, "have 16 digits or more"),
        (column.n_phones, "begin with a plus sign, as phone numbers do"),
    ):
        if n:
            text = f"left as text, as {human_number(n, 'cell')} {what}; a number would lose digits"
            yield Doubt(text if n > 1 else text.replace("cell begin", "cell begins"), n)


def _loses_digits(column: ColumnFacts) -> Iterator[Doubt]:
    """Doubt codes among numbers with fractions."""
    for n, what in (
        (column.n_leading_zeros, "begin with a zero"),
        (column.n_long_digits, "have 16 digits or more"),
    ):
        if n and column.kind == "number":
            cells = human_number(n, "cell")
            yield Doubt(f"{cells} {what}, for which a number has no room; kind: text keeps them", n)


def _as_written(column: ColumnFacts) -> Iterator[str]:
    """Yield notes on white space and case that could be corrected at the source."""
    for n, what in (
        (column.n_blank_ends, "have blanks at an end, which are taken off"),
        (column.n_inner_blanks, "have several blanks in a row inside"),
        (column.n_odd_characters, "have control characters or odd blanks inside"),
    ):
        if n:
            yield f"{human_count(n)} cells {what}"
    if column.case_variants:
        shown = ", ".join(map(repr, column.case_variants[0][:3]))
        yield f"values differ in case alone, such as {shown}"
