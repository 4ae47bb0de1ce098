"""Render the run report, of bounded size and safe for any data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from markupsafe import Markup

from toolkit.errors import OutputError
from toolkit.pages.render import link_from, render, visible
from toolkit.report import sentences
from toolkit.report.curves import draw_curves
from toolkit.report.facts import (
    PAGE_FILE,
    RUN_FILE,
    CheckFacts,
    InputFacts,
    RejectedExample,
    RunReport,
)
from toolkit.report.outputs import REPORT_LABELS, find_outputs
from toolkit.storage.atomic import write_text
from toolkit.units import human_share

_Item = TypeVar("_Item")

# Enough to read; run.json and validation.json have all.
_MOST_ROWS = 200
_MOST_STAGES = 20
_MOST_EXAMPLES = 3
_LONGEST_LINE = 2000
_CHECK_TONES = {"failed": "failed", "errored": "failed", "vacuous": "doubt", "passed": "good"}
# Files beside the page that may be there.
_BESIDE = (RUN_FILE, "run.log", "output.txt")


def write_page(report: RunReport, run_dir: Path, name: str) -> Path:
    """Write `report.html` into the run's folder, whole or not at all; return its path.

    `name` is the run's. Raises OutputError when it cannot be written.
    """
    target = run_dir / PAGE_FILE
    page = run_page(report, run_dir, name)
    try:
        write_text(page, target)
    except OSError as error:
        raise OutputError.no_report(target, error) from error
    return target


def run_page(report: RunReport, folder: Path, name: str) -> str:
    """Render the page for `folder`; files that it links to must exist already."""
    config = _config_lines(report)
    return render(
        "report/report.html",
        title=f"{report.command}: {report.status}",
        report=report,
        name=name,
        tone=sentences.STATUS_TONES.get(report.status, "failed"),
        headline=sentences.headline(report),
        next=sentences.what_next(report),
        command=sentences.command_line(report),
        tiles=list(sentences.tiles(report)),
        inputs=_inputs(report),
        outputs=find_outputs(report),
        report_labels=REPORT_LABELS,
        curves=draw_curves(report),
        notes=list(dict.fromkeys(note for stage in report.stages for note in stage.notes)),
        stages=report.stages[:_MOST_STAGES],
        suites=[(s, suite, how) for s in report.stages for suite, how in s.validation.items()],
        checks=_checks(report),
        check_tones=_CHECK_TONES,
        config=config,
        changed=[line for line in config if line[2] is not None],
        beside=[file for file in _BESIDE if (folder / file).is_file()],
        share=human_share,
        tally=sentences.tally,
        first=_first,
        seen_values=_seen_values,
        longest_line=_LONGEST_LINE,
        most_examples=_MOST_EXAMPLES,
        link=lambda path, text=None: _link(folder, path, text),
    )


def _first(items: Sequence[_Item], at_most: int = _MOST_ROWS) -> tuple[list[_Item], int]:
    """Return the first items, and how many are left out."""
    return list(items)[:at_most], max(0, len(items) - at_most)


def _seen_values(examples: Sequence[RejectedExample]) -> list[tuple[str, list[str | None]]]:
    """Return the examples' columns with values: the distinct ones of one column, else one row."""
    rows = [example.values for example in examples]
    if len(rows[0]) > 1:
        return [(name, [value]) for name, value in rows[0].items()]
    return [(name, list(dict.fromkeys(row[name] for row in rows))) for name in rows[0]]


def _link(folder: Path, path: Path | str, text: str | None = None) -> Markup:
    """Link to a path that exists; show any other as text."""
    shown = visible(text or _shown(Path(path)))
    if not Path(path).exists():
        return shown
    return Markup('<a href="{}">{}</a>').format(link_from(folder, Path(path)), shown)


def _shown(path: Path) -> str:
    """Return the path, relative to the current folder if that is shorter."""
    absolute = path.absolute()
    here = Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)


def _inputs(report: RunReport) -> list[InputFacts]:
    """Return the inputs of the first stage that has any: later stages read its outputs."""
    return next((stage.inputs for stage in report.stages if stage.inputs), [])


def _checks(report: RunReport) -> list[tuple[str, list[CheckFacts]]]:
    """Group the expectations by their result, the worst first."""
    checks = [check for stage in report.stages for check in stage.checks]
    results = sentences.worst_first(check.result for check in checks)
    return [(result, [c for c in checks if c.result == result]) for result in results]


def _config_lines(report: RunReport) -> list[tuple[str, str, str | None]]:
    """Return each key with its value and, where that is not the default, the default.

    Changed keys that have no value any more come last.
    """
    keys = [*report.config, *(key for key in report.changed if key not in report.config)]
    defaults = {key: _value(value) for key, value in report.changed.items()}
    return [(key, _value(report.config.get(key)), defaults.get(key)) for key in keys]


def _value(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, float):
        return f"{value:.15g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
