"""Decide what to compute from the beginning of a file, and merge the results of all blocks into a
profile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.date_order import order_names, year_comes_first
from toolkit.clean.parsed import bools
from toolkit.contract import Contract, CsvFormat, Integer, Number, text_contract
from toolkit.profile.block import (
    PLACE_BITS,
    BlockFacts,
    Broken,
    Questions,
    numbers_of,
    stripped_columns,
)
from toolkit.profile.cells import ColumnPart, Question
from toolkit.profile.describe import Described, describe_column
from toolkit.profile.doubts import Doubt
from toolkit.profile.facts import (
    ColumnFacts,
    Example,
    FileFacts,
    FormulaFacts,
    KeyFacts,
    Profile,
    SharedFigure,
)
from toolkit.profile.first_lines import first_lines, first_lines_to_try
from toolkit.profile.formulas import Formula, Holds, formulas_to_try
from toolkit.profile.guess import DistinctCells, Order
from toolkit.profile.guessing import guess_reading
from toolkit.profile.keys import (
    MOST_APART,
    WHOLE_ROW,
    Group,
    Repeats,
    groups_to_try,
    is_like_an_id,
    shared_to_try,
)
from toolkit.profile.naming import clean_names
from toolkit.profile.readings import Reading
from toolkit.profile.sorts import is_added_up, is_order_name
from toolkit.profile.totals import Totals, judge
from toolkit.profile.vocabulary import ROWS, Caps
from toolkit.read.blocks import Block
from toolkit.read.dialect import HEAD_BYTES, Dialect
from toolkit.read.encoding import Encoding
from toolkit.read.reader import WHOLE, reader_of
from toolkit.read.sources import Source
from toolkit.units import human_count

# Merge parts of blocks once there are this many.
_PARTS_AT_ONCE = 16
_N_BROKEN = 3
# What is found out by looking at the file, whatever the limits on reading come with.
_OTHER_KEYS = {
    key: getattr(CsvFormat, key)
    for key in (
        "skip_until", "skip_below_header", "comment", "escape", "blanks_around_quotes",
        "trailing_delimiter",
    )
}  # fmt: skip
_BY_CHANCE = 0.01


@dataclass(frozen=True)
class Format:
    """The format of the files, and their columns."""

    encoding: Encoding
    dialect: Dialect
    limits: CsvFormat = field(default_factory=CsvFormat)
    """The limits on reading: its max_ keys."""
    names: tuple[str, ...] = ()
    n_nameless: int = 0
    """The number of columns without a name, which a contract cannot contain."""

    def with_names(self, names: Sequence[str]) -> Format:
        return replace(self, names=tuple(filter(None, names)), n_nameless=list(names).count(""))

    @property
    def csv(self) -> CsvFormat:
        return replace(
            self.limits,
            delimiter=self.dialect.delimiter,
            quote=self.dialect.quote,
            encoding=self.encoding.name,
            **_OTHER_KEYS | dict(self.dialect.keys),
        )

    def contract(self) -> Contract:
        """A contract of all columns as text, under the names that a draft would give them."""
        return text_contract(clean_names(self.names), self.csv)

    @property
    def commas(self) -> bool:
        """Return whether decimal commas are likely."""
        return self.dialect.delimiter == ";"


def head_block(source: Source, contract: Contract) -> Block:
    """Return the block of records that begin in the first megabyte of a plain file."""
    reader = reader_of(contract)
    [whole] = reader.plan([source], WHOLE)
    return reader.first(whole, HEAD_BYTES)


def ask(head: Block, fmt: Format, null_words: Sequence[str], spill: Path) -> Questions:
    """Decide what to compute on all blocks, by the beginning of the first file.

    The head does not depend on the partitioning.
    """
    contract = fmt.contract()
    words = tuple(sorted({word.lower() for word in null_words}))
    caps = Caps.for_columns(len(contract.columns))
    plain = {name: Question(Reading(), words, caps) for name in contract.columns}
    table = stripped_columns(head, contract)
    columns = {
        name: Question(
            _head_reading(table[name], words, fmt.commas, contract.sources[name]), words, caps
        )
        for name in plain
    }
    readings = {name: question.reading for name, question in columns.items()}
    numbers = {
        name: numbers_of(table[name], question)
        for name, question in columns.items()
        if isinstance(question.reading.column, Number | Integer)
        and not is_like_an_id(contract.sources[name])
    }
    orders = [
        name
        for name in columns
        if name not in numbers and (is_order_name(name) or _is_numbered(table[name]))
    ]
    shared = shared_to_try(table, orders, [name for name in numbers if is_added_up(name)])
    groups = groups_to_try(table, readings)
    lines = first_lines_to_try(table, orders)
    more = dict.fromkeys((*((order,) for order, *_ in (*shared, *lines)), *shared))
    return Questions(
        contract=contract,
        columns=columns,
        groups=tuple(dict.fromkeys((*groups, *more))),
        keys=groups,
        shared=shared,
        first_lines=lines,
        formulas=formulas_to_try(numbers),
        spill=spill,
    )


def _is_numbered(column: pa.DictionaryArray) -> bool:
    """Return whether most values are order numbers as shops write them: #1001."""
    like = bools(pc.match_substring_regex(column.dictionary, "^#[0-9]+$"))
    return 2 * int(like.sum()) > len(like)


