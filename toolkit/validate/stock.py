"""Run Great Expectations' own pandas code on part of the data, for conditions without a kernel.

Imported on a worker only when such a condition is tested there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pandas as pd

_PART = "part"


@dataclass(frozen=True)
class StockMetric:
    """A row-wise metric of Great Expectations, or of a user's `module`.

    `metrics` are its dependencies; a StockMetric among them is computed on the same rows.
    """

    name: str
    module: str
    domain: Mapping[str, Any]
    arguments: Mapping[str, Any]
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def compute(self, frame: pd.DataFrame) -> Any:
        """Compute the metric on the rows of the frame, as the stock pandas engine does."""
        import_module(self.module)
        from great_expectations.execution_engine import PandasExecutionEngine
        from great_expectations.expectations.registry import get_metric_provider

        engine = PandasExecutionEngine(batch_data_dict={_PART: frame})
        owner, provider = get_metric_provider(self.name, engine)
        metrics = {
            name: value.compute(frame) if isinstance(value, StockMetric) else value
            for name, value in self.metrics.items()
        }
        call: Callable[..., Any] = provider
        return call(
            cls=owner,
            execution_engine=engine,
            metric_domain_kwargs={**self.domain, "batch_id": _PART},
            metric_value_kwargs=dict(self.arguments),
            metrics=metrics,
            runtime_configuration={},
        )


def accepts(values: pd.Series[Any] | pd.DataFrame, metric: StockMetric) -> Any:
    """Return whether each value, or each row of a frame, meets the condition."""
    if isinstance(values, pd.DataFrame):
        frame = values.loc[:, ~values.columns.duplicated()]
    else:
        frame = values.to_frame(metric.domain["column"])
    unexpected, *_ = metric.compute(frame)
    return ~unexpected
