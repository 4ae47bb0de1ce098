"""CSV text that other programs read back to the same table."""

from __future__ import annotations

import csv
import io

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.generate.conftest import make_spec
from toolkit.generate.csv_text import csv_bytes
from toolkit.generate.feed import BLOCK_ROWS, feed_block
from toolkit.generate.number_text import LARGEST_ORDER_NUMBER, amounts, order_ids, prices


def parse(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Wok", "Wok"),
        ("", ""),
        (" spaced ", " spaced "),
        ("Socks, Pack of 5", '"Socks, Pack of 5"'),
        ('Monitor 27"', '"Monitor 27"""'),
        ('"', '""""'),
        ("two\nlines", '"two\nlines"'),
        ("carriage\rreturn", '"carriage\rreturn"'),
        ("Café Curtain", "Café Curtain"),
        ("it's; \t fine", "it's; \t fine"),
        (None, ""),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_quotes_stand_only_where_needed(value: str | None, written: str, place: int) -> None:
    values, texts = ["a", "b", "c"], ["a", "b", "c"]
    values[place : place + 1], texts[place] = [value], written  # type: ignore[list-item]
    arrays = [pa.array([one], pa.string()) for one in values]
    table = pa.Table.from_arrays(arrays, names=["x", "y", "z"])
    assert csv_bytes(table, header=False).to_pybytes().decode() == ",".join(texts) + "\n"


def test_the_header_is_quoted_like_any_row() -> None:
    table = pa.table({"a,b": ["1"], "c": ["2"]})
    assert csv_bytes(table, header=True).to_pybytes() == b'"a,b",c\n1,2\n'


@given(
    st.lists(st.tuples(*[st.text(alphabet='a,"\n\r é', max_size=4)] * 3), max_size=8),
    st.integers(0, 8),
)
def test_python_reads_back_any_table(rows: list[tuple[str, str, str]], start: int) -> None:
    columns = {name: [row[i] for row in rows] for i, name in enumerate("xyz")}
    schema = pa.schema([(name, pa.string()) for name in columns])
    # A slice shares its buffers with the whole, which must not show through.
    table = pa.table(columns, schema=schema).slice(start)
    assert parse(csv_bytes(table, header=True).to_pybytes()) == [
        list("xyz"),
        *(list(row) for row in rows[start:]),
    ]


def test_chunks_are_read_through() -> None:
    parts = [pa.table({"x": [f"a{i}"], "y": ['"']}) for i in range(3)]
    text = csv_bytes(pa.concat_tables(parts), header=False).to_pybytes()
    assert parse(text) == [["a0", '"'], ["a1", '"'], ["a2", '"']]


def test_python_reads_back_a_feed() -> None:
    table = feed_block(make_spec(2 * BLOCK_ROWS), 1).table.slice(1000, 20_000)
    text = csv_bytes(table, header=True).to_pybytes()
    header, *rows = parse(text)
    assert header == table.column_names
    assert rows == [list(row) for row in zip(*table.to_pydict().values(), strict=True)]
    assert b'""' in text
    assert b"\r" not in text


@pytest.mark.parametrize("number", [1, 999, 1000, 999_999, 1_000_000, LARGEST_ORDER_NUMBER])
def test_order_ids_have_nine_digits(number: int) -> None:
    assert order_ids(np.array([number, 1])).to_pylist() == [f"ORD-{number:09d}", "ORD-000000001"]


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0.00"),
        (5, "0.05"),
        (-50, "-0.50"),
        (-1230, "-12.30"),
        (100, "1.00"),
        (16_500_099, "165000.99"),
    ],
)
def test_amounts_have_two_decimals_and_their_sign(cents: int, text: str) -> None:
    assert amounts(np.array([cents])).to_pylist() == [text]


def test_prices_reach_from_nothing_to_the_dearest_band() -> None:
    assert prices(np.array([0, 5860, 300_000])).to_pylist() == ["0.00", "58.60", "3000.00"]
