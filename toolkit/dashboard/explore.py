"""The explore page: any aggregation by any of its measures, with filters and drill-down."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from toolkit.contract import METRIC_COLUMN, Extremes, Ranking, Summary
from toolkit.dashboard.anomalies import show_extremes
from toolkit.dashboard.files import Unreadable
from toolkit.dashboard.labels import label, lowered, plain, table_label
from toolkit.dashboard.periods import partial_months
from toolkit.dashboard.published import Published, Table
from toolkit.dashboard.rollup import Selected, honest_measures, rolled_up, selected_rows
from toolkit.dashboard.view import View
from toolkit.dashboard.widgets import (
    Clickable,
    Style,
    choose,
    choose_or_all,
    data_table,
    grain_key,
    month_chart,
    ranking_chart,
    show_gap,
    styles_of,
)


def show(view: View) -> None:
    published = view.needed()
    for gap in published.problems.values():
        show_gap(gap)
    tables = {name: t for name, t in published.tables.items() if len(t.frame)}
    if not tables:
        raise Unreadable("The published aggregations have no rows: no row of the feed was clean.")
    # The finest grain first: it allows the most filters.
    names = sorted(tables, key=lambda name: -len(tables[name].months + tables[name].grains))
    controls = st.container(horizontal=True, gap="small")
    with controls:
        table = tables[choose("Aggregation", names, "aggregation", table_label)]
    match table.aggregation:
        case Summary():
            _show_summary(published, table, controls)
        case Ranking():
            _show_ranking(table, table.aggregation, controls)
        case Extremes():
            show_extremes(table)


def _show_summary(published: Published, table: Table, controls: DeltaGenerator) -> None:
    measures = honest_measures(table) if len(table.grains) > 1 else list(table.measures)
    metrics = [name for name in measures if name in table.metrics]
    if not metrics:
        _show_left_out([name for name in table.measures if name not in measures])
        columns = {name: st.column_config.TextColumn(label(name)) for name in table.grains}
        shown = {n: style.column() for n, style in styles_of(table.measures, table.frame).items()}
        data_table(table.frame, columns | shown, f"{table.name}.csv")
        return
    grains = _first_to_show(published, table)
    with controls:
        metric = choose("Metric", metrics, "metric", label)
        by = choose("Show by", grains, "by", label) if len(grains) > 1 else grains[0]
    with st.container(horizontal=True, gap="small"):
        selected, picked = _filters(table, by)
    frame = rolled_up(table, [by], selected) if len(grains) > 1 else selected_rows(table, selected)
    if frame.empty:
        st.info("No rows match the filters. Remove one.", icon=":material/info:")
        return
    styles = styles_of(table.measures, frame)
    style = styles[metric]
    title = f"{plain(style.title)} by {plain(lowered(label(by)))}{_filtered(selected)}"
    st.subheader(title, anchor=False)
    if by in table.months:
        month_chart(frame, by, style, partial_months(published.days_of(table)))
    else:
        ranking_chart(frame, by, style, Clickable(grain_key(by), label(by), picked))
        _drill_down(published, table, by, picked, selected, style)
        frame = frame.sort_values([metric, by], ascending=[False, True])
    columns = {by: st.column_config.TextColumn(label(by))}
    columns |= {name: style.column() for name, style in styles.items()}
    st.subheader("The figures", anchor=False)
    data_table(frame, columns, f"{table.name}_by_{by}.csv")
    _show_left_out([name for name in table.measures if name not in measures])


def _show_left_out(names: Sequence[str]) -> None:
    if names:
        are = "is" if len(names) == 1 else "are"
        shown = " and ".join(plain(label(name)) for name in names)
        st.caption(
            f"{shown} {are} left out: what is known of smaller groups does not add up to larger "
            "ones. Choose an aggregation by one thing alone to see them."
        )


def _first_to_show(published: Published, table: Table) -> list[str]:
    """Sort the grains: first those that can be drilled into, last the months."""
    return sorted(
        table.grains,
        key=lambda grain: (grain in table.months, published.ranking_within(grain) is None),
    )


def _filters(table: Table, by: str) -> tuple[Selected, str | None]:
    """Show the filters that the grain allows; return the selected labels, and the picked label of
    `by`.
    """
    selected: dict[str, list[str]] = {}
    picked: str | None = None
    for grain in table.grains:
        labels = sorted(table.frame[grain].unique())
        if grain in table.months:
            selected |= _month_filter(grain, labels)
            continue
        chosen = choose_or_all(label(grain), labels, grain_key(grain), "All")
        if grain == by:
            picked = chosen
        elif chosen is not None:
            selected[grain] = [chosen]
    return selected, picked


def _month_filter(grain: str, labels: list[str]) -> dict[str, list[str]]:
    if len(labels) < 2:
        return {}
    first, last = st.select_slider(
        plain(label(grain)),
        labels,
        value=(labels[0], labels[-1]),
        key=grain_key(grain),
        bind="query-params",
    )
    if (first, last) == (labels[0], labels[-1]):
        return {}
    return {grain: [month for month in labels if first <= month <= last]}


def _filtered(selected: Selected) -> str:
    """Return ' in Delhi, 2026-01 to 2026-03' for a heading."""
    filters = [
        plain(labels[0]) if len(labels) == 1 else f"{plain(labels[0])} to {plain(labels[-1])}"
        for labels in map(list, selected.values())
    ]
    return f" in {', '.join(filters)}" if filters else ""


def _drill_down(
    published: Published,
    table: Table,
    by: str,
    picked: str | None,
    selected: Selected,
    style: Style,
) -> None:
    """Show the picked label: its months, and the best items within it."""
    ranking = published.ranking_within(by)
    if picked is None:
        found = ["its months"] if table.months else []
        found += [f"its best {_items(ranking)}"] if ranking else []
        if found:
            name = plain(lowered(label(by)))
            st.caption(f"Click a bar, or choose a {name} above, to see {' and '.join(found)}.")
        return
    with st.container(border=True):
        st.subheader(plain(picked), anchor=False)
        if table.months:
            [month] = table.months
            frame = rolled_up(table, [month], {**selected, by: [picked]})
            st.markdown(f"**{plain(style.title)} by month**{_filtered(selected)}")
            month_chart(frame, month, style, partial_months(published.days_of(table)))
        if ranking is not None:
            _best_items(ranking, picked)
            if selected:
                name = plain(lowered(label(by)))
                st.caption(
                    f"The best {_items(ranking)} are those of the whole {name}: "
                    "the ranking has no grain to filter by."
                )


def _items(ranking: Table) -> str:
    """Return the plural of the items that a ranking ranks: 'product_name' -> 'products'."""
    return f"{plain(lowered(label(ranking.grains[1].removesuffix('_name'))))}s"


def _best_items(table: Table, picked: str) -> None:
    """Show the ranked items of one label, the metrics side by side."""
    ranking = table.aggregation
    assert isinstance(ranking, Ranking)
    within = table.frame[table.frame[ranking.within] == picked]
    metrics = [one for one in ranking.metrics.items() if one[1] in table.metrics]
    for column, (metric, measure) in zip(st.columns(len(metrics) or 1), metrics, strict=False):
        ranked = within[within[METRIC_COLUMN] == metric]
        style = styles_of(table.measures, table.frame)[measure]
        with column:
            st.markdown(f"**Best {_items(table)} by {plain(lowered(label(metric)))}**")
            ranking_chart(ranked, ranking.item, style, shares=False)


def _show_ranking(table: Table, ranking: Ranking, controls: DeltaGenerator) -> None:
    with controls:
        labels = sorted(table.frame[ranking.within].unique())
        picked = choose(label(ranking.within), labels, grain_key(ranking.within))
    st.subheader(plain(picked), anchor=False)
    _best_items(table, picked)
    within = table.frame[table.frame[ranking.within] == picked]
    styles = styles_of(table.measures, table.frame)
    columns = {
        name: st.column_config.TextColumn(label(name)) for name in (*table.grains, METRIC_COLUMN)
    }
    columns |= {name: style.column() for name, style in styles.items()}
    st.subheader("The figures", anchor=False)
    data_table(within, columns, f"{table.name}.csv")
