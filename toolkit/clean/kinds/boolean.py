"""Parse booleans by the words of the contract."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.kinds import Given, parse
from toolkit.clean.parsed import ParsedValues, bools, coded_unless, rightly_empty
from toolkit.contract.columns import Boolean


@parse.register
def parse_boolean(column: Boolean, strings: pa.Array, given: Given) -> ParsedValues:
    """Parse booleans; null for any other word."""
    lower = pc.utf8_lower(strings)
    true, false = (
        bools(pc.is_in(lower, pc.utf8_lower(pa.array(words, pa.string()))))
        for words in (column.true_words, column.false_words)
    )
    unread, nothing = ~(true | false), rightly_empty(column.optional, strings)
    values = pa.array(true, mask=unread)
    if column.reason is None:
        return ParsedValues(values)
    return ParsedValues(
        values, coded_unless(nothing, unread, given.reasons[column.reason]), absent=nothing
    )
