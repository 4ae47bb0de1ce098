"""Groups of rows with their exact sums, and groups merged with other groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.aggregate.exact import Ints, Limbs, Part, merge, tally
from toolkit.contract import Grain

Grains = tuple[Grain, ...]

ROWS = "rows"
"""The term that counts a group's rows."""

# Groups are counted under all possible codes, instead of under those that occur, while there are
# not many more of them than rows.
_CODES_A_ROW = 4
_FEW_CODES = 1 << 16
_FEW_DAYS = 1 << 16


@dataclass(frozen=True)
class Key:
    """A grain's value for each row: labels[codes], or null where the code is len(labels).

    Labels differ from each other; not all need occur.
    """

    codes: Ints
    labels: pa.Array

    @property
    def size(self) -> int:
        return len(self.labels) + 1


@dataclass(frozen=True)
class Groups:
    """Distinct values of the grains (null is one) and each group's sums, ROWS among them.

    The order of the groups means nothing.
    """

    keys: tuple[pa.DictionaryArray, ...]
    sums: Mapping[str, Limbs]

    def __len__(self) -> int:
        return len(self.keys[0])


def encode(column: pa.ChunkedArray, grain: Grain) -> Key:
    """A grain's value for each row. Months are numbered from January of year 0, which is 1."""
    if grain.unit == "month":
        return _encode_months(one_array(column))
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    key = _key(one_array(column.unify_dictionaries()))
    distinct = key.labels.dictionary_encode()
    return key if len(distinct.dictionary) == len(key.labels) else _relabel(key, distinct)


def month_name(month: int) -> str:
    """`YYYY-MM` of a month as `encode` numbers it."""
    year, place = divmod(month - 1, 12)
    return f"{year:04d}-{place + 1:02d}"


def group_rows(keys: Sequence[Key], terms: Mapping[str, Sequence[Part]]) -> Groups:
    """Rows grouped by their keys, with the sum of each term's parts."""
    coded = _code(keys)
    n_rows = np.bincount(coded.codes, minlength=coded.size)
    sums = {name: tally(parts, coded.codes, coded.size) for name, parts in terms.items()}
    return coded.groups(np.flatnonzero(n_rows), {ROWS: {0: n_rows}, **sums})


def merge_groups(several: Sequence[Groups]) -> Groups:
    """Groups of the same grains and terms; those with equal keys become one."""
    columns = zip(*(groups.keys for groups in several), strict=True)
    coded = _code([_key(one_array(pa.chunked_array(c).unify_dictionaries())) for c in columns])
    places = np.split(coded.codes, np.cumsum([len(groups) for groups in several])[:-1])
    present = np.flatnonzero(np.bincount(coded.codes, minlength=coded.size))
    return coded.groups(
        present,
        {
            name: merge(
                zip((groups.sums[name] for groups in several), places, strict=True), coded.size
            )
            for name in several[0].sums
        },
    )


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """The column as one contiguous array, without a copy if it is one."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


@dataclass(frozen=True)
class _Coded:
    """Each row's keys as one number below `size`; not all numbers need occur."""

    keys: Sequence[Key]
    codes: Ints
    size: int
    distinct: Ints | None
    """The codes as they were before those that occur were numbered anew."""

    def groups(self, present: Ints, sums: Mapping[str, Limbs]) -> Groups:
        """Sums by code, those of the codes that are present."""
        kept = {
            name: {k: limb[present] for k, limb in limbs.items()} for name, limbs in sums.items()
        }
        return Groups(self._keys_of(present), kept)

    def _keys_of(self, codes: Ints) -> tuple[pa.DictionaryArray, ...]:
        found: list[pa.DictionaryArray] = []
        rest = codes if self.distinct is None else self.distinct[codes]
        for key in reversed(self.keys):
            rest, place = np.divmod(rest, key.size)
            indices = pa.array(place, pa.int32(), mask=place == len(key.labels))
            found.append(pa.DictionaryArray.from_arrays(indices, key.labels))
        return tuple(reversed(found))


def _code(keys: Sequence[Key]) -> _Coded:
    codes, size = keys[0].codes, keys[0].size
    for key in keys[1:]:
        codes = codes * key.size + key.codes
        size *= key.size
    if size <= max(_FEW_CODES, _CODES_A_ROW * len(codes)):
        return _Coded(keys, codes, size, None)
    anew = pa.array(codes).dictionary_encode()
    distinct = anew.dictionary.to_numpy()
    return _Coded(keys, anew.indices.to_numpy().astype(np.int64), len(distinct), distinct)


def _key(rows: pa.DictionaryArray) -> Key:
    indices = rows.indices
    if indices.null_count:
        indices = pc.fill_null(indices.cast(pa.int64()), len(rows.dictionary))
    return Key(indices.to_numpy().astype(np.int64, copy=False), rows.dictionary)


def _relabel(key: Key, labels: pa.DictionaryArray) -> Key:
    """The key with its labels replaced by others, of which some are equal or null."""
    new = _key(labels)
    return Key(np.append(new.codes, len(new.labels))[key.codes], new.labels)


def _encode_months(days: pa.Array) -> Key:
    """Each day that occurs, or could, is looked up in the calendar once, not each row."""
    days = days.cast(pa.date32())
    span = pc.min_max(days.cast(pa.int32()))
    first, last = span["min"].as_py(), span["max"].as_py()
    if days.null_count or first is None or last - first >= _FEW_DAYS:
        key = _key(days.dictionary_encode())
    else:
        calendar = pa.array(np.arange(first, last + 1, dtype=np.int32)).cast(pa.date32())
        key = Key(days.cast(pa.int32()).to_numpy().astype(np.int64) - first, calendar)
    months = pc.add(pc.multiply(pc.year(key.labels), 12), pc.month(key.labels))
    return _relabel(key, months.dictionary_encode())
