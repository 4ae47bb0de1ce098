"""Roll up the rows of a summary to fewer groups, for measures where this is valid."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd

from toolkit.arrays import HIGHEST, LOWEST
from toolkit.contract import Measure
from toolkit.dashboard.published import Table

Selected = Mapping[str, Collection[str]]
"""Grain -> the selected labels; a grain that is left out selects all of them."""


def selected_rows(table: Table, selected: Selected) -> pd.DataFrame:
    """Return the table's rows with a selected label in each of the grains."""
    frame = table.frame
    for grain, labels in selected.items():
        frame = frame[frame[grain].isin(list(labels))]
    return frame


def honest_measures(table: Table) -> list[str]:
    """Return the measures that can be computed for any group of the table's rows.

    Sums and counts add up. Means need the number of values behind each: where no row may lack
    one that is the count of rows; means of optional columns are left out. Ratios follow from
    their parts.
    The highest of the highest is the highest, and so for the lowest. Distinct counts do not add up:
    one order can be in several groups.
    """
    return [name for name, measure in table.measures.items() if _is_honest(table, measure)]


def _is_honest(table: Table, measure: Measure) -> bool:
    match measure.answers.dashboard:
        case "divide":
            return all(table.measures[part].adds_up for part in measure.ratio or ())
        case "weigh":
            return measure.column not in table.optional and _row_count(table) is not None
        case "nothing":
            return False
    return True


def rolled_up(table: Table, by: Sequence[str], selected: Selected) -> pd.DataFrame:
    """Return one row for each combination of `by`, sorted by them, with the honest measures.

    Without `by`, one row for all selected rows; if there are none, sums are 0, means and ratios
    NaN.
    """
    frame, count = selected_rows(table, selected), _row_count(table)
    measures = {name: table.measures[name] for name in honest_measures(table)}
    how = {name: measure.answers.dashboard for name, measure in measures.items()}
    means = [name for name in how if how[name] == "weigh"]
    # Ratios are computed from the sums of their parts, never added up themselves.
    added = [name for name in how if how[name] in ("add", "weigh")]
    parts = frame[[*by, *added]].copy()
    for name in means:
        # A mean of no rows is null and has weight 0.
        parts[name] = (frame[name] * frame[count]).fillna(0.0)
    found = _added_up(parts, list(by), added)
    for name in means:
        found[name] = found[name] / found[count].where(found[count] != 0)
    for name in how:
        if how[name] in ("keep highest", "keep lowest"):
            found[name] = _extreme(
                frame, list(by), name, found, highest=how[name] == "keep highest"
            )
    for name, measure in measures.items():
        if measure.ratio is not None:
            over, under = (found[part] for part in measure.ratio)
            pairs = zip(map(_divisible, over), map(_divisible, under), strict=True)
            found[name] = [float(a / b) if b else math.nan for a, b in pairs]
    return found[[*by, *measures]]


def _added_up(parts: pd.DataFrame, by: list[str], added: Sequence[str]) -> pd.DataFrame:
    """Sum each group, whole numbers exactly; beyond 64 bits as floats."""
    whole = [name for name in added if pd.api.types.is_integer_dtype(parts[name])]
    large = [name for name in whole if _largest(parts[name]) * len(parts) > HIGHEST]
    parts = parts.astype(dict.fromkeys(large, object))
    if by:
        found = parts.groupby(by, sort=True)[list(added)].sum().reset_index()
    else:
        decimals = {n: t for n, t in parts.dtypes.items() if isinstance(t, pd.ArrowDtype)}
        found = pd.DataFrame({name: [parts[name].sum()] for name in added}, index=[0])
        found = found.astype({name: decimals[name] for name in added if name in decimals})
    fits = {name: found[name].between(LOWEST, HIGHEST).all() for name in large}
    return found.astype({name: "int64" if fits[name] else "float64" for name in large})


def _extreme(
    frame: pd.DataFrame, by: list[str], name: str, found: pd.DataFrame, *, highest: bool
) -> pd.Series:
    """Return the highest or lowest figure of each group, missing where there is none."""
    ordered = frame.dropna(subset=[name]).sort_values(name, ascending=not highest)
    if not by:
        return ordered[name].head(1).reset_index(drop=True).reindex(found.index)
    first = ordered.drop_duplicates(by)[[*by, name]]
    return found[by].merge(first, on=by, how="left")[name]


def _divisible(number: Any) -> Any:
    """Convert to fractions: Python's decimals divide only by decimals, and round."""
    return Fraction(number) if isinstance(number, Decimal) else number


def _largest(whole: pd.Series) -> int:
    """Return the largest absolute value of whole numbers."""
    return max(int(whole.max()), -int(whole.min())) if len(whole) else 0


def _row_count(table: Table) -> str | None:
    """Return the measure that counts the rows of a group."""
    return next((name for name, measure in table.measures.items() if measure.count), None)
