"""Render a comparison as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from toolkit.pages.render import render, visible
from toolkit.report.facts import PAGE_FILE, RUN_FILE
from toolkit.sweeps.comparison import ComparedJob, Comparison
from toolkit.sweeps.plots import Plot, series

_LONGEST = 2000


def comparison_page(comparison: Comparison, folder: Path) -> str:
    """Render the page; `folder` is where it will be written, beside the jobs' folders."""
    settings = comparison.jobs[0].settings.items() if comparison.jobs else ()
    same = [f"{key}={value}" for key, value in settings if key not in comparison.varied]
    return render(
        "sweeps/page.html",
        title=f"{comparison.command}: {len(comparison.jobs)} jobs compared",
        comparison=comparison,
        same=" ".join(same),
        headings=[
            *((name, "") for name in ("job", *comparison.varied, "status")),
            *((metric.heading, "number") for metric in comparison.metrics),
            ("validation", ""),
        ],
        cells=lambda job: _cells(comparison, job, folder),
        charts=list(_charts(comparison)),
        longest=_LONGEST,
    )


def _cells(comparison: Comparison, job: ComparedJob, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the content of each cell, and its class."""
    reports = (f"{job.number}/{name}" for name in (PAGE_FILE, RUN_FILE))
    report = next((report for report in reports if (folder / report).is_file()), None)
    link = Markup('<a href="{}">{}</a>')
    yield link.format(report, job.number) if report else str(job.number), ""
    for key in comparison.varied:
        yield visible(job.settings[key]) if key in job.settings else "-", ""
    yield job.status, "" if job.status == "ok" else "failed"
    for metric in comparison.metrics:
        best = job.number in comparison.best.get(metric.name, ())
        figure = job.figures.get(metric.name)
        yield "-" if figure is None else metric.show(figure), "number best" if best else "number"
    yield job.validated, "" if job.validated in ("passed", "-") else "failed"


def _charts(comparison: Comparison) -> Iterator[tuple[str, list[str], list[Plot]]]:
    """Yield each key with the names of its lines, and its plots of more than one value."""
    for key in comparison.varied:
        plots = [Plot(comparison, metric, key) for metric in comparison.metrics]
        plots = [plot for plot in plots if len(plot.values) > 1]
        if plots:
            yield key, list(series(comparison, key)), plots
