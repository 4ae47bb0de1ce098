"""Rewrite numbers as Python would write them: the sign first, a decimal point, powers of ten."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from toolkit.contract.numeric import Numeric, around_five, power_of_ten
from toolkit.read.cells import BLANKS, any_of

_EXPONENT = "(?:[eE][+-]?[0-9]+)?"
NUMBER = rf"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+){_EXPONENT}$"
FIGURES = rf"[.,]?[0-9](?:[0-9.,' \x{{a0}}\x{{2009}}\x{{202f}}\x{{2019}}]*[0-9])?{_EXPONENT}"
"""An unsigned number as any column may write it: it ends with a figure, so `5,-` has none."""
_SEPARATORS = {",": ",", ".": r"\.", " ": "[ \u00a0\u2009\u202f]", "'": "['\u2019]"}
# The figures between separators; those after a leading zero, as in 0.123, are no group.
_GROUPS = {
    "thousands": "[1-9][0-9]{{0,2}}(?:{0}[0-9]{{3}})+",
    "indian": "[1-9][0-9]?(?:{0}[0-9]{{2}})*{0}[0-9]{{3}}",
}


def plainly_written(column: Numeric, strings: pa.Array) -> pa.Array:
    """Rewrite numbers with the sign first and a decimal point, without groups, affixes and units;
    anything else becomes what is no number.
    """
    strings = _sign_first(column, strings)
    return _without_units(column, strings) if column.units else _plain(column, strings)


def style_pattern(decimal: str, thousands: str | None, groups: str = "thousands") -> str:
    """Return a regular expression of the numbers that are written with these signs."""
    point, whole = _SEPARATORS[decimal], "[0-9]+"
    if thousands is not None:
        whole = f"(?:{_GROUPS[groups].format(_SEPARATORS[thousands])}|[0-9]+)"
    return f"^[+-]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+){_EXPONENT}$"


def _plain(column: Numeric, strings: pa.Array) -> pa.Array:
    """Rewrite numbers without groups and with a decimal point; empty for anything else."""
    if column.decimal == "." and column.thousands is None:
        return strings
    plain = strings
    if column.thousands is not None:
        plain = pc.replace_substring_regex(plain, _SEPARATORS[column.thousands], "")
    plain = pc.replace_substring(plain, column.decimal, ".")
    pattern = style_pattern(column.decimal, column.thousands, column.groups)
    return pc.if_else(pc.match_substring_regex(strings, pattern), plain, "")


def _sign_first(column: Numeric, strings: pa.Array) -> pa.Array:
    """Put the sign of every number first, where the column says how it may be written else."""
    before, after = _repeated(column.prefix), _repeated(column.suffix, at_end=True)
    if column.prefix:
        # Prefixes behind a sign; those before it are trimmed from all kinds of columns.
        behind = rf"^([+-]){BLANKS}{before}([0-9.,])"
        strings = pc.replace_substring_regex(strings, behind, r"\1\2")
    inside = FIGURES
    if units := [text for text in column.units if text]:
        inside = rf"(?:{any_of(units)}{BLANKS})?{FIGURES}(?:{BLANKS}{any_of(units)})?"
    for left, right in map(around_five, column.negative):
        start = f"{before}{_literal(left)}{before}"
        end = f"{after}{_literal(right, at_end=True)}{after}"
        strings = pc.replace_substring_regex(strings, f"^{start}({inside}){end}$", r"-\1")
    return strings


def _repeated(texts: Iterable[str], *, at_end: bool = False) -> str:
    found = [*texts]
    if not found:
        return ""
    return f"(?:{BLANKS}{any_of(found)})*" if at_end else f"(?:{any_of(found)}{BLANKS})*"


def _literal(text: str, *, at_end: bool = False) -> str:
    if not text:
        return ""
    return f"{BLANKS}{any_of([text])}" if at_end else f"{any_of([text])}{BLANKS}"


def _without_units(column: Numeric, strings: pa.Array) -> pa.Array:
    """Rewrite 1.5 kg as 1.5e3; empty for numbers with none of the column's units."""
    by_power: dict[int, list[str]] = {}
    for text, factor in column.units.items():
        power = power_of_ten(factor)
        if power is None:
            raise AssertionError(f"{text!r} is no power of ten, which the contract refuses")
        by_power.setdefault(power, []).append(text)
    zero = pc.match_substring_regex(strings, r"^[+-]?0+([.,]0*)?$")
    written = pc.if_else(zero, _plain(column, strings), "")
    for power, texts in by_power.items():
        for pattern, number in _beside(texts):
            found = pc.match_substring_regex(strings, pattern)
            plain = _plain(column, pc.replace_substring_regex(strings, pattern, number))
            if power:
                plain = pc.binary_join_element_wise(plain, f"e{power}", "")
            written = pc.if_else(found, plain, written)
    return written


def _beside(units: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield patterns of numbers beside one of these units, and what is the number in each."""
    named = [text for text in units if text]
    if len(named) < len(units):
        yield rf"^([+-]?{FIGURES}[.,]?)$", r"\1"
    if named:
        unit = any_of(named)
        yield rf"^([+-]?){BLANKS}{unit}{BLANKS}([+-]?{FIGURES})$", r"\1\2"
        yield rf"^([+-]?{FIGURES}){BLANKS}{unit}$", r"\1"
