"""The kinds of columns of a feed: texts, labels, addresses, and those of the modules beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, get_args, get_type_hints

from pydantic import Field

from toolkit.contract.column import Column, Group, LookupPart, Parsed
from toolkit.contract.dated import Date, Timestamp
from toolkit.contract.numeric import AnyNumber
from toolkit.contract.part import Part

if TYPE_CHECKING:
    import pyarrow as pa


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
    """Lookup from spelling to canonical name; unknown values are kept."""
    pattern: str | None = None
    """Values that do not match are rejected with `reason`."""
    reject: dict[str, str] = field(default_factory=dict)
    """Reasons and their patterns; what matches is rejected with that reason."""
    reason: str | None = None
    """Reason for rejecting a row without a value, or with one that does not match."""

    group: ClassVar[Group] = "label"
    keys_lookups: ClassVar[bool] = True

    def arrow_type(self) -> pa.DataType:
        import pyarrow as pa

        return pa.string()

    def rejects(self) -> str:
        if self.required:
            return "rows without a value"
        return "" if self.pattern is None else "what does not match its pattern"

    def reasons(self) -> Iterator[tuple[str, str]]:
        if self.reason is not None:
            yield "reason", self.reason
        yield from (("reject", reason) for reason in self.reject)

    def problems(self, where: str) -> Iterator[str]:
        yield from super().problems(where)
        patterns = {f"{where}.reject.{reason}": p for reason, p in self.reject.items()}
        if self.pattern is not None:
            patterns[f"{where}.pattern"] = self.pattern
        for key, pattern in patterns.items():
            if (why := _pattern_problem(pattern)) is not None:
                yield f"{key}={pattern!r}: is not a valid regular expression (RE2): {why}"
        if self.case is not None:
            for text in (*self.prefix, *self.suffix):
                if text != getattr(text, self.case)():
                    yield (
                        f"{where}: {text!r} never fits, as case: {self.case} comes before trimming"
                    )
        if self.reason is not None and not self.rejects():
            yield f"{where}.reason: has no effect without required or pattern; remove it"

    def lookup_files(self) -> Mapping[LookupPart, str]:
        return {} if self.map is None else {"spellings": self.map}


def _pattern_problem(pattern: str) -> str | None:
    """Return RE2's objection to a pattern, if any; RE2 runs in linear time and executes nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        return str(error).partition("regular expression: ")[2] or str(error)
    return None


@dataclass(frozen=True, kw_only=True)
class Repair(Part):
    """Replaces a known name by the one that a lookup has for the value of another column.

    The lookup contains the values of that column whose rows nearly all have one name.
    """

    by: str
    """The other column, of kind `text`."""
    map: str
    """The lookup: a JSON object, value of the other column -> name."""
    min_share: Annotated[float, Field(gt=0.5, le=1)] = 0.7
    """Least share of a value's rows that must have one name, for an entry in the lookup."""
    min_rows: Annotated[int, Field(ge=1)] = 20
    """Least number of such rows."""


@dataclass(frozen=True, kw_only=True)
class Named(Parsed):
    """A value that matches no name of the list is unknown; its row is rejected."""

    group: ClassVar[Group] = "label"
    keys_lookups: ClassVar[bool] = True

    def arrow_type(self) -> pa.DataType:
        import pyarrow as pa

        return pa.dictionary(pa.int32(), pa.string())

    def rejects(self) -> str:
        return "unknown values"


@dataclass(frozen=True, kw_only=True)
class Category(Named):
    """One of a list of names; small typing errors are forgiven.

    A known name may then be repaired by what another column says; an unknown one stays unknown.
    """

    kind: Literal["category"]
    values: str
    """The lookup that lists the names; the nearest one is used."""
    max_edits: Annotated[int, Field(ge=0)] = 0
    """How many letters (Levenshtein) a value may be away from it. At least one letter or
    figure of the name must be in its place, so that an empty cell is near to no name, nor `q` to
    `TV`."""
    repair: Repair | None = None
    """How another column overrules the name."""

    def lookup_files(self) -> Mapping[LookupPart, str]:
        if self.repair is None:
            return {"names": self.values}
        return {"names": self.values, "repairs": self.repair.map}


@dataclass(frozen=True, kw_only=True)
class Mapped(Named):
    """A name that a lookup gives for the value."""

    kind: Literal["mapped"]
    map: str
    """The lookup: a JSON object, raw value -> name."""
    values: str
    """The lookup that lists the names."""
    unknown: str = "UNKNOWN"
    """The name in `map` of values that match none of them."""

    def lookup_files(self) -> Mapping[LookupPart, str]:
        return {"names": self.values, "map": self.map}


@dataclass(frozen=True, kw_only=True)
class Email(Column):
    """An e-mail address in lower case."""

    kind: Literal["email"]
    reason: str | None = None
    """Reason for rejecting values that are not addresses; without it, they become null."""

    group: ClassVar[Group] = "label"

    def arrow_type(self) -> pa.DataType:
        import pyarrow as pa

        return pa.string()

    def rejects(self) -> str:
        return ""

    def reasons(self) -> Iterator[tuple[str, str]]:
        if self.reason is not None:
            yield "reason", self.reason


@dataclass(frozen=True, kw_only=True)
class Boolean(Parsed):
    """True or false (bool), written as one of some words, whatever their case."""

    kind: Literal["boolean"]
    true_words: Annotated[tuple[str, ...], Field(min_length=1)] = ("true", "yes", "t", "y", "1")
    """What is read as true."""
    false_words: Annotated[tuple[str, ...], Field(min_length=1)] = ("false", "no", "f", "n", "0")
    """What is read as false."""

    group: ClassVar[Group] = "label"

    def arrow_type(self) -> pa.DataType:
        import pyarrow as pa

        return pa.bool_()

    def rejects(self) -> str:
        return "what is neither true nor false"

    def problems(self, where: str) -> Iterator[str]:
        yield from super().problems(where)
        seen: dict[str, str] = {}
        for key, words in (("true_words", self.true_words), ("false_words", self.false_words)):
            for word in words:
                if word != word.strip() or not word:
                    yield (
                        f"{where}.{key}: {word!r} is empty or has outer blanks, so that no value "
                        "is it"
                    )
                elif seen.setdefault(word.casefold(), key) != key:
                    yield f"{where}: {word!r} is one of true_words and of false_words"


@dataclass(frozen=True, kw_only=True)
class Unused(Column):
    """May be in the file; copied unchanged to rejected rows and otherwise not read."""

    kind: Literal["unused"]

    group: ClassVar[Group] = "none"
    is_clean: ClassVar[bool] = False

    def arrow_type(self) -> None:
        return None

    def rejects(self) -> str:
        return ""

    def reasons(self) -> Iterator[tuple[str, str]]:
        yield from ()

    def problems(self, where: str) -> Iterator[str]:
        yield from super().problems(where)
        for key in ("prefix", "suffix", "null_words", "fill_down"):
            if getattr(self, key):
                yield f"{where}.{key}: has no effect on a column of kind unused; remove it"


AnyColumn = Annotated[
    Text | AnyNumber | Date | Timestamp | Category | Mapped | Email | Boolean | Unused,
    Field(discriminator="kind"),
]

KINDS: Mapping[str, type[Column]] = {
    get_args(get_type_hints(one)["kind"])[0]: one for one in get_args(get_args(AnyColumn)[0])
}
"""Every kind by its name in contracts."""


def kinds_of(*groups: Group) -> tuple[str, ...]:
    """List the kinds of these groups, group by group."""
    return tuple(kind for group in groups for kind, one in KINDS.items() if one.group == group)
