"""The overview page: headline figures, months, rankings, and the data they come from."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from toolkit.dashboard.files import Unreadable
from toolkit.dashboard.labels import (
    age,
    change_text,
    day_text,
    label,
    lowered,
    moment_text,
    plain,
    points_text,
)
from toolkit.dashboard.links import docs_index, report_link
from toolkit.dashboard.periods import Period, change, month_name, newest_period, partial_months
from toolkit.dashboard.published import Published, Table
from toolkit.dashboard.view import View
from toolkit.dashboard.widgets import (
    VERDICTS,
    Style,
    batched,
    month_chart,
    ranking_chart,
    show_gap,
    styles_of,
)
from toolkit.units import human_number

_MOST_HEADLINES = 4


def show(view: View) -> None:
    published = view.needed()
    _show_origin(view, published)
    months = published.by_month()
    if months is None:
        st.caption("There is no summary by month, so there are no headline figures.")
    elif len(months.frame):
        _show_months(published, months)
    rankings = [table for table in published.by_label() if len(table.frame)]
    for pair in batched(rankings, 2):
        for column, table in zip(st.columns(2, gap="large"), pair, strict=False):
            with column:
                _show_ranking(table)
    for gap in published.problems.values():
        show_gap(gap)
    if not published.n_rows:
        raise Unreadable("The published aggregations have no rows: no row of the feed was clean.")


def _show_ranking(table: Table) -> None:
    [grain] = table.grains
    style = styles_of(table.measures, table.frame)[table.main_measure]
    what, most = plain(lowered(label(grain))), plain(lowered(style.title))
    st.subheader(f"Which {what} has the most {most}?", anchor=False)
    ranking_chart(table.frame, grain, style)


def _show_origin(view: View, published: Published) -> None:
    """Show the dataset, its run, its age, and whether it passed validation."""
    verdict = VERDICTS[_outcome(view)]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(verdict.text, icon=verdict.icon, color=verdict.colour)
        st.markdown(
            f"**{plain(published.dataset)}** · {human_number(published.n_rows, 'clean row')} · "
            f"built {age(published.finished)} ({moment_text(published.finished)})",
            width="content",
        )
    links = {
        "Run report": report_link(view.workspace, published.run),
        "Data Docs": docs_index(view.workspace),
    }
    found = [f"[{title}]({address})" for title, address in links.items() if address]
    st.caption(" · ".join([f"run {plain(published.run)}", *found]))
    newest = view.newest_unpublished()
    if newest is not None:
        st.warning(
            f"A newer run ({moment_text(newest.started)}) is {newest.status}, not shown here: "
            f"{plain(newest.error or 'no error was recorded')}",
            icon=":material/warning:",
        )


def _outcome(view: View) -> str:
    """Return the worst outcome of the suites that checked the published data."""
    outcomes = view.validation.outcomes.values() if view.validation is not None else ()
    return next((one for one in ("failed", "warned", "passed") if one in outcomes), "")


def _show_months(published: Published, table: Table) -> None:
    [grain] = table.grains
    frame = table.frame
    styles = [styles_of(table.measures, frame)[metric] for metric in table.metrics]
    days = published.days_of(table)
    partial = partial_months(days)
    period = newest_period(frame[grain].tolist(), partial)
    if period is None:
        st.caption("No month is complete yet, so there is nothing to compare.")
    else:
        st.subheader(month_name(period.month), anchor=False)
        rows = {
            str(row[grain]): row
            for row in frame.astype(dict.fromkeys(table.metrics, "float64")).to_dict("records")
        }
        _show_headlines(rows[period.month], rows.get(period.before or ""), styles)
        st.caption(_about(period, days, partial))
    st.subheader("How did the months go?", anchor=False)
    for pair in batched(styles, 2):
        for column, style in zip(st.columns(2, gap="large"), pair, strict=False):
            with column:
                st.markdown(f"**{plain(style.title)}**")
                month_chart(frame, grain, style, partial)


def _about(period: Period, days: tuple[date, date] | None, partial: Sequence[str]) -> str:
    """Describe the months that the headlines compare, and those that are incomplete."""
    comparison = "The month before is not complete, so nothing is compared."
    if period.before:
        comparison = f"Change against {month_name(period.before)}."
    if days is None or not partial:
        return comparison
    names, are = " and ".join(map(month_name, partial)), "is" if len(partial) == 1 else "are"
    return (
        f"{comparison} The data reaches from {day_text(days[0])} to {day_text(days[1])}: "
        f"{names} {are} not complete, drawn pale and not compared."
    )


def _show_headlines(
    now: Mapping[Hashable, Any], before: Mapping[Hashable, Any] | None, styles: Sequence[Style]
) -> None:
    with st.container(horizontal=True, gap="small"):
        for style in styles[:_MOST_HEADLINES]:
            value = float(now[style.name])
            old = None if before is None else float(before[style.name])
            delta = change_text(change(value, old))
            if style.is_share and old is not None:
                delta = points_text(value - old)
            st.metric(
                plain(style.title),
                style.text(value),
                delta,
                # A higher average is neither good nor bad by itself.
                delta_color="off" if style.is_average else "normal",
                border=True,
            )
