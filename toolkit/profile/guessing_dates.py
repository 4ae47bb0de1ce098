"""Guess the formats of a column of dates, and whether day or month comes first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from toolkit.clean.date_order import Course, OrderEvidence, courses, describe_courses, weigh_order
from toolkit.clean.parsed import bools
from toolkit.contract import Date, Timestamp
from toolkit.contract.date_format import swapped
from toolkit.profile.cells import shapes_of
from toolkit.profile.doubts import Doubt
from toolkit.profile.guess import RARE, DistinctCells, Guess, Order
from toolkit.profile.readings import Reading, Tally
from toolkit.units import human_count, human_number

_MOST_SHAPES = 400
_DAY_PARTS = (
    (re.compile(r"(\d{4})([-/. ])(\d{1,2})\2(\d{1,2})"), ("%Y{0}%m{0}%d", "%Y{0}%d{0}%m")),
    (re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})"), ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y")),
    (re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{2})"), ("%d{0}%m{0}%y", "%m{0}%d{0}%y")),
    (re.compile(r"(\d{1,2})([-/. ])([A-Za-z]{3})\2(\d{4})"), ("%d{0}%b{0}%Y",)),
    (re.compile(r"(\d{1,2})([-/. ])([A-Za-z]{3})\2(\d{2})"), ("%d{0}%b{0}%y",)),
    (re.compile(r"(\d{1,2})([-/. ])([A-Za-z]{4,9})\2(\d{4})"), ("%d{0}%B{0}%Y",)),
    (re.compile(r"([A-Za-z]{3})( )(\d{1,2}), (\d{4})"), ("%b %d, %Y",)),
    (re.compile(r"([A-Za-z]{4,9})( )(\d{1,2}), (\d{4})"), ("%B %d, %Y",)),
    (re.compile(r"(\d{4})()(\d{2})(\d{2})"), ("%Y%m%d",)),
)
_TIME = re.compile(r"([T ])(\d{1,2}):\d{2}(:\d{2}(\.\d{1,6})?)?( ?[AaPp][Mm])?(Z)?")
_OFFSET = (
    r"(?P<clock>:[0-9]{2}(?:\.[0-9]+)?(?: ?[AaPp][Mm])?)"
    r"(?P<offset> ?(?:[+-][0-9]{2}:?[0-9]{2}|UTC|GMT))$"
)
_LIKE_DAYS = (
    r"^(?:[A-Za-z]{2,9}\.?,? )?[0-9]{1,4}[-/. ]{1,2}[0-9]{1,2}[-/. ]{1,2}[0-9]{1,4}([T ,].*)?$"
    r"|^[0-9]{8}T?[0-9]{6}"
    r"|^(?:\pL{2,9}\.?,? )?[0-9]{1,2}\.? \pL{3,10}\.?,? [0-9]{4}"
    r"|^(?:\pL{2,9}\.?,? )?\pL{3,10}\.? [0-9]{1,2},? [0-9]{4}"
    r"|^[0-9]{4}[-/](?:0[1-9]|1[0-2])$|^[A-Z][a-z]{2}[- ][0-9]{2,4}$|^Q[1-4][- /]?[0-9]{4}$"
)
_A_YEAR = r"(?:19|20)[0-9]{2}|^[A-Z][a-z]{2}[- ][0-9]{2}$"
_NEARLY = 0.9
_CONTRADICTED = 0.1
_LEAST_STEPS, _MANY_DAYS, _SOME_DAYS = 4, 10, 3
_DAYS_IN_MONTH = range(1, 32)


@dataclass(frozen=True)
class _Pair:
    """Two formats that differ in the order of day and month, and the evidence for each."""

    day_first: OrderEvidence
    month_first: OrderEvidence

    @property
    def n_either(self) -> int:
        return self.day_first.n_either

    @property
    def proofs(self) -> dict[Order, int]:
        return {"day": self.day_first.n_agreeing, "month": self.month_first.n_agreeing}

    @property
    def is_contradictory(self) -> bool:
        """Return whether enough cells prove each order that both must occur."""
        few, many = sorted(self.proofs.values())
        return few > _CONTRADICTED * (few + many)

    @property
    def proven(self) -> Order | None:
        day, month = self.proofs["day"], self.proofs["month"]
        return None if not day and not month else "month" if month > day else "day"

    @property
    def likely(self) -> Order | None:
        """The order that suits the course of the days clearly better."""
        both = courses(self.day_first)
        if both is None or both[0].n_steps < _LEAST_STEPS:
            return None
        day, month = both
        if _suits(day, month) != _suits(month, day):
            return "day" if _suits(day, month) else "month"
        return None

    def evidence(self, order: Order) -> OrderEvidence:
        return self.day_first if order == "day" else self.month_first


def guess_dates(cells: DistinctCells, order: Order | None = None) -> Guess | None:
    """Find the formats that read cells, each in the proven order of day and month.

    The proof of one format decides for all, else `order`, which other columns prove, or the course
    of the days. Where nothing decides, the guess is refused.
    """
    cells, suffixes, offset_doubts = _without_offsets(cells)
    groups = _groups(cells)
    if not groups:
        return None
    plain = [formats[0] for formats in groups if not _is_ambiguous(formats)]
    chosen, doubts = dict(zip(plain, plain, strict=True)), list(offset_doubts)
    iso = [found for formats in groups if (found := _year_first(formats, cells)) is not None]
    for usual, proven in iso:
        chosen[usual.date_format] = proven.date_format
    pairs = [_weighed(formats, cells) for formats in groups if _is_ambiguous(formats)]
    decided = _Order.of(pairs, order)
    for pair in pairs:
        best = pair.evidence(decided.order or "day")
        chosen[pair.day_first.date_format] = best.date_format
    doubts += decided.doubts
    doubts += [doubt for one in iso if (doubt := _iso_doubt(one[1], pairs)) is not None]
    formats = tuple(chosen[formats[0]] for formats in groups)
    return _as_guess(cells, formats, suffixes, doubts, decided.refused or _year_could_come_first(
        cells, pairs))  # fmt: skip


def _as_guess(
    cells: DistinctCells,
    formats: tuple[str, ...],
    suffixes: tuple[str, ...],
    doubts: list[Doubt],
    refused: Doubt | None,
) -> Guess | None:
    column: Date | Timestamp = Date(kind="date", formats=formats, suffix=suffixes)
    if any("%H" in one or "%I" in one for one in formats):
        column = Timestamp(kind="timestamp", formats=formats, suffix=suffixes)
    reading = Reading(column)
    tally = cells.tally(reading)
    if formats == ("%Y%m%d",):
        if not _are_recent(tally):
            return None
        doubts.append(Doubt("eight digits that all make days; they could be numbers", tally.n_read))
    return Guess(reading, tally, tuple(doubts), refused, undecided=refused is not None)


def _groups(cells: DistinctCells) -> list[tuple[str, ...]]:
    """Return the formats that could read enough cells, those of most cells first."""
    shapes = shapes_of(cells.values).dictionary_encode()
    if len(shapes.dictionary) > _MOST_SHAPES:
        return []
    groups: Counter[tuple[str, ...]] = Counter()
    rows = np.bincount(shapes.indices.to_numpy(), cells.rows, len(shapes.dictionary))
    examples = np.zeros(len(shapes.dictionary), np.int64)
    examples[shapes.indices.to_numpy()[::-1]] = np.arange(len(cells.values))[::-1]
    for example, n_rows in zip(examples.tolist(), rows.tolist(), strict=True):
        for formats in _formats_of(cells.values[example].as_py()):
            groups[formats] += int(n_rows)
    ordered = sorted(groups.items(), key=lambda item: (-item[1], item[0]))
    return [formats for formats, n_rows in ordered if n_rows >= RARE * cells.n_rows]


def _formats_of(value: str) -> Iterator[tuple[str, ...]]:
    for pattern, formats in _DAY_PARTS:
        found = pattern.match(value)
        if found is None:
            continue
        rest = value[found.end() :]
        time = _TIME.fullmatch(rest)
        if rest and time is None:
            continue
        tail = _time_format(time) if time is not None else ""
        yield tuple(one.format(found[2]) + tail for one in formats)


def _time_format(found: re.Match[str]) -> str:
    half = found[5]
    text = found[1] + ("%I" if half else "%H") + ":%M"
    text += ":%S" if found[3] else ""
    text += ".%f" if found[4] else ""
    text += (" " * half.startswith(" ") + "%p") if half else ""
    return text + (found[6] or "")


def _is_ambiguous(formats: tuple[str, ...]) -> bool:
    return len(formats) == 2 and swapped(formats[0]) is not None and formats[0].startswith("%d")


def _weighed(formats: tuple[str, ...], cells: DistinctCells) -> _Pair:
    day, month = (
        weigh_order(one, cells.values, cells.rows, cells.places) or OrderEvidence(one)
        for one in formats
    )
    return _Pair(day, month)


def _year_first(
    formats: tuple[str, ...], cells: DistinctCells
) -> tuple[OrderEvidence, OrderEvidence] | None:
    """Return the evidence for year, month, day, and for the order that more cells prove."""
    if len(formats) != 2 or not formats[0].startswith("%Y"):
        return None
    usual, other = (
        weigh_order(one, cells.values, cells.rows, cells.places) or OrderEvidence(one)
        for one in formats
    )
    return usual, other if other.n_agreeing > usual.n_agreeing else usual


def _suits(one: Course, other: Course) -> bool:
    """Return whether the first course is clearly better: less than half the steps back, or half the
    months unless it has more steps back.
    """
    if 2 * one.n_steps_back < other.n_steps_back:
        return True
    return 2 * one.n_months <= other.n_months and 2 * other.n_steps_back >= one.n_steps_back


@dataclass(frozen=True)
class _Order:
    """The order of day and month of a column, or why it has none."""

    order: Order | None
    doubts: tuple[Doubt, ...] = ()
    refused: Doubt | None = None

    @classmethod
    def of(cls, pairs: Sequence[_Pair], given: Order | None) -> _Order:
        if not pairs:
            return cls(None)
        both = next((pair for pair in pairs if pair.is_contradictory), None)
        proven: set[Order] = {pair.proven for pair in pairs if pair.proven is not None}
        open_ones = [pair for pair in pairs if pair.proven is None]
        if both is not None or len(proven) > 1:
            return cls(None, refused=_both_orders(pairs))
        if proven:
            [order] = proven
            return cls(order, tuple(_by_siblings(pair, order, pairs) for pair in open_ones))
        n_either = sum(pair.n_either for pair in pairs)
        first = pairs[0]
        names = f"{first.day_first.date_format} from {first.month_first.date_format}"
        unproven = f"no cell distinguishes {names}: all {human_count(n_either)} read both ways"
        if given is not None:
            best = first.evidence(given).date_format
            text = f"{unproven}; {best} is taken, as another column proves {given}s first"
            return cls(given, (Doubt(text, n_either),))
        likely: set[Order] = {pair.likely for pair in pairs if pair.likely is not None}
        if len(likely) != 1:
            text = f"{unproven}, so they are left as text; kind: date and formats would read them"
            return cls(None, refused=Doubt(text, n_either))
        [order] = likely
        evidence = first.evidence(order)
        best, ran = evidence.date_format, courses(evidence)
        why = "" if ran is None else f": {describe_courses(best, *ran)}"
        text = f"{unproven}, and {best} is a guess{why}"
        return cls(order, (Doubt(text, n_either),))


def _both_orders(pairs: Sequence[_Pair]) -> Doubt:
    day, month = (sum(pair.proofs[order] for pair in pairs) for order in ("day", "month"))
    n_either = sum(pair.n_either for pair in pairs)
    return Doubt(
        f"{human_number(day, 'cell')} can only be day/month, {human_count(month)} only month/day, "
        f"and {human_count(n_either)} read both ways, so they are left as text",
        day + month + n_either,
    )


def _by_siblings(pair: _Pair, order: Order, pairs: Sequence[_Pair]) -> Doubt:
    n_proofs = sum(one.proofs[order] for one in pairs)
    proving = next(one for one in pairs if one.proven == order).evidence(order).date_format
    return Doubt(
        f"no cell distinguishes {pair.day_first.date_format} from {pair.month_first.date_format}: "
        f"all {human_count(pair.n_either)} read both ways; {pair.evidence(order).date_format} is "
        f"taken, as {human_number(n_proofs, 'cell')} of the column prove {proving}",
        pair.n_either,
    )


def _iso_doubt(evidence: OrderEvidence, pairs: Sequence[_Pair]) -> Doubt | None:
    """Doubt days of which none is above 12: a program may have swapped day and month."""
    both = courses(evidence)
    if evidence.n_deciding or both is None:
        return None
    n_days = len(evidence.days)
    halved = any(pair.proven and not pair.n_either for pair in pairs)
    runs_well = 2 * both[0].n_months <= both[1].n_months
    if n_days < (_SOME_DAYS if halved else _MANY_DAYS) or runs_well:
        return None
    if {_day_of_month(day) for day in evidence.days} == {1}:
        return None
    text = f"none of {human_count(n_days)} different days is above the 12th of its month"
    if halved:
        text += ", and all that are written otherwise are: the mark of dates half converted"
    why = describe_courses(evidence.date_format, *both)
    return Doubt(f"{text}; day and month may have been swapped: {why}", evidence.n_either)


def _day_of_month(day: int) -> int:
    return int(str(np.datetime64(day, "D"))[-2:])


def _year_could_come_first(cells: DistinctCells, pairs: Sequence[_Pair]) -> Doubt | None:
    """Doubt dates of two-digit parts whose first part has fewer values than the last."""
    if not any("%y" in pair.day_first.date_format for pair in pairs):
        return None
    parts = pc.extract_regex(
        cells.values, pattern=r"^(?P<a>[0-9]{2})[-/. ](?P<b>[0-9]{2})[-/. ](?P<c>[0-9]{2})\b"
    )
    if parts.null_count:
        return None
    first, second, last = (
        {int(text) for text in pc.unique(pc.struct_field(parts, name)).to_pylist()}
        for name in ("a", "b", "c")
    )
    could = last <= {*_DAYS_IN_MONTH} and second <= {*range(1, 13)}
    if not could or 2 * len(first) > len(last):
        return None
    text = (
        f"the first two digits take {human_number(len(first), 'value')} and the last "
        f"{human_count(len(last))}, so the year may come first (%y-%m-%d); left as text"
    )
    return Doubt(text, cells.n_rows)


def _without_offsets(cells: DistinctCells) -> tuple[DistinctCells, tuple[str, ...], list[Doubt]]:
    """Return times without their UTC offsets, if these are of one place."""
    parts = pc.extract_regex(cells.values, pattern=_OFFSET)
    rows: Counter[str] = Counter()
    offsets = pc.struct_field(parts, "offset").dictionary_encode()
    known = bools(parts.is_valid())
    if cells.rows[known].sum() < _NEARLY * cells.n_rows:
        return cells, (), []
    indices = pc.fill_null(offsets.indices, 0).to_numpy()[known]
    counts = np.bincount(indices, cells.rows[known], len(offsets.dictionary))
    rows.update(dict(zip(offsets.dictionary.to_pylist(), map(int, counts), strict=True)))
    minutes = {_minutes(offset) for offset in rows}
    if max(minutes) - min(minutes) > 60:
        return cells, (), []
    plain = pc.replace_substring_regex(cells.values, _OFFSET, r"\1")
    shown = ", ".join(f"{offset.strip()} {human_count(n)}" for offset, n in rows.most_common(3))
    text = f"times are read as the clock of their place showed; offsets are left out: {shown}"
    suffixes = tuple(sorted({offset.strip() for offset in rows}))
    return (
        DistinctCells(plain, cells.rows, cells.places),
        suffixes,
        [Doubt(text, sum(rows.values()))],
    )


def _minutes(offset: str) -> int:
    digits = offset.strip().replace(":", "")
    if digits in ("UTC", "GMT"):
        return 0
    return int(f"{digits[0]}1") * (60 * int(digits[1:3]) + int(digits[3:5]))


def doubt_unread_days(cells: DistinctCells) -> Doubt | None:
    """Doubt text that looks like days or times which no format of a contract reads."""
    if len(cells.values) == 0:
        return None
    like = bools(pc.match_substring_regex(cells.values, _LIKE_DAYS))
    like &= bools(pc.match_substring_regex(cells.values, _A_YEAR))
    n_rows = int(cells.rows[like].sum())
    if n_rows < _NEARLY * cells.n_rows:
        return None
    example = cells.values[int(np.flatnonzero(like)[0])].as_py()
    text = f"looks like days or times, such as {example!r}, but no format reads them all as one"
    return Doubt(f"{text} clock's; left as text, so nothing is counted by month", n_rows)


def _are_recent(tally: Tally) -> bool:
    """Return whether all days are between 1950 and 2100."""
    if tally.low is None or tally.high is None or tally.n_unread:
        return False
    year = 365.25 * 86_400_000_000
    return tally.low > -20 * year and tally.high < 130 * year
