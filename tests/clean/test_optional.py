"""Columns that may be empty: no value is null and no fault, and what is unreadable still is one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.contracts import by_row, rules_of
from tests.feeds import clean_files, write_feed

CONTRACT: dict[str, Any] = {
    "name": "n",
    "null_words": ["-"],
    "columns": {
        "x": {"kind": "number", "min": 0, "reason": "bad", "optional": True},
        "n": {"kind": "integer", "floor": 0, "reason": "bad", "optional": True},
        "d": {"kind": "date", "formats": ["%Y-%m-%d"], "reason": "bad", "optional": True},
        "c": {"kind": "category", "values": "c.json", "reason": "bad", "optional": True},
        "m": {"kind": "mapped", "map": "m.json", "values": "c.json", "reason": "bad",
              "optional": True},
        "t": {"kind": "text"},
    },
    "derived": {"y": {"formula": "x * n", "max": 100, "reason": "too_much"}},
    "flags": {"f": {"high": {"column": "y", "above": 10}}},
    "reasons": ["bad", "too_much"],
}  # fmt: skip
LOOKUPS = {"c.json": ["Tea"], "m.json": {"T": "Tea"}}
FULL = ("2", "3", "2026-01-02", "tea", "T", "a")


def outcome(tmp_path: Path, rows: Sequence[tuple[str, ...]], blocks: int = 1) -> list[Any]:
    path = tmp_path / "feed.csv"
    path.write_bytes(write_feed(rows, [*CONTRACT["columns"]]))
    block_bytes = -(-path.stat().st_size // blocks)
    return by_row(clean_files(rules_of(CONTRACT, LOOKUPS), [str(path)], block_bytes, "sync"))


@pytest.mark.parametrize("nothing", ["", "  ", "-"])
@pytest.mark.parametrize("place", range(6))
def test_no_value_is_null(place: int, nothing: str, tmp_path: Path) -> None:
    row = (*FULL[:place], nothing, *FULL[place + 1 :])
    names = [*CONTRACT["columns"]]
    full, found = outcome(tmp_path, [FULL, row], blocks=2)
    assert full["y"] == 6.0
    gone = {names[place], *(["y"] if place < 2 else [])}
    assert found == {name: None if name in gone else value for name, value in full.items()}


@pytest.mark.parametrize("place", range(5))
def test_what_is_unreadable_is_rejected(place: int, tmp_path: Path) -> None:
    row = (*FULL[:place], "what", *FULL[place + 1 :])
    assert outcome(tmp_path, [row, FULL])[0] == "bad"


def test_an_unknown_input_breaks_no_limit_and_sets_no_flag(tmp_path: Path) -> None:
    rows = [("9", "9", *FULL[2:]), ("99", "9", *FULL[2:]), ("", "9", *FULL[2:])]
    high, rejected, unknown = outcome(tmp_path, rows)
    assert (high["f"], rejected, unknown["f"]) == ("high", "too_much", None)


def test_repairs_come_before_nothing(tmp_path: Path) -> None:
    fill = {**CONTRACT, "repairs": [{"column": "x", "formula": "n / 2"}]}
    path = tmp_path / "feed.csv"
    rows = [("", "4", *FULL[2:]), ("", "", *FULL[2:]), ("what", "", *FULL[2:])]
    path.write_bytes(write_feed(rows, [*CONTRACT["columns"]]))
    cleaned = clean_files(rules_of(fill, LOOKUPS), [str(path)], 1 << 20, "sync")
    assert cleaned.clean.column("x").to_pylist() == [2.0, None]
    assert cleaned.rejected.column("source_row").to_pylist() == [3]
