"""Describe a run for its page: a sentence, a few figures, and what to do next."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from toolkit.report.facts import OUTCOMES, WORST_FIRST, RunReport, StageFacts
from toolkit.settings.commands import shell_word
from toolkit.units import (
    human_bytes,
    human_count,
    human_number,
    human_rate,
    human_seconds,
    human_share,
)

STATUS_TONES = {"ok": "good", "held back": "doubt"}
# A value that Hydra reads the same without quotes.
_PLAIN_QUOTED = re.compile(r"(?<==)'([A-Za-z_/.][\w/.-]*)'$")
_OUTCOME_TONES = {"failed": "failed", "warned": "doubt", "vacuous": "doubt", "passed": "good"}


@dataclass(frozen=True)
class Tile:
    """One figure with its name and a remark; `tone` is the CSS class of its colour."""

    name: str
    figure: str
    remark: str = ""
    tone: str = ""


def headline(report: RunReport) -> str:
    """Sum up the run: 'Done in 6.5 s: 10 rows came in from 1 file, 8 are clean ...'"""
    counts = _counted(report)
    took = human_seconds(report.seconds)
    where = report.stages[-1].name if report.stages else "first"
    begin = {
        "ok": f"Done in {took}",
        "held back": f"Held back {'by validation ' if is_checked(report) else ''}after {took}",
        "failed": f"Failed after {took}, in the stage “{where}”",
        "interrupted": f"Interrupted after {took}, in the stage “{where}”",
    }.get(report.status, f"Still running after {took}")
    return f"{begin}: {'; '.join(counts)}." if counts else f"{begin}."


def is_checked(report: RunReport) -> bool:
    """Return whether the run validated its outputs."""
    return any(stage.validation for stage in report.stages)


def _counted(report: RunReport) -> list[str]:
    stages = {stage.name: stage for stage in report.stages}
    clean = stages.get("clean")
    counts = []
    if clean is not None and clean.rows_clean is not None:
        counts.append(_of_cleaning(clean))
    else:
        counts += [words for stage in report.stages if (words := _of_stage(stage))]
    outcomes = {kind: how for stage in report.stages for kind, how in stage.validation.items()}
    if outcomes:
        counts.append(f"validation: {', '.join(f'{kind} {how}' for kind, how in outcomes.items())}")
    return counts


def _of_cleaning(clean: StageFacts) -> str:
    rows, n_clean, rejected = clean.rows_in or 0, clean.rows_clean or 0, clean.rows_rejected or 0
    files = f" from {human_number(len(clean.inputs), 'file')}" if clean.inputs else ""
    return (
        f"{human_number(rows, 'row')} came in{files}, {human_count(n_clean)} are clean "
        f"({human_share(n_clean, rows)}) and {human_count(rejected)} were rejected "
        f"({human_share(rejected, rows)})"
    )


def _of_stage(stage: StageFacts) -> str:
    if stage.rows_in is None:
        return ""
    done = {
        "generate": "generated",
        "validate": "validated",
        "aggregate": "aggregated",
        "lookups": "read for the lookups",
        "review": "reviewed",
    }.get(stage.name, f"worked on by {stage.name}")
    return f"{human_number(stage.rows_in, 'row')} {'was' if stage.rows_in == 1 else 'were'} {done}"


def what_next(report: RunReport) -> str:
    """Advise a person after a run that did not succeed, beyond the error's own advice."""
    if report.status == "held back" and not is_checked(report):
        return (
            "No row is clean. Look at the reasons and their examples below, fix the data or the "
            "contract, and run the same command again."
        )
    if report.status == "held back":
        return (
            "Look at the expectations that did not pass and at their failing rows below. Fix the "
            "data, the contract or the suite, and run the same command again."
        )
    if report.traceback is not None:
        return (
            "This is a fault of the toolkit, not of the data. Report it with the traceback and "
            "with run.json, which is next to this page."
        )
    if report.status == "interrupted":
        return "Run the same command again; it starts from the beginning."
    return "Fix that and run the same command again." if report.status == "failed" else ""


def tiles(report: RunReport) -> Iterator[Tile]:
    """Yield the main figures that the run has."""
    main = next((s for s in report.stages if s.name == "clean"), None)
    main = main or next((s for s in report.stages if s.rows_in is not None), None)
    if main is not None and main.rows_in is not None:
        size = "" if main.bytes_in is None else human_bytes(main.bytes_in)
        yield Tile("rows in", human_count(main.rows_in), size)
        for name, rows in (("clean", main.rows_clean), ("rejected", main.rows_rejected)):
            if rows is not None:
                yield Tile(name, human_count(rows), human_share(rows, main.rows_in))
    rate = main.rows_in / report.seconds if main and main.rows_in and report.seconds else None
    yield Tile("time", human_seconds(report.seconds), f"{human_rate(rate)} rows/s" if rate else "")
    peak = max((stage.peak_rss_bytes for stage in report.stages), default=0)
    if peak:
        memory = report.machine.get("memory_bytes", 0)
        yield Tile("peak memory", human_bytes(peak), f"of {human_bytes(memory)}" if memory else "")
    yield from _validation_tile(report)


def _validation_tile(report: RunReport) -> Iterator[Tile]:
    outcomes = {how for stage in report.stages for how in stage.validation.values()}
    if outcomes:
        worst = next((how for how in OUTCOMES if how in outcomes), min(outcomes))
        n_checks = sum(len(stage.checks) for stage in report.stages)
        remark = human_number(n_checks, "expectation")
        yield Tile("validation", worst, remark, _OUTCOME_TONES.get(worst, "doubt"))


def tally(stage: StageFacts, suite: str) -> str:
    """Return '1 failed, 50 passed' for the expectations of a suite."""
    counts = Counter(check.result for check in stage.checks if check.suite == suite)
    return ", ".join(f"{human_count(counts[result])} {result}" for result in worst_first(counts))


def worst_first(results: Iterable[str]) -> list[str]:
    """Return the distinct results of expectations, the worst first."""
    found = dict.fromkeys(results)
    return sorted(found, key=lambda result: (*WORST_FIRST, result).index(result))


def command_line(report: RunReport) -> str:
    """Return the command line that runs it again."""
    words = (_PLAIN_QUOTED.sub(r"\1", word) for word in report.overrides)
    return " ".join(map(shell_word, [report.command, *words]))
