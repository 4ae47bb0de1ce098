"""Charts of memory and CPU over a run, with text of constant size at any width.

Lines stretch with the page; labels have places in per cent, and are HTML or SVG text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from toolkit.pages import chart
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
    """A curve; `summary` describes it in words."""

    title: str
    summary: str
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
    """Draw the curves of all stages in a row; None where no stage took samples."""
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
    summary = (
        f"at most {human_bytes(peak.peak_rss_bytes)}, in {peak.name}; "
        f"the machine has {human_bytes(report.machine.get('memory_bytes', 0))}"
    )
    svg = _svg("Memory over time", points, total, _scale(points, _axis_bytes), 0)
    return Panel("Memory", summary, svg)


def _cpu(report: RunReport, stages: Sequence[StageFacts], total: float) -> Panel:
    # What the processor did before a stage's first sample is not known.
    points = _points(stages, lambda sample: sample.cpu_percent / 100, first=1)
    cores = report.machine.get("cores", 1)
    summary = f"{_mean_cores(stages):.1f} of {cores} cores busy on average"
    if report.config.get("cluster.kind") == "remote":
        summary += "; the workers of a remote cluster are not counted"
    svg = _svg("Busy cores over time", points, total, _scale(points, "{:g}".format, cores), 1)
    return Panel("CPU", summary, svg)


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


def _svg(
    label: str, points: Sequence[_Point], total: float, scale: chart.Scale, number: int
) -> Markup:
    """A drawing as high as _TOP + _HEIGHT pixels and as wide as its place."""
    curve = [(1000 * point.seconds / total, scale.y(point.figure, 100)) for point in points]
    area = [*curve, (curve[-1][0], 100.0), (curve[0][0], 100.0)]
    plane = chart.element(
        "svg",
        chart.line(area, "area"),
        chart.line(curve, "line", vector_effect="non-scaling-stroke"),
        y=_TOP, width="100%", height=_HEIGHT, viewBox="0 0 1000 100", preserveAspectRatio="none",
    )  # fmt: skip
    steps = scale.lines(_TOP, _HEIGHT)
    highest = max(points, key=lambda point: point.figure)
    peak = chart.dot(
        f"{100 * highest.seconds / total:.2f}%",
        _TOP + scale.y(highest.figure, _HEIGHT),
        3.5,
        f"{scale.show(highest.figure)} after {highest.seconds:.1f} s",
    )
    parts = [
        *(chart.rule(y, 0, "100%") for y, _ in steps),
        plane,
        *(chart.text(shown, 4, y - 3) for y, shown in steps[1:]),
        peak,
    ]
    return chart.svg(label, parts, css=f"s{number}", height=_TOP + _HEIGHT)


def _scale(
    points: Sequence[_Point], show: Callable[[float], str], at_least: float = 0
) -> chart.Scale:
    highest = max(at_least, *(point.figure for point in points))
    return chart.Scale.to(highest, _N_GRID_LINES, show)


def _axis_bytes(n_bytes: float) -> str:
    return human_bytes(n_bytes).replace(".0 ", " ")


def _tick_labels(total: float) -> list[tuple[float, str]]:
    unit, word = (60.0, "min") if total > _LONG_RUN_SECONDS else (1.0, "s")
    return [
        (100 * at * unit / total, f"{at:g} {word}" if at else "0")
        for at in chart.ticks(total / unit, _N_TICKS)
    ]
