"""Compute the metrics of Great Expectations for one batch, in passes over its partitions.

Metrics that look at rows become jobs that run on all partitions in one pass; everything else is
left to the stock pandas code, which gets small frames: the rows to show, the distinct values, or,
under a limit, the whole columns it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any, TypeGuard

import numpy as np
import pandas as pd
import pyarrow as pa
from great_expectations.exceptions import MetricResolutionError
from great_expectations.expectations.metrics.util import get_dbms_compatible_metric_domain_kwargs
from great_expectations.expectations.row_conditions import Condition, PassThroughCondition

from toolkit.errors import ToolkitError
from toolkit.units import human_bytes
from toolkit.validate.careful import CarefulEngine
from toolkit.validate.checks import Found, PassJob, RowCount, WholeColumns
from toolkit.validate.columns import Ints, truth
from toolkit.validate.dataset import Dataset
from toolkit.validate.pandas_types import stock_frame
from toolkit.validate.passes import Failed, fetch_rows, run_pass, spill_folder
from toolkit.validate.plan import (
    CONDITION,
    MetricRequest,
    Planned,
    Records,
    domain_columns,
    domain_of,
    is_row_wise,
    limited_condition,
    plan_condition,
    plan_figure,
    query_columns,
    row_condition,
    stock_metric,
)
from toolkit.validate.stock import StockMetric
from toolkit.validate.unique import KeySpill, find_repeats

_WHOLE = "whole"
_CONDITION, _MAP = "unexpected_condition", ".map"
_COUNT, _ROW_COUNT = ".unexpected_count", ".filtered_row_count"
_INDEX_QUERY, _WHOLE_ROWS = ".unexpected_index_query", ".unexpected_rows"
_OF_SCHEMA = {"table.columns", "table.column_types", "table.column_count"}

GetRecords = Callable[[Mapping[str, Any]], pd.DataFrame]
Columns = frozenset[str]


@dataclass(frozen=True)
class MetricLimits:
    """Bytes of whole columns in memory, and unexpected rows listed for a check."""

    max_column_bytes: int
    max_listed_rows: int


@dataclass(frozen=True)
class Unexpected:
    """The value of a condition's metric: the unexpected rows of `dataset`."""

    found: Found
    columns: tuple[str, ...]
    dataset: Dataset


@dataclass(frozen=True)
class _Answer:
    value: Any = None
    failed: str | None = None


class _NotLoaded(BaseException):
    """Stock code needs whole columns. Not an Exception, which it might catch as its own."""

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self.columns = columns


class Seeing(CarefulEngine):
    """An execution engine for stock code, which sees these records only."""

    def __init__(self, records: GetRecords) -> None:
        super().__init__()
        self._records = records

    def get_domain_records(self, domain_kwargs: Mapping[str, Any]) -> pd.DataFrame:
        return self._records(domain_kwargs)


