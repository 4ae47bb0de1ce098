from __future__ import annotations

import pytest

from toolkit.pages.chart import round_step, ticks


@pytest.mark.parametrize(
    ("at_least", "step"),
    [(0, 1.0), (1, 1.0), (1.1, 2.0), (2.2, 2.5), (3, 5.0), (6, 10.0), (0.03, 0.05), (4e8, 5e8)],
)
def test_axes_have_round_steps(at_least: float, step: float) -> None:
    assert round_step(at_least) == pytest.approx(step)


@pytest.mark.parametrize(
    ("highest", "places"),
    [
        (22.2, [0, 10, 20]),
        (10.0, [0, 2.5, 5, 7.5, 10]),
        (0.37, [0, 0.1, 0.2, 0.3]),
        (1.0, [0, 0.25, 0.5, 0.75, 1]),
    ],
)
def test_ticks_are_round_and_never_beyond_the_end(highest: float, places: list[float]) -> None:
    assert ticks(highest, 4) == pytest.approx(places)
