"""Print the table at the end of a run."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from toolkit.pages.console import SafeConsole
from toolkit.report.facts import WORST_FIRST, CheckFacts, RejectedExample, RunReport, StageFacts
from toolkit.units import cut, human_bytes, human_count, human_rate, human_share

_TABLE_MIN_COLUMNS = 80
# The names of expectations take 50 of them.
_CHECKS_TABLE_MIN_COLUMNS = 140
# Wide enough that nothing is wrapped or cut.
_PIPE_COLUMNS = 10_000
_LONGEST_CELL = 64
_MOST_VALUES = 4
_NOT_AS_EXPECTED = ("failed", "errored")
_RESULT_STYLES = {"failed": "red", "errored": "red", "vacuous": "yellow", "passed": "green"}
_HEADINGS = ("rows in", "clean", "rejected", "seconds", "rows/s", "peak memory")


class RunSummary:
    """A rich renderable: stages, rejections by reason, repairs, the paths to open, notes.

    Below 80 columns each stage is a block of lines instead of one row of a table, and below 140
    each expectation.
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
        for as_of in dict.fromkeys(stage.as_of for stage in stages if stage.as_of):
            yield Text(f"limits of dates count from {as_of} (as_of)")
        for stage in stages:
            if stage.rejected_by_reason:
                yield Text()
                yield _reasons_table(stage)
            if stage.rows_clean == 0 and stage.rejected_examples:
                yield Text()
                yield _examples_table(stage)
            if stage.repaired:
                yield Text()
                yield _repairs_table(stage)
        shown = [check for stage in stages for check in stage.checks if self._shows(check)]
        if shown:
            yield Text()
            wide = options.max_width >= _CHECKS_TABLE_MIN_COLUMNS
            yield _checks_table(shown) if wide else _checks_list(shown)
        if any(stage.checks for stage in stages):
            yield Text()
            yield from (_tally(stage) for stage in stages if stage.checks)
        paths = {label: path for stage in stages for label, path in stage.paths.items()}
        if paths:
            yield Text()
            width = max(map(len, paths))
            yield from (_path_line(label, path, width) for label, path in paths.items())
        notes = list(dict.fromkeys(note for stage in stages for note in stage.notes))
        if notes:
            yield Text()
            yield from (Text(f"note: {note}") for note in notes)

    def _shows(self, check: CheckFacts) -> bool:
        """Return whether to show it: validate-data shows all, others what was not as expected."""
        return self._report.command == "validate-data" or check.result in _NOT_AS_EXPECTED


def summary_table(report: RunReport) -> RunSummary:
    """Return the summary at the end of a run, for rich to print."""
    return RunSummary(report)


def print_summary(report: RunReport, stream: TextIO) -> None:
    """Print the summary, as `print_plainly` does."""
    print_plainly(summary_table(report), stream)


def print_path(label: str, path: Path, stream: TextIO) -> None:
    """Print a path, on a terminal as a link."""
    print_plainly(_path_line(label, path, len(label)), stream)


