"""Guess the formats of a column of dates, and whether day or month comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from toolkit.clean.date_order import Course, OrderEvidence, courses, describe_courses, weigh_order
from toolkit.clean.parsed import bools
from toolkit.contract import Date, Timestamp
from toolkit.contract.date_format import SHEETS, Period, has_clock, split_format, tells_zone
from toolkit.profile.cells import shapes_of
from toolkit.profile.doubts import Doubt
from toolkit.profile.guess import RARE, DistinctCells, Guess, Order
from toolkit.profile.guessing_clock import is_named_for_months, is_named_for_time
from toolkit.profile.guessing_formats import Form, forms_of
from toolkit.profile.guessing_names import Names, names_in
from toolkit.profile.guessing_zones import zones_of
from toolkit.profile.readings import Reading, Tally
from toolkit.units import human_count, human_number

_MOST_SHAPES = 400
_SHEET_DAY = r"^[2-5][0-9]{4}(?:[.,][0-9]+)?$"
_YEAR_LAST = r"^(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|[12][0-9]|3[01])(?:19|20)[0-9]{2}$"
_YEAR_MONTH = r"^(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])$"
_FINER = r":[0-9]{2}[.,][0-9]{6}[0-9]*[1-9]"
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


def guess_dates(cells: DistinctCells, order: Order | None = None, source: str = "") -> Guess | None:
    """Find the formats that read cells, each in the proven order of day and month.

    The proof of one format decides for all, else `order`, which other columns prove, or the course
    of the days. Where nothing decides, the guess is refused. Eight digits that end with the year
    are days if `source`, the column's name, says so, and six that begin with it months.
    """
    groups = _groups(cells)
    if is_named_for_time(source) and _rows_in(cells, _YEAR_LAST) >= _NEARLY * cells.n_rows:
        groups = [Form(("%d%m%Y", "%m%d%Y"))]
    if is_named_for_months(source) and _rows_in(cells, _YEAR_MONTH) >= _NEARLY * cells.n_rows:
        groups = [Form(("%Y%m",), "month")]
    if not groups:
        return None
    names = names_in(cells, [one for form in groups for one in form.formats])
    if names.passed_over:
        cells = names.without_weekdays(cells)
        groups = _groups(cells)
    forms = [form.formats for form in groups]
    plain = [formats[0] for formats in forms if len(formats) == 1]
    chosen = dict(zip(plain, plain, strict=True))
    iso = [found for formats in forms if (found := _year_first(formats, cells)) is not None]
    for usual, proven in iso:
        chosen[usual.date_format] = proven.date_format
    pairs = [_weighed(formats, cells, names) for formats in forms if _is_ambiguous(formats)]
    decided = _Order.of(pairs, order)
    for pair in pairs:
        best = pair.evidence(decided.order or "day")
        chosen[pair.day_first.date_format] = best.date_format
    doubts = [*names.doubts, *decided.doubts]
    doubts += [doubt for one in iso if (doubt := _iso_doubt(one[1], pairs)) is not None]
    formats = names.fewest(cells, tuple(chosen[formats[0]] for formats in forms))
    refused = decided.refused or _year_could_come_first(cells, pairs)
    periods = {form.period for form in groups}
    if len(periods) > 1:
        refused = refused or _mixed(cells, groups)
    period = periods.pop() if len(periods) == 1 else None
    return _as_guess(cells, _column(formats, names, period), doubts, refused)


def _column(formats: tuple[str, ...], names: Names, period: Period | None) -> Date | Timestamp:
    keys: dict[str, Any] = {"languages": names.languages, "prefix": names.passed_over}
    if any(has_clock(one) for one in formats):
        return Timestamp(kind="timestamp", formats=formats, **keys)
    return Date(kind="date", formats=formats, period=period, **keys)


def _as_guess(
    cells: DistinctCells, column: Date | Timestamp, doubts: list[Doubt], refused: Doubt | None
) -> Guess | None:
    formats = column.formats
    if any(tells_zone(one) for one in formats):
        zones = zones_of(cells, column)
        column = zones.column
        doubts += zones.doubts
        refused = refused or zones.refused
    reading = Reading(column)
    tally = cells.tally(reading)
    if formats in (("%Y%m%d",), ("%Y%m%d%H%M%S",)):
        if not _are_recent(tally):
            return None
        digits = "eight" if formats == ("%Y%m%d",) else "fourteen"
        text = f"{digits} digits that all make days; they could be numbers"
        doubts.append(Doubt(text, tally.n_read))
    if isinstance(column, Date) and column.period is not None:
        shown = " and ".join(formats)
        text = f"whole {column.period}s, read as {shown}; clean values are the first days of them"
        doubts.append(Doubt(f"{text} (period: {column.period})", tally.n_read))
    if SHEETS[0] in formats:
        n = _rows_in(cells, _SHEET_DAY)
        text = (
            f"{human_number(n, 'cell')} of days as a spreadsheet counts them, read by {SHEETS[0]}; "
            "it may have swapped day and month when it read them"
        )
        doubts.append(Doubt(text, n))
    if n := _rows_in(cells, _FINER) if any("%f" in one for one in formats) else 0:
        text = f"{human_number(n, 'cell')} with digits of a second beyond six, which are cut off"
        doubts.append(Doubt(text))
    return Guess(reading, tally, tuple(doubts), refused, undecided=refused is not None)


def _mixed(cells: DistinctCells, groups: Sequence[Form]) -> Doubt:
    shown = ", ".join(
        f"{form.formats[0]} ({'days' if form.period is None else f'whole {form.period}s'})"
        for form in groups
    )
    text = f"days and whole months or quarters in one column: {shown}; left as text"
    return Doubt(f"{text}; period: month would read all as months", cells.n_rows)


def _groups(cells: DistinctCells) -> list[Form]:
    """Return the forms that could read enough cells, those of most cells first."""
    shapes = shapes_of(cells.values).dictionary_encode()
    if len(shapes.dictionary) > _MOST_SHAPES:
        return []
    groups: Counter[Form] = Counter()
    indices = shapes.indices.to_numpy()
    rows = np.bincount(indices, cells.rows, len(shapes.dictionary))
    examples = np.zeros(len(shapes.dictionary), np.int64)
    examples[indices[::-1]] = np.arange(len(cells.values))[::-1]
    for example, n_rows in zip(examples.tolist(), rows.tolist(), strict=True):
        for form in forms_of(cells.values[example].as_py()):
            groups[form] += int(n_rows)
    ordered = sorted(groups.items(), key=lambda item: (-item[1], item[0].formats))
    found = [form for form, n_rows in ordered if n_rows >= RARE * cells.n_rows]
    return [*found, *_of_sheets(cells, found)]


def _of_sheets(cells: DistinctCells, beside: Sequence[Form]) -> Iterator[Form]:
    """Yield the form of a spreadsheet's days, if enough cells are such beside days in full."""
    days = [form for form in beside if form.period is None and not tells_zone(form.formats[0])]
    if days and _rows_in(cells, _SHEET_DAY) >= RARE * cells.n_rows:
        yield Form((SHEETS[0],))


