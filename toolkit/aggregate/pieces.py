"""A cleaned dataset on disk, cut into pieces that can be read on their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.aggregate.needs import aggregated_columns, check_columns
from toolkit.contract import Contract
from toolkit.errors import InputError, did_you_mean

Source = Path | str | Sequence[Path | str]

ROWS_A_PIECE = 1 << 19


@dataclass(frozen=True)
class Piece:
    """Some row groups of one parquet file. `n_bytes` is what is read of them, compressed."""

    path: Path
    row_groups: tuple[int, ...]
    rows_in_groups: tuple[int, ...]
    n_bytes: int

    @property
    def n_rows(self) -> int:
        return sum(self.rows_in_groups)


def plan_pieces(
    source: Source, contract: Contract, rows_a_piece: int = ROWS_A_PIECE
) -> list[Piece]:
    """The pieces of a dataset: a folder of parquet parts, a parquet file, or a list of those.

    Names in a folder that start with `_` or `.` are no parts. Only the files' footers are read.
    Pieces have at most `rows_a_piece` rows, or one row group; row groups without rows are left
    out. Raises InputError for what is no cleaned dataset of this contract.
    """
    given = [source] if isinstance(source, Path | str) else source
    paths = [path for item in given for path in _parts(Path(item))]
    return [piece for path in paths for piece in _cut(path, contract, rows_a_piece)]


def read_piece(piece: Piece, contract: Contract) -> pa.Table:
    """The piece's rows in order, the aggregated columns only, text as dictionaries.

    Raises InputError when the file cannot be read.
    """
    columns = aggregated_columns(contract)
    schema = contract.clean_schema()
    texts = [name for name in columns if pa.types.is_string(schema.field(name).type)]
    with opened(piece.path, texts) as file:
        return file.read_row_groups(piece.row_groups, columns=columns, use_threads=False)


@contextmanager
def opened(path: Path, dictionaries: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
    """The parquet file, its `dictionaries` columns read as such; failures become InputError."""
    try:
        with pq.ParquetFile(path, read_dictionary=dictionaries) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        why = str(error).partition("\n")[0]
        raise InputError.not_clean_dataset(path, f"cannot be read: {why}") from error


def _parts(path: Path) -> list[Path]:
    if path.is_dir():
        parts = sorted(p for p in path.glob("*.parquet") if p.name[0] not in "_.")
        if not parts:
            raise InputError.not_clean_dataset(path, "the folder has no *.parquet parts")
        return parts
    if not path.exists():
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError.not_clean_dataset(
            path, f"no such file or folder{did_you_mean(path.name, names)}"
        )
    return [path]


def _cut(path: Path, contract: Contract, rows_a_piece: int) -> Iterator[Piece]:
    with opened(path) as file:
        schema, metadata = file.schema_arrow, file.metadata
    check_columns(schema, contract, path)
    wanted = set(aggregated_columns(contract))
    places = [n for n, name in enumerate(metadata.schema.names) if name in wanted]
    groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
    for numbers in _runs([group.num_rows for group in groups], rows_a_piece):
        chunks = (groups[n].column(place) for n in numbers for place in places)
        yield Piece(
            path,
            tuple(numbers),
            tuple(groups[n].num_rows for n in numbers),
            sum(chunk.total_compressed_size for chunk in chunks),
        )


def _runs(sizes: Sequence[int], at_most: int) -> Iterator[list[int]]:
    """Numbers of neighbours that are `at_most` so large together; those of size 0 are left out."""
    run: list[int] = []
    n_rows = 0
    for number, size in enumerate(sizes):
        if run and n_rows + size > at_most:
            yield run
            run, n_rows = [], 0
        if size:
            run.append(number)
            n_rows += size
    if run:
        yield run
