"""Distinct values in bounded memory, the same however they were cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from toolkit.profile.vocabulary import Caps, Vocabulary

SMALL = Caps(values=8, sample=4, n_bytes=1000)


def vocabulary(values: list[str], first: int, caps: Caps) -> Vocabulary:
    distinct = list(dict.fromkeys(values))
    return Vocabulary.of(
        pa.array(distinct, pa.string()),
        np.array([values.count(value) for value in distinct], np.int64),
        np.array([values.index(value) + first for value in distinct], np.int64),
        caps,
    )


def content(one: Vocabulary) -> tuple[object, bool]:
    return one.most_frequent_first().to_pydict(), one.is_whole


@given(
    values=st.lists(st.integers(0, 25).map(str), max_size=60),
    cuts=st.lists(st.integers(0, 60), max_size=5),
    n_bytes=st.sampled_from([5, 1000]),
)
def test_parts_come_to_the_same_as_the_whole(
    values: list[str], cuts: list[int], n_bytes: int
) -> None:
    caps = Caps(values=8, sample=4, n_bytes=n_bytes)
    edges = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    parts = [vocabulary(values[start:stop], start, caps) for start, stop in pairwise(edges)]
    whole = content(Vocabulary.merged([vocabulary(values, 0, caps)], caps))
    assert content(Vocabulary.merged(parts, caps)) == whole
    late = Vocabulary.merged([parts[-1], Vocabulary.merged(parts[:-1], caps)], caps)
    assert content(late) == whole


def test_beyond_the_cap_values_keep_all_their_rows() -> None:
    values = [str(n % 20) for n in range(100)]
    found = vocabulary(values, 0, SMALL)
    assert not found.is_whole
    assert found.table.column("rows").to_pylist() == [5, 5, 5, 5]


def test_the_number_of_distinct_values_is_estimated_well() -> None:
    values = pa.array([f"value {n}" for n in range(100_000)])
    ones = np.ones(len(values), np.int64)
    found = Vocabulary.of(values, ones, np.arange(len(values)), Caps(values=5000, sample=2000))
    assert found.n_distinct == np.clip(found.n_distinct, 95_000, 105_000)
    assert found.table.num_rows == 2000


def test_many_columns_share_the_memory() -> None:
    assert Caps.for_columns(10).n_bytes == 8 << 20
    assert Caps.for_columns(300).n_bytes * 300 <= 256 << 20
