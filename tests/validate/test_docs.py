"""The site grows by one run at a time, keeps what it had, and is published whole or not at all."""

from __future__ import annotations

import re
import resource
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta, timezone
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.validate.docs_pages import Page
from tests.validate.docs_results import RUN_TIME, good_result, messy_result, with_verdicts
from toolkit.errors import OutputError
from toolkit.storage.locks import locked
from toolkit.validate.docs import DocsRun, add_run, file_slug

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)


def add(folder: Path, name: str, day: int = 0, keep_runs: int = 10) -> DocsRun:
    suites = [with_verdicts(good_result())]
    return add_run(folder, name, RUN_TIME + day * DAY, suites, keep_runs)


def listed(folder: Path) -> list[str]:
    """The runs that the index names, in its order, each of which has its page."""
    index = Page(folder / "index.html")
    assert all(path.is_file() for path in index.links().values())
    return [run.text for run in index.all("small") if "passed" not in run.text]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "data_docs"


def test_a_first_run_makes_the_site(folder: Path) -> None:
    suites = [with_verdicts(messy_result()), with_verdicts(good_result())]
    run = add_run(folder, "first", RUN_TIME, suites, keep_runs=10)
    assert run == DocsRun(
        folder / "index.html",
        {name: folder / "runs" / "first" / f"{name}.html" for name in ("messy", "good")},
    )
    assert all(path.is_file() for path in (run.index, *run.pages.values()))
    assert [path.name for path in folder.parent.iterdir()] == ["data_docs"]


def test_runs_are_listed_newest_first_whatever_order_they_came_in(folder: Path) -> None:
    for name, day in (("b", 2), ("d", 4), ("a", 1), ("c", 3)):
        add(folder, name, day)
    assert listed(folder) == ["d", "c", "b", "a"]


def test_the_time_of_a_run_is_shown_in_utc(folder: Path) -> None:
    there = RUN_TIME.astimezone(timezone(timedelta(hours=5, minutes=30)))
    add_run(folder, "there", there, [with_verdicts(good_result())], keep_runs=1)
    assert "2024-03-01 12:30:00 UTC" in Page(folder / "index.html").row("there").text


def test_earlier_pages_stay_as_they_are(folder: Path) -> None:
    first = add(folder, "first").pages["good"]
    first.write_text("as it was", encoding="utf-8")
    add(folder, "second", 1)
    add(folder, "third", 2)
    assert first.read_text(encoding="utf-8") == "as it was"
    assert listed(folder) == ["third", "second", "first"]


def test_a_published_file_is_never_written_again(folder: Path) -> None:
    # Sites share the files of earlier runs, so that one in place shows what was written to it.
    add(folder, "first")
    before = (folder / "index.html").open("rb")
    content = before.read()
    add(folder, "second", 1)
    before.seek(0)
    assert before.read() == content != (folder / "index.html").read_bytes()
    before.close()


def test_the_newest_runs_are_kept(folder: Path) -> None:
    for day, name in enumerate("abcd"):
        add(folder, name, day, keep_runs=2)
    assert listed(folder) == ["d", "c"]
    assert {path.name for path in (folder / "runs").iterdir()} == {"c", "d"}


def test_a_run_that_is_added_late_is_kept_too(folder: Path) -> None:
    for day, name in enumerate("abc", start=5):
        add(folder, name, day)
    add(folder, "late", 0, keep_runs=3)
    assert listed(folder) == ["c", "b", "late"]


def test_one_run_may_be_all(folder: Path) -> None:
    add(folder, "first")
    add(folder, "second", keep_runs=1)
    assert listed(folder) == ["second"]


def test_a_run_of_the_same_name_is_replaced(folder: Path) -> None:
    add_run(folder, "same", RUN_TIME, [with_verdicts(messy_result())], keep_runs=10)
    add(folder, "same", 1)
    assert listed(folder) == ["same"]
    assert [p.name for p in (folder / "runs" / "same").glob("*.html")] == ["good.html"]


def test_what_a_person_put_there_stays(folder: Path) -> None:
    add(folder, "first")
    (folder / "notes.txt").write_text("mine")
    (folder / "runs" / ".DS_Store").write_text("a desktop's")
    add(folder, "second", 1)
    assert (folder / "notes.txt").read_text() == "mine"
    assert listed(folder) == ["second", "first"]


