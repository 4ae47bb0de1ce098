"""The data quality page: rejected rows by reason, validation results, unusual runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from toolkit.contract import REASON_COLUMN, ROW_FACTS, SOURCE_ROW_COLUMN
from toolkit.dashboard.anomalies import show_extremes
from toolkit.dashboard.charts import ranked_bars, runs_chart
from toolkit.dashboard.checks import SuiteResult, read_results
from toolkit.dashboard.files import Unreadable
from toolkit.dashboard.history import RULE, PastRun
from toolkit.dashboard.labels import label, moment_text, plain, points_text
from toolkit.dashboard.links import docs_links, report_link
from toolkit.dashboard.rejected import PAGE_ROWS, Page, PageRequest, read_page
from toolkit.dashboard.view import View
from toolkit.dashboard.widgets import (
    VERDICTS,
    Clickable,
    choose,
    choose_or_all,
    data_table,
    explained,
    small_table,
)
from toolkit.settings.commands import typed
from toolkit.units import human_count, human_figure, human_number, human_share

_MOST_PROBLEMS = 5


def show(view: View) -> None:
    if not view.cleanings:
        command = f"run-pipeline {typed('data_dir', str(view.workspace.data_dir))}"
        with explained():
            raise Unreadable(
                f"No run in {view.workspace.reports} has cleaned anything yet.", command
            )
    else:
        _show_run(view, _chosen_run(view))
    _show_anomalies(view)
    _show_history(view)


def _chosen_run(view: View) -> PastRun:
    """Return the run whose rows are shown: that of the published data, unless another is chosen."""
    newest = list(reversed(view.cleanings))
    usual = view.published_cleaning or newest[0]
    names = [usual.name, *(run.name for run in newest if run is not usual)]
    by_name = {run.name: run for run in newest}

    def shown(name: str) -> str:
        run = by_name[name]
        return f"{moment_text(run.started, seconds=True)} · {run.command}"

    return by_name[choose("Run", names, "run", shown)]


def _show_run(view: View, run: PastRun) -> None:
    why = view.unusual.get(run.name)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if run is view.published_cleaning:
            st.badge("published", icon=":material/check:", color="blue")
        if run.is_held_back:
            st.badge("held back", icon=":material/block:", color="red")
        if why:
            st.badge("unusual", icon=":material/warning:", color="orange")
        problems = [*(why or []), *([run.error] if run.error else [])]
        if problems:
            st.markdown(plain("; ".join(problems)), width="content")
    _show_counts(view, run)
    reason = _show_reasons(view, run)
    _show_limits(run, reason)
    _show_rejected(view, run, reason)
    _show_validation(view, run)


_COUNTS: dict[str, Callable[[PastRun], int | None]] = {
    "Rows in": lambda run: run.n_rows,
    "Clean": lambda run: run.n_clean,
    "Rejected": lambda run: run.n_rejected,
}


def _show_counts(view: View, run: PastRun) -> None:
    place = view.cleanings.index(run)
    before = view.cleanings[place - 1] if place else None
    with st.container(horizontal=True, gap="small"):
        for title, count in _COUNTS.items():
            value, old = count(run) or 0, count(before) if before else None
            delta = None if old is None else f"{value - old:+,}"
            st.metric(title, human_count(value), delta, delta_color="off", border=True)
        rate, old_rate = run.rate or 0.0, before.rate if before else None
        st.metric(
            "Reject rate",
            human_share(rate, 1),
            None if old_rate is None else points_text(rate - old_rate),
            delta_color="inverse",
            border=True,
        )
    if before:
        st.caption(f"Change against the run before, of {moment_text(before.started)}.")


def _show_reasons(view: View, run: PastRun) -> str | None:
    """Show the reasons by share, and over runs; return the one that is picked."""
    reasons = sorted(run.reasons, key=lambda reason: -run.reasons[reason])
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Why were rows rejected?", anchor=False)
        if not reasons:
            st.caption("No row was rejected.")
            return None
        picked = choose_or_all("Reason", reasons, "reason", "All reasons")
        n_rows = run.n_rows or 0
        values = [float(run.reasons[reason]) for reason in reasons]
        texts = [f"{human_figure(value)}  ·  {human_share(value, n_rows)}" for value in values]
        chart = ranked_bars(reasons, values, texts, picked, can_pick=True)
        Clickable("reason", "Reason", picked).show(chart, "Rejected rows by reason")
        st.caption("Rows, and their share of the rows that came in.")
    with right:
        st.subheader("How has that been, run by run?", anchor=False)
        st.markdown(f"**{plain(picked) if picked else 'All reasons'}**")
        _show_over_runs(view, picked)
    return picked


def _show_limits(run: PastRun, reason: str | None) -> None:
    """Show the limits of the picked reason, or of every reason, and the keys that set them.

    Reports of older toolkits do not have them.
    """
    limits = {one: words for one, words in run.limits.items() if reason in (None, one)}
    if not limits:
        return
    st.subheader("Which limits are behind that?", anchor=False)
    for one, words in limits.items():
        st.markdown(f"**{plain(one)}** rejects what is {plain(words)}")
    if run.as_of:
        st.caption(f"Limits of dates count from {plain(run.as_of)} (as_of).")


def _show_over_runs(view: View, reason: str | None) -> None:
    rates = [run.rate_of(reason) or 0.0 for run in view.cleanings]
    frame = _runs_frame(view, rates, [human_share(rate, 1) for rate in rates])
    st.altair_chart(
        runs_chart(frame, share=True), width="stretch", alt="Share of rows rejected, run by run"
    )
    st.caption("Share of the rows that came in." + _legend(view))


def _runs_frame(view: View, values: Sequence[float], texts: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run": _run_labels(view.cleanings),
            "value": values,
            "text": texts,
            "unusual": ["; ".join(view.unusual.get(run.name, [])) for run in view.cleanings],
        }
    )


def _run_labels(runs: Sequence[PastRun]) -> list[str]:
    """Return short unique labels: '24 Nov 14:28', with seconds where needed."""
    days = [run.started.astimezone() for run in runs]
    short = [f"{day.day} {day:%b %H:%M}" for day in days]
    long = [f"{day.day} {day:%b %H:%M:%S}" for day in days]
    if len(set(short)) == len(short):
        return short
    return long if len(set(long)) == len(long) else [run.name for run in runs]


def _legend(view: View) -> str:
    if not view.unusual:
        return ""
    return " A diamond marks an unusual run; the rule is at the end of the page."


def _show_rejected(view: View, run: PastRun, reason: str | None) -> None:
    st.subheader("Rejected rows, as in the file", anchor=False)
    with explained():
        dataset = _rejected_of(view, run)
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        text = left.text_input(
            "Search in all columns",
            key="text",
            bind="query-params",
            placeholder="Any text",
            max_chars=100,
        )
        number = right.number_input("Page", 1, 1_000, key="rows", bind="query-params")
        request = PageRequest(reason, text, number - 1)
        page = read_page(dataset, request, view.key())
        if page.about_masks:
            st.caption(page.about_masks)
        if not page.rows.num_rows:
            st.info(f"No such row{_searched(page)}.", icon=":material/info:")
            return
        frame = page.rows.to_pandas()
        data_table(frame, _columns(frame), f"rejected_page_{number}.csv")
        first = request.page * PAGE_ROWS + 1
        more = "; there are more on the next page" if page.has_more else ""
        st.caption(f"Rows {first:,} to {first + len(frame) - 1:,}{more}{_searched(page)}.")


def _searched(page: Page) -> str:
    """Describe how far the search went, unless it reached the end or filled a page exactly."""
    if page.is_all or page.has_more:
        return ""
    return f" among the first {page.n_searched:,} rejected rows, which is as far as is searched"


def _rejected_of(view: View, run: PastRun) -> Path:
    """Return the rejected dataset of the run. Raises Unreadable when it no longer exists."""
    if run.is_held_back:
        path = run.paths.get("rejected, held back")
    else:
        later = view.cleanings[view.cleanings.index(run) + 1 :]
        own = run.paths.get("rejected")
        if own is not None and any(other.paths.get("rejected") == own for other in later):
            raise Unreadable("The rejected rows of this run gave way to those of a later one.")
        path = run.paths.get("rejected")
    if path is None or run.dataset is None:
        raise Unreadable("This run wrote no rejected rows (outputs.rejected=false).")
    # Reports did not always record the path of held-back rows: look where they are moved to now.
    return path if path.exists() else view.workspace.outputs / "rejected" / path.name


def _columns(frame: pd.DataFrame) -> dict[str, ColumnConfig]:
    """Label raw columns by their names in the file."""
    columns: dict[str, ColumnConfig] = {
        name: st.column_config.TextColumn(label(name)) for name in ROW_FACTS if name in frame
    }
    columns[REASON_COLUMN] = st.column_config.TextColumn("Reason")
    columns[SOURCE_ROW_COLUMN] = st.column_config.NumberColumn("Row", format="%,d")
    return columns


def _show_validation(view: View, run: PastRun) -> None:
    st.subheader("Did it pass validation?", anchor=False)
    results = (view.validation if run is view.published_cleaning else None) or run
    if not results.outcomes:
        st.caption("This run was not validated (validation=off).")
        return
    with explained():
        links = docs_links(view.workspace, results.name)
        for suite in read_results(view.workspace, results.name):
            _show_suite(suite, links.get(suite.name))


def _show_suite(suite: SuiteResult, link: str | None) -> None:
    verdict = VERDICTS.get(suite.outcome, VERDICTS[""])
    counts = ", ".join(f"{n} {result}" for result, n in suite.counts.items())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(suite.outcome, icon=verdict.icon, color=verdict.colour)
        docs = f" · [Data Docs]({link})" if link else ""
        st.markdown(
            f"**{plain(suite.name)}** over {human_number(suite.n_rows, 'row')}: {counts}{docs}",
            width="content",
        )
    title = f"The {len(suite.expectations)} expectations of {plain(suite.name)}"
    with st.expander(title, expanded=suite.outcome != "passed"):
        names = suite.expectations.columns
        small_table(
            suite.expectations, {name: st.column_config.Column(label(name)) for name in names}
        )


def _show_anomalies(view: View) -> None:
    if view.published is None or not (tables := view.published.extremes()):
        return
    st.subheader("Which clean rows stand out?", anchor=False)
    for table in tables:
        show_extremes(table)


def _show_history(view: View) -> None:
    if not view.runs:
        return
    st.subheader("Which runs were there?", anchor=False)
    if len(view.cleanings) > 1:
        counts = [float(run.n_rows or 0) for run in view.cleanings]
        frame = _runs_frame(view, counts, [human_number(int(n), "row") for n in counts])
        st.markdown("**Rows in**")
        st.altair_chart(runs_chart(frame, share=False), width="stretch", alt="Rows in, run by run")
    frame = pd.DataFrame([_history_row(view, run) for run in reversed(view.runs)])
    empty = [name for name in frame.columns if not frame[name].fillna("").astype(bool).any()]
    data_table(frame.drop(columns=empty), _HISTORY_COLUMNS, "runs.csv")
    st.caption(RULE)
    for problem in view.problems[:_MOST_PROBLEMS]:
        st.caption(plain(problem))


def _history_row(view: View, run: PastRun) -> dict[str, object]:
    return {
        "started": moment_text(run.started, seconds=True),
        "status": run.status,
        "rows_in": run.n_rows,
        "rejected": run.rate,
        "unusual": "; ".join(view.unusual.get(run.name, [])),
        "report": report_link(view.workspace, run.name),
        "seconds": run.seconds,
        "command": run.command,
        "error": run.error or "",
    }


_HISTORY_COLUMNS: dict[str, ColumnConfig] = {
    "started": st.column_config.TextColumn("Started"),
    "status": st.column_config.TextColumn("Status"),
    "rows_in": st.column_config.NumberColumn("Rows in", format="%,d"),
    "rejected": st.column_config.NumberColumn("Rejected", format="percent"),
    "unusual": st.column_config.TextColumn("Unusual because of", width="medium"),
    "report": st.column_config.LinkColumn("Report", display_text="open"),
    "seconds": st.column_config.NumberColumn("Seconds", format="%.1f"),
    "command": st.column_config.TextColumn("Command"),
    "error": st.column_config.TextColumn("Error"),
}
