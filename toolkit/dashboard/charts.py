"""The dashboard's charts: ranked bars, months, and runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd
import streamlit as st

from toolkit.dashboard.labels import figure
from toolkit.dashboard.palette import DARK, LIGHT, Palette
from toolkit.dashboard.periods import month_text

PICKED = "picked"
"""Name of the selection that a click on a bar makes; its points have a `label`."""
_BAR_PIXELS, _AROUND_PIXELS = 25, 20
_LETTER_PIXELS = 6.6
_LABEL_PIXELS = 150
_PIXELS = 190
_MOST_MONTH_LABELS, _MOST_RUN_LABELS = 5, 3
Drawing = alt.LayerChart | alt.FacetChart


@dataclass(frozen=True)
class Month:
    """A `YYYY-MM` with its figure, and whether the data covers all of it."""

    name: str
    value: float
    complete: bool


def palette() -> Palette:
    """Return the palette of the theme that the browser shows."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def ranked_bars(
    labels: Sequence[str],
    values: Sequence[float],
    texts: Sequence[str],
    picked: str | None = None,
    *,
    can_pick: bool = False,
) -> Drawing:
    """Draw one bar per label, in the given order, with `texts` at their ends; the picked one is
    highlighted.
    """
    colours = palette()
    frame = pd.DataFrame({"label": labels, "value": values, "text": texts})
    frame["colour"] = [
        colours.main if picked in (None, label) else colours.quiet for label in labels
    ]
    room = _LETTER_PIXELS * max(map(len, texts), default=0) + 8
    base = alt.Chart(frame).encode(
        y=alt.Y("label:N", sort=None, title=None).axis(
            labelLimit=_LABEL_PIXELS, labelOverlap=False, ticks=False, domain=False, labelPadding=8
        ),
        x=alt.X("value:Q", title=None, axis=None).scale(
            domain=[min([0.0, *values]), max([0.0, *values]) or 1.0],
            rangeMax=alt.ExprRef(f"max(width - {room}, 20)"),
            nice=False,
        ),
        tooltip=[alt.Tooltip("label:N", title=" "), alt.Tooltip("text:N", title="  ")],
    )
    bars = base.mark_bar(
        height={"band": 0.68}, cornerRadiusEnd=2, cursor="pointer" if can_pick else "default"
    ).encode(color=alt.Color("colour:N", scale=None))
    if can_pick:
        bars = bars.add_params(alt.selection_point(name=PICKED, fields=["label"], on="click"))
    ends = base.mark_text(align="left", dx=6, color=colours.text, fontSize=12)
    chart = alt.layer(bars, ends.encode(text="text:N"))
    return _finished(chart.properties(height=_BAR_PIXELS * len(labels) + _AROUND_PIXELS))


def months_chart(months: Sequence[Month], *, is_sum: bool, share: bool) -> Drawing:
    """Draw months in order: bars from 0 for a sum, else a line; muted where incomplete."""
    colours = palette()
    frame = pd.DataFrame(
        {
            "label": [month_text(month.name) for month in months],
            "value": [month.value for month in months],
            "text": [figure(month.value, share=share) for month in months],
            "colour": [colours.main if month.complete else colours.quiet for month in months],
            "note": ["" if month.complete else "not complete" for month in months],
        }
    )
    base = alt.Chart(frame).encode(
        x=_in_order("label", frame["label"].tolist(), _MOST_MONTH_LABELS),
        y=_figures(".1%" if share else "~s", colours).scale(zero=is_sum),
        tooltip=[
            alt.Tooltip("label:N", title=" "),
            alt.Tooltip("text:N", title="  "),
            alt.Tooltip("note:N", title="   "),
        ],
    )
    colour = alt.Color("colour:N", scale=None)
    if is_sum:
        drawn = [base.mark_bar(width={"band": 0.72}, cornerRadiusEnd=1).encode(color=colour)]
    else:
        line = base.mark_line(color=colours.main, strokeWidth=2)
        drawn = [line, base.mark_circle(size=45, opacity=1).encode(color=colour)]
    return _finished(alt.layer(*drawn).properties(height=_PIXELS))


def runs_chart(frame: pd.DataFrame, *, share: bool) -> Drawing:
    """Draw one point per run, oldest first: columns run, value, text, unusual (the reason, or
    empty).
    """
    colours = palette()
    frame = frame.assign(
        colour=[colours.alarm if why else colours.main for why in frame["unusual"]],
        shape=["unusual" if why else "usual" for why in frame["unusual"]],
        pixels=[170 if why else 60 for why in frame["unusual"]],
    )
    base = alt.Chart(frame).encode(
        x=_in_order("run", frame["run"].tolist(), _MOST_RUN_LABELS),
        y=_figures(".0%" if share else "~s", colours),
        tooltip=[
            alt.Tooltip("run:N", title=" "),
            alt.Tooltip("text:N", title="  "),
            alt.Tooltip("unusual:N", title="   "),
        ],
    )
    line = base.mark_line(color=colours.main, strokeWidth=1.5)
    points = base.mark_point(opacity=1, filled=True).encode(
        color=alt.Color("colour:N", scale=None),
        shape=alt.Shape("shape:N", legend=None).scale(
            domain=["usual", "unusual"], range=["circle", "diamond"]
        ),
        size=alt.Size("pixels:Q", legend=None, scale=None),
    )
    return _finished(alt.layer(line, points).properties(height=_PIXELS))


def _in_order(column: str, labels: Sequence[str], most: int) -> alt.X:
    """Put labels side by side in their order, and write out so few that none overlap."""
    step = math.ceil(len(labels) / most)
    # Counted from the newest, which users look for.
    shown = list(labels)[::-1][::step]
    return alt.X(f"{column}:O", sort=None, title=None).axis(
        values=shown, labelAngle=0, labelOverlap="greedy", grid=False, ticks=False, labelPadding=6
    )


def _figures(form: str, colours: Palette) -> alt.Y:
    zero = "datum.value === 0 ? '0' : datum.label"
    return alt.Y("value:Q", title=None).axis(
        format=form, labelExpr=zero, tickCount=4, domain=False, gridColor=colours.grid
    )


def _finished(chart: Drawing) -> Drawing:
    return chart.configure_view(stroke=None)
