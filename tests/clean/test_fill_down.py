"""Cells of an order that only its first line has, filled down whatever the cuts."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts import by_row, rules_of
from tests.feeds import clean_files, write_feed
from toolkit.clean.evaluate import Rules
from toolkit.clean.feed import clean_rows, evaluate_feed
from toolkit.errors import ConfigError

COLUMNS: dict[str, Any] = {
    "order": {"kind": "text"},
    "day": {"kind": "date", "formats": ["%Y-%m-%d"], "optional": True, "reason": "bad_day",
            "fill_down": {"by": "order"}},
    "shipping": {"kind": "number", "optional": True, "reason": "bad_shipping",
                 "fill_down": {"by": "order"}},
    "note": {"kind": "text", "fill_down": {"by": "item"}},
    "item": {"kind": "text"},
}  # fmt: skip
CONTRACT: dict[str, Any] = {
    "name": "n",
    "null_words": ["-"],
    "columns": COLUMNS,
    "reasons": ["bad_day", "bad_shipping"],
}
HEADER = ("order", "day", "shipping", "note", "item")
Row = tuple[str, ...]


def rules(**changes: Any) -> Rules:
    return rules_of(CONTRACT | changes, {})


def cleaned(folder: Path, files: Sequence[Sequence[Row]], block_bytes: int) -> list[Any]:
    """Return what became of each row of all files, in their order."""
    before: dict[str, int] = {}
    for place, rows in enumerate(files):
        path = folder / f"{place}.csv"
        path.write_bytes(write_feed(list(rows), list(HEADER)))
        before[str(path)] = sum(len(some) for some in files[:place])
    found = clean_files(rules(), list(before), block_bytes, "sync")
    reasons = {
        before[row["source_file"]] + row["source_row"]: row["rejection_reason"]
        for row in found.rejected.to_pylist()
    }
    clean = iter(found.clean.to_pylist())
    n_rows = sum(map(len, files))
    return [reasons[row] if row in reasons else next(clean) for row in range(1, n_rows + 1)]


def filled(rows: Sequence[Row]) -> list[Row]:
    """Fill down row by row, the way it is documented."""
    found = [list(row) for row in rows]
    for column, by in ((1, 0), (2, 0), (3, 4)):
        order, cell = "", ""
        for row in found:
            value = row[by].strip()
            if value in ("", "-") or (row[by], row[column]) == (HEADER[by], HEADER[column]):
                continue
            if value != order:
                order, cell = value, ""
            if row[column].strip() in ("", "-"):
                row[column] = cell or row[column]
            else:
                cell = row[column]
    return [tuple(row) for row in found]


def test_an_order_is_filled_from_its_first_line(tmp_path: Path) -> None:
    rows = [
        ("A1", "2026-01-31", "4.90", "gift", "Tea"),
        ("A1", "", "-", "", "Cup"),
        ("A2", "", "", "", "Cup"),
        ("A1", "", "", "", "Pot"),
    ]
    found = cleaned(tmp_path, [rows], 1 << 20)
    assert [row["shipping"] for row in found] == [4.9, 4.9, None, None]
    assert [str(row["day"]) for row in found] == ["2026-01-31", "2026-01-31", "None", "None"]


def test_rejected_rows_have_the_cells_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    rows = [("A1", "?", "4.90", "", "Tea"), ("A1", "", "", "", "Cup")]
    path.write_bytes(write_feed(rows, list(HEADER)))
    found = clean_files(rules(), [str(path)], 1 << 20)
    assert found.reasons == ["bad_day", "bad_day"]
    assert [row["day"] for row in found.rejected.to_pylist()] == ["?", ""]


def test_filled_cells_are_counted_as_repairs(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    rows = [("A1", "2026-01-31", "4.90", "", "Tea"), *[("A1", "", "", "", "Cup")] * 3]
    path.write_bytes(write_feed(rows, list(HEADER)))
    found = clean_files(rules(), [str(path)], 1)
    repairs = {(one.column, one.how): one.rows for one in found.repaired}
    assert repairs == {("day", "filled down"): 3, ("shipping", "filled down"): 3}
    [first, *_] = found.repaired[0].examples
    assert (first.raw, first.clean, first.source_row) == ("", "2026-01-31", 2)


CELLS = st.tuples(
    st.sampled_from(["A1", "A2", " A2", "", "-", "order"]),
    st.sampled_from(["2026-01-31", "2026-02-01", "", "-", "day", "x"]),
    st.sampled_from(["4.90", "0", "", " ", "-", "shipping"]),
    st.sampled_from(["gift", "", "-", "note"]),
    st.sampled_from(["Tea", "", "Cup", "item"]),
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=12), min_size=1, max_size=3),
    st.integers(1, 400),
)
def test_neither_blocks_nor_files_matter(files: list[list[Row]], block_bytes: int) -> None:
    rows = [row for file in files for row in file]
    expected_rows = filled(rows)
    with tempfile.TemporaryDirectory() as folder:
        found = cleaned(Path(folder), files, block_bytes)
        plain = rules(
            columns={
                name: {key: value for key, value in column.items() if key != "fill_down"}
                for name, column in COLUMNS.items()
            }
        )
        path = Path(folder) / "expected.csv"
        path.write_bytes(write_feed(expected_rows, list(HEADER)))
        expected = by_row(clean_files(plain, [str(path)], 1 << 20))
    assert found == expected


def test_a_lazy_frame_is_filled_as_well(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    rows = [("A1", "2026-01-31", "4.90", "", "Tea"), *[("A1", "", "", "", "Cup")] * 5]
    path.write_bytes(write_feed(rows, list(HEADER)))
    frame = evaluate_feed(rules(), [str(path)], block_bytes=40)
    assert frame.npartitions > 1
    assert clean_rows(frame, rules().contract)["shipping"].compute().tolist() == [4.9] * 6


@pytest.mark.parametrize(
    ("by", "problem"),
    [
        ("ordr", "'ordr': there is no such column; did you mean 'order'?"),
        ("shipping", "is filled down itself"),
    ],
)
def test_a_column_that_lines_do_not_share_is_refused(by: str, problem: str) -> None:
    columns = COLUMNS | {"day": COLUMNS["day"] | {"fill_down": {"by": by}}}
    with pytest.raises(ConfigError, match=problem.replace("?", r"\?")):
        rules(columns=columns)
