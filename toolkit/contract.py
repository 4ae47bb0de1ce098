"""A dataset's contract: what conf/dataset/<name>.yaml says, as frozen dataclasses.

toolkit.config builds them from YAML and reports every problem at once; everything else only
reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from toolkit.formula import formula_columns

if TYPE_CHECKING:
    import pyarrow as pa

MALFORMED = "malformed_row"
REPEATED_HEADER = "repeated_header"
BLANK_ROW = "blank_row"
STRUCTURAL_REASONS = (MALFORMED, REPEATED_HEADER, BLANK_ROW)

REASON_COLUMN = "rejection_reason"
SOURCE_FILE_COLUMN = "source_file"
SOURCE_ROW_COLUMN = "source_row"
RAW_LINE_COLUMN = "raw_line"
ROW_FACTS = (REASON_COLUMN, SOURCE_FILE_COLUMN, SOURCE_ROW_COLUMN, RAW_LINE_COLUMN)
"""The columns that a rejected row gains."""

RANK_COLUMN, METRIC_COLUMN, EXTREME_COLUMN = "rank", "metric_type", "anomaly_reason"
"""The columns that rankings and extremes gain."""

SUGGESTED = ".suggested.json"
"""What follows the name of a lookup in that of the file which says what a machine put into it."""

_STRICT: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the feed. `source` is its name in the header; by default its clean name.

    A header that writes it otherwise will do where only one of its columns can be meant: case,
    and whether words are parted by blanks, `_` or `-`, are looked past then.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    source: str | None = None
    null_words: tuple[str, ...] | None = None
    """Values that mean 'no value', compared after stripping; they read as empty.

    Left out, they are the contract's; an empty list means that every value is one.
    """
    prefix: tuple[str, ...] = ()
    """Texts that are taken from the start of a stripped value, such as '$', while one fits."""
    suffix: tuple[str, ...] = ()
    """The same for its end: '.0' makes the customer number 17850 of 17850.0."""


@dataclass(frozen=True, kw_only=True)
class Text(Column):
    """Free text, stripped of white space. `required`: a row without it is rejected.

    The lookup `map` names the other spellings of some values; a value that it does not know
    stands for itself. Patterns are regular expressions (RE2) that are searched for in the clean
    value: ^ and $ tie them to its ends. They say nothing of an empty value.
    """

    kind: Literal["text"]
    required: bool = False
    case: Literal["upper", "lower"] | None = None
    """The case of every value, for codes that come in two; prefixes are compared in it."""
    map: str | None = None
    pattern: str | None = None
    """What does not match is rejected with `reason`."""
    reject: dict[str, str] = field(default_factory=dict)
    """reason -> pattern; what matches is rejected with that reason."""
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Numeric(Column):
    """How a number is written: an optional sign, ASCII digits, an optional exponent.

    With `thousands`, digits before the decimal sign may come in groups, each but the first of
    exactly three; a number without groups is one as well. `300,0,00.40` is none.
    """

    optional: bool = False
    """An empty cell is no value: null in clean rows, not rejected. What is unreadable still is."""
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'"] | None = None
    """' ' is any of a blank, a no-break and a narrow no-break space; "'" also its curly form."""
    words: dict[str, float] = field(default_factory=dict)
    """Numbers that are written as words: {two: 2, many: 10}; compared without case."""


@dataclass(frozen=True, kw_only=True)
class Number(Numeric):
    """A decimal number (float64). What fails `above`, `min`, `max`, `below` is rejected.

    `default` stands for what is no number, instead of a rejection; `clip` repairs the rest.
    """

    kind: Literal["number"]
    above: float | None = None
    min: float | None = None
    max: float | None = None
    below: float | None = None
    default: float | None = None
    clip: tuple[float, float] | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Integer(Numeric):
    """A whole number (int64): rounded, ties to even; then raised to `floor`; then limited."""

    kind: Literal["integer"]
    floor: int | None = None
    above: float | None = None
    min: float | None = None
    max: float | None = None
    below: float | None = None
    default: int | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Dated(Column):
    """What a date and a timestamp share: how they are written, and which days are kept.

    `formats` are tried in turn; the first that fits a cell reads it. Directives are those of
    Python's strptime: one of %Y %y for the year, one of %m %b %B for the month (%b and %B in
    English, in any case), %d for the day, and any of %H, %I with %p, %M, %S, %f for the time. The
    rest of a format stands for itself. Numbers may lack their leading zeros, unless they touch.

    Whether the day or the month comes first is decided for the whole column, never by cell: two
    formats that differ only in that are refused, and so is a feed with cells that only the other
    order can read.

    A day more than `years_before` or `years_after` years from the run's as_of is rejected with
    `range_reason`.
    """

    optional: bool = False
    """An empty cell is no value: null in clean rows, not rejected. What is unreadable still is."""
    formats: Annotated[tuple[str, ...], Field(min_length=1)]
    two_digit_years_from: Annotated[int, Field(ge=1, le=9900)] = 1969
    """%y is a year of the hundred years from this one on: 1969 to 2068."""
    max_contradictions: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Of the cells whose day is above 12, the share that may contradict a format's order. A feed
    with more is refused whole; up to it such cells are rejected row by row, and a note says so."""
    reason: str | None = None
    years_before: Annotated[int, Field(ge=0)] | None = None
    years_after: Annotated[int, Field(ge=0)] | None = None
    range_reason: str | None = None

    def limits(self, as_of: date) -> tuple[date | None, date | None]:
        """The first and the last day that is kept, counted from `as_of`; None without a limit."""
        before, after = self.years_before, self.years_after
        return (
            None if before is None else _years_from(as_of, -before),
            None if after is None else _years_from(as_of, after),
        )


