"""Guess whose clock a column of moments is to be read by, from the offsets in its cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from toolkit.arrays import Ints
from toolkit.clean.counted_days import NO_DAY
from toolkit.clean.kinds.date import read_dates
from toolkit.clean.reported_days import MICROSECONDS_A_DAY
from toolkit.clean.zones import to_local
from toolkit.contract import Date, Timestamp
from toolkit.contract.date_format import has_clock, tells_zone
from toolkit.contract.zones import offset_minutes, zone_of
from toolkit.profile.doubts import Doubt
from toolkit.profile.guess import DistinctCells
from toolkit.units import human_count, human_number

_HOUR = 60
# Hours ahead of UTC, by the names that exports write; of those with other meanings, with these.
_HOURS: dict[str, float] = {
    "PST": -8, "PDT": -7, "MST": -7, "MDT": -6, "CST": -6, "CDT": -5, "EST": -5, "EDT": -4,
    "AKST": -9, "AKDT": -8, "HST": -10, "AST": -4, "ADT": -3, "NST": -3.5, "NDT": -2.5, "BRT": -3,
    "WET": 0, "WEST": 1, "BST": 1, "IST": 5.5, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "SAST": 2, "PKT": 5, "SGT": 8, "HKT": 8, "AWST": 8, "JST": 9, "KST": 9,
    "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
_OTHERS = {
    "CST": "China's", "IST": "Israel's or Ireland's", "BST": "Bangladesh's", "AST": "Arabia's",
    "MST": "Malaysia's", "EST": "Australia's", "EDT": "Australia's",
}  # fmt: skip
_PLACES = (
    "America/New_York", "America/Los_Angeles", "America/Chicago", "America/Denver",
    "America/Halifax", "America/Anchorage", "America/St_Johns", "Europe/London", "Europe/Berlin",
    "Europe/Athens", "Asia/Kolkata", "Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland",
)  # fmt: skip
"""Places whose clocks change, and India, of which several may fit: the first is the guess."""


@dataclass(frozen=True)
class Zones:
    """The column with the zones that were guessed."""

    column: Date | Timestamp
    doubts: tuple[Doubt, ...] = ()
    refused: Doubt | None = None


@dataclass(frozen=True)
class _Moments:
    """The clock that cells show and its offset, in microseconds, of the cells that tell a zone."""

    local: Ints
    offsets: Ints
    rows: Ints

    @property
    def utc(self) -> Ints:
        return self.local - self.offsets

    def fit(self, zone: str) -> bool:
        """Return whether the clocks of a zone showed every time as written."""
        place = zone_of(zone)
        return place is not None and bool((to_local(self.utc, place) == self.local).all())

    def elsewhere(self, zone: str, unit: str) -> int:
        """Count the rows whose day or month is another in a zone than as written."""
        place = zone_of(zone)
        if place is None:
            return 0
        there, here = (
            moments.astype("datetime64[us]").astype(f"datetime64[{unit}]")
            for moments in (to_local(self.utc, place), self.local)
        )
        return int(self.rows[there != here].sum())


def zones_of(cells: DistinctCells, column: Date | Timestamp) -> Zones:
    """Guess the zone of report, and what names of zones mean."""
    told: list[tuple[Ints, pa.Array, Ints]] = []
    unread = np.ones(len(cells.values), dtype=bool)
    for one in column.formats:
        if tells_zone(one):
            places = np.flatnonzero(unread)
            reading = read_dates(
                one, cells.values.take(pa.array(places)), languages=column.languages
            )
            read = np.flatnonzero(reading.days != NO_DAY)
            if reading.zones is not None and reading.times is not None:
                local = reading.days[read] * MICROSECONDS_A_DAY + reading.times[read]
                told.append((local, reading.zones.take(pa.array(read)), cells.rows[places[read]]))
            unread[places[read]] = False
    rows = _rows_of([(texts, n) for _, texts, n in told])
    names = {name: meant for name in rows if (meant := _minutes(name)) is not None}
    unknown = [name for name in rows if name not in names and "/" not in name]
    if unknown or not rows:
        return _refused(column, rows, unknown)
    if any("/" in name for name in rows):
        return _by_place(column, rows)
    moments = _moments(told, names)
    zone, why = _zone(moments, set(names.values()))
    abbreviated = {name: _offset(names[name]) for name in names if name in _HOURS}
    silent = any(has_clock(one) and not tells_zone(one) for one in column.formats)
    found = replace(
        column, report_zone=zone, zone_names=abbreviated, source_zone=zone if silent else None
    )
    doubts = [_doubt(moments, rows, zone, why)]
    if several := [f"{name} could be {_OTHERS[name]}" for name in abbreviated if name in _OTHERS]:
        text = f"zone_names has one meaning of several: {', '.join(several)}"
        doubts.append(Doubt(text, sum(rows.values())))
    if silent:
        n = int(cells.rows.sum()) - sum(rows.values())
        text = f"{human_number(n, 'time')} without a zone taken for {zone}'s (source_zone)"
        doubts.append(Doubt(text, n))
    return Zones(found, tuple(doubts))


def _rows_of(parts: Sequence[tuple[pa.Array, Ints]]) -> Counter[str]:
    rows: Counter[str] = Counter()
    for texts, counts in parts:
        encoded = texts.dictionary_encode()
        n_rows = np.bincount(encoded.indices.to_numpy(), counts, len(encoded.dictionary))
        rows.update(dict(zip(encoded.dictionary.to_pylist(), map(int, n_rows), strict=True)))
    return rows


def _minutes(name: str) -> int | None:
    if name in _HOURS:
        return int(_HOURS[name] * _HOUR)
    return offset_minutes(name)


def _moments(told: Sequence[tuple[Ints, pa.Array, Ints]], names: Mapping[str, int]) -> _Moments:
    offsets = [
        np.array([names[text] for text in encoded.dictionary.to_pylist()], np.int64)[
            encoded.indices.to_numpy()
        ]
        for encoded in (texts.dictionary_encode() for _, texts, _ in told)
    ]
    return _Moments(
        np.concatenate([local for local, _, _ in told]),
        np.concatenate(offsets) * 60_000_000,
        np.concatenate([rows for _, _, rows in told]),
    )


def _zone(moments: _Moments, minutes: set[int]) -> tuple[str, str]:
    """Return the zone of report, and why."""
    if minutes == {0}:
        return "UTC", "which all cells name"
    for place in _PLACES:
        if moments.fit(place):
            return place, "whose clocks showed all times as written, as those of other places may"
    if len(minutes) == 1:
        return _offset(minutes.copy().pop()), "the offset of all cells"
    return "UTC", "as no place has all these offsets"


def _offset(minutes: int) -> str:
    sign, ahead = "-" if minutes < 0 else "+", abs(minutes)
    return f"{sign}{ahead // _HOUR:02}:{ahead % _HOUR:02}"


def _doubt(moments: _Moments, rows: Counter[str], zone: str, why: str) -> Doubt:
    shown = ", ".join(f"{name} {human_count(n)}" for name, n in rows.most_common(4))
    more = f" and {len(rows) - 4} others" if len(rows) > 4 else ""
    text = (
        f"moments with offsets ({shown}{more}) are read by the clock of {zone} (report_zone), {why}"
    )
    days, months = moments.elsewhere(zone, "D"), moments.elsewhere(zone, "M")
    if days:
        text += (
            f"; {human_number(days, 'row')} on another day than was written, {human_count(months)} "
            "in another month"
        )
    elif zone == "UTC":
        text += "; name the zone of the shop to count its own days"
    return Doubt(text, sum(rows.values()))


def _by_place(column: Date | Timestamp, rows: Counter[str]) -> Zones:
    """Report by the place that most cells name."""
    zone = next(name for name, _ in rows.most_common() if "/" in name)
    if zone_of(zone) is None:
        return _refused(column, rows, [zone])
    abbreviated = {
        name: _offset(minutes)
        for name in rows
        if name in _HOURS and (minutes := _minutes(name)) is not None
    }
    shown = ", ".join(f"{name} {human_count(n)}" for name, n in rows.most_common(4))
    text = f"moments of zones ({shown}) are read by the clock of {zone} (report_zone)"
    found = replace(column, report_zone=zone, zone_names=abbreviated)
    return Zones(found, (Doubt(text, sum(rows.values())),))


def _refused(column: Date | Timestamp, rows: Counter[str], unknown: Sequence[str]) -> Zones:
    shown = ", ".join(f"{name} {human_count(rows[name])}" for name in unknown[:4]) or "none"
    text = (
        f"looks like moments of zones that are not known ({shown}): left as text; zone_names and "
        "report_zone would read them"
    )
    meant = {name: "UTC" for name in rows if "/" not in name}
    found = replace(column, report_zone="UTC", zone_names=meant)
    return Zones(found, refused=Doubt(text, sum(rows.values())))