def _head_reading(
    column: pa.DictionaryArray, words: Sequence[str], commas: bool, source: str
) -> Reading:
    cells = DistinctCells.of_column(column, words)
    return guess_reading(cells, commas=commas, source=source).reading


@dataclass
class Gathered:
    """Merged results of blocks, in any order."""

    questions: Questions
    facts: list[BlockFacts] = field(default_factory=list)
    """Without their columns, which are merged."""
    _columns: dict[str, list[ColumnPart]] = field(default_factory=dict)

    def add(self, block: BlockFacts) -> None:
        for name, part in block.columns.items():
            parts = self._columns.setdefault(name, [])
            parts.append(part)
            if len(parts) > _PARTS_AT_ONCE:
                self._columns[name] = [self._merged(name)]
        block.columns.clear()
        self.facts.append(block)

    def column(self, name: str) -> ColumnPart:
        """Merge all blocks of a column."""
        return self._merged(name)

    def _merged(self, name: str) -> ColumnPart:
        caps = self.questions.columns[name].caps
        return ColumnPart.merged(self._columns.get(name, []), caps)

    def in_order(self) -> list[BlockFacts]:
        return sorted(self.facts, key=lambda block: block.index)

    def formulas(self) -> dict[Formula, Holds]:
        return {
            formula: sum((block.formulas[formula] for block in self.facts), Holds())
            for formula in self.questions.formulas
        }


@dataclass(frozen=True)
class Places:
    """The file and row number of the records of blocks."""

    sources: Sequence[str]
    first_rows: Sequence[int]

    @classmethod
    def of(cls, blocks: Sequence[Block], facts: Sequence[BlockFacts]) -> Places:
        """Number the records; both arguments are in the order of the blocks."""
        rows: list[int] = []
        n_before: Counter[str] = Counter()
        for block, found in zip(blocks, facts, strict=True):
            rows.append(n_before[block.source.shown])
            n_before[block.source.shown] += found.n_records
        return cls([block.source.shown for block in blocks], rows)

    def example(self, place: int, value: str) -> Example:
        block, row = place >> PLACE_BITS, place & ((1 << PLACE_BITS) - 1)
        return Example(value, self.sources[block], self.first_rows[block] + row + 1)


def conclude(
    gathered: Gathered,
    blocks: Sequence[Block],
    repeats: Mapping[Group, Repeats],
    fmt: Format,
    threshold: float,
) -> Profile:
    """Build the profile from the results of all blocks."""
    facts = gathered.in_order()
    places = Places.of(blocks, facts)
    questions = gathered.questions

    totals = _totals(gathered, facts, blocks, places)

    def describe(name: str, order: Order | None = None) -> ColumnFacts:
        source, question = questions.contract.sources[name], questions.columns[name]
        of = Described(
            name, source, question, places.example, threshold, fmt.commas, order,
            totals.labels(name), sum(name == row.column for row in totals.rows),
        )  # fmt: skip
        found = describe_column(gathered.column(name), of)
        n = sum(name in row.empty or name == row.column for row in totals.rows)
        return replace(found, n_in_totals=n)

    columns = [describe(name) for name in questions.contract.sources]
    order = _proven_order(columns)
    columns = [describe(one.name, order) if order and _is_open(one) else one for one in columns]
    caps = next(iter(questions.columns.values())).caps
    return Profile(
        file=_file_facts(facts, blocks, places, fmt, totals.doubts),
        columns=tuple(_counted(column, repeats) for column in columns),
        keys=tuple(
            KeyFacts(group, repeats[group].n_rows, repeats[group].n_repeated)
            for group in questions.keys
        ),
        shared=tuple(_shared(questions, repeats, gathered)),
        first_lines=first_lines(
            [block.lines for block in facts],
            questions.first_lines,
            {
                order: repeats[order,].n_rows - repeats[order,].n_repeated
                for order, *_ in questions.first_lines
            },
        ),
        formulas=tuple(
            FormulaFacts(
                formula.column,
                formula.formula,
                holds.n_known,
                holds.n_holding,
                holds.gap_in_cents / 100,
                tuple(
                    places.example(one.place, f"{one.found:,.2f} instead of {one.expected:,.2f}")
                    for one in holds.differing
                ),
            )
            for formula, holds in gathered.formulas().items()
        ),
        totals=tuple(totals.rows),
        limits={
            "distinct_values": caps.values,
            "sampled_values": caps.sample,
            "bytes_of_values": caps.n_bytes,
        },
    )


