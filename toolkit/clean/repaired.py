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
class Example:
    """A repaired value: the place of its record in the block, the cell, what became of it."""

    place: int
    raw: str
    clean: str


@dataclass(frozen=True)
class Repaired:
    """The repaired values of one column and kind in one block, of rows that break no rule."""

    column: str
    how: str
    rows: int
    examples: tuple[Example, ...]


def show_examples(
    places: npt.NDArray[np.int64], cells: pa.ChunkedArray, values: pa.Array
) -> tuple[Example, ...]:
    """Examples of cells and their clean values; no value is the empty text."""
    shown = ["" if value is None else str(value) for value in values.to_pylist()]
    found = zip(places.tolist(), cells.to_pylist(), shown, strict=True)
    return tuple(Example(*each) for each in found)


def repair_facts(
    blocks: Iterable[tuple[Iterable[Repaired], str, int]], contract: Contract
) -> list[RepairFacts]:
    """The repairs of all blocks, which come in file order, by the contract's columns, then how.

    With each block come its source, and how many records of that source lie before the block.
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
