"""What a hostile file holds, read through the whole cleaning with a contract of text columns."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.conftest import AS_OF
from tests.contracts import text_only
from tests.feeds import clean_files
from toolkit.clean.evaluate import Rules
from toolkit.contract import Contract, CsvFormat
from toolkit.errors import InputError
from toolkit.read.header import read_names
from toolkit.read.sources import find_sources
from toolkit.read.unpack import spool

Rows = list[tuple[str, ...]]
MALFORMED, BLANK, HEADER = "malformed_row", "blank_row", "repeated_header"
# Far more than any of these files takes, far less than one that is read without end.
_MORE_MEMORY = 1 << 30
# Every block takes some milliseconds.
_MOST_BLOCKS = 150


@dataclass(frozen=True)
class Holds:
    """Clean rows in file order, and the rejected ones: (source_row, reason, raw line).

    A row that is no malformed one has no raw line. `csv` says how the file is to be read; `header`
    is put above a file that has none.
    """

    clean: Rows = field(default_factory=list)
    rejected: list[tuple[int, str, str | None]] = field(default_factory=list)
    csv: CsvFormat = field(default_factory=CsvFormat)
    header: bytes = b""

    def check(self, data: bytes, path: Path) -> None:
        """The same answer for one block and for many tiny ones, in bounded memory."""
        path.write_bytes(self.header + data)
        contract = draft(path, self.csv)
        smallest = max(1, len(data) // _MOST_BLOCKS)
        for block_bytes in sorted({max(smallest, n) for n in (1, 7, 64, 1 << 20)}):
            clean, rejected = read_file(path, contract, block_bytes)
            assert clean == self.clean
            assert rejected == self.rejected


@dataclass(frozen=True)
class Refused:
    """The file cannot be read so: part of the one line that says why.

    `names` are the columns that are expected; without them, those of the header are.
    """

    told: str
    csv: CsvFormat = field(default_factory=CsvFormat)
    names: Sequence[str] | None = None

    def check(self, data: bytes, path: Path) -> None:
        path.write_bytes(data)
        with pytest.raises(InputError) as caught:
            self._read(path)
        message = str(caught.value)
        assert self.told in message
        assert message.startswith(f"{path}: ")
        assert "\n" not in message
        assert len(message) < 600

    def _read(self, path: Path) -> None:
        names = self.names
        contract = draft(path, self.csv) if names is None else text_only(names, self.csv)
        read_file(path, contract, 1 << 20)


def draft(path: Path, csv_format: CsvFormat) -> Contract:
    """A contract of the columns that the file's header names."""
    with tempfile.TemporaryDirectory() as folder:
        [source] = find_sources([str(path)])
        plain = spool(source, Path(folder), csv_format.encoding)
        return text_only(read_names(plain.path, str(path), csv_format), csv_format)


def read_file(
    path: Path, contract: Contract, block_bytes: int
) -> tuple[Rows, list[tuple[int, str, str | None]]]:
    with _bounded_memory():
        cleaned = clean_files(Rules(contract, {}, AS_OF), [str(path)], block_bytes)
    facts = ["source_row", "rejection_reason", "raw_line"]
    rejected = [tuple(row.values()) for row in cleaned.rejected.select(facts).to_pylist()]
    assert {*cleaned.rejected.column("source_file").to_pylist()} <= {str(path)}
    # An empty cell is no value.
    clean = [tuple(value or "" for value in row.values()) for row in cleaned.clean.to_pylist()]
    return clean, rejected


@contextmanager
def _bounded_memory() -> Iterator[None]:
    """What takes much more memory than there is in use now fails in here."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    most = psutil.Process().memory_info().vms + _MORE_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
