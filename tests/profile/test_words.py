"""Figures of a profile in words."""

from __future__ import annotations

import math

import pytest

from toolkit.profile.phrases import figure


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234.0, "1,234"), (1234.5, "1,234.50"), (0.001, "0.001"), (2.0**63, "9.223e+18"),
        (math.inf, "inf"), (-math.inf, "-inf"),
    ],
)  # fmt: skip
def test_numbers_of_any_size_are_shown(value: float, shown: str) -> None:
    assert figure(value, "number") == shown
