"""Curves are where the figures are, and say what there is to see."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.report.facts import good_run, samples
from toolkit.report.curves import Curves, draw_curves
from toolkit.report.facts import RunReport, StageFacts
from toolkit.report.sampling import Sample


def draw(*stages: StageFacts, seconds: float = 10.0, cores: int = 2) -> Curves:
    machine = {"cores": cores, "memory_bytes": 8_000_000_000}
    curves = draw_curves(RunReport("any", seconds=seconds, machine=machine, stages=[*stages]))
    assert curves is not None
    return curves


def line(svg: str) -> list[tuple[float, float]]:
    [drawn] = re.findall(r'class="line" d="M([^"]+)"', svg)
    return [(float(x), float(y)) for x, y in (pair.split() for pair in drawn.split("L"))]


def stage(name: str, after: float, *taken: tuple[float, int, float]) -> StageFacts:
    made = [Sample(*one) for one in taken]
    peak = max(sample.rss_bytes for sample in made)
    return StageFacts(
        name, after_seconds=after, seconds=made[-1].seconds, samples=made, peak_rss_bytes=peak
    )


def test_stages_lie_one_after_the_other_on_one_axis() -> None:
    first = stage("one", 0.0, (0, 100, 0), (2, 200, 100))
    second = stage("two", 5.0, (0, 300, 0), (5, 0, 200))
    curves = draw(first, second)
    assert [(band.name, band.left, band.width) for band in curves.bands] == [
        ("one", 0.0, 20.0),
        ("two", 50.0, 50.0),
    ]
    memory, cpu = (line(panel.svg) for panel in curves.panels)
    # From 0 to 1,000 from left to right; down from the top, which is 300 bytes and 2 cores.
    assert memory == [(0, 66.7), (200, 33.3), (500, 0), (1000, 100)]
    assert cpu == [(200, 50), (1000, 0)]


def test_the_axis_of_the_processor_ends_with_all_cores() -> None:
    idle = stage("one", 0.0, (0, 1, 0), (5, 1, 50), (10, 1, 50))
    [_, cpu] = draw(idle, cores=8).panels
    assert ">8</text>" in cpu.svg
    assert line(cpu.svg)[0][1] > 90


def test_a_panel_says_what_there_is_to_see() -> None:
    report = good_run()
    curves = draw_curves(report)
    assert curves is not None
    memory, cpu = curves.panels
    assert memory.summary == "at most 412.0 MB, in clean; the machine has 8.0 GB"
    assert cpu.summary == "1.5 of 4 cores busy on average"
    report.config["cluster.kind"] = "remote"
    curves = draw_curves(report)
    assert curves is not None
    assert "remote cluster are not counted" in curves.panels[1].summary


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (10.0, ["0", "2.5 s", "5 s", "7.5 s", "10 s"]),
        (300.0, ["0", "100 s", "200 s", "300 s"]),
        (1500.0, ["0", "10 min", "20 min"]),
    ],
)
def test_ticks_are_seconds_or_minutes(seconds: float, labels: list[str]) -> None:
    long = stage("one", 0.0, (0, 1, 0), (seconds, 1, 0))
    assert [label for _, label in draw(long, seconds=seconds).ticks] == labels


def test_curves_of_many_samples_have_few_points_and_keep_the_peak() -> None:
    many = StageFacts("one", seconds=10.0, samples=samples(5000), peak_rss_bytes=1)
    many.samples[1234] = many.samples[1234]._replace(rss_bytes=900_000_000)
    memory = line(draw(many, seconds=500.0).panels[0].svg)
    assert len(memory) <= 600
    # The axis ends at 1,000 MB.
    assert min(y for _, y in memory) == 10
    assert all(before[0] < after[0] for before, after in pairwise(memory))


def test_no_samples_no_curves() -> None:
    assert draw_curves(RunReport("any", stages=[StageFacts("one")])) is None
    assert draw_curves(RunReport("any")) is None
