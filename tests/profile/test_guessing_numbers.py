"""How numbers are written: what is drafted of it, and what is left as text with a doubt."""

from __future__ import annotations

from typing import Any

import pytest

from tests.profile.test_guessing import guessed
from toolkit.contract import Numeric
from toolkit.profile.guess import Guess

MINUS = "\u2212"


def keys(guess: Guess) -> dict[str, Any]:
    """The keys of how numbers are written that differ from plain ones."""
    column = guess.reading.column
    assert isinstance(column, Numeric), guess
    plain = {"decimal": ".", "thousands": None, "groups": "thousands"}
    return {
        key: value for key, value in column.written.items() if value and plain.get(key) != value
    }


@pytest.mark.parametrize(
    ("values", "how"),
    [
        (["-$5.50", "$7"], {"prefix": ("$",)}),
        (["$-5.50", "$7"], {"prefix": ("$",)}),
        (["- $5.50", "$7"], {"prefix": ("$",)}),
        (["(12.50)", "7"], {"negative": ("(5)",)}),
        (["($1,212.50)", "$7"], {"negative": ("(5)",), "prefix": ("$",), "thousands": ","}),
        (["$ (12.50)", "$ 7"], {"negative": ("(5)",), "prefix": ("$",)}),
        (["(12.50 EUR)", "7 EUR"], {"negative": ("(5)",), "suffix": ("EUR",)}),
        (["49.03-", "7"], {"negative": ("5-",)}),
        (["1.049,03-", "7"], {"negative": ("5-",), "decimal": ",", "thousands": "."}),
        (["49.50 EUR-", "7 EUR"], {"negative": ("5-",), "suffix": ("EUR",)}),
        (["49.50- EUR", "7 EUR"], {"negative": ("5-",), "suffix": ("EUR",)}),
        ([f"{MINUS}4.50", "7"], {"negative": (f"{MINUS}5",)}),
        ([f"{MINUS}$4.50", "$7"], {"negative": (f"{MINUS}5",), "prefix": ("$",)}),
        (["\u20134.50", "7"], {"negative": ("\u20135",)}),
        (["- 4.50", "7"], {"negative": ("- 5",)}),
        (["(1.50)", "2.50-", "-3.50"], {"negative": ("(5)", "5-")}),
        (["1,00,000.50", "50,000.00", "7"], {"thousands": ",", "groups": "indian"}),
        (["Rs. 1,00,000.50", "Rs. 7"], {"thousands": ",", "groups": "indian", "prefix": ("Rs.",)}),
        (["\u20a65.50", "\u20a66"], {"prefix": ("\u20a6",)}),
        (["KES 5.50", "KES 6"], {"prefix": ("KES",)}),
        (["1.5 min", "2 Min"], {"suffix": ("Min", "min")}),
        (["'-7.25", "4.5"], {"prefix": ("'",)}),
    ],
)
def test_every_way_to_write_numbers_is_drafted(values: list[str], how: dict[str, Any]) -> None:
    found = guessed(*values)
    assert (found.kind, keys(found), found.tally.share) == ("number", how, 1.0)


