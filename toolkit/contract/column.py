"""The interface of every kind of column, with defaults.

A kind is a class that answers for itself; nothing else in the toolkit lists the kinds but
`AnyColumn`, and toolkit.clean.kinds, which has the parser of each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from toolkit.contract.part import Part

if TYPE_CHECKING:
    import pyarrow as pa

Group = Literal["number", "label", "day", "none"]
LookupPart = Literal["names", "map", "spellings", "repairs"]


@dataclass(frozen=True, kw_only=True)
class Personal(Part):
    """Marks a column whose values identify a person: they are masked wherever rows are shown.

    That is in reports, failing rows, Data Docs, aggregations, the dashboard, the terminal and
    messages; lines that could not be split into columns are hidden whole. Clean and rejected rows
    hold the values as they are, unless `outputs.mask_personal` says otherwise. What is computed
    from a personal number by `derived` is personal as well.
    """

    mask: Literal["hash", "partial"] | None = None
    """`hash`: the same value has the same mask, and only the workspace's key makes it; so values
    can be compared and counted. `partial`: a first letter and a length, or the year of a day. Left
    out, it is the contract's `personal_mask`."""


@dataclass(frozen=True, kw_only=True)
class FillDown(Part):
    """Fills empty cells of the lines that continue an order, for exports that write what belongs to
    an order as a whole on its first line only.

    An empty cell, or one with a null word, takes the last cell above it that has a value, as far up
    as `by` does not change. Lines without a value of `by`, repeated headers and malformed lines are
    passed over. It does not matter how the input is cut into files and partitions. A filled cell
    reads as if it were in the file; rejected rows have the cells of the file. The input is
    parsed twice.
    """

    by: str
    """The column whose value is the same in all lines of an order. They must follow one another."""


def _marked(value: object) -> object:
    """Expand `true`, the short form of a mark without keys, and `false`, that of none."""
    return value if not isinstance(value, bool) else Personal() if value else None


@dataclass(frozen=True, kw_only=True)
class Column(Part, ABC):
    """One column of the feed, under its name in clean rows."""

    source: str | tuple[str, ...] | None = None
    """Its name in the header, if that differs from its clean name. Case, and whether words are
    separated by blanks, `_` or `-`, are ignored where only one column of the header can be meant.
    Of several names, `[amount, total]`, the first that a file has is read.
    """
    null_words: tuple[str, ...] | None = None
    """Values that mean 'no value', compared after stripping; they read as empty. Defaults to the
    contract's; an empty list means that every value is one.
    """
    prefix: tuple[str, ...] = ()
    """Prefixes to remove from a stripped value, repeatedly while one fits."""
    suffix: tuple[str, ...] = ()
    """The same for its end: `.0` makes the customer number 17850 of 17850.0."""
    personal: Annotated[Personal | None, BeforeValidator(_marked)] = None
    """`true`, or the kind of mask: its values identify a person."""

    fill_down: FillDown | None = None
    """Fills empty cells from the lines above that belong to the same order."""

    group: ClassVar[Group]
    """How aggregations take it: a number is summed; rows are grouped by a label or a day."""
    is_clean: ClassVar[bool] = True
    """Whether clean rows have it."""
    keys_lookups: ClassVar[bool] = False
    """Whether a repair may look a number up by its values."""
    is_fixed: ClassVar[bool] = False
    """Whether it has decimals of a fixed scale, so that formulas of it are computed exactly."""

    @property
    def exact_places(self) -> int | None:
        """Return how many decimal places its numbers have, if these are exact."""
        return None

    @abstractmethod
    def arrow_type(self) -> pa.DataType | None:
        """Return the type of its values in clean rows; None where these lack it."""

    @abstractmethod
    def rejects(self) -> str:
        """Describe the cells that it rejects with `reason`, which is then required; '' for none."""

    @abstractmethod
    def reasons(self) -> Iterator[tuple[str, str]]:
        """Yield (key, reason) for every reason that the column names."""

    def problems(self, where: str) -> Iterator[str]:
        """Yield its contradictions and keys without effect, each line after `where`."""
        if (why := self.rejects()) and "reason" not in dict(self.reasons()):
            yield f"{where}.reason: missing; the column rejects {why}"
        yield from word_problems(f"{where}.null_words", self.null_words or ())
        for key, affixes, stripped in (
            ("prefix", self.prefix, str.lstrip),
            ("suffix", self.suffix, str.rstrip),
        ):
            for affix in affixes:
                if not affix:
                    yield f"{where}.{key}: has an empty text, which fits everywhere; remove it"
                elif affix != stripped(affix):
                    yield f"{where}.{key}: {affix!r} has an outer blank, so that it never fits"

    def lookup_files(self) -> Mapping[LookupPart, str]:
        """Return the lookup files that it refers to, by their part."""
        return {}

    def limits_of_reasons(self, place: str, as_of: date) -> Iterator[tuple[str, str]]:
        """Yield (reason, its limits and their keys under `place`)."""
        yield from ()

    def parameters(self, as_of: date) -> Mapping[str, str]:
        """Return its parameters for suites as JSON values, by the suffixes of their names."""
        return {}


def word_problems(where: str, words: tuple[str, ...]) -> Iterator[str]:
    """Yield words that no stripped value can equal."""
    for word in words:
        if word != word.strip():
            yield f"{where}: {word!r} has outer blanks, so that no value is it"


@dataclass(frozen=True, kw_only=True)
class Parsed(Column):
    """A cell that is empty or can't be read has its row rejected, unless something repairs it."""

    optional: bool = False
    """An empty cell is null in clean rows, not rejected. An unreadable one still is."""
    reason: str | None = None
    """Reason for rejecting a row whose value cannot be used."""

    def reasons(self) -> Iterator[tuple[str, str]]:
        if self.reason is not None:
            yield "reason", self.reason
