"""What a parser made of texts, in plain values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from toolkit.clean.kinds import Given, finish, parse
from toolkit.clean.parsed import OK, ParsedValues
from toolkit.contract import Column
from toolkit.lookups import Lookup

REASONS = {"early": 3, "bad": 4, "range": 5}
BAD = 4


def parse_cells(
    column: Column,
    strings: pa.Array,
    reasons: Mapping[str, int] = REASONS,
    lookup: Lookup | None = None,
    as_of: date = date(2026, 11, 23),
) -> ParsedValues:
    """What cleaning makes of a column's cells that nothing fills."""
    parsed = parse(column, strings, Given(reasons, as_of, lookup))
    return finish(column, parsed, reasons)


def values_of(parsed: ParsedValues) -> list[Any]:
    values = parsed.values
    return list(values.tolist() if isinstance(values, np.ndarray) else values.to_pylist())


def outcomes(parsed: ParsedValues, n: int) -> list[tuple[Any, int]]:
    """(value, reason id) by place; a value that could not be read is None."""
    found = values_of(parsed)
    codes = [OK] * n if parsed.codes is None else parsed.codes.tolist()
    assert len(found) == len(codes) == n
    return [
        (None if v is None or v != v else v, code) for v, code in zip(found, codes, strict=True)
    ]
