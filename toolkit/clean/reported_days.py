"""Move the times of a column of days to the zone that its contract reports in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.arrays import Bools, Ints
from toolkit.clean.zones import Localised, to_local, to_utc
from toolkit.contract import Dated
from toolkit.contract.date_format import COUNTED
from toolkit.contract.zones import offset_minutes, zone_of

MICROSECONDS_A_DAY = 86_400_000_000
_FIRST = int(np.datetime64("0001-01-01", "D").astype(np.int64))
_LAST = int(np.datetime64("9999-12-31", "D").astype(np.int64))


@dataclass(frozen=True)
class Moved:
    """Days and times in the zone of report; `readable` where the cell has such a moment.

    `twice` marks times that the clocks of their zone showed twice.
    """

    days: Ints
    times: Ints
    readable: Bools
    twice: Bools


def moved(local: Ints, zones: pa.Array | None, date_format: str, column: Dated) -> Moved:
    """Move times of cells, in microseconds since 1970, to the column's `report_zone`.

    `zones` are what %z or %Z has read in each cell. Without, they are of `source_zone`, or of UTC
    for seconds since 1970.
    """
    if zones is None:
        name = "UTC" if date_format in COUNTED else column.source_zone
        found = to_utc(local, _zone(name))
    else:
        found = _told(local, zones, column)
    there = to_local(found.utc, _zone(column.report_zone))
    days, times = np.divmod(there, MICROSECONDS_A_DAY)
    return Moved(days, times, ~found.never & (days >= _FIRST) & (days <= _LAST), found.twice)


def _told(local: Ints, zones: pa.Array, column: Dated) -> Localised:
    """Localise each time by the zone that its cell tells."""
    utc, never = local.copy(), np.ones(len(local), dtype=bool)
    twice = np.zeros(len(local), dtype=bool)
    encoded = zones.dictionary_encode()
    places = pc.fill_null(encoded.indices, -1).to_numpy()
    known = {name.lower(): zone for name, zone in column.zone_names.items()}
    for place, text in enumerate(encoded.dictionary.to_pylist()):
        zone = _named(text, known)
        if zone is None:
            continue
        rows = np.flatnonzero(places == place)
        found = to_utc(local[rows], zone)
        utc[rows], never[rows], twice[rows] = found.utc, found.never, found.twice
    return Localised(utc, twice, never)


def _named(text: str, known: dict[str, str]) -> tzinfo | None:
    """Return the zone of a cell: one of the contract's names, an offset, or of Area/City."""
    if text.lower() in known:
        return zone_of(known[text.lower()])
    return zone_of(text) if "/" in text or offset_minutes(text) is not None else None


def _zone(name: str | None) -> tzinfo:
    return zone_of(name or "UTC") or UTC
