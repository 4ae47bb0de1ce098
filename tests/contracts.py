"""Small contracts for the tests: as plain values, and what rows come to by them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tests.feeds import Cleaned
from toolkit.clean.evaluate import Rules
from toolkit.contract import Contract, CsvFormat, text_contract
from toolkit.settings.config import read_contract

AS_OF = date(2026, 11, 23)

CAFE: dict[str, Any] = {
    "name": "cafe",
    "null_words": ["ERROR", "UNKNOWN"],
    "columns": {
        "item": {"kind": "text"},
        "quantity": {"kind": "integer", "above": 0, "reason": "no_quantity"},
        "price": {"kind": "number", "above": 0, "reason": "no_price"},
        "total": {"kind": "number", "min": 0, "reason": "no_total"},
    },
    "repairs": [
        {"column": "price", "by": "item", "map": "item_prices.json"},
        {"column": "total", "formula": "quantity * price", "decimals": 2},
        {"column": "quantity", "formula": "total / price"},
        {"column": "price", "formula": "total / quantity"},
    ],
    "checks": {
        "total_matches": {
            "column": "total", "formula": "quantity * price", "tolerance": 0.005,
            "reason": "total_mismatch",
        },
    },
    "reasons": ["no_quantity", "no_price", "no_total", "total_mismatch"],
}  # fmt: skip
PRICES = {"item_prices.json": {"Tea": 1.5, "Cake": 3, "Straße": 4}}


def rules_of(values: Mapping[str, Any], lookups: Mapping[str, Any] | None = None) -> Rules:
    """The rules that a contract and its lookups, by file name, make."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (lookups or {}).items():
            (Path(folder) / name).write_text(json.dumps(content), encoding="utf-8")
        return Rules.load(read_contract(values), Path(folder), AS_OF)


def by_row(cleaned: Cleaned) -> list[dict[str, Any] | str]:
    """What became of each row, in file order: its clean values, or its reason."""
    reasons = {row["source_row"]: row["rejection_reason"] for row in cleaned.rejected.to_pylist()}
    clean = iter(cleaned.clean.to_pylist())
    n_rows = cleaned.clean.num_rows + cleaned.rejected.num_rows
    return [reasons[row] if row in reasons else next(clean) for row in range(1, n_rows + 1)]


def text_only(names: Sequence[str], csv_format: CsvFormat) -> Contract:
    """A contract of text columns under the names that the file gives them."""
    return text_contract(dict(zip(names, names, strict=True)), csv_format)
