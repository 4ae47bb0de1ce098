"""Validation results of a run, suite by suite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from toolkit.dashboard.files import Unreadable, read_json
from toolkit.report.facts import RESULTS_FILE, WORST_FIRST
from toolkit.settings.workspace import Workspace


@dataclass(frozen=True)
class SuiteResult:
    """A suite's outcome (passed, warned or failed), the counts of its expectations, and a row for
    each.

    The rows are sorted worst first, then by their order in the suite's file.
    """

    suite: str
    name: str
    outcome: str
    n_rows: int
    counts: Mapping[str, int]
    expectations: pd.DataFrame


def read_results(workspace: Workspace, run: str) -> list[SuiteResult]:
    """Read the results of the run. Raises Unreadable when it has none, or they are damaged."""
    path = workspace.reports / run / RESULTS_FILE
    try:
        return [_suite(suite) for suite in read_json(path)["suites"]]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"{path} has no validation results ({error!r}).") from None


def _suite(record: Mapping[str, Any]) -> SuiteResult:
    rows = [_row(one) for one in record["expectations"]]
    rows.sort(key=lambda row: WORST_FIRST.index(row["result"]))
    return SuiteResult(
        suite=str(record["suite"]),
        name=str(record["name"]),
        outcome=str(record["outcome"]),
        n_rows=int(record["rows"]),
        counts=Counter(row["result"] for row in rows),
        expectations=pd.DataFrame(rows),
    )


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    where = f" where {record['condition']}" if record["condition"] else ""
    return {
        "result": str(record["status"]),
        "severity": str(record["severity"]),
        "expectation": str(record["expectation"]).removeprefix("expect_").replace("_", " "),
        "about": ", ".join(record["columns"]) + where,
        "unexpected": record["unexpected_count"],
        "observed": record["observed"] or record["reason"] or "",
        "why": record["notes"] or "",
    }
