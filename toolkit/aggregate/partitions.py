"""Split a cleaned dataset on disk into partitions that can be read independently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.aggregate.needs import aggregated_columns, check_columns
from toolkit.contract import Contract, Summary
from toolkit.errors import InputError
from toolkit.storage.datasets import Paths, find_parts, open_parquet, runs_of_groups

Source = Paths

ROWS_A_PARTITION = 1 << 19


@dataclass(frozen=True)
class Partition:
    """Some row groups of one parquet file; `n_bytes` are the compressed bytes read of them."""

    path: Path
    row_groups: tuple[int, ...]
    rows_in_groups: tuple[int, ...]
    n_bytes: int

    @property
    def n_rows(self) -> int:
        return sum(self.rows_in_groups)


def plan_partitions(
    source: Source, contract: Contract, rows_a_partition: int = ROWS_A_PARTITION
) -> list[Partition]:
    """Split a dataset (a folder of parquet parts, a parquet file, or a list of those).

    Names in a folder that start with `_` or `.` are ignored. Only the files' footers are read.
    Partitions have at most `rows_a_partition` rows, or one row group; row groups without rows are
    left out. Raises InputError for anything but a cleaned dataset of this contract.
    """
    paths = find_parts(source, InputError.not_clean_dataset)
    return [partition for path in paths for partition in _cut(path, contract, rows_a_partition)]


def read_partition(partition: Partition, contract: Contract) -> pa.Table:
    """Read the partition's aggregated columns, rows in order, text as dictionaries.

    Raises InputError when the file cannot be read.
    """
    columns = aggregated_columns(contract)
    schema = contract.clean_schema()
    texts = [name for name in columns if pa.types.is_string(schema.field(name).type)]
    with opened(partition.path, texts) as file:
        return file.read_row_groups(partition.row_groups, columns=columns, use_threads=False)


def days_covered(
    partitions: Sequence[Partition], contract: Contract
) -> dict[str, tuple[date, date]]:
    """Read the first and last day of each column that is grouped by month, from the footers.

    A column is left out where a footer lacks them, or where it is personal.
    """
    personal = contract.personal_clean_columns()
    columns = {
        grain.column
        for aggregation in contract.aggregations.values()
        if isinstance(aggregation, Summary)
        for grain in aggregation.by.values()
        if grain.unit == "month" and grain.column not in personal
    }
    footers = []
    for path in dict.fromkeys(partition.path for partition in partitions):
        with opened(path) as file:
            footers.append(file.metadata)
    found = {column: _span(footers, column) for column in sorted(columns)}
    return {column: span for column, span in found.items() if span is not None}


def _span(footers: Sequence[pq.FileMetaData], column: str) -> tuple[date, date] | None:
    days: list[date] = []
    for metadata in footers:
        place = metadata.schema.names.index(column)
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            statistics = group.column(place).statistics
            if statistics is None:
                return None
            if statistics.null_count == group.num_rows:
                continue
            if not statistics.has_min_max:
                return None
            days += [_day(statistics.min), _day(statistics.max)]
    return (min(days), max(days)) if days else None


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def opened(path: Path, dictionaries: Sequence[str] = ()) -> AbstractContextManager[pq.ParquetFile]:
    """Open a parquet file, `dictionaries` columns read as such; failures become InputError."""
    return open_parquet(path, InputError.not_clean_dataset, dictionaries)


def _cut(path: Path, contract: Contract, rows_a_partition: int) -> Iterator[Partition]:
    with opened(path) as file:
        schema, metadata = file.schema_arrow, file.metadata
    check_columns(schema, contract, path)
    read = set(aggregated_columns(contract))
    places = [n for n, name in enumerate(metadata.schema.names) if name in read]
    groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
    for numbers in runs_of_groups([group.num_rows for group in groups], rows_a_partition):
        chunks = (groups[n].column(place) for n in numbers for place in places)
        yield Partition(
            path,
            tuple(numbers),
            tuple(groups[n].num_rows for n in numbers),
            sum(chunk.total_compressed_size for chunk in chunks),
        )
