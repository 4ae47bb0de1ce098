"""Count the repairs of each column, with examples, by block and merged in file order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.contract import Contract
from toolkit.report.facts import RepairExample, RepairFacts

N_EXAMPLES = 3


@dataclass(frozen=True)
class RepairedValue:
    """A repaired value: its record's place in the block, its cell, its clean value."""

    place: int
    raw: str
    clean: str


@dataclass(frozen=True)
class Repaired:
    """The values of one column repaired in one way, in the clean rows of a block."""

    column: str
    how: str
    rows: int
    examples: tuple[RepairedValue, ...]


def show_examples(
    places: npt.NDArray[np.int64], cells: pa.ChunkedArray, values: pa.Array
) -> tuple[RepairedValue, ...]:
    """Pair cells with their clean values as text, empty for null."""
    shown = ["" if value is None else str(value) for value in values.to_pylist()]
    found = zip(places.tolist(), cells.to_pylist(), shown, strict=True)
    return tuple(RepairedValue(*each) for each in found)


def repair_facts(
    blocks: Iterable[tuple[Iterable[Repaired], str, int]], contract: Contract
) -> list[RepairFacts]:
    """Total the repairs of all blocks, in the contract's column order, then by how.

    Blocks come in file order, each with its source and the number of that source's records
    before it.
    """
    rows: dict[tuple[str, str], int] = {}
    examples: dict[tuple[str, str], list[RepairExample]] = {}
    for found, source, first_row in blocks:
        for one in found:
            key = (one.column, one.how)
            rows[key] = rows.get(key, 0) + one.rows
            some = examples.setdefault(key, [])
            some += [
                RepairExample(example.raw, example.clean, source, first_row + example.place + 1)
                for example in one.examples[: N_EXAMPLES - len(some)]
            ]
    return [
        RepairFacts(column, how, rows[column, how], examples[column, how])
        for name in contract.columns
        for column, how in sorted(key for key in rows if key[0] == name)
    ]
