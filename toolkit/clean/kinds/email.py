"""Parse e-mail addresses."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.kinds import Given, parse
from toolkit.clean.parsed import EMPTIED, ParsedValues, bools, coded, empty, found_only
from toolkit.contract import Email

# RE2's \s is ASCII's white space only, and lacks some of that. The rest costs time.
_ASCII_WORD = r"[^@\s\x0b\x1c-\x1f]+"
_ASCII_EMAIL = rf"^{_ASCII_WORD}@{_ASCII_WORD}\.{_ASCII_WORD}$"
_WORD = r"[^@\s\p{Z}\x0b\x1c-\x1f\x{85}]+"
_EMAIL = rf"^{_WORD}@{_WORD}\.{_WORD}$"


@parse.register
def parse_email(column: Email, strings: pa.Array, given: Given) -> ParsedValues:
    ascii_only = is_ascii(strings)
    lower = pc.ascii_lower(strings) if ascii_only else pc.utf8_lower(strings)
    valid = pc.match_substring_regex(lower, _ASCII_EMAIL if ascii_only else _EMAIL)
    values = pc.if_else(valid, lower, pa.scalar(None, pa.string()))
    bad = ~bools(valid)
    if column.reason is not None:
        return ParsedValues(values, coded(bad, given.reasons[column.reason]))
    rows = np.flatnonzero(bad)
    bad[rows] = ~empty(strings.take(pa.array(rows)))
    return ParsedValues(values, changes=found_only({EMPTIED: bad}))


def is_ascii(strings: pa.Array) -> bool:
    data = strings.buffers()[2]
    return data is None or len(data) == 0 or np.frombuffer(data, np.uint8).max() < 0x80
