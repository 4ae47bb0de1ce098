"""What a parser made of texts, in plain values."""

from __future__ import annotations

from typing import Any

import numpy as np

from toolkit.clean.parsers import OK, Parsed

REASONS = {"early": 3, "bad": 4, "range": 5}
BAD = 4


def values_of(parsed: Parsed) -> list[Any]:
    values = parsed.values
    return list(values.tolist() if isinstance(values, np.ndarray) else values.to_pylist())


def outcomes(parsed: Parsed, n: int) -> list[tuple[Any, int]]:
    """(value, reason id) by place; a value that could not be read is None."""
    found = values_of(parsed)
    codes = [OK] * n if parsed.codes is None else parsed.codes.tolist()
    assert len(found) == len(codes) == n
    return [
        (None if v is None or v != v else v, code) for v, code in zip(found, codes, strict=True)
    ]
