"""How often each column was repaired, with examples: found by block, added up in file order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from toolkit.contract import Contract
from toolkit.report import RepairExample, RepairFacts

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


def clean_text(value: Any) -> str:
    """A clean value as text, '' for none."""
    return "" if value is None else str(value)


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
