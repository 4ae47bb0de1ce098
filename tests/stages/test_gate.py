"""The gate: what holds outputs back, and where everything is afterwards."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.commands import Answer, everything_in, left_in, read
from tests.stages.places import (
    FREE_GOODS,
    HOLDS,
    NO_REGEX,
    SINGLE_PIECES,
    Expectation,
    Place,
    about,
    read_json,
    severe,
    where,
)

pytestmark = pytest.mark.slow

ENDS: dict[str, Expectation] = {
    "failed": FREE_GOODS,
    "errored": NO_REGEX,
    "vacuous": about("customer_email", **where("quantity", -1)),
}
HELD_BACK = 3


def test_outputs_that_break_a_suite_leave_the_earlier_ones_published(published: Place) -> None:
    published.write_suites(clean=[HOLDS, FREE_GOODS, SINGLE_PIECES])
    before, n_runs = published.published(), len(published.runs())
    answer = published.run_pipeline("seed=7")
    assert answer.code == HELD_BACK
    assert published.published() == before
    assert len(published.runs()) == n_runs + 1
    run = published.runs()[-1]
    held = run / "held"
    assert_whole(held, n_rows=1000)
    check_report(published, held)
    check_answer(answer, held)
    [failing] = (run / "failing_rows").iterdir()
    assert read(failing)["quantity"].to_pylist() == [
        quantity
        for quantity in read(held / published.clean.name)["quantity"].to_pylist()
        if quantity > 1
    ]
    assert published.suites()["clean"]["expectations"][2]["failing_rows"] == str(failing)
    assert read_json(run / "validation.json")["breaches"] == [
        "clean 2 expect_column_mean_to_be_between (unit_price)",
        "clean 3 expect_column_values_to_be_between (quantity)",
    ]
    assert not [path for path in left_in(published.folder) if ".staging" in path]


def assert_whole(held: Path, n_rows: int) -> None:
    """Both datasets are there as they would have been published, and their feed."""
    datasets = [held / f"raw_ecommerce_data_{kind}.parquet" for kind in ("clean", "rejected")]
    assert sorted(held.iterdir()) == [held / "raw_ecommerce_data.csv", *datasets]
    counted = [read(dataset).num_rows for dataset in datasets]
    assert sum(counted) == n_rows
    for dataset in datasets:
        manifest = read_json(dataset / "_manifest.json")
        assert [manifest["rows_clean"], manifest["rows_rejected"]] == counted
        manifest_file, part = sorted(path.name for path in dataset.iterdir())
        assert (manifest_file, part[:12]) == ("_manifest.json", "part-000000-")


def check_report(place: Place, held: Path) -> None:
    report, facts = place.report(), place.stage("validate")
    assert report["status"] == "held back"
    assert "2 expectations did not pass" in report["error"]
    assert [stage["name"] for stage in report["stages"]] == ["generate", "clean", "validate"]
    assert facts["validation"] == {"clean": "failed", "rejected": "passed"}
    assert facts["paths"]["clean, held back"] == str(held / "raw_ecommerce_data_clean.parquet")
    assert facts["paths"]["rejected, held back"] == str(
        held / "raw_ecommerce_data_rejected.parquet"
    )
    assert facts["paths"]["failing rows"] == str(held.parent / "failing_rows")
    assert not place.stage("clean")["paths"]


def check_answer(answer: Answer, held: Path) -> None:
    [error] = answer.errors
    assert answer.err.endswith(f"{error}\n")
    assert "unit_price" in error
    assert "severity critical" in error
    assert f"reports/{held.parent.name}/held" in error
    assert "published outputs are unchanged" in error
    shown = [line.split() for line in answer.out.splitlines() if " expect_" in line]
    assert [(row[1], row[-1]) for row in shown] == [
        ("expect_column_mean_to_be_between", "failed"),
        ("expect_column_values_to_be_between", "failed"),
    ]
    for label in ("clean, held back", "rejected, held back", "failing rows", "data docs", "report"):
        assert re.search(rf"^{label} +data/reports/", answer.out, re.MULTILINE), label


@pytest.mark.parametrize("outputs", ["parquet", "minimal", "archive"])
def test_when_the_first_outputs_ever_are_held_back_nothing_is_published(
    outputs: str, place: Place
) -> None:
    place.write_suites(clean=[FREE_GOODS])
    assert place.run_pipeline(f"outputs={outputs}").code == HELD_BACK
    assert place.published() == {}
    kinds = ["clean"] if outputs == "minimal" else ["clean", "rejected"]
    held = sorted((place.runs()[-1] / "held").iterdir())
    datasets = [f"raw_ecommerce_data_{kind}.parquet" for kind in kinds]
    assert [path.name for path in held] == ["raw_ecommerce_data.csv", *datasets]


def test_rejected_rows_are_minded_as_much_as_clean_ones(published: Place) -> None:
    published.write_suites(rejected=[about("rejection_reason", "be_in_set", value_set=["other"])])
    before = published.published()
    answer = published.run_pipeline("seed=7")
    assert (answer.code, published.published()) == (HELD_BACK, before)
    assert "rejected 1 expect_column_values_to_be_in_set (rejection_reason)" in answer.errors[0]


def test_what_was_held_back_is_published_by_a_run_that_passes(published: Place) -> None:
    published.write_suites(clean=[FREE_GOODS])
    assert published.run_pipeline("seed=7").code == HELD_BACK
    held = published.runs()[-1] / "held"
    published.write_suites()
    assert published.run_pipeline("seed=7").code == 0
    parts = [next(kind.glob("part-*")) for kind in (published.clean, published.rejected)]
    assert [part.read_bytes() for part in parts] == [
        next((held / part.parent.name).glob("part-*")).read_bytes() for part in parts
    ]
    assert_whole(held, n_rows=1000)


@pytest.mark.parametrize(
    ("option", "code", "validated"),
    [("gate", 0, True), ("strict", HELD_BACK, True), ("watch", 0, True), ("off", 0, False)],
)
def test_every_option_of_the_gate(
    option: str, code: int, validated: bool, published: Place
) -> None:
    published.write_suites(clean=[severe("warning", FREE_GOODS)])
    before = published.published()
    assert published.run_pipeline("seed=7", f"validation={option}").code == code
    assert (published.published() == before) is (code == HELD_BACK)
    stages = [stage["name"] for stage in published.report()["stages"]]
    assert ("validate" in stages, "aggregate" in stages) == (validated, code == 0)
    if validated:
        assert published.suites()["clean"]["outcome"] == "warned"


@pytest.mark.parametrize(
    ("status", "severity", "fail_on", "code"),
    [
        ("failed", None, "critical", HELD_BACK),
        ("failed", "critical", "critical", HELD_BACK),
        ("failed", "critical", "warning", HELD_BACK),
        ("failed", "critical", "never", 0),
        ("failed", "warning", "critical", 0),
        ("failed", "warning", "warning", HELD_BACK),
        ("failed", "info", "warning", 0),
        ("errored", "critical", "critical", HELD_BACK),
        ("errored", "warning", "critical", 0),
        ("errored", "warning", "warning", HELD_BACK),
        ("vacuous", "critical", "warning", 0),
    ],
)
def test_what_is_minded(
    status: str, severity: str | None, fail_on: str, code: int, published: Place
) -> None:
    expectation = ENDS[status] if severity is None else severe(severity, ENDS[status])
    published.write_suites(clean=[HOLDS, expectation])
    before = published.published()
    answer = published.ask("validate-data", f"validation.fail_on={fail_on}")
    assert answer.code == code
    assert len(answer.errors) == (code == HELD_BACK)
    assert published.published() == before
    assert published.report()["status"] == ("held back" if code else "ok")
    assert not (published.runs()[-1] / "held").exists()
    [_, one] = published.suites()["clean"]["expectations"]
    assert (one["status"], one["severity"]) == (status, severity or "critical")


def test_datasets_that_are_published_are_not_moved_away(published: Place) -> None:
    published.write_suites(clean=[FREE_GOODS])
    before = everything_in(published.folder / "data" / "clean")
    answer = published.ask("validate-data", str(published.clean))
    assert answer.code == HELD_BACK
    assert "the datasets are unchanged" in answer.errors[0]
    assert "severity critical" in answer.errors[0]
    assert everything_in(published.folder / "data" / "clean") == before


def test_in_a_sweep_a_run_that_is_held_back_has_failed_and_others_go_on(place: Place) -> None:
    place.write_suites(clean=[FREE_GOODS])
    answer = place.run_pipeline("--multirun", "seed=7", "validation=gate,watch,strict")
    assert answer.code == 4
    first, second, total = answer.errors
    assert first.startswith("error: size=tiny seed=7 validation=gate: 1 expectation did not pass")
    assert second.startswith("error: size=tiny seed=7 validation=strict: 1 expectation did")
    assert total == "error: 2 of 3 runs failed"
    assert [read_json(run / "run.json")["status"] for run in place.runs()] == [
        *("held back", "ok", "held back")
    ]
    assert [(run / "held").exists() for run in place.runs()] == [True, False, True]
    _, watched, _ = place.runs()
    published = [*watched.glob("clean/*.parquet"), *watched.glob("rejected/*.parquet")]
    assert sum(read(path).num_rows for path in published) == 1000
