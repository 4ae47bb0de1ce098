"""True and false, by words: null where the cell is empty, rejected where it is neither."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.clean.parsed import BAD, outcomes, parse_cells
from tests.contracts import by_row, rules_of
from tests.feeds import clean_files, write_feed
from toolkit.clean.parsed import OK
from toolkit.contract.columns import Boolean
from toolkit.errors import ConfigError
from toolkit.settings.config import read_contract

CELLS: dict[str, bool | None] = {
    "true": True, "TRUE": True, "Yes": True, "t": True, "Y": True, "1": True,
    "false": False, "False": False, "NO": False, "f": False, "n": False, "0": False,
    "": None, "2": None, "01": None, "1.0": None, "tru": None, "on": None, "true false": None,
}  # fmt: skip


def test_words_are_read_in_any_case() -> None:
    column = Boolean(kind="boolean", reason="bad")
    found = outcomes(parse_cells(column, pa.array([*CELLS])), len(CELLS))
    assert found == [(value, BAD if value is None else OK) for value in CELLS.values()]


def test_words_of_a_contract_take_the_place_of_the_usual_ones() -> None:
    column = Boolean(kind="boolean", true_words=("JA", "Öffentlich"), false_words=("Nein",))
    cells = pa.array(["ja", "ÖFFENTLICH", "nein", "true"])
    assert [value for value, _ in outcomes(parse_cells(column, cells), 4)] == [
        True, True, False, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({}, "reason: missing; the column rejects what is neither true nor false"),
        ({"false_words": ["No", "YES"]}, "'YES' is one of true_words and of false_words"),
        ({"true_words": ["x "]}, "true_words: 'x ' is empty or has outer blanks"),
        ({"false_words": [""]}, "false_words: '' is empty or has outer blanks"),
        ({"true_words": []}, "true_words"),
    ],
)
def test_contradictions_of_words(keys: dict[str, Any], problem: str) -> None:
    column = {"kind": "boolean", **({"reason": "bad"} if keys else {}), **keys}
    with pytest.raises(ConfigError) as raised:
        read_contract({"name": "x", "columns": {"x": column}, "reasons": ["bad"] if keys else []})
    assert problem in str(raised.value)


def test_booleans_of_clean_rows_are_part_of_keys(tmp_path: Path) -> None:
    contract = {
        "name": "x",
        "null_words": ["-"],
        "columns": {
            "id": {"kind": "text"},
            "paid": {"kind": "boolean", "reason": "bad", "optional": True, "suffix": ["!"]},
        },
        "key": {"columns": ["id", "paid"], "reason": "repeated"},
        "reasons": ["bad", "repeated"],
    }
    cells = [("a", "yes!"), ("a", "-"), ("a", "No"), ("a", "maybe"), ("a", " T "), ("b", "t")]
    path = tmp_path / "feed.csv"
    path.write_bytes(write_feed(cells, ["id", "paid"]))
    cleaned = clean_files(rules_of(contract), [str(path)], path.stat().st_size // 3, "sync")
    assert cleaned.clean.schema.field("paid").type == pa.bool_()
    assert by_row(cleaned) == [
        {"id": "a", "paid": True},
        {"id": "a", "paid": None},
        {"id": "a", "paid": False},
        "bad",
        "repeated",
        {"id": "b", "paid": True},
    ]
