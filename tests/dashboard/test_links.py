"""Which pages of the reports folder a browser may have, and where it finds them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolkit.dashboard.checks import read_results
from toolkit.dashboard.files import Unreadable
from toolkit.dashboard.links import docs_index, docs_links, is_shown, report_link
from toolkit.dashboard.published import read_published
from toolkit.settings.workspace import Workspace


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("data_docs/index.html", True),
        ("data_docs/assets/site-1.css", True),
        ("data_docs/runs/x/ecommerce.clean.html", True),
        ("2026_run/report.html", True),
        ("data_docs/runs/x/run.json", False),
        ("2026_run/run.json", False),
        ("2026_run/run.log", False),
        ("2026_run/held/report.html", False),
        ("report.html", False),
        ("../lookups/report.html", False),
    ],
)
def test_pages_and_nothing_else(tmp_path: Path, path: str, shown: bool) -> None:
    assert is_shown((tmp_path / path).resolve(), tmp_path) is shown


def test_a_run_has_a_link_to_its_report_when_it_has_one(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    folder = workspace.reports / "a run"
    folder.mkdir(parents=True)

    assert report_link(workspace, "a run") is None
    (folder / "report.html").write_text("<!doctype html>")
    assert report_link(workspace, "a run") == "/reports/a%20run/report.html"


def test_data_docs_are_linked_by_suite(full: Workspace) -> None:
    run = read_published(full).run

    links = docs_links(full, run)

    assert set(links) == {suite.name for suite in read_results(full, run)}
    for link in links.values():
        assert (full.reports / link.removeprefix("/reports/")).is_file()
    assert docs_index(full) == "/reports/data_docs/index.html"
    assert docs_links(full, "another run") == {}


def test_results_tell_the_suites_apart_and_the_worst_first(own: Workspace) -> None:
    run = read_published(own).run
    path = own.reports / run / "validation.json"
    results = json.loads(path.read_text())
    results["suites"][1]["expectations"][-1]["status"] = "failed"
    path.write_text(json.dumps(results))

    clean, rejected = read_results(own, run)

    assert (clean.suite, rejected.suite) == ("clean", "rejected")
    assert rejected.expectations["result"][0] == "failed"
    assert sum(clean.counts.values()) == len(clean.expectations) == clean.counts["passed"]
    assert rejected.counts["failed"] == 1


@pytest.mark.parametrize("text", ["{", "{}", '{"suites": [{}]}', '{"suites": 3}'])
def test_damaged_results_are_reported(own: Workspace, text: str) -> None:
    run = read_published(own).run
    (own.reports / run / "validation.json").write_text(text)

    with pytest.raises(Unreadable, match=r"validation\.json"):
        read_results(own, run)
