"""The contract as a whole, and the Arrow schemas that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field

from toolkit.arrays import MOST_DIGITS
from toolkit.contract.aggregations import AnyAggregation
from toolkit.contract.columns import AnyColumn, Category, Text
from toolkit.contract.dated import Dated
from toolkit.contract.formula import decimal_places, formula_columns
from toolkit.contract.names import (
    RAW_LINE_COLUMN,
    REASON_COLUMN,
    SOURCE_FILE_COLUMN,
    SOURCE_ROW_COLUMN,
    STRUCTURAL_REASONS,
)
from toolkit.contract.part import Part
from toolkit.contract.rules import Check, Derived, Fill, Flag, Key
from toolkit.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa


_TABS = ("tab", "\\t")


def _delimiter(given: object) -> object:
    return "\t" if isinstance(given, str) and given.lower() in _TABS else given


Delimiter = Annotated[str, BeforeValidator(_delimiter), Field(min_length=1, max_length=1)]
"""Names of delimiters that cannot be typed directly."""


def delimiter_problem(delimiter: str) -> str | None:
    """Return why the character cannot separate cells, or None."""
    if delimiter in "\r\n\0" or not delimiter.isascii():
        return "must be one ASCII character, not a line break or NUL"
    return None


@dataclass(frozen=True, kw_only=True)
class CsvFormat(Part):
    """Format of the file."""

    delimiter: Delimiter = ","
    """The one ASCII character between cells; `tab` and `\\t` mean a tab."""
    quote: Annotated[str, Field(min_length=1, max_length=1)] = '"'
    """The one ASCII character around cells that contain delimiters or line breaks."""
    encoding: Annotated[str, Field(min_length=1)] = "utf-8"
    """Any of Python's text encodings."""
    skip_until: Literal["header"] | None = None
    """`header`: lines above the header are passed over. The header is the first record that has
    the contract's columns, among the first 100.
    """
    skip_below_header: Annotated[int, Field(ge=0, le=100)] = 0
    """Records below the header that are passed over, such as a line of units."""
    comment: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """Lines that begin with this character, where a record could begin, are passed over."""
    escape: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """The character that makes a quote, delimiter, line break or itself plain: `"\\"` for `\\"`.
    Before anything else it is a character like others.
    """
    blanks_around_quotes: bool = False
    """Whether blanks and tabs may come between quotes and the ends of their cell."""
    trailing_delimiter: bool = False
    """Whether every record ends with a delimiter that the header lacks."""
    sheet: Annotated[str, Field(min_length=1)] | None = None
    """The sheet of a workbook (.xlsx, .ods) to read; none where only one has cells."""
    max_field_bytes: Annotated[int, Field(ge=1024, lt=1 << 31)] = 1 << 20
    """Longest quoted field, in UTF-8 bytes. A longer one is treated as an unclosed quote and its
    first line is rejected.
    """
    max_columns: Annotated[int, Field(ge=1)] = 10_000
    """A header with more of them is refused."""
    max_unpacking: Annotated[int, Field(ge=1)] = 200
    """Largest ratio of unpacked to packed bytes; the first 64 MiB are exempt. A file beyond it is
    refused as soon as it is exceeded.
    """


@dataclass(frozen=True, kw_only=True)
class LookupLimits(Part):
    """Size limits of lookup files."""

    max_bytes: Annotated[int, Field(ge=1)] = 64 << 20
    """Largest size of a file. A larger one is refused before it is read."""
    max_entries: Annotated[int, Field(ge=1)] = 1_000_000
    """Names of a list, or entries of a map."""


