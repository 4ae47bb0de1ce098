"""Finish the aggregations: merged partial aggregates to Arrow tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.aggregate.extremes import Candidates, Contest, winners
from toolkit.aggregate.fetch import fetch_winners
from toolkit.aggregate.groups import month_name, one_array
from toolkit.aggregate.measures import measure_fields, measured
from toolkit.aggregate.needs import conformed, grains_of, plain
from toolkit.aggregate.partials import Partials
from toolkit.arrays import Ints
from toolkit.contract import (
    EXTREME_COLUMN,
    METRIC_COLUMN,
    RANK_COLUMN,
    AnyAggregation,
    Contract,
    Extremes,
    Ranking,
    Summary,
)
from toolkit.pages.masking import Masks


def aggregation_schema(contract: Contract, name: str) -> pa.Schema:
    """Return the columns of an aggregation in order; text is plain, ranks and counts are int64.

    Summary: the grains (a month as `YYYY-MM` text), the measures. Ranking: `within`, metric_type,
    rank, the item, the measures. Extremes: rank, anomaly_reason, the clean columns.
    Sums have the type of their column, those of decimals with 38 digits; means and ratios are
    float64 and null where there is nothing to divide by.
    """
    clean = plain(contract.clean_schema())
    match contract.aggregations[name]:
        case Summary(by=by, measures=measures):
            grains = [
                (label, pa.string() if grain.unit else clean.field(grain.column).type)
                for label, grain in by.items()
            ]
            return pa.schema([*grains, *measure_fields(measures, clean)])
        case Ranking() as ranking:
            return pa.schema(
                [
                    clean.field(ranking.within),
                    (METRIC_COLUMN, pa.string()),
                    (RANK_COLUMN, pa.int64()),
                    clean.field(ranking.item),
                    *measure_fields(ranking.measures, clean),
                ]
            )
        case Extremes():
            return pa.schema([(RANK_COLUMN, pa.int64()), (EXTREME_COLUMN, pa.string()), *clean])


def finish(partials: Partials, contract: Contract) -> dict[str, pa.Table]:
    """Finish every aggregation of the contract, by name, with its `aggregation_schema`.

    Extremes of data on disk are read now, from the few row groups that can hold them. Raises
    InputError when a file cannot be read any more or a sum of integers does not fit int64.
    """
    tables: dict[str, pa.Table] = {}
    for name, aggregation in contract.aggregations.items():
        schema = aggregation_schema(contract, name)
        if partials.n_rows == 0:
            tables[name] = schema.empty_table()
            continue
        match aggregation:
            case Summary():
                tables[name] = _summary(name, aggregation, partials, contract)
            case Ranking():
                tables[name] = _ranking(name, aggregation, partials, contract)
            case Extremes():
                tables[name] = _extremes(aggregation, partials, contract)
        tables[name] = tables[name].select(schema.names).cast(schema)
    return tables


def mask_tables(
    tables: Mapping[str, pa.Table], contract: Contract, key: bytes | None
) -> dict[str, pa.Table]:
    """Mask the values of personal columns; masks are text.

    Labels of groups are hashed, however their column is masked, so that groups stay distinct.
    Months and measures describe several rows and stay as they are. Without a key "(hidden)"
    replaces each hash.
    """
    masks = Masks.of_clean(contract, key)
    return {
        name: _masks_of(contract.aggregations[name], masks).table(table)
        for name, table in tables.items()
    }


def _masks_of(aggregation: AnyAggregation, masks: Masks) -> Masks:
    """Return the masks of an aggregation, by the names of its columns."""
    match aggregation:
        case Extremes():
            return masks
        case Ranking():
            columns = {name: name for name in (aggregation.within, aggregation.item)}
        case Summary():
            columns = {n: grain.column for n, grain in aggregation.by.items() if not grain.unit}
    known = {n: masks.by_column[c] for n, c in columns.items() if c in masks}
    return Masks({n: replace(mask, how="hash") for n, mask in known.items()}, masks.key)


def _summary(name: str, summary: Summary, partials: Partials, contract: Contract) -> pa.Table:
    groups = partials.groups[grains_of(summary)]
    keys = dict(zip(summary.by, groups.keys, strict=True))
    table = pa.table(keys | measured(name, summary, partials, contract))
    largest_first = {summary.largest_first: "descending"} if summary.largest_first else {}
    table = _sorted(table, {**largest_first, **dict.fromkeys(summary.by, "ascending")})
    for place, (label, grain) in enumerate(summary.by.items()):
        if grain.unit == "month":
            months = [month and month_name(month) for month in table.column(label).to_pylist()]
            table = table.set_column(place, label, pa.array(months, pa.string()))
    return table


def _ranking(name: str, ranking: Ranking, partials: Partials, contract: Contract) -> pa.Table:
    groups = partials.groups[grains_of(ranking)]
    measures = measured(name, ranking, partials, contract)
    table = pa.table(dict(zip((ranking.within, ranking.item), groups.keys, strict=True)) | measures)
    tables: list[pa.Table] = []
    places: list[Ints] = []
    for metric, measure in ranking.metrics.items():
        rows = _rank_candidates(groups.keys[0], measures[measure], ranking.limit)
        candidates = table.take(pa.array(rows))
        ordered = _sorted(
            candidates,
            {ranking.within: "ascending", measure: "descending", ranking.item: "ascending"},
        )
        group, rank = _ranks(ordered.column(ranking.within))
        top = np.flatnonzero(rank <= ranking.limit)
        tables.append(
            ordered.take(pa.array(top))
            .append_column(METRIC_COLUMN, pa.array([metric] * len(top), pa.string()))
            .append_column(RANK_COLUMN, pa.array(rank[top]))
        )
        places.append(group[top])
    # Stable: within a group the metrics stay in the contract's order, and rows in rank order.
    order = np.argsort(np.concatenate(places), kind="stable")
    return pa.concat_tables(tables).take(pa.array(order))


def _rank_candidates(within: pa.Array, measure: pa.Array, limit: int) -> Ints:
    """Return the rows as high as the `limit` highest of their group; others need no sorting."""
    if pa.types.is_temporal(measure.type) or pa.types.is_decimal(measure.type):
        return np.arange(len(measure))
    labels = within.dictionary_encode()
    groups = pc.fill_null(labels.indices, len(labels.dictionary)).to_numpy()
    values = measure.to_numpy(zero_copy_only=False)
    values = np.where(np.isnan(values), -np.inf, values) if measure.null_count else values
    # Sorted by group, then value: a group's `limit`-th highest is `limit` - 1 before its last.
    order = np.lexsort((values, groups))
    lasts = np.flatnonzero(np.diff(groups[order], append=-1))
    firsts = np.append(0, lasts[:-1] + 1)
    bars = np.empty(len(labels.dictionary) + 1, values.dtype)
    bars[groups[order[lasts]]] = values[order[np.maximum(firsts, lasts - limit + 1)]]
    return np.flatnonzero(values >= bars[groups])


def _ranks(sorted_labels: pa.ChunkedArray) -> tuple[Ints, Ints]:
    """Return the run of equal labels that each row is in, and its rank there, from 1."""
    labels = one_array(sorted_labels.dictionary_encode()).indices
    codes = pc.fill_null(labels, -1).to_numpy()
    # A run starts where the code changes; the prepended code differs from the first.
    starts = np.flatnonzero(np.diff(codes, prepend=codes[0] - 1))
    runs = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(codes)))
    return runs, np.arange(len(codes)) - starts[runs] + 1


def _extremes(extremes: Extremes, partials: Partials, contract: Contract) -> pa.Table:
    tables = []
    for reason, column in extremes.highest.items():
        contest = Contest(column, extremes.tie_break, extremes.limit)
        rows = _winners(partials.candidates[contest], contest, contract)
        ranks = np.arange(1, rows.num_rows + 1)
        rows = rows.append_column(EXTREME_COLUMN, pa.array([reason] * rows.num_rows, pa.string()))
        tables.append(rows.append_column(RANK_COLUMN, pa.array(ranks, pa.int64())))
    return pa.concat_tables(tables)


def _winners(candidates: Candidates, contest: Contest, contract: Contract) -> pa.Table:
    schema = plain(contract.clean_schema())
    found = [schema.empty_table(), *candidates.rows]
    if candidates.places:
        rows = fetch_winners(candidates.places, contest, schema.names)
        found.append(conformed(rows, contract, candidates.places[0][0].path.parent))
    return winners(found, contest)


def _sorted(table: pa.Table, orders: Mapping[str, str]) -> pa.Table:
    keys = list(orders.items())
    return table.take(pc.sort_indices(table, sort_keys=keys))