def _shared(
    questions: Questions, repeats: Mapping[Group, Repeats], gathered: Gathered
) -> Iterator[SharedFigure]:
    """Find figures that are the same in all rows of an order, more often than by chance."""
    copies = repeats[WHOLE_ROW].n_repeated
    for order, figure in questions.shared:
        alone, pair = repeats[order,], repeats[order, figure]
        apart = (pair.n_rows - pair.n_repeated) - (alone.n_rows - alone.n_repeated)
        again = pair.n_repeated - copies
        rows = gathered.column(figure).values.table.column(ROWS).to_numpy()
        by_chance = float(np.square(rows / max(1, rows.sum())).sum())
        if again > 1 and apart <= MOST_APART * again and by_chance**again < _BY_CHANCE:
            yield SharedFigure(order, figure, pair.n_repeated)


def _is_open(column: ColumnFacts) -> bool:
    """Return whether nothing in a column proves that the day or the month comes first."""
    orders = [one for one in column.day_orders if not year_comes_first(one.date_format)]
    unproven = not any(one.decided or one.contradict for one in orders)
    return column.undecided or (bool(orders) and unproven)


def _proven_order(columns: Sequence[ColumnFacts]) -> Order | None:
    """Return whether the day or the month comes first in every column of dates that decides it."""
    proven: set[Order] = {
        "day" if order_names(order.date_format)[0] == "day/month" else "month"
        for column in columns
        for order in column.day_orders
        if order.decided and not year_comes_first(order.date_format)
    }
    return proven.pop() if len(proven) == 1 else None


def _counted(column: ColumnFacts, repeats: Mapping[Group, Repeats]) -> ColumnFacts:
    """Add the count of its distinct values, if it was counted as a possible key."""
    found = repeats.get((column.name,))
    if found is None or column.distinct_is_exact:
        return column
    return replace(column, n_distinct=found.n_rows - found.n_repeated, distinct_is_exact=True)


def _totals(
    gathered: Gathered, facts: Sequence[BlockFacts], blocks: Sequence[Block], places: Places
) -> Totals:
    """Return the rows that are totals of other rows."""
    parts = {name: gathered.column(name) for name in gathered.questions.columns}
    cells = {name: part.cells for name, part in parts.items()}
    where = {
        one.place: places.example(one.place, one.label or " ".join(one.texts.values()))
        for block in facts
        for one in block.suspects.rows
    }
    totals = judge(
        [(block.source.shown, one.suspects) for block, one in zip(blocks, facts, strict=True)],
        {name: one.n_filled - one.null_words.total() for name, one in cells.items()},
        max((one.n_cells for one in cells.values()), default=0),
        where,
    )
    totals.rows = [replace(row, texts=_of_no_other(row.texts, parts)) for row in totals.rows]
    return totals


def _of_no_other(texts: Mapping[str, str], parts: Mapping[str, ColumnPart]) -> dict[str, str]:
    """Select the cells of a row that no other row is known to have."""
    return {name: text for name, text in texts.items() if parts[name].values.rows_of(text) == 1}


def _file_facts(
    facts: Sequence[BlockFacts],
    blocks: Sequence[Block],
    places: Places,
    fmt: Format,
    more: Sequence[Doubt],
) -> FileFacts:
    files: dict[str, Source] = {block.source.shown: block.source for block in blocks}
    broken: list[Broken] = [one for block in facts for one in block.broken][:_N_BROKEN]
    line_ends = sum((block.line_ends for block in facts), Counter())
    malformed = sum((block.malformed for block in facts), Counter())
    doubts = [Doubt(text) for text in (*fmt.encoding.doubts, *fmt.dialect.doubts)]
    doubts += more
    if fmt.n_nameless:
        doubts.append(
            Doubt("a column has no name in the header; it is written to rejected rows only")
        )
    if len(line_ends) > 1:
        shown = ", ".join(f"{name} {n:,}" for name, n in line_ends.most_common())
        doubts.append(Doubt(f"line ends are mixed: {shown}"))
    if n_malformed := sum(malformed.values()):
        shown = ", ".join(f"{human_count(n)} {how}" for how, n in malformed.most_common())
        doubts.append(Doubt(f"records that are malformed are rejected: {shown}", n_malformed))
    return FileFacts(
        files=tuple(files),
        n_bytes=sum(source.size for source in files.values()),
        encoding=fmt.encoding.name,
        encoding_evidence=fmt.encoding.evidence,
        delimiter=fmt.dialect.delimiter,
        quote=fmt.dialect.quote,
        dialect_evidence=fmt.dialect.evidence,
        csv_keys=dict(fmt.dialect.keys) | ({"sheet": sheet} if (sheet := fmt.limits.sheet) else {}),
        line_ends=dict(line_ends.most_common()),
        n_records=sum(block.n_records for block in facts),
        n_blank=sum(block.n_blank for block in facts),
        n_repeated_headers=sum(block.n_repeated_headers for block in facts),
        malformed=dict(malformed.most_common()),
        malformed_examples=tuple(
            places.example(one.place, f"{one.how}: {one.text}") for one in broken
        ),
        doubts=tuple(doubts),
    )
