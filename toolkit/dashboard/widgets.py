"""Widgets shared by the pages: messages, state in the URL, tables, figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar

import pandas as pd
import pyarrow as pa
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from toolkit.contract import Measure
from toolkit.dashboard.charts import PICKED, Drawing, Month, months_chart, ranked_bars
from toolkit.dashboard.files import Unreadable
from toolkit.dashboard.labels import figure, is_share, label, plain
from toolkit.dashboard.periods import every_month, is_month
from toolkit.pages.visible import cell_for_people
from toolkit.units import human_share

Item = TypeVar("Item")

MOST_BARS = 30
_LARGEST_OF_BROWSERS = 2**53 - 1
_ROW_PIXELS, _TABLE_PIXELS = 35, 388

_TAKEN = ("page", "aggregation", "metric", "by", "reason", "run", "text", "rows")


@dataclass(frozen=True)
class OutcomeStyle:
    """The look of an outcome of validation."""

    text: str
    icon: str
    colour: Literal["green", "orange", "red", "gray"]


VERDICTS = {
    "passed": OutcomeStyle("validation passed", ":material/check_circle:", "green"),
    "warned": OutcomeStyle("validation warned", ":material/warning:", "orange"),
    "failed": OutcomeStyle("validation failed", ":material/cancel:", "red"),
    "": OutcomeStyle("not validated", ":material/help:", "gray"),
}


def batched(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Yield the items in batches, in order."""
    for place in range(0, len(items), size):
        yield items[place : place + size]


@contextmanager
def explained() -> Iterator[None]:
    """Show an Unreadable raised in the block as its message and command."""
    try:
        yield
    except Unreadable as error:
        show_gap(error)


def show_gap(gap: Unreadable) -> None:
    st.info(plain(gap.sentence), icon=":material/info:")
    if gap.command:
        st.caption("This fills it; the page follows by itself:")
        st.code(gap.command, language="sh", wrap_lines=True)


def grain_key(grain: str) -> str:
    """Return the URL key of a grain's filter."""
    return f"{grain}_" if grain in _TAKEN else grain


def choose(title: str, options: Sequence[str], key: str, shown: Callable[[str], str] = str) -> str:
    """Let the user choose an option, the first by default; kept in the URL under `key`."""
    names = {option: shown(option) for option in options}
    if len(set(names.values())) < len(names):
        names = {option: option for option in options}
    chosen: str = st.selectbox(
        plain(title),
        options,
        key=key,
        format_func=lambda option: names[option],
        bind="query-params",
    )
    return chosen


def choose_or_all(title: str, options: Sequence[str], key: str, everything: str) -> str | None:
    """Let the user choose an option, or None for all; kept in the URL under `key`."""
    chosen: str | None = st.selectbox(
        plain(title), options, index=None, key=key, placeholder=everything, bind="query-params"
    )
    return chosen


@dataclass(frozen=True)
class Style:
    """Format of a measure's figures."""

    name: str
    is_share: bool
    is_average: bool
    adds_up: bool
    form: str
    is_day: bool = False

    @classmethod
    def of(cls, name: str, measure: Measure, values: pd.Series) -> Style:
        if not pd.api.types.is_numeric_dtype(values):
            return cls(name, False, measure.is_average, measure.adds_up, "", is_day=True)
        highest = float(values.abs().max()) if values.notna().any() else 0.0
        share = is_share(name, highest)
        return cls(name, share, measure.is_average, measure.adds_up, number_form(values))

    @property
    def title(self) -> str:
        return label(self.name)

    def text(self, value: float) -> str:
        return figure(value, share=self.is_share)

    def column(self) -> ColumnConfig:
        """Configure a table column that shows every significant digit."""
        if self.is_day:
            return st.column_config.Column(self.title)
        form = "percent" if self.is_share else self.form
        return st.column_config.NumberColumn(self.title, format=form)


def number_form(values: pd.Series) -> str:
    """Return the number format of a table: decimals with all of their places, floats with two."""
    if pd.api.types.is_integer_dtype(values):
        return "%,d"
    return f"%,.{2 if (places := decimal_places(values)) is None else places}f"


def decimal_places(values: pd.Series) -> int | None:
    """Return the places of a column of decimals; None for any other column."""
    kind = values.dtype.pyarrow_dtype if isinstance(values.dtype, pd.ArrowDtype) else None
    return int(kind.scale) if kind is not None and pa.types.is_decimal(kind) else None


def styles_of(measures: Mapping[str, Measure], frame: pd.DataFrame) -> dict[str, Style]:
    """Return the styles of the measures that are columns of the frame."""
    return {n: Style.of(n, m, frame[n]) for n, m in measures.items() if n in frame.columns}


