"""Profile one block of a file in one pass: its records, columns, keys and formulas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from toolkit.arrays import Floats
from toolkit.clean.keys import key_words
from toolkit.contract import Contract
from toolkit.profile.cells import ColumnPart, Question, look_at_column, stripped
from toolkit.profile.first_lines import OrderLines
from toolkit.profile.formulas import Formula, Holds, check_formula
from toolkit.profile.keys import WHOLE_ROW, Group, SpilledWords, spill_sorted, words_of
from toolkit.profile.totals import Suspects, suspects_in
from toolkit.profile.vocabulary import Ints
from toolkit.read.blocks import Block
from toolkit.read.cells import column_of, repeated_headers, rows_that_read
from toolkit.read.parse import RawBlock, Selection
from toolkit.read.reader import reader_of

PLACE_BITS = 40
"""A record's index is its number in its block, plus the number of the block above these bits."""

_N_EXAMPLES = 3
_LONGEST_EXAMPLE = 200


@dataclass(frozen=True)
class Questions:
    """The computations on every block: of columns, by their names, and across columns."""

    contract: Contract
    columns: Mapping[str, Question]
    groups: tuple[Group, ...]
    keys: tuple[Group, ...]
    """The groups that may identify a record."""
    formulas: tuple[Formula, ...]
    spill: Path
    shared: tuple[Group, ...] = ()
    """Orders, each with a figure that their rows may share; groups have both of them too."""
    first_lines: tuple[Group, ...] = ()
    """Orders, each with the columns that only their first lines may have."""


@dataclass(frozen=True)
class Broken:
    """A record that does not fit the table."""

    place: int
    how: str
    text: str


@dataclass(frozen=True)
class BlockFacts:
    """Facts about one block. `words` are for `count_repeats`, a file for each group."""

    index: int
    n_records: int
    n_bytes: int
    n_blank: int
    n_repeated_headers: int
    malformed: Counter[str]
    broken: tuple[Broken, ...]
    line_ends: Counter[str]
    columns: dict[str, ColumnPart]
    words: dict[Group, SpilledWords]
    formulas: dict[Formula, Holds] = field(default_factory=dict)
    suspects: Suspects = field(default_factory=Suspects)
    lines: dict[Group, OrderLines] = field(default_factory=dict)


def look_at_block(block: Block, questions: Questions) -> BlockFacts:
    """Read and count one block; writes the words of its keys into the spill folder."""
    names, sources = block.names, questions.contract.sources
    raw = reader_of(questions.contract).parse(block, Selection(line_ends=True))
    blank = rows_that_read(raw.table, dict.fromkeys(names, ("",)))
    headers = repeated_headers(raw.table, raw.written)
    table, places = _records(raw, np.concatenate([blank, headers]), block.index)
    found = {
        name: look_at_column(column_of(table, sources[name]), places, question, block.index)
        for name, question in questions.columns.items()
    }
    plain = {name: column for name, (_, column) in found.items()}
    first = block.index << PLACE_BITS
    blank_lines = {place for place in raw.malformed if raw.is_blank(place)}
    how = [(place, raw.fault(place)) for place in sorted(raw.malformed) if place not in blank_lines]
    return BlockFacts(
        index=block.index,
        n_records=raw.n_records,
        n_bytes=block.n_bytes,
        n_blank=len(blank) + len(blank_lines),
        n_repeated_headers=len(headers),
        malformed=Counter(kind for _, kind in how),
        broken=tuple(
            Broken(place + first, kind, raw.malformed[place][:_LONGEST_EXAMPLE])
            for place, kind in how[:_N_EXAMPLES]
        ),
        line_ends=raw.line_ends,
        columns={name: part for name, (part, _) in found.items()},
        words=_spill(table, plain, block.index, questions),
        formulas=_check(plain, places, questions),
        suspects=suspects_in(plain, places, questions.columns),
        lines={group: OrderLines.of(plain, group) for group in questions.first_lines},
    )


def stripped_columns(block: Block, contract: Contract) -> dict[str, pa.DictionaryArray]:
    """Read a block's columns, by their names in the contract, without white space at the ends."""
    raw = reader_of(contract).parse(block, Selection())
    return {
        name: stripped(column_of(raw.table, source)) for name, source in contract.sources.items()
    }


def _records(raw: RawBlock, left_out: Ints, index: int) -> tuple[pa.Table, Ints]:
    """Select the rows that are records of the feed, and their places."""
    rows = np.arange(raw.table.num_rows)
    table = raw.table
    if len(left_out):
        rows = np.setdiff1d(rows, left_out)
        table = table.take(pa.array(rows))
    return table, raw.places(rows) + (index << PLACE_BITS)


def _spill(
    table: pa.Table,
    plain: Mapping[str, pa.DictionaryArray],
    index: int,
    questions: Questions,
) -> dict[Group, SpilledWords]:
    found = {}
    for number, group in enumerate(questions.groups):
        path = questions.spill / f"{index:06d}-{number}.words"
        if group == WHOLE_ROW:
            raw = [column_of(table, questions.contract.sources[name]) for name in questions.columns]
            found[group] = spill_sorted(key_words(raw), path)
        else:
            found[group] = spill_sorted(words_of([plain[name] for name in group]), path)
    return found


def _check(
    plain: Mapping[str, pa.DictionaryArray], places: Ints, questions: Questions
) -> dict[Formula, Holds]:
    needed = {name for formula in questions.formulas for name in formula.columns}
    numbers = {name: numbers_of(plain[name], questions.columns[name]) for name in needed}
    return {formula: check_formula(formula, numbers, places) for formula in questions.formulas}


def numbers_of(column: pa.DictionaryArray, question: Question) -> Floats:
    """Return the number in each row, NaN where there is none."""
    return question.reading.read(column.dictionary)[column.indices.to_numpy()]
