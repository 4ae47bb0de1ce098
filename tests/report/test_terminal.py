from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from toolkit.report.facts import CheckFacts, RepairFacts, RunReport, StageFacts
from toolkit.report.terminal import print_summary, summary_table

GOLDEN = Path(__file__).parents[1] / "golden" / "summary"


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
        repaired=[
            RepairFacts("discount_percent", "clipped", 1_234_567, []),
            RepairFacts("quantity", "raised to floor", 1, []),
        ],
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


@pytest.fixture
def checked() -> StageFacts:
    """Expectations that ended in every way."""
    columns = "[" + ", ".join(f'"column_{n}"' for n in range(20)) + "]"
    return StageFacts(
        "validate",
        seconds=0.5,
        rows_in=10_000_000,
        validation={"clean": "failed", "rejected": "passed"},
        checks=[
            CheckFacts(
                "clean", "expect_table_columns_to_match_ordered_list", "", "critical",
                columns, None, "failed",
            ),
            CheckFacts(
                "clean", "expect_column_values_to_be_unique", "order_id", "critical",
                "15.43 % unexpected", 1_234_567, "failed",
            ),
            CheckFacts(
                "clean", "expect_column_mean_to_be_between", "price", "warning", "", None, "errored"
            ),
            CheckFacts(
                "clean", "expect_column_values_to_be_null", "flag where discount > 0.8", "info",
                "", 0, "vacuous",
            ),
            CheckFacts(
                "rejected", "expect_column_values_to_not_be_null", "reason", "critical",
                "0 % unexpected", 0, "passed",
            ),
        ],
        paths={"validation": Path("validation.json")},
    )  # fmt: skip


@pytest.mark.parametrize("columns", [60, 100])
def test_on_a_terminal(report: RunReport, columns: int) -> None:
    assert on_a_terminal(report, columns) == golden(f"{columns}.txt")


@pytest.mark.parametrize("columns", [60, 140])
def test_a_pipeline_shows_what_did_not_hold(
    report: RunReport, checked: StageFacts, columns: int
) -> None:
    report.stages[1:] = [checked]
    assert on_a_terminal(report, columns) == golden(f"held-{columns}.txt")


@pytest.mark.parametrize("columns", [60, 140])
def test_a_validation_shows_all_of_it(checked: StageFacts, columns: int) -> None:
    report = RunReport("validate-data", stages=[checked])
    assert on_a_terminal(report, columns) == golden(f"validated-{columns}.txt")


@pytest.mark.parametrize("columns", [60, 140])
def test_brackets_in_data_are_only_text(columns: int) -> None:
    about, observed = "[bold]c where x == '[/]'", '["[/red]"]'
    check = CheckFacts("clean", "expect", about, "info", observed, 1, "failed")
    stage = StageFacts("validate", validation={"clean": "passed"}, checks=[check])
    shown = "\n".join(on_a_terminal(RunReport("validate-data", stages=[stage]), columns))
    assert about in shown
    assert observed in shown
    assert "validated: clean passed; 1 expectation: 1 failed" in shown


def on_a_terminal(report: RunReport, columns: int) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=columns, force_terminal=True, color_system=None)
    console.print(summary_table(report), crop=False)
    return [line.rstrip() for line in visible(out.getvalue())]


def golden(name: str) -> list[str]:
    return (GOLDEN / name).read_text("utf-8").splitlines()


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


def test_the_day_that_limits_count_from_is_shown(report: RunReport) -> None:
    report.stages[1].as_of = "2026-11-23"
    stream = io.StringIO()
    print_summary(report, stream)
    assert "limits of dates count from 2026-11-23 (as_of)\n" in stream.getvalue()
