"""Parse free text: map spellings, check patterns and required values."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from toolkit.arrays import Bools
from toolkit.clean.kinds import Given, parse
from toolkit.clean.parsed import (
    MAPPED,
    Codes,
    ParsedValues,
    bools,
    coded,
    empty,
    first_reason,
    found_only,
)
from toolkit.contract import Text


@parse.register
def parse_text(column: Text, strings: pa.Array, given: Given) -> ParsedValues:
    """Parse text, mapped to the lookup's name if there is one; patterns test the result."""
    lookup = given.lookup
    changes: dict[str, Bools] = {}
    if lookup is not None:
        values = strings.to_pylist()
        places = lookup.find(values)
        names = pa.array(lookup.names, pa.string()).take(pa.array(places, mask=places < 0))
        strings = pc.coalesce(names, strings)
        changes = found_only({MAPPED: lookup.respelt(values, places)})
    codes: Codes | None = None
    nothing = empty(strings)
    for bad, reason in _text_faults(column, strings, nothing):
        codes = first_reason(codes, coded(bad, given.reasons[reason]))
    if not column.required:
        strings = pc.if_else(pa.array(nothing), pa.scalar(None, pa.string()), strings)
    return ParsedValues(strings, codes, changes)


def _text_faults(column: Text, strings: pa.Array, nothing: Bools) -> Iterator[tuple[Bools, str]]:
    """Yield for each rule the values that break it, and its reason; empty text breaks no other."""
    if column.required and column.reason is not None:
        yield nothing, column.reason
    if column.pattern is not None and column.reason is not None:
        yield ~nothing & ~bools(pc.match_substring_regex(strings, column.pattern)), column.reason
    for reason, pattern in column.reject.items():
        yield ~nothing & bools(pc.match_substring_regex(strings, pattern)), reason
