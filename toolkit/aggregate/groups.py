"""Group rows into partial results, and merge groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.aggregate.exact import Limbs, carry
from toolkit.arrays import Ints
from toolkit.contract import Grain

Grains = tuple[Grain, ...]
Keys = tuple[pa.Array, ...]
"""The value of each grain for each group."""

_FEW_DAYS = 1 << 16


class Term(NamedTuple):
    """A partial result; `how` is the Arrow function that computes it of rows, and merges it.

    Sums are whole numbers, of as many limbs as needed: see toolkit.aggregate.exact.
    """

    how: str
    of: str
    limb: int = 0


ROWS = Term("sum", "rows")
"""How many rows a group has."""
_PLACE = Term("max", "place")


@dataclass(frozen=True)
class Groups:
    """Distinct values of the grains (null is one), and each group's partial results, unordered."""

    keys: Keys
    terms: Mapping[Term, pa.Array]

    def __len__(self) -> int:
        return len(self.keys[0])

    def by(self, places: Sequence[int]) -> Groups:
        """Return the groups with some of their keys only, which several may then share."""
        return Groups(tuple(self.keys[place] for place in places), self.terms)

    def limbs(self, sum_of: str) -> Limbs:
        """Return the limbs of a sum; none where nothing was added."""
        return {
            term.limb: values.to_numpy()
            for term, values in self.terms.items()
            if (term.how, term.of) == ("sum", sum_of)
        }


def encode(column: pa.ChunkedArray, grain: Grain) -> pa.Array:
    """Encode a grain's values to group by: text as codes of distinct labels.

    Months are numbered from January of year 0, which is 1.
    """
    if grain.unit == "month":
        return _months(one_array(column).cast(pa.date32()).cast(pa.int32()))
    if pa.types.is_string(column.type):
        column = column.dictionary_encode()
    if not pa.types.is_dictionary(column.type):
        return without_nan(one_array(column))
    rows = one_array(column.unify_dictionaries())
    # A dictionary from elsewhere may have a label twice, or null.
    labels = rows.dictionary.dictionary_encode()
    codes = rows.indices.cast(pa.int32())
    if len(labels.dictionary) < len(labels):
        codes = labels.indices.take(codes)
    return pa.DictionaryArray.from_arrays(codes, labels.dictionary)


def without_nan(values: pa.Array) -> pa.Array:
    """Replace NaN by null and -0 by 0, so that each value makes one group."""
    if not pa.types.is_floating(values.type):
        return values
    return pc.if_else(pc.is_nan(values), None, pc.add(values, 0.0))


def month_name(month: int) -> str:
    """Return `YYYY-MM` for a month as `encode` numbers it."""
    year, place = divmod(month - 1, 12)
    return f"{year:04d}-{place + 1:02d}"


def group_rows(keys: Sequence[pa.Array], terms: Mapping[Term, pa.Array]) -> Groups:
    """Group rows by their encoded keys; `terms` are each row's contributions."""
    return _group(keys, {ROWS: pa.array(np.ones(len(keys[0]), np.int8)), **terms})


def merge_groups(several: Sequence[Groups]) -> Groups:
    """Merge groups of the same grains and terms by their keys."""
    terms = dict.fromkeys(term for groups in several for term in groups.terms)
    return _group(
        _together([groups.keys for groups in several]),
        {
            # Partitions without large values lack the high limbs: these are 0.
            term: pa.chunked_array([g.terms.get(term, _zeros(len(g))) for g in several])
            for term in terms
        },
    )


def count_values(groups: Groups, values: Groups) -> Ints:
    """Count the distinct values in each group.

    `values` has the groups' grains and one more; null in that one is not counted.
    """
    filled = values.keys[-1].is_valid().cast(pa.int64())
    return merge_into(groups, values, {ROWS: filled}).limbs(ROWS.of)[0]


def merge_into(groups: Groups, finer: Groups, terms: Mapping[Term, pa.Array]) -> Groups:
    """Merge the terms of finer groups, which have one grain more, into those of `groups`, in their
    order.
    """
    # Group both together: each group's own row carries its place, the rows of finer ones carry -1.
    n = len(groups)
    own = {term: pa.nulls(n, values.type).fill_null(0) for term, values in terms.items()}
    places = pa.array(np.append(np.arange(n), np.full(len(finer), -1)))
    found = _group(
        _together([groups.keys, finer.keys[:-1]]),
        {
            **{term: pa.chunked_array([own[term], values]) for term, values in terms.items()},
            _PLACE: places,
        },
    )
    order = pa.array(np.argsort(found.terms[_PLACE].to_numpy()))
    merged = {term: values.take(order) for term, values in found.terms.items() if term != _PLACE}
    return Groups(groups.keys, merged)


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """Return the column as one contiguous array, without a copy if it is one."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _months(days: pa.Array) -> pa.Array:
    """Number the months of days; looks up each distinct day once, not each row."""
    first, last = (pc.min_max(days)[end].as_py() for end in ("min", "max"))
    if first is None or last - first >= _FEW_DAYS:
        coded = days.dictionary_encode()
        calendar, places = coded.dictionary, coded.indices
    else:
        calendar = pa.array(np.arange(first, last + 1, dtype=np.int32))
        places = pc.subtract(days, pa.scalar(first, pa.int32()))
    calendar = calendar.cast(pa.date32())
    return pc.add(pc.multiply(pc.year(calendar), 12), pc.month(calendar)).take(places)


def _group(keys: Sequence[Any], terms: Mapping[Term, Any]) -> Groups:
    n, names = len(keys), [str(n) for n in range(len(keys) + len(terms))]
    hows = [(name, term.how) for name, term in zip(names[n:], terms, strict=True)]
    # One thread: Dask already runs a task per core.
    rows = pa.table([*keys, *terms.values()], names).group_by(names[:n], use_threads=False)
    columns = [one_array(column) for column in rows.aggregate(hows).columns]
    merged = dict(zip(terms, columns[n:], strict=True))
    return Groups(tuple(map(_plain, columns[:n])), merged | _carried(merged))


def _plain(key: pa.Array) -> pa.Array:
    return key.dictionary_decode() if pa.types.is_dictionary(key.type) else key


def _carried(terms: Mapping[Term, pa.Array]) -> dict[Term, pa.Array]:
    """Carry the sums among the terms, so that many can be added before int64 overflows."""
    sums: dict[str, Limbs] = {}
    for term, values in terms.items():
        if term.how == "sum":
            sums.setdefault(term.of, {})[term.limb] = values.to_numpy()
    return {
        Term("sum", of, k): pa.array(limb)
        for of, limbs in sums.items()
        for k, limb in carry(limbs).items()
    }


def _together(several: Sequence[Keys]) -> list[pa.ChunkedArray]:
    return [pa.chunked_array(keys) for keys in zip(*several, strict=True)]


def _zeros(n: int) -> pa.Array:
    return pa.array(np.zeros(n, np.int64))
