"""Figures that spreadsheets lose, and numbers that are names: what new-dataset drafts of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands import ask, read

pytestmark = pytest.mark.slow

# A column, its cells in turn, the kind that is drafted, and what the terminal doubts.
COLUMNS: list[tuple[str, Sequence[str], str, str]] = [
    ("Customer ref", ["4.50123E+12", "4.5E+12", "4.50124E+012", "1E+13"], "text",
     "40 cells of whole numbers that a spreadsheet has rounded"),
    ("Ledger", ["1582218195625930000", "1582218195625940000"], "text",
     "40 cells of 16 digits or more that end in zeros after the 15th"),
    ("Ledger", ["1582218195625938944", "1582218195625938945"], "text",
     "left as text, as 40 cells have 16 digits or more"),
    ("Value", ["1582218195625938944", "1.5"], "number",
     "20 cells have 16 digits or more, for which a number has no room"),
    ("Article", ["00700", "41000", "41001", "41002"], "text",
     "left as text, as 10 cells begin with a zero"),
    ("Extension", ["-0100", "200", "300"], "text", "left as text, as 14 cells begin with a zero"),
    ("Contact", ["+4917012345678", "+4917012345679"], "text",
     "left as text, as 40 cells begin with a plus sign, as phone numbers do"),
    ("Ship zip", ["2134", "90210", "10001", "73301"], "text",
     "10 cells of fewer than the 5 digits of the others: leading zeros may be lost"),
    ("Member no", ["90210", "10001", "73301", "51118", "84211", "27315", "64420", "31337", "99124",
                   "12345", "2134", "81321", "45454", "66777"], "text",
     "3 cells of fewer than the 5 digits of the others: leading zeros may be lost"),
    ("Row", ["'001", "'002"], "text",
     "an apostrophe, which marks a text in spreadsheets, begins 40 cells"),
    ("Price", ["'-7.25", "4.5", "3.5", "2.5"], "number",
     "an apostrophe, which marks a text in spreadsheets, begins 10 cells"),
    ("Weight", ["5.000", "12.500"], "number", "all points are before three digits"),
    ("Duration", ["30 Pax", "45 Pax", "60 Pax"], "category", "numbers with a text: 'Pax'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "cells", "kind", "doubt"), COLUMNS, ids=[c[3] for c in COLUMNS])
def test_figures_that_a_number_would_lose_are_doubted_in_the_terminal(
    name: str,
    cells: Sequence[str],
    kind: str,
    doubt: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    rows = [f"A{n:02},{cells[n % len(cells)]},{n}.5" for n in range(40)]
    (tmp_path / "feed.csv").write_text("\n".join([f"Order,{name},Amount", *rows, ""]), "utf-8")
    draft = ask("new-dataset", "feed.csv", "name=f", "cluster=sync", cwd=tmp_path)
    assert draft.code == 0, draft.err
    contract = yaml.safe_load((tmp_path / "conf" / "dataset" / "f.yaml").read_text("utf-8"))
    column: dict[str, Any] = contract["columns"][name.lower().replace(" ", "_")]
    assert column["kind"] == kind
    assert doubt in draft.out


def test_rare_signs_of_a_large_column_are_read_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    cents = [-(n + 1) if n % 5_000 == 11 else 100 + n for n in range(60_000)]
    rows = [
        f"A{n},({-c / 100:.2f})" if c < 0 else f"A{n},{c / 100:.2f}" for n, c in enumerate(cents)
    ]
    (tmp_path / "feed.csv").write_text("\n".join(["Order,Amount", *rows, ""]), "utf-8")
    draft = ask("new-dataset", "feed.csv", "name=f", "cluster=sync", cwd=tmp_path)
    assert draft.code == 0, draft.err
    done = ask("clean-data", "feed.csv", "dataset=f", "cluster=sync", cwd=tmp_path)
    assert done.code == 0, done.err
    clean = read(tmp_path / "data" / "clean" / "feed_clean.parquet")
    assert round(sum(clean.column("amount").to_pylist()) * 100) == sum(cents)
