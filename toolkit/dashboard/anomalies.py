"""The anomalies page: rows with the most extreme values."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from toolkit.contract import EXTREME_COLUMN, RANK_COLUMN, Extremes
from toolkit.dashboard.labels import is_share, label, plain
from toolkit.dashboard.published import Table
from toolkit.dashboard.widgets import number_form, small_table


def show_extremes(table: Table) -> None:
    """Show the highest rows for each reason, with all columns."""
    extremes = table.aggregation
    assert isinstance(extremes, Extremes)
    frame = table.frame
    for reason, column in extremes.highest.items():
        rows = frame[frame[EXTREME_COLUMN] == reason].drop(columns=EXTREME_COLUMN)
        st.markdown(f"**{plain(label(reason))}**: the highest {plain(label(column).lower())}")
        first = [RANK_COLUMN, extremes.tie_break, column]
        ordered = rows[[*first, *(name for name in rows.columns if name not in first)]]
        small_table(ordered.dropna(axis="columns", how="all"), _columns(ordered))


def _columns(frame: pd.DataFrame) -> dict[str, ColumnConfig]:
    return {name: _column(name, frame[name]) for name in frame.columns}


def _column(name: str, values: pd.Series) -> ColumnConfig:
    title = "#" if name == RANK_COLUMN else label(name)
    if pd.api.types.is_float_dtype(values) and is_share(name, float(values.abs().max())):
        return st.column_config.NumberColumn(title, format="percent")
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return st.column_config.NumberColumn(title, format=number_form(values))
    return st.column_config.Column(title)
