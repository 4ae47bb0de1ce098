"""Lines of nothing but blanks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts import rules_of
from tests.feeds import Cleaner

COLUMNS = {"id": {"kind": "text"}, "n": {"kind": "integer", "reason": "bad"}}


@pytest.mark.parametrize("n_blocks", [1, 5])
def test_a_line_of_blanks_is_a_blank_row(n_blocks: int, tmp_path: Path) -> None:
    rules = rules_of({"name": "x", "columns": COLUMNS, "reasons": ["bad"]})
    feed = b"id,n\na,1\n   \n\t\nb\n , \nc,2\n\xe3\x80\x80\n"
    cleaned = Cleaner(rules, tmp_path)(feed, n_blocks)
    assert cleaned.clean.column("id").to_pylist() == ["a", "c"]
    rows = cleaned.rejected.select(["id", "n", "rejection_reason", "source_row", "raw_line"])
    assert [tuple(row.values()) for row in rows.to_pylist()] == [
        ("   ", "", "blank_row", 2, None),
        ("\t", "", "blank_row", 3, None),
        (None, None, "malformed_row", 4, "b"),
        (" ", " ", "blank_row", 5, None),
        ("\u3000", "", "blank_row", 7, None),
    ]
