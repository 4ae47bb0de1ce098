"""Months: which are whole, and what the newest is compared with."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.dashboard.periods import (
    Period,
    change,
    every_month,
    month_name,
    newest_period,
    partial_months,
)


@pytest.mark.parametrize(
    ("first", "last", "partial"),
    [
        (date(2026, 1, 1), date(2026, 3, 31), []),
        (date(2026, 1, 2), date(2026, 3, 31), ["2026-01"]),
        (date(2026, 1, 1), date(2026, 3, 30), ["2026-03"]),
        (date(2026, 1, 5), date(2026, 1, 20), ["2026-01"]),
        (date(2024, 1, 1), date(2024, 2, 28), ["2024-02"]),
        (date(2023, 1, 1), date(2023, 2, 28), []),
        (date(1, 1, 1), date(9999, 12, 31), []),
    ],
)
def test_a_month_is_partial_where_days_are_missing(
    first: date, last: date, partial: list[str]
) -> None:
    assert partial_months((first, last)) == partial


def test_without_known_days_no_month_is_called_partial() -> None:
    assert partial_months(None) == []


@pytest.mark.parametrize(
    ("months", "partial", "period"),
    [
        (["2026-01", "2026-02", "2026-03"], ["2026-03"], Period("2026-02", "2026-01")),
        (["2026-01", "2026-03"], [], Period("2026-03", None)),
        (["2026-01", "2026-02"], ["2026-01"], Period("2026-02", None)),
        (["2025-12", "2026-01", "(none)"], [], Period("2026-01", "2025-12")),
        (["2026-01"], ["2026-01"], None),
        ([], [], None),
    ],
)
def test_a_whole_month_is_compared_with_the_whole_month_before(
    months: list[str], partial: list[str], period: Period | None
) -> None:
    assert newest_period(months, partial) == period


def test_gaps_between_months_are_filled() -> None:
    months = ["2026-02", "(none)", "2025-11"]
    assert every_month(months) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert every_month(["0001-01", "9999-12"]) == ["0001-01", "9999-12"]
    assert every_month(["(none)"]) == []


def test_a_change_needs_something_to_change_from() -> None:
    assert change(110, 100) == pytest.approx(0.1)
    assert [change(1, 0), change(1, None), change(1, -5), change(1, float("nan"))] == [None] * 4


def test_months_are_named_and_other_labels_are_left_alone() -> None:
    assert [month_name("2026-10"), month_name("(none)")] == ["October 2026", "(none)"]
