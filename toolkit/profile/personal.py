"""Find personal columns, and mask their values in a profile."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from toolkit.contract import Contract
from toolkit.contract.formula import formula_columns
from toolkit.contract.references import DAYS
from toolkit.errors import ConfigError
from toolkit.pages.masking import Mask, Masks, has_address, hidden_line, hide_addresses, hide_quoted
from toolkit.profile.facts import ColumnFacts, Example, Frequent, Profile, Spread, TotalRow

_NAMED = re.compile(
    r"(?:^|[^a-z])(?:e_?mails?|mail|phones?|telephone|telefon|mobile|handy|fax|"
    r"(?:first|last|middle|full|sur|family|given|maiden)_?name|vorname|nachname|"
    r"(?:customer|client|contact|person|patient|employee|user)_?name|"
    r"(?:street|home|postal|billing|shipping|delivery|mailing)_?address|address|"
    r"birth_?(?:day|date)|date_of_birth|dob|ssn|iban|passport|tax_?id|national_?id)(?:$|[^a-z])"
)
_PHONE = re.compile(r"\+[0-9][0-9 ()/.-]{6,20}|\(?0?[0-9]{2,5}\)?[ /-][0-9][0-9 /-]{4,15}")
# Days in forms of which no order of day and month is sure are text, and no telephone numbers.
_DAY = re.compile(r"[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}(?:[ T].*)?")
_MOST = 0.5
_NEVER = ("empty", "boolean")
_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)


def personal_columns(
    profile: Profile, given: Collection[str] | None, contract: Contract
) -> dict[str, str]:
    """Find the personal columns of a profile, by name, and the reason for each.

    They are those that are `given` by their names in the header, if any are; else those that the
    contract marks, or whose names or values are those of addresses and telephones. Raises
    ConfigError for a given one that is not there.
    """
    if given is not None:
        sources = [column.source for column in profile.columns]
        if unknown := [name for name in given if name not in sources]:
            raise ConfigError.no_such_columns("personal", unknown, sources)
        return {c.name: "as given" for c in profile.columns if c.source in given}
    marked = {contract.sources[name] for name in contract.personal_columns()}
    found = {c.name: _why(c, c.source in marked) for c in profile.columns}
    return {name: why for name, why in found.items() if why}


def _why(column: ColumnFacts, marked: bool) -> str:
    if marked:
        return "the contract in use marks a column of this name"
    if column.kind in _NEVER:
        return ""
    if column.kind == "email":
        return "its cells are e-mail addresses"
    if any(map(has_address, _words(column))):
        return "some of its names are e-mail addresses"
    name = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.source).lower())
    if _NAMED.search(name):
        return "of its name"
    values = [one.value for one in column.top]
    phones = [v for v in map(str.strip, values) if _PHONE.fullmatch(v) and not _DAY.fullmatch(v)]
    if column.kind == "text" and len(phones) > _MOST * len(values):
        return "its cells look like telephone numbers"
    return ""


def without_personal(profile: Profile, why: Mapping[str, str], key: bytes | None) -> Profile:
    """The profile with masks in the place of personal values; e-mail addresses in other columns
    are masked in part. Of numbers and days only the magnitude and the year are left."""
    kinds = {column.name: column.kind for column in profile.columns}
    masks = Masks({name: Mask("hash", kinds[name]) for name in why}, key)
    columns = tuple(
        _masked(column, masks, why[column.name])
        if column.name in why
        else _without_addresses(column)
        for column in profile.columns
    )
    formulas = tuple(
        replace(one, differing=()) if {one.column, *formula_columns(one.formula)} & {*why} else one
        for one in profile.formulas
    )
    broken = tuple(_broken(one, hidden=bool(why)) for one in profile.file.malformed_examples)
    file = replace(profile.file, malformed_examples=broken)
    totals = tuple(_nameless(row, why) for row in profile.totals)
    return replace(profile, columns=columns, formulas=formulas, file=file, totals=totals)


def _nameless(row: TotalRow, why: Mapping[str, str]) -> TotalRow:
    """Remove from the row of a total what could be a person's name."""
    texts = {name: text for name, text in row.texts.items() if name not in why}
    if row.column not in why or row.is_plain:
        return replace(row, texts=texts)
    example = replace(row.example, value="")
    return replace(row, column="", label="", example=example, texts=texts)


