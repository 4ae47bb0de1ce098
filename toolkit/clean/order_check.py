"""Check a feed's dates against the order of day and month that its contract declares."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.clean.blocks import Staged, first_rows
from toolkit.clean.date_order import OrderEvidence, describe_cells, merge_evidence, suspect_order
from toolkit.contract import Contract, Dated
from toolkit.errors import InputError


def check_date_orders(staged: Sequence[Staged], contract: Contract) -> list[str]:
    """Check the order of day and month in date columns; return a note per suspicious format.

    All staged blocks are needed; how they were split makes no difference. Raises InputError for a
    format that more of the deciding cells contradict than its column allows.
    """
    dated = {name: column for name, column in contract.columns.items() if isinstance(column, Dated)}
    notes = (
        _date_order_note((contract.sources[name], name), evidence, column.max_contradictions)
        for name, column in dated.items()
        for evidence in _whole_evidence(name, staged)
    )
    return [note for note in notes if note is not None]


def _date_order_note(
    column: tuple[str, str], evidence: OrderEvidence, max_contradictions: float
) -> str | None:
    source, name = column
    first = evidence.contradicting
    if first is not None:
        cells = describe_cells(evidence)
        if evidence.contradicting_share > max_contradictions:
            raise InputError.wrong_date_order(first.source, column, evidence.date_format, cells)
        return f"column {source}: read as {evidence.date_format}; {cells}; the former are rejected"
    if (days := suspect_order(evidence)) is not None:
        return (
            f"column {source}: read as {evidence.date_format}, which no cell proves; {days}; "
            f"see that dataset.columns.{name}.formats is right"
        )
    return None


def _whole_evidence(column: str, staged: Sequence[Staged]) -> list[OrderEvidence]:
    """Merge the evidence for each format of a date column; rows are numbered in their source."""
    parts = [
        [part.numbered(block.block.source.shown, first_row) for part in block.date_order[column]]
        for block, first_row in zip(staged, first_rows(staged), strict=True)
    ]
    return [merge_evidence(of_format) for of_format in zip(*parts, strict=True)]
