"""A small messy feed and what becomes of it, as files that a person can read and check.

`remark` in messy.csv says of each row what is odd about it.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest

from tests.feeds import clean_files, plain
from toolkit.clean.evaluate import Rules
from toolkit.contract import STRUCTURAL_REASONS, Contract

GOLDEN = Path(__file__).parent / "golden"


def as_csv(table: pa.Table) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows(row.values() for row in plain(table))
    return text.getvalue()


@pytest.mark.parametrize("block_bytes", [1, 500, 1 << 20])
@pytest.mark.slow
def test_the_messy_feed_becomes_the_golden_files(
    block_bytes: int, rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(GOLDEN)
    cleaned = clean_files(rules, ["messy.csv"], block_bytes)
    for table, name in ((cleaned.clean, "clean.csv"), (cleaned.rejected, "rejected.csv")):
        assert as_csv(table) == (GOLDEN / name).read_bytes().decode()


def test_the_golden_files_show_every_reason(contract: Contract) -> None:
    with (GOLDEN / "rejected.csv").open(encoding="utf-8", newline="") as file:
        shown = {row["rejection_reason"] for row in csv.DictReader(file)}
    assert shown == {*STRUCTURAL_REASONS, *contract.reasons}
