"""Values and the reading that fits them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from toolkit.contract import Dated, Numeric
from toolkit.profile.guessing import Cells, Guess, guess_reading


def cells(values: list[str]) -> Cells:
    rows = Counter(values)
    first = [values.index(value) for value in rows]
    return Cells(
        pa.array(list(rows), pa.string()), np.array([*rows.values()]), np.array(first, np.int64)
    )


def guessed(*values: str, commas: bool = False) -> Guess:
    return guess_reading(cells(list(values)), commas=commas)


def written(guess: Guess) -> dict[str, Any]:
    column = guess.reading.column
    assert isinstance(column, Numeric)
    keys = ("decimal", "thousands", "prefix", "suffix")
    return {key: getattr(column, key) for key in keys}


PLAIN = {"decimal": ".", "thousands": None, "prefix": (), "suffix": ()}


@pytest.mark.parametrize(
    ("values", "kind", "how"),
    [
        (["1", "2", "-3"], "integer", {}),
        (["17850.0", "2.0"], "integer", {}),
        (["1.5", "2", "+.5", "1e3"], "number", {}),
        (["1,5", "2,25", "3"], "number", {"decimal": ","}),
        (["1.234,50", "12,5"], "number", {"decimal": ",", "thousands": "."}),
        (["1,234.50", "12.5"], "number", {"thousands": ","}),
        (["1 234,50", "1,5"], "number", {"decimal": ",", "thousands": " "}),
        (["1'234.50", "12.5"], "number", {"thousands": "'"}),
        (["$1.50", "$2", "3.25"], "number", {"prefix": ("$",)}),
        (["1,50 €", "2,75 €"], "number", {"decimal": ",", "suffix": ("€",)}),
        (["EUR 5", "USD 7"], "integer", {"prefix": ("EUR", "USD")}),
        (["5%", "12.5 %"], "number", {"suffix": ("%",)}),
    ],
)
def test_numbers(values: list[str], kind: str, how: dict[str, Any]) -> None:
    found = guessed(*values)
    assert (found.kind, written(found)) == (kind, PLAIN | how)
    assert found.tally.share == 1.0


@pytest.mark.parametrize(
    ("values", "kind", "formats"),
    [
        (["2024-01-31", "2024-12-05"], "date", ("%Y-%m-%d",)),
        (["31/01/2024", "05/12/2024"], "date", ("%d/%m/%Y",)),
        (["01/31/2024", "12/05/2024"], "date", ("%m/%d/%Y",)),
        (["31.01.24", "5.12.24"], "date", ("%d.%m.%y",)),
        (["31-Oct-2023", "1-Nov-2023"], "date", ("%d-%b-%Y",)),
        (["Jan 31, 2024", "Dec 5, 2024"], "date", ("%b %d, %Y",)),
        (["20240131", "20241205"], "date", ("%Y%m%d",)),
        (["2024-01-31 08:26:00", "2024-12-05 17:00:01"], "timestamp", ("%Y-%m-%d %H:%M:%S",)),
        (["2024-01-31T08:26:00.5Z"], "timestamp", ("%Y-%m-%dT%H:%M:%S.%fZ",)),
        (["1/31/2024 8:26 AM", "12/5/2024 1:05 PM"], "timestamp", ("%m/%d/%Y %I:%M %p",)),
        (["2024-01-31", "31/01/2024"], "date", ("%Y-%m-%d", "%d/%m/%Y")),
    ],
)
def test_dates(values: list[str], kind: str, formats: tuple[str, ...]) -> None:
    found = guessed(*values)
    column = found.reading.column
    assert isinstance(column, Dated)
    assert (found.kind, set(column.formats)) == (kind, set(formats))
    assert found.tally.share == 1.0


def test_days_that_nothing_tells_apart_are_taken_as_they_run_and_doubted() -> None:
    # As day/month they run through two weeks, as month/day through twelve months.
    found = guessed(*[f"{day:02}/03/2024" for day in range(1, 13)])
    swapped = guessed(*[f"03/{day:02}/2024" for day in range(1, 13)])
    for guess, best in ((found, "%d/%m/%Y"), (swapped, "%m/%d/%Y")):
        column = guess.reading.column
        assert isinstance(column, Dated)
        assert column.formats == (best,)
        assert f"{best} is a guess" in guess.doubts[0]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a@b.co", "c.d@e.org"], "email"),
        (["Lamp", "Desk"], "text"),
        (["ORD-1", "ORD-2"], "text"),
        (["12345678", "99999999"], "integer"),
        (["1-2-3", "4-5-6"], "text"),
        (["31/02/2024", "x"], "text"),
        ([], "text"),
    ],
)
def test_other_values(values: list[str], kind: str) -> None:
    assert guessed(*values).kind == kind


def test_one_value_in_twenty_may_be_none_and_is_told() -> None:
    found = guessed(*map(str, range(30)), "many")
    assert found.kind == "integer"
    assert found.tally.n_unread == 1
    assert [misfit.value for misfit in found.tally.misfits] == ["many"]


def test_a_reading_of_most_values_only_is_a_doubt() -> None:
    found = guessed("1", "2", "3", "many")
    assert found.kind == "text"
    assert found.doubts == ("75.0 % of the cells read as integer, but not such as 'many'",)


def test_commas_before_three_digits_are_doubted_either_way() -> None:
    assert written(guessed("1,234", "5,678"))["thousands"] == ","
    assert written(guessed("1,234", "5,678", commas=True))["decimal"] == ","
    assert "taken for decimal" in guessed("1,234", "5,678", commas=True).doubts[0]
