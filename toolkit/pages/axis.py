"""Axes with round numbers on them."""

from __future__ import annotations

import math

_STEPS = (1, 2, 2.5, 5, 10)


def round_step(at_least: float) -> float:
    """The next of 1, 2, 2.5, 5, 10, 20, ... times a power of ten."""
    if at_least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(at_least))
    return next(step * power for step in _STEPS if step * power >= at_least * (1 - 1e-9))


def ticks(highest: float, at_most: int) -> list[float]:
    """Round numbers from zero to no more than `highest`, at equal distances, `at_most` and zero."""
    step = round_step(highest / at_most)
    return [n * step for n in range(at_most + 1) if n * step <= highest * (1 + 1e-9)]
