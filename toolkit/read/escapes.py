"""Characters made plain by an escape character before them, such as the quote in `\\"`.

Two bytes stand for one character. Before records are searched, `mask` writes others in their
place, as many: a character that the text does not contain. `unmask` writes the character that was
meant once cells are parsed. So nothing else has to know of escapes, and a file may be cut
anywhere. An escape before any other character is a character like others, as in MySQL's `\\N`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

Read = Callable[[int, int], bytes]
# Characters of two bytes in UTF-8; the last of them are of scripts that feeds hardly contain.
_STAND_INS = [
    bytes([lead, last]) for lead in range(0xDF, 0xC1, -1) for last in range(0xBF, 0x7F, -1)
]
_LOOK_BACK = 1 << 10


@dataclass(frozen=True)
class Escapes:
    """The escape character, and the bytes that it makes plain: its own among them."""

    escape: int
    plain: tuple[int, ...]

    def stand_ins(self, data: bytes) -> dict[bytes, bytes]:
        """Return for each of the bytes a character of as many bytes as an escape and it, which
        `data` does not contain.
        """
        free = (one for one in _STAND_INS if one not in data)
        return {bytes([one]): next(free) for one in self.plain}

    def mask(self, data: bytes, by: Mapping[bytes, bytes] | None = None) -> bytes:
        """Mask escaped characters; the length stays. An escape before `data` has no effect."""
        if self.escape not in data:
            return data
        stand_ins = by or self.stand_ins(b"")
        pattern = b"%b([%b])" % (
            re.escape(bytes([self.escape])),
            b"".join(re.escape(one) for one in stand_ins),
        )
        return re.sub(pattern, lambda found: stand_ins[found[1]], data, flags=re.DOTALL)

    def masked(self, read: Read) -> Read:
        """Return a function that reads masked bytes of the same file."""

        def read_masked(start: int, stop: int) -> bytes:
            data = read(start, stop)
            if not self._is_escaped(read, start):
                return self.mask(data)
            return self.mask(bytes([self.escape]) + data)[1:]

        return read_masked

    def _is_escaped(self, read: Read, start: int) -> bool:
        """Return whether an odd number of escapes comes directly before a place."""
        n = 0
        while start > n:
            before = read(max(0, start - n - _LOOK_BACK), start - n)
            run = len(before) - len(before.rstrip(bytes([self.escape])))
            n += run
            if run < len(before):
                break
        return n % 2 == 1


def unmask(table: pa.Table, by: Mapping[bytes, bytes]) -> pa.Table:
    """Write the escaped characters of masked columns, which are strings or dictionaries of them."""
    for place, name in enumerate(table.column_names):
        column = table.column(place).combine_chunks()
        column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
        is_dictionary = pa.types.is_dictionary(column.type)
        masked = column.dictionary if is_dictionary else column
        texts = masked
        for character, stand_in in by.items():
            texts = pc.replace_substring(texts, stand_in.decode(), character.decode())
        if texts.equals(masked):
            continue
        # Cells that were written in different ways may be equal now.
        column = pc.dictionary_encode(texts.take(column.indices)) if is_dictionary else texts
        table = table.set_column(place, name, column)
    return table