def _broken(example: Example, hidden: bool) -> Example:
    how, _, text = example.value.partition(": ")
    return replace(example, value=f"{how}: {hidden_line(text) if hidden else hide_addresses(text)}")


def _masked(column: ColumnFacts, masks: Masks, why: str) -> ColumnFacts:
    def shown(value: str) -> str:
        return str(masks.value(column.name, value))

    # A list of names would be one of persons.
    kind = "text" if column.kind == "category" else column.kind
    spread = column.spread
    return replace(
        column,
        kind=kind,
        personal=why,
        unread=tuple(replace(one, value=shown(one.value)) for one in column.unread),
        top=tuple(replace(one, value=shown(one.value)) for one in column.top),
        shapes=tuple(_shape(one) for one in column.shapes),
        case_variants=tuple(tuple(map(shown, same)) for same in column.case_variants),
        spread=None if spread is None or kind == "email" else _coarse(spread, kind),
        day_orders=tuple(
            replace(
                one,
                contradiction=one.contradiction
                and replace(one.contradiction, value=shown(one.contradiction.value)),
            )
            for one in column.day_orders
        ),
        doubts=tuple(replace(one, text=hide_quoted(one.text)) for one in column.doubts),
        far_days=tuple(replace(one, value=shown(one.value)) for one in column.far_days),
        near_days=column.near_days
        and (_year(column.near_days[0], 0), _year(column.near_days[1], 1)),
        names=(),
        spellings=(),
    )


def _shape(one: Frequent) -> Frequent:
    """Return the shape with `a` for every character outside ASCII."""
    return replace(one, value="".join("a" if ord(c) > 127 else c for c in one.value))


def _coarse(spread: Spread, kind: str) -> Spread:
    """Coarsen a spread, so that it has no value of any row."""

    def down(value: float) -> float:
        return _year(value, 0) if kind in DAYS else _rounded(value, math.floor)

    def up(value: float) -> float:
        return _year(value, 1) if kind in DAYS else _rounded(value, math.ceil)

    first, median, third = (down(value) for value in spread.quartiles)
    return replace(
        spread,
        low=down(spread.low),
        high=up(spread.high),
        mean=down(spread.mean),
        quartiles=(first, median, third),
        fences=(down(spread.fences[0]), up(spread.fences[1])),
        outliers=(),
        bars=(),
    )


def _rounded(value: float, to: Callable[[float], int]) -> float:
    """Round to one digit."""
    if value == 0 or not math.isfinite(value):
        return value
    unit = 10.0 ** math.floor(math.log10(abs(value)))
    return to(value / unit) * unit


def _year(value: float, last: int) -> float:
    """Return the first or last microsecond of a time's year, in microseconds since 1970."""
    try:
        year = (_EPOCH + timedelta(microseconds=value)).year
        moment = datetime(year, 1, 1) if not last else datetime(year, 12, 31, 23, 59, 59, 999_999)
        return float((moment - _EPOCH) // _MICROSECOND)
    except (OverflowError, ValueError):
        return value


def _words(column: ColumnFacts) -> list[str]:
    """Return the words that a lookup of the column would contain, and similar ones."""
    return [*(one.value for one in column.names), *(value for value, _, _ in column.spellings)]


def _without_addresses(column: ColumnFacts) -> ColumnFacts:
    """Mask addresses in a column that is not personal but may contain some."""
    return replace(
        column,
        unread=tuple(replace(one, value=hide_addresses(one.value)) for one in column.unread),
        top=tuple(replace(one, value=hide_addresses(one.value)) for one in column.top),
        case_variants=tuple(tuple(map(hide_addresses, same)) for same in column.case_variants),
        doubts=tuple(replace(one, text=hide_addresses(one.text)) for one in column.doubts),
    )
