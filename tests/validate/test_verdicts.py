"""What the gate minds, what a suite comes to, and the table of all expectations."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from toolkit.validate.verdicts import (
    SEVERITIES,
    TABLE_SCHEMA,
    Checked,
    Status,
    as_table,
    breaches,
    is_nothing,
    observed_text,
    outcome,
)

ONE = Checked(
    suite="clean",
    number=5,
    expectation="expect_column_values_to_be_unique",
    columns=("order_id",),
    condition=None,
    severity="critical",
    status=Status.PASSED,
    observed=None,
)


def checked(status: Status, severity: str) -> Checked:
    return replace(ONE, status=status, severity=severity)


ALL = [checked(status, severity) for status, severity in product(Status, SEVERITIES)]


class TestGate:
    @pytest.mark.parametrize(
        ("fail_on", "minded"),
        [
            ("critical", {"critical"}),
            ("warning", {"critical", "warning"}),
            ("info", {"critical", "warning", "info"}),
            ("never", set()),
        ],
    )
    def test_it_minds_what_failed_or_could_not_be_evaluated(
        self, fail_on: str, minded: set[str]
    ) -> None:
        found = breaches(ALL, fail_on)
        assert found == [
            one for one in ALL if one.status in ("failed", "errored") and one.severity in minded
        ]
        assert len(found) == 2 * len(minded)

    @pytest.mark.parametrize(
        ("status", "is_breach"),
        [("failed", True), ("errored", True), ("vacuous", False), ("passed", False)],
    )
    def test_what_is_a_breach(self, status: str, is_breach: bool) -> None:
        assert checked(Status(status), "info").is_breach is is_breach

    @pytest.mark.parametrize(
        ("status", "severity", "expected"),
        [
            *(
                ("failed", s, e)
                for s, e in zip(SEVERITIES, ("failed", "warned", "warned"), strict=True)
            ),
            *(
                ("errored", s, e)
                for s, e in zip(SEVERITIES, ("failed", "warned", "warned"), strict=True)
            ),
            *(("vacuous", severity, "passed") for severity in SEVERITIES),
            *(("passed", severity, "passed") for severity in SEVERITIES),
        ],
    )
    def test_what_a_suite_comes_to(self, status: str, severity: str, expected: str) -> None:
        assert outcome([ONE, checked(Status(status), severity), ONE]) == expected

    def test_the_worst_decides(self) -> None:
        assert outcome(ALL) == "failed"
        assert outcome([]) == "passed"


class TestTable:
    FULL = replace(
        ONE,
        columns=("region", "sale_date"),
        condition='region == "Delhi"',
        status=Status.FAILED,
        observed="12.5 % unexpected",
        element_count=8,
        missing_count=0,
        unexpected_count=1,
        unexpected_percent=12.5,
        reason="why",
        notes="Because.",
        failing_rows=Path("data/rows.parquet"),
    )

    def test_a_row_for_each_in_order(self) -> None:
        table = as_table([self.FULL, ONE], "2026-11-23")
        assert table.schema == TABLE_SCHEMA
        first, second = table.to_pylist()
        assert first == {
            "run": "2026-11-23",
            "suite": "clean",
            "number": 5,
            "expectation": "expect_column_values_to_be_unique",
            "columns": "region, sale_date",
            "condition": 'region == "Delhi"',
            "severity": "critical",
            "status": "failed",
            "observed": "12.5 % unexpected",
            "element_count": 8,
            "missing_count": 0,
            "unexpected_count": 1,
            "unexpected_percent": 12.5,
            "reason": "why",
            "notes": "Because.",
            "failing_rows": "data/rows.parquet",
        }
        assert second["columns"] == "order_id"
        assert [name for name in second if second[name] is None] == [
            "condition",
            "observed",
            "element_count",
            "missing_count",
            "unexpected_count",
            "unexpected_percent",
            "reason",
            "notes",
            "failing_rows",
        ]

    def test_no_row_at_all(self) -> None:
        assert as_table([], "run") == TABLE_SCHEMA.empty_table()

    def test_a_column_for_every_fact(self) -> None:
        assert {*TABLE_SCHEMA.names} == {"run", *ONE.as_dict()}
        assert all(field.type != pa.null() for field in TABLE_SCHEMA)

    def test_as_json(self) -> None:
        again = json.loads(json.dumps(self.FULL.as_dict()))
        assert again["columns"] == ["region", "sale_date"]
        assert again["status"] == "failed"
        assert again["failing_rows"] == "data/rows.parquet"

    def test_labels(self) -> None:
        assert ONE.label == "clean 5 expect_column_values_to_be_unique (order_id)"
        assert self.FULL.about == 'region, sale_date where region == "Delhi"'
        assert replace(ONE, columns=()).label == "clean 5 expect_column_values_to_be_unique"
        assert replace(ONE, columns=(), condition="n > 1").about == "where n > 1"


class TestObserved:
    @pytest.mark.parametrize(
        ("result", "expected"),
        [
            ({"observed_value": 12.5}, "12.5"),
            ({"observed_value": 0}, "0"),
            ({"observed_value": "text"}, "text"),
            ({"observed_value": ["a", None, 1]}, '["a", null, 1]'),
            ({"observed_value": {"quantiles": [0.5]}}, '{"quantiles": [0.5]}'),
            ({"unexpected_percent": 100 / 3}, "33.33 % unexpected"),
            ({"unexpected_percent": 0.0}, "0 % unexpected"),
            ({"observed_value": 3, "unexpected_percent": 1.0}, "3"),
            ({"unexpected_percent": None}, None),
            ({}, None),
        ],
    )
    def test_a_figure_or_a_share(self, result: dict[str, Any], expected: str | None) -> None:
        assert observed_text(result) == expected

    @pytest.mark.parametrize(("n", "shown"), [(200, 200), (201, 200), (5000, 200)])
    def test_it_is_cut_short(self, n: int, shown: int) -> None:
        text = observed_text({"observed_value": "x" * n})
        assert text is not None
        assert len(text) == shown
        assert text.endswith("…") == (n > 200)

    @pytest.mark.parametrize("value", [None, float("nan"), []])
    def test_nothing(self, value: Any) -> None:
        assert is_nothing(value)

    @pytest.mark.parametrize("value", [0, 0.0, "", False, [None], {}])
    def test_something(self, value: Any) -> None:
        assert not is_nothing(value)
