"""Parse labels: the nearest name of a category, or the name that a map gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.arrays import Bools
from toolkit.clean.kinds import Given, parse
from toolkit.clean.parsed import (
    LOOKUP,
    MAPPED,
    NEAREST,
    ParsedColumn,
    ParsedValues,
    coded_unless,
    found_only,
    rightly_empty,
)
from toolkit.contract import Category, Mapped
from toolkit.lookups import Lookup, match_key


@parse.register
def parse_labels(column: Category | Mapped, strings: pa.Array, given: Given) -> ParsedValues:
    """Parse canonical names as a dictionary array, null for unknown values.

    First the lookup's name for the value, ignoring case; then, for a category, the nearest
    canonical name within `max_edits`, ties to the first in alphabetical order.
    """
    lookup, values = _lookup(given), strings.to_pylist()
    max_edits, how = (column.max_edits, NEAREST) if isinstance(column, Category) else (0, MAPPED)
    places = lookup.find(values, max_edits)
    parsed = _label_values(places, column, given, rightly_empty(column.optional, strings))
    return replace(parsed, changes=found_only({how: lookup.respelt(values, places)}))


def _label_values(
    places: npt.NDArray[np.int32],
    column: Category | Mapped,
    given: Given,
    absent: Bools | None = None,
) -> ParsedValues:
    """Return canonical names by their places as a dictionary array, null for places below 0."""
    bad = places < 0
    values = pa.DictionaryArray.from_arrays(
        pa.array(places, mask=bad), pa.array(_lookup(given).names, pa.string())
    )
    if column.reason is None:
        return ParsedValues(values)
    return ParsedValues(
        values, coded_unless(absent, bad, given.reasons[column.reason]), absent=absent
    )


def repair_labels(
    column: Category, labels: ParsedColumn, by: ParsedColumn, given: Given
) -> ParsedColumn:
    """Replace known labels by the usual name of the row's value of `by`, if it has one."""
    lookup = _lookup(given)
    (names, name_rows), (values, value_rows) = labels.vocabulary(), by.vocabulary()
    usual = np.array(
        [lookup.repairs.get(match_key(value or ""), -1) for value in values.to_pylist()], np.int32
    )[value_rows]
    read = names.indices.fill_null(-1).to_numpy()[name_rows]
    places = np.where((read >= 0) & (usual >= 0), usual, read)
    # Every name once, then the unknown value, and last no value.
    n_names = len(lookup.names)
    known = np.append(np.arange(n_names, dtype=np.int32), np.array([-1, -1], np.int32))
    nothing = np.arange(len(known)) > n_names if column.optional else None
    parsed = _label_values(known, column, given, nothing)
    changes = labels.changes() | found_only({LOOKUP: places != read})
    absent = labels.absent()
    unknown = np.int32(n_names) if absent is None else np.int32(n_names) + absent
    return ParsedColumn(parsed, np.where(places < 0, unknown, places).astype(np.int32), changes)


def _lookup(given: Given) -> Lookup:
    if given.lookup is None:
        raise AssertionError("a column of labels comes with its lookup")
    return given.lookup
