"""Add Dask to Great Expectations' data sources; importing this adds
`context.data_sources.add_dask`.

    source = context.data_sources.add_dask("feed")
    asset = source.add_parquet_dataset_asset("clean", path="data/clean/feed_clean.parquet")
    batch = asset.add_batch_definition_whole_dataset("all").get_batch()
    result = batch.validate(suite)

Every expectation that runs on pandas runs here, on all rows, in memory bounded by the partitions.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from great_expectations.compatibility import pydantic
from great_expectations.core.batch import BatchMarkers, LegacyBatchDefinition
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.batch_spec import PathBatchSpec
from great_expectations.data_context import AbstractDataContext
from great_expectations.datasource.fluent import BatchRequest
from great_expectations.datasource.fluent.batch_identifier_util import make_batch_identifier
from great_expectations.datasource.fluent.constants import _DATA_CONNECTOR_NAME
from great_expectations.datasource.fluent.interfaces import Batch, DataAsset, Datasource
from great_expectations.exceptions.exceptions import BuildBatchRequestError
from great_expectations.metrics.metric import MetaMetric
from great_expectations.metrics.metric_results import MetricErrorResult, MetricErrorResultValue
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.metrics_calculator import MetricsCalculator

from toolkit.report.facts import utc_now
from toolkit.storage.datasets import Paths
from toolkit.validate.actions import OfflineDataDocsAction
from toolkit.validate.answers import Seeing, limited_mask
from toolkit.validate.dataset import Dataset, open_dataset
from toolkit.validate.engine import (
    MAX_COLUMN_BYTES,
    MAX_LISTED_ROWS,
    DaskBatchData,
    DaskExecutionEngine,
)
from toolkit.validate.passes import how_computed
from toolkit.validate.plan import CONDITION, limited_condition

if TYPE_CHECKING:
    import dask.dataframe as dd
    import pandas as pd

__all__ = [
    "DaskBatch",
    "DaskDatasource",
    "DaskFrameAsset",
    "OfflineDataDocsAction",
    "ParquetDatasetAsset",
    "add_dask",
]

_FRAME = "dataframe"


class DaskBatch(Batch):
    """All rows of a dataset."""

    def _create_id(self) -> str:
        """Make an id as stock does; for a frame with the frame's own name as well."""
        name: str = super()._create_id()
        frame = self.batch_request.options.get(_FRAME)
        return name if frame is None else f"{name}-{frame._name[-8:]}"

    def compute_metrics(self, metrics: Any) -> Any:
        """Compute the metrics; of a condition a Series for all its rows, from whole columns.

        A failure is a MetricErrorResult of that metric alone.
        """
        listed = list(metrics) if isinstance(metrics, list) else [metrics]
        plain = [metric for metric in listed if not metric.name.endswith(CONDITION)]
        answered = iter(super().compute_metrics(plain) if plain else [])
        results = [
            self._mask(metric) if metric.name.endswith(CONDITION) else next(answered)
            for metric in listed
        ]
        return results if isinstance(metrics, list) else results[0]

    def _mask(self, metric: Any) -> Any:
        config = metric.config(batch_id=self.id)
        try:
            self.data.execution_engine.batch_manager.load_batch_list(batch_list=[self])
            frame = self.data.execution_engine.get_domain_records(config.metric_domain_kwargs)
            kind = MetaMetric.get_registered_metric_class_from_metric_name(metric.name)
            return kind.get_metric_result_type()(id=config.id, value=_mask_of(config, frame))
        except Exception as error:
            why = MetricErrorResultValue(exception_message=str(error) or type(error).__name__)
            return MetricErrorResult(id=config.id, value=why)


