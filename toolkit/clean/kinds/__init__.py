"""Parse text into values: one module per kind of column, which registers its parser here.

A parser sees stripped strings, each distinct value of a column once, or the rows themselves where
nearly all differ. It returns a value and a reason id for each; OK for valid ones.
A value that could not be read is null or NaN: unknown to the rules that come later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import singledispatch
from importlib import import_module
from pkgutil import iter_modules

import pyarrow as pa

from toolkit.arrays import Figures
from toolkit.clean.parsed import ParsedValues
from toolkit.contract import Column
from toolkit.lookups import Lookup


@dataclass(frozen=True)
class Given:
    """Input of parsers besides a column's cells: the reasons' ids, its lookup, the run's day."""

    reasons: Mapping[str, int]
    as_of: date
    lookup: Lookup | None = None


@singledispatch
def parse(column: Column, strings: pa.Array, given: Given) -> ParsedValues:
    """Parse strings. Every kind of column that clean rows have registers its own parser."""
    raise NotImplementedError(f"{type(column).__name__} has no parser")


@singledispatch
def finish(column: Column, parsed: ParsedValues, reasons: Mapping[str, int]) -> ParsedValues:
    """Finish the values, after repairs have filled in missing ones."""
    return parsed


@singledispatch
def fitted(column: Column, computed: Figures) -> Figures:
    """Return computed numbers as the column would have read them; NaN where it would not."""
    raise NotImplementedError(f"{type(column).__name__} is no column of numbers")


for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)
