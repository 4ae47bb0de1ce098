"""Addresses of the pages in the reports folder."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from toolkit.dashboard.files import Unreadable, read_json
from toolkit.report.facts import PAGE_FILE
from toolkit.settings.workspace import Workspace

REPORTS_URL = "/reports"
_DOCS = "data_docs"
_DOCS_SUFFIXES = (".html", ".css", ".js")


def is_shown(path: Path, reports: Path) -> bool:
    """Return whether a resolved path is a page of Data Docs or the report of a run."""
    if not path.is_relative_to(reports):
        return False
    inside = path.relative_to(reports).parts
    if inside[:1] == (_DOCS,):
        return path.suffix in _DOCS_SUFFIXES
    return len(inside) == 2 and inside[1] == PAGE_FILE


def report_link(workspace: Workspace, run: str) -> str | None:
    """Return the address of a run's report, if it has one."""
    path = workspace.reports / run / PAGE_FILE
    return _address(path, workspace) if path.is_file() else None


def docs_links(workspace: Workspace, run: str) -> dict[str, str]:
    """Return the addresses of a run's pages in Data Docs by suite; none once dropped."""
    for facts in sorted(workspace.data_docs.glob("runs/*/run.json")):
        try:
            entry = read_json(facts)
            if entry["name"] == run:
                pages = {
                    str(suite["suite"]): facts.parent / suite["page"] for suite in entry["suites"]
                }
                return {suite: _address(page, workspace) for suite, page in pages.items()}
        except (Unreadable, KeyError, TypeError):
            continue
    return {}


def docs_index(workspace: Workspace) -> str | None:
    """Return the address of the first page of Data Docs, if there are any."""
    index = workspace.data_docs / "index.html"
    return _address(index, workspace) if index.is_file() else None


def _address(path: Path, workspace: Workspace) -> str:
    return f"{REPORTS_URL}/{quote(path.relative_to(workspace.reports).as_posix())}"
