from __future__ import annotations

from dataclasses import replace

import pytest

from tests.report.facts import clean_stage, good_run, validate_stage
from toolkit.report.facts import RunReport, StageFacts
from toolkit.report.sentences import command_line, headline, tally, tiles, what_next


def test_a_cleaning_in_a_sentence() -> None:
    assert headline(good_run()) == (
        "Done in 5.5 s: 1,000 rows came in from 1 file, 900 are clean (90.0 %) and 100 were "
        "rejected (10.0 %); validation: clean failed, rejected passed."
    )


@pytest.mark.parametrize(
    ("status", "begin"),
    [
        ("held back", "Held back by validation after 5.5 s: 1,000 rows"),
        ("failed", "Failed after 5.5 s, in the stage “validate”: 1,000 rows"),
        ("interrupted", "Interrupted after 5.5 s, in the stage “validate”: 1,000 rows"),
    ],
)
def test_how_a_run_ended_comes_first(status: str, begin: str) -> None:
    report = good_run()
    report.status = status
    assert headline(report).startswith(begin)


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (StageFacts("generate", rows_in=1), "1 row was generated"),
        (StageFacts("aggregate", rows_in=785), "785 rows were aggregated"),
        (StageFacts("lookups", rows_in=2), "2 rows were read for the lookups"),
        (StageFacts("review", rows_in=2), "2 rows were reviewed"),
    ],
)
def test_other_commands_in_a_sentence(stage: StageFacts, words: str) -> None:
    report = RunReport("any", status="ok", seconds=1.0, stages=[stage])
    assert headline(report) == f"Done in 1.0 s: {words}."


def test_a_run_that_did_not_get_to_count_says_where_it_ended() -> None:
    stages = [StageFacts("generate", rows_in=10), StageFacts("clean")]
    report = RunReport("run-pipeline", status="failed", seconds=2.0, stages=stages)
    assert headline(report) == "Failed after 2.0 s, in the stage “clean”: 10 rows were generated."
    report.stages.clear()
    assert headline(report) == "Failed after 2.0 s, in the stage “first”."


def test_what_to_do_next_depends_on_how_it_ended() -> None:
    report = good_run()
    assert what_next(report) == ""
    told = set()
    for status in ("held back", "interrupted", "failed"):
        report.status = status
        told.add(what_next(report))
    report.traceback = "Traceback"
    told.add(what_next(report))
    assert len(told - {""}) == 4
    assert "fault of the toolkit" in what_next(report)


def test_tiles_are_the_figures_of_the_run() -> None:
    assert [(tile.name, tile.figure, tile.remark) for tile in tiles(good_run())] == [
        ("rows in", "1,000", "102.0 kB"),
        ("clean", "900", "90.0 %"),
        ("rejected", "100", "10.0 %"),
        ("time", "5.5 s", "182 rows/s"),
        ("peak memory", "412.0 MB", "of 8.0 GB"),
        ("validation", "failed", "3 expectations"),
    ]


def test_a_run_without_counts_has_its_time() -> None:
    report = RunReport("update-lookups", seconds=2.0, stages=[StageFacts("tests")])
    assert [tile.name for tile in tiles(report)] == ["time"]


def test_the_worst_outcome_is_the_one_to_see() -> None:
    stage = replace(validate_stage(), validation={"clean": "passed", "rejected": "warned"})
    *_, last = tiles(RunReport("validate-data", stages=[stage]))
    assert (last.figure, last.tone) == ("warned", "doubt")


def test_a_suite_is_told_by_its_results() -> None:
    assert tally(validate_stage(), "clean") == "1 failed, 1 vacuous, 1 passed"
    assert tally(validate_stage(), "rejected") == ""


@pytest.mark.parametrize(
    ("override", "typed"),
    [
        ("input='in/feed.csv'", "input=in/feed.csv"),
        ("input='a b.csv'", "'input='\"'\"'a b.csv'\"'\"''"),
        ("x='17'", "'x='\"'\"'17'\"'\"''"),
        ("input=[a,b]", "'input=[a,b]'"),
        ("rows=5", "rows=5"),
    ],
)
def test_the_command_can_be_typed_again(override: str, typed: str) -> None:
    report = RunReport("clean-data", [override], stages=[clean_stage()])
    assert command_line(report) == f"clean-data {typed}"