class BatchMetrics:
    """The known metrics of one batch. One thread at a time computes more."""

    def __init__(self, dataset: Dataset, limits: MetricLimits) -> None:
        self.dataset, self._limits = dataset, limits
        self._known: dict[Any, _Answer] = {}
        self._lock = RLock()

    def resolve(self, requests: Sequence[MetricRequest]) -> dict[Any, Any]:
        """Return the values of the metrics, computing those not yet known.

        Raises MetricResolutionError about one that failed; all others are known by then.
        """
        with self._lock:
            self._answer([one for one in requests if one.metric.id not in self._known])
            for one in requests:
                failed = self._known[one.metric.id].failed
                if failed is not None:
                    raise MetricResolutionError(message=failed, failed_metrics=(one.metric,))
            return {one.metric.id: self._known[one.metric.id].value for one in requests}

    def unexpected_of(self, metric_id: Any) -> Unexpected | None:
        """Return what a condition found; None when it was not tested, or failed."""
        value = self._known.get(metric_id, _Answer()).value
        handle = value[0] if isinstance(value, tuple) else None
        return handle if isinstance(handle, Unexpected) else None

    def whole_columns(self, domain_kwargs: Mapping[str, Any]) -> pd.DataFrame:
        """Load all rows of the columns that a domain names, filtered as the stock engine does.

        Takes a pass of its own. Raises MemoryError beyond the limit.
        """
        columns = self._columns_of(domain_kwargs)
        self._check_size(columns)
        [table] = run_pass(self.dataset, [WholeColumns(tuple(sorted(columns)))])
        return self._records_of(table, domain_kwargs)

    def query_of(self, domain_kwargs: Mapping[str, Any]) -> str | None:
        """Return a row condition as text. Raises ConditionError, or what stock raises, about an
        invalid one.
        """
        return CarefulEngine().query_of(domain_kwargs)

    def decides_by_row(self, domain_kwargs: Mapping[str, Any], query: str) -> bool:
        """Return whether a condition decides each row alone; those for pandas may look further."""
        condition = row_condition(domain_kwargs["row_condition"])
        structured = isinstance(condition, Condition)
        through = isinstance(condition, PassThroughCondition)
        return (structured and not through) or is_row_wise(query, self.dataset)

    def _answer(self, requests: Sequence[MetricRequest]) -> None:
        """Answer metrics by one pass over the partitions, one fetch of rows, then stock code for
        the rest.
        """
        in_parts: list[tuple[MetricRequest, Planned]] = []
        shown: list[MetricRequest] = []
        rest: list[tuple[MetricRequest, Columns]] = []
        for one in requests:
            with self._noting_failure(one):
                unexpected = _unexpected(one)
                if unexpected is not None and one.name.endswith(_COUNT):
                    self._note(one, unexpected.found.n_unexpected)
                elif unexpected is not None and one.name.endswith(_ROW_COUNT):
                    self._note(one, unexpected.found.n_rows)
                elif unexpected is not None:
                    shown.append(one)
                elif (planned := self._planned(one)) is not None:
                    in_parts.append((one, planned))
                else:
                    rest.append((one, frozenset()))
        waiting = self._tried(rest, None)
        while in_parts or waiting:
            columns, loading, waiting = self._next_load(waiting)
            table = self._examine(in_parts, columns)
            in_parts = []
            waiting = [*self._tried(loading, table), *waiting]
        self._show(shown)

    def _planned(self, one: MetricRequest) -> Planned | None:
        """Return the job that answers a metric partition by partition, if there is one."""
        query = self.query_of(one.domain)
        if query is not None and not self.decides_by_row(one.domain, query):
            return None
        if one.name == "table.row_count" and query is not None:
            return Planned(RowCount(domain_of({}, query, self.dataset, drop_nulls=False)), int)
        is_condition = one.name.endswith(CONDITION)
        if not is_condition and ("column" not in one.domain or one.name.endswith(_MAP)):
            return None
        kwargs = self._with_known_columns(one)
        drop_nulls = "column" in kwargs and getattr(one.owner, "filter_column_isnull", True)
        domain = domain_of(kwargs, query, self.dataset, drop_nulls=is_condition and drop_nulls)
        if not is_condition:
            return plan_figure(one.name, domain, self.dataset, self._limits.max_column_bytes)
        job = plan_condition(one, domain, self.dataset, self._limits.max_listed_rows)
        return Planned(job, partial(self._condition_value, kwargs)) if job else None

    def _examine(
        self, planned: Sequence[tuple[MetricRequest, Planned]], columns: Columns
    ) -> pa.Table | None:
        """Run the jobs in one pass, and record their results; the same pass loads columns.

        Returns these columns as a table, None if none are needed.
        """
        whole = [WholeColumns(tuple(sorted(columns)))] if columns else []
        with spill_folder() as folder:
            jobs = [_spilling_to(folder / str(n), p.job) for n, (_, p) in enumerate(planned)]
            found = run_pass(self.dataset, [*jobs, *whole])
            results = [
                find_repeats(result, job) if _needs_comparing(job, result) else result
                for job, result in zip(jobs, found, strict=False)
            ]
        for (one, plan), result in zip(planned, results, strict=True):
            with self._noting_failure(one):
                if isinstance(result, Failed):
                    raise ValueError(result.why)
                value = plan.meaning(result)
                if isinstance(value, Records):
                    value = _stock(one, partial(_always, value.frame))
                self._note(one, value)
        return found[-1] if whole else None

    def _tried(
        self, requests: Sequence[tuple[MetricRequest, Columns]], table: pa.Table | Failed | None
    ) -> list[tuple[MetricRequest, Columns]]:
        """Answer metrics whose columns are in the table; return the others with those they need."""
        waiting = []
        for one, had in requests:
            with self._noting_failure(one):
                if isinstance(table, Failed):
                    raise ValueError(table.why)
                try:
                    self._note(one, self._answer_of_stock(one, partial(self._loaded, table)))
                except _NotLoaded as missing:
                    columns = had | missing.columns
                    self._check_size(columns)
                    waiting.append((one, columns))
        return waiting

    def _next_load(
        self, waiting: Sequence[tuple[MetricRequest, Columns]]
    ) -> tuple[Columns, list[tuple[MetricRequest, Columns]], list[tuple[MetricRequest, Columns]]]:
        """Return columns that fit the limit together, the metrics they answer, and the others."""
        columns: Columns = frozenset()
        loading: list[tuple[MetricRequest, Columns]] = []
        later: list[tuple[MetricRequest, Columns]] = []
        for one, needed in waiting:
            together = columns | needed
            if not loading or self._n_bytes(together) <= self._limits.max_column_bytes:
                columns = together
                loading.append((one, needed))
            else:
                later.append((one, needed))
        return columns, loading, later

    def _show(self, requests: Sequence[MetricRequest]) -> None:
        """Answer the metrics that list unexpected rows: stock code, on those rows alone."""
        by_dataset: dict[int, list[tuple[MetricRequest, Unexpected]]] = {}
        for one in requests:
            unexpected = _unexpected(one)
            assert unexpected is not None
            by_dataset.setdefault(id(unexpected.dataset), []).append((one, unexpected))
        for group in by_dataset.values():
            excerpts = [_excerpt(one, unexpected) for one, unexpected in group]
            dataset = group[0][1].dataset
            tables = fetch_rows(dataset, excerpts)
            for (one, unexpected), (rows, _), table in zip(group, excerpts, tables, strict=True):
                with self._noting_failure(one):
                    frame = stock_frame(table, dataset.facts)
                    frame.index = pd.Index(rows)
                    every_row = pd.Series(True, index=frame.index, dtype=bool)
                    metrics = {**one.metrics, _CONDITION: (every_row, *one.metrics[_CONDITION][1:])}
                    # Stock goes through all of these for each metric.
                    metrics["table.columns"] = list(frame.columns)
                    value = _stock(replace(one, metrics=metrics), partial(_always, frame))
                    self._note(one, _as_advice(one, value, unexpected))

    def _answer_of_stock(self, one: MetricRequest, records: GetRecords) -> Any:
        """Answer metrics without a job: from the schema, or from whole columns."""
        if one.name == "table.row_count" and not (
            one.domain.get("row_condition") or one.domain.get("table")
        ):
            return self.dataset.n_rows
        if one.name in _OF_SCHEMA:
            return _stock(one, partial(_always, self.dataset.empty_frame()))
        if one.name.endswith(_MAP):
            return stock_metric(one)
        if one.name == "table.head":
            return _stock(one, partial(_always, self._head(one)))
        if (accepts := limited_condition(one.metric)) is not None:
            return self._condition_of(one, limited_mask(accepts, one.domain, records))
        whole = {
            name: value.compute(records(one.domain)) if isinstance(value, StockMetric) else value
            for name, value in one.metrics.items()
        }
        value = _stock(replace(one, metrics=whole), records)
        if not one.name.endswith(CONDITION):
            return value
        return self._condition_of(one, value[0])

    def _condition_of(self, one: MetricRequest, mask: pd.Series[bool]) -> Any:
        """Record a condition that was tested on whole columns like any other."""
        rows = np.asarray(mask.index[mask.to_numpy(dtype=bool)], dtype=np.int64)
        found = Found(len(mask), len(rows), rows[: self._limits.max_listed_rows])
        return self._condition_value(one.domain, found)

    def _head(self, one: MetricRequest) -> pd.DataFrame:
        n_rows = self.dataset.n_rows
        if not one.arguments.get("fetch_all"):
            n_rows = min(n_rows, max(0, one.arguments.get("n_rows") or 0))
        [table] = fetch_rows(self.dataset, [(np.arange(n_rows), self.dataset.columns)])
        return stock_frame(table, self.dataset.facts)

    def _loaded(self, table: pa.Table | None, domain_kwargs: Mapping[str, Any]) -> pd.DataFrame:
        """Return the domain's columns if they are loaded. Raises _NotLoaded otherwise."""
        columns = self._columns_of(domain_kwargs)
        if table is None or not columns <= set(table.column_names):
            raise _NotLoaded(columns)
        return self._records_of(table.select(sorted(columns)), domain_kwargs)

    def _columns_of(self, domain_kwargs: Mapping[str, Any]) -> Columns:
        """Return the columns that a domain names, at least one; all when it names none."""
        query = self.query_of(domain_kwargs)
        named = set(domain_columns(domain_kwargs) or self.dataset.columns)
        named |= set(query_columns(query, self.dataset)) if query is not None else set()
        known = named & set(self.dataset.columns)
        return frozenset(known or self.dataset.columns[:1])

    def _records_of(self, table: pa.Table, domain_kwargs: Mapping[str, Any]) -> pd.DataFrame:
        ordered = [name for name in self.dataset.columns if name in set(table.column_names)]
        frame = stock_frame(table.select(ordered), self.dataset.facts)
        engine = CarefulEngine(batch_data_dict={_WHOLE: frame})
        return engine.get_domain_records({**domain_kwargs, "batch_id": _WHOLE})

    def _check_size(self, columns: Columns) -> None:
        """Raise MemoryError for columns that are too large together."""
        needed, limit = self._n_bytes(columns), self._limits.max_column_bytes
        if needed > limit:
            names = [name for name in self.dataset.columns if name in columns]
            raise MemoryError(
                f"needs {', '.join(names)} in memory at once "
                f"(about {human_bytes(needed)}, more than {human_bytes(limit)})"
            )

    def _n_bytes(self, columns: Iterable[str]) -> int:
        return sum(self.dataset.column_bytes[name] for name in columns)

    def _with_known_columns(self, one: MetricRequest) -> Mapping[str, Any]:
        """Return the domain if its columns exist; stock's own error otherwise."""
        if self.dataset.names.issuperset(domain_columns(one.domain)):
            return one.domain
        kwargs: Mapping[str, Any] = get_dbms_compatible_metric_domain_kwargs(
            metric_domain_kwargs=dict(one.domain), batch_columns_list=self.dataset.columns
        )
        return kwargs

    def _condition_value(
        self, domain_kwargs: Mapping[str, Any], found: Found
    ) -> tuple[Unexpected, dict[str, Any], dict[str, Any]]:
        """Return the value of a condition's metric: not a mask, but what the mask would select."""
        keys = ("column", "column_A", "column_B", "column_list")
        accessor = {key: domain_kwargs[key] for key in keys if key in domain_kwargs}
        columns = domain_columns(domain_kwargs)
        return Unexpected(found, columns, self.dataset), {}, accessor

    def _note(self, one: MetricRequest, value: Any) -> None:
        self._known[one.metric.id] = _Answer(value)

    @contextmanager
    def _noting_failure(self, one: MetricRequest) -> Iterator[None]:
        """Record a failure as that metric's alone; a user's mistake ends the validation."""
        try:
            yield
        except ToolkitError:
            raise
        except Exception as error:
            self._known[one.metric.id] = _Answer(failed=str(error) or type(error).__name__)


