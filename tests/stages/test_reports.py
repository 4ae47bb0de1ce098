"""Every run leaves a page for people beside run.json, however it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote

import pytest

from tests.commands import Answer, ask, everything_in, script_line
from tests.feeds import row_with, write_feed
from tests.stages.places import FREE_GOODS, Place
from toolkit.report import page as run_page
from toolkit.stages import aggregating
from toolkit.units import human_count

pytestmark = pytest.mark.slow

TINY = ("size=tiny", "validation=off")


def pages_in(folder: Path) -> list[Path]:
    return sorted((folder / "data" / "reports").rglob("report.html"))


def facts_beside(page: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(page.with_name("run.json").read_text("utf-8"))
    return facts


def links_in(page: Path) -> list[Path]:
    """What the page links to, which must be there."""
    found = re.findall(r'<a href="([^"]+)"', page.read_text("utf-8"))
    paths = [Path(os.path.normpath(page.parent / unquote(link))) for link in found]
    assert [path for path in paths if not path.exists()] == []
    return paths


def words_of(page: Path) -> str:
    text = re.sub(r"<style>.*?</style>|<wbr>", "", page.read_text("utf-8"), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    """A folder after run-pipeline, and what the command printed."""
    folder = tmp_path_factory.mktemp("cleaned")
    answer = ask("run-pipeline", *TINY, "seed=7", cwd=folder)
    assert answer.code == 0, answer.err
    return folder, answer


def test_the_page_has_the_figures_of_run_json(cleaned: tuple[Path, Answer]) -> None:
    folder, answer = cleaned
    [page] = pages_in(folder)
    words, facts = words_of(page), facts_beside(page)
    assert f"report        {page.relative_to(folder)}\n" in answer.out
    clean = facts["stages"][1]
    assert f"{human_count(clean['rows_clean'])} are clean" in words
    for reason, rows in clean["rejected_by_reason"].items():
        assert re.search(rf"{reason} {rows} \d+\.\d %", words), reason
    for example in clean["rejected_examples"]:
        for value in example["values"].values():
            assert value in words
    for stage in facts["stages"]:
        assert f"{stage['name']} {stage['seconds']:.1f} s" in words
    assert "seed 7 42" in words
    assert "rows 1000 100000" in words
    assert facts["changed"] == {"rows": 100_000, "seed": 42, "validation.enabled": True,
                                "validation.fail_on": "critical"}  # fmt: skip


def test_the_page_links_to_the_inputs_and_outputs(cleaned: tuple[Path, Answer]) -> None:
    folder, _ = cleaned
    [page] = pages_in(folder)
    data = folder / "data"
    assert {path.relative_to(data) for path in links_in(page)} >= {
        Path("input/raw_ecommerce_data.csv"),
        Path("clean/raw_ecommerce_data_clean.parquet"),
        Path("rejected/raw_ecommerce_data_rejected.parquet"),
        Path("aggregations/ecommerce/top_categories.parquet"),
        page.with_name("run.json").relative_to(data),
    }


def test_examples_are_the_first_rows_of_their_reason(cleaned: tuple[Path, Answer]) -> None:
    folder, _ = cleaned
    [page] = pages_in(folder)
    lines = (folder / "data/input/raw_ecommerce_data.csv").read_text("utf-8").splitlines()
    header = lines[0].split(",")
    examples = facts_beside(page)["stages"][1]["rejected_examples"]
    for example in examples:
        cells = lines[example["source_row"]].split(",")
        for column, value in example["values"].items():
            assert cells[header.index(column)] == value
    numbers = [one["source_row"] for one in examples if one["reason"] == "zero_quantity"]
    assert numbers == sorted(numbers)
    assert len(numbers) == 3


@pytest.mark.parametrize(
    ("command", "words", "says"),
    [
        ("generate-data", ("rows=10",), "10 rows were generated"),
        ("clean-data", (), "1,000 rows came in from 1 file"),
        ("build-aggregations", (), "rows were aggregated"),
        ("update-lookups", ("run_tests=false",), "1,000 rows were read for the lookups"),
        ("review-lookups", (), "1,000 rows were reviewed"),
    ],
)
def test_every_command_leaves_a_page(
    command: str, words: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    assert ask("run-pipeline", *TINY, cwd=tmp_path).code == 0
    [first] = pages_in(tmp_path)
    assert ask(command, *words, cwd=tmp_path).code == 0
    [page] = {*pages_in(tmp_path)} - {first}
    assert says in words_of(page)
    assert links_in(page)


def test_a_run_that_is_held_back_tells_what_did_not_hold(place: Place) -> None:
    place.write_suites(clean=[FREE_GOODS])
    answer = place.run_pipeline()
    assert answer.code == 3
    [page] = pages_in(place.folder)
    words, links = words_of(page), links_in(page)
    assert "run-pipeline held back Held back by validation after" in words
    assert "Why 1 expectation did not pass" in words
    assert "1 failed expectation column" in words
    assert "expect_column_mean_to_be_between unit_price clean critical" in words
    assert page.parent / "held" / "raw_ecommerce_data_clean.parquet" in links
    assert page.parent / "validation.json" in links
    [docs] = {path.parent for path in links if path.name == "ecommerce.clean.html"}
    assert docs.name == page.parent.name
    assert docs.is_relative_to(place.docs)


def test_a_mistake_at_once_leaves_no_page(tmp_path: Path) -> None:
    assert ask("clean-data", "no.csv", cwd=tmp_path).code == 2
    assert pages_in(tmp_path) == []


def test_a_mistake_later_on_leaves_a_page_and_its_path(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "aggregations").write_text("in the way")
    answer = ask("run-pipeline", *TINY, cwd=tmp_path)
    assert answer.code == 2
    [page] = pages_in(tmp_path)
    assert f"report  {page.relative_to(tmp_path)}\nerror: " in answer.err
    words = words_of(page)
    assert "in the stage “aggregate”" in words
    assert f"Why {facts_beside(page)['error']}" in words


def test_a_bug_leaves_a_page_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise KeyError("a bug")

    monkeypatch.setattr(aggregating, "plan_partitions", fail)
    with pytest.raises(KeyError):
        ask("run-pipeline", *TINY, cwd=tmp_path)
    [page] = pages_in(tmp_path)
    assert "Why KeyError: &#39;a bug&#39;" in words_of(page)
    assert "in fail" in words_of(page)


def test_a_bug_in_the_page_is_reported_and_fails_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert ask("run-pipeline", *TINY, cwd=tmp_path).code == 0
    before = everything_in(tmp_path / "data" / "clean")

    def fail(_: object) -> NoReturn:
        raise ZeroDivisionError("of the page")

    monkeypatch.setattr(run_page, "draw_curves", fail)
    answer = ask("run-pipeline", *TINY, cwd=tmp_path)
    assert answer.code == 0
    assert len(everything_in(tmp_path / "data" / "clean")) == len(before)
    [report] = re.findall(r"^report +(\S+)$", answer.out, re.MULTILINE)
    assert report.endswith("run.json")
    run_log = (tmp_path / report).with_name("run.log").read_text("utf-8")
    assert "the run's page could not be made: ZeroDivisionError: of the page" in run_log
    assert "Traceback" in run_log


def test_a_page_without_memory_for_it_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> NoReturn:
        raise MemoryError

    monkeypatch.setattr(run_page, "draw_curves", fail)
    answer = ask("run-pipeline", *TINY, cwd=tmp_path)
    assert answer.code == 0
    [report] = re.findall(r"^report +(\S+)$", answer.out, re.MULTILINE)
    run_log = (tmp_path / report).with_name("run.log").read_text("utf-8")
    assert "the run's page could not be made: MemoryError" in run_log
    assert "Traceback" not in run_log


def test_jobs_of_a_sweep_have_pages_that_the_comparison_leads_to(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_bytes(write_feed([row_with()]))
    words = ("--multirun", "feed.csv", "cluster=sync,threads")
    assert ask("clean-data", *words, cwd=tmp_path).code == 0
    pages = pages_in(tmp_path)
    assert [page.parent.name for page in pages] == ["0", "1"]
    assert links_in(pages[0].parents[1] / "summary.html") == pages
    assert [facts_beside(page)["changed"]["input"] for page in pages] == [None, None]
    assert f"{pages[1].parents[1].name}/1" in words_of(pages[1])
    links_in(pages[1])


def test_hostile_data_becomes_text(tmp_path: Path) -> None:
    rows = [
        row_with(order_id="1", region="<script>alert(1)</script>"),
        row_with(order_id="2", region="\u202ereversed\x01"),
        row_with(order_id="3", region='"><img src=x onerror=alert(1)>'),
        row_with(order_id="5"),
    ]
    feed = write_feed(rows) + b"4,\x00\xff<b>broken\n"
    (tmp_path / "feed<b>.csv").write_bytes(feed)
    assert ask("clean-data", "feed<b>.csv", cwd=tmp_path).code == 0
    [page] = pages_in(tmp_path)
    text = page.read_text("utf-8")
    assert not re.search(r"<script|<img|<b>broken|feed<b>", text)
    assert not set(text) & {"\u202e", "\x00", "\x01"}
    assert "&lt;script&gt;alert(1)&lt;" in text
    links_in(page)


def test_on_a_terminal_the_path_is_a_link(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "wb") as terminal:
        subprocess.run(
            script_line("generate-data", "rows=10"),
            cwd=tmp_path, stdout=terminal, stderr=subprocess.DEVNULL, check=True,
        )  # fmt: skip
    said = os.read(ours, 1 << 16).decode()
    os.close(ours)
    [page] = pages_in(tmp_path)
    assert "\x1b]8;" in said
    assert page.as_uri() in said
