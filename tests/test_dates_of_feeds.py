"""Feeds with days of all kinds, drafted and run without an edit, to known months."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from tests.commands import ask, read

pytestmark = pytest.mark.slow

QUICK = "cluster=sync"
NEW_YORK = ZoneInfo("America/New_York")
# Moments over a year, at all hours, so that many days differ between zones.
SOLD = [datetime(2025, 1, 1, 0, 30, tzinfo=UTC) + timedelta(hours=61 * n) for n in range(140)]
DAYS = [date(2025, 1, 1) + timedelta(3 * n) for n in range(120)]
GERMAN = [
    "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez.",
]  # fmt: skip


def run(folder: Path, header: str, columns: Sequence[Sequence[str]]) -> tuple[str, dict[str, Any]]:
    """Draft and run a feed of an order, these columns and an amount of 1; return the output."""
    rows = [f"A{n},{','.join(cells)},1.00" for n, cells in enumerate(zip(*columns, strict=True))]
    text = "\n".join([f"order,{header},amount", *rows, ""])
    (folder / "feed.csv").write_text(text, encoding="utf-8")
    draft = ask("new-dataset", "feed.csv", "name=f", "as_of=2026-01-31", QUICK, cwd=folder)
    assert draft.code == 0, draft.err
    done = ask("run-pipeline", "dataset=f", "feed.csv", "as_of=2026-01-31", QUICK, cwd=folder)
    assert done.code == 0, done.err
    told = " ".join(draft.out.split())
    return told, yaml.safe_load((folder / "conf" / "dataset" / "f.yaml").read_text("utf-8"))


def months(folder: Path) -> dict[str, float]:
    table = read(folder / "data" / "aggregations" / "f" / "monthly_summary.parquet")
    return {row["month"]: row["total_amount"] for row in table.to_pylist()}


def counted(days: Sequence[date]) -> dict[str, float]:
    return {month: float(n) for month, n in Counter(f"{day:%Y-%m}" for day in days).items()}


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        ([f"{m.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S %z}" for m in SOLD],
         [m.astimezone(NEW_YORK) for m in SOLD]),
        ([f'"{m.astimezone(NEW_YORK):%b %d, %Y %I:%M:%S %p %Z}"' for m in SOLD],
         [m.astimezone(NEW_YORK) for m in SOLD]),
        ([f"{m:%Y%m%dT%H%M%SZ}" for m in SOLD], SOLD),
        ([f"{m:%Y-%m-%dT%H:%M:%S}.1230000+00:00" for m in SOLD], SOLD),
        ([str(int(m.timestamp())) for m in SOLD], SOLD),
        ([str(int(m.timestamp() * 1000)) for m in SOLD], SOLD),
        ([f"{d.day}. {GERMAN[d.month - 1]} {d.year}" for d in DAYS], DAYS),
        ([f'"{d:%a, %d %b %Y}"' for d in DAYS], DAYS),
        ([f"{d.day}. {d.month}. {d.year}" for d in DAYS], DAYS),
        ([f'"{d.month}/{d.day}/{d.year}, 12:03:04\u202fPM"' for d in DAYS], DAYS),
        ([str((d - date(1899, 12, 30)).days) for d in DAYS], DAYS),
        ([f"{d:%b-%y}" for d in DAYS], DAYS),
        ([f"{d:%Y-%m}" for d in DAYS], DAYS),
    ],
    ids=["offsets", "names of zones", "compact", "fine", "seconds", "milliseconds", "german",
         "weekdays", "blanks", "narrow", "sheet", "short months", "months"],
)  # fmt: skip
def test_a_draft_reaches_the_known_months(
    cells: list[str], days: Sequence[date], tmp_path: Path
) -> None:
    run(tmp_path, "created at", [cells])
    assert months(tmp_path) == counted(days)


def test_the_zone_of_report_moves_sales_to_its_months(tmp_path: Path) -> None:
    cells = [f"{m.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S %z}" for m in SOLD]
    run(tmp_path, "created at", [cells])
    zone = "dataset.columns.created_at.report_zone"
    done = ask("run-pipeline", "dataset=f", "feed.csv", f"{zone}=Asia/Tokyo", "as_of=2026-01-31",
               QUICK, cwd=tmp_path)  # fmt: skip
    assert done.code == 0, done.err
    tokyo = counted([m.astimezone(ZoneInfo("Asia/Tokyo")) for m in SOLD])
    assert months(tmp_path) == tokyo != counted([m.astimezone(NEW_YORK) for m in SOLD])


def test_quarters_are_no_months(tmp_path: Path) -> None:
    quarters = [f"Q{(d.month + 2) // 3} {d.year}" for d in DAYS]
    told, contract = run(tmp_path, "quarter", [quarters])
    assert contract["columns"]["quarter"]["period"] == "quarter"
    assert "clean values are the first days of them (period: quarter)" in told
    assert "monthly_summary" not in contract["aggregations"]


def test_what_one_column_proves_decides_days_that_run_well_in_either_order(tmp_path: Path) -> None:
    # In order of time as days of months; the other column proves that months come first.
    early = [date(2025, month, day) for day in range(1, 11) for month in range(1, 13)]
    paid = [f"{d.month:02}/{d.day:02}/{d.year}" for d in early]
    sold = [f"{d.month}/{d.day}/{d.year}" for d in DAYS]
    told, contract = run(tmp_path, "paid,sold", [paid, sold])
    assert contract["columns"]["paid"]["formats"] == ["%m/%d/%Y"]
    assert "as another column proves months first" in told


def test_half_converted_days_keep_the_order_that_is_proven(tmp_path: Path) -> None:
    days = [date(year, month, day) for year in (2024, 2025) for month in range(1, 13)
            for day in range(1, 29)]  # fmt: skip
    Random(3).shuffle(days)
    cells = [f"{d.month}/{d.day}/{d.year}" if d.day > 12 else f"{d:%m-%d-%Y}" for d in days]
    run(tmp_path, "sold", [cells])
    assert months(tmp_path) == counted(days)


def test_bogus_days_are_counted_and_widen_no_limit(tmp_path: Path) -> None:
    cells = [f"{d:%Y-%m-%d}" for d in DAYS]
    cells[3], cells[7], cells[9] = "1899-12-30", "9999-12-31", "1900-01-01"
    told, contract = run(tmp_path, "sold", [cells])
    column = contract["columns"]["sold"]
    assert (column["years_before"], column["years_after"]) == (20, 1)
    assert "3 cells far from all other days: '1899-12-30' (row 4), '9999-12-31' (row 8)" in told
    rejected = read(tmp_path / "data" / "rejected" / "feed_rejected.parquet")
    assert rejected.column("rejection_reason").to_pylist() == ["sold_out_of_range"] * 3


def test_years_of_a_pivot_are_a_doubt_that_names_it(tmp_path: Path) -> None:
    cells = [f"{d:%d.%m.%y}" for d in DAYS]
    cells[3], cells[7] = "05.03.68", "05.03.69"
    told, _ = run(tmp_path, "sold", [cells])
    assert "two-digit years are 1969 to 2068; two_digit_years_from moves them" in told


def test_a_time_that_never_was_is_rejected_and_one_that_was_twice_is_counted(
    tmp_path: Path,
) -> None:
    cells = [f"{d:%Y-%m-%d} 12:00" for d in DAYS]
    cells[0], cells[1] = "2025-10-26 02:30", "2025-03-30 02:30"
    _, contract = run(tmp_path, "sold", [cells])
    contract["columns"]["sold"] |= {"source_zone": "Europe/Berlin", "report_zone": "UTC"}
    path = tmp_path / "conf" / "dataset" / "f.yaml"
    path.write_text(yaml.safe_dump(contract, sort_keys=False), encoding="utf-8")
    done = ask("run-pipeline", "dataset=f", "feed.csv", "as_of=2026-01-31", QUICK, cwd=tmp_path)
    assert done.code == 0, done.err
    assert "first of two times" in done.out
    rejected = read(tmp_path / "data" / "rejected" / "feed_rejected.parquet")
    assert rejected.column("sold").to_pylist() == ["2025-03-30 02:30"]
