"""Messy dates and times -> days and moments, and the days that they would be in another order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.clean.parsed import BAD, REASONS, outcomes, values_of
from toolkit.clean.dates import parse_dates
from toolkit.clean.parsers import OK
from toolkit.contract import Date

DATE = Date(
    kind="date", formats=oracle.FORMATS, reason="bad", years_before=20, years_after=1,
    range_reason="range",
)  # fmt: skip
AS_OF = date(2026, 11, 23)
DATES: dict[str, tuple[date | None, int]] = {
    **dict.fromkeys(
        ["2026-03-04", "2026-3-4", "2026-03-4", "03/04/2026", "3/4/2026", "3/04/2026",
         "04-03-2026", "4-3-2026", "2026/03/04", "2026/3/4"],
        (date(2026, 3, 4), OK),
    ),
    "2024-02-29": (date(2024, 2, 29), OK), "2020-02-29": (date(2020, 2, 29), OK),
    "12/31/2025": (date(2025, 12, 31), OK), "31-12-2025": (date(2025, 12, 31), OK),
    "1999-12-31": (date(1999, 12, 31), 5), "1900-02-28": (date(1900, 2, 28), 5),
    "0001-01-01": (date(1, 1, 1), 5), "9999-12-31": (date(9999, 12, 31), 5),
    "2006-11-23": (date(2006, 11, 23), OK), "2006-11-22": (date(2006, 11, 22), 5),
    "2027-11-23": (date(2027, 11, 23), OK), "2027-11-24": (date(2027, 11, 24), 5),
    **dict.fromkeys(
        ["", "NULL", "2025-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-01",
         "2026-01-00", "0000-01-01", "31/12/2025", "2026-1-32", "12-31-2025", "26-03-04",
         "02026-03-04", "2026-003-04", "2026-03-004", "2026-03/04", "03/04-2026", "2026.03.04",
         "20260304", "2026-03-04T00:00", "2026-03-04 00:00:00", "x2026-03-04", "2026-03-04x",
         "2026-03-", "-03-04", "٢٠٢٦-03-04", "2026- 3-4", "2026-03-04\n", "\n2026-03-04", "4.5",
         "2026\u201303\u201304", "+2026-03-04", "2026-+3-4", "99999-01-01"],
        (None, BAD),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "outcome"), DATES.items(), ids=map(ascii, DATES))
def test_dates(text: str, outcome: tuple[date | None, int]) -> None:
    assert outcomes(parse_dates(DATE, pa.array([text]), REASONS, AS_OF), 1) == [outcome]


def test_every_real_day_is_read_in_every_format() -> None:
    days = [date(1999, 12, 1) + timedelta(n) for n in range(1500)]
    for form in oracle.FORMATS:
        padded = [day.strftime(form) for day in days]
        short = [form.replace("%Y", str(d.year)).replace("%m", str(d.month)) for d in days]
        short = [text.replace("%d", str(d.day)) for text, d in zip(short, days, strict=True)]
        for texts in (padded, short):
            parsed = parse_dates(DATE, pa.array(texts), REASONS, date(2010, 1, 1))
            assert values_of(parsed) == days


@settings(max_examples=300)
@given(
    texts=st.lists(
        st.tuples(
            st.integers(0, 2030).map(lambda n: f"{n:04}") | st.text("0123456789", max_size=5),
            st.integers(0, 13).map(str) | st.integers(0, 13).map("{:02}".format),
            st.integers(0, 32).map(str) | st.integers(0, 32).map("{:02}".format),
            st.sampled_from("-/. "),
            st.sampled_from(["Ymd", "mdY", "dmY", "Ydm"]),
        ).map(lambda p: p[3].join(dict(zip("Ymd", p[:3], strict=True))[letter] for letter in p[4])),
        max_size=6,
    )
)
@example(texts=["1-1-0000", "0000/1/1", "30-02-2024", "29-2-2100"])
def test_dates_are_what_strptime_makes_of_them(texts: list[str]) -> None:
    parsed = parse_dates(DATE, pa.array(texts, pa.string()), REASONS, AS_OF)
    assert values_of(parsed) == [oracle.read_date(text) for text in texts]


def test_the_first_format_that_fits_wins() -> None:
    either = pa.array(["04/03/2026"])
    for formats, day in (
        (("%m/%d/%Y", "%d/%m/%Y"), date(2026, 4, 3)),
        (("%d/%m/%Y", "%m/%d/%Y"), date(2026, 3, 4)),
    ):
        column = replace(DATE, formats=formats)
        assert outcomes(parse_dates(column, either, REASONS, AS_OF), 1) == [(day, OK)]


# as_of, then the first and the last day allowed.
BOUNDS = [
    (date(2026, 11, 23), date(2006, 11, 23), date(2027, 11, 23)),
    (date(2024, 2, 29), date(2004, 2, 29), date(2025, 2, 28)),
    (date(2023, 2, 28), date(2003, 2, 28), date(2024, 2, 28)),
    (date(2024, 1, 1), date(2004, 1, 1), date(2025, 1, 1)),
]


@pytest.mark.parametrize(("as_of", "first", "last"), BOUNDS, ids=[str(b[0]) for b in BOUNDS])
def test_the_range_includes_its_bounds(as_of: date, first: date, last: date) -> None:
    day = timedelta(1)
    texts = pa.array([str(d) for d in (first - day, first, last, last + day)])
    codes = parse_dates(DATE, texts, REASONS, as_of).codes
    assert codes is not None
    assert codes.tolist() == [5, OK, OK, 5]


def test_an_open_range_and_one_beyond_the_calendar() -> None:
    days = pa.array(["0001-01-01", "9999-12-31"])
    open_ended = replace(DATE, years_before=None, years_after=None)
    beyond = replace(DATE, years_before=5000, years_after=9000)
    for column in (open_ended, beyond):
        assert [c for _, c in outcomes(parse_dates(column, days, REASONS, AS_OF), 2)] == [OK, OK]
