"""The columns of a feed: of which kind each is, and how its cells are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from toolkit.contract.part import Bound, Limits, Part


@dataclass(frozen=True, kw_only=True)
class Personal(Part):
    """Marks a column whose values tell who somebody is: they are masked wherever rows are shown.

    That is in reports, failing rows, Data Docs, aggregations, the dashboard, the terminal and
    messages; lines that could not be split into columns are hidden whole. Clean and rejected rows
    hold the values as they are, unless `outputs.mask_personal` says otherwise. What is computed
    from a personal number by `derived` is personal as well.
    """

    mask: Literal["hash", "partial"] | None = None
    """`hash`: the same value has the same mask, and only the workspace's key makes it; so values
    can be compared and counted. `partial`: a first letter and a length, or the year of a day. Left
    out, it is the contract's `personal_mask`."""


def _marked(value: object) -> object:
    """`true` is the short form of a mark without keys, `false` that of none."""
    return value if not isinstance(value, bool) else Personal() if value else None


@dataclass(frozen=True, kw_only=True)
class Column(Part):
    """One column of the feed, under its name in clean rows."""

    source: str | None = None
    """Its name in the header, where that is not its clean name. A header that writes it otherwise
    will do where only one of its columns can be meant: case, and whether words are parted by
    blanks, `_` or `-`, are looked past then."""
    null_words: tuple[str, ...] | None = None
    """Values that mean 'no value', compared after stripping; they read as empty. Left out, they
    are the contract's; an empty list means that every value is one."""
    prefix: tuple[str, ...] = ()
    """Texts that are taken from the start of a stripped value while one fits."""
    suffix: tuple[str, ...] = ()
    """The same for its end: `.0` makes the customer number 17850 of 17850.0."""
    personal: Annotated[Personal | None, BeforeValidator(_marked)] = None
    """`true`, or how its values are masked: they tell who somebody is."""


@dataclass(frozen=True, kw_only=True)
class Text(Column):
    """Free text, stripped of white space.

    Patterns are regular expressions (RE2) that are searched for in the clean value: `^` and `$`
    tie them to its ends. They say nothing of an empty value.
    """

    kind: Literal["text"]
    required: bool = False
    """A row without a value is rejected with `reason`."""
    case: Literal["upper", "lower"] | None = None
    """The case of every value, for codes that come in two; prefixes are compared in it. It is
    Unicode's, letter by letter: `ß` becomes `ẞ`, and `İ` becomes `i`."""
    map: str | None = None
    """The lookup that names the other spellings of some values; a value that it does not know
    stands for itself."""
    pattern: str | None = None
    """What does not match is rejected with `reason`."""
    reject: dict[str, str] = field(default_factory=dict)
    """Reasons and their patterns; what matches is rejected with that reason."""
    reason: str | None = None
    """Why a row is rejected that has no value, or one that does not match."""


@dataclass(frozen=True, kw_only=True)
class Parsed(Column):
    """A cell that is empty or can't be read has its row rejected, unless something repairs it."""

    optional: bool = False
    """An empty cell is no value: null in clean rows, not rejected. What is unreadable still is."""
    reason: str | None = None
    """Why a row is rejected whose value can't be used."""


@dataclass(frozen=True, kw_only=True)
class Numeric(Parsed):
    """A number is written as an optional sign, ASCII digits and an optional exponent."""

    decimal: Literal[".", ","] = "."
    """The decimal sign."""
    thousands: Literal[",", ".", " ", "'"] | None = None
    """With it, digits before the decimal sign may come in groups, each but the first of exactly
    three; `300,0,00.40` is no number. A blank is any of a blank, a no-break and a narrow no-break
    space; an apostrophe also its curly form."""
    words: dict[str, Bound] = field(default_factory=dict)
    """Numbers that are written as words, compared in lower case."""


@dataclass(frozen=True, kw_only=True)
class Number(Numeric, Limits):
    """A decimal number (float64).

    One too large for it, such as 1e999, is rejected with `reason`; without a reason it counts as
    no number.
    """

    kind: Literal["number"]
    default: float | None = None
    """Stands for what is no number, instead of a rejection."""
    clip: tuple[float, float] | None = None
    """The lowest and the highest number; what lies beyond becomes the nearer one."""


@dataclass(frozen=True, kw_only=True)
class Integer(Numeric, Limits):
    """A whole number (int64): rounded, ties to even; then raised to `floor`; then limited.

    Whole numbers are exact in all of -2^63 to 2^63-1; beyond, a row that breaks no other rule is
    rejected with `reason`.
    """

    kind: Literal["integer"]
    floor: int | None = None
    """What is lower becomes this number."""
    default: int | None = None
    """Stands for what is no number, instead of a rejection."""


