"""Check a feed's dates against the order of day and month that its contract declares."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.clean.blocks import Staged, first_rows
from toolkit.clean.date_order import OrderEvidence, doubt, merge_evidence, tell_cells
from toolkit.contract import Contract, Dated
from toolkit.errors import InputError


def check_date_orders(staged: Sequence[Staged], contract: Contract) -> list[str]:
    """What is worth a note about the order of day and month in date columns, a line a format.

    All staged blocks are needed; how they were cut makes no difference. Raises InputError for a
    format that more of the cells that decide contradict than its column allows.
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
        told = tell_cells(evidence)
        if evidence.contradicting_share > max_contradictions:
            raise InputError.wrong_date_order(first.source, column, evidence.date_format, told)
        return f"column {source}: read as {evidence.date_format}; {told}; the former are rejected"
    if (doubted := doubt(evidence)) is not None:
        return (
            f"column {source}: read as {evidence.date_format}, which no cell proves; {doubted}; "
            f"see that dataset.columns.{name}.formats is right"
        )
    return None


def _whole_evidence(column: str, staged: Sequence[Staged]) -> list[OrderEvidence]:
    """The evidence for each format of a date column; rows are numbered in their source."""
    parts = [
        [part.numbered(block.block.source.shown, first_row) for part in block.date_order[column]]
        for block, first_row in zip(staged, first_rows(staged), strict=True)
    ]
    return [merge_evidence(of_format) for of_format in zip(*parts, strict=True)]
