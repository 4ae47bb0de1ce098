"""Conditions that a user might write, for workers that do not have Great Expectations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

seen_sizes: list[int] = []
"""How many values each call was given, by whichever metric."""


def is_square(values: pd.Series[Any]) -> Any:
    seen_sizes.append(len(values))
    return np.sqrt(values) % 1 == 0


def is_square_up_to(values: pd.Series[Any], largest: int | None = None) -> Any:
    """Without a largest, all squares will do."""
    return is_square(values) & (values <= (np.inf if largest is None else largest))
