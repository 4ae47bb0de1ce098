"""Render a comparison as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from toolkit.pages.document import read_style, standalone_page
from toolkit.report.facts import PAGE_FILE, RUN_FILE
from toolkit.sweeps.comparison import ComparedJob, Comparison
from toolkit.sweeps.plots import Plot, series

_Cell = tuple[str, str]


def comparison_page(comparison: Comparison, folder: Path) -> str:
    """Render the page; `folder` is where it will be written, beside the jobs' folders."""
    title = f"{comparison.command}: {len(comparison.jobs)} jobs compared"
    body = [*_heading(title, comparison), *_table(comparison, folder), *_plots(comparison)]
    return standalone_page(title, read_style(__package__, "page.css"), "\n".join(body))


def _heading(title: str, comparison: Comparison) -> Iterator[str]:
    yield f"<h1>{escape(title)}</h1>"
    keys = ", ".join(f"<code>{escape(key)}</code>" for key in comparison.varied)
    begun = f"{comparison.started[:16].replace('T', ' ')} UTC"
    yield f'<p class="soft">Begun {escape(begun)}. Varied: {keys or "nothing"}.</p>'
    same = [
        f"{key}={value}"
        for key, value in (comparison.jobs[0].settings.items() if comparison.jobs else ())
        if key not in comparison.varied
    ]
    if same:
        yield f'<p class="soft">The same in all: <code>{escape(" ".join(same))}</code></p>'
    if comparison.feeds_told:
        yield f'<p class="soft">{escape(comparison.feeds_told)}.</p>'
    if comparison.failed:
        told = f"{len(comparison.failed)} of {len(comparison.jobs)} jobs did not go well."
        yield f'<p class="failed">{told}</p>'


def _table(comparison: Comparison, folder: Path) -> Iterator[str]:
    headings = [
        *(("job", ""), *((key, "") for key in comparison.varied), ("status", "")),
        *((metric.heading, "number") for metric in comparison.metrics),
        ("validation", ""),
    ]
    yield '<div class="jobs"><table class="cards"><thead><tr>'
    yield "".join(f'<th class="{kind}">{escape(name)}</th>' for name, kind in headings)
    yield "</tr></thead><tbody>"
    for job in comparison.jobs:
        cells = zip(headings, _cells(comparison, job, folder), strict=True)
        yield '<tr class="followed">' if job.error else "<tr>"
        for (name, _), (content, kind) in cells:
            label = escape(name)
            none = " none" if content == "-" else ""
            yield f'<td class="{kind}{none}" data-label="{label}"><span>{content}</span></td>'
        yield "</tr>"
        if job.error:
            told = escape(job.error)
            yield f'<tr class="reason"><td class="soft" colspan="{len(headings)}">{told}</td></tr>'
    yield "</tbody></table></div>"


def _cells(comparison: Comparison, job: ComparedJob, folder: Path) -> Iterator[_Cell]:
    """The content of each cell, as HTML, and its class."""
    reports = (f"{job.number}/{name}" for name in (PAGE_FILE, RUN_FILE))
    report = next((report for report in reports if (folder / report).is_file()), None)
    yield f'<a href="{report}">{job.number}</a>' if report else f"{job.number}", ""
    for key in comparison.varied:
        yield escape(job.settings.get(key, "-")), ""
    yield job.status, "" if job.status == "ok" else "failed"
    for metric in comparison.metrics:
        best = job.number in comparison.best.get(metric.name, ())
        figure = job.figures.get(metric.name)
        shown = "-" if figure is None else escape(metric.show(figure))
        yield shown, "number best" if best else "number"
    yield escape(job.validated), "" if job.validated in ("passed", "-") else "failed"


def _plots(comparison: Comparison) -> Iterator[str]:
    if comparison.metrics and comparison.varied:
        told = "In the plots a dot is a job, a line joins medians, and a ring marks the best."
        yield f'<p class="soft">{told}</p>'
    for key in comparison.varied:
        plots = [Plot(comparison, metric, key) for metric in comparison.metrics]
        plots = [plot for plot in plots if len(plot.values) > 1]
        if not plots:
            continue
        yield f"<h2>By {escape(key)}</h2>"
        names = series(comparison, key)
        if names:
            items = (
                f'<li class="s{number}">{escape(name)}</li>' for number, name in enumerate(names)
            )
            yield f'<ul class="legend">{"".join(items)}</ul>'
        yield '<div class="plots">'
        for plot in plots:
            title = escape(plot.metric.heading)
            hint = f' <span class="soft">{plot.metric.best} is best</span>' * bool(plot.metric.best)
            yield f'<div class="plot"><h3>{title}{hint}</h3>{plot.svg()}</div>'
        yield "</div>"
