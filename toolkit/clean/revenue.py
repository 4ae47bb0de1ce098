"""Rows and revenue per distinct value, for review-lookups."""

from __future__ import annotations

import numpy as np

from toolkit.arrays import EXACT
from toolkit.clean.evaluate import Rules, derived_values
from toolkit.contract import Contract
from toolkit.contract.formula import formula_columns
from toolkit.lookups.counts import Counted, Group, cells_of, count_cells, without_repeated_headers
from toolkit.read.blocks import Block
from toolkit.read.parse import Selection
from toolkit.read.reader import reader_of


def amount_column(contract: Contract) -> str | None:
    """Return the first derived column that sums exactly in 64 bits: rounded, limited both ways."""
    for name, derived in contract.derived.items():
        lower = derived.min if derived.min is not None else derived.above
        upper = derived.max if derived.max is not None else derived.below
        if derived.decimals is None or lower is None or upper is None:
            continue
        if max(abs(lower), abs(upper)) * 10**derived.decimals < EXACT:
            return name
    return None


def behind_amount(contract: Contract, amount: str) -> tuple[str, ...]:
    """Return the columns of the file that a derived column is computed from."""
    return contract.columns_behind(formula_columns(contract.derived[amount].formula))


def weigh_block(block: Block, rules: Rules, groups: tuple[Group, ...], amount: str) -> Counted:
    """Count a block as `count_block` does, with sums of a derived column in its last decimal place.

    A row adds nothing where the column cannot be computed or is beyond its limits.
    """
    contract = rules.contract
    derived = contract.derived[amount]
    grouped = dict.fromkeys(name for group in groups for name in group)
    needed = dict.fromkeys([*grouped, *behind_amount(contract, amount)])
    selection = Selection(only=tuple(contract.sources[name] for name in needed))
    raw = reader_of(contract).parse(block, selection)
    table = without_repeated_headers(raw.table, block, contract)
    values = np.nan_to_num(derived_values(amount, table, rules), nan=0.0)
    amounts = np.rint(values * 10 ** (derived.decimals or 0)).astype(np.int64)
    cells = {name: cells_of(table, name, contract) for name in grouped}
    return Counted(raw.n_records, block.n_bytes, count_cells(cells, groups, amounts))