@dataclass(frozen=True, kw_only=True)
class Date(Dated):
    """A calendar day (date32). A time in the cell must be a real one and is left out."""

    kind: Literal["date"]


@dataclass(frozen=True, kw_only=True)
class Timestamp(Dated):
    """A day and its time (timestamp[us] without a zone); midnight where a format has no time."""

    kind: Literal["timestamp"]


def _years_from(day: date, years: int) -> date:
    """The same day of the year, 28 February for a 29th that the year lacks."""
    year = day.year + years
    if not date.min.year <= year <= date.max.year:
        return date.min if years < 0 else date.max
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


@dataclass(frozen=True, kw_only=True)
class Repair:
    """Where the lookup `map` knows the value of the text column `by`, its name takes the place.

    The lookup holds the values of `by` of whose rows at least `min_share`, and at least
    `min_rows` rows, go with one name.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    by: str
    map: str
    min_share: Annotated[float, Field(gt=0.5, le=1)] = 0.7
    min_rows: Annotated[int, Field(ge=1)] = 20


@dataclass(frozen=True, kw_only=True)
class Category(Column):
    """The nearest of the lookup list `values`, at most `max_edits` (Levenshtein) away.

    A known name may then be repaired by what another column says; an unknown one stays unknown.
    """

    kind: Literal["category"]
    optional: bool = False
    """An empty cell is no value: null in clean rows, not rejected. What is unreadable still is."""
    values: str
    max_edits: Annotated[int, Field(ge=0)] = 0
    repair: Repair | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Mapped(Column):
    """What the lookup `map` says the value stands for, one of the lookup list `values`."""

    kind: Literal["mapped"]
    optional: bool = False
    """An empty cell is no value: null in clean rows, not rejected. What is unreadable still is."""
    map: str
    values: str
    unknown: str = "UNKNOWN"
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Email(Column):
    """An e-mail address in lower case; what is none becomes null, or is rejected with `reason`."""

    kind: Literal["email"]
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Unused(Column):
    """Must be in the file, is kept in rejected rows as it stood, and is not read otherwise."""

    kind: Literal["unused"]


AnyColumn = Annotated[
    Text | Number | Integer | Date | Timestamp | Category | Mapped | Email | Unused,
    Field(discriminator="kind"),
]


@dataclass(frozen=True, kw_only=True)
class Fill:
    """Gives a number or integer column a value where it has none: empty, or not to be read.

    Either a `formula` of other number and integer columns, where all of these are known by then;
    or what the lookup `map` (a JSON object, value -> number) says of the text, category or mapped
    column `by`. What it gives is then treated as if it had stood in the file: it is clipped or
    raised to the floor, and must keep the limits. An integer takes whole numbers only (but for
    the rounding of floats, 8 units in the last place). A result that is no finite number fills
    nothing. The column's `default` comes after all fills.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    column: str
    formula: str | None = None
    decimals: Annotated[int, Field(ge=0)] | None = None
    """What the formula gives is rounded to."""
    by: str | None = None
    map: str | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that must be known."""
        if self.formula is not None:
            return tuple(formula_columns(self.formula))
        return () if self.by is None else (self.by,)


@dataclass(frozen=True, kw_only=True)
class Check:
    """Holds a stored number against a formula of other columns, where both are known.

    A row is rejected unless |column - formula| <= `tolerance`; four units in the last place of
    the larger of the two are forgiven besides, so that 10.005 is within 0.005 of 10. Fills come
    before checks.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    column: str
    formula: str
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    reason: str


