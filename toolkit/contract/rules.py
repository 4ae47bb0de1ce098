"""Rules between columns: repairs, checks, derived columns, flags and the key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from toolkit.contract.formula import MOST_DECIMALS, formula_columns
from toolkit.contract.part import Bound, Limits, Part


@dataclass(frozen=True, kw_only=True)
class Fill(Part):
    """Fills empty or unreadable values of a column.

    Either by `formula`, or by `by` and `map`. The result is then treated as if it were in the
    file: it is clipped or raised to the floor, and must keep the limits. An integer takes
    whole numbers only (but for the rounding of floats, 8 units in the last place). A result that
    is not finite fills nothing. A `default` comes after all fills, also that of a column in
    a formula. Whole numbers of 2^53 or more are computed and filled exactly.

    A decimal is filled exactly, from decimals and whole numbers only. A result with more decimal
    places than the column fills nothing, unless `decimals` or the column's `round` rounds it; nor
    does a number of a map with more than 15 digits.
    """

    column: str
    """The column that is filled, of kind `number`, `integer` or `decimal`."""
    formula: str | None = None
    """Over other columns of numbers; it fills where all of them are known by then."""
    decimals: Annotated[int, Field(ge=0, le=MOST_DECIMALS)] | None = None
    """Number of decimals that the formula's result is rounded to."""
    by: str | None = None
    """The text, category or mapped column whose value is looked up."""
    map: str | None = None
    """The lookup: a JSON object, value of that column -> number."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that must be known."""
        if self.formula is not None:
            return tuple(formula_columns(self.formula))
        return () if self.by is None else (self.by,)


@dataclass(frozen=True, kw_only=True)
class Check(Part):
    """Holds a stored number against a formula of other columns, where both are known.

    Fills come before checks. Whole numbers of 2^53 or more are compared exactly. So are decimals,
    unless a column of kind `number` is involved, and with no allowance beyond the tolerance.
    """

    column: str
    """The stored number."""
    formula: str
    """The expected value."""
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    """Largest allowed difference. Four units in the last place of the larger one are allowed
    besides, so that 10.005 is within 0.005 of 10.
    """
    reason: str
    """Reason for rejecting a row with a larger difference."""


@dataclass(frozen=True, kw_only=True)
class Derived(Limits):
    """A column computed from others: float64, or a decimal if it is computed from decimals.

    Every step is rounded to float64; in rows with a whole number of 2^53 or more none is, but the
    result, once. A row whose result is not finite, such as that of a division by zero, is rejected.

    A formula of decimals, with or without whole numbers, gives a decimal: it is computed exactly
    and rounded once, to `decimals`. Without `decimals` the column has as many decimal places as the
    exact result can have; a formula that divides needs `decimals`. A result of more than 18 digits
    has its row rejected. With a column of kind `number`, a formula is computed in float64, from
    the float64 nearest to each decimal.
    """

    formula: str
    """`+ - * /`, parentheses and numbers, of number, integer and decimal columns."""
    decimals: Annotated[int, Field(ge=0, le=MOST_DECIMALS)] | None = None
    """Number of decimals to round to, ties to even."""
    reason: str | None = None
    """Reason for rejecting a row whose result is beyond the limits or not finite. Without limits it
    may be omitted, and is then `invalid_` and the column's name.
    """


@dataclass(frozen=True, kw_only=True)
class Flag(Part):
    """Marks rows whose number is above a limit."""

    column: str
    """The number."""
    above: Bound
    """The limit."""


@dataclass(frozen=True, kw_only=True)
class Key(Part):
    """Identifies rows: the first valid row of a key in file order, over all files, is clean.

    Either by `columns`, or by `exact_rows`.
    """

    columns: tuple[str, ...] = ()
    """Clean columns of any kind, compared as clean values; an empty value equals an empty one."""
    exact_rows: bool = False
    """Records are compared field by field as in the file, white space and case included; a column
    that a file lacks is not the same as an empty one. Those that differ only in what cleaning
    removes become equal clean rows."""
    reason: str
    """Why every later row is rejected; the last of the contract's `reasons`."""