def ranking_chart(
    frame: pd.DataFrame,
    by: str,
    style: Style,
    clickable: Clickable | None = None,
    *,
    shares: bool = True,
) -> None:
    """Draw the frame's rows as bars by a measure, largest first; a click picks a label.

    With `shares` of their sum, if the rows are all there are and the measure adds up.
    """
    ranked = frame.sort_values([style.name, by], ascending=[False, True], kind="stable")
    ranked = ranked[ranked[style.name].notna()]
    values = ranked[style.name].tolist()
    if decimal_places(ranked[style.name]) is not None:
        values = [float(value) for value in values]
    total = sum(values)
    parts = shares and style.adds_up and not style.is_share and total > 0 and min(values) >= 0
    texts = [
        style.text(value) + (f"  ·  {human_share(value, total)}" if parts else "")
        for value in values
    ]
    chart = ranked_bars(
        ranked[by].tolist()[:MOST_BARS],
        values[:MOST_BARS],
        texts[:MOST_BARS],
        clickable.picked if clickable else None,
        can_pick=clickable is not None,
    )
    alt_text = f"{style.title} by {label(by)}, largest first"
    if clickable is None:
        st.altair_chart(chart, width="stretch", alt=alt_text)
    else:
        clickable.show(chart, alt_text)
    if len(ranked) > MOST_BARS:
        st.caption(f"The first {MOST_BARS} of {len(ranked)}; the table has all.")


def month_chart(frame: pd.DataFrame, by: str, style: Style, partial: Collection[str]) -> None:
    """Draw a measure by month; months without a row are gaps."""
    values = dict(zip(frame[by], frame[style.name].astype(float), strict=True))
    months = [
        Month(month, values.get(month, math.nan), month not in partial)
        for month in every_month(values)
    ]
    chart = months_chart(months, is_sum=not style.is_average, share=style.is_share)
    st.altair_chart(chart, width="stretch", alt=f"{style.title} by month")
    if len(frame) > sum(map(is_month, frame[by])):
        st.caption("Rows without a date are left out here.")


@dataclass(frozen=True)
class Clickable:
    """A chart whose click sets the selectbox `title`, which is in the URL as `key`."""

    key: str
    title: str
    picked: str | None

    def show(self, chart: Drawing, alt_text: str) -> None:
        # A new element for each value: it begins without a selection, so that any click counts.
        element = f"chart of {self.key}: {self.picked}"

        def take() -> None:
            points = st.session_state[element]["selection"][PICKED]
            if points:
                again = points[0]["label"] == self.picked
                st.session_state[self.key] = None if again else points[0]["label"]

        st.altair_chart(
            chart,
            width="stretch",
            key=element,
            on_select=take,
            selection_mode=PICKED,
            alt=f"{alt_text}; click a bar to pick it, or choose in the list {self.title}",
        )


def small_table(frame: pd.DataFrame, columns: Mapping[str, ColumnConfig]) -> None:
    """Show rows that can be sorted, searched and downloaded; none has a formula."""
    frame, columns = _large_as_text(frame_for_people(frame), columns)
    height = min(_ROW_PIXELS * (len(frame) + 1) + 3, _TABLE_PIXELS)
    st.dataframe(frame, hide_index=True, column_config=dict(columns), height=height)


def _large_as_text(
    frame: pd.DataFrame, columns: Mapping[str, ColumnConfig]
) -> tuple[pd.DataFrame, dict[str, ColumnConfig]]:
    """Write out columns of integers and decimals that are too large for a browser's numbers."""
    large = [str(name) for name, values in frame.items() if _is_large(values)]
    texts = {
        name: pd.Series([None if pd.isna(n) else f"{n:,}" for n in frame[name]], frame.index)
        for name in large
    }
    titles = {name: columns[name].get("label") if name in columns else None for name in large}
    shown = {n: st.column_config.TextColumn(t, alignment="right") for n, t in titles.items()}
    return frame.assign(**texts), {**columns, **shown}


def _is_large(values: pd.Series) -> bool:
    places = decimal_places(values)
    if places is None and not pd.api.types.is_integer_dtype(values):
        return False
    largest = _LARGEST_OF_BROWSERS // 10 ** (places or 0)
    return not values.dropna().between(-largest, largest).all()


def frame_for_people(frame: pd.DataFrame) -> pd.DataFrame:
    """Escape text that a spreadsheet would run as a formula once downloaded."""
    return frame.assign(
        **{
            str(name): column.map(cell_for_people, na_action="ignore")
            for name, column in frame.items()
            if not pd.api.types.is_numeric_dtype(column)
            and not pd.api.types.is_datetime64_any_dtype(column)
            and any(cell_for_people(value) is not value for value in column.dropna().unique())
        }
    ).rename(columns=cell_for_people)


def data_table(frame: pd.DataFrame, columns: Mapping[str, ColumnConfig], file_name: str) -> None:
    """Show a table with a button for the download, for keyboards and phones."""
    small_table(frame, columns)
    st.download_button(
        "Download CSV",
        lambda: frame_for_people(frame).to_csv(index=False).encode(),
        file_name=file_name,
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key=f"download {file_name}",
    )
