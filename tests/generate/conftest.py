"""One dirty feed of four blocks, and the clean one of the same seed, for all tests to look at."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pytest

from toolkit.generate.feed import FeedSpec, feed_block, n_blocks

AS_OF = dt.date(2026, 11, 23)
ROWS = 200_000


def make_spec(rows: int = ROWS, seed: int = 7, mode: str = "dirty") -> FeedSpec:
    return FeedSpec(rows=rows, seed=seed, mode=mode, as_of=AS_OF)


@dataclass(frozen=True)
class Feed:
    """rows: the ten text columns, indexed by row number; faults: the ledger."""

    rows: pd.DataFrame
    faults: pd.DataFrame

    def faults_of(self, column: str) -> pd.DataFrame:
        """The ledger's entries for one column, indexed by row number."""
        return self.faults[self.faults["column"] == column].set_index("row")

    def truth(self, column: str) -> pd.Series[str]:
        """The row without its faults, by the ledger."""
        told = self.rows[column].copy()
        entries = self.faults_of(column)
        told.loc[entries.index] = entries["true_value"]
        return told


def make_feed(spec: FeedSpec) -> Feed:
    blocks = [feed_block(spec, block) for block in range(n_blocks(spec))]
    rows = pa.concat_tables(block.table for block in blocks).to_pandas()
    rows.index += 1
    ledger = pa.concat_tables(block.ledger for block in blocks).to_pandas()
    return Feed(rows, ledger.astype({"column": str, "fault": str}))


@pytest.fixture(scope="package")
def dirty() -> Feed:
    return make_feed(make_spec())


@pytest.fixture(scope="package")
def clean() -> Feed:
    return make_feed(make_spec(mode="clean"))
