"""What cells say about the order of day and month: counts, examples, and how the days run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clean.parsed import REASONS
from toolkit.clean.date_order import (
    ExampleCell,
    OrderEvidence,
    courses,
    describe_cells,
    merge_evidence,
    order_names,
    suspect_order,
    weigh_column,
    weigh_order,
)
from toolkit.clean.kinds import Given
from toolkit.clean.kinds.date import parse_dates
from toolkit.contract import Date
from toolkit.read.parse import RawBlock


def weigh(cells: Sequence[str], date_format: str = "%m/%d/%Y") -> OrderEvidence:
    """The evidence of rows, their numbers from 1."""
    distinct = list(dict.fromkeys(cells))
    evidence = weigh_order(
        date_format,
        pa.array(distinct, pa.string()),
        np.array([cells.count(cell) for cell in distinct], np.int64),
        np.array([cells.index(cell) + 1 for cell in distinct], np.int64),
    )
    assert evidence is not None
    return evidence


def test_every_cell_counts_for_what_alone_can_read_it() -> None:
    cells = [
        "05/06/2023", "16/05/2023", "5/5/2023", "17/05/2023", "5/16/2023", "16/05/2023", "",
        "31/04/2023", "13/13/2023", "0/5/2023", "02/30/2023", "2023-05-16", "16/05/2023 9:00",
        "12/31/2023",
    ]  # fmt: skip
    assert weigh(cells) == OrderEvidence(
        "%m/%d/%Y", 2, 3, 2, ExampleCell("5/16/2023", 5), ExampleCell("16/05/2023", 2)
    )
    assert weigh(cells, "%d/%m/%Y") == OrderEvidence(
        "%d/%m/%Y", 3, 2, 2, ExampleCell("16/05/2023", 2), ExampleCell("5/16/2023", 5)
    )
    assert describe_cells(weigh(cells)) == (
        "3 cells can only be day/month (first '16/05/2023' in row 2) and 2 only month/day"
    )
    assert describe_cells(weigh(["5/6/2023"])) == (
        "0 cells can only be day/month and 0 only month/day"
    )


def test_a_cell_in_no_row_says_nothing() -> None:
    evidence = weigh_order(
        "%m/%d/%Y", pa.array(["16/05/2023", "05/06/2023"]), np.array([0, 0]), np.array([0, 0])
    )
    assert evidence == OrderEvidence("%m/%d/%Y")


def test_a_month_s_name_cannot_be_confused() -> None:
    one = np.ones(1, np.int64)
    assert weigh_order("%d-%b-%Y", pa.array(["31-OCT-2023"]), one, one) is None


def test_two_digit_years_and_times_count_too() -> None:
    assert weigh(["16.5.23 8:26", "5.16.23 8:26", "5.16.23 8:66"], "%d.%m.%y %H:%M").n_deciding == 2


def test_a_format_is_weighed_by_the_cells_that_earlier_ones_left() -> None:
    column = Date(kind="date", formats=("%d %b %Y", "%m/%d/%Y", "%Y-%m-%d"), reason="bad")
    cells = pa.array(["16/05/2023", "16 May 2023", "5/16/2023", "2023-05-16", "x", "2023-5-6"])
    parsed = parse_dates(column, cells, Given(REASONS, date(2023, 1, 1)))
    indices = np.array([5, 3, 2, 0, 5, 0, 2, 2, 1, 4], np.int32)
    raw = RawBlock(pa.table({"day": cells.take(pa.array(indices))}), np.arange(10) * 2, 20)
    assert weigh_column(parsed, indices, raw) == (
        OrderEvidence(
            "%m/%d/%Y", 3, 2, 0, ExampleCell("5/16/2023", 4), ExampleCell("16/05/2023", 6)
        ),
        OrderEvidence("%Y-%m-%d", 1, 0, 2, ExampleCell("2023-05-16", 2)),
    )


@pytest.mark.parametrize(
    ("date_format", "names"),
    [
        ("%d/%m/%Y", ("day/month", "month/day")),
        ("%m/%d/%Y", ("month/day", "day/month")),
        ("%Y-%m-%d", ("month/day", "day/month")),
    ],
)
def test_orders_have_names(date_format: str, names: tuple[str, str]) -> None:
    assert order_names(date_format) == names


# --- where no cell decides ----------------------------------------------------------------------

WEEKLY = ["05.01.2023", "12.01.2023", "02.02.2023", "09.02.2023", "02.03.2023", "09.03.2023"]
ONE_FORTNIGHT = [f"{day:02}.03.2023" for day in range(1, 13)]


def test_days_that_jump_when_read_as_declared_are_in_doubt() -> None:
    both = courses(weigh(WEEKLY, "%m.%d.%Y"))
    assert both is not None
    assert [(c.n_months, c.n_steps, c.n_steps_back) for c in both] == [(4, 5, 2), (3, 5, 0)]
    assert suspect_order(weigh(WEEKLY, "%m.%d.%Y")) == (
        "as month/day its days lie in 4 months (2023-02-02 to 2023-12-01) and go back in time 2 of "
        "5 times; as day/month its days lie in 3 months (2023-01-05 to 2023-03-09) and go back in "
        "time 0 of 5 times"
    )
    assert suspect_order(weigh(WEEKLY, "%d.%m.%Y")) is None


def test_steps_back_tell_where_months_do_not() -> None:
    monthly = weigh(["05.01.2023", "03.02.2023", "04.03.2023", "02.04.2023"], "%m.%d.%Y")
    both = courses(monthly)
    assert both is not None
    assert [(c.n_months, c.n_steps_back) for c in both] == [(4, 2), (4, 0)]
    assert suspect_order(monthly) is not None


def test_days_of_one_month_are_in_doubt_when_they_spread_over_a_year() -> None:
    assert suspect_order(weigh(ONE_FORTNIGHT, "%m.%d.%Y")) is not None
    assert suspect_order(weigh(ONE_FORTNIGHT, "%d.%m.%Y")) is None


def test_steps_back_say_more_than_months() -> None:
    # The first of each month, from November to February: as days of January they go back.
    monthly = ["01.11.2022", "01.12.2022", "02.01.2023", "01.02.2023", "02.02.2023", "01.03.2023"]
    assert suspect_order(weigh(monthly, "%d.%m.%Y")) is None


@pytest.mark.parametrize(
    "cells",
    [["03/04/2023"], ["03/04/2023"] * 5, ["05/05/2023", "06/06/2023"], [*WEEKLY, "13.01.2023"], []],
    ids=["one day", "one day again", "the same either way", "a cell decides", "nothing"],
)
def test_no_doubt_without_days_that_differ(cells: list[str]) -> None:
    for date_format in ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y"):
        assert suspect_order(weigh(cells, date_format)) is None


def test_nobody_doubts_a_year_month_day() -> None:
    first_days = [f"2023-{month:02}-01" for month in range(1, 13)]
    assert courses(weigh(first_days, "%Y-%m-%d")) is not None
    assert suspect_order(weigh(first_days, "%Y-%m-%d")) is None


# --- however it is cut --------------------------------------------------------------------------

CELLS = st.lists(
    st.builds(
        "{}/{}/{}".format,
        st.integers(0, 14) | st.integers(1, 12) | st.integers(1, 12),
        st.integers(1, 12) | st.integers(1, 12) | st.integers(10, 32),
        st.sampled_from([2023, 2024]),
    ),
    max_size=30,
)
UNDECIDED = st.lists(
    st.builds("{}/{}/2023".format, st.integers(1, 12), st.integers(1, 12)), max_size=30
)


@given(cells=CELLS | UNDECIDED, cuts=st.lists(st.integers(0, 30), max_size=5))
def test_parts_merge_to_the_evidence_of_the_whole(cells: list[str], cuts: list[int]) -> None:
    places = sorted({0, *(cut for cut in cuts if cut < len(cells))})
    parts = [
        weigh(cells[start:stop]).numbered("", start - 1)
        for start, stop in zip(places, [*places[1:], len(cells)], strict=True)
    ]
    whole = weigh(cells)
    assert merge_evidence(parts) == whole
    assert suspect_order(merge_evidence(parts)) == suspect_order(whole)


@given(cells=CELLS | UNDECIDED)
def test_counts_are_those_of_strptime(cells: list[str]) -> None:
    def reads(cell: str, date_format: str) -> bool:
        try:
            datetime.strptime(cell, date_format)
        except ValueError:
            return False
        return True

    both = [(reads(cell, "%m/%d/%Y"), reads(cell, "%d/%m/%Y")) for cell in cells]
    evidence = weigh(cells)
    assert evidence.n_agreeing == both.count((True, False))
    assert evidence.n_contradicting == both.count((False, True))
    assert evidence.n_either == both.count((True, True))
    rows = [row for row, kind in enumerate(both, 1) if kind == (False, True)]
    assert evidence.contradicting == (ExampleCell(cells[rows[0] - 1], rows[0]) if rows else None)
