"""A Great Expectations execution engine for partitioned data.

Great Expectations requests metrics level by level, each about a batch. The known metrics are stored
with the batch, so that several validators and threads may use the engine at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

import pandas as pd
from great_expectations.core.batch import BatchData
from great_expectations.exceptions import MetricResolutionError
from great_expectations.execution_engine import ExecutionEngine
from great_expectations.expectations.registry import get_metric_provider
from great_expectations.validator.metric_configuration import MetricConfiguration

from toolkit.validate.answers import BatchMetrics, MetricLimits, Unexpected
from toolkit.validate.careful import CarefulEngine
from toolkit.validate.dataset import Dataset
from toolkit.validate.plan import MetricRequest

MAX_COLUMN_BYTES = 1 << 30
MAX_LISTED_ROWS = 10_000
# Frames passed with a batch are batches of their own; old ones are dropped.
_KEPT_BATCHES = 64


class DaskBatchData(BatchData):
    """A batch that is a Dataset."""

    def __init__(self, execution_engine: ExecutionEngine[Any], dataset: Dataset) -> None:
        super().__init__(execution_engine)
        self.dataset = dataset


class DaskExecutionEngine(CarefulEngine):
    """Resolves the metrics of pandas over parquet datasets and Dask DataFrames.

    At most `max_listed_rows` unexpected rows of a check are listed by number. Metrics that cannot
    be computed by partition load whole columns, up to `max_column_bytes`; beyond that they fail.
    `ended_by` is the error that ended the last validation early, such as a damaged file or a
    lost worker.
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
        self._loading = Lock()
        self._answers: dict[str, BatchMetrics] = {}

    def load_batch_data(self, batch_id: str, batch_data: Any) -> None:
        limits = MetricLimits(self.max_column_bytes, self.max_listed_rows)
        with self._loading:
            self.ended_by = None
            self._answers.pop(batch_id, None)
            self._answers[batch_id] = BatchMetrics(batch_data.dataset, limits)
            ExecutionEngine.load_batch_data(self, batch_id=batch_id, batch_data=batch_data)
            for old in list(self._answers)[:-_KEPT_BATCHES]:
                del self._answers[old]
                self.batch_manager.batch_data_cache.pop(old, None)
                self.batch_manager.batch_cache.pop(old, None)

    def answers(self, domain_kwargs: Mapping[str, Any]) -> BatchMetrics:
        """Return the known metrics of a domain's batch, the last one if it names none."""
        batch_id = domain_kwargs.get("batch_id") or self.batch_manager.active_batch_data_id
        if batch_id not in self._answers:
            raise ValueError(
                f"Unable to find batch with batch_id {batch_id}"
                if batch_id
                else "no Dask batch is loaded"
            )
        return self._answers[batch_id]

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[MetricConfiguration],
        metrics: Mapping[Any, Any] | None = None,
        runtime_configuration: Mapping[str, Any] | None = None,
    ) -> dict[Any, Any]:
        """Return the values of the metrics, computing those not yet known.

        Raises MetricResolutionError about one that failed; all others are known by then.
        """
        by_batch: dict[int, tuple[BatchMetrics, list[MetricRequest]]] = {}
        resolved: dict[Any, Any] = {}
        try:
            for metric in metrics_to_resolve:
                answers = self.answers(metric.metric_domain_kwargs)
                _, requests = by_batch.setdefault(id(answers), (answers, []))
                requests.append(self._request(metric, metrics or {}, runtime_configuration or {}))
            for answers, requests in by_batch.values():
                resolved |= answers.resolve(requests)
        except MetricResolutionError:
            raise
        except Exception as error:
            # Great Expectations logs it, and goes on as if the expectations had failed.
            self.ended_by = error
            raise
        return resolved

    def get_domain_records(self, domain_kwargs: Mapping[str, Any]) -> pd.DataFrame:
        """Return all rows of a domain's columns; raises MemoryError beyond `max_column_bytes`."""
        return self.answers(domain_kwargs).whole_columns(domain_kwargs)

    def unexpected_of(self, metric: MetricConfiguration) -> Unexpected | None:
        """Return what a condition found; None when it was not tested, or failed."""
        return self.answers(metric.metric_domain_kwargs).unexpected_of(metric.id)

    def _request(
        self, metric: MetricConfiguration, metrics: Mapping[Any, Any], runtime: Mapping[str, Any]
    ) -> MetricRequest:
        known = self._get_computed_metric_evaluation_dependencies_by_metric_name(
            metric_to_resolve=metric, metrics=dict(metrics)
        )
        owner, provider = get_metric_provider(metric.metric_name, self)
        return MetricRequest(metric, known, runtime, owner, provider)
