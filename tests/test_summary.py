from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from toolkit.report import RunReport, StageFacts
from toolkit.summary import print_summary, summary_table

GOLDEN = Path(__file__).parent / "golden" / "summary"


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunReport:
    monkeypatch.chdir(tmp_path)
    generate = StageFacts(
        "generate",
        seconds=9.1,
        rows_in=10_000_000,
        peak_rss_bytes=123_456_789,
        paths={"raw": Path("data/input/raw_ecommerce_data.csv")},
    )
    clean = StageFacts(
        "clean",
        seconds=6.5,
        rows_in=10_000_000,
        rows_clean=7_999_999,
        rows_rejected=2_000_001,
        rejected_by_reason={
            "malformed_row": 1,
            "blank_row": 0,
            "unknown_category": 1_500_000,
            "invalid_calculated_revenue": 500_000,
        },
        peak_rss_bytes=812_345_678,
        paths={
            "clean": tmp_path / "data/clean/raw_ecommerce_data_of_the_year_2026_clean.parquet",
            "rejected": Path("/r.parquet"),
        },
        notes=["lookups: the starter ones"],
    )
    aggregate = StageFacts(
        "aggregate", seconds=0.04, rows_in=7_999_999, notes=["lookups: the starter ones"]
    )
    return RunReport("run-pipeline", stages=[generate, clean, aggregate])


@pytest.mark.parametrize("columns", [60, 100])
def test_on_a_terminal(report: RunReport, columns: int) -> None:
    out = io.StringIO()
    console = Console(file=out, width=columns, force_terminal=True, color_system=None)
    console.print(summary_table(report), crop=False)
    lines = [line.rstrip() for line in visible(out.getvalue())]
    assert lines == (GOLDEN / f"{columns}.txt").read_text("utf-8").splitlines()


def visible(text: str) -> list[str]:
    """Without the addresses behind the links."""
    parts = text.split("\x1b]8;")
    shown = parts[0] + "".join(part.partition("\x1b\\")[2] for part in parts[1:])
    return shown.splitlines()


def test_paths_are_links_on_a_terminal(report: RunReport) -> None:
    out = io.StringIO()
    Console(file=out, width=100, force_terminal=True).print(summary_table(report))
    assert f";{Path('data/input/raw_ecommerce_data.csv').absolute().as_uri()}\x1b" in out.getvalue()


@pytest.mark.parametrize("variable", ["COLUMNS", "FORCE_COLOR"])
def test_piped(report: RunReport, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "20")
    out = io.StringIO()
    print_summary(report, out)
    assert out.getvalue() == (GOLDEN / "piped.txt").read_text("utf-8")


def test_a_path_is_as_short_as_can_be(report: RunReport, tmp_path: Path) -> None:
    out = io.StringIO()
    os.chdir(tmp_path.parent)
    print_summary(report, out)
    relative = tmp_path.name + "/data/clean/raw_ecommerce_data_of_the_year_2026_clean.parquet"
    assert f"clean     {relative}\n" in out.getvalue()
    assert "rejected  /r.parquet\n" in out.getvalue()


def test_print_summary_to_a_terminal_cuts_no_path(
    report: RunReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    master, slave = os.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as stream:
        print_summary(report, stream)
        stream.flush()
        shown = os.read(master, 65536).decode()
    os.close(master)
    assert "\x1b[1m" in shown
    assert "data/clean/raw_ecommerce_data_of_the_year_2026_clean.parquet" in "".join(visible(shown))
