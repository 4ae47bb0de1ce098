"""The text of a profile: figures, keys, what columns hold, and doubts in order of weight."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.profile.facts import column, example, file, profile, total_row
from toolkit.profile.doubts import Doubt
from toolkit.profile.facts import DayOrder, Frequent, KeyFacts, Spread
from toolkit.profile.phrases import (
    all_doubts,
    column_doubts,
    distinct,
    figure,
    file_doubts,
    holds,
    key_text,
    left_out,
)

DAY = 86_400_000_000.0
SPREAD = Spread(0.0, DAY, 0.0, (0.0, 0.0, 0.0), (0.0, 0.0), 0, 0, 0, (), (), False)


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (DAY, "date", "1970-01-02"),
        (DAY + 3_661_000_000, "timestamp", "1970-01-02 01:01:01"),
        (-DAY, "date", "1969-12-31"),
        (1e30, "date", "1e+30"),
        (0.0, "number", "0"),
        (0.01, "number", "0.01"),
        (-1234.567, "number", "-1,234.57"),
        (1e15, "integer", "1e+15"),
    ],
)
def test_a_figure_is_shown_as_its_column_is_read(value: float, kind: str, shown: str) -> None:
    assert figure(value, kind) == shown


def test_records_that_are_not_profiled_are_listed_by_reason() -> None:
    some = file(n_blank=2, n_repeated_headers=1, malformed={"too_few_fields": 1200, "x": 0})
    assert left_out(some) == "2 blank, 1 the header again, 1,200 too_few_fields"
    assert left_out(file()) == ""


@pytest.mark.parametrize(
    ("n", "exact", "shown"),
    [(1234, True, "1,234"), (1234, False, "about 1,230"), (123, False, "about 123")],
)
def test_an_estimate_is_shown_with_three_digits(n: int, exact: bool, shown: str) -> None:
    assert distinct(column("id", n_distinct=n, distinct_is_exact=exact)) == shown


def frequent(*values: str) -> tuple[Frequent, ...]:
    return tuple(Frequent(value, 10) for value in values)


def test_what_a_column_holds() -> None:
    top, shapes = frequent("b", "a", "d", "c", "e"), frequent("aa", "a9", "99", "9")
    assert holds(column("day", "date", spread=SPREAD)) == "1970-01-01 to 1970-01-02"
    assert holds(column("town", "category", top=top)) == "b, a, d, c"
    assert holds(column("few", n_distinct=3, top=top, shapes=shapes)) == "b, a, d, c"
    assert holds(column("code", top=top, shapes=shapes)) == "aa, a9, 99"
    rare = (Frequent("aa", 9), Frequent("a", 8))
    assert holds(column("note", top=top, shapes=rare)) == "b, a, d"
    assert holds(column("mail", "email", shapes=frequent("aaa", "a@a.a"), spread=SPREAD)) == "a@a.a"
    assert holds(column("mail", "email", shapes=frequent("aaa"))) == ""


def test_keys() -> None:
    assert key_text(KeyFacts(("a", "b"), 1500, 0)) == "a + b: no value comes twice in 1,500 rows"
    assert key_text(KeyFacts((), 200, 3)) == (
        "the whole record: 3 of 200 rows repeat an earlier one (1.5 %)"
    )


def test_doubts_about_one_column() -> None:
    order = DayOrder("%d/%m/%Y", 1500, 7, 2, example("1/31/24", 9))
    some = column(
        "paid", "date", doubts=(Doubt("a guess", 1),), n_unread=1, unread=(example("x", 5),),
        day_orders=(order, replace(order, contradict=0)), n_far_days=2,
        far_days=(example("1899-12-30", 3),), n_shortened=1,
    )  # fmt: skip
    found = list(column_doubts(some))
    assert found[3].rows == 2
    assert str(found.pop(3)).startswith("2 cells far from all other days: '1899-12-30' (row 3)")
    assert found == [
        Doubt("a guess", 1),
        Doubt("1 cell cannot be read as date, such as 'x' (row 5)", 1),
        Doubt(
            "1,500 cells prove %d/%m/%Y, 2 the other order of day and month, such as "
            "'1/31/24' (row 9)",
            9,
        ),
        Doubt(
            "1 cell of whole numbers that a spreadsheet has rounded (4.5E+12): their last digits "
            "are lost",
            1,
        ),
    ]
    assert list(column_doubts(column("paid"))) == []


def test_doubts_of_most_rows_come_first_and_others_in_their_order() -> None:
    one, two = (column(name, doubts=(Doubt(name, 5),)) for name in ("one", "two"))
    many = column("many", doubts=(Doubt("form"), Doubt("many", 50)))
    feed = profile(one, two, many, file=file(doubts=(Doubt("encoding", 5),)))
    assert [(place, str(doubt)) for place, doubt in all_doubts(feed)] == [
        ("many", "many"), ("file", "encoding"), ("one", "one"), ("two", "two"), ("many", "form"),
    ]  # fmt: skip


def test_totals_are_one_doubt_about_the_file() -> None:
    feed = profile(totals=(total_row("item", "Total", 1001), total_row(row=1002)))
    assert file_doubts(feed) == [
        Doubt(
            "2 rows are totals, not records of others: 'Total' (row 1,001), row 1,002; a drafted "
            "contract rejects them",
            2,
        )
    ]
    assert file_doubts(profile()) == []
