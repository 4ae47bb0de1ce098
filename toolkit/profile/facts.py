"""The facts of a profile, as plain records for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from toolkit.profile.doubts import Doubt
from toolkit.profile.first_lines import FirstLines
from toolkit.profile.keys import Group
from toolkit.profile.readings import Reading
from toolkit.units import cut


@dataclass(frozen=True)
class Example:
    """A value or record, and its first occurrence: `row` 1 is the first record of its file."""

    value: str
    file: str
    row: int

    def __str__(self) -> str:
        return f"{cut(self.value, 40)!r} (row {self.row:,})"


@dataclass(frozen=True)
class Frequent:
    """A value, or the shape of values, and how many rows have it."""

    value: str
    rows: int


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram: rows from `low` up to `high`."""

    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class Spread:
    """Distribution of numbers; of days and times in microseconds since 1970.

    `low` and `high` are exact. The others are too, unless they are `estimated` from a fair sample
    of the distinct values. Outliers are those beyond Tukey's fences, one and a half times the
    distance between the quartiles away from these.
    """

    low: float
    high: float
    mean: float
    quartiles: tuple[float, float, float]
    fences: tuple[float, float]
    n_below_zero: int
    n_zero: int
    n_outliers: int
    outliers: tuple[float, ...]
    """The furthest, at most three on each side."""
    bars: tuple[Bar, ...]
    estimated: bool


@dataclass(frozen=True)
class DayOrder:
    """The evidence for the order of day and month in a format: cells by which order reads them."""

    date_format: str
    decided: int
    either: int
    contradict: int
    contradiction: Example | None


@dataclass(frozen=True)
class ColumnFacts:
    """One column. Rows are counted over all records, not blank rows and repeated headers.

    `kind` is empty, integer, number, date, timestamp, email, boolean, category or text.
    n_rows = n_empty + rows of null words + n_said, but for labels of totals.
    """

    name: str
    source: str
    kind: str
    n_rows: int
    n_empty: int
    n_said: int
    null_words: dict[str, int]
    kept_words: tuple[str, ...]
    """Words that mean null elsewhere and are values here."""
    n_unread: int
    unread: tuple[Example, ...]
    n_distinct: int
    distinct_is_exact: bool
    top: tuple[Frequent, ...]
    shapes: tuple[Frequent, ...]
    shortest: int
    longest: int
    mean_length: float
    n_blank_ends: int
    n_inner_blanks: int
    n_odd_characters: int
    case_variants: tuple[tuple[str, ...], ...]
    spread: Spread | None
    day_orders: tuple[DayOrder, ...]
    doubts: tuple[Doubt, ...]
    n_leading_zeros: int = 0
    n_long_digits: int = 0
    n_shortened: int = 0
    n_point_zero: int = 0
    n_cut: int = 0
    n_phones: int = 0
    n_apostrophes: int = 0
    undecided: bool = False
    """Whether these are days whose order nothing in the column decides, and so are text."""
    far_days: tuple[Example, ...] = ()
    """Of a date: the first few days far from the others..."""
    n_far_days: int = 0
    """... and the rows of all of them."""
    near_days: tuple[float, float] | None = None
    """The first and the last of the others, in microseconds since 1970."""
    reading: Reading = field(default_factory=Reading)
    names: tuple[Frequent, ...] = ()
    """Of a category or boolean: every spelling that is a value of its own."""
    spellings: tuple[tuple[str, str, int], ...] = ()
    """Of a category: rare values, the name that each is near to or '', and its rows."""
    personal: str = ""
    """Why its values are masked, if they are."""
    n_in_totals: int = 0
    """Rows that are totals of others and say nothing here, or only that they are."""

    @property
    def n_missing(self) -> int:
        """Records without a value: empty or a null word."""
        return self.n_rows - self.n_said - self.n_in_totals

    @property
    def missing(self) -> float:
        return self.n_missing / self.n_rows if self.n_rows else 0.0


@dataclass(frozen=True)
class TotalRow:
    """A row that is a total, not a record.

    `label` occurs in `column`, in totals only; both are '' without such a label.
    """

    example: Example
    column: str
    label: str
    empty: frozenset[str]
    """Columns without a value."""
    texts: Mapping[str, str]
    """Where it has no label: its texts that no other row has."""

    is_plain: bool
    """Whether the label is only a word for a total."""

    def __str__(self) -> str:
        return str(self.example) if self.label else f"row {self.example.row:,}"


@dataclass(frozen=True)
class SharedFigure:
    """A figure of a whole order that each of the order's rows repeats."""

    order: str
    column: str
    n_repeated: int
    """Rows that repeat the figure of an earlier row of their order."""


@dataclass(frozen=True)
class KeyFacts:
    """Columns that may identify a record; no columns mean the whole record."""

    columns: Group
    n_rows: int
    n_repeated: int

    @property
    def share_repeated(self) -> float:
        return self.n_repeated / self.n_rows if self.n_rows else 0.0


@dataclass(frozen=True)
class FormulaFacts:
    """A column that follows from others, in how many of the rows that have all figures."""

    column: str
    formula: str
    n_known: int
    n_holding: int
    gap: float = 0.0
    """What the column has more than the formula, in all rows together."""
    differing: tuple[Example, ...] = ()
    """The first rows in which the formula does not hold."""


@dataclass(frozen=True)
class FileFacts:
    """The format of the files, and their malformed records."""

    files: tuple[str, ...]
    n_bytes: int
    encoding: str
    encoding_evidence: str
    delimiter: str
    quote: str
    dialect_evidence: str
    line_ends: dict[str, int]
    n_records: int
    n_blank: int
    n_repeated_headers: int
    malformed: dict[str, int]
    malformed_examples: tuple[Example, ...]
    doubts: tuple[Doubt, ...]
    csv_keys: dict[str, Any] = field(default_factory=dict)
    """Other keys of a contract's csv part that the files need."""

    @property
    def n_rows(self) -> int:
        """Records that are profiled."""
        left_out = self.n_blank + self.n_repeated_headers + sum(self.malformed.values())
        return self.n_records - left_out


@dataclass(frozen=True)
class Profile:
    """All facts about a feed."""

    file: FileFacts
    columns: tuple[ColumnFacts, ...]
    keys: tuple[KeyFacts, ...]
    formulas: tuple[FormulaFacts, ...]
    shared: tuple[SharedFigure, ...]
    first_lines: tuple[FirstLines, ...]
    totals: tuple[TotalRow, ...]
    limits: dict[str, int]
    """How many distinct values of a column are counted, and how many are sampled beyond that."""

    @property
    def whole_rows(self) -> KeyFacts:
        """Return how many records are exact copies of earlier ones."""
        return next(key for key in self.keys if not key.columns)

    @property
    def of_orders(self) -> set[str]:
        """Return the columns that say something of an order as a whole."""
        return {one.column for one in self.shared} | {one.column for one in self.first_lines}

    def column(self, name: str) -> ColumnFacts:
        return next(column for column in self.columns if column.name == name)

    def as_dict(self) -> Mapping[str, Any]:
        """Return everything as JSON values."""
        content = asdict(replace(self, totals=()))
        for column in content["columns"]:
            kind = column.pop("reading")["column"]
            column["read_as"] = {key: value for key, value in kind.items() if value}
        content["totals"] = [
            {"row": asdict(row.example), "column": row.column, "label": row.label}
            for row in self.totals
        ]
        return content
