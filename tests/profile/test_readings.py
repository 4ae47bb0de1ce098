"""Values read as numbers, days and addresses, and how many of them can be read."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from toolkit.contract import Email, Integer, Number
from toolkit.contract.dated import Date, Timestamp
from toolkit.profile.readings import Misfit, Reading, Tally

INTEGER, NUMBER = Reading(Integer(kind="integer")), Reading(Number(kind="number"))
DATE = Reading(Date(kind="date", formats=("%Y-%m-%d",)))
EMAIL = Reading(Email(kind="email"))
DAY = 86_400_000_000


def tally(reading: Reading, *values: str, null_words: tuple[str, ...] = ()) -> Tally:
    """Each value has as many rows as its place, from 1, and first comes where the last ends."""
    rows = np.arange(1, len(values) + 1)
    return reading.tally(pa.array(values, pa.string()), rows, np.cumsum(rows) - rows, null_words)


@pytest.mark.parametrize(
    ("reading", "values", "numbers"),
    [
        (INTEGER, ["7", "-3", "x", "1.5"], [7.0, -3.0, None, 1.5]),
        (NUMBER, ["7", "-3.25", "x"], [7.0, -3.25, None]),
        (NUMBER, ["1e999", "nan", "inf"], [None, None, None]),
        (DATE, ["1970-01-03", "1969-12-31", "1970-02-30", ""], [2.0 * DAY, -1.0 * DAY, None, None]),
        (EMAIL, ["a@b.co", "nobody"], [0.0, None]),
        (Reading(), ["anything", ""], [0.0, 0.0]),
    ],
)
def test_values_are_read_as_numbers(
    reading: Reading, values: list[str], numbers: list[float | None]
) -> None:
    found = reading.read(pa.array(values, pa.string()))
    assert [None if np.isnan(one) else one for one in found.tolist()] == numbers


def test_rows_are_counted_and_the_first_misfits_listed() -> None:
    found = tally(NUMBER, "2", "x", "0.5", "y", "-9")
    assert (found.n_read, found.n_unread, found.share) == (1 + 3 + 5, 2 + 4, 9 / 15)
    assert (found.low, found.high, found.n_fractions) == (-9.0, 2.0, 3)
    assert found.misfits == (Misfit(1, "x"), Misfit(6, "y"))


def test_null_words_of_any_case_are_in_neither_count() -> None:
    found = tally(INTEGER, "1", "N/A", "x", null_words=("n/a",))
    assert (found.n_read, found.n_unread) == (1, 3)
    assert found.misfits == (Misfit(3, "x"),)


def test_days_have_no_fractions() -> None:
    moments = Reading(Timestamp(kind="timestamp", formats=("%Y-%m-%d %H:%M:%S.%f",)))
    found = tally(moments, "2024-01-31 00:00:00.5")
    assert (found.n_read, found.n_fractions) == (1, 0)


def test_text_and_no_values_at_all_say_nothing() -> None:
    assert tally(Reading(), "a", "b") == Tally()
    assert tally(NUMBER) == Tally()
    assert Tally().share == 0.0


def test_nothing_that_can_be_read_has_no_ends() -> None:
    found = tally(NUMBER, "x")
    assert (found.low, found.high, found.n_unread) == (None, None, 1)


def test_tallies_of_partitions_add_up_in_any_order() -> None:
    one = Tally(3, 2, 1.0, 5.0, 1, (Misfit(4, "x"), Misfit(9, "y")))
    other = Tally(10, 1, -2.0, 4.0, 2, (Misfit(2, "x"),))
    assert one + other == Tally(13, 3, -2.0, 5.0, 3, (Misfit(2, "x"), Misfit(9, "y")))
    assert other + one == one + other
    assert one + Tally() == one


def test_five_misfits_are_enough() -> None:
    parts = [Tally(0, 1, None, None, 0, (Misfit(n, f"x{n}"),)) for n in range(7)]
    found = sum(parts[::-1], Tally())
    assert found.misfits == tuple(Misfit(n, f"x{n}") for n in range(5))
    assert tally(NUMBER, *"abcdefg").misfits[-1].value == "e"


def test_the_order_of_day_and_month_is_weighed_in_days_alone() -> None:
    values = pa.array(["31/01/2024", "02/03/2024", "x"], pa.string())
    rows, places = np.array([5, 7, 1]), np.array([0, 5, 12])
    reading = Reading(Date(kind="date", formats=("%d/%m/%Y",)))
    [found] = reading.day_orders(values, rows, places)
    assert (found.date_format, found.n_agreeing, found.n_either) == ("%d/%m/%Y", 5, 7)
    assert found.n_contradicting == 0
    assert NUMBER.day_orders(values, rows, places) == ()
    assert reading.day_orders(values.slice(0, 0), rows[:0], places[:0]) == ()
