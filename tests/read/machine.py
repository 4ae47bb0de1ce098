"""The grammar of toolkit.read.records once more, a character at a time and from the front."""

from __future__ import annotations

from dataclasses import dataclass, field

_LF, _CR = 10, 13
_ENDS = (_LF, _CR)


@dataclass
class Reading:
    """What a feed holds. Records are [start, stop) with their fields, None where malformed."""

    records: list[tuple[int, int, list[bytes] | None]] = field(default_factory=list)
    boundaries: list[int] = field(default_factory=list)
    """Where a line ended outside quotes: every place at which a file may be cut."""
    quoted: list[tuple[int, int]] = field(default_factory=list)
    malformed: list[tuple[int, int]] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Rules:
    max_field_bytes: int
    delimiter: int = 44
    quote: int = 34
    comment: int | None = None
    escape: int | None = None
    blanks: bool = False


class _Text:
    """Bytes in which an escaped character, and the escape before it, are like any letter."""

    def __init__(self, data: bytes, rules: Rules) -> None:
        self.data, self.rules = data, rules
        self.is_letter = [False] * len(data)
        self.is_escape = [False] * len(data)
        made_plain = {rules.escape, rules.delimiter, rules.quote, *_ENDS}
        place = 0
        while place < len(data) - 1:
            if data[place] == rules.escape and data[place + 1] in made_plain:
                self.is_escape[place] = self.is_letter[place] = self.is_letter[place + 1] = True
                place += 1
            place += 1

    def at(self, place: int, *wanted: int | None) -> bool:
        return (
            place < len(self.data)
            and not self.is_letter[place]
            and self.data[place] in [one for one in wanted if one is not None]
        )

    def ends_field(self, place: int) -> bool:
        return place >= len(self.data) or self.at(place, self.rules.delimiter, *_ENDS)

    def after_line_end(self, place: int) -> int:
        return place + (2 if self.at(place, _CR) and self.at(place + 1, _LF) else 1)

    def line_stop(self, place: int) -> int:
        while place < len(self.data) and not self.at(place, *_ENDS):
            place += 1
        return place

    def after_blanks(self, place: int) -> int:
        while self.rules.blanks and self.at(place, 32, 9):
            place += 1
        return place

    def closing(self, opening: int) -> int | None:
        place = opening + 1
        while place < len(self.data) and place - opening <= self.rules.max_field_bytes:
            if self.at(place, self.rules.quote):
                if not self.at(place + 1, self.rules.quote):
                    return place
                place += 1
            place += 1
        return None

    def text(self, start: int, stop: int) -> bytes:
        return bytes(self.data[n] for n in range(start, stop) if not self.is_escape[n])

    def quoted_text(self, start: int, stop: int) -> bytes:
        found, place = bytearray(), start
        while place < stop:
            if not self.is_escape[place]:
                found.append(self.data[place])
            place += 2 if self.at(place, self.rules.quote) else 1
        return bytes(found)


def read_all(data: bytes, rules: Rules | int) -> Reading:
    """Read `data`, passing over empty lines and comments."""
    rules = Rules(rules) if isinstance(rules, int) else rules
    reading, text = Reading(), _Text(data, rules)
    place = 0
    while place < len(data):
        if text.at(place, *_ENDS):
            place = text.after_line_end(place)
            reading.boundaries.append(place)
            continue
        start, fields, quoted = place, [], []
        broken = None
        is_comment = text.at(place, rules.comment)
        while not is_comment:
            opening = text.after_blanks(place)
            if text.at(opening, rules.quote):
                closing = text.closing(opening)
                if closing is None or not text.ends_field(text.after_blanks(closing + 1)):
                    broken = opening
                    break
                fields.append(text.quoted_text(opening + 1, closing))
                place = text.after_blanks(closing + 1)
                quoted.append((opening, place))
            else:
                begin = place
                while not text.ends_field(place):
                    place += 1
                fields.append(text.text(begin, place))
            if not text.at(place, rules.delimiter):
                break
            place += 1
        reading.quoted += quoted
        if broken is not None or is_comment:
            place = text.line_stop(place if broken is None else broken)
        at_end = place >= len(data)
        stop = place if at_end else text.after_line_end(place)
        if is_comment:
            reading.comments.append((start, stop))
        else:
            reading.records.append((start, stop, None if broken is not None else fields))
        if broken is not None:
            reading.malformed.append((start, stop))
        if not at_end:
            reading.boundaries.append(stop)
        place = stop
    return reading
