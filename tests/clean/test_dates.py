"""Messy dates and times -> days and moments, and the days that they would be in another order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.clean.parsed import BAD, REASONS, outcomes, parse_cells, values_of
from toolkit.clean.counted_days import NO_DAY
from toolkit.clean.kinds.date import read_dates
from toolkit.clean.parsed import OK
from toolkit.contract import Date, Timestamp

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
    assert outcomes(parse_cells(DATE, pa.array([text]), REASONS, as_of=AS_OF), 1) == [outcome]


def test_every_real_day_is_read_in_every_format() -> None:
    days = [date(1999, 12, 1) + timedelta(n) for n in range(1500)]
    for form in oracle.FORMATS:
        padded = [day.strftime(form) for day in days]
        short = [form.replace("%Y", str(d.year)).replace("%m", str(d.month)) for d in days]
        short = [text.replace("%d", str(d.day)) for text, d in zip(short, days, strict=True)]
        for texts in (padded, short):
            parsed = parse_cells(DATE, pa.array(texts), REASONS, as_of=date(2010, 1, 1))
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
@pytest.mark.slow
def test_dates_are_what_strptime_makes_of_them(texts: list[str]) -> None:
    parsed = parse_cells(DATE, pa.array(texts, pa.string()), REASONS, as_of=AS_OF)
    assert values_of(parsed) == [oracle.read_date(text) for text in texts]


def test_the_first_format_that_fits_wins() -> None:
    either = pa.array(["04/03/2026"])
    for formats, day in (
        (("%m/%d/%Y", "%d/%m/%Y"), date(2026, 4, 3)),
        (("%d/%m/%Y", "%m/%d/%Y"), date(2026, 3, 4)),
    ):
        column = replace(DATE, formats=formats)
        assert outcomes(parse_cells(column, either, REASONS, as_of=AS_OF), 1) == [(day, OK)]


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
    codes = parse_cells(DATE, texts, REASONS, as_of=as_of).codes
    assert codes is not None
    assert codes.tolist() == [5, OK, OK, 5]


def test_an_open_range_and_one_beyond_the_calendar() -> None:
    days = pa.array(["0001-01-01", "9999-12-31"])
    open_ended = replace(DATE, years_before=None, years_after=None)
    beyond = replace(DATE, years_before=5000, years_after=9000)
    for column in (open_ended, beyond):
        assert [c for _, c in outcomes(parse_cells(column, days, REASONS, as_of=AS_OF), 2)] == [
            OK,
            OK,
        ]


# --- more directives, and times ------------------------------------------------------------------

DAY = date(2023, 10, 31)
# format, cell, day (None: no day of the format)
DIRECTIVES: list[tuple[str, str, date | None]] = [
    ("%d-%b-%Y", "31-OCT-2023", DAY), ("%d-%b-%Y", "31-oct-2023", DAY),
    ("%d-%b-%Y", "31-October-2023", None), ("%d-%b-%Y", "31-10-2023", None),
    ("%d-%b-%Y", "31-Okt-2023", None), ("%d-%b-%Y", "31-Nov-2023", None),
    ("%B %d, %Y", "October 31, 2023", DAY), ("%B %d, %Y", "OCTOBER 31, 2023", DAY),
    ("%B %d, %Y", "Oct 31, 2023", None), ("%d %B %Y", "1 May 2023", date(2023, 5, 1)),
    ("%d %b %Y", "1 May 2023", date(2023, 5, 1)),
    ("%d.%m.%y", "31.10.23", DAY), ("%d.%m.%y", "31.10.68", date(2068, 10, 31)),
    ("%d.%m.%y", "31.10.69", date(1969, 10, 31)), ("%d.%m.%y", "31.10.2023", None),
    ("%d.%m.%y", "31.10.3", None), ("%d.%m.%Y", "31.10.23", None),
    ("%Y%m%d", "20140102", date(2014, 1, 2)), ("%Y%m%d", "2014112", None),
    ("%Y%m%d", "2014102", None), ("%Y%m%d", "4.5", None), ("%Y-%m-%d", "20140102", None),
    ("%d%m%y", "311023", DAY), ("%d%m%y", "11023", None), ("%d-%m1%Y", "31-1012023", DAY),
    ("%d-%m1%Y", "31-112023", None), ("%Y-%m-%d", "4.5", None),
    ("%Y年%m月%d日", "2023年10月31日", DAY),
    ("(%d) [%m] %Y.", "(31) [10] 2023.", DAY), ("(%d) [%m] %Y.", "(31) [10] 2023x", None),
]  # fmt: skip


@pytest.mark.parametrize(("date_format", "text", "day"), DIRECTIVES)
def test_directives_of_days(date_format: str, text: str, day: date | None) -> None:
    column = Date(kind="date", formats=(date_format,), reason="bad")
    # Beside another shape, and beside what no format reads.
    parsed = parse_cells(column, pa.array(["", text, "x"]), REASONS, as_of=AS_OF)
    assert outcomes(parsed, 3)[1] == (day, OK if day else BAD)


@pytest.mark.parametrize(
    ("start", "text", "year"),
    [(1969, "00", 2000), (1950, "49", 2049), (1950, "50", 1950), (2000, "99", 2099),
     (1901, "00", 2000), (1, "00", 100), (9900, "99", 9999)],
)  # fmt: skip
def test_two_digit_years_lie_in_the_hundred_years_given(start: int, text: str, year: int) -> None:
    column = Date(kind="date", formats=("%y-%m-%d",), two_digit_years_from=start, reason="bad")
    parsed = parse_cells(column, pa.array([f"{text}-03-04"]), REASONS, as_of=AS_OF)
    assert outcomes(parsed, 1) == [(date(year, 3, 4), OK)]


# format of the time, text, time (None: no time of the format)
TIMES: list[tuple[str, str, str | None]] = [
    ("%H:%M", "08:26", "08:26:00"), ("%H:%M", "8:26", "08:26:00"), ("%H:%M", "8:6", "08:06:00"),
    ("%H:%M", "00:00", "00:00:00"), ("%H:%M", "23:59", "23:59:00"), ("%H:%M", "24:00", None),
    ("%H:%M", "12:60", None), ("%H:%M", "12", None), ("%H:%M", "12:30:00", None),
    ("%H:%M:%S", "12:30:59", "12:30:59"), ("%H:%M:%S", "12:30:60", None), ("%H", "7", "07:00:00"),
    ("%H:%M:%S.%f", "1:2:3.5", "01:02:03.500000"),
    ("%H:%M:%S.%f", "1:2:3.000001", "01:02:03.000001"),
    ("%H:%M:%S.%f", "1:2:3.1234567", "01:02:03.123456"),
    ("%H:%M:%S.%f", "1:2:3.1234567890", None), ("%H:%M:%S.%f", "1:2:3.", None),
    ("%H%M%S", "010203", "01:02:03"), ("%H%M%S", "10203", None),
    ("%H%M%S%f", "0102034", "01:02:03.400000"),
    ("%I:%M %p", "12:00 AM", "00:00:00"), ("%I:%M %p", "12:30 pm", "12:30:00"),
    ("%I:%M %p", "1:05 Pm", "13:05:00"), ("%I:%M %p", "11:59 am", "11:59:00"),
    ("%I:%M %p", "0:30 AM", None), ("%I:%M %p", "13:30 PM", None), ("%I:%M %p", "1:30", None),
]  # fmt: skip


@pytest.mark.parametrize(("time_format", "text", "time"), TIMES)
def test_times_are_kept_by_timestamps_and_checked_by_dates(
    time_format: str, text: str, time: str | None
) -> None:
    formats = (f"%d.%m.%Y {time_format}",)
    cells = pa.array([f"31.10.2023 {text}"])
    moment = None if time is None else datetime.fromisoformat(f"2023-10-31 {time}")
    code = BAD if time is None else OK
    kept = parse_cells(
        Timestamp(kind="timestamp", formats=formats, reason="bad"), cells, REASONS, as_of=AS_OF
    )
    assert pa.array(kept.values).type == pa.timestamp("us")
    assert outcomes(kept, 1) == [(moment, code)]
    dropped = parse_cells(
        Date(kind="date", formats=formats, reason="bad"), cells, REASONS, as_of=AS_OF
    )
    assert pa.array(dropped.values).type == pa.date32()
    assert outcomes(dropped, 1) == [(moment and moment.date(), code)]


MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999))
MOMENT_FORMATS = ["%Y-%m-%dT%H:%M:%S.%f", "%d %b %Y %I:%M:%S.%f %p", "%Y%m%d%H%M%S%f"]


@given(moments=st.lists(MOMENTS, max_size=5), date_format=st.sampled_from(MOMENT_FORMATS))
@example(moments=[datetime(1583, 2, 28, 23, 59, 59, 999_999)], date_format=MOMENT_FORMATS[0])
def test_moments_come_back_as_they_were_written(moments: list[datetime], date_format: str) -> None:
    column = Timestamp(kind="timestamp", formats=(date_format,), reason="bad")
    texts = pa.array([moment.strftime(date_format) for moment in moments], pa.string())
    assert values_of(parse_cells(column, texts, REASONS, as_of=AS_OF)) == moments


def test_a_timestamp_without_a_time_is_midnight_and_has_a_date_s_limits() -> None:
    column = Timestamp(
        kind="timestamp", formats=("%Y-%m-%d %H:%M", "%Y-%m-%d"), reason="bad", years_before=20,
        years_after=1, range_reason="range",
    )  # fmt: skip
    texts = ["2026-03-04", "2006-11-22 23:59", "2006-11-23", "2027-11-23 23:59", "2027-11-24 00:00"]
    parsed = outcomes(parse_cells(column, pa.array(texts), REASONS, as_of=AS_OF), 5)
    assert parsed[0] == (datetime(2026, 3, 4), OK)
    assert [code for _, code in parsed] == [OK, 5, OK, OK, 5]


def test_a_reading_tells_what_the_other_order_would_be() -> None:
    cells = pa.array(["05/06/2023", "16/05/2023", "05/16/2023", "31/04/2023", "16/05/2023 9"])
    reading = read_dates("%d/%m/%Y", cells, 1969)
    assert reading.swapped is not None
    days = [
        [None if day == NO_DAY else date(1970, 1, 1) + timedelta(day) for day in found.tolist()]
        for found in (reading.days, reading.swapped)
    ]
    assert days == [
        [date(2023, 6, 5), date(2023, 5, 16), None, None, None],
        [date(2023, 5, 6), None, date(2023, 5, 16), None, None],
    ]
    assert read_dates("%d-%b-%Y", cells, 1969).swapped is None
