"""What is counted of clean rows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Literal

from pydantic import Field

from toolkit.contract.part import Part


@dataclass(frozen=True, kw_only=True)
class Measure(Part):
    """Exactly one of its keys."""

    sum: str | None = None
    """The sum of a number column."""
    mean: str | None = None
    """The mean of a number column."""
    count: Literal["rows"] | None = None
    """How many rows there are."""
    count_distinct: str | None = None
    """How many different values a column has; rows without a value are not counted. Exact: until
    the end of the run each value is in memory once for every group that it occurs in."""
    ratio: tuple[str, str] | None = None
    """Two other measures of the same aggregation, each a `sum`, `count` or `count_distinct`: the
    first divided by the second, after everything is added up. Empty where the second is 0."""

    @property
    def given(self) -> list[str]:
        """The keys that are set; one, if the contract is sound."""
        return [key.name for key in fields(self) if getattr(self, key.name) is not None]

    @property
    def kind(self) -> str:
        """The one key that is set."""
        return self.given[0]

    @property
    def column(self) -> str | None:
        """The clean column that it is computed from, if it is one."""
        return self.sum or self.mean or self.count_distinct

    @property
    def adds_up(self) -> bool:
        """Whether the values of several groups add up to that of all their rows."""
        return self.kind in ("sum", "count")

    @property
    def is_average(self) -> bool:
        """Whether it is a figure for each of something, and not a total."""
        return self.kind in ("mean", "ratio")


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
    """What needs a column that the contract lacks is left out, and the run says so."""


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
    """How many items of a group are kept by each metric."""


@dataclass(frozen=True, kw_only=True)
class Extremes(Aggregation):
    """The clean rows with the highest values."""

    kind: Literal["extremes"]
    highest: Annotated[dict[str, str], Field(min_length=1)]
    """The values of `anomaly_reason`, and the number column that ranks for each."""
    tie_break: str
    """The text column that decides between equal values."""
    limit: Annotated[int, Field(ge=1)] = 5
    """How many rows are kept for each reason."""


AnyAggregation = Annotated[Summary | Ranking | Extremes, Field(discriminator="kind")]
