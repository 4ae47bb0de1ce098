"""The dashboard's main script, run by streamlit with the workspace, and optionally the file of the
masks' key, as arguments.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

from toolkit.dashboard import explore, overview, quality
from toolkit.dashboard.published import published_datasets
from toolkit.dashboard.view import View, stamp_of
from toolkit.dashboard.widgets import choose, explained
from toolkit.settings.workspace import Workspace

_PAGES = {"Overview": overview.show, "Explore": explore.show, "Data quality": quality.show}
_ICON = Path(__file__).with_name("icon.svg")
_EVERY = "10s"
# Streamlit leaves much blank space above and between; a dashboard needs less.
_STYLE = """<style>
.stMainBlockContainer {padding-top: 1.25rem; padding-bottom: 3rem; max-width: 76rem}
.stMainBlockContainer h1 {font-size: 1.6rem; padding: 0}
.stMainBlockContainer h3 {font-size: 1.05rem; padding: 0.5rem 0 0.35rem}
header.stAppHeader {height: 0; min-height: 0}
</style>"""


def show(workspace: Workspace, mask_key: Path | None = None) -> None:
    """Show the whole page; streamlit runs it again for each change of a choice."""
    st.set_page_config(page_title="Sales feed", page_icon=str(_ICON), layout="wide")
    st.html(_STYLE)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title("Sales feed", anchor=False, width="content")
        page = st.segmented_control(
            "Page",
            list(_PAGES),
            default=next(iter(_PAGES)),
            required=True,
            key="page",
            label_visibility="collapsed",
            bind="query-params",
        )
        datasets = published_datasets(workspace)
        dataset = choose("Dataset", datasets, "dataset") if len(datasets) > 1 else None
    _follow(workspace)
    with explained():
        _PAGES[page or "Overview"](View.of(workspace, dataset, mask_key))


def _follow(workspace: Workspace) -> None:
    """Reload the page when a run has published or written a report in the meantime."""
    shown = stamp_of(workspace)

    @st.fragment(run_every=_EVERY)
    def look() -> None:
        if stamp_of(workspace) != shown:
            st.rerun(scope="app")

    look()


if __name__ == "__main__":
    show(Workspace(Path(sys.argv[1])), *map(Path, sys.argv[2:]))