def test_a_linked_folder_is_written_where_it_is(folder: Path, tmp_path: Path) -> None:
    folder.parent.mkdir()
    folder.symlink_to(tmp_path / "elsewhere")
    add(folder, "first")
    add(folder, "second", 1)
    assert folder.is_symlink()
    assert listed(tmp_path / "elsewhere") == ["second", "first"]


def put(*names: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("not ours")

    return spoil


def lose(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        add(folder, "first")
        (folder / name).unlink()

    return spoil


def change(name: str, content: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        add(folder, "first")
        (folder / name).write_text(content)

    return spoil


def rename(old: str, new: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        add(folder, "first")
        (folder / old).rename(folder / new)

    return spoil


def be_a_file(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("not ours")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (put("photo.jpg"), "it has no index.html"),
        # A site of Great Expectations' own.
        (put("index.html", "static/x.css", "validations/x.html"), "it has no assets"),
        (be_a_file, "it has no index.html"),
        (lose("index.html"), "it has no index.html"),
        (lose("runs/first/run.json"), "run.json is missing or damaged"),
        (change("runs/first/run.json", '{"name": "fir'), "run.json is missing or damaged"),
        (change("runs/first/run.json", "{}"), "run.json is missing or damaged"),
        (rename("runs/first", "runs/renamed"), "run.json is of another run, first"),
    ],
)
def test_another_folder_or_a_damaged_one_is_left_as_it_is(
    spoil: Callable[[Path], None], why: str, folder: Path
) -> None:
    spoil(folder)
    before = contents(folder.parent)
    with pytest.raises(OutputError, match=re.escape(why)) as raised:
        add(folder, "second", 1)
    assert str(folder) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert contents(folder.parent) == before


def test_what_a_killed_run_left_is_no_run_and_removed(folder: Path) -> None:
    add(folder, "first")
    (folder / "runs" / ".second.new").mkdir()
    (folder / "runs" / ".second.new" / "good.html").write_text("half")
    add(folder, "third", 2)
    assert listed(folder) == ["third", "first"]
    assert sorted(path.name for path in (folder / "runs").iterdir()) == ["first", "third"]


def test_an_empty_folder_is_taken(folder: Path) -> None:
    folder.mkdir(parents=True)
    add(folder, "first")
    assert listed(folder) == ["first"]


@contextmanager
def a_disk_that_takes(n_bytes: int) -> Iterator[None]:
    """No file grows beyond this."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("earlier", [True, False])
def test_a_full_disk_leaves_everything_as_it_was(folder: Path, earlier: bool) -> None:
    if earlier:
        add(folder, "first")
    before = contents(folder.parent)
    with pytest.raises(OutputError, match="cannot write"), a_disk_that_takes(2_000):
        add(folder, "second", 1)
    assert contents(folder.parent) == before
    add(folder, "second", 1)
    assert listed(folder)[0] == "second"


def test_a_run_waits_for_another_that_writes_its_pages(folder: Path) -> None:
    add(folder, "first")
    with ThreadPoolExecutor(1) as pool:
        with locked(folder):
            waiting = pool.submit(add, folder, "second", 1)
            time.sleep(0.2)
            assert not waiting.done()
            assert listed(folder) == ["first"]
        waiting.result()
    assert listed(folder) == ["second", "first"]


def test_runs_at_the_same_time_lose_nothing(folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: add(folder, name), "abcdefgh"))
    assert listed(folder) == list("abcdefgh")


def test_a_run_is_quiet_and_opens_no_connection(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a connection")

    suites = [with_verdicts(messy_result())]
    before = warnings.showwarning
    monkeypatch.setattr(socket, "socket", refuse)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        add_run(folder, "first", RUN_TIME, suites, keep_runs=1)
    assert capfd.readouterr() == ("", "")
    assert warnings.showwarning is before


def test_importing_it_leaves_the_warnings_of_the_process_alone() -> None:
    program = """
import warnings
before = warnings.showwarning
import toolkit.validate.docs
assert warnings.showwarning is before
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("name", ["clean", "2024-03-01_12-30-00_run-pipeline", "a.b-c_d"])
def test_a_plain_name_is_its_own_file_name(name: str) -> None:
    assert file_slug(name) == name


@given(st.text(), st.text())
def test_names_that_differ_have_files_that_differ(one: str, other: str) -> None:
    for slug in map(file_slug, (one, other)):
        assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", slug)
    assert (file_slug(one) == file_slug(other)) == (one == other)
