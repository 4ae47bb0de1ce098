"""Facts of columns and profiles, as far as a test is about them."""

from __future__ import annotations

from typing import Any

from toolkit.profile.facts import ColumnFacts, Example, FileFacts, KeyFacts, Profile, TotalRow


def column(name: str, kind: str = "text", **facts: Any) -> ColumnFacts:
    """A column of 100 rows with 100 different values."""
    known: dict[str, Any] = {
        "name": name, "source": name, "kind": kind, "n_rows": 100, "n_empty": 0, "n_said": 100,
        "null_words": {}, "kept_words": (), "n_unread": 0, "unread": (), "n_distinct": 100,
        "distinct_is_exact": True, "top": (), "shapes": (), "shortest": 1, "longest": 1,
        "mean_length": 1.0, "n_blank_ends": 0, "n_inner_blanks": 0, "n_odd_characters": 0,
        "case_variants": (), "spread": None, "day_orders": (), "doubts": (),
    }  # fmt: skip
    return ColumnFacts(**{**known, **facts})


def file(**facts: Any) -> FileFacts:
    """A file of 100 records."""
    known: dict[str, Any] = {
        "files": ("feed.csv",), "n_bytes": 1000, "encoding": "utf-8", "encoding_evidence": "",
        "delimiter": ",", "quote": '"', "dialect_evidence": "", "line_ends": {}, "n_records": 100,
        "n_blank": 0, "n_repeated_headers": 0, "malformed": {}, "malformed_examples": (),
        "doubts": (),
    }  # fmt: skip
    return FileFacts(**{**known, **facts})


def profile(*columns: ColumnFacts, **facts: Any) -> Profile:
    known: dict[str, Any] = {
        "file": file(), "columns": columns, "keys": (KeyFacts((), 100, 0),), "formulas": (),
        "shared": (), "totals": (), "first_lines": (), "limits": {},
    }  # fmt: skip
    return Profile(**{**known, **facts})


def example(value: str, row: int = 1) -> Example:
    return Example(value, "feed.csv", row)


def total_row(column: str = "", label: str = "", row: int = 100, **facts: Any) -> TotalRow:
    known: dict[str, Any] = {"empty": frozenset(), "texts": {}, "is_plain": True}
    return TotalRow(example(label, row), column, label, **{**known, **facts})
