"""Columns that only the first line of each order has."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.profile.first_lines import OrderLines, first_lines, first_lines_to_try
from toolkit.profile.keys import Group

GROUP = ("order", "paid", "note")
Row = tuple[str, str, str]


def columns_of(rows: list[Row]) -> dict[str, pa.DictionaryArray]:
    cells = zip(*rows, strict=True) if rows else [()] * 3
    return {
        name: pa.array(list(column), pa.string()).dictionary_encode()
        for name, column in zip(GROUP, cells, strict=True)
    }


def lines_of(rows: list[Row]) -> OrderLines:
    return OrderLines.of(columns_of(rows), GROUP)


ROWS = st.lists(
    st.tuples(st.sampled_from(["A", "B", ""]), st.sampled_from(["x", ""]), st.sampled_from("y ")),
    max_size=20,
)


@given(ROWS, st.lists(st.integers(0, 20), max_size=4))
def test_cuts_make_no_difference(rows: list[Row], cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(rows)]
    blocks = [lines_of(rows[a:b]) for a, b in pairwise(ends)]
    assert reduce(OrderLines.then, blocks, OrderLines()) == lines_of(rows)


def test_lines_are_counted_by_their_place_in_the_order() -> None:
    found = lines_of(
        [("A", "x", ""), ("A", "", "n"), ("", "x", "n"), ("A", "", ""), ("B", "x", "")]
    )
    assert (found.n_lines, found.n_orders) == (4, 2)
    assert (found.n_filled, found.n_continued) == ((2, 0), (0, 1))


def orders(n: int, paid: str = "x", more: str = "") -> list[Row]:
    return [row for k in range(n) for row in ((f"#{k}", paid, "n"), (f"#{k}", more, "n"))]


def test_a_column_of_first_lines_is_found() -> None:
    rows = orders(10)
    assert first_lines_to_try(columns_of(rows), ["order"]) == (("order", "paid"),)
    group: Group = ("order", "paid")
    blocks = [{group: OrderLines.of(columns_of(rows[a : a + 3]), group)} for a in range(0, 20, 3)]
    [found] = first_lines(blocks, [group], {"order": 10})
    assert (found.column, found.n_orders, found.n_filled, found.n_continued) == ("paid", 10, 10, 10)


@pytest.mark.parametrize(
    ("rows", "n_orders"),
    [
        pytest.param(orders(10, more="x"), 10, id="all lines have it"),
        pytest.param([*orders(9), ("#9", "x", ""), ("#9", "x", "")], 10, id="one line has it"),
        pytest.param([*orders(10), ("#0", "x", "")], 10, id="an order comes again"),
        pytest.param([*orders(1), *[(f"#{k}", "", "") for k in range(1, 9)]], 9, id="by chance"),
    ],
)
def test_other_columns_are_not(rows: list[Row], n_orders: int) -> None:
    group: Group = ("order", "paid")
    blocks = [{group: OrderLines.of(columns_of(rows), group)}]
    assert first_lines(blocks, [group], {"order": n_orders}) == ()
