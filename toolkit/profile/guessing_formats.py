"""Formats that could read one value: the grammar of days, times and zones as exports write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import get_args

from toolkit.contract.calendar_names import Language, names_of
from toolkit.contract.date_format import Period

LANGUAGES: tuple[Language, ...] = get_args(Language)

_BLANK = "[ \u00a0\u2009\u202f]"
_NAME = "[^\\W\\d_](?:[^\\W\\d_]|[\u0300-\u036f])+(?:-feira)?"
_SIGN = rf"\.?{_BLANK}|[-/.]"
_WEEKDAY = re.compile(rf"({_NAME})\.?(,?{_BLANK})")
_DAYS = (
    (rf"(\d{{4}})({_SIGN})(\d{{1,2}})\2(\d{{1,2}})", ("%Y{1}%m{1}%d", "%Y{1}%d{1}%m")),
    (rf"(\d{{1,2}})({_SIGN})(\d{{1,2}})\2(\d{{4}})", ("%d{1}%m{1}%Y", "%m{1}%d{1}%Y")),
    (rf"(\d{{1,2}})({_SIGN})(\d{{1,2}})\2(\d{{2}})", ("%d{1}%m{1}%y", "%m{1}%d{1}%y")),
    (r"(\d{4})(\d{2})(\d{2})", ("%Y%m%d",)),
)
_NAMED_DAYS = (
    (rf"(\d{{1,2}})({_SIGN}| de |)({_NAME})\.?(,?{_BLANK}| de |[-/.]|)(\d{{4}})", "%d{1}{b}{3}%Y"),
    (rf"(\d{{1,2}})({_SIGN}|)({_NAME})\.?({_BLANK}|[-/.]|)(\d{{2}})", "%d{1}{b}{3}%y"),
    (rf"({_NAME})\.?({_BLANK}|-)(\d{{1,2}})(,?{_BLANK}|-)(\d{{4}})", "{b}{1}%d{3}%Y"),
    (rf"(\d{{4}})([- /])({_NAME})\.?\2(\d{{1,2}})", "%Y{1}{b}{1}%d"),
)  # fmt: skip
_PERIODS: tuple[tuple[str, str, Period], ...] = (
    (r"(?:19|20)\d{2}([-/])(?:0[1-9]|1[0-2])", "%Y{0}%m", "month"),
    (r"(?:0?[1-9]|1[0-2])([-/])(?:19|20)\d{2}", "%m{0}%Y", "month"),
    (rf"({_NAME})\.?({_BLANK}'?|[-/.]|, |-)((?:19|20)\d{{2}})", "{b}{1}%Y", "month"),
    (rf"({_NAME})\.?({_BLANK}'|[-/.'])(\d{{2}})", "{b}{1}%y", "month"),
    (rf"((?:19|20)\d{{2}})([-/ ])({_NAME})\.?", "%Y{1}{b}", "month"),
    (r"([QTKqtk])[1-4]([-/ ']?)(?:19|20)\d{2}", "{0}%q{1}%Y", "quarter"),
    (r"([Qq])[1-4]([-/ ']?)\d{2}", "{0}%q{1}%y", "quarter"),
    (r"(?:19|20)\d{2}([-/ ]?)([QTKqtk])[1-4]", "%Y{0}{1}%q", "quarter"),
    (r"[1-4]([QTKqtk])([-/ ']?)(?:19|20)\d{2}", "%q{0}{1}%Y", "quarter"),
    (r"[1-4]([Qq])([-/ ']?)\d{2}", "%q{0}{1}%y", "quarter"),
    (r"[1-4](\. ?Quartal )(?:19|20)\d{2}", "%q{0}%Y", "quarter"),
)
_TIME = re.compile(
    rf"(\.?)(T|[,;]?{_BLANK}|[:,;_]| (?:um|à|at|-) )?(?:(\d{{1,2}})([:.h])\d{{2}}"
    r"(?:\4\d{2}([.,]\d{1,9})?)?|(\d{6})|\d{4})"
    rf"(?:({_BLANK}?)[AaPp]\.?{_BLANK}?[Mm]\.?)?( Uhr| h)?"
    rf"(?:({_BLANK}?)(?:([Zz]|(?:UTC|GMT)?[-+\u2212](?:\d{{1,2}}:?\d{{2}}|\d{{1,2}})|UTC|GMT)|"
    r"([A-Z]{2,5}|[A-Z][A-Za-z]+/[A-Za-z_/]+)))?"
)


@dataclass(frozen=True)
class Form:
    """Formats that could read a value; two where day and month may be confused, in that order."""

    formats: tuple[str, ...]
    period: Period | None = None


def forms_of(value: str) -> Iterator[Form]:
    """Yield the forms that a value may be written in, names once shortened and once in full."""
    found = _WEEKDAY.match(value)
    if found is not None and (known := [*_directives(found[1], ("%a", "%A"))]):
        rest, between = value[found.end() :], _plain(found[2])
        for directive, form in product(known, _days(rest)):
            yield Form(tuple(f"{directive}{between}{one}" for one in form.formats))
        return
    yield from _days(value)
    yield from _periods(value)


def _days(value: str) -> Iterator[Form]:
    for pattern, formats in _DAYS:
        found = _matched(pattern, value)
        tail = None if found is None else _tail(value[found.end() :], found[0])
        if found is not None and tail is not None:
            parts = [_plain(part or "") for part in found.groups()]
            yield Form(tuple(one.format(*parts) + tail for one in formats))
    for pattern, text in _NAMED_DAYS:
        found = _matched(pattern, value)
        tail = None if found is None else _tail(value[found.end() :], found[0])
        if found is not None and tail is not None:
            yield from (Form((one + tail,)) for one in _with_names(text, found))


def _periods(value: str) -> Iterator[Form]:
    for pattern, text, period in _PERIODS:
        found = re.fullmatch(pattern, value)
        if found is not None:
            yield from (Form((one,), period) for one in _with_names(text, found))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _matched(pattern: str, value: str) -> re.Match[str] | None:
    return _compiled(pattern).match(value)


def _with_names(text: str, found: re.Match[str]) -> Iterator[str]:
    """Fill in the signs of a value, and the directives of its month's name."""
    parts = [_plain(part or "") for part in found.groups()]
    if "{b}" not in text:
        yield text.format(*parts)
        return
    name = next(part for part in found.groups() if part and re.fullmatch(_NAME, part))
    for directive in _directives(name, ("%b", "%B")):
        yield text.format(*parts, b=directive)


