"""Small plots: one metric of the jobs against the values of one key."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from markupsafe import Markup

from toolkit.pages import chart
from toolkit.sweeps.comparison import ComparedJob, Comparison, Metric
from toolkit.units import cut

MAX_SERIES = 4
"""The most lines that can be distinguished."""

_WIDTH, _HEIGHT = 340, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 10, 26
_PLANE = _HEIGHT - _TOP - _BOTTOM
_CHARACTER_WIDTH = 6.5
_N_GRID_LINES = 4


@dataclass(frozen=True)
class Plot:
    """One metric against one varied key. Jobs without the metric or the key have no point.

    Values are spaced evenly, numbers in their order. A line joins the medians of its points; there
    is one for each combination of the other varied keys if these are few.
    """

    comparison: Comparison
    metric: Metric
    key: str

    def svg(self) -> Markup:
        """Return the drawing, to be scaled to any width; its colours are classes s0, s1, ..."""
        steps = self._scale.lines(_TOP, _PLANE)
        parts = [
            *(chart.rule(y, _LEFT, _WIDTH - _RIGHT) for y, _ in steps),
            *(chart.text(shown, _LEFT - 6, y + 4, "y") for y, shown in steps),
            *self._value_labels(),
            *(part for n, jobs in enumerate(self._lines()) for part in self._line(n, jobs)),
        ]
        label = f"{self.metric.heading} by {self.key}"
        return chart.svg(label, parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}")

    @cached_property
    def values(self) -> list[str]:
        return ordered({job.settings[self.key] for job in self._jobs})

    @cached_property
    def _jobs(self) -> list[ComparedJob]:
        return [
            job
            for job in self.comparison.jobs
            if self.metric.name in job.figures and self.key in job.settings
        ]

    @cached_property
    def _scale(self) -> chart.Scale:
        highest = max((job.figures[self.metric.name] for job in self._jobs), default=0)
        return chart.Scale.to(highest, _N_GRID_LINES, self.metric.show)

    def _x(self, value: str) -> float:
        slot = (_WIDTH - _LEFT - _RIGHT) / len(self.values)
        return _LEFT + slot * (self.values.index(value) + 0.5)

    def _y(self, figure: float) -> float:
        return _TOP + self._scale.y(figure, _PLANE)

    def _value_labels(self) -> Iterator[Markup]:
        slot = (_WIDTH - _LEFT - _RIGHT) / len(self.values)
        widest = max(map(len, self.values)) * _CHARACTER_WIDTH + 6
        # Where labels would overlap, show every other one, or every third, and so on.
        apart = max(1, min(math.ceil(widest / slot), math.ceil(len(self.values) / 3)))
        fitting = max(3, int(apart * slot / _CHARACTER_WIDTH))
        for value in self.values[::apart]:
            yield chart.text(cut(value, fitting), self._x(value), _HEIGHT - 8, "x", value)

    def _lines(self) -> list[list[ComparedJob]]:
        names = series(self.comparison, self.key)
        if not names:
            return [self._jobs]
        return [
            [job for job in self._jobs if by == {key: job.settings.get(key) for key in by}]
            for by in names.values()
        ]

    def _line(self, number: int, jobs: Sequence[ComparedJob]) -> Iterator[Markup]:
        """Draw it in the order of the values, so that it does not depend on that of the jobs."""
        figures: dict[str, list[float]] = {}
        for job in jobs:
            figures.setdefault(job.settings[self.key], []).append(job.figures[self.metric.name])
        places = [(self._x(v), self._y(median(figures[v]))) for v in self.values if v in figures]
        if len(places) > 1:
            yield chart.line(places, f"line s{number}")
        for job in jobs:
            x, y = self._x(job.settings[self.key]), self._y(job.figures[self.metric.name])
            shown = self.metric.show(job.figures[self.metric.name])
            title = f"job {job.number}: {' '.join(job.overrides)}: {shown}"
            best = job.number in self.comparison.best.get(self.metric.name, ())
            yield chart.dot(
                x, y, 5 if best else 3.5, title, f"s{number} best" if best else f"s{number}"
            )


def series(comparison: Comparison, key: str) -> dict[str, dict[str, str | None]]:
    """Return the lines of a plot against a key by label, and the settings of each.

    Empty where a plot has one line, because no other key varies or too many combinations do.
    """
    others = [other for other in comparison.varied if other != key]
    found = {}
    for job in comparison.jobs:
        setting = {other: job.settings.get(other) for other in others}
        found[" ".join(f"{name}={value or '-'}" for name, value in setting.items())] = setting
    return found if others and 1 < len(found) <= MAX_SERIES else {}


def ordered(values: set[str]) -> list[str]:
    """Sort numbers by size, anything else by name."""
    return sorted(values, key=lambda value: (*_number(value), value))


def _number(value: str) -> tuple[bool, float]:
    try:
        number = float(value)
    except ValueError:
        return True, 0.0
    return (False, number) if math.isfinite(number) else (True, 0.0)
