"""Fit shared aggregations to the columns that one contract has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from toolkit.contract.aggregations import AnyAggregation, Extremes, Ranking, Summary
from toolkit.contract.contract import Contract
from toolkit.contract.measures import Measure
from toolkit.contract.references import clean_kinds


def fit_aggregations(contract: Contract) -> tuple[Contract, list[str]]:
    """Drop what optional aggregations cannot compute; return the contract and a line about each
    part.

    A measure, a metric or a kind of extreme is dropped alone; without its groups, or with nothing
    left, the whole aggregation is dropped. Aggregations that are not optional are unchanged.
    """
    known = set(clean_kinds(contract))
    fitted: dict[str, AnyAggregation] = {}
    lines: list[str] = []
    for name, aggregation in contract.aggregations.items():
        if not aggregation.optional:
            fitted[name] = aggregation
            continue
        lacking = [column for column in _groups(aggregation) if column not in known]
        less, without = _without_unknown(aggregation, known)
        if lacking or less is None:
            lacking = lacking or [column for _, column in without]
            lines.append(f"aggregation {name} is left out: the contract has no {_listed(lacking)}")
            continue
        fitted[name] = less
        lines += [
            f"aggregation {name} is without {part}: the contract has no {column}"
            for part, column in without
        ]
    return replace(contract, aggregations=fitted), lines


def _groups(aggregation: AnyAggregation) -> list[str]:
    """Return the columns without which the aggregation makes no sense."""
    match aggregation:
        case Summary():
            return [grain.column for grain in aggregation.by.values()]
        case Ranking():
            return [aggregation.within, aggregation.item]
        case Extremes():
            return [aggregation.tie_break]


def _without_unknown(
    aggregation: AnyAggregation, known: set[str]
) -> tuple[AnyAggregation | None, list[tuple[str, str]]]:
    """Return the aggregation without parts that need unknown columns (None if nothing is left), and
    each dropped part with the column it needs.
    """
    if isinstance(aggregation, Extremes):
        gone = [(r, column) for r, column in aggregation.highest.items() if column not in known]
        left = {r: column for r, column in aggregation.highest.items() if column in known}
        return (replace(aggregation, highest=left) if left else None), gone
    gone = _gone(aggregation.measures, known)
    lost = {name for name, _ in gone}
    measures = {name: one for name, one in aggregation.measures.items() if name not in lost}
    if isinstance(aggregation, Ranking):
        metrics = {m: measure for m, measure in aggregation.metrics.items() if measure not in lost}
        return (replace(aggregation, measures=measures, metrics=metrics) if metrics else None), gone
    order = None if aggregation.largest_first in lost else aggregation.largest_first
    if not measures:
        return None, gone
    return replace(aggregation, measures=measures, largest_first=order), gone


def _gone(measures: Mapping[str, Measure], known: set[str]) -> list[tuple[str, str]]:
    """Return the measures that need an unknown column, also through a ratio, with that column."""
    lacking = {
        name: column
        for name, measure in measures.items()
        for column in reversed(measure.columns)
        if column not in known
    }
    for name, measure in measures.items():
        for part in measure.ratio or ():
            if part in lacking:
                lacking.setdefault(name, lacking[part])
    return [(name, lacking[name]) for name in measures if name in lacking]


def _listed(columns: list[str]) -> str:
    return " and no ".join(dict.fromkeys(columns))
