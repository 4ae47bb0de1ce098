"""Compute the measures of a summary or ranking from its merged groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.aggregate.exact import Limbs, quotients, ratios, totals, whole_numbers
from toolkit.aggregate.groups import ROWS, Groups, Term, count_values, merge_into
from toolkit.aggregate.needs import grains_of, units_in_one, with_values
from toolkit.aggregate.partials import Partials, missing_in, sum_of, sum_terms
from toolkit.arrays import Ints
from toolkit.contract import Contract, Measure, Ranking, Summary
from toolkit.errors import InputError
from toolkit.pages.masking import HIDDEN


def measured(
    name: str, aggregation: Summary | Ranking, partials: Partials, contract: Contract
) -> dict[str, pa.Array]:
    """Compute each measure of each group: of no values the sum is 0, the others null.

    Raises InputError when a sum of integers does not fit int64.
    """
    found = _Measured(name, aggregation, partials, contract)
    return {
        label: MEASURES[measure.kind].finish(found, label, measure)
        for label, measure in aggregation.measures.items()
    }


def measure_fields(measures: Mapping[str, Measure], clean: pa.Schema) -> list[pa.Field]:
    """Return the columns of measures; `clean` has the plain types of the clean columns."""
    return [pa.field(label, _type(measure, clean)) for label, measure in measures.items()]


def _type(measure: Measure, clean: pa.Schema) -> pa.DataType:
    kind = MEASURES[measure.kind].type or clean.field(measure.column).type
    return _sum_type(kind) if measure.kind == "sum" and pa.types.is_decimal(kind) else kind


def _sum_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of a sum of decimals: as many digits as there can be."""
    return pa.decimal128(38, kind.scale)


@dataclass(frozen=True)
class _Measured:
    """The groups of one aggregation, and what it takes to compute its measures."""

    name: str
    aggregation: Summary | Ranking
    partials: Partials
    contract: Contract

    @property
    def groups(self) -> Groups:
        return self.partials.groups[grains_of(self.aggregation)]

    def sum(self, label: str, measure: Measure) -> pa.Array:
        limbs, units = self._exact(measure)
        column, n_groups = str(measure.sum), len(self.groups)
        kind = self.contract.clean_schema().field(column).type
        if pa.types.is_decimal(kind):
            # Wholes of 38 digits and decimals are the same 128 bits.
            sums = pa.array(whole_numbers(limbs, n_groups), pa.decimal128(38))
            return pa.Array.from_buffers(_sum_type(kind), n_groups, sums.buffers())
        if not pa.types.is_integer(kind):
            sums = quotients(limbs, np.ones(n_groups, np.int64), units)
            if not np.isfinite(sums).all():
                raise InputError.sum_too_large(f"{self.name}.{label}", column)
            return pa.array(sums)
        try:
            return pa.array(totals(limbs, n_groups))
        except OverflowError as error:
            raise InputError.sum_too_large(f"{self.name}.{label}", column) from error

    def mean(self, label: str, measure: Measure) -> pa.Array:
        column = str(measure.mean)
        missing = totals(self.groups.limbs(missing_in(column)), len(self.groups))
        filled = self._count(Measure(count="rows")) - missing
        limbs, units = self._exact(Measure(sum=column))
        means = quotients(limbs, np.maximum(filled, 1), units)
        return pa.array(means, pa.float64(), mask=filled == 0)

    def extreme(self, label: str, measure: Measure) -> pa.Array:
        return self.groups.terms[Term(measure.kind, str(measure.column))]

    def count(self, label: str, measure: Measure) -> pa.Array:
        return pa.array(self._count(measure))

    def ratio(self, label: str, measure: Measure) -> pa.Array:
        over, under = (self.aggregation.measures[part] for part in measure.ratio or ())
        found = ratios(*self._exact(over), *self._exact(under), len(self.groups))
        if np.isinf(found).any():
            raise InputError.sum_too_large(f"{self.name}.{label}", str(over.sum))
        return pa.array(found, from_pandas=True)

    def _exact(self, measure: Measure) -> tuple[Limbs, int]:
        """Return a sum or a count before rounding, and how many of its units make 1."""
        if measure.sum is None:
            return {0: self._count(measure)}, 1
        units = units_in_one(measure.sum, self.contract)
        groups = self.groups if measure.once_per is None else self._once(measure)
        return groups.limbs(sum_of(measure.sum)), units

    def _once(self, measure: Measure) -> Groups:
        """Sum a figure once for each value of `once_per` in each group.

        Raises InputError where it differs within one, or has none.
        """
        column, per = str(measure.sum), str(measure.once_per)
        orders = self.partials.groups[with_values(grains_of(self.aggregation), per)]
        lowest, highest = (orders.terms[Term(how, column)] for how in ("min", "max"))
        differ = orders.keys[-1].filter(pc.not_equal(lowest, highest)).to_pylist()
        nowhere = pc.and_(orders.keys[-1].is_null(), lowest.is_valid())
        if differ or pc.any(nowhere).as_py():
            hidden = per in self.contract.personal_clean_columns()
            shown = sorted(HIDDEN if hidden else str(value) for value in differ)
            raise InputError.not_once(self.name, (column, per), shown)
        return merge_into(self.groups, orders, sum_terms(lowest, column, self.contract))

    def _count(self, measure: Measure) -> Ints:
        """Count the rows of each group, or its distinct values."""
        if measure.count_distinct is None:
            return totals(self.groups.limbs(ROWS.of), len(self.groups))
        finer = with_values(grains_of(self.aggregation), measure.count_distinct)
        return count_values(self.groups, self.partials.groups[finer])


@dataclass(frozen=True)
class Computed:
    """The last step of a measure, and the type of its figures; None is that of its column."""

    finish: Callable[[_Measured, str, Measure], pa.Array]
    type: pa.DataType | None


MEASURES = {
    "sum": Computed(_Measured.sum, None),
    "mean": Computed(_Measured.mean, pa.float64()),
    "min": Computed(_Measured.extreme, None),
    "max": Computed(_Measured.extreme, None),
    "count": Computed(_Measured.count, pa.int64()),
    "count_distinct": Computed(_Measured.count, pa.int64()),
    "ratio": Computed(_Measured.ratio, pa.float64()),
}
"""A row for each measure of toolkit.contract.measures."""
