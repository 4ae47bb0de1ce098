"""Mask the values of personal columns, with equal masks for equal values.

The contract marks those columns (`Column.personal`); all code that shows rows to people masks them
here, once for each distinct value. The mask of a mask is itself, so that rows may be masked twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast

import pyarrow as pa

from toolkit.contract import RAW_LINE_COLUMN, Contract
from toolkit.contract.references import DAYS, NUMERIC, clean_kinds

HIDDEN = "(hidden)"
"""Shown for a value where there is no key to mask it with."""

How = Literal["hash", "partial", "line"]

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_ADDRESSES = re.compile(r"[^@\s,;:<>()\[\]\"'|]+@[^@\s,;:<>()\[\]\"'|]+")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_LENGTHS = (4, 8, 16, 32, 64)
_A_MASK = re.compile(
    r"[0-9a-f]{16}@masked\.invalid"
    r"|masked:[0-9a-f]{16}"
    r"|\w?\*\*\*(?:~\d+\+?)?"
    r"|\w?\*\*\*@\w?\*\*\*(?:\.[^\W\d_]+)?"
    r"|\d{4}-\*\*-\*\*"
    r"|\(hidden\)|\([\d,]+ characters, hidden: .*\)"
)


@dataclass(frozen=True)
class Mask:
    """The mask of one column; `kind` is the column's in the contract. `plain` words, such as those
    that mean 'no value', identify nobody and are shown.
    """

    how: How
    kind: str = "text"
    plain: tuple[str, ...] = ()

    def of(self, value: object, key: bytes | None) -> str | None:
        """Mask a value; null, blanks and plain words stay."""
        if value is None or value != value:
            return None
        text = str(value)
        stripped = text.strip()
        if not stripped or stripped in self.plain or _A_MASK.fullmatch(stripped):
            return text
        match self.how:
            case "line":
                return hidden_line(text)
            case "hash":
                return _hash(stripped, self.kind, key)
        return _partial(stripped, self.kind)


@dataclass(frozen=True)
class Masks:
    """The masks of a table's columns, by their names in it. The key is never shown."""

    by_column: Mapping[str, Mask] = field(default_factory=dict)
    key: bytes | None = field(default=None, repr=False)

    @classmethod
    def of_clean(cls, contract: Contract, key: bytes | None) -> Masks:
        """Return the masks of clean rows."""
        kinds = clean_kinds(contract)
        return cls(
            {
                name: Mask(cast(How, how), kinds[name])
                for name, how in contract.personal_clean_columns().items()
            },
            key,
        )

    @classmethod
    def of_file(cls, contract: Contract, key: bytes | None) -> Masks:
        """Return the masks of raw and rejected rows, by the names of the header.

        A raw line may contain any of the values, and is hidden.
        """
        personal = contract.personal_columns()
        found = {
            contract.sources[name]: Mask(
                cast(How, how), contract.columns[name].kind, contract.null_words_of(name)
            )
            for name, how in personal.items()
        }
        return cls(found | ({RAW_LINE_COLUMN: Mask("line")} if found else {}), key)

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Mapping[str, Any]], key: bytes | None) -> Masks:
        """Return the masks in a dataset's manifest, as `as_manifest` wrote them."""
        masks = {name: {**mask, "plain": tuple(mask["plain"])} for name, mask in manifest.items()}
        return cls({name: Mask(**mask) for name, mask in masks.items()}, key)

    def as_manifest(self) -> dict[str, dict[str, Any]]:
        return {name: asdict(mask) for name, mask in self.by_column.items()}

    def __contains__(self, column: str) -> bool:
        return column in self.by_column

    def __bool__(self) -> bool:
        return bool(self.by_column)

    def value(self, column: str, value: Any) -> Any:
        """Mask a value of the column, if that is personal."""
        mask = self.by_column.get(column)
        return value if mask is None else mask.of(value, self.key)

    def values(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Mask a row, given by column."""
        return {name: self.value(name, value) for name, value in record.items()}

    def array(self, column: str, array: pa.Array) -> pa.Array:
        """Mask the values of a column, which become text; a dictionary stays one."""
        mask = self.by_column[column]
        distinct = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
        shown = pa.array(
            [mask.of(value, self.key) for value in distinct.dictionary.to_pylist()], pa.string()
        )
        if array is distinct:
            again = shown.dictionary_encode()
            return pa.DictionaryArray.from_arrays(
                again.indices.take(distinct.indices), again.dictionary
            )
        return shown.take(distinct.indices)

    def table(self, table: pa.Table) -> pa.Table:
        """Mask the personal columns of a table; returns the same table if it has none."""
        for place, name in enumerate(table.column_names):
            if name in self:
                table = table.set_column(place, name, self.column(name, table.column(name)))
        return table

    def column(self, name: str, column: pa.ChunkedArray) -> pa.Array:
        """Mask a column of a table, as `array` does."""
        return self.array(name, _one_array(column))


def is_mask(text: str) -> bool:
    """Return whether a text has the form of a mask."""
    return _A_MASK.fullmatch(text.strip()) is not None


def hidden_line(text: str) -> str:
    """Return the mask of a line that cannot be split into columns."""
    return f"({len(text):,} characters, hidden: the contract has personal columns)"


def hide_addresses(text: str) -> str:
    """Replace the e-mail addresses in a text by partial masks."""
    return _ADDRESSES.sub(lambda found: _partial(found[0], "email"), text)


def has_address(text: str) -> bool:
    return _ADDRESSES.search(text) is not None


def hide_quoted(text: str) -> str:
    """Hide the values that a message quotes as Python does."""
    hidden = _QUOTED.sub(HIDDEN, text)
    # A quotation mark that is left over may be anywhere.
    return HIDDEN if {"'", '"'} & {*hidden} else hidden


def _hash(text: str, kind: str, key: bytes | None) -> str:
    if key is None:
        return HIDDEN
    # Addresses are compared without case, and a mask of one is one, so that it passes for one.
    is_address = kind == "email" and _ADDRESS.fullmatch(text) is not None
    same = text.lower() if kind == "email" else text
    digest = hashlib.blake2b(same.encode("utf-8", "surrogatepass"), key=key, digest_size=8)
    return f"{digest.hexdigest()}@masked.invalid" if is_address else f"masked:{digest.hexdigest()}"


def _partial(text: str, kind: str) -> str:
    if kind in DAYS:
        year = _YEAR.search(text)
        return f"{year[0]}-**-**" if year else _length(text)
    if kind in NUMERIC:
        return _length(text)
    if _ADDRESS.fullmatch(text):
        name, _, host = text.partition("@")
        first, dot, last = host.rpartition(".")
        end = f".{last.lower()}" if dot and last.isalpha() else ""
        return f"{_initial(name)}***@{_initial(first or host)}***{end}"
    return f"{_initial(text) if len(text) > 2 else ''}{_length(text)}"


def _initial(text: str) -> str:
    """Return the first letter, unless it is the whole text."""
    return text[0] if len(text) > 1 and text[0].isalpha() else ""


def _length(text: str) -> str:
    """Describe the length of a text, roughly."""
    longest = next((length for length in _LENGTHS if len(text) <= length), None)
    return f"***~{longest}" if longest else f"***~{_LENGTHS[-1]}+"


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        return whole.chunk(0) if whole.num_chunks else pa.array([], column.type)
    return whole