@dataclass(frozen=True, kw_only=True)
class Derived:
    """A float64 column computed from number and integer columns, rounded to `decimals`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    formula: str
    decimals: Annotated[int, Field(ge=0)] | None = None
    above: float | None = None
    min: float | None = None
    max: float | None = None
    below: float | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Flag:
    """Marks rows whose number column lies above a limit."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    column: str
    above: float


@dataclass(frozen=True, kw_only=True)
class Key:
    """What identifies a row: the first valid row in file order keeps the key, over all files.

    `columns` are clean columns of any kind, compared as clean values; an empty value equals an
    empty one. `exact_rows` in their place: the records are equal field by field as they stand in
    the file, white space and case included. Records that differ in what cleaning removes are kept
    as two equal clean rows.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    columns: tuple[str, ...] = ()
    exact_rows: bool = False
    reason: str


@dataclass(frozen=True, kw_only=True)
class CsvFormat:
    """How the file is written: one-character delimiter and quote, and any of Python's encodings."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quote: Annotated[str, Field(min_length=1, max_length=1)] = '"'
    encoding: Annotated[str, Field(min_length=1)] = "utf-8"
    max_field_bytes: Annotated[int, Field(ge=1024)] = 1 << 20
    """Of a quoted field, in UTF-8."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Exactly one of: the sum or the mean of a number column, or a count of rows."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    sum: str | None = None
    mean: str | None = None
    count: Literal["rows"] | None = None


@dataclass(frozen=True, kw_only=True)
class Grain:
    """A column that makes groups; `unit: month` cuts a date or timestamp to its `YYYY-MM`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    column: str
    unit: Literal["month"] | None = None


@dataclass(frozen=True, kw_only=True)
class Aggregation:
    """A small table of clean rows, one parquet file."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    optional: bool = False
    """What needs a column that the contract lacks is left out, and the run says so."""


@dataclass(frozen=True, kw_only=True)
class Summary(Aggregation):
    """One row for each combination of the grains in `by` that occurs.

    Ordered by the grains, the first before the next; or by a measure, largest first, ties by the
    grains.
    """

    kind: Literal["summary"]
    by: Annotated[dict[str, Grain], Field(min_length=1)]
    measures: Annotated[dict[str, Measure], Field(min_length=1)]
    largest_first: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ranking(Aggregation):
    """The first `limit` items within each group by each metric, ties by the item's name."""

    kind: Literal["ranking"]
    within: str
    item: str
    metrics: Annotated[dict[str, str], Field(min_length=1)]
    """metric_type -> the measure that ranks."""
    measures: Annotated[dict[str, Measure], Field(min_length=1)]
    limit: Annotated[int, Field(ge=1)] = 5


@dataclass(frozen=True, kw_only=True)
class Extremes(Aggregation):
    """The `limit` rows with the highest value of a column, for each reason, ties by `tie_break`."""

    kind: Literal["extremes"]
    highest: Annotated[dict[str, str], Field(min_length=1)]
    """anomaly_reason -> the number column that ranks."""
    tie_break: str
    limit: Annotated[int, Field(ge=1)] = 5


AnyAggregation = Annotated[Summary | Ranking | Extremes, Field(discriminator="kind")]


