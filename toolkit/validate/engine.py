"""An execution engine of Great Expectations whose data is never in one place.

Great Expectations asks for metrics level by level. What looks at rows becomes jobs that run on all
parts in one pass; everything else is left to the stock pandas code, which gets small frames: the
rows that are to be shown, the distinct values, or, under a limit, the whole columns it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import pandas as pd
from great_expectations.core.batch import BatchData
from great_expectations.exceptions import MetricResolutionError
from great_expectations.execution_engine import ExecutionEngine, PandasExecutionEngine
from great_expectations.expectations.metrics.util import get_dbms_compatible_metric_domain_kwargs
from great_expectations.expectations.registry import get_metric_provider
from great_expectations.expectations.row_conditions import (
    Condition,
    PassThroughCondition,
)
from great_expectations.validator.metric_configuration import MetricConfiguration

from toolkit.errors import ToolkitError
from toolkit.units import human_bytes
from toolkit.validate.checks import Found, Job, RowCount
from toolkit.validate.columns import Ints
from toolkit.validate.dataset import Dataset, stock_frame
from toolkit.validate.passes import Failed, fetch_rows, load_columns, run_pass, spill_folder
from toolkit.validate.plan import (
    CONDITION,
    Asked,
    Planned,
    Records,
    domain_columns,
    domain_of,
    is_row_wise,
    plan_condition,
    plan_figure,
    query_columns,
    row_condition,
    stock_metric,
)
from toolkit.validate.queries import read_condition
from toolkit.validate.stock import StockMetric
from toolkit.validate.unique import KeySpill, find_repeats

MAX_COLUMN_BYTES = 1 << 30
MAX_LISTED_ROWS = 10_000

_WHOLE = "whole"
_CONDITION, _MAP = "unexpected_condition", ".map"
_COUNT, _ROW_COUNT = ".unexpected_count", ".filtered_row_count"
_INDEX_QUERY, _WHOLE_ROWS = ".unexpected_index_query", ".unexpected_rows"
_OF_SCHEMA = {"table.columns", "table.column_types", "table.column_count"}

GetRecords = Callable[[Mapping[str, Any]], pd.DataFrame]


class DaskBatchData(BatchData):
    """A batch that is a Dataset."""

    def __init__(self, execution_engine: ExecutionEngine[Any], dataset: Dataset) -> None:
        super().__init__(execution_engine)
        self.dataset = dataset


@dataclass(frozen=True)
class Unexpected:
    """The value of a condition's metric: the rows that it does not accept."""

    found: Found
    columns: tuple[str, ...]


@dataclass(frozen=True)
class _Answer:
    value: Any = None
    failed: str | None = None


class _CarefulEngine(PandasExecutionEngine):
    """Stock, but that a row condition is read before pandas runs it."""

    def _apply_row_condition_filter(
        self, data: pd.DataFrame, row_condition: Any, domain_kwargs: dict[str, Any]
    ) -> pd.DataFrame:
        query = self.query_of({**domain_kwargs, "row_condition": row_condition})
        return data if query is None else data.query(read_condition(query, None))

    def query_of(self, domain_kwargs: Mapping[str, Any]) -> str | None:
        """The row condition as text. Raises ConditionError, or what stock raises, about a bad one.

        It goes to pandas as read_condition gives it.
        """
        if not domain_kwargs.get("row_condition"):
            return None
        condition = row_condition(domain_kwargs["row_condition"])
        if isinstance(condition, Condition) and not isinstance(condition, PassThroughCondition):
            # Its lists of values may be as long as they are.
            query = str(self.condition_to_filter_clause(condition))
            read_condition(query, None)
            return query
        if isinstance(condition, PassThroughCondition):
            query = str(condition.pass_through_filter)
        elif domain_kwargs.get("condition_parser") == "pandas":
            query = str(condition)
        else:
            # Stock says what is wrong.
            super()._apply_row_condition_filter(pd.DataFrame(), condition, dict(domain_kwargs))
            raise AssertionError("a condition without a parser")
        read_condition(query)
        return query