def print_plainly(shown: RenderableType, stream: TextIO) -> None:
    """Print it; without colours unless to a terminal, and with no line cut."""
    if stream.isatty():
        # Let the terminal wrap a path that is too long, so that it can be copied.
        SafeConsole(stream).print(shown, crop=False)
        return
    text = io.StringIO()
    console = SafeConsole(text, width=_PIPE_COLUMNS, force_terminal=False, color_system=None)
    console.print(shown)
    stream.writelines(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def _stages_table(stages: list[StageFacts]) -> Table:
    table = plain_table()
    table.add_column("stage")
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for stage in stages:
        table.add_row(stage.name, *_figures(stage))
    return table


def _stage_block(stage: StageFacts) -> Table:
    table = plain_table()
    table.add_column(stage.name)
    table.add_column("", justify="right", no_wrap=True)
    for heading, figure in zip(_HEADINGS, _figures(stage), strict=True):
        if figure != "-":
            table.add_row(f"  {heading}", figure)
    return table


def _reasons_table(stage: StageFacts) -> Table:
    """List the rows of each reason and their share of all rows."""
    table = plain_table()
    table.add_column("rejected by reason", overflow="fold")
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("of rows in", justify="right", no_wrap=True)
    for reason, count in stage.rejected_by_reason.items():
        if count:
            share = human_share(count, stage.rows_in or 0)
            table.add_row(f"  {reason}", human_count(count), share)
    return table


def _examples_table(stage: StageFacts) -> Table:
    """List the first rejected row of each reason; shown where no row is clean."""
    table = plain_table()
    table.add_column("rejected, for example", overflow="fold")
    table.add_column("row", overflow="fold")
    first = {one.reason: one for one in reversed(stage.rejected_examples)}
    for reason in stage.rejected_by_reason:
        if reason in first:
            table.add_row(f"  {reason}", Text(example_shown(first[reason])))
    return table


def example_shown(example: RejectedExample) -> str:
    """Return 'feed.csv row 3: quantity 'none'': the columns that the reason is about, cut short."""
    values = ", ".join(
        f"{name} {'empty' if value is None else repr(cut(value, _LONGEST_CELL))}"
        for name, value in list(example.values.items())[:_MOST_VALUES]
    )
    return f"{example.source_file} row {example.source_row}: {values}"


def _repairs_table(stage: StageFacts) -> Table:
    """List the repaired rows by column and how."""
    table = plain_table()
    table.add_column("repaired", overflow="fold")
    table.add_column("how", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    for one in stage.repaired:
        table.add_row(f"  {one.column}", one.how, human_count(one.rows))
    return table


def _checks_table(checks: list[CheckFacts]) -> Table:
    """List the expectations, one a row, in the order of the suites."""
    table = plain_table()
    for heading in ("suite", "expectation", "column", "severity", "observed"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("suite", "expectation"))
    table.add_column("unexpected", justify="right", no_wrap=True)
    table.add_column("result", no_wrap=True)
    for check in checks:
        table.add_row(
            check.suite,
            check.expectation,
            _cut(check.about),
            check.severity,
            _cut(check.observed),
            "-" if check.unexpected is None else human_count(check.unexpected),
            _result(check),
        )
    return table


def _checks_list(checks: list[CheckFacts]) -> Table:
    """List the expectations for a narrow terminal: the details below each name."""
    table = plain_table()
    table.add_column("result", no_wrap=True)
    table.add_column("expectation", overflow="fold")
    for check in checks:
        details = [Text(check.severity), _cut(check.about)]
        if check.observed:
            details.append(Text("observed ") + _cut(check.observed))
        if check.unexpected is not None:
            details.append(Text(f"{human_count(check.unexpected)} unexpected"))
        table.add_row(_result(check), f"{check.suite} {check.expectation}")
        table.add_row("", Text("; ").join(filter(None, details)))
    return table


def _result(check: CheckFacts) -> Text:
    return Text(check.result, style=_RESULT_STYLES.get(check.result, ""))


def _cut(text: str) -> Text:
    """Cut text short, as Text so that rich reads no markup in data."""
    return Text(cut(text, _LONGEST_CELL))


def _tally(stage: StageFacts) -> Text:
    """Return 'validated: clean passed, rejected warned; 51 expectations: 1 failed, 50 passed'"""
    outcomes = ", ".join(f"{suite} {outcome}" for suite, outcome in stage.validation.items())
    counts = Counter(check.result for check in stage.checks)
    results = ", ".join(f"{counts[result]} {result}" for result in WORST_FIRST if counts[result])
    of = "1 expectation" if len(stage.checks) == 1 else f"{len(stage.checks)} expectations"
    return Text(f"validated: {outcomes}; {of}: {results}")


def plain_table() -> Table:
    """Return a table in the toolkit's style: columns separated by blanks, no lines."""
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
    return line.append(shown_path(path), style=f"link {path.absolute().as_uri()}")


def shown_path(path: Path) -> str:
    """Return the path to open from here: relative or absolute, whichever is shorter."""
    return min(os.path.relpath(path), os.path.abspath(path), key=len)