def _directives(name: str, directives: tuple[str, ...]) -> Iterator[str]:
    for directive in directives:
        if name.lower() in names_of(directive, LANGUAGES):
            yield directive


def _tail(rest: str, day: str) -> str | None:
    """Return the format of what follows a day, None for what is no time."""
    if rest in ("", "."):
        return rest
    found = _TIME.fullmatch(rest)
    if found is None:
        return None
    point, between, hours, sign, fraction, six, half, word, gap, offset, zone = found.groups()
    if between is None and not (six and len(day) == 8):
        return None
    hour = "%I" if half is not None else "%H"
    if hours is None:
        text = f"{hour}%M%S" if six else f"{hour}%M"
    else:
        clock = re.escape(sign)
        has_seconds = re.search(rf"\d{clock}\d{{2}}{clock}\d{{2}}", rest) is not None
        text = f"{hour}{sign}%M" + (f"{sign}%S" if has_seconds else "")
        text += f"{fraction[0]}%f" if fraction else ""
    if half is not None:
        text += f"{_plain(half)}%p"
    text += word or ""
    if offset or zone:
        text += _plain(gap or "") + ("%z" if offset else "%Z")
    return point + _plain(between or "") + text


def _plain(text: str) -> str:
    """Return the text with spaces for blanks of other kinds, which a format's blank reads too."""
    return re.sub(_BLANK, " ", text)
