"""Formats of dates that can be used and that cannot, and pairs that read a cell in two ways."""

from __future__ import annotations

from itertools import combinations

import pytest

from toolkit.contract.date_format import conflict, format_problems, swapped

SOUND = [
    "%Y-%m-%d", "%d/%m/%y", "%d-%b-%Y", "%B %d, %Y", "%Y%m%d", "%Y-%m-%dT%H:%M:%S.%f",
    "%m/%d/%Y %I:%M %p", "%d.%m.%Y %H", "%p %I %d %m %y", "%Y年%m月%d日",
]  # fmt: skip
LACKS_DAY = "must have one day (%d), unless period says that cells are whole months"
PROBLEMS = {
    "": ["must have one year (%Y or %y)", "must have one month (%m or %b or %B)",
         LACKS_DAY],
    "%Y-%m": [LACKS_DAY],
    "%Y %y-%m-%d": ["must have one year (%Y or %y)"],
    "%d %b %m %Y": ["must have one month (%m or %b or %B)"],
    "%d %d %m %Y": ["must have one day (%d)"],
    "%Y-%m-%d %j": ["has %j; what it can have is %Y %y %m %b %B %d %H %I %p %M %S %f %z %Z %a %A"],
    "%Y-%m-%d%": ["has %; what it can have is %Y %y %m %b %B %d %H %I %p %M %S %f %z %Z %a %A"],
    "%Y-%m-%d %%": ["has %%; what it can have is %Y %y %m %b %B %d %H %I %p %M %S %f %z %Z %a %A"],
    "%Y-%m-%d %H:%M:%M": ["has %M 2 times"],
    "%Y-%m-%d %H %I %p": ["has %H and %I; keep the hour that is meant"],
    "%Y-%m-%d %I": ["has %I without %p"],
    "%Y-%m-%d %H %p": ["has %p without %I"],
    "%Y-%m-%d %M": ["has %M without %H or %I"],
    "%Y-%m-%d %H:%S": ["has %S without %M"],
    "%Y-%m-%d %H:%M.%f": ["has %f without %S"],
}  # fmt: skip


@pytest.mark.parametrize("date_format", SOUND)
def test_sound_formats(date_format: str) -> None:
    assert list(format_problems(date_format)) == []


@pytest.mark.parametrize(("date_format", "problems"), PROBLEMS.items(), ids=repr)
def test_formats_that_cannot_be_used(date_format: str, problems: list[str]) -> None:
    assert list(format_problems(date_format)) == problems


CONFLICTS = [
    ("%d/%m/%Y", "%m/%d/%Y"), ("%d.%m.%y", "%m.%d.%y"), ("%y-%m-%d", "%d-%m-%y"),
    ("%Y%m%d", "%d%m%Y"), ("%Y-%m-%d", "%Y-%d-%m"), ("%d %b %y", "%y %B %d"),
    ("%d/%m/19%y", "%d/%m/%Y"), ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"),
    ("%d/%m/%Y %I %p", "%m/%d/%Y %I %p"),
]  # fmt: skip
AT_PEACE = [
    "%Y-%m-%d", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d.%m.%y", "%d-%b-%Y", "%d-%B-%Y", "%d-%b-%y",
    "%Y%m%d", "%y%m%d", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p",
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), CONFLICTS)
def test_formats_that_read_a_cell_as_two_days(one: str, other: str) -> None:
    for pair in ((one, other), (other, one)):
        for by_time in (False, True):
            found = conflict(*pair, by_time=by_time)
            assert found is not None
            assert " as " in found


@pytest.mark.parametrize(("one", "other"), [*combinations(AT_PEACE, 2)])
def test_formats_that_never_disagree(one: str, other: str) -> None:
    assert conflict(one, other, by_time=True) is None


def test_times_are_in_conflict_for_timestamps_only() -> None:
    pair = "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %S:%M:%H"
    assert conflict(*pair, by_time=False) is None
    assert conflict(*pair, by_time=True) == (
        "'03/02/2001 04:05:06', as 2001-02-03 04:05:06 and as 2001-02-03 06:05:04"
    )


def test_day_and_month_change_places() -> None:
    assert swapped("%d/%m/%Y %H:%M") == "%m/%d/%Y %H:%M"
    assert swapped("%Y-%m-%d") == "%Y-%d-%m"
    assert swapped("%d-%b-%Y") is None


@pytest.mark.parametrize(
    ("one", "other", "cell"),
    [
        ("excel_1900", "excel_1904", "'36925'"), ("epoch_seconds", "epoch_milliseconds", "98"),
        ("excel_1900", "%d%m%y", "'"), ("epoch_seconds", "%Y%m%d", "'"),
    ],
)  # fmt: skip
def test_numbers_that_two_formats_would_read(one: str, other: str, cell: str) -> None:
    found = conflict(one, other, by_time=False)
    assert found is not None
    assert cell in found


@pytest.mark.parametrize(
    ("one", "other"),
    [("excel_1900", "%d/%m/%Y"), ("excel_1900", "%Y%m%d"), ("epoch_seconds", "%Y-%m-%d %H:%M")],
)
def test_numbers_beside_days_in_full(one: str, other: str) -> None:
    assert conflict(one, other, by_time=True) is None


def test_periods_need_no_day_and_words_no_directive() -> None:
    assert list(format_problems("%Y-%m", "month")) == []
    assert list(format_problems("Q%q %Y", "quarter")) == []
    assert list(format_problems("%Y", "year")) == []
    assert list(format_problems("epoch_seconds")) == []
    assert list(format_problems("%Y", "quarter")) == ["must have one month (%m or %b or %B or %q)"]
    assert next(format_problems("Q%q %Y", "month")).startswith("has %q; what it can have")
    assert list(format_problems("%d %Y", "year")) == ["has %d without a month"]
    assert list(format_problems("epoch")) == [
        "has no directive such as %Y, and is none of epoch_seconds, epoch_milliseconds, "
        "epoch_microseconds, excel_1900, excel_1904"
    ]
    assert list(format_problems("%Y-%m-%d %z")) == ["has %z without %H or %I"]
    assert list(format_problems("%Y-%m-%d %H %z %Z")) == [
        "has %z and %Z; keep the zone that is meant"
    ]
