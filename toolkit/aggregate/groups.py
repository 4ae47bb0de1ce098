"""Groups of rows with their exact sums, and groups merged with other groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.aggregate.exact import Ints, Limbs, Part, merge, tally
from toolkit.contract import Grain

Grains = tuple[Grain, ...]
Keys = tuple[pa.DictionaryArray, ...]
"""The value of each grain for each group."""

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

    keys: Keys
    sums: Mapping[str, Limbs]

    def __len__(self) -> int:
        return len(self.keys[0])


def encode(column: pa.ChunkedArray, grain: Grain) -> Key:
    """A grain's value for each row. Months are numbered from January of year 0, which is 1."""
    if grain.unit == "month":
        return _encode_months(one_array(column))
    if pa.types.is_floating(column.type):
        # NaN is no value, and -0 no other one than 0.
        column = pc.if_else(pc.is_nan(column), None, pc.add(column, 0.0))
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
    coded, places = _code_together([groups.keys for groups in several])
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


def count_values(groups: Groups, values: Groups) -> Ints:
    """How many of `values` lie in each of the groups.

    `values` has the groups' grains and one more; where that one is null there is no value.
    """
    coded, (places, of_values) = _code_together([groups.keys, values.keys[:-1]])
    filled = values.keys[-1].is_valid().to_numpy(zero_copy_only=False)
    return np.bincount(of_values[filled], minlength=coded.size)[places]


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """The column as one contiguous array, without a copy if it is one."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


@dataclass(frozen=True)
class _Coded:
    """Each row's keys as one number below `size`; not all numbers need occur."""

    codes: Ints
    size: int
    key: Key
    """The last of the keys."""
    before: _Coded | None = None
    """The keys before it, if there are any."""
    distinct: Ints | None = None
    """The codes as they were before those that occur were numbered anew."""

    def groups(self, present: Ints, sums: Mapping[str, Limbs]) -> Groups:
        """Sums by code, those of the codes that are present."""
        kept = {
            name: {k: limb[present] for k, limb in limbs.items()} for name, limbs in sums.items()
        }
        return Groups(self._keys_of(present), kept)

    def _keys_of(self, codes: Ints) -> Keys:
        rest = codes if self.distinct is None else self.distinct[codes]
        rest, place = np.divmod(rest, self.key.size)
        indices = pa.array(place, pa.int32(), mask=place == len(self.key.labels))
        found = pa.DictionaryArray.from_arrays(indices, self.key.labels)
        return (*(self.before._keys_of(rest) if self.before else ()), found)


def _code_together(several: Sequence[Keys]) -> tuple[_Coded, list[Ints]]:
    """The keys of groups that have the same grains, and the codes of each."""
    columns = zip(*several, strict=True)
    coded = _code([_key(one_array(pa.chunked_array(c).unify_dictionaries())) for c in columns])
    return coded, np.split(coded.codes, np.cumsum([len(keys[0]) for keys in several])[:-1])


def _code(keys: Sequence[Key]) -> _Coded:
    """One key joins after the other, so that codes fit 64 bits however many there are."""
    coded = _renumbered(_Coded(keys[0].codes, keys[0].size, keys[0]))
    for key in keys[1:]:
        codes, size = coded.codes * key.size + key.codes, coded.size * key.size
        coded = _renumbered(_Coded(codes, size, key, coded))
    return coded


def _renumbered(coded: _Coded) -> _Coded:
    """The same with codes for those that occur only, where many do not."""
    if coded.size <= max(_FEW_CODES, _CODES_A_ROW * len(coded.codes)):
        return coded
    anew = pa.array(coded.codes).dictionary_encode()
    distinct = anew.dictionary.to_numpy()
    codes = anew.indices.to_numpy().astype(np.int64)
    return replace(coded, codes=codes, size=len(distinct), distinct=distinct)


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
