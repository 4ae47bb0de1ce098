"""Convert moments between UTC and the clocks of time zones, whole arrays at once.

A clock is the offsets of a zone and the moments from which each holds, for the years in question.
They come from Python's zoneinfo, a year at a time: its database may be the system's or tzdata's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache

import numpy as np

from toolkit.arrays import Bools, Ints

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
# Years of which every zone's moments are datetimes; before and after, clocks stay as they are.
_FIRST, _LAST = 2, 9998
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Localised:
    """Moments in UTC of times on a clock, in microseconds since 1970.

    `twice` marks times that the clock showed twice, of which the first is taken; `never` those
    that it left out.
    """

    utc: Ints
    twice: Bools
    never: Bools


def to_utc(local: Ints, zone: tzinfo) -> Localised:
    """Return the moments at which the clocks of a zone showed these times."""
    # Clocks change by less than a day, and not twice in two.
    before, after = _offsets(local - _DAY, zone), _offsets(local + _DAY, zone)
    candidates = [local - offset for offset in (before, after)]
    fits = [
        _offsets(utc, zone) == offset
        for utc, offset in zip(candidates, (before, after), strict=True)
    ]
    twice = fits[0] & fits[1] & (before != after)
    first = np.minimum(*candidates)
    utc = np.where(twice, first, np.where(fits[0], *candidates))
    return Localised(utc, twice, ~fits[0] & ~fits[1])


def to_local(utc: Ints, zone: tzinfo) -> Ints:
    """Return the times that the clocks of a zone show at these moments."""
    return utc + _offsets(utc, zone)


def _offsets(utc: Ints, zone: tzinfo) -> Ints:
    """Return how far the zone's clocks are ahead, in microseconds."""
    if len(utc) == 0:
        return utc
    years = np.unique(utc.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64)) + 1970
    changes = [
        change
        for year in np.unique(np.clip(years, _FIRST, _LAST)).tolist()
        for change in _changes(zone, year)
    ]
    starts, offsets = (np.array(part, np.int64) for part in zip(*changes, strict=True))
    places = np.searchsorted(starts, utc, side="right") - 1
    return offsets[np.maximum(places, 0)]


@cache
def _changes(zone: tzinfo, year: int) -> tuple[tuple[int, int], ...]:
    """Return each offset of a year and the moment from which it holds, first, in microseconds."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    n_days = (datetime(year + 1, 1, 1, tzinfo=UTC) - start).days
    return tuple(_found_changes(zone, [start + timedelta(day) for day in range(n_days + 1)]))


def _found_changes(zone: tzinfo, days: list[datetime]) -> Iterator[tuple[int, int]]:
    known = _offset(zone, days[0])
    yield _microseconds(days[0]), known
    for day in days[1:]:
        offset = _offset(zone, day)
        if offset == known:
            continue
        earlier, later = day - timedelta(1), day
        while later - earlier > timedelta(seconds=1):
            middle = earlier + (later - earlier) // 2
            middle = middle.replace(microsecond=0)
            if _offset(zone, middle) == known:
                earlier = middle
            else:
                later = middle
        known = offset
        yield _microseconds(later), known


def _offset(zone: tzinfo, moment: datetime) -> int:
    ahead = moment.astimezone(zone).utcoffset()
    return 0 if ahead is None else ahead // timedelta(microseconds=1)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