def _mask_of(config: MetricConfiguration, frame: pd.DataFrame) -> pd.Series[bool]:
    """Compute the mask of a condition. Raises ValueError when that is impossible, or beyond the
    limit.
    """
    stock = Seeing(lambda _: frame)
    accepts = limited_condition(config)
    if accepts is not None:
        return limited_mask(accepts, config.metric_domain_kwargs, stock.get_domain_records)
    found, errors = MetricsCalculator(stock).compute_metrics([config])
    for error in errors.values():
        raise ValueError(error["exception_info"].exception_message)
    mask: pd.Series[bool] = found[config.id][0]
    return mask


class _DaskAsset(DataAsset[Any, Any]):
    """An asset with one batch: the whole dataset."""

    def open(self, options: Mapping[str, Any]) -> Dataset:
        """Open the dataset as it is now. Raises InputError when it cannot be read."""
        raise NotImplementedError

    def test_connection(self) -> None:
        """Do nothing: problems are reported when a batch is requested."""

    def add_batch_definition_whole_dataset(self, name: str) -> BatchDefinition[Any]:
        """Add a batch definition for all rows."""
        return self.add_batch_definition(name)

    def get_batch_parameters_keys(self, partitioner: Any = None) -> tuple[str, ...]:
        return ()

    def build_batch_request(
        self, options: Any = None, batch_slice: Any = None, partitioner: Any = None
    ) -> BatchRequest[Any]:
        """Build the request for all rows. Raises BuildBatchRequestError for anything narrower."""
        if options or batch_slice is not None or partitioner is not None:
            raise BuildBatchRequestError(message="a Dask asset has one batch, the whole dataset")
        return BatchRequest(
            datasource_name=self.datasource.name, data_asset_name=self.name, options={}
        )

    def get_batch_identifiers_list(self, batch_request: BatchRequest[Any]) -> list[dict[str, Any]]:
        return [make_batch_identifier(batch_request.options)]

    def get_batch(self, batch_request: BatchRequest[Any]) -> Batch:
        """Return the whole dataset; footers are read now, rows when it is validated."""
        engine = self.datasource.get_execution_engine()
        dataset = self.open(batch_request.options)
        return DaskBatch(
            datasource=self.datasource,
            data_asset=self,
            batch_request=batch_request,
            data=DaskBatchData(engine, dataset),
            metadata=self._get_batch_metadata_from_batch_request(
                batch_request, ignore_options=(_FRAME,)
            ),
            batch_markers=BatchMarkers({"ge_load_time": utc_now(), "n_rows": dataset.n_rows}),
            batch_spec=PathBatchSpec(path=dataset.name),
            batch_definition=LegacyBatchDefinition(
                datasource_name=self.datasource.name,
                data_connector_name=_DATA_CONNECTOR_NAME,
                data_asset_name=self.name,
                batch_identifiers=make_batch_identifier(batch_request.options),
            ),
        )


class ParquetDatasetAsset(_DaskAsset):
    """A folder of parquet parts, a parquet file, or a list of those."""

    type: Literal["parquet_dataset"] = "parquet_dataset"
    path: str | list[str]

    def open(self, options: Mapping[str, Any] = MappingProxyType({})) -> Dataset:
        return open_dataset(self.path)


