"""What a contract can get wrong about single values, their repair and their checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from toolkit.contract.columns import Numeric, Text
from toolkit.contract.contract import Contract
from toolkit.contract.formula import formula_columns
from toolkit.contract.references import NUMERIC, feed_kinds, formula_problems, kind_problems
from toolkit.contract.rules import Fill

_BY = ("text", "category", "mapped")
_LIKE_A_NUMBER = re.compile(r"[+-]?[0-9.,' ]*[0-9][0-9.,' ]*([eE][+-]?[0-9]+)?")


def value_problems(contract: Contract) -> Iterator[str]:
    """Contradictions in how cells are read, filled and checked."""
    for name, column in contract.columns.items():
        where = f"columns.{name}"
        for key in ("prefix", "suffix"):
            if "" in getattr(column, key):
                yield f"{where}.{key}: has an empty text, which fits everywhere; remove it"
        if isinstance(column, Text):
            yield from _text_problems(where, column)
        if isinstance(column, Numeric):
            yield from _numeric_problems(where, column)
    yield from _fill_problems(contract)
    kinds = feed_kinds(contract)
    for name, check in contract.checks.items():
        where = f"checks.{name}"
        yield from kind_problems(f"{where}.column", check.column, kinds, NUMERIC)
        yield from formula_problems(where, check.formula, kinds)


def _text_problems(where: str, column: Text) -> Iterator[str]:
    patterns = {f"{where}.reject.{reason}": p for reason, p in column.reject.items()}
    if column.pattern is not None:
        patterns[f"{where}.pattern"] = column.pattern
    for key, pattern in patterns.items():
        if (why := _pattern_problem(pattern)) is not None:
            yield f"{key}={pattern!r}: is no regular expression of RE2: {why}"
    if column.case is not None:
        for text in (*column.prefix, *column.suffix):
            if text != getattr(text, column.case)():
                yield f"{where}: {text!r} never fits, as case: {column.case} comes before trimming"


def _pattern_problem(pattern: str) -> str | None:
    """What RE2, which runs in linear time and executes nothing, has against a pattern."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        return str(error).partition("regular expression: ")[2] or str(error)
    return None


def _numeric_problems(where: str, column: Numeric) -> Iterator[str]:
    if column.decimal == column.thousands:
        yield f"{where}.thousands={column.thousands!r}: must differ from the decimal sign"
    seen: dict[str, str] = {}
    for word in column.words:
        if word != word.strip() or not word:
            yield f"{where}.words: {word!r} is empty or has outer blanks, so that no value is it"
        elif _LIKE_A_NUMBER.fullmatch(word):
            yield f"{where}.words: {word!r} looks like a number, which needs no word"
        if word.casefold() in seen:
            yield f"{where}.words: {seen[word.casefold()]!r} and {word!r} differ by case only"
        seen[word.casefold()] = word


def _fill_problems(contract: Contract) -> Iterator[str]:
    kinds = feed_kinds(contract)
    for place, fill in enumerate(contract.repairs):
        where = f"repairs.{place}"
        yield from kind_problems(f"{where}.column", fill.column, kinds, NUMERIC)
        looked_up = fill.by is not None and fill.map is not None
        half = (fill.by is None) != (fill.map is None)
        if half or looked_up == (fill.formula is not None):
            yield f"{where}: needs either a formula, or both by and map"
        elif fill.formula is not None:
            yield from _formula_fill_problems(where, fill, kinds)
        elif fill.by is not None:
            yield from kind_problems(f"{where}.by", fill.by, kinds, _BY)
            if fill.decimals is not None:
                yield f"{where}.decimals: is for a formula"


def _formula_fill_problems(where: str, fill: Fill, kinds: Mapping[str, str]) -> Iterator[str]:
    problems = [*formula_problems(where, fill.formula or "", kinds)]
    yield from problems
    if not problems and fill.column in formula_columns(fill.formula or ""):
        yield f"{where}.formula: {fill.column} is computed from itself"