def limited_mask(
    accepts: Callable[..., Any], domain_kwargs: Mapping[str, Any], records: GetRecords
) -> pd.Series[bool]:
    """Return the rows with a value, and whether it is unexpected, as stock does."""
    values = records(domain_kwargs)[domain_kwargs["column"]].dropna()
    return pd.Series(~truth(accepts(values)), index=values.index)


def _stock(one: MetricRequest, records: GetRecords) -> Any:
    """Compute the metric by stock code that sees these records."""
    return one.provider(
        cls=one.owner,
        execution_engine=Seeing(records),
        metric_domain_kwargs=one.domain,
        metric_value_kwargs=one.arguments,
        metrics=one.metrics,
        runtime_configuration=one.runtime,
    )


def _unexpected(one: MetricRequest) -> Unexpected | None:
    """Return the condition that a metric describes further, if it does."""
    handle = one.metrics.get(_CONDITION, (None,))[0]
    return handle if isinstance(handle, Unexpected) else None


def _excerpt(one: MetricRequest, unexpected: Unexpected) -> tuple[Ints, list[str]]:
    """Return the numbers and columns of the rows that a metric shows."""
    result_format = one.arguments.get("result_format") or {}
    rows = unexpected.found.rows
    everything = result_format.get("result_format") == "COMPLETE"
    if not everything and not one.name.endswith(_INDEX_QUERY):
        rows = rows[: result_format.get("partial_unexpected_count", 20)]
    if one.name.endswith(_WHOLE_ROWS):
        return rows, unexpected.dataset.columns
    known = set(unexpected.dataset.columns)
    keys = result_format.get("unexpected_index_column_names") or []
    return rows, [*unexpected.columns, *(key for key in keys if key in known)]


def _as_advice(one: MetricRequest, value: Any, unexpected: Unexpected) -> Any:
    """Describe how to select the unexpected rows of this dataset, and whether that selects all of
    them.
    """
    if not one.name.endswith(_INDEX_QUERY) or not isinstance(value, str):
        return value
    if value.startswith("df.") and unexpected.dataset.is_lazy:
        value = f"df.compute().reset_index(drop=True){value.removeprefix('df')}"
    n_listed, n_all = len(unexpected.found.rows), unexpected.found.n_unexpected
    if n_listed == n_all:
        return value
    return f"{value}  # the first {n_listed:,} of {n_all:,} unexpected rows, see max_listed_rows"


def _spilling_to(folder: Path, job: PassJob) -> PassJob:
    return replace(job, folder=folder) if isinstance(job, KeySpill) else job


def _needs_comparing(job: PassJob, result: Any) -> TypeGuard[KeySpill]:
    return isinstance(job, KeySpill) and not isinstance(result, Failed)


def _always(frame: pd.DataFrame, _: Mapping[str, Any]) -> pd.DataFrame:
    return frame