@pytest.mark.parametrize(
    ("values", "doubt"),
    [
        (["5.00 CR", "4.00 DR", "3.00 CR"], "'CR' beside 2 cells, 'DR' beside 1 cell: sides of an "
         "account; left as text; negative: ['5 CR'] with suffix: [DR] reads those of 'CR' as be"),
        (["5,00 S", "4,00 H"], "'S' beside 1 cell, 'H' beside 1 cell: sides of an account"),
        (["5.00", "4.00 Cr"], "'Cr' beside 1 cell, neither beside 1: sides of an account"),
        (["12%", "0.12"], "'%' beside 1 cell, neither beside 1: numbers that cannot be added up; "
         'left as text; units: {"%": 0.01, "": 1} reads them all alike'),
        (["1.5K", "2M", "9"], "'K' beside 1 cell, 'M' beside 1 cell, neither beside 1: numbers "
         'that cannot be added up; left as text; units: {K: 1000, M: 1000000, "": 1} reads them'),
        (["1.5K", "2K"], "'K' beside 2 cells: short for large numbers; left as text; units: {K"),
        (["500 g", "2 kg"], "'g' beside 1 cell, 'kg' beside 1 cell: numbers that cannot be added "
         "up; left as text; units: {g: 1, kg: 1000} reads them all alike"),
        (["5 lb", "7 oz"], "'lb' beside 1 cell, 'oz' beside 1 cell: numbers that cannot be added"),
        (["$5", "C$5", "KES 5"], "'$' beside 1 cell, 'CAD' beside 1 cell, 'KES' beside 1 cell"),
        (["30 min", "2 h"], "'min' beside 1 cell, 'h' beside 1 cell: numbers that cannot be added"),
        (["($5)", "\u20ac7"], "'$' beside 1 cell, '\u20ac' beside 1 cell: numbers that cannot be"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_up_is_text_with_what_would_read_it(
    values: list[str], doubt: str
) -> None:
    found = guessed(*values)
    assert (found.kind, found.is_plain) == ("text", True)
    assert [one.text for one in found.doubts if not one.text.startswith(doubt)] == []
    assert found.doubts[0].rows == len(values)


def test_signs_that_are_moved_are_doubted_with_their_number_and_the_first() -> None:
    [doubt] = guessed("7", "(12.50)", "(1.00)", "(12.50)").doubts
    assert doubt.text == "3 cells such as '(12.50)' are read as below 0: negative: ['(5)']"
    assert doubt.rows == 3


def test_a_dash_beside_a_currency_is_0_and_a_power_of_ten_is_doubted() -> None:
    found = guessed("$5.50", "$-", "$ -", "$7")
    assert keys(found) == {"prefix": ("$",), "words": {"-": 0}}
    assert (found.tally.n_read, found.tally.low) == (4, 0.0)
    assert "2 cells such as '$-' are read as 0: words: {'-': 0}" in map(str, found.doubts)
    [doubt] = guessed("12E4", "700", "5").doubts
    assert doubt.text == "1 cell such as '12E4' is read as powers of ten: 1E3 as 1000"
    assert guessed("1.2E+04", "700").doubts == ()


@pytest.mark.parametrize(
    "values",
    [
        ["5,-", "7,-"],
        ["(-5)", "(-6)"],
        ["(555) 1234", "(555) 1235"],
        ["10-20", "5-10"],
        ["5--", "6--"],
    ],
)
def test_no_sign_is_made_up(values: list[str]) -> None:
    assert guessed(*values).kind == "text"


@pytest.mark.parametrize("letter", "CDSHKMBLGT")
def test_letters_of_ids_are_no_sides_or_units(letter: str) -> None:
    found = guessed(*map(str, range(100)), f"{letter}536379")
    assert (found.kind, found.tally.n_unread, found.doubts) == ("integer", 1, ())
    assert guessed(f"{letter}1", f"{letter}2").kind == "text"
    assert "sides" not in str(guessed("1C", "2D", "3S", "4H").doubts)


def test_codes_of_articles_and_variants_are_not_short_for_anything() -> None:
    found = guessed(*map(str, range(22_000, 22_100)), "85123B", "85123M", "85123K", "84406S")
    assert (found.kind, found.tally.n_unread, found.doubts) == ("integer", 4, ())


def test_numbers_with_unknown_texts_are_doubted() -> None:
    [doubt] = guessed("3 Pax", "4 Pax", "5 Rooms").doubts
    assert doubt.rows == 3
    assert doubt.text == (
        "numbers with a text: 'Pax' beside 2 cells, 'Rooms' beside 1 cell; left as text; "
        "suffix: [Pax, Rooms] reads them as numbers, if all of them are of one unit"
    )
    assert guessed("A4", "A5", "A6").doubts == ()


@pytest.mark.parametrize("value", ["5.000", "12.500", "1.234.567"])
def test_points_before_three_digits_in_all_cells_are_doubted(value: str) -> None:
    found = guessed(value, value)
    assert found.doubts or keys(found) == {"decimal": ",", "thousands": "."}