@dataclass(frozen=True, kw_only=True)
class Contract(Part):
    """Everything that cleaning and aggregating one feed depends on.

    A figure such as revenue can be computed, trusted, or trusted and checked. Computed: it is in
    `derived`, and the file's own column, if there is one, is of kind `unused`. Trusted: it is a
    number column named revenue. Checked: besides, one of `checks` compares it with its formula,
    within a tolerance. And where it is missing, `repairs` can compute it.
    """

    name: str
    """Name of the feed in outputs and reports."""
    columns: Annotated[dict[str, AnyColumn], Field(min_length=1)]
    """The columns of the feed by their names in clean rows, in that order."""
    csv: CsvFormat = field(default_factory=CsvFormat)
    """Format of the file."""
    lookup_limits: LookupLimits = field(default_factory=LookupLimits)
    """Size limits of lookup files."""
    null_words: tuple[str, ...] = ()
    """Null words of every column that has none of its own."""
    personal_mask: Literal["hash", "partial"] = "hash"
    """Mask of personal columns that do not set their own."""
    repairs: tuple[Fill, ...] = ()
    """Fills for missing numbers, in order: later ones see the values of earlier ones."""
    checks: dict[str, Check] = field(default_factory=dict)
    """Numbers to compare with a formula, under names of your own."""
    derived: dict[str, Derived] = field(default_factory=dict)
    """Columns that are computed. They follow the columns of the feed in clean rows."""
    flags: dict[str, dict[str, Flag]] = field(default_factory=dict)
    """Columns of labels, and what marks a row with each; the first label that fits is taken."""
    key: Key | None = None
    """What identifies a row. Without it, no row is rejected as a repeated one."""
    on_new_column: Literal["note", "refuse"] = "note"
    """What becomes of a file with columns that the contract lacks: `note` writes them to rejected
    rows only and notes it, `refuse` ends the run before anything is read.
    """
    on_missing_column: Annotated[
        Literal["refuse", "null"], BeforeValidator(lambda given: given or "null")
    ] = "refuse"
    """What becomes of a file without a column that is used: with `null` all its cells are empty,
    which a note says. A file with under half of the columns is refused in any case.
    """
    reasons: tuple[str, ...] = ()
    """Every reason that is named elsewhere. The first of them that a row fails is the one it is
    rejected for, after `malformed_row`, `repeated_header` and `blank_row`. Derived columns without
    a reason have one of their own after them."""
    aggregations: dict[str, AnyAggregation] = field(default_factory=dict)
    """Aggregations of clean rows, by file name."""

    @property
    def sources(self) -> dict[str, str]:
        """Clean column name -> name in the file's header, in the contract's order."""
        return {name: self.source_names(name)[0] for name in self.columns}

    def source_names(self, name: str) -> tuple[str, ...]:
        """Return the names that a column may have in a header, the first that is there counts."""
        source = self.columns[name].source
        return source if isinstance(source, tuple) and source else (str(source or name),)

    @property
    def all_reasons(self) -> tuple[str, ...]:
        """Every reason in the order of precedence; a reason's place here is its id."""
        own = dict.fromkeys(self.derived_reasons.values())
        return (*STRUCTURAL_REASONS, *self.reasons, *(r for r in own if r not in self.reasons))

    @property
    def derived_reasons(self) -> dict[str, str]:
        """Return the reason of each derived column: its own, or the default."""
        return {name: one.reason or f"invalid_{name}" for name, one in self.derived.items()}

    @property
    def limits_of_days(self) -> bool:
        """Return whether any day is rejected for its distance from a run's `as_of`."""
        return any(isinstance(c, Dated) and c.limited for c in self.columns.values())

    def limits_of_reasons(self, as_of: date) -> dict[str, str]:
        """Return what each reason rejects beyond limits, and the keys of these limits.

        A number's reason also covers unreadable numbers; one shared by several columns has the
        limits of each.
        """
        found: dict[str, list[str]] = {}
        for name, column in self.columns.items():
            for reason, words in column.limits_of_reasons(f"dataset.columns.{name}", as_of):
                found.setdefault(reason, []).append(words)
        for name, reason in self.derived_reasons.items():
            beyond = self.derived[name].beyond(f"dataset.derived.{name}")
            found.setdefault(reason, []).append(beyond)
        worded = {reason: " or ".join(filter(None, parts)) for reason, parts in found.items()}
        return {reason: words for reason, words in worded.items() if words}

    @property
    def lookups(self) -> frozenset[str]:
        """The names of the lookup files that the columns refer to."""
        return frozenset(name for _, name in self.lookup_files())

    def lookup_files(self) -> Iterator[tuple[str, str]]:
        """Yield (column, lookup file) for every file that a column or a repair of it refers to."""
        for name, column in self.columns.items():
            yield from ((name, file) for file in column.lookup_files().values())
        for fill in self.repairs:
            if fill.map is not None:
                yield fill.column, fill.map

    def null_words_of(self, name: str) -> tuple[str, ...]:
        """Return the words that mean 'no value' in a column."""
        words = self.columns[name].null_words
        return self.null_words if words is None else words

    def filled_down(self) -> dict[str, str]:
        """Return the columns that are filled down, and the column by which each is."""
        columns = self.columns.items()
        return {name: one.fill_down.by for name, one in columns if one.fill_down is not None}

    def personal_columns(self) -> dict[str, str]:
        """Return the personal columns of the feed: clean name -> kind of mask."""
        return {
            name: column.personal.mask or self.personal_mask
            for name, column in self.columns.items()
            if column.personal is not None
        }

    def personal_clean_columns(self) -> dict[str, str]:
        """Return the personal columns of clean rows, with those computed from personal numbers."""
        of_feed = self.personal_columns()
        found = {n: how for n, how in of_feed.items() if self.columns[n].is_clean}
        for name, derived in self.derived.items() if found else ():
            behind = [of_feed[n] for n in formula_columns(derived.formula) if n in of_feed]
            if behind:
                found[name] = min(behind)
        return found

    def columns_behind(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the columns and, recursively, those from which their values are repaired."""
        behind = dict.fromkeys(names)
        todo = list(behind)
        while todo:
            found = [name for name in self._repaired_from(todo.pop()) if name not in behind]
            behind |= dict.fromkeys(found)
            todo += found
        return tuple(behind)

    def _repaired_from(self, name: str) -> Iterator[str]:
        column = self.columns[name]
        if isinstance(column, Category) and column.repair is not None:
            yield column.repair.by
        for fill in self.repairs:
            if fill.column == name:
                yield from fill.inputs

    def lookup_columns(self) -> dict[str, AnyColumn]:
        """Return the columns that refer to lookup files."""
        return {name: column for name, column in self.columns.items() if column.lookup_files()}

    def clean_schema(self) -> pa.Schema:
        """Return the schema of clean rows: the contract's columns, derived ones, flags."""
        import pyarrow as pa

        labels = pa.dictionary(pa.int32(), pa.string())
        types = ((name, column.arrow_type()) for name, column in self.columns.items())
        fields = [(name, kind) for name, kind in types if kind is not None]
        fields += [(name, self.derived_type(name)) for name in self.derived]
        fields += [(name, labels) for name in self.flags]
        return pa.schema(fields)

    def is_exact(self, names: Iterable[str]) -> bool:
        """Return whether a formula of these columns is computed exactly: of decimals, and of whole
        numbers besides."""
        columns = [self.columns[name] for name in names]
        return any(one.is_fixed for one in columns) and all(
            one.exact_places is not None for one in columns
        )

    def derived_places(self, name: str) -> int | None:
        """Return the decimal places of a derived column of decimals; None for one of floats.

        Raises ConfigError where only `decimals` could say how many they are.
        """
        derived = self.derived[name]
        if not any(column.is_fixed for column in self.columns.values()):
            return None
        names = formula_columns(derived.formula)
        if not self.is_exact(names):
            return None
        places = {one: self.columns[one].exact_places or 0 for one in names}
        found = decimal_places(derived.formula, places)
        if derived.decimals is not None:
            found = derived.decimals
        if found is None:
            raise ConfigError(
                f"decimals: missing; {derived.formula!r} divides decimals, so it needs the number "
                "of decimal places to round to"
            )
        if found > MOST_DIGITS:
            raise ConfigError(
                f"decimals: the result has {found} decimal places, more than the {MOST_DIGITS} "
                "that a column of decimals can have; set fewer"
            )
        return found

    def derived_type(self, name: str) -> pa.DataType:
        """Return the type of a derived column in clean rows."""
        import pyarrow as pa

        places = self.derived_places(name)
        return pa.float64() if places is None else pa.decimal128(MOST_DIGITS, places)

    def raw_schema(self, extra: tuple[str, ...] = ()) -> pa.Schema:
        """Return the schema of raw rows, all text, under the names of the header.

        `extra` are the header's columns that the contract does not know.
        """
        import pyarrow as pa

        return pa.schema([(name, pa.string()) for name in (*self.sources.values(), *extra)])

    def rejected_schema(self, extra: tuple[str, ...] = ()) -> pa.Schema:
        """Return the schema of rejected rows: raw columns, reason, origin of the row.

        `raw_line` has the whole line of a malformed row, whose raw columns are then null.
        """
        import pyarrow as pa

        return pa.schema(
            [
                *self.raw_schema(extra),
                (REASON_COLUMN, pa.dictionary(pa.int32(), pa.string())),
                (SOURCE_FILE_COLUMN, pa.dictionary(pa.int32(), pa.string())),
                (SOURCE_ROW_COLUMN, pa.int64()),
                (RAW_LINE_COLUMN, pa.string()),
            ]
        )


def text_contract(sources: Mapping[str, str], csv_format: CsvFormat) -> Contract:
    """Make a contract for a file that has none yet: all its columns are text, with no rules.

    `sources` has the name of each in the header, as in `Contract.sources`. Every record that has
    as many cells as there are names is clean, its cells stripped.
    """
    columns: dict[str, AnyColumn] = {
        name: Text(kind="text", source=source) for name, source in sources.items()
    }
    return Contract(name="text", columns=columns, csv=csv_format)
