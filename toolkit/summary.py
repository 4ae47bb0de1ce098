"""The table at the end of a run."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from toolkit.report import RunReport, StageFacts
from toolkit.units import human_bytes, human_count, human_rate, human_share

_TABLE_MIN_COLUMNS = 80
# Wide enough that nothing is ever wrapped or cut.
_PIPE_COLUMNS = 10_000
_HEADINGS = ("rows in", "clean", "rejected", "seconds", "rows/s", "peak memory")


class Summary:
    """A rich renderable: stages, rejections by reason, the paths to open, notes.

    Below 80 columns each stage is a block of lines instead of one row of a table.
    """

    def __init__(self, report: RunReport) -> None:
        self._report = report

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        stages = self._report.stages
        if options.max_width < _TABLE_MIN_COLUMNS:
            yield from (_stage_block(stage) for stage in stages)
        else:
            yield _stages_table(stages)
        for stage in stages:
            if stage.rejected_by_reason:
                yield Text()
                yield _reasons_table(stage)
        paths = {label: path for stage in stages for label, path in stage.paths.items()}
        if paths:
            yield Text()
            width = max(map(len, paths))
            yield from (_path_line(label, path, width) for label, path in paths.items())
        notes = list(dict.fromkeys(note for stage in stages for note in stage.notes))
        if notes:
            yield Text()
            yield from (Text(f"note: {note}") for note in notes)


def summary_table(report: RunReport) -> Summary:
    """What the person sees at the end, as something that rich can print."""
    return Summary(report)


def print_summary(report: RunReport, stream: TextIO) -> None:
    """Print the summary, as `print_plainly` does."""
    print_plainly(summary_table(report), stream)


def print_plainly(shown: RenderableType, stream: TextIO) -> None:
    """Print it; to anything but a terminal without colours, and no line is ever cut."""
    if stream.isatty():
        # A path that is too long is left to the terminal to wrap, so that it can be copied.
        Console(file=stream).print(shown, crop=False)
        return
    text = io.StringIO()
    console = Console(file=text, width=_PIPE_COLUMNS, force_terminal=False, color_system=None)
    console.print(shown)
    stream.writelines(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def _stages_table(stages: list[StageFacts]) -> Table:
    table = _plain_table()
    table.add_column("stage")
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for stage in stages:
        table.add_row(stage.name, *_figures(stage))
    return table


def _stage_block(stage: StageFacts) -> Table:
    table = _plain_table()
    table.add_column(stage.name)
    table.add_column("", justify="right", no_wrap=True)
    for heading, figure in zip(_HEADINGS, _figures(stage), strict=True):
        if figure != "-":
            table.add_row(f"  {heading}", figure)
    return table


def _reasons_table(stage: StageFacts) -> Table:
    """The rows of each reason and their share of all that came in."""
    table = _plain_table()
    table.add_column("rejected by reason", overflow="fold")
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("of rows in", justify="right", no_wrap=True)
    for reason, count in stage.rejected_by_reason.items():
        if count:
            share = human_share(count, stage.rows_in or 0)
            table.add_row(f"  {reason}", human_count(count), share)
    return table


def _plain_table() -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")


def _figures(stage: StageFacts) -> list[str]:
    counts = (stage.rows_in, stage.rows_clean, stage.rows_rejected)
    rate = stage.rows_per_second
    return [
        *("-" if count is None else human_count(count) for count in counts),
        f"{stage.seconds:.1f}",
        "-" if rate is None else human_rate(rate),
        human_bytes(stage.peak_rss_bytes) if stage.peak_rss_bytes else "-",
    ]


def _path_line(label: str, path: Path, width: int) -> Text:
    line = Text(f"{label:<{width}}  ", no_wrap=True, overflow="ignore")
    return line.append(_shorter(path), style=f"link {path.absolute().as_uri()}")


def _shorter(path: Path) -> str:
    return min(os.path.relpath(path), os.path.abspath(path), key=len)
