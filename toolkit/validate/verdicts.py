"""Results of expectations in the toolkit's terms: plain facts, as JSON and as a table.

Reads results as JSON, without Great Expectations.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa

from toolkit.units import cut

SEVERITIES = ("critical", "warning", "info")
_LONGEST_OBSERVED = 200
_SHORT_OBSERVED = 60


class Status(StrEnum):
    """Status of an expectation, the worst first; only `PASSED` means that the data is as expected.

    An expectation that could not be evaluated is errored; one that met no value at all, so that no
    data could have failed it, is vacuous.
    """

    FAILED = "failed"
    ERRORED = "errored"
    VACUOUS = "vacuous"
    PASSED = "passed"


@dataclass(frozen=True)
class Checked:
    """One expectation of a suite and its result. Counts that it does not have are None.

    `number` is its position in the suite's file, from 1; `condition` describes the rows that it is
    about, unless all; `observed` is JSON, or text; `reason` is why it could not be evaluated.
    """

    suite: str
    number: int
    expectation: str
    columns: tuple[str, ...]
    condition: str | None
    severity: str
    status: Status
    observed: str | None
    element_count: int | None = None
    missing_count: int | None = None
    unexpected_count: int | None = None
    unexpected_percent: float | None = None
    reason: str | None = None
    notes: str | None = None
    failing_rows: Path | None = None

    @property
    def is_breach(self) -> bool:
        """Return whether it counts as a breach: one that could not be evaluated is not known to
        pass.
        """
        return self.status in (Status.FAILED, Status.ERRORED)

    @property
    def label(self) -> str:
        """Such as 'clean 5 expect_column_values_to_be_unique (order_id)'."""
        return f"{self.suite} {self.number} {self.expectation}" + (
            f" ({self.about})" if self.about else ""
        )

    @property
    def explained(self) -> str:
        """Such as 'clean 5 expect_... (order_id), observed 3 % unexpected (Ids are unique.)'."""
        observed = self.observed or ""
        seen = observed if len(observed) <= _SHORT_OBSERVED else ""
        return (
            self.label
            + (f", observed {seen}" if seen else "")
            + (f" ({self.notes.strip()})" if self.notes else "")
        )

    @property
    def about(self) -> str:
        """Such as 'sale_date where region == "Delhi"'."""
        where = f"where {self.condition}" if self.condition else ""
        return " ".join(part for part in (", ".join(self.columns), where) if part)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        path = str(self.failing_rows) if self.failing_rows else None
        return {**asdict(self), "columns": list(self.columns), "failing_rows": path}


TABLE_SCHEMA = pa.schema(
    [
        ("run", pa.string()),
        ("suite", pa.string()),
        ("number", pa.int64()),
        ("expectation", pa.string()),
        ("columns", pa.string()),
        ("condition", pa.string()),
        ("severity", pa.string()),
        ("status", pa.string()),
        ("observed", pa.string()),
        ("element_count", pa.int64()),
        ("missing_count", pa.int64()),
        ("unexpected_count", pa.int64()),
        ("unexpected_percent", pa.float64()),
        ("reason", pa.string()),
        ("notes", pa.string()),
        ("failing_rows", pa.string()),
    ]
)
"""One row per expectation; columns as in Checked, those of the data joined by a comma."""


def breaches(checked: Iterable[Checked], fail_on: str) -> list[Checked]:
    """Return the breaches for a gate of this severity; none for 'never'."""
    if fail_on not in SEVERITIES:
        return []
    minded = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return [one for one in checked if one.is_breach and one.severity in minded]


def outcome(checked: Sequence[Checked]) -> str:
    """Return the outcome of a whole suite: failed on a critical breach, warned on any other, else
    passed.
    """
    if breaches(checked, "critical"):
        return "failed"
    return "warned" if any(one.is_breach for one in checked) else "passed"


def as_table(checked: Iterable[Checked], run: str) -> pa.Table:
    """Return one row per expectation, in the given order; see TABLE_SCHEMA."""
    rows = [{**one.as_dict(), "run": run, "columns": ", ".join(one.columns)} for one in checked]
    return pa.Table.from_pylist(rows, schema=TABLE_SCHEMA)


def observed_text(result: Mapping[str, Any]) -> str | None:
    """Return the observed value, truncated: a figure, or the share of unexpected values."""
    value = result.get("observed_value")
    if value is None and result.get("unexpected_percent") is not None:
        return f"{result['unexpected_percent']:.4g} % unexpected"
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return cut(text, _LONGEST_OBSERVED)


def is_nothing(value: Any) -> bool:
    """Return whether an observed value means that there was nothing to observe."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or value == []
