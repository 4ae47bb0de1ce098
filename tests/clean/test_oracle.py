"""Whole feeds against the row-at-a-time oracle."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.feeds import Cleaner, hostile_rows, plain
from tests.oracle import Book, clean_feeds


@settings(max_examples=80)
@given(feed=hostile_rows(), n_blocks=st.sampled_from([1, 3]))
@pytest.mark.slow
def test_hostile_feeds_come_out_as_the_rules_say(
    feed: bytes, n_blocks: int, clean_feed: Cleaner, book: Book
) -> None:
    cleaned = clean_feed(feed, n_blocks)
    wanted = clean_feeds([(clean_feed.path(), feed)], book)
    order = ["rejection_reason", "source_file", "source_row", "raw_line"]
    assert plain(cleaned.clean) == wanted.clean
    assert plain(cleaned.rejected) == wanted.rejected
    assert cleaned.rejected.column_names[-4:] == order
    assert [repr(row) for row in plain(cleaned.clean)] == [repr(row) for row in wanted.clean]
