from __future__ import annotations

import pytest

from toolkit.units import (
    cut,
    human_bytes,
    human_count,
    human_figure,
    human_part,
    human_rate,
    human_seconds,
    human_share,
)


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (999_949_999, "1.0 GB"),
        (3_400_000_000, "3.4 GB"),
        (5e18, "5000.0 PB"),
    ],
)
def test_bytes(n_bytes: float, text: str) -> None:
    assert human_bytes(n_bytes) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0, "0"),
        (12.4, "12"),
        (999.6, "1.0k"),
        (1_940_000, "1.9M"),
        (9_960_000, "10M"),
        (85e4, "850k"),
    ],
)
def test_rates(rate: float, text: str) -> None:
    assert human_rate(rate) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (8.64, "8.6 s"),
        (99.94, "99.9 s"),
        (99.96, "1 min 40 s"),
        (125, "2 min 5 s"),
        (119.6, "2 min 0 s"),
        (5999.4, "99 min 59 s"),
        (6000, "1 h 40 min"),
    ],
)
def test_times(seconds: float, text: str) -> None:
    assert human_seconds(seconds) == text


def test_a_part_has_the_unit_of_the_total() -> None:
    assert human_part(200_000_000, 3_400_000_000) == "0.2 of 3.4 GB"
    assert human_part(12, 345) == "12 of 345 B"


def test_counts_and_shares() -> None:
    assert human_count(12_345_678) == "12,345,678"
    assert human_share(1, 8) == "12.5 %"
    assert human_share(1, 10_000) == "<0.1 %"
    assert human_share(0, 10_000) == "0.0 %"
    assert human_share(0, 0) == "-"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12, "12"),
        (12.0, "12"),
        (84.52, "84.5"),
        (3.14159, "3.14"),
        (999, "999"),
        (999.6, "1.00k"),
        (4_119_532, "4.12M"),
        (13_364, "13.4k"),
        (999_700, "1.00M"),
        (-2500, "-2.50k"),
    ],
)
def test_figures(value: float, text: str) -> None:
    assert human_figure(value) == text


def test_a_text_is_cut_to_at_most_so_many_characters() -> None:
    assert cut("abcde", 5) == "abcde"
    assert cut("abcdef", 5) == "abcd…"
