"""The interface of readers: all that the rest of the toolkit knows of how feeds are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import pyarrow as pa

from toolkit.contract import Contract, CsvFormat, text_contract
from toolkit.read.blocks import Block, plan_blocks
from toolkit.read.header import fitted, grammar_of, read_names
from toolkit.read.parse import RawBlock, Selection, parse_block, read_records, whole_records
from toolkit.read.records import Grammar, Ints
from toolkit.read.sources import Source

WHOLE = 1 << 62
"""Bytes of a block that has all of a source."""
_PROBE_BYTES = 1 << 20
_MOSTLY_DISTINCT = 0.5


class Reader(Protocol):
    """Reads feeds of one format, block by block."""

    def plan(self, sources: Sequence[Source], block_bytes: int) -> list[Block]:
        """Cut the sources into blocks of about this size, in file order, every record in one.

        Raises InputError where a source does not fit the contract.
        """
        ...

    def first(self, block: Block, n_bytes: int) -> Block:
        """Return a block of the records that begin in the first bytes of another."""
        ...

    def parse(self, block: Block, selection: Selection) -> RawBlock:
        """Read all records of a block."""
        ...

    def records(self, block: Block, places: Ints, n_records: int) -> pa.Table:
        """Read the well-formed records at these places of a block, ascending, as strings."""
        ...


@dataclass(frozen=True)
class CsvReader:
    """Reads CSV files as a contract describes them, and copies of other formats as CSV.

    Sources must be plain UTF-8: spool others.
    """

    contract: Contract

    def _grammar(self, block: Block) -> Grammar:
        return grammar_of(fitted(self.contract, block.source))

    def plan(self, sources: Sequence[Source], block_bytes: int) -> list[Block]:
        return plan_blocks(sources, self.contract, block_bytes)

    def first(self, block: Block, n_bytes: int) -> Block:
        n_whole = len(whole_records(block, n_bytes, self._grammar(block)))
        return replace(block, stop=block.start + n_whole)

    def parse(self, block: Block, selection: Selection) -> RawBlock:
        return parse_block(block, self._grammar(block), selection)

    def records(self, block: Block, places: Ints, n_records: int) -> pa.Table:
        return read_records(block, self._grammar(block), places, n_records)


def reader_of(contract: Contract) -> Reader:
    """Return the reader of a contract's feeds."""
    return CsvReader(contract)


def names_of(source: Source, csv_format: CsvFormat, header: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a file that has no contract yet; raises InputError.

    `header` has the cells of the header as they were detected.
    """
    of_source = fitted(text_contract({"a": "a"}, csv_format), source)
    return read_names(source.path, source.shown, of_source.csv, header)


def near_unique_columns(block: Block, reader: Reader) -> frozenset[str]:
    """Return the columns whose values are still mostly new after the first half megabyte of a
    block.

    Dictionary-encoding them would cost more than it saves; only speed depends on the answer.
    """
    table = reader.parse(reader.first(block, _PROBE_BYTES), Selection()).table
    return frozenset(name for name in table.column_names if _stays_distinct(table.column(name)))


def _stays_distinct(column: pa.ChunkedArray) -> bool:
    """Return whether nearly every later row brings a new value."""
    if len(column) < 2:
        return False
    indices = column.combine_chunks().indices.to_numpy()
    half = len(indices) // 2
    # Arrow numbers dictionary values in order of appearance, so the largest index of the second
    # half, less that of the first, counts its new values.
    n_new = indices.max() - indices[:half].max()
    return bool(n_new > _MOSTLY_DISTINCT * (len(indices) - half))