@dataclass(frozen=True, kw_only=True)
class Contract:
    """Everything that cleaning and aggregating one feed needs to know about it.

    A figure such as revenue can be computed, believed, or believed and checked. Computed: it
    stands in `derived`, and the file's own column, if there is one, is of kind `unused`. Believed:
    it is a number column named revenue. Checked: besides, one of `checks` holds it against its
    formula with a tolerance. And where it is missing, `repairs` can compute it.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    name: str
    columns: Annotated[dict[str, AnyColumn], Field(min_length=1)]
    csv: CsvFormat = field(default_factory=CsvFormat)
    null_words: tuple[str, ...] = ()
    """The null words of every column that names none of its own."""
    repairs: tuple[Fill, ...] = ()
    """One after the other: what one has filled is known to the next."""
    checks: dict[str, Check] = field(default_factory=dict)
    derived: dict[str, Derived] = field(default_factory=dict)
    flags: dict[str, dict[str, Flag]] = field(default_factory=dict)
    key: Key | None = None
    reasons: tuple[str, ...] = ()
    aggregations: dict[str, AnyAggregation] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, str]:
        """Clean column name -> name in the file's header, in the contract's order."""
        return {name: column.source or name for name, column in self.columns.items()}

    @property
    def all_reasons(self) -> tuple[str, ...]:
        """Every reason in the order of precedence; a reason's place here is its id."""
        return (*STRUCTURAL_REASONS, *self.reasons)

    @property
    def lookups(self) -> frozenset[str]:
        """The names of the lookup files that the columns refer to."""
        return frozenset(name for _, name in self.lookup_files())

    def lookup_files(self) -> Iterator[tuple[str, str]]:
        """(column, lookup file) for every file that a column or a repair of it refers to."""
        for name, column in self.lookup_columns().items():
            if isinstance(column, Category | Mapped):
                yield name, column.values
            if isinstance(column, Text | Mapped) and column.map is not None:
                yield name, column.map
            if isinstance(column, Category) and column.repair is not None:
                yield name, column.repair.map
        for fill in self.repairs:
            if fill.map is not None:
                yield fill.column, fill.map

    def null_words_of(self, name: str) -> tuple[str, ...]:
        """The words that mean 'no value' in a column."""
        words = self.columns[name].null_words
        return self.null_words if words is None else words

    def columns_behind(self, names: Iterable[str]) -> tuple[str, ...]:
        """The columns and those from which their values are repaired, and so on."""
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

    def lookup_columns(self) -> dict[str, Text | Category | Mapped]:
        """The columns that refer to lookup files."""
        return {
            name: column
            for name, column in self.columns.items()
            if isinstance(column, Category | Mapped)
            or (isinstance(column, Text) and column.map is not None)
        }

    def clean_schema(self) -> pa.Schema:
        """Columns of a clean row: the contract's, then the derived ones, then the flags."""
        import pyarrow as pa

        labels = pa.dictionary(pa.int32(), pa.string())
        types = {
            "text": pa.string(),
            "number": pa.float64(),
            "integer": pa.int64(),
            "date": pa.date32(),
            "timestamp": pa.timestamp("us"),
            "category": labels,
            "mapped": labels,
            "email": pa.string(),
        }
        fields = [(n, types[c.kind]) for n, c in self.columns.items() if c.kind != "unused"]
        fields += [(name, pa.float64()) for name in self.derived]
        fields += [(name, labels) for name in self.flags]
        return pa.schema(fields)

    def raw_schema(self, extra: tuple[str, ...] = ()) -> pa.Schema:
        """Columns of a row as it stood in the file, all text, under the names of the header.

        `extra` are the header's columns that the contract does not know.
        """
        import pyarrow as pa

        return pa.schema([(name, pa.string()) for name in (*self.sources.values(), *extra)])

    def rejected_schema(self, extra: tuple[str, ...] = ()) -> pa.Schema:
        """The raw columns, why the row was rejected, and where it came from.

        `raw_line` holds the whole line of a malformed row, whose raw columns are then null.
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


def text_contract(names: Sequence[str], csv_format: CsvFormat) -> Contract:
    """A contract for a file that has none yet: `names` are its columns, all text, with no rules.

    Every record that has as many cells as there are names is clean, its cells stripped.
    """
    columns: dict[str, AnyColumn] = {name: Text(kind="text", source=name) for name in names}
    return Contract(name="text", columns=columns, csv=csv_format)
