"""Moments of clocks, compared with Python's own zones one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolkit.clean.zones import to_local, to_utc

ZONES = [
    "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe",
    "Africa/Casablanca", "Pacific/Apia", "America/St_Johns", "Europe/Dublin", "UTC",
]  # fmt: skip
EPOCH = datetime(1970, 1, 1)
MOMENTS = st.datetimes(datetime(1890, 1, 1), datetime(2100, 1, 1))


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def as_moment(found: int) -> datetime:
    return EPOCH + timedelta(microseconds=found)


@given(moments=st.lists(MOMENTS, min_size=1, max_size=8), zone=st.sampled_from(ZONES))
@example(moments=[datetime(2025, 3, 30, 0, 59, 59), datetime(2025, 3, 30, 1)], zone="Europe/Berlin")
@example(moments=[datetime(2038, 7, 1), datetime(2099, 7, 1)], zone="Europe/Berlin")
def test_moments_are_shown_by_clocks_as_python_shows_them(
    moments: list[datetime], zone: str
) -> None:
    found = to_local(np.array([microseconds(m) for m in moments]), ZoneInfo(zone)).tolist()
    expected = [
        m.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for m in moments
    ]
    assert [as_moment(one) for one in found] == expected


@given(moments=st.lists(MOMENTS, min_size=1, max_size=8), zone=st.sampled_from(ZONES))
@example(moments=[datetime(2025, 10, 26, 2, 30), datetime(2025, 3, 30, 2, 30)], zone=ZONES[0])
@example(moments=[datetime(2011, 12, 30, 12)], zone="Pacific/Apia")
@example(moments=[datetime(2025, 4, 6, 1, 45)], zone="Australia/Lord_Howe")
def test_clocks_are_read_as_python_reads_them(moments: list[datetime], zone: str) -> None:
    found = to_utc(np.array([microseconds(m) for m in moments]), ZoneInfo(zone))
    for place, moment in enumerate(moments):
        early, late = (moment.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
        back = [
            one.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment
            for one in (early, late)
        ]
        assert found.never[place] == (back == [False, False])
        assert found.twice[place] == (all(back) and early.utcoffset() != late.utcoffset())
        if any(back):
            first = early.astimezone(UTC).replace(tzinfo=None)
            assert as_moment(int(found.utc[place])) == first


@pytest.mark.parametrize("moment", [datetime(1, 1, 1), datetime(9999, 12, 31, 23)])
def test_the_ends_of_the_calendar_have_clocks_too(moment: datetime) -> None:
    given = np.array([microseconds(moment)])
    there = to_local(given, ZoneInfo("Asia/Kolkata"))
    assert abs(there - given) < 24 * 3_600_000_000
    assert len(to_local(given[:0], ZoneInfo("Asia/Kolkata"))) == 0
