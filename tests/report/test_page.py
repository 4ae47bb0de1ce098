"""The page is made of the run's facts alone, bounded, and safe whatever these hold."""

from __future__ import annotations

import errno
from html.parser import HTMLParser
from pathlib import Path
from typing import NoReturn

import pytest

from tests.report.facts import HOSTILE, good_run, monstrous_run
from toolkit.errors import OutputError
from toolkit.report.facts import RunReport, StageFacts
from toolkit.report.page import run_page, write_page

_VOID = {"meta", "br", "wbr"}


class Page(HTMLParser):
    """What stands in each section, by its heading; links; every tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sections: dict[str, list[str]] = {"": []}
        self.links: list[tuple[str, str]] = []
        self.tags: set[str] = set()
        self.open: list[str] = []
        self._heading, self._href = "", ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "src"]
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "h2":
            self._heading = ""
        if tag == "a":
            self._href = dict(attrs)["href"] or ""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "h2" in self.open:
            self._heading = data
            self.sections[data] = []
        elif data.strip() and self.open[-1] not in ("style", "title"):
            self.sections[self._heading].append(data.strip())
            if "a" in self.open:
                self.links.append((data, self._href))

    def text(self, heading: str) -> str:
        return " ".join(self.sections[heading])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run's folder, in a workspace in which some of what the run names is there."""
    monkeypatch.chdir(tmp_path)
    run_dir = tmp_path / "reports" / "run"
    run_dir.mkdir(parents=True)
    (tmp_path / "in").mkdir()
    for name in ("in/feed.csv", "page.html", "failing.parquet", "validation.json"):
        (tmp_path / name).write_text("")
    (tmp_path / "clean.parquet").mkdir()
    (run_dir / "run.json").write_text("{}")
    return run_dir


@pytest.fixture
def page(folder: Path) -> Page:
    return Page(run_page(good_run(), folder, "the run"))


def test_sections_are_those_with_something_to_say(page: Page, folder: Path) -> None:
    assert list(page.sections) == [
        *("", "What came in", "What went out", "Why rows were rejected", "What was repaired"),
        *("Where the time went", "Validation", "Notes", "Configuration", "Made with"),
    ]
    bare = Page(run_page(RunReport("generate-data", status="ok"), folder, "bare"))
    assert list(bare.sections) == ["", "Configuration", "Made with"]


def test_the_top_says_what_happened(page: Page) -> None:
    top = page.text("")
    assert "run-pipeline ok Done in 5.5 s: 1,000 rows came in" in top
    assert "2026-11-23 10:00:00 UTC" in top
    assert "rejected 100 10.0 %" in top
    assert "Next" not in top


@pytest.mark.parametrize("status", ["failed", "held back", "interrupted"])
def test_a_run_that_did_not_go_well_says_why_and_what_to_do(status: str, folder: Path) -> None:
    report = good_run()
    report.status, report.error = status, "feed.csv: is <bad>"
    if status == "interrupted":
        report.error = None
    top = Page(run_page(report, folder, "the run")).text("")
    assert ("Why feed.csv: is <bad>" in top) == (status != "interrupted")
    assert "Next " in top
    assert "Nothing was published" not in top
    for stage in report.stages:
        stage.paths.clear()
    assert "Nothing was published" in Page(run_page(report, folder, "the run")).text("")


def test_a_bug_is_shown_with_its_traceback(folder: Path) -> None:
    report = good_run()
    report.status, report.error, report.traceback = "failed", "KeyError: 'x'", "Traceback: <x>"
    top = Page(run_page(report, folder, "the run")).text("")
    assert "Why KeyError: 'x'" in top
    assert "Traceback Traceback: <x>" in top


def test_what_came_in_and_went_out(page: Page) -> None:
    assert "in/ feed.csv 1,000 102.0 kB" in page.text("What came in")
    assert "clean 900 0 B rejected 100 -" in page.text("What went out")


def test_reasons_have_rows_shares_and_examples(page: Page) -> None:
    text = page.text("Why rows were rejected")
    # All that differ of one column; of several columns the first row.
    assert "unknown_ region 60 6.0 % region Atlantis empty region where Atlantis" in text
    assert "in/ feed.csv , row 1,017" in text
    assert "duplicate_ order_ id 40 4.0 % order_ id A7 line 2" in text


def test_repairs_are_shown_before_and_after(page: Page) -> None:
    text = page.text("What was repaired")
    assert "price: clipped 12 1.2 %" in text
    assert "-1,5 0.0 in/ feed.csv , row 9" in text


def test_stages_have_times_speeds_and_memory(page: Page) -> None:
    text = page.text("Where the time went")
    assert "clean 4.0 s 72.7 % 1,000 250 412.0 MB" in text
    assert "validate 0.5 s 9.1 % 1,000 2.0k 300.0 MB" in text
    assert "Memory at most 412.0 MB" in text


def test_expectations_come_with_the_worst_first(page: Page) -> None:
    text = page.text("Validation")
    assert "failed clean" in text
    assert "passed rejected" in text
    assert text.index("1 failed") < text.index("1 vacuous") < text.index("1 passed")
    assert "expect_ it_ failed order_ id clean critical 0.3 % 3 failing rows" in text


def test_configuration_with_what_differs(page: Page) -> None:
    text = page.text("Configuration")
    assert "run-pipeline rows=1000 input=in/ feed.csv" in text
    assert "rows 1000 100000 output not set x All 4 values" in text
    assert "seed = 42" in text


def test_links_lead_to_what_is_there_and_only_there(page: Page, folder: Path) -> None:
    links = {link for _, link in page.links}
    assert links == {
        *("../../in/feed.csv", "../../clean.parquet", "../../page.html", "run.json"),
        *("../../failing.parquet", "../../validation.json"),
    }
    assert all((folder / link).exists() for link in links)
    assert "rejected" not in [text for text, _ in page.links]


@pytest.mark.slow
def test_a_monstrous_run_has_a_page_that_opens(folder: Path) -> None:
    report = monstrous_run()
    text = run_page(report, folder, HOSTILE * 1000)
    page = Page(text)
    assert len(text.encode("utf-8", "backslashreplace")) < 5_000_000
    assert not page.tags & {"script", "img", "link", "iframe", "object", "embed", "base"}
    assert "{{7*7}}" in page.text("Notes")
    assert "\x00" not in text
    assert "\u202e" not in text
    for heading in ("What came in", "Why rows were rejected", "Validation", "Notes"):
        assert "more" in page.text(heading)


def test_a_page_is_whole_or_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_page(good_run(), folder, "the run")
    assert path == folder / "report.html"
    before = path.read_bytes()

    def no_space(descriptor: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    report = RunReport("clean-data", stages=[StageFacts("clean")])
    with pytest.raises(OutputError, match=r"could not be written: .*report\.html: No space left"):
        write_page(report, folder, "the run")
    assert path.read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "run.json"]