@dataclass(frozen=True, kw_only=True)
class Dated(Parsed):
    """Directives of formats are those of Python's strptime: one of %Y %y for the year, one of
    %m %b %B for the month (%b and %B in English, in any case), %d for the day, and any of %H, %I
    with %p, %M, %S, %f for the time. The rest of a format stands for itself. Numbers may lack
    their leading zeros, unless they touch.

    Whether the day or the month comes first is decided for the whole column, never by cell: two
    formats that differ only in that are refused, and so is a feed with cells that only the other
    order can read.
    """

    formats: Annotated[tuple[str, ...], Field(min_length=1)]
    """How the day is written. They are tried in turn; the first that fits a cell reads it."""
    two_digit_years_from: Annotated[int, Field(ge=1, le=9900)] = 1969
    """%y is a year of the hundred years from this one on: 1969 to 2068."""
    max_contradictions: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Of the cells whose day is above 12, the share that may contradict a format's order. A feed
    with more is refused whole; up to it such cells are rejected row by row, and a note says so."""
    years_before: Annotated[int, Field(ge=0)] | None = None
    """A day more than so many years before the run's `as_of` is rejected with `range_reason`."""
    years_after: Annotated[int, Field(ge=0)] | None = None
    """A day more than so many years after the run's `as_of` is rejected with `range_reason`."""
    range_reason: str | None = None
    """Why a row is rejected whose day lies beyond these years."""

    def limits(self, as_of: date) -> tuple[date | None, date | None]:
        """The first and the last day that is kept, counted from `as_of`; None without a limit."""
        before, after = self.years_before, self.years_after
        return (
            None if before is None else _years_from(as_of, -before),
            None if after is None else _years_from(as_of, after),
        )

    def beyond(self, place: str, as_of: date) -> str:
        """What is rejected for its limits, and by which keys under `place`; '' without limits."""
        first, last = self.limits(as_of)
        limits = (
            ("later than", last, "+", self.years_after, "years_after"),
            ("earlier than", first, "-", self.years_before, "years_before"),
        )
        return " or ".join(
            f"{words} {day} (as_of {as_of} {sign} {years} year{'' if years == 1 else 's'}, "
            f"{place}.{key})"
            for words, day, sign, years, key in limits
            if day is not None
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
class Repair(Part):
    """Where a lookup knows the value of another column, its name takes the place of a known one.

    The lookup holds the values of that column whose rows nearly all go with one name.
    """

    by: str
    """The other column, of kind `text`."""
    map: str
    """The lookup: a JSON object, value of the other column -> name."""
    min_share: Annotated[float, Field(gt=0.5, le=1)] = 0.7
    """The least share of a value's rows that must go with one name to enter the lookup."""
    min_rows: Annotated[int, Field(ge=1)] = 20
    """The least number of such rows."""


@dataclass(frozen=True, kw_only=True)
class Category(Parsed):
    """One of a list of names; small typing errors are forgiven.

    A known name may then be repaired by what another column says; an unknown one stays unknown.
    """

    kind: Literal["category"]
    values: str
    """The lookup that lists the names; the nearest one is taken."""
    max_edits: Annotated[int, Field(ge=0)] = 0
    """How many letters (Levenshtein) a value may be away from it. At least one letter or
    figure of the name must be in its place, so that an empty cell is near to no name, nor `q` to
    `TV`."""
    repair: Repair | None = None
    """How another column overrules the name."""


@dataclass(frozen=True, kw_only=True)
class Mapped(Parsed):
    """What a lookup says that the value stands for."""

    kind: Literal["mapped"]
    map: str
    """The lookup: a JSON object, raw value -> name."""
    values: str
    """The lookup that lists the names."""
    unknown: str = "UNKNOWN"
    """The name in `map` of what stands for none of them."""


@dataclass(frozen=True, kw_only=True)
class Email(Column):
    """An e-mail address in lower case."""

    kind: Literal["email"]
    reason: str | None = None
    """What is no address is rejected with it; without it, it becomes null."""


@dataclass(frozen=True, kw_only=True)
class Unused(Column):
    """May be in the file, is kept in rejected rows as it stood, and is not read otherwise."""

    kind: Literal["unused"]


AnyColumn = Annotated[
    Text | Number | Integer | Date | Timestamp | Category | Mapped | Email | Unused,
    Field(discriminator="kind"),
]
