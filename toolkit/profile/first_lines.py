"""Find columns that only the first line of each order has, as shop systems export them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa

from toolkit.arrays import Bools
from toolkit.profile.keys import Group

_MOST_ORDERS = 2
_BY_CHANCE = 0.01


@dataclass(frozen=True)
class OrderLines:
    """Consecutive lines, and which of some columns the first line of each order has.

    `n_filled` and `n_continued` are the first lines and the other lines that have a value, by
    column; `opening` says which columns the very first line has, whose order may have begun before.
    """

    first: str | None = None
    """The order of the very first line; None without lines that have an order."""
    last: str | None = None
    n_lines: int = 0
    n_orders: int = 0
    opening: tuple[bool, ...] = ()
    n_filled: tuple[int, ...] = ()
    n_continued: tuple[int, ...] = ()

    @classmethod
    def of(cls, columns: Mapping[str, pa.DictionaryArray], group: Group) -> OrderLines:
        """Look at the lines of one block; `group` are the order and the columns."""
        order, *names = group
        lines = np.flatnonzero(_filled(columns[order]))
        if not len(lines):
            return cls()
        is_first = _is_first(columns[order], lines)
        filled = [_filled(columns[name])[lines] for name in names]
        ends = columns[order].take(pa.array(lines[[0, -1]])).to_pylist()
        return cls(
            first=ends[0],
            last=ends[1],
            n_lines=len(lines),
            n_orders=int(is_first.sum()),
            opening=tuple(bool(mask[0]) for mask in filled),
            n_filled=tuple(int((mask & is_first).sum()) for mask in filled),
            n_continued=tuple(int((mask & ~is_first).sum()) for mask in filled),
        )

    def then(self, later: OrderLines) -> OrderLines:
        """Return these lines and the ones after them as one."""
        if self.first is None or later.first is None:
            return later if self.first is None else self
        more = [one and self.last == later.first for one in later.opening]
        return OrderLines(
            self.first,
            later.last,
            self.n_lines + later.n_lines,
            self.n_orders + later.n_orders - (self.last == later.first),
            self.opening,
            tuple(a + b - c for a, b, c in zip(self.n_filled, later.n_filled, more, strict=True)),
            tuple(
                a + b + c for a, b, c in zip(self.n_continued, later.n_continued, more, strict=True)
            ),
        )


@dataclass(frozen=True)
class FirstLines:
    """A column that lines have only where they are the first of their order."""

    order: str
    column: str
    n_lines: int
    n_orders: int
    n_filled: int
    """Orders that have a value."""

    @property
    def n_continued(self) -> int:
        """Lines that continue an order."""
        return self.n_lines - self.n_orders


def first_lines_to_try(
    columns: Mapping[str, pa.DictionaryArray], orders: Sequence[str]
) -> tuple[Group, ...]:
    """Choose orders, each with the columns that are empty in all its further lines of a sample."""
    found = []
    for order in orders:
        lines = np.flatnonzero(_filled(columns[order]))
        more = lines[~_is_first(columns[order], lines)]
        if len(more):
            names = [n for n in columns if n != order and not _filled(columns[n])[more].any()]
            names = [name for name in names if _filled(columns[name]).any()]
            found += [(order, *names)] if names else []
    return tuple(found[:_MOST_ORDERS])


def first_lines(
    blocks: Sequence[Mapping[Group, OrderLines]],
    groups: Iterable[Group],
    n_distinct: Mapping[str, int],
) -> tuple[FirstLines, ...]:
    """Return the columns that are empty in all lines that continue an order, and hardly by chance.

    `blocks` are in file order, `n_distinct` the orders that there are: one whose lines do not
    follow one another rules its column out. Each column is named once.
    """
    found: dict[str, FirstLines] = {}
    for group in groups:
        lines = reduce(OrderLines.then, (block[group] for block in blocks), OrderLines())
        if lines.n_orders != n_distinct[group[0]]:
            continue
        for name, n_filled, n_continued in zip(
            group[1:], lines.n_filled, lines.n_continued, strict=True
        ):
            one = FirstLines(group[0], name, lines.n_lines, lines.n_orders, n_filled)
            by_chance = (1 - n_filled / lines.n_orders) ** one.n_continued
            if not n_continued and one.n_continued and by_chance < _BY_CHANCE:
                found.setdefault(name, one)
    return tuple(found.values())


def _filled(column: pa.DictionaryArray) -> Bools:
    filled = np.array([bool(value) for value in column.dictionary.to_pylist()], dtype=bool)
    return filled[column.indices.to_numpy()]


def _is_first(column: pa.DictionaryArray, lines: np.ndarray) -> Bools:
    codes = column.indices.to_numpy()[lines]
    is_first = np.ones(len(lines), dtype=bool)
    is_first[1:] = codes[1:] != codes[:-1]
    return is_first