def _rows_in(cells: DistinctCells, expression: str) -> int:
    return int(cells.rows[bools(pc.match_substring_regex(cells.values, expression))].sum())


def _is_ambiguous(formats: tuple[str, ...]) -> bool:
    return len(formats) == 2 and not _has_year_first(formats[0])


def _has_year_first(date_format: str) -> bool:
    found = split_format(date_format)
    return "%Y" in found and found.index("%Y") < found.index("%d")


def _weighed(formats: tuple[str, ...], cells: DistinctCells, names: Names) -> _Pair:
    day, month = (
        weigh_order(one, cells.values, cells.rows, cells.places, languages=names.languages)
        or OrderEvidence(one)
        for one in formats
    )
    return _Pair(day, month)


def _year_first(
    formats: tuple[str, ...], cells: DistinctCells
) -> tuple[OrderEvidence, OrderEvidence] | None:
    """Return the evidence for year, month, day, and for the order that more cells prove."""
    if len(formats) != 2 or not _has_year_first(formats[0]):
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


def _are_recent(tally: Tally) -> bool:
    """Return whether all days are between 1950 and 2100."""
    if tally.low is None or tally.high is None or tally.n_unread:
        return False
    year = 365.25 * 86_400_000_000
    return tally.low > -20 * year and tally.high < 130 * year
