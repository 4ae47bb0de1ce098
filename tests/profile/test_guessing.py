"""Values and the reading that fits them."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from toolkit.contract import Dated, Numeric
from toolkit.profile.doubts import Doubt
from toolkit.profile.guess import DistinctCells, Guess
from toolkit.profile.guessing import guess_reading


def cells(values: list[str]) -> DistinctCells:
    rows = Counter(values)
    first = [values.index(value) for value in rows]
    return DistinctCells(
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
        (["EUR 5", "€ 7"], "integer", {"prefix": ("EUR", "€")}),
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
        (["2024-01-31T08:26:00.5Z"], "timestamp", ("%Y-%m-%dT%H:%M:%S.%f%z",)),
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
        assert f"{best} is a guess" in guess.doubts[0].text


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


def test_one_value_in_twenty_may_be_none_and_is_reported() -> None:
    found = guessed(*map(str, range(30)), "many")
    assert found.kind == "integer"
    assert found.tally.n_unread == 1
    assert [misfit.value for misfit in found.tally.misfits] == ["many"]


def test_a_reading_of_most_values_only_is_a_doubt() -> None:
    found = guessed("1", "2", "3", "many")
    assert found.kind == "text"
    assert found.doubts == (
        Doubt("75.0 % of the cells read as integer, but not such as 'many'", 3),
    )


def test_commas_before_three_digits_are_doubted_either_way() -> None:
    assert written(guessed("1,234", "5,678"))["thousands"] == ","
    assert written(guessed("1,234", "5,678", commas=True))["decimal"] == ","
    assert "taken for decimal" in guessed("1,234", "5,678", commas=True).doubts[0].text


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["$4.50", "€4.50", "£4.50"], "'$' beside 1 cell, '€' beside 1 cell, '£' beside 1 cell"),
        (["12.50 EUR", "12.50 USD", "3.00 EUR"], "'€' beside 2 cells, '$' beside 1 cell"),
        (["$5", "5 EUR"], "'$' beside 1 cell, '€' beside 1 cell"),
        (["5 kg", "800 g"], "'kg' beside 1 cell, 'g' beside 1 cell"),
        (["12%", "0.12"], "'%' beside 1 cell, neither beside 1"),
        (["$5", "10%"], "'$' beside 1 cell, '%' beside 1 cell"),
    ],
)
def test_several_currencies_or_units_are_text_with_a_doubt(values: list[str], told: str) -> None:
    found = guessed(*values)
    assert (found.kind, found.is_plain) == ("text", True)
    [doubt] = found.doubts
    assert doubt.text.startswith(told)
    assert doubt.rows == len(values)


def test_a_zero_needs_no_per_cent_sign_and_a_currency_may_be_left_out_with_a_doubt() -> None:
    assert guessed("12%", "0", "7%").kind == "integer"
    [percent] = guessed("12%", "0", "7%").doubts
    assert percent.text.startswith("12% is read as 12")
    [doubt] = guessed("$1.50", "$2", "3.25").doubts
    assert doubt == Doubt(
        "'$' is beside 2 numbers, and nothing beside 1: they are taken for the same", 1
    )


def test_points_before_three_digits_are_doubted_too() -> None:
    [doubt] = guessed("5.000", "12.500", "7").doubts
    assert "all points are before three digits; they are taken for decimal" in doubt.text
    assert doubt.rows == 2
    assert guessed("0.500", "12.500").doubts == ()
    assert guessed("1234.500", "12.500").doubts == ()


def formats_of(guess: Guess) -> tuple[str, ...]:
    column = guess.reading.column
    assert isinstance(column, Dated)
    return column.formats


@pytest.mark.parametrize("proof", ["7/13/2016", "13/7/2016"])
def test_what_one_format_proves_decides_the_others_of_the_column(proof: str) -> None:
    found = guessed(*[proof] * 5, *[f"0{n}-0{n % 7 + 1}-2016" for n in range(1, 9)])
    first = "%m" if proof.startswith("7") else "%d"
    assert {one[:2] for one in formats_of(found)} == {first}
    [doubt] = found.doubts
    assert f"5 cells of the column prove {formats_of(found)[1]}" in doubt.text
    assert doubt.rows == 8


def test_days_that_nothing_decides_are_no_dates_unless_another_column_proves_an_order() -> None:
    any_day = Random(3)
    values = [f"0{any_day.randint(1, 9)}/0{any_day.randint(1, 9)}/2024" for _ in range(40)]
    found = guessed(*values)
    assert (found.kind, found.undecided) == ("text", True)
    assert (
        "no cell distinguishes %d/%m/%Y from %m/%d/%Y: all 40 read both ways"
        in found.doubts[0].text
    )
    told = guess_reading(cells(values), order="month")
    assert formats_of(told) == ("%m/%d/%Y",)
    assert "another column proves months first" in told.doubts[0].text


def test_a_column_that_proves_both_orders_is_text() -> None:
    found = guessed(*["13/07/2016"] * 3, *["07/13/2016"] * 3, "01/02/2016")
    assert found.kind == "text"
    assert "3 cells can only be day/month, 3 only month/day" in found.doubts[0].text


def test_years_of_two_digits_that_could_come_first_are_no_days() -> None:
    found = guessed(*[f"24-{n % 12 + 1:02}-{n % 28 + 1:02}" for n in range(60)])
    assert found.kind == "text"
    assert "the year may come first" in found.doubts[0].text


def test_days_of_the_iso_form_are_doubted_where_none_is_above_12() -> None:
    swapped = guessed(*[f"2023-{n % 12 + 1:02}-{n % 3 + 4:02}" for n in range(360)])
    assert formats_of(swapped) == ("%Y-%m-%d",)
    assert "none of 12 different days is above the 12th" in swapped.doubts[0].text
    assert swapped.doubts[0].rows == 360
    months = guessed(*[f"{year}-{n:02}-01" for year in (2022, 2023) for n in range(1, 13)])
    a_fortnight = guessed(*[f"2023-05-{n:02}" for n in range(1, 13)])
    assert months.doubts == a_fortnight.doubts == ()