class DaskExecutionEngine(_CarefulEngine):
    """Resolves the metrics of pandas over parquet datasets and Dask DataFrames.

    At most `max_listed_rows` unexpected rows of a check are told by number. What cannot be found
    out in parts takes whole columns, of `max_column_bytes` at most; beyond that the metric fails.
    `ended_by` is what ended the last validation early, such as a damaged part or a lost worker.
    """

    def __init__(
        self,
        *args: Any,
        max_column_bytes: int = MAX_COLUMN_BYTES,
        max_listed_rows: int = MAX_LISTED_ROWS,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.max_column_bytes, self.max_listed_rows = max_column_bytes, max_listed_rows
        self.ended_by: Exception | None = None
        self._answers: dict[Any, _Answer] = {}
        self._records: GetRecords = self._whole_columns
        self._loaded: dict[tuple[str, ...], pd.DataFrame] = {}

    @property
    def dataset(self) -> Dataset:
        """The dataset of the batch that is being validated."""
        data = self.batch_manager.active_batch_data
        if not isinstance(data, DaskBatchData):
            raise ValueError("no Dask batch is loaded")
        return data.dataset

    def load_batch_data(self, batch_id: str, batch_data: Any) -> None:
        self._answers.clear()
        self.ended_by = None
        ExecutionEngine.load_batch_data(self, batch_id=batch_id, batch_data=batch_data)

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[MetricConfiguration],
        metrics: Mapping[Any, Any] | None = None,
        runtime_configuration: Mapping[str, Any] | None = None,
    ) -> dict[Any, Any]:
        """The values of the metrics; what is known already is not computed again.

        Raises MetricResolutionError about one that failed; all others are known by then.
        """
        wanted = list(metrics_to_resolve)
        new = [metric for metric in wanted if metric.id not in self._answers]
        try:
            self._answer([self._asked(m, metrics or {}, runtime_configuration or {}) for m in new])
        except Exception as error:
            # Great Expectations logs it, and goes on as if it were the fault of the expectations.
            self.ended_by = error
            raise
        for metric in wanted:
            failed = self._answers[metric.id].failed
            if failed is not None:
                raise MetricResolutionError(message=failed, failed_metrics=(metric,))
        return {metric.id: self._answers[metric.id].value for metric in wanted}

    def get_domain_records(self, domain_kwargs: Mapping[str, Any]) -> pd.DataFrame:
        """What stock code gets to see of the data."""
        return self._records(domain_kwargs)

    def unexpected_of(self, metric: MetricConfiguration) -> Unexpected | None:
        """What a condition has found; None when it was not tested, or failed."""
        value = self._answers.get(metric.id, _Answer()).value
        handle = value[0] if isinstance(value, tuple) else None
        return handle if isinstance(handle, Unexpected) else None

    def _asked(
        self, metric: MetricConfiguration, metrics: Mapping[Any, Any], runtime: Mapping[str, Any]
    ) -> Asked:
        known = self._get_computed_metric_evaluation_dependencies_by_metric_name(
            metric_to_resolve=metric, metrics=dict(metrics)
        )
        owner, provider = get_metric_provider(metric.metric_name, self)
        return Asked(metric, known, runtime, owner, provider)

    def _answer(self, asked: Sequence[Asked]) -> None:
        """One pass over the parts for all that they can tell, one fetch of rows, then the rest."""
        in_parts: list[tuple[Asked, Planned]] = []
        shown: list[Asked] = []
        rest: list[Asked] = []
        for one in asked:
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
                    rest.append(one)
        self._examine(in_parts)
        self._show(shown)
        for one in rest:
            with self._noting_failure(one):
                self._note(one, self._answer_of_stock(one))
        self._loaded.clear()

    def _planned(self, one: Asked) -> Planned | None:
        """The job that answers a metric part by part, if there is one."""
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
            return plan_figure(one.name, domain, self.dataset, self.max_column_bytes)
        job = plan_condition(one, domain, self.dataset, self.max_listed_rows)
        return Planned(job, partial(_condition_value, domain.columns, kwargs)) if job else None

    def _examine(self, planned: Sequence[tuple[Asked, Planned]]) -> None:
        """Run the jobs in one pass, and note what their results mean."""
        if not planned:
            return
        with spill_folder() as folder:
            jobs = [_spilling_to(folder / str(n), p.job) for n, (_, p) in enumerate(planned)]
            results = [
                find_repeats(result, job) if _needs_comparing(job, result) else result
                for job, result in zip(jobs, run_pass(self.dataset, jobs), strict=True)
            ]
        for (one, plan), result in zip(planned, results, strict=True):
            with self._noting_failure(one):
                if isinstance(result, Failed):
                    raise ValueError(result.why)
                value = plan.meaning(result)
                if isinstance(value, Records):
                    value = self._stock(one, partial(_always, value.frame))
                self._note(one, value)

    def _show(self, asked: Sequence[Asked]) -> None:
        """Answer the metrics that list unexpected rows: stock code, on those rows alone."""
        requests = [self._excerpt(one) for one in asked]
        tables = fetch_rows(self.dataset, requests)
        for one, (rows, _), table in zip(asked, requests, tables, strict=True):
            with self._noting_failure(one):
                frame = stock_frame(table, self.dataset.facts.nullable)
                frame.index = pd.Index(rows)
                every_row = pd.Series(True, index=frame.index, dtype=bool)
                metrics = {**one.metrics, _CONDITION: (every_row, *one.metrics[_CONDITION][1:])}
                self._note(one, self._stock(replace(one, metrics=metrics), partial(_always, frame)))

    def _excerpt(self, one: Asked) -> tuple[Ints, list[str]]:
        """The numbers and the columns of the rows that a metric shows."""
        unexpected = _unexpected(one)
        assert unexpected is not None
        result_format = one.arguments.get("result_format") or {}
        rows = unexpected.found.rows
        everything = result_format.get("result_format") == "COMPLETE"
        if not everything and not one.name.endswith(_INDEX_QUERY):
            rows = rows[: result_format.get("partial_unexpected_count", 20)]
        if one.name.endswith(_WHOLE_ROWS):
            return rows, self.dataset.columns
        known = set(self.dataset.columns)
        keys = result_format.get("unexpected_index_column_names") or []
        return rows, [*unexpected.columns, *(key for key in keys if key in known)]

    def _answer_of_stock(self, one: Asked) -> Any:
        """What no job can tell: from the schema, or from whole columns."""
        if one.name == "table.row_count" and not (
            one.domain.get("row_condition") or one.domain.get("table")
        ):
            return self.dataset.n_rows
        if one.name in _OF_SCHEMA:
            return self._stock(one, partial(_always, self.dataset.empty_frame()))
        if one.name.endswith(_MAP):
            return stock_metric(one)
        if one.name == "table.head":
            return self._stock(one, partial(_always, self._head(one)))
        whole = {
            name: value.compute(self._whole_columns(one.domain))
            if isinstance(value, StockMetric)
            else value
            for name, value in one.metrics.items()
        }
        value = self._stock(replace(one, metrics=whole), self._whole_columns)
        if not one.name.endswith(CONDITION):
            return value
        # From here on a condition that was tested on whole columns is like any other.
        mask: pd.Series[bool] = value[0]
        rows = np.asarray(mask.index[mask.to_numpy(dtype=bool)], dtype=np.int64)
        found = Found(len(mask), len(rows), rows[: self.max_listed_rows])
        return _condition_value(domain_columns(one.domain), one.domain, found)

    def _head(self, one: Asked) -> pd.DataFrame:
        n_rows = self.dataset.n_rows
        if not one.arguments.get("fetch_all"):
            n_rows = min(n_rows, max(0, one.arguments.get("n_rows") or 0))
        [table] = fetch_rows(self.dataset, [(np.arange(n_rows), self.dataset.columns)])
        return stock_frame(table, self.dataset.facts.nullable)

    def _stock(self, one: Asked, records: GetRecords) -> Any:
        """The metric's value by stock code that sees these records."""
        before, self._records = self._records, records
        try:
            return one.provider(
                cls=one.owner,
                execution_engine=self,
                metric_domain_kwargs=one.domain,
                metric_value_kwargs=one.arguments,
                metrics=one.metrics,
                runtime_configuration=one.runtime,
            )
        finally:
            self._records = before

    def _whole_columns(self, domain_kwargs: Mapping[str, Any]) -> pd.DataFrame:
        """All rows of the columns that a domain names, filtered as stock does it.

        Raises MemoryError beyond the limit.
        """
        query = self.query_of(domain_kwargs)
        named = set(domain_columns(domain_kwargs) or self.dataset.columns)
        named |= set(query_columns(query, self.dataset)) if query is not None else set()
        columns = tuple(name for name in self.dataset.columns if name in named)
        if columns not in self._loaded:
            needed = sum(self.dataset.column_bytes[name] for name in columns)
            if needed > self.max_column_bytes:
                raise MemoryError(
                    f"needs {', '.join(columns)} in memory at once "
                    f"(about {human_bytes(needed)}, more than {human_bytes(self.max_column_bytes)})"
                )
            table = load_columns(self.dataset, columns)
            self._loaded[columns] = stock_frame(table, self.dataset.facts.nullable)
        engine = _CarefulEngine(batch_data_dict={_WHOLE: self._loaded[columns]})
        return engine.get_domain_records({**domain_kwargs, "batch_id": _WHOLE})

    def decides_by_row(self, domain_kwargs: Mapping[str, Any], query: str) -> bool:
        """Conditions of Great Expectations do; what is written for pandas may look further."""
        condition = row_condition(domain_kwargs["row_condition"])
        structured = isinstance(condition, Condition)
        through = isinstance(condition, PassThroughCondition)
        return (structured and not through) or is_row_wise(query, self.dataset)

    def _with_known_columns(self, one: Asked) -> Mapping[str, Any]:
        """The domain, once its columns are known to exist; stock's own error otherwise."""
        kwargs: Mapping[str, Any] = get_dbms_compatible_metric_domain_kwargs(
            metric_domain_kwargs=dict(one.domain), batch_columns_list=self.dataset.columns
        )
        return kwargs

    def _note(self, one: Asked, value: Any) -> None:
        self._answers[one.metric.id] = _Answer(value)

    @contextmanager
    def _noting_failure(self, one: Asked) -> Iterator[None]:
        """A metric that fails leaves the others alone. What a person got wrong ends it all."""
        try:
            yield
        except ToolkitError:
            raise
        except Exception as error:
            self._answers[one.metric.id] = _Answer(failed=str(error) or type(error).__name__)


def _unexpected(one: Asked) -> Unexpected | None:
    """The condition that a metric tells more about, if it does."""
    handle = one.metrics.get(_CONDITION, (None,))[0]
    return handle if isinstance(handle, Unexpected) else None


def _condition_value(
    columns: tuple[str, ...], domain_kwargs: Mapping[str, Any], found: Found
) -> tuple[Unexpected, dict[str, Any], dict[str, Any]]:
    """What the metric of a condition is: in the place of a mask, what it would select."""
    keys = ("column", "column_A", "column_B", "column_list")
    accessor = {key: domain_kwargs[key] for key in keys if key in domain_kwargs}
    return Unexpected(found, columns), {}, accessor


def _spilling_to(folder: Path, job: Job) -> Job:
    return replace(job, folder=folder) if isinstance(job, KeySpill) else job


def _needs_comparing(job: Job, result: Any) -> TypeGuard[KeySpill]:
    return isinstance(job, KeySpill) and not isinstance(result, Failed)


def _always(frame: pd.DataFrame, _: Mapping[str, Any]) -> pd.DataFrame:
    return frame
