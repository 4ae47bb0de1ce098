"""Datasets to validate, in partitions that are loaded independently, such as parquet files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from dask.delayed import Delayed

from toolkit.errors import InputError
from toolkit.storage.datasets import Paths, find_parts, open_parquet, runs_of_groups
from toolkit.validate.pandas_types import Facts, dtypes_of_file, stock_frame

ROWS_A_PART = 1 << 18
# A column chunk with fewer bytes per value than this is dictionary-encoded throughout. Larger ones
# fell back to plain encoding, and reading them as a dictionary would mean building one.
_DICTIONARY_BYTES = 4.0

Compute = Callable[[Sequence[Delayed]], list[Any]]


@dataclass(frozen=True)
class ParquetSource:
    """Some row groups of parquet files; `schema` is that of the whole dataset.

    `dictionaries` are text columns to read as such.
    """

    row_groups: tuple[tuple[Path, tuple[int, ...]], ...]
    schema: pa.Schema
    dictionaries: frozenset[str]

    def load(self, columns: Sequence[str]) -> pa.Table:
        """Load the rows in order. Raises InputError when a file cannot be read."""
        asked = frozenset(columns)
        names = [name for name in self.schema.names if name in asked]
        tables = [self._load(path, groups, names) for path, groups in self.row_groups]
        return pa.concat_tables(tables) if tables else self.schema.empty_table().select(names)

    def _load(self, path: Path, groups: tuple[int, ...], names: Sequence[str]) -> pa.Table:
        with _opened(path, sorted(self.dictionaries & set(names))) as file:
            known = frozenset(file.schema_arrow.names)
            present = [name for name in names if name in known]
            table = file.read_row_groups(list(groups), columns=present, use_threads=False)
        return _fitted(table, self.schema, names)


@dataclass(frozen=True)
class RowRange:
    """Consecutive rows, from `first_row` of the dataset on.

    `source` is a ParquetSource, or a lazy pa.Table.
    """

    source: ParquetSource | Delayed
    first_row: int
    n_rows: int


@dataclass(frozen=True)
class Dataset:
    """All partitions in order, at least one.

    `empty_columns` are known to be all null; `column_bytes` is a column's approximate size in
    memory.
    """

    name: str
    facts: Facts
    parts: tuple[RowRange, ...]
    empty_columns: frozenset[str] = frozenset()
    column_bytes: dict[str, int] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        return list(self.facts.schema.names)

    @cached_property
    def names(self) -> frozenset[str]:
        """The columns, to look one up."""
        return frozenset(self.facts.schema.names)

    @property
    def n_rows(self) -> int:
        return sum(part.n_rows for part in self.parts)

    @property
    def is_lazy(self) -> bool:
        """Return whether its partitions are computed when read, as those of a Dask frame are."""
        return any(isinstance(part.source, Delayed) for part in self.parts)

    def has_few_values(self, column: str) -> bool:
        """Return whether a column is stored as a dictionary everywhere."""
        if pa.types.is_dictionary(self.facts.schema.field(column).type):
            return True
        sources = (part.source for part in self.parts)
        return all(isinstance(s, ParquetSource) and column in s.dictionaries for s in sources)

    def empty_frame(self) -> pd.DataFrame:
        """Return no rows, with the dtypes that pandas gives the whole dataset."""
        return stock_frame(self.facts.schema.empty_table(), self.facts)


def load(source: ParquetSource | pa.Table, columns: Sequence[str]) -> pa.Table:
    """Load columns of a partition within a task. An InputError names the file that is damaged."""
    return source.load(columns) if isinstance(source, ParquetSource) else source.select(columns)


def open_dataset(paths: Paths, rows_a_part: int = ROWS_A_PART) -> Dataset:
    """Open a folder of parquet files, one file, or a list of them; only footers are read.

    Rows are numbered in the order of the files' names. Raises InputError for files that are
    missing, damaged, or have columns of the same name whose types cannot be unified.
    """
    files = [_ParquetFile.read(path) for path in find_parts(paths, InputError.not_parquet)]
    schema = _common_schema(files)
    return Dataset(
        name=_name(paths),
        facts=Facts(
            schema,
            frozenset(name for file in files for name in file.nullable(schema)),
            _common_dtypes(files, schema),
        ),
        parts=tuple(_parts(files, schema, rows_a_part)),
        empty_columns=frozenset(n for n in schema.names if all(f.is_empty(n) for f in files)),
        column_bytes={name: sum(f.bytes_of(name) for f in files) for name in schema.names},
    )


def _parts(
    files: Sequence[_ParquetFile], schema: pa.Schema, rows_a_part: int
) -> Iterator[RowRange]:
    """Group neighbouring row groups, also of several files, up to so many rows; at least one
    partition.
    """
    groups = [(file.path, n) for file in files for n in range(file.metadata.num_row_groups)]
    sizes = [size for file in files for size in file.rows_in_groups]
    dictionaries = frozenset.intersection(*(file.dictionaries for file in files))
    n_rows = 0
    for run in list(runs_of_groups(sizes, rows_a_part)) or [[]]:
        by_file: dict[Path, list[int]] = {}
        for path, number in (groups[place] for place in run):
            by_file.setdefault(path, []).append(number)
        chosen = tuple((path, tuple(numbers)) for path, numbers in by_file.items())
        part = RowRange(
            ParquetSource(chosen, schema, dictionaries), n_rows, sum(sizes[place] for place in run)
        )
        yield part
        n_rows += part.n_rows


@dataclass(frozen=True)
class _ParquetFile:
    path: Path
    schema: pa.Schema
    metadata: pq.FileMetaData
    dtypes: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> _ParquetFile:
        with _opened(path) as file:
            schema = file.schema_arrow
            return cls(path, schema.remove_metadata(), file.metadata, dtypes_of_file(schema))

    @property
    def rows_in_groups(self) -> list[int]:
        groups = range(self.metadata.num_row_groups)
        return [self.metadata.row_group(n).num_rows for n in groups]

    @property
    def dictionaries(self) -> frozenset[str]:
        """Return the text columns to read as dictionaries; only speed depends on it."""
        texts = [f.name for f in self.schema if is_text(f.type)]
        return frozenset(
            name
            for name in texts
            if (chunks := self._chunks(name))
            and all(chunk.has_dictionary_page for chunk in chunks)
            and sum(c.total_uncompressed_size for c in chunks)
            < _DICTIONARY_BYTES * sum(c.num_values for c in chunks)
        )

    def nullable(self, schema: pa.Schema) -> Iterator[str]:
        """Return the columns that may have a null here: those whose footer does not exclude it."""
        for name in schema.names:
            if self.metadata.num_rows and self._n_nulls(name) != 0:
                yield name

    def is_empty(self, name: str) -> bool:
        """Return whether the footer proves that there is no value here."""
        return self.metadata.num_rows == 0 or self._n_nulls(name) == self.metadata.num_rows

    def _n_nulls(self, name: str) -> int | None:
        """Return the number of nulls by the footer, None when it has none."""
        if name not in self.schema.names or pa.types.is_null(self.schema.field(name).type):
            return int(self.metadata.num_rows)
        chunks = self._chunks(name)
        if not chunks or not all(map(_counts_nulls, chunks)):
            return None
        return sum(chunk.statistics.null_count for chunk in chunks)

    def bytes_of(self, name: str) -> int:
        if name not in self.schema.names:
            return 8 * int(self.metadata.num_rows)
        kind = self.schema.field(name).type
        if pa.types.is_dictionary(kind):
            width = 4
        elif pa.types.is_primitive(kind):
            width = max(1, kind.bit_width // 8)
        else:
            stored = sum(c.total_uncompressed_size for c in self._chunks(name))
            return int(max(stored, 64 * self.metadata.num_rows))
        return int(width * self.metadata.num_rows)

    def _chunks(self, name: str) -> list[Any]:
        place = self._places.get(name)
        if place is None:
            return []
        groups = range(self.metadata.num_row_groups)
        return [self.metadata.row_group(n).column(place) for n in groups]

    @cached_property
    def _places(self) -> dict[str, int]:
        """Return the indices of plain columns in the file; nested ones are stored as several."""
        columns = (self.metadata.schema.column(n) for n in range(self.metadata.num_columns))
        return {column.path: place for place, column in enumerate(columns)}


def _opened(path: Path, dictionaries: Sequence[str] = ()) -> AbstractContextManager[pq.ParquetFile]:
    return open_parquet(path, InputError.not_parquet, dictionaries)


def _counts_nulls(chunk: Any) -> bool:
    return bool(chunk.is_stats_set and chunk.statistics.has_null_count)


def is_text(kind: pa.DataType) -> bool:
    """Return whether values are plain text, of either width."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _common_schema(files: Sequence[_ParquetFile]) -> pa.Schema:
    try:
        return pa.unify_schemas([file.schema for file in files], promote_options="permissive")
    except pa.ArrowException as error:
        why = str(error).partition("\n")[0]
        raise InputError.not_parquet(files[0].path.parent, f"its parts differ: {why}") from error


def _common_dtypes(files: Sequence[_ParquetFile], schema: pa.Schema) -> dict[str, Any]:
    """Return the dtypes that pandas noted in the first file, unless other files change the type."""
    first = files[0]
    return {
        name: dtype
        for name, dtype in first.dtypes.items()
        if schema.field(name).type == first.schema.field(name).type
    }


def _fitted(table: pa.Table, schema: pa.Schema, names: Sequence[str]) -> pa.Table:
    """Return the requested columns in the dataset's types; text may stay a dictionary."""
    columns = []
    for name in names:
        kind = schema.field(name).type
        if name not in table.column_names:
            columns.append(pa.nulls(table.num_rows, kind))
            continue
        column = table.column(name)
        as_read = pa.types.is_dictionary(column.type) and is_text(kind)
        columns.append(column if as_read or column.type == kind else column.cast(kind))
    return pa.table(columns, names=list(names))


def _name(paths: Paths) -> str:
    given = [paths] if isinstance(paths, Path | str) else list(paths)
    return ", ".join(str(path) for path in given)
