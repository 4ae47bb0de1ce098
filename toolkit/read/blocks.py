"""Plan the blocks of a feed: byte ranges of files that begin and end with a record.

Blocks are listed in file order, and together contain every record of every input exactly once,
however they are cut.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from toolkit.contract import Contract
from toolkit.errors import InputError
from toolkit.read.header import fitted, grammar_of, read_header
from toolkit.read.records import Grammar, find_cut, next_start
from toolkit.read.sources import Source, reading
from toolkit.units import cut

_LONGEST_SHOWN = 60


@dataclass(frozen=True)
class Block:
    """Bytes [start, stop) of a plain CSV file; `index` counts over all inputs.

    `names` and `written` are those of its header, and so, in the first block of a file, are the
    lines that were `passed_over`.
    """

    index: int
    source: Source
    names: tuple[str, ...]
    start: int
    stop: int
    written: Mapping[str, str] = field(default_factory=dict)
    passed_over: Mapping[str, int] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    """Columns of the contract that the file lacks; their cells are empty."""

    @property
    def n_bytes(self) -> int:
        return self.stop - self.start

    def read(self, at_most: int | None = None) -> bytes:
        n_bytes = self.n_bytes if at_most is None else min(at_most, self.n_bytes)
        with self.source.open() as file:
            file.seek(self.start)
            data = file.read(n_bytes)
        if len(data) != n_bytes:
            raise InputError.changed(self.source.shown)
        return data


def plan_blocks(sources: Sequence[Source], contract: Contract, block_bytes: int) -> list[Block]:
    """Cut every source into blocks of about `block_bytes` that begin and end with a record.

    Reads only the header and the bytes around each cut. `source.path` must be plain UTF-8: spool
    other inputs first. A file without records still gets one (empty) block, so that each input is
    accounted for.
    """
    blocks: list[Block] = []
    for source in sources:
        of_source = fitted(contract, source)
        grammar = grammar_of(of_source)
        header = read_header(source.path, source.shown, of_source)
        with reading(source.shown, source.path):
            cuts = _cuts(source.path, header.data_start, block_bytes, grammar)
        for start, stop in pairwise(cuts):
            of_file = header.passed_over if start == header.data_start else {}
            block = Block(len(blocks), source, header.names, start, stop, header.written, of_file)
            blocks.append(replace(block, absent=header.absent))
    return blocks


def extra_columns(blocks: Sequence[Block], contract: Contract) -> tuple[str, ...]:
    """List the columns of any header that the contract lacks, in order of appearance."""
    known = set(contract.sources.values())
    return tuple(dict.fromkeys(n for block in blocks for n in block.names if n not in known))


def names_shown(names: Sequence[str], blocks: Sequence[Block]) -> list[str]:
    """Return column names for messages; a column without a name is shown by its position in the
    first such file.
    """
    return [_short(name) if name else _nameless_shown(blocks) for name in names]


def _short(name: str) -> str:
    return cut("".join(c if c.isprintable() else " " for c in name), _LONGEST_SHOWN)


def _nameless_shown(blocks: Sequence[Block]) -> str:
    place = next(block.names.index("") for block in blocks if "" in block.names)
    return f"(no name, column {place + 1})"


def header_notes(blocks: Sequence[Block], contract: Contract) -> Iterator[str]:
    """Yield notes about headers that spell columns of the contract differently, or lack unused
    ones.
    """
    sources = contract.sources
    unused = [sources[name] for name, one in contract.columns.items() if not one.is_clean]
    for name in unused:
        without = dict.fromkeys(b.source.shown for b in blocks if name not in b.names)
        if without:
            yield f"there is no column {name}, which is not used, in {_and_more(list(without))}"
    absent = dict.fromkeys(name for block in blocks for name in block.absent)
    for name in absent:
        without = dict.fromkeys(b.source.shown for b in blocks if name in b.absent)
        yield f"there is no column {name} in {_and_more(list(without))}; its cells are empty there"
    files: dict[tuple[tuple[str, str], ...], dict[str, None]] = {}
    for block in blocks:
        known = [name for name in contract.sources.values() if name in block.written]
        if known:
            files.setdefault(tuple((name, block.written[name]) for name in known), {})[
                block.source.shown
            ] = None
    for written, shown in files.items():
        whose = _and_more(list(shown))
        pairs = ", ".join(f"{_short(name)} as {_short(cell)!r}" for name, cell in written)
        yield f"the header of {whose} writes {pairs}"


def passed_over_notes(passed_over: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield a note about the lines of each file that are no records, by file and kind."""
    for shown, kinds in passed_over.items():
        if kinds:
            n_lines = sum(kinds.values())
            each = ", ".join(f"{n:,} {kind if n > 1 else _one(kind)}" for kind, n in kinds.items())
            lines = "1 line is" if n_lines == 1 else f"{n_lines:,} lines are"
            yield f"{shown}: {lines} passed over: {each}"


def _one(kind: str) -> str:
    """Return the singular."""
    first, blank, rest = kind.partition(" ")
    return f"{first.removesuffix('s')}{blank}{rest}" if first != "sep=" else "sep= line"


def _and_more(files: Sequence[str]) -> str:
    first, *others = files
    return f"{first} and {len(others)} more" if others else first


def _cuts(path: Path, first: int, block_bytes: int, grammar: Grammar) -> list[int]:
    size = path.stat().st_size
    cuts = [first]
    with path.open("rb") as file:

        def read(start: int, stop: int) -> bytes:
            return os.pread(file.fileno(), stop - start, start)

        for target in range(first + block_bytes, size, block_bytes):
            if target <= cuts[-1]:
                continue
            cut = find_cut(read, target, (cuts[-1], size), grammar)
            if cut is None:
                cut = next_start(read, cuts[-1], (target, size), grammar)
            if cut < size:
                cuts.append(cut)
    return [*cuts, max(size, first)]
