"""Facts of runs made by hand: one that went well, and one in which everything is monstrous."""

from __future__ import annotations

from pathlib import Path

from toolkit.report.facts import (
    CheckFacts,
    InputFacts,
    RejectedExample,
    RepairExample,
    RepairFacts,
    RunReport,
    StageFacts,
)
from toolkit.report.sampling import Sample

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \"' &amp; \x00\u202etxt {{7*7}}"


def samples(n: int, rss_bytes: int = 300_000_000) -> list[Sample]:
    return [Sample(at / 10, rss_bytes + at, 150.0 if at else 0.0) for at in range(n)]


def clean_stage() -> StageFacts:
    return StageFacts(
        "clean",
        after_seconds=1.0,
        seconds=4.0,
        inputs=[InputFacts("in/feed.csv", 102_000, 1000)],
        rows_in=1000,
        rows_clean=900,
        rows_rejected=100,
        rejected_by_reason={"unknown_region": 60, "duplicate_order_id": 40},
        rejected_examples=[
            RejectedExample("unknown_region", {"region": "Atlantis"}, "in/feed.csv", 1017),
            RejectedExample("unknown_region", {"region": ""}, "in/feed.csv", 1018),
            RejectedExample("duplicate_order_id", {"order_id": "A7", "line": "2"}, "b.csv", 5),
        ],
        repaired=[
            RepairFacts("price", "clipped", 12, [RepairExample("-1,5", "0.0", "in/feed.csv", 9)])
        ],
        bytes_in=102_000,
        peak_rss_bytes=412_000_000,
        paths={"clean": Path("clean.parquet"), "rejected": Path("rejected.parquet")},
        notes=["the starter lookups are used"],
        samples=samples(40),
    )


def validate_stage() -> StageFacts:
    def check(result: str, rows: Path | None = None) -> CheckFacts:
        return CheckFacts(
            "clean", f"expect_it_{result}", "order_id", "critical", "0.3 %", 3, result, rows
        )

    return StageFacts(
        "validate",
        after_seconds=5.0,
        seconds=0.5,
        rows_in=1000,
        validation={"clean": "failed", "rejected": "passed"},
        checks=[check("passed"), check("failed", Path("failing.parquet")), check("vacuous")],
        pages={"clean": Path("page.html")},
        paths={"validation": Path("validation.json")},
        peak_rss_bytes=300_000_000,
        samples=samples(5),
    )


def good_run() -> RunReport:
    return RunReport(
        "run-pipeline",
        ["rows=1000", "input='in/feed.csv'"],
        "abc123",
        {"rows": 1000, "seed": 42, "dataset.name": "ecommerce"},
        {"rows": 100_000, "output": "x"},
        started="2026-11-23T10:00:00+00:00",
        seconds=5.5,
        status="ok",
        machine={"cores": 4, "memory_bytes": 8_000_000_000},
        stages=[clean_stage(), validate_stage()],
    )


def monstrous_run() -> RunReport:
    """More of everything than there can be, and each text of a megabyte that means harm."""
    long = HOSTILE + "x" * 1_000_000
    many = range(20_000)
    example = RejectedExample(long, {long: long, "b": None}, long, 1)
    stage = StageFacts(
        long,
        seconds=1.0,
        inputs=[InputFacts(f"{n}{HOSTILE}", n, n) for n in many],
        rows_in=10**15,
        rows_clean=1,
        rows_rejected=1,
        rejected_by_reason={long: 5, **{f"{HOSTILE}{n}": n for n in many}},
        rejected_examples=[example] * 20,
        repaired=[RepairFacts(long, HOSTILE, n, [RepairExample(long, long, long, 1)] * 9)
                  for n in range(300)],
        checks=[CheckFacts(HOSTILE, HOSTILE, long, HOSTILE, long, 1, "failed") for _ in many],
        validation={f"{n}{HOSTILE}": HOSTILE for n in range(500)},
        paths={f"{n}{HOSTILE}": Path(f"/{n}") for n in many},
        notes=[f"{n}{long}" for n in range(100)],
        samples=samples(300),
    )  # fmt: skip
    return RunReport(
        "<script>alert(3)</script>",
        [long, "a=b"],
        "abc",
        {f"{n}{HOSTILE}": long for n in range(9000)},
        {f"{n}{HOSTILE}": long for n in range(9000)},
        status="failed",
        seconds=1.0,
        error=long,
        traceback=f"{long}\n" * 20,
        stages=[stage] * 5,
    )
