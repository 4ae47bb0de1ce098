"""A feed by its seed: block number -> raw text columns and the ledger of their faults."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa

from toolkit.errors import ConfigError
from toolkit.generate.catalogue import load_catalogue
from toolkit.generate.column import Drawn, fault_id
from toolkit.generate.goods import draw_categories, draw_products
from toolkit.generate.ledger import list_faults
from toolkit.generate.money import compute_revenue, draw_discounts, draw_prices, draw_quantities
from toolkit.generate.number_text import LARGEST_ORDER_NUMBER, order_ids
from toolkit.generate.random_words import (
    Codes,
    Words,
    cut_lanes,
    pick,
    pick_below,
    random_words,
    rare_table,
)
from toolkit.generate.sale import draw_dates, draw_emails, draw_regions

BLOCK_ROWS = 65_536
"""Part of the format: another block size gives other bytes for the same seed."""

COLUMNS = (
    "order_id",
    "product_name",
    "category",
    "quantity",
    "unit_price",
    "discount_percent",
    "region",
    "sale_date",
    "customer_email",
    "revenue",
)
"""In file order. A column's index also seeds its random stream."""

MODES = ("dirty", "clean")

FIRST_DAY = dt.date(1900, 1, 1)
"""Sales of some years lie before the last day, and years are written with four digits."""


@dataclass(frozen=True)
class FeedSpec:
    """Everything that determines the bytes of a feed, however its blocks are generated.

    The first n rows are the same for every `rows` >= n. mode "clean" is the same feed without
    faults: ISO dates, but heavy discounts included. Raises ConfigError, naming every problem, when
    no such feed exists.
    """

    rows: int
    seed: int
    mode: str
    as_of: dt.date
    """The last day of sale."""

    def __post_init__(self) -> None:
        problems = []
        if not 0 <= self.rows <= LARGEST_ORDER_NUMBER:
            problems.append(f"rows={self.rows}: must be 0 to {LARGEST_ORDER_NUMBER:,}")
        if self.seed < 0:
            problems.append(f"seed={self.seed}: must not be negative")
        if self.mode not in MODES:
            problems.append(f"mode={self.mode}: must be one of {', '.join(MODES)}")
        if self.as_of < FIRST_DAY:
            problems.append(f"generated sales end on {self.as_of}: must be {FIRST_DAY} or later")
        if problems:
            raise ConfigError.from_problems(problems)


@dataclass(frozen=True)
class FeedBlock:
    """Some consecutive rows of a feed; text and ledger are computed on first use."""

    first_row: int
    """The feed's first record is row 1."""
    columns: Mapping[str, Drawn]

    @cached_property
    def table(self) -> pa.Table:
        """COLUMNS, all string without nulls (a blank is an empty text), in row order."""
        return pa.table({name: drawn.text() for name, drawn in self.columns.items()})

    @cached_property
    def ledger(self) -> pa.Table:
        """Return the ledger (LEDGER_SCHEMA): one row per fault, by row and column; empty for a
        clean feed.
        """
        return list_faults(self.first_row, self.columns)


def n_blocks(spec: FeedSpec) -> int:
    """Return the number of blocks, at least 1: an empty feed has one empty block, for the
    header.
    """
    return max(1, -(-spec.rows // BLOCK_ROWS))


def n_block_rows(spec: FeedSpec, block: int) -> int:
    """Return BLOCK_ROWS, or fewer for the last block."""
    return min(BLOCK_ROWS, spec.rows - block * BLOCK_ROWS)


def feed_block(spec: FeedSpec, block: int) -> FeedBlock:
    """Generate the rows from block * BLOCK_ROWS + 1 on, without other blocks; the first is 0."""
    if not 0 <= block < n_blocks(spec):
        raise IndexError(f"block {block} of {n_blocks(spec)}")
    first_row = block * BLOCK_ROWS + 1
    columns = _draw_columns(spec, block, first_row)
    if spec.mode == "clean":
        columns = {name: drawn.repaired() for name, drawn in columns.items()}
    columns["revenue"] = compute_revenue(
        columns["quantity"], columns["unit_price"], columns["discount_percent"]
    )
    return FeedBlock(first_row, columns)


def _draw_columns(spec: FeedSpec, block: int, first_row: int) -> dict[str, Drawn]:
    """Draw all columns but revenue, with their faults, in COLUMNS' order."""
    rows = n_block_rows(spec, block)
    words = {name: random_words(spec.seed, block, i, rows) for i, name in enumerate(COLUMNS[:-1])}
    products, category = draw_products(words["product_name"])
    return {
        "order_id": draw_order_ids(words["order_id"], first_row),
        "product_name": products,
        "category": draw_categories(words["category"], category),
        "quantity": draw_quantities(words["quantity"]),
        "unit_price": draw_prices(words["unit_price"], category),
        "discount_percent": draw_discounts(words["discount_percent"], category),
        "region": draw_regions(words["region"]),
        "sale_date": draw_dates(words["sale_date"], spec.as_of),
        "customer_email": draw_emails(words["customer_email"]),
    }


@lru_cache(maxsize=1)
def _repeat_table() -> Codes:
    # Twice the share, because only half of the rows may repeat; outcome 0: repeats.
    return rare_table([2 * load_catalogue().faults.shares["duplicate_id"]])


def draw_order_ids(words: Words, first_row: int) -> Drawn:
    """Draw order_id: the row's own number, or a repeated recent one.

    Only even rows repeat, and only odd rows are repeated. So every repeated id really occurs in an
    earlier row, and blocks can be generated independently.
    """
    faults = load_catalogue().faults
    own = first_row + np.arange(len(words), dtype=np.int64)
    fate, how_far, _, _ = cut_lanes(words)
    repeats = (pick(_repeat_table(), fate) == 0) & (own % 2 == 0)
    n_choices = np.minimum(own, faults.furthest_back) // 2
    written = np.where(repeats, own - 1 - 2 * pick_below(how_far, n_choices), own)
    fault = np.where(repeats, fault_id("duplicate_id"), 0).astype(np.uint8)
    return Drawn(order_ids, written, own, fault)
