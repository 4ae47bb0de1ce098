"""Random lanes: 64 random bits per row and column, split into four 16-bit numbers.

Only the raw words of a numpy bit generator are used. numpy keeps those stable between versions,
whereas it may change how Generator turns them into numbers. Each row takes exactly one word, so the
first n rows are the same whatever comes after them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Lane = npt.NDArray[np.uint16]

_OUTCOMES = 1 << 16


def random_words(seed: int, block: int, column: int, rows: int) -> Words:
    """Return the random words of one column of one block, (rows,); every column has its own
    stream.
    """
    source = np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(block, column)))
    words: Words = source.random_raw(rows)
    return words


def cut_lanes(words: Words) -> npt.NDArray[np.uint16]:
    """Split each word into four independent uniform numbers 0 to 65,535, (4, rows)."""
    # Explicitly little-endian, so that the bytes of a feed don't depend on the machine.
    return words.astype("<u8", copy=False).view("<u2").reshape(-1, 4).T


def choice_table(weights: Iterable[float]) -> Codes:
    """Return the outcome 0, 1, 2... for each value of a lane, in proportion to the weights,
    (65,536,).

    Shares are exact to 1/65,536.
    """
    sums = np.cumsum(np.fromiter(weights, dtype=np.float64))
    # Round the cumulative sums, not the shares, so that they add up to all outcomes.
    ends = np.rint(sums / sums[-1] * _OUTCOMES).astype(np.int64)
    return np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))


def rare_table(shares: Iterable[float], first: int = 0) -> Codes:
    """Return a choice_table for `shares` of all rows, whose outcomes count from `first`.

    The remaining rows have outcome -1.
    """
    listed = list(shares)
    outcomes = choice_table([1 - sum(listed), *listed]) - 1
    return np.where(outcomes < 0, outcomes, outcomes + first)


def pick(table: Codes, lane: Lane) -> Codes:
    """Return the outcome of each row, (rows,)."""
    # A lane is never out of range; "wrap" is numpy's fastest way to skip the check.
    return table.take(lane, mode="wrap")


def pick_below(lane: Lane, count: Codes | int) -> Codes:
    """Return uniform numbers from 0 to count - 1, (rows,); `count` up to a few thousand."""
    return (lane.astype(np.int64) * count) >> 16


def fractions(words: Words) -> npt.NDArray[np.float64]:
    """Return uniform numbers in [0, 1) of 53 bits, (rows,)."""
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
