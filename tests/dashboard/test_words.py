"""Names and figures as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from toolkit.dashboard.labels import (
    age,
    change_text,
    figure,
    is_share,
    label,
    lowered,
    plain,
    points_text,
    table_label,
)
from toolkit.units import human_number


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("total_revenue", "Revenue"),
        ("order_count", "Orders"),
        ("avg_order_value", "Average order value"),
        ("avg_discount_percent", "Average discount"),
        ("mean_rain", "Average rain"),
        ("total", "Total"),
        ("count", "Count"),
        ("percent", "Percent"),
        ("Umsatz", "Umsatz"),
    ],
)
def test_labels(name: str, shown: str) -> None:
    assert label(name) == shown


def test_names_of_tables_and_within_sentences() -> None:
    assert table_label("top_products_by_category") == "Top products by category"
    assert [lowered("Average order value"), lowered("SKU")] == ["average order value", "SKU"]


def test_figures() -> None:
    shown = [figure(v) for v in (4_119_532.46, 1071.0, 999_600, 84.52, 12, 0, -2_500, float("nan"))]
    assert shown == ["4.12M", "1.07k", "1.00M", "84.5", "12", "0", "-2.50k", "-"]
    assert figure(0.1407, share=True) == "14.1 %"


def test_changes() -> None:
    assert [change_text(0.0321), change_text(-0.2), change_text(None)] == [
        "+3.2 %",
        "-20.0 %",
        None,
    ]
    assert points_text(0.006) == "+0.6 pp"


def test_a_share_is_told_by_its_name_and_by_its_figures() -> None:
    assert is_share("avg_discount_percent", 0.26)
    assert not is_share("avg_discount_percent", 26.0)
    assert not is_share("avg_order_value", 0.5)


def test_ages() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    ages = [
        age(now - passed, now)
        for passed in (
            timedelta(seconds=59),
            timedelta(minutes=1),
            timedelta(hours=25),
            timedelta(hours=3),
            timedelta(seconds=-5),
        )
    ]
    assert ages == ["just now", "1 minute ago", "1 day ago", "3 hours ago", "just now"]
    assert human_number(1, "row") == "1 row"


def test_marks_of_markdown_are_shown_as_they_are() -> None:
    assert plain("a*b_[x](javascript:y) <b> $5$ :red[z]") == (
        r"a\*b\_\[x\]\(javascript\:y\) \<b\> \$5\$ \:red\[z\]"
    )
