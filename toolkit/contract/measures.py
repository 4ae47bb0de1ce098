"""Measures of clean rows: each is one key here, with its properties beside it.

The other half of an entry, how a measure is computed, is a row of toolkit.aggregate.measures.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from toolkit.contract.columns import kinds_of
from toolkit.contract.part import Part

Partial = Literal["sum", "min", "max", "distinct"]
"""How partial results of a column merge: `distinct` ones are groups of a finer grouping."""

Merged = Literal["add", "weigh", "divide", "keep highest", "keep lowest", "nothing"]
"""What makes the figure of several groups of those of each; `nothing` does."""

_ORDERED = (*kinds_of("number"), *kinds_of("day"))


@dataclass(frozen=True)
class Answers:
    """Properties of a measure, for code that does not depend on its name."""

    takes: tuple[str, ...] | None
    """The kinds of column that it may name; empty means any, None that it names no column."""
    partial: Partial | None
    """What is computed of its column in each partition; None where it needs no column."""
    dashboard: Merged
    """What the dashboard may do with it where it merges groups."""
    divides: bool = False
    """Whether a ratio may be made of it."""

    @property
    def shows_a_value(self) -> bool:
        """Return whether the figure is the value of one row."""
        return self.partial in ("min", "max")


def _measure(
    takes: tuple[str, ...] | None,
    partial: Partial | None,
    dashboard: Merged,
    *,
    divides: bool = False,
) -> Any:
    answers = Answers(takes, partial, dashboard, divides)
    return field(default=None, metadata={"answers": answers})


@dataclass(frozen=True, kw_only=True)
class Measure(Part):
    """Exactly one of its keys, and with `sum` perhaps `once_per`."""

    sum: str | None = _measure(kinds_of("number"), "sum", "add", divides=True)
    """The sum of a number column."""
    mean: str | None = _measure(kinds_of("number"), "sum", "weigh")
    """The mean of a number column."""
    min: str | None = _measure(_ORDERED, "min", "keep lowest")
    """The lowest value of a number, integer or day column; empty where a group has none."""
    max: str | None = _measure(_ORDERED, "max", "keep highest")
    """The highest value of such a column."""
    count: Literal["rows"] | None = _measure(None, None, "add", divides=True)
    """How many rows there are."""
    count_distinct: str | None = _measure((), "distinct", "nothing", divides=True)
    """How many different values a column has; rows without a value are not counted. Exact: until
    the end of the run each value is in memory once for every group that it occurs in."""
    ratio: tuple[str, str] | None = _measure(None, None, "divide")
    """Two other measures of the same aggregation, each a `sum`, `count` or `count_distinct`: the
    first divided by the second, after everything is added up. Empty where the second is 0."""

    once_per: str | None = None
    """For the sum of a figure that belongs to an order as a whole but is in each of its lines, such
    as its shipping: the column that identifies the order, whose figure is counted once. Where lines
    of an order differ in it, or have no order, nothing is summed: that is an error. An order with
    lines in several groups counts in each, so that these sums do not add up to the total."""

    @property
    def given(self) -> list[str]:
        """The keys that are set; one, in a valid contract."""
        return [key for key in ANSWERS if getattr(self, key) is not None]

    @property
    def kind(self) -> str:
        """The one key that is set."""
        return self.given[0]

    @property
    def answers(self) -> Answers:
        """Those of the one key that is set; sums of orders do not add up, as they may overlap."""
        found = ANSWERS[self.kind]
        return found if self.once_per is None else replace(found, dashboard="nothing")

    @property
    def column(self) -> str | None:
        """The clean column that it is computed from, if it is one."""
        named = (getattr(self, key) for key in self.given if ANSWERS[key].takes is not None)
        return next(named, None)

    @property
    def columns(self) -> list[str]:
        """All clean columns that it is computed from."""
        return [name for name in (self.column, self.once_per) if name is not None]

    @property
    def adds_up(self) -> bool:
        """Return whether the values of several groups add up to that of all their rows."""
        return self.answers.dashboard == "add"

    @property
    def is_average(self) -> bool:
        """Return whether it is a figure for each of something, and not a total."""
        return self.answers.dashboard in ("weigh", "divide")


ANSWERS: dict[str, Answers] = {
    key.name: key.metadata["answers"] for key in fields(Measure) if key.name != "once_per"
}
"""The answers of every measure; one without them does not import."""
