"""Great Expectations' data sources gain Dask: importing this adds `context.data_sources.add_dask`.

    source = context.data_sources.add_dask("feed")
    asset = source.add_parquet_dataset_asset("clean", path="data/clean/feed_clean.parquet")
    batch = asset.add_batch_definition_whole_dataset("all").get_batch()
    result = batch.validate(suite)

Every expectation that runs on pandas runs here, on all rows, in memory that depends on the parts.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from great_expectations.compatibility import pydantic
from great_expectations.core.batch import BatchMarkers, LegacyBatchDefinition
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.batch_spec import PathBatchSpec
from great_expectations.core.id_dict import IDDict
from great_expectations.datasource.fluent import BatchRequest
from great_expectations.datasource.fluent.batch_identifier_util import make_batch_identifier
from great_expectations.datasource.fluent.constants import _DATA_CONNECTOR_NAME
from great_expectations.datasource.fluent.interfaces import Batch, DataAsset, Datasource
from great_expectations.exceptions.exceptions import BuildBatchRequestError

from toolkit.parts import Paths
from toolkit.report import utc_now
from toolkit.validate.dataset import Dataset, open_dataset, open_frame
from toolkit.validate.engine import (
    MAX_COLUMN_BYTES,
    MAX_LISTED_ROWS,
    DaskBatchData,
    DaskExecutionEngine,
)
from toolkit.validate.passes import how_computed

if TYPE_CHECKING:
    import dask.dataframe as dd


class _DaskAsset(DataAsset[Any, Any]):
    """One batch: the whole dataset."""

    def open(self) -> Dataset:
        """The dataset as it is now. Raises InputError when it cannot be read."""
        raise NotImplementedError

    def test_connection(self) -> None:
        """Nothing: what can be wrong is told when a batch is asked for."""

    def add_batch_definition_whole_dataset(self, name: str) -> BatchDefinition[Any]:
        """A batch definition for all rows."""
        return self.add_batch_definition(name)

    def get_batch_parameters_keys(self, partitioner: Any = None) -> tuple[str, ...]:
        return ()

    def build_batch_request(
        self, options: Any = None, batch_slice: Any = None, partitioner: Any = None
    ) -> BatchRequest[Any]:
        """The only request there is. Raises BuildBatchRequestError for anything narrower."""
        if options or batch_slice is not None or partitioner is not None:
            raise BuildBatchRequestError(message="a Dask asset has one batch, the whole dataset")
        return BatchRequest(
            datasource_name=self.datasource.name, data_asset_name=self.name, options={}
        )

    def get_batch_identifiers_list(self, batch_request: BatchRequest[Any]) -> list[dict[str, Any]]:
        return [IDDict(batch_request.options)]

    def get_batch(self, batch_request: BatchRequest[Any]) -> Batch:
        """The whole dataset; footers are read now, rows when it is validated."""
        engine = self.datasource.get_execution_engine()
        dataset = self.open()
        return Batch(
            datasource=self.datasource,
            data_asset=self,
            batch_request=batch_request,
            data=DaskBatchData(engine, dataset),
            metadata=self._get_batch_metadata_from_batch_request(batch_request),
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

    def open(self) -> Dataset:
        return open_dataset(self.path)


class DaskFrameAsset(_DaskAsset):
    """A Dask DataFrame, computed anew in every pass."""

    type: Literal["dask_frame"] = "dask_frame"
    frame: Any = pydantic.Field(exclude=True, repr=False)

    def open(self) -> Dataset:
        how = how_computed()
        return open_frame(self.frame, lambda tasks: how.run(tasks, None))


class DaskDatasource(Datasource[Any, DaskExecutionEngine]):
    """Datasets of any size, validated in parts by Dask.

    `max_column_bytes` bounds what an expectation may take that cannot be checked in parts;
    `max_listed_rows` how many unexpected rows of one are told.
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
        """Nothing: there is no server."""

    def add_parquet_dataset_asset(self, name: str, path: Paths) -> ParquetDatasetAsset:
        """Add a dataset of parquet files; its parts are taken in the order of their names."""
        plain = str(path) if isinstance(path, str | Path) else [str(one) for one in path]
        return self._add_asset(ParquetDatasetAsset(name=name, path=plain))

    def add_dask_frame_asset(self, name: str, frame: dd.DataFrame) -> DaskFrameAsset:
        """Add a Dask DataFrame; its rows are numbered from 0, whatever its index."""
        return self._add_asset(DaskFrameAsset(name=name, frame=frame))
