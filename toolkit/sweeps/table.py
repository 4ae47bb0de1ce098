"""Print a comparison on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from toolkit.report.terminal import plain_table
from toolkit.sweeps.comparison import ComparedJob, Comparison

PAGE_FILE = "summary.html"


class ComparisonTable:
    """A rich renderable: a row a job with the best figures marked, why jobs failed, what to open.

    Where a row does not fit, each job is a block of lines.
    """

    def __init__(self, comparison: Comparison, folder: Path) -> None:
        self._comparison, self._folder = comparison, folder

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        jobs = self._comparison.jobs
        table = self._table()
        # Unbounded, because a table measured within the width has been squeezed into it already.
        needed = Measurement.get(console, options.update(max_width=10_000), table).maximum
        if needed <= options.max_width:
            yield table
        else:
            yield from (self._block(job) for job in jobs)
        if self._comparison.best:
            yield Text("* best of its column")
        for job in self._comparison.failed:
            reason = f": {job.error}" if job.error else ""
            yield Text(f"job {job.number} {job.status}: {' '.join(job.overrides)}{reason}")
        if self._comparison.feeds_line:
            yield Text(self._comparison.feeds_line)
        page = (self._folder / PAGE_FILE).absolute()
        yield Text("comparison  ", no_wrap=True, overflow="ignore").append(
            str(page), style=f"link {page.as_uri()}"
        )

    def _table(self) -> Table:
        table = plain_table()
        headings = self._headings()
        for heading in headings:
            words = heading in ("job", "status", "validation", *self._comparison.varied)
            table.add_column(heading, justify="left" if words else "right", no_wrap=True)
        for job in self._comparison.jobs:
            table.add_row(*self._cells(job))
        return table

    def _block(self, job: ComparedJob) -> Table:
        table = plain_table()
        table.add_column(f"job {job.number}")
        table.add_column("", justify="right", overflow="fold")
        for heading, cell in zip(self._headings()[1:], self._cells(job)[1:], strict=True):
            if cell.plain.strip() != "-":
                table.add_row(f"  {heading}", cell)
        return table

    def _headings(self) -> list[str]:
        metrics = [metric.heading for metric in self._comparison.metrics]
        return ["job", *self._comparison.varied, "status", *metrics, "validation"]

    def _cells(self, job: ComparedJob) -> list[Text]:
        varied = (job.settings.get(key, "-") for key in self._comparison.varied)
        cells = [Text(str(job.number)), *map(Text, varied), Text(job.status)]
        for metric in self._comparison.metrics:
            figure = job.figures.get(metric.name)
            shown = "-" if figure is None else metric.show(figure)
            numbers = self._comparison.best.get(metric.name)
            if numbers is None:
                cells.append(Text(shown))
            elif job.number in numbers:
                cells.append(Text(f"{shown} *", style="bold green"))
            else:
                cells.append(Text(f"{shown}  "))
        return [*cells, Text(job.validated)]
