"""Days and times as shops, payment services and spreadsheets write them."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest

from tests.clean.parsed import BAD, REASONS, outcomes, parse_cells
from toolkit.clean.kinds.date import FIRST_OF_TWO
from toolkit.clean.parsed import OK
from toolkit.contract import Date, Timestamp

# Values are hand-computed. Format, keys, cell, clean timestamp (None: rejected).
NEW_YORK, BERLIN = "America/New_York", "Europe/Berlin"
US = {"PST": "-08:00", "pdt": "-07:00", "CT": "America/Chicago"}
MOMENTS: list[tuple[str, dict[str, Any], str, str | None]] = [
    *(
        ("%Y-%m-%d %H:%M:%S %z", {"report_zone": zone}, cell, moment)
        for zone, cell, moment in [
            ("UTC", "2025-03-01 10:22:33 -0500", "2025-03-01T15:22:33"),
            (NEW_YORK, "2025-03-01 10:22:33 -0500", "2025-03-01T10:22:33"),
            (BERLIN, "2025-03-31 22:30:00 -0400", "2025-04-01T04:30:00"),
            (BERLIN, "2025-03-01 10:22:33 +01:00", "2025-03-01T10:22:33"),
            (BERLIN, "2025-07-01 10:22:33 UTC", "2025-07-01T12:22:33"),
            (BERLIN, "2025-07-01 10:22:33 Z", "2025-07-01T12:22:33"),
            (BERLIN, "2025-07-01 10:22:33 GMT+0200", "2025-07-01T10:22:33"),
            (BERLIN, "2025-07-01 10:22:33 \u221205:00", "2025-07-01T17:22:33"),
            (BERLIN, "2025-07-01 10:22:33 +2", "2025-07-01T10:22:33"),
            ("+05:30", "2025-12-31 20:00:00 +0000", "2026-01-01T01:30:00"),
            ("UTC", "2025-07-01 10:22:33", None),
            ("UTC", "2025-07-01 10:22:33 +2500", None),
            ("UTC", "2025-07-01 10:22:33 +0160", None),
            ("UTC", "2025-07-01 10:22:33 EST", None),
            ("UTC", "0001-01-01 00:00:00 +0100", None),
            ("UTC", "9999-12-31 23:59:59 -0100", None),
        ]
    ),
    ("%Y%m%dT%H%M%S%z", {"report_zone": "UTC"}, "20251028T102233Z", "2025-10-28T10:22:33"),
    ("%Y-%m-%dT%H:%M:%S.%f%z", {"report_zone": "UTC"}, "2025-10-28T10:22:33.1234567+01:00",
     "2025-10-28T09:22:33.123456"),
    ("%b %d, %Y %I:%M:%S %p %Z", {"report_zone": "America/Los_Angeles", "zone_names": US},
     "Jan 1, 2025 12:03:04 AM PST", "2025-01-01T00:03:04"),
    *(
        ("%Y-%m-%d %H:%M %Z", {"report_zone": "UTC", "zone_names": US}, f"2025-07-01 10:00 {name}",
         moment)
        for name, moment in [
            ("PDT", "2025-07-01T17:00"), ("pst", "2025-07-01T18:00"), ("CT", "2025-07-01T15:00"),
            ("Europe/Berlin", "2025-07-01T08:00"), ("UTC", "2025-07-01T10:00"),
            ("CEST", None), ("Europe/Atlantis", None), ("../../etc/passwd", None),
        ]
    ),
    *(
        ("%Y-%m-%d %H:%M", {"source_zone": BERLIN, "report_zone": NEW_YORK}, cell, moment)
        for cell, moment in [
            ("2025-01-01 03:00", "2024-12-31T21:00"), ("2025-07-01 03:00", "2025-06-30T21:00"),
            # The clocks went from 3 back to 2, and from 2 on to 3.
            ("2025-10-26 02:30", "2025-10-25T20:30"), ("2025-03-30 02:30", None),
            ("2025-03-30 03:00", "2025-03-29T21:00"),
        ]
    ),
    ("epoch_seconds", {"report_zone": BERLIN}, "1714564953", "2024-05-01T14:02:33"),
    ("epoch_seconds", {"report_zone": "UTC"}, "1714564953.25", "2024-05-01T12:02:33.250000"),
    ("epoch_seconds", {"report_zone": "UTC"}, "-1.5", "1969-12-31T23:59:58.500000"),
    ("epoch_seconds", {"report_zone": "UTC"}, "1.7E+09", None),
    ("epoch_seconds", {"report_zone": "UTC"}, "999999999999999999", None),
    ("epoch_milliseconds", {"report_zone": "UTC"}, "1714564953123", "2024-05-01T12:02:33.123"),
    ("epoch_milliseconds", {"report_zone": "UTC"}, "999999999999999999", None),
    ("epoch_microseconds", {"report_zone": "UTC"}, "1714564953123456",
     "2024-05-01T12:02:33.123456"),
    *(
        ("excel_1900", {}, cell, moment)
        for cell, moment in [
            ("45658", "2025-01-01T00:00"), ("45658.0", "2025-01-01T00:00"),
            ("45658.4323263889", "2025-01-01T10:22:33"), ("45658,5", "2025-01-01T12:00"),
            ("1", "1900-01-01T00:00"), ("59", "1900-02-28T00:00"), ("60", None),
            ("60.5", None), ("61", "1900-03-01T00:00"), ("0", None), ("0.5", None), ("-1", None),
            ("2958465", "9999-12-31T00:00"), ("2958466", None), ("45658.9999999999",
            "2025-01-02T00:00"), ("4.5E+04", None), ("", None), ("text", None),
        ]
    ),
    ("excel_1904", {}, "0", "1904-01-01T00:00"), ("excel_1904", {}, "44196", "2025-01-01T00:00"),
    ("excel_1904", {}, "60", "1904-03-01T00:00"), ("excel_1904", {}, "2957003",
     "9999-12-31T00:00"), ("excel_1904", {}, "2957004", None),
    *(
        ("%d.%m.%Y %I:%M %p", {}, f"31.10.2023 {cell}", moment)
        for cell, moment in [
            ("12:03 a. m.", "2023-10-31T00:03"), ("12:03\u202fPM", "2023-10-31T12:03"),
            ("1:03 p.\u00a0m.", "2023-10-31T13:03"), ("1:03\u2009a.m.", "2023-10-31T01:03"),
            ("1:03 P.M.", "2023-10-31T13:03"), ("1:03 xm", None), ("1:03  PM", None),
        ]
    ),
]  # fmt: skip


@pytest.mark.parametrize(("date_format", "keys", "cell", "moment"), MOMENTS)
def test_moments(date_format: str, keys: dict[str, Any], cell: str, moment: str | None) -> None:
    column = Timestamp(kind="timestamp", formats=(date_format,), reason="bad", **keys)
    assert not list(column.problems("day"))
    parsed = parse_cells(column, pa.array([cell], pa.string()), REASONS)
    expected = None if moment is None else datetime.fromisoformat(moment)
    assert outcomes(parsed, 1) == [(expected, BAD if moment is None else OK)]
    day = Date(kind="date", formats=(date_format,), reason="bad", **keys)
    found = outcomes(parse_cells(day, pa.array([cell], pa.string()), REASONS), 1)
    assert found == [(expected and expected.date(), BAD if moment is None else OK)]


def test_days_without_a_time_are_of_no_zone() -> None:
    column = Timestamp(
        kind="timestamp", formats=("%Y-%m-%d %H:%M%z", "%Y-%m-%d"), report_zone=NEW_YORK,
        reason="bad",
    )  # fmt: skip
    cells = pa.array(["2025-03-01 02:00Z", "2025-03-01"])
    assert [str(value) for value, _ in outcomes(parse_cells(column, cells, REASONS), 2)] == [
        "2025-02-28 21:00:00",
        "2025-03-01 00:00:00",
    ]


def test_a_time_that_clocks_show_twice_is_the_first_and_counted_as_a_repair() -> None:
    column = Timestamp(
        kind="timestamp", formats=("%Y-%m-%d %H:%M",), source_zone=BERLIN, report_zone="UTC",
        reason="bad",
    )  # fmt: skip
    cells = pa.array(["2025-10-26 02:30", "2025-10-26 03:30", "2025-10-26 01:30"])
    parsed = parse_cells(column, cells, REASONS)
    assert [str(value) for value, _ in outcomes(parsed, 3)] == [
        "2025-10-26 00:30:00", "2025-10-26 02:30:00", "2025-10-25 23:30:00",
    ]  # fmt: skip
    assert {how: rows.tolist() for how, rows in parsed.changes.items()} == {
        FIRST_OF_TWO: [True, False, False]
    }


MONTHS = {
    "de": "1. Jan. 2025|28. Februar 2025|03. März 2025|4. Mrz 2025|5. MAI 2025|6. Juni 2025|"
    "7. Juli 2025|28. Okt 2025|9. Dez. 2025|3. Maerz 2025|3. Marz 2025",
    "fr": "1 janv. 2025|28 févr. 2025|3 mars 2025|4 Avril 2025|5 mai 2025|6 juin 2025|"
    "7 JUIL. 2025|8 août 2025|9 sept. 2025|28 déc. 2025|28 decembre 2025",
    "es": "1 ene 2025|2 feb. 2025|3 marzo 2025|4 abr 2025|8 Ago 2025|9 setiembre 2025|1 dic. 2025",
    "it": "1 gen 2025|5 maggio 2025|6 giu. 2025|7 LUG 2025|9 set 2025|10 ottobre 2025|1 dic 2025",
    "pt": "1 jan 2025|2 fev. 2025|3 março 2025|9 set 2025|10 out 2025|11 nov. 2025|12 DEZ 2025",
    "nl": "1 jan 2025|3 mrt. 2025|3 maart 2025|5 mei 2025|8 augustus 2025|10 okt 2025|1 dec 2025",
    "pl": "1 stycznia 2025|2 lut 2025|5 maja 2025|6 czerwca 2025|8 sie. 2025|9 wrz 2025|"
    "10 październik 2025|10 paź 2025|11 LISTOPADA 2025|12 gru 2025",
}
NUMBERS = {
    "de": [1, 2, 3, 3, 5, 6, 7, 10, 12, 3, 3], "fr": [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 12],
    "es": [1, 2, 3, 4, 8, 9, 12], "it": [1, 5, 6, 7, 9, 10, 12], "pt": [1, 2, 3, 9, 10, 11, 12],
    "nl": [1, 3, 3, 5, 8, 10, 12], "pl": [1, 2, 5, 6, 8, 9, 10, 10, 11, 12],
}  # fmt: skip


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("language", MONTHS)
def test_months_of_languages(language: str, form: Any) -> None:
    point = "." if language == "de" else ""
    column = _named(language, point)
    cells = [unicodedata.normalize(form, cell) for cell in MONTHS[language].split("|")]
    found = outcomes(parse_cells(column, pa.array(cells), REASONS), len(cells))
    assert [value and value.month for value, _ in found] == NUMBERS[language]


def _named(language: Any, point: str) -> Date:
    formats = (f"%d{point} %b %Y", f"%d{point} %B %Y")
    return Date(kind="date", formats=formats, languages=(language,), reason="bad")


def test_names_of_other_languages_are_no_months() -> None:
    column = _named("en", "")
    cells = ["1 Mai 2025", "1 Okt 2025", "1 Oct. 2025", "1 Sept 2025", "1 may 2025"]
    found = outcomes(parse_cells(column, pa.array(cells), REASONS), len(cells))
    assert [value and value.month for value, _ in found] == [None, None, 10, 9, 5]


@pytest.mark.parametrize(
    ("language", "date_format", "cell", "day"),
    [
        ("en", "%a, %d %b %Y", "Tue, 28 Oct 2025", date(2025, 10, 28)),
        ("en", "%A, %B %d, %Y", "Tuesday, October 28, 2025", date(2025, 10, 28)),
        ("en", "%a, %d %b %Y", "Mon, 28 Oct 2025", None),
        ("en", "%a %d/%m/%Y", "Wed 05/06/2024", date(2024, 6, 5)),
        ("en", "%a %m/%d/%Y", "Wed 05/06/2024", None),
        ("de", "%a., %d.%m.%Y", "Di., 28.10.2025", date(2025, 10, 28)),
        ("de", "%a, %d.%m.%Y", "Di., 28.10.2025", date(2025, 10, 28)),
        ("fr", "%A %d %B %Y", "mardi 28 octobre 2025", date(2025, 10, 28)),
        ("pt", "%A, %d %b %Y", "terça-feira, 28 out 2025", date(2025, 10, 28)),
        ("pl", "%A, %d %B %Y", "ŚRODA, 29 października 2025", date(2025, 10, 29)),
    ],
)
def test_weekdays_are_those_of_the_day(
    language: Any, date_format: str, cell: str, day: date | None
) -> None:
    column = Date(kind="date", formats=(date_format,), languages=(language,), reason="bad")
    [(found, _)] = outcomes(parse_cells(column, pa.array([cell]), REASONS), 1)
    assert found == day


@pytest.mark.parametrize(
    ("period", "date_format", "cell", "day"),
    [
        ("month", "%Y-%m", "2025-03", date(2025, 3, 1)),
        ("month", "%b-%y", "Mar-25", date(2025, 3, 1)),
        ("month", "%Y%m", "202512", date(2025, 12, 1)),
        ("month", "%Y-%m", "2025-13", None),
        ("month", "%Y-%m-%d", "2025-03-17", date(2025, 3, 1)),
        ("quarter", "Q%q %Y", "Q1 2025", date(2025, 1, 1)),
        ("quarter", "%YQ%q", "2025Q4", date(2025, 10, 1)),
        ("quarter", "Q%q %Y", "Q5 2025", None),
        ("quarter", "%b %Y", "Jun 2025", date(2025, 4, 1)),
        ("year", "%Y", "2025", date(2025, 1, 1)),
        ("year", "Q%q %Y", "Q3 1969", date(1969, 1, 1)),
    ],
)
def test_a_period_is_its_first_day(
    period: Any, date_format: str, cell: str, day: date | None
) -> None:
    column = Date(kind="date", formats=(date_format,), period=period, reason="bad")
    assert not list(column.problems("month"))
    [(found, _)] = outcomes(parse_cells(column, pa.array([cell]), REASONS), 1)
    assert found == day
