"""What a seed fixes: the same rows in any pieces, another feed for another seed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.generate.conftest import AS_OF, Feed, make_spec
from toolkit.errors import ConfigError
from toolkit.generate.csv_text import csv_bytes
from toolkit.generate.feed import BLOCK_ROWS, COLUMNS, FeedSpec, feed_block, n_block_rows, n_blocks

GOLDEN = Path(__file__).with_name("seed_7.csv")


def test_bytes_of_a_seed_are_part_of_the_format() -> None:
    table = feed_block(make_spec(30), 0).table
    assert csv_bytes(table, header=True).to_pybytes() == GOLDEN.read_bytes()


def test_blocks_cover_every_row_once() -> None:
    for rows in (0, 1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 10 * BLOCK_ROWS):
        spec = make_spec(rows)
        assert sum(n_block_rows(spec, block) for block in range(n_blocks(spec))) == rows


def test_an_empty_feed_is_one_empty_block() -> None:
    spec = make_spec(0)
    block = feed_block(spec, 0)
    assert n_blocks(spec) == 1
    assert block.table.num_rows == block.ledger.num_rows == 0
    assert csv_bytes(block.table, header=True).to_pybytes() == (",".join(COLUMNS) + "\n").encode()


@pytest.mark.parametrize("rows", [1, 1000, BLOCK_ROWS, BLOCK_ROWS + 10])
def test_a_shorter_feed_is_the_beginning_of_a_longer_one(rows: int) -> None:
    short, long = make_spec(rows), make_spec(10 * BLOCK_ROWS)
    for block in range(n_blocks(short)):
        part, whole = feed_block(short, block), feed_block(long, block)
        n = part.table.num_rows
        assert part.table.equals(whole.table.slice(0, n))
        last_row = part.first_row + n - 1
        expected = whole.ledger.filter(pc.less_equal(whole.ledger["row"], last_row))
        assert part.ledger.equals(expected)


def test_a_block_needs_no_other_block() -> None:
    spec = make_spec(3 * BLOCK_ROWS)
    backwards = [feed_block(spec, block).table for block in (2, 1, 0)]
    assert [feed_block(spec, block).table for block in (0, 1, 2)] == backwards[::-1]


@pytest.mark.parametrize("column", COLUMNS[1:])
def test_seed_and_block_change_every_column(column: str) -> None:
    first = feed_block(make_spec(2 * BLOCK_ROWS), 0).table[column]
    assert not first.equals(feed_block(make_spec(2 * BLOCK_ROWS, seed=8), 0).table[column])
    assert not first.equals(feed_block(make_spec(2 * BLOCK_ROWS), 1).table[column])


def test_columns_are_plain_text_in_the_files_order() -> None:
    table = feed_block(make_spec(100), 0).table
    assert table.schema == pa.schema([(name, pa.string()) for name in COLUMNS])
    assert all(column.null_count == 0 for column in table.columns)


def test_clean_mode_is_the_dirty_feed_with_every_fault_undone(dirty: Feed, clean: Feed) -> None:
    assert clean.faults.empty
    for column in COLUMNS[:-1]:
        assert dirty.truth(column).equals(clean.rows[column]), column


def test_another_as_of_day_moves_the_dates_and_nothing_else() -> None:
    table = feed_block(make_spec(1000), 0).table
    later = FeedSpec(1000, 7, "dirty", AS_OF + dt.timedelta(days=30))
    moved = feed_block(later, 0).table
    assert table.drop_columns("sale_date").equals(moved.drop_columns("sale_date"))
    assert not table["sale_date"].equals(moved["sale_date"])


def test_a_block_beyond_the_end_is_refused() -> None:
    for block in (-1, 1):
        with pytest.raises(IndexError, match="of 1"):
            feed_block(make_spec(10), block)


def test_impossible_specs_name_every_problem() -> None:
    with pytest.raises(ConfigError) as caught:
        FeedSpec(rows=10**9, seed=-1, mode="muddy", as_of=AS_OF)
    for part in ("3 problems", "rows=1000000000", "999,999,999", "seed=-1", "mode=muddy"):
        assert part in str(caught.value)


@pytest.mark.parametrize("day", [dt.date(1, 1, 1), dt.date(2, 6, 1), dt.date(1899, 12, 31)])
def test_sales_of_years_that_are_not_written_with_four_digits_are_refused(day: dt.date) -> None:
    with pytest.raises(ConfigError, match=f"end on {day}: must be 1900-01-01 or later"):
        FeedSpec(rows=1, seed=1, mode="dirty", as_of=day)


def test_the_first_and_the_last_day_can_be_generated() -> None:
    for day in (dt.date(1900, 1, 1), dt.date(9999, 12, 31)):
        assert feed_block(FeedSpec(5, 1, "clean", day), 0).table.num_rows == 5
