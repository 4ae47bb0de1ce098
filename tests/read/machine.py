"""The grammar of toolkit.read.records once more, a character at a time and from the front."""

from __future__ import annotations

from dataclasses import dataclass, field

_ENDS = b"\r\n"


@dataclass
class Reading:
    """What a feed holds. Records are [start, stop) with their fields, None where malformed."""

    records: list[tuple[int, int, list[bytes] | None]] = field(default_factory=list)
    boundaries: list[int] = field(default_factory=list)
    """Where a line ended outside quotes: every place at which a file may be cut."""
    quoted: list[tuple[int, int]] = field(default_factory=list)
    malformed: list[tuple[int, int]] = field(default_factory=list)


def read_all(data: bytes, max_field_bytes: int, delimiter: int = 44, quote: int = 34) -> Reading:
    """Read `data`, passing over empty lines."""
    reading = Reading()
    place = 0
    while place < len(data):
        if data[place] in _ENDS:
            place = _after_line_end(data, place)
            reading.boundaries.append(place)
            continue
        start, fields, quoted = place, [], []
        broken = None
        while True:
            if place < len(data) and data[place] == quote:
                closing = _closing(data, place, max_field_bytes, quote)
                if closing is None or not _ends_field(data, closing + 1, delimiter):
                    broken = place
                    break
                inner = data[place + 1 : closing]
                fields.append(inner.replace(bytes([quote] * 2), bytes([quote])))
                quoted.append((place, closing + 1))
                place = closing + 1
            else:
                begin = place
                while not _ends_field(data, place, delimiter):
                    place += 1
                fields.append(data[begin:place])
            if place >= len(data) or data[place] != delimiter:
                break
            place += 1
        reading.quoted += quoted
        if broken is not None:
            place = broken
            while place < len(data) and data[place] not in _ENDS:
                place += 1
        at_end = place >= len(data)
        stop = place if at_end else _after_line_end(data, place)
        reading.records.append((start, stop, None if broken is not None else fields))
        if broken is not None:
            reading.malformed.append((start, stop))
        if not at_end:
            reading.boundaries.append(stop)
        place = stop
    return reading


def _after_line_end(data: bytes, place: int) -> int:
    return place + (2 if data[place : place + 2] == b"\r\n" else 1)


def _ends_field(data: bytes, place: int, delimiter: int) -> bool:
    return place >= len(data) or data[place] == delimiter or data[place] in _ENDS


def _closing(data: bytes, opening: int, max_field_bytes: int, quote: int) -> int | None:
    place = opening + 1
    while place < len(data) and place - opening <= max_field_bytes:
        if data[place] == quote:
            if place + 1 < len(data) and data[place + 1] == quote:
                place += 1
            else:
                return place
        place += 1
    return None