class DaskFrameAsset(_DaskAsset):
    """A Dask DataFrame, computed anew in every pass; its rows are counted once.

    It is passed here or with each batch, as batch_parameters={"dataframe": frame}. Projects on disk
    do not store it.
    """

    type: Literal["dask_frame"] = "dask_frame"
    frame: Any = pydantic.Field(default=None, exclude=True, repr=False)
    _opened: dict[str, Dataset] = pydantic.PrivateAttr(default_factory=dict)

    def add_batch_definition_whole_dataframe(self, name: str) -> BatchDefinition[Any]:
        """Add a batch definition for all rows, by the name that stock has for it."""
        return self.add_batch_definition(name)

    def get_batch_parameters_keys(self, partitioner: Any = None) -> tuple[str, ...]:
        return (_FRAME,)

    def build_batch_request(
        self, options: Any = None, batch_slice: Any = None, partitioner: Any = None
    ) -> BatchRequest[Any]:
        """Build a request for the whole frame: the one in `options`, or the asset's.

        Raises BuildBatchRequestError where there is none, or for anything narrower.
        """
        import dask.dataframe as dd

        given = dict(options or {})
        frame = given.pop(_FRAME, None)
        request = super().build_batch_request(given, batch_slice, partitioner)
        if frame is None and self.frame is None:
            raise BuildBatchRequestError(
                message=f"asset {self.name!r} has no frame, which a project does not keep; hand it "
                'in with batch_parameters={"dataframe": ddf}'
            )
        if not isinstance(self.frame if frame is None else frame, dd.DataFrame):
            raise BuildBatchRequestError(
                message="the dataframe is not a Dask DataFrame; dask.dataframe.from_pandas(df, "
                "npartitions=1) makes one of a pandas DataFrame"
            )
        if frame is not None:
            request.options = {_FRAME: frame}
        return request

    def open(self, options: Mapping[str, Any] = MappingProxyType({})) -> Dataset:
        """Open the frame; the rows of the one that was opened last are not counted again."""
        frame = options.get(_FRAME, self.frame)
        dataset = self._opened.get(frame._name)
        # The last validation may have ended because the frame has changed: count again.
        if dataset is None or self.datasource.get_execution_engine().ended_by is not None:
            # Validating files does not need dask.dataframe, which is slow to import.
            from toolkit.validate.frames import open_frame

            how = how_computed()
            dataset = open_frame(frame, lambda tasks: how.run(tasks, None))
            self._opened = {frame._name: dataset}
        return dataset


class DaskDatasource(Datasource[Any, DaskExecutionEngine]):
    """Datasets of any size, validated by Dask partition by partition.

    `max_column_bytes` bounds the memory of an expectation that cannot be checked by partition;
    `max_listed_rows` the number of unexpected rows that are listed.
    """

    asset_types: ClassVar[Sequence[type[DataAsset[Any, Any]]]] = [
        ParquetDatasetAsset,
        DaskFrameAsset,
    ]

    type: Literal["dask"] = "dask"
    max_column_bytes: int = MAX_COLUMN_BYTES
    max_listed_rows: int = MAX_LISTED_ROWS
    assets: list[ParquetDatasetAsset | DaskFrameAsset] = pydantic.Field(default_factory=list)

    @property
    def execution_engine_type(self) -> builtins.type[DaskExecutionEngine]:
        return DaskExecutionEngine

    def test_connection(self, test_assets: bool = True) -> None:
        """Do nothing: there is no server."""

    def add_parquet_dataset_asset(self, name: str, path: Paths) -> ParquetDatasetAsset:
        """Add a dataset of parquet files; its parts are taken in the order of their names."""
        plain = str(path) if isinstance(path, str | Path) else [str(one) for one in path]
        return self._add_asset(ParquetDatasetAsset(name=name, path=plain))

    def add_dask_frame_asset(self, name: str, frame: dd.DataFrame) -> DaskFrameAsset:
        """Add a Dask DataFrame; its rows are numbered from 0, whatever its index."""
        return self._add_asset(DaskFrameAsset(name=name, frame=frame))

    def add_dataframe_asset(self, name: str) -> DaskFrameAsset:
        """Add an asset whose frame is passed with each batch, as for pandas."""
        return self._add_asset(DaskFrameAsset(name=name))


def add_dask(
    context: AbstractDataContext,
    name: str,
    *,
    max_column_bytes: int = MAX_COLUMN_BYTES,
    max_listed_rows: int = MAX_LISTED_ROWS,
) -> DaskDatasource:
    """Call `context.data_sources.add_dask`, which type checkers do not know."""
    sources: Any = context.data_sources
    source: DaskDatasource = sources.add_dask(
        name, max_column_bytes=max_column_bytes, max_listed_rows=max_listed_rows
    )
    return source
