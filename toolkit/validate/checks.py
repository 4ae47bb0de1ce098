"""Jobs that find the rows breaking a condition. Workers run these, one partition at a time.

Every job names the columns it needs, examines one partition, and merges the results of two
neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from toolkit.validate.columns import Bools, Domain, Ints, LoadedColumns, truth


class PassJob(Protocol):
    """A computation over a dataset that is examined in partitions and merged."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    def examine(self, view: LoadedColumns) -> Any:
        """Examine a partition; the result is small and can be pickled."""

    def merge(self, earlier: Any, later: Any) -> Any:
        """Merge the results of two neighbouring partitions; `later` is of the rows that follow."""


@dataclass(frozen=True)
class Found:
    """The rows of a domain, how many break the condition, and the first of those.

    `rows` are ascending row numbers in the dataset, at most the job's limit.
    """

    n_rows: int
    n_unexpected: int
    rows: Ints


@dataclass(frozen=True)
class ConditionJob:
    """A condition. `kernel` gets a column's values without nulls, or with `by_row` the frame.

    `kwargs` are its arguments. At most `n_listed` unexpected rows are reported by number.
    """

    domain: Domain
    kernel: Callable[..., Any]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    by_row: bool = False
    n_listed: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        return self.domain.needed

    def examine(self, view: LoadedColumns) -> Found:
        rows = view.rows(self.domain)
        accepts = partial(self.kernel, **self.kwargs)
        if self.by_row:
            accepted = truth(accepts(view.frame(self.domain.columns, rows)))
            wrong = np.flatnonzero(~accepted)
            wrong = wrong if rows is None else rows[wrong]
        else:
            [name] = self.domain.columns
            wrong = view.column(name).failing(accepts, rows)
        return _found(view, rows, wrong, self.n_listed)

    def merge(self, earlier: Found, later: Found) -> Found:
        return merge_found(earlier, later, self.n_listed)


@dataclass(frozen=True)
class Presence:
    """Check that a column has a value in every row of the domain, or in none."""

    domain: Domain
    expected: bool
    n_listed: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        return self.domain.needed

    def examine(self, view: LoadedColumns) -> Found:
        rows = view.rows(self.domain)
        [name] = self.domain.columns
        present: Bools = view.column(name).is_valid
        wrong = np.flatnonzero((present if rows is None else present[rows]) != self.expected)
        return _found(view, rows, wrong if rows is None else rows[wrong], self.n_listed)

    def merge(self, earlier: Found, later: Found) -> Found:
        return merge_found(earlier, later, self.n_listed)


@dataclass(frozen=True)
class RowCount:
    """The number of rows of a domain."""

    domain: Domain

    @property
    def columns(self) -> tuple[str, ...]:
        return self.domain.needed

    def examine(self, view: LoadedColumns) -> int:
        return _count(view, view.rows(self.domain))

    def merge(self, earlier: int, later: int) -> int:
        return earlier + later


@dataclass(frozen=True)
class WholeColumns:
    """Whole columns, for computations that cannot be split: all rows, in order."""

    columns: tuple[str, ...]

    def examine(self, view: LoadedColumns) -> pa.Table:
        return view.arrow(self.columns, None)

    def merge(self, earlier: pa.Table, later: pa.Table) -> pa.Table:
        return pa.concat_tables([earlier, later])


def merge_found(earlier: Found, later: Found, n_listed: int) -> Found:
    return Found(
        earlier.n_rows + later.n_rows,
        earlier.n_unexpected + later.n_unexpected,
        np.concatenate([earlier.rows, later.rows])[:n_listed],
    )


def _found(view: LoadedColumns, rows: Ints | None, wrong: Ints, n_listed: int) -> Found:
    return Found(_count(view, rows), len(wrong), wrong[:n_listed] + view.first_row)


def _count(view: LoadedColumns, rows: Ints | None) -> int:
    return view.n_rows if rows is None else len(rows)
