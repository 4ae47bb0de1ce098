"""Doubts: questions that the data does not decide, weighted by the rows concerned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Doubt:
    """A question to whoever knows the feed.

    `rows` are those whose figures the answer may move; 0 where it is a matter of form.
    """

    text: str
    rows: int = 0

    def __str__(self) -> str:
        return self.text


Placed = tuple[str, Doubt]
"""A doubt, and where it belongs: a column, a part of the contract, or 'file'."""


def by_weight(doubts: Iterable[Placed]) -> list[Placed]:
    """Sort doubts by the rows concerned, most first, ties in their order."""
    return sorted(doubts, key=lambda placed: -placed[1].rows)
