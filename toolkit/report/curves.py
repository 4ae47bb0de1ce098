"""Charts of memory and CPU over a run, with text of constant size at any width.

Lines stretch with the page; labels have places in per cent, and are HTML or SVG text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from toolkit.pages.axis import round_step, ticks
from toolkit.report.facts import RunReport, StageFacts
from toolkit.report.sampling import Sample
from toolkit.units import human_bytes

_HEIGHT, _TOP = 132, 14
_N_GRID_LINES, _N_TICKS = 4, 4
_MOST_POINTS, _MOST_BANDS = 600, 50
_LONG_RUN_SECONDS = 300.0


@dataclass(frozen=True)
class Band:
    """A stage on the time axis: where it begins and how long it is, in per cent of the run."""

    name: str
    left: float
    width: float


@dataclass(frozen=True)
class Panel:
    """A curve; `told` says what there is to see in it."""

    title: str
    told: str
    svg: Markup


@dataclass(frozen=True)
class Curves:
    """Panels that share the time axis; `ticks` are its labels, by their place in per cent."""

    bands: list[Band]
    panels: list[Panel]
    ticks: list[tuple[float, str]]


@dataclass(frozen=True)
class _Point:
    seconds: float
    figure: float


def draw_curves(report: RunReport) -> Curves | None:
    """The curves of all stages in a row; None where no stage took samples."""
    stages = [stage for stage in report.stages if len(stage.samples) > 1]
    if not stages:
        return None
    total = max(report.seconds, *(s.after_seconds + s.samples[-1].seconds for s in stages), 1e-3)
    bands = [
        Band(s.name, 100 * s.after_seconds / total, 100 * s.seconds / total)
        for s in report.stages[:_MOST_BANDS]
    ]
    return Curves(bands, [_memory(report, stages, total), _cpu(report, stages, total)],
                  _tick_labels(total))  # fmt: skip


def _memory(report: RunReport, stages: Sequence[StageFacts], total: float) -> Panel:
    points = _points(stages, lambda sample: sample.rss_bytes)
    peak = max(report.stages, key=lambda stage: stage.peak_rss_bytes)
    told = (
        f"at most {human_bytes(peak.peak_rss_bytes)}, in {peak.name}; "
        f"the machine has {human_bytes(report.machine.get('memory_bytes', 0))}"
    )
    svg = _svg("Memory over time", points, total, _Scale.to(points, _axis_bytes), 0)
    return Panel("Memory", told, svg)


def _cpu(report: RunReport, stages: Sequence[StageFacts], total: float) -> Panel:
    # What the processor did before a stage's first sample is not known.
    points = _points(stages, lambda sample: sample.cpu_percent / 100, first=1)
    cores = report.machine.get("cores", 1)
    told = f"{_mean_cores(stages):.1f} of {cores} cores busy on average"
    if report.config.get("cluster.kind") == "remote":
        told += "; the workers of a remote cluster are not counted"
    svg = _svg("Busy cores over time", points, total, _Scale.to(points, "{:g}".format, cores), 1)
    return Panel("CPU", told, svg)


def _points(
    stages: Sequence[StageFacts], figure: Callable[[Sample], float], first: int = 0
) -> list[_Point]:
    points = [
        _Point(stage.after_seconds + sample.seconds, figure(sample))
        for stage in stages
        for sample in stage.samples[first:]
    ]
    every = math.ceil(len(points) / _MOST_POINTS)
    return [
        _Point(points[at].seconds, max(point.figure for point in points[at : at + every]))
        for at in range(0, len(points), every)
    ]


def _mean_cores(stages: Sequence[StageFacts]) -> float:
    busy = seconds = 0.0
    for stage in stages:
        for before, sample in zip(stage.samples, stage.samples[1:], strict=False):
            busy += sample.cpu_percent / 100 * (sample.seconds - before.seconds)
            seconds += sample.seconds - before.seconds
    return busy / seconds if seconds else 0.0


@dataclass(frozen=True)
class _Scale:
    """The axis of a figure: from zero in round steps to at least its highest, and `at_least`."""

    step: float
    n_steps: int
    show: Callable[[float], str]

    @classmethod
    def to(
        cls, points: Sequence[_Point], show: Callable[[float], str], at_least: float = 0
    ) -> _Scale:
        highest = max(at_least, *(point.figure for point in points))
        step = round_step(highest / _N_GRID_LINES)
        return cls(step, max(1, math.ceil(highest / step - 1e-9)), show)

    def y(self, figure: float, height: float) -> float:
        """Down from the top."""
        return height * (1 - figure / (self.step * self.n_steps))


def _svg(label: str, points: Sequence[_Point], total: float, scale: _Scale, number: int) -> Markup:
    """A drawing as high as _TOP + _HEIGHT pixels and as wide as its place."""
    places = [
        f"{1000 * point.seconds / total:.1f} {scale.y(point.figure, 100):.1f}" for point in points
    ]
    line = "M" + "L".join(places)
    start, end = places[0].split()[0], places[-1].split()[0]
    parts = [
        f'<svg class="s{number}" height="{_TOP + _HEIGHT}" role="img" aria-label="{label}">',
        *_grid(scale),
        f'<svg y="{_TOP}" width="100%" height="{_HEIGHT}" viewBox="0 0 1000 100" '
        f'preserveAspectRatio="none"><path class="area" d="{line}L{end} 100L{start} 100Z"/>'
        f'<path class="line" d="{line}" vector-effect="non-scaling-stroke"/></svg>',
        *_labels(scale),
        _peak(points, total, scale),
        "</svg>",
    ]
    return Markup("".join(parts))


def _grid(scale: _Scale) -> Iterator[str]:
    for n in range(scale.n_steps + 1):
        y = _TOP + scale.y(n * scale.step, _HEIGHT)
        yield f'<line class="grid" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'


def _labels(scale: _Scale) -> Iterator[str]:
    for n in range(1, scale.n_steps + 1):
        y = _TOP + scale.y(n * scale.step, _HEIGHT)
        yield f'<text x="4" y="{y - 3:.1f}">{escape(scale.show(n * scale.step))}</text>'


def _peak(points: Sequence[_Point], total: float, scale: _Scale) -> str:
    highest = max(points, key=lambda point: point.figure)
    x, y = 100 * highest.seconds / total, _TOP + scale.y(highest.figure, _HEIGHT)
    told = escape(f"{scale.show(highest.figure)} after {highest.seconds:.1f} s")
    return f'<circle cx="{x:.2f}%" cy="{y:.1f}" r="3.5"><title>{told}</title></circle>'


def _axis_bytes(n_bytes: float) -> str:
    return human_bytes(n_bytes).replace(".0 ", " ")


def _tick_labels(total: float) -> list[tuple[float, str]]:
    unit, word = (60.0, "min") if total > _LONG_RUN_SECONDS else (1.0, "s")
    return [
        (100 * at * unit / total, f"{at:g} {word}" if at else "0")
        for at in ticks(total / unit, _N_TICKS)
    ]
