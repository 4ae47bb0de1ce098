"""The small tables that are made of clean rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from toolkit.contract.measures import Measure
from toolkit.contract.part import Part


@dataclass(frozen=True, kw_only=True)
class Grain(Part):
    """A column that makes groups."""

    column: str
    """The column."""
    unit: Literal["month"] | None = None
    """Cuts a date or timestamp to its `YYYY-MM`."""


@dataclass(frozen=True, kw_only=True)
class Aggregation(Part):
    """A small table of clean rows, one parquet file."""

    optional: bool = False
    """Parts that need a column that the contract lacks are left out, with a note."""


@dataclass(frozen=True, kw_only=True)
class Summary(Aggregation):
    """One row for each combination of grains that occurs."""

    kind: Literal["summary"]
    by: Annotated[dict[str, Grain], Field(min_length=1)]
    """The columns of the result that make groups. It is ordered by them, the first before the
    next."""
    measures: Annotated[dict[str, Measure], Field(min_length=1)]
    """The other columns of the result."""
    largest_first: str | None = None
    """The measure that it is ordered by instead, ties by the grains."""


@dataclass(frozen=True, kw_only=True)
class Ranking(Aggregation):
    """The first items within each group by each metric, ties by the item's name."""

    kind: Literal["ranking"]
    within: str
    """The column that makes groups."""
    item: str
    """The column that is ranked."""
    metrics: Annotated[dict[str, str], Field(min_length=1)]
    """The values of `metric_type`, and the measure that ranks for each."""
    measures: Annotated[dict[str, Measure], Field(min_length=1)]
    """The columns of the result besides group, metric, rank and item."""
    limit: Annotated[int, Field(ge=1)] = 5
    """How many items of a group to list by each metric."""


@dataclass(frozen=True, kw_only=True)
class Extremes(Aggregation):
    """The clean rows with the highest values."""

    kind: Literal["extremes"]
    highest: Annotated[dict[str, str], Field(min_length=1)]
    """The values of `anomaly_reason`, and the number column that ranks for each."""
    tie_break: str
    """The text column that decides between equal values."""
    limit: Annotated[int, Field(ge=1)] = 5
    """How many rows to list for each reason."""


AnyAggregation = Annotated[Summary | Ranking | Extremes, Field(discriminator="kind")]
