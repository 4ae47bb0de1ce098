"""Days and moments as exports write them, and how a contract would read them."""

from __future__ import annotations

import unicodedata
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.profile.test_guessing import cells, formats_of
from toolkit.contract import Dated
from toolkit.profile.guess import Guess
from toolkit.profile.guessing import guess_reading

YEAR = [date(2025, 1, 1) + timedelta(9 * n) for n in range(40)]


def guessed(*values: str, source: str = "") -> Guess:
    return guess_reading(cells(list(values)), source=source)


def keys_of(guess: Guess) -> dict[str, Any]:
    """The keys of the contract that are not as by default, without formats."""
    column = guess.reading.column
    assert isinstance(column, Dated)
    return {
        field.name: getattr(column, field.name)
        for field in fields(column)
        if field.name not in ("kind", "formats")
        and getattr(column, field.name) not in (None, (), {}, ("en",), False, 0.0, 1969)
    }


@pytest.mark.parametrize(
    ("values", "kind", "formats", "keys"),
    [
        (["28. Okt 2025", "03. März 2025", "20. Juli 2025"], "date", {"%d. %b %Y"},
         {"languages": ("de",)}),
        (["3. Januar 2025", "1. Mai 2025", "9. Oktober 2025"], "date", {"%d. %B %Y"},
         {"languages": ("de",)}),
        (["28 déc. 2025", "1 janv. 2025", "3 août 2025"], "date", {"%d %b %Y"},
         {"languages": ("fr",)}),
        (["28 de octubre de 2025", "1 de mayo de 2025"], "date", {"%d de %B de %Y"},
         {"languages": ("es",)}),
        (["10 października 2025", "1 maja 2025"], "date", {"%d %B %Y"}, {"languages": ("pl",)}),
        (["1 gen 2025", "1 lug 2025"], "date", {"%d %b %Y"}, {"languages": ("it",)}),
        (["5 mrt. 2025", "5 mei 2025"], "date", {"%d %b %Y"}, {"languages": ("nl",)}),
        (["5 fev 2025", "5 out 2025"], "date", {"%d %b %Y"}, {"languages": ("pt",)}),
        (["Di., 28.10.2025", "Mi., 29.10.2025"], "date", {"%a, %d.%m.%Y"}, {"languages": ("de",)}),
        (["Tue, 28 Oct 2025", "Wed, 29 Oct 2025"], "date", {"%a, %d %b %Y"}, {}),
        (["28. 10. 2025", "5. 1. 2025"], "date", {"%d. %m. %Y"}, {}),
        (["28.1.25", "5.1.25"], "date", {"%d.%m.%y"}, {}),
        (["10/28/2025, 12:03:04\u202fPM", "8/25/2025, 1:03:04\u202fAM"], "timestamp",
         {"%m/%d/%Y, %I:%M:%S %p"}, {}),
        (["28/10/2025 12:03 a. m.", "29/10/2025 1:03 p. m."], "timestamp",
         {"%d/%m/%Y %I:%M %p"}, {}),
        (["2025-10-28 10:22:33.1234500", "2025-10-28 10:22:33.0000000"], "timestamp",
         {"%Y-%m-%d %H:%M:%S.%f"}, {}),
        (["2025-03", "2025-04"], "date", {"%Y-%m"}, {"period": "month"}),
        (["Mar-25", "Apr-25"], "date", {"%b-%y"}, {"period": "month"}),
        (["Okt-25", "Mrz-25"], "date", {"%b-%y"}, {"period": "month", "languages": ("de",)}),
        (["Q1 2025", "Q4 2025"], "date", {"Q%q %Y"}, {"period": "quarter"}),
        (["2025-Q1", "2025-Q4"], "date", {"%Y-Q%q"}, {"period": "quarter"}),
    ],
)  # fmt: skip
def test_forms_of_days(
    values: list[str], kind: str, formats: set[str], keys: dict[str, Any]
) -> None:
    for form in ("NFC", "NFD"):
        found = guessed(*(unicodedata.normalize(form, value) for value in values))
        assert (found.kind, {*formats_of(found)}, found.tally.share) == (kind, formats, 1.0)
        assert keys_of(found) == keys


@pytest.mark.parametrize(
    ("values", "keys", "told"),
    [
        (["2025-01-28 10:22:33 +01:00", "2025-08-25 10:22:33 +02:00"],
         {"report_zone": "Europe/Berlin"}, "offsets (+01:00 1, +02:00 1) are read by the clock of"),
        (["2025-03-01 10:22:33 -0500", "2025-07-31 10:22:33 -0400"],
         {"report_zone": "America/New_York"}, "offsets (-0500 1, -0400 1)"),
        (["2025-03-01 10:22:33 -0500", "2025-07-31 23:22:33 -0500"],
         {"report_zone": "-05:00"}, "-05:00 (report_zone), the offset of all cells"),
        (["2025-07-31 23:22:33 -0500", "2025-07-31 23:22:33 -0400"], {"report_zone": "UTC"},
         "no place has all these offsets; 2 rows on another day than was written, 2 in another"),
        (["2025-01-28T10:22:33Z", "2025-08-25T10:22:33Z"], {"report_zone": "UTC"},
         "name the zone of the shop to count its own days"),
        (["20251028T102233Z", "20251128T102233Z"], {"report_zone": "UTC"}, "(report_zone)"),
        (["01.03.2025 10:00:00 UTC", "13.03.2025 10:00:00 UTC"], {"report_zone": "UTC"}, "UTC"),
        (["2025-01-28T10:22:33Z", "2025-08-25T10:22:33"],
         {"report_zone": "UTC", "source_zone": "UTC"}, "moments with offsets (Z 1)"),
        (["Jan 1, 2025 12:03:04 AM PST", "Jul 1, 2025 12:03:04 AM PDT"],
         {"report_zone": "America/Los_Angeles", "zone_names": {"PST": "-08:00", "PDT": "-07:00"}},
         "offsets (PST 1, PDT 1)"),
        (["2025-03-01 10:22 Europe/Berlin", "2025-03-02 10:22 Europe/Berlin"],
         {"report_zone": "Europe/Berlin"}, "zones (Europe/Berlin 2)"),
    ],
)  # fmt: skip
def test_moments_are_read_by_a_clock_that_a_doubt_names(
    values: list[str], keys: dict[str, Any], told: str
) -> None:
    found = guessed(*values)
    assert (found.kind, found.tally.share) == ("timestamp", 1.0)
    assert keys_of(found) == keys
    assert told in found.doubts[0].text


def test_zones_of_several_meanings_are_a_doubt_and_unknown_ones_are_text() -> None:
    several = guessed("2025-01-01 10:22 CST", "2025-01-02 10:22 CST")
    assert "CST could be China's" in several.doubts[1].text
    unknown = guessed("2025-01-01 10:22 XYZ", "2025-01-02 10:22 XYZ")
    assert unknown.kind == "text"
    assert "zones that are not known (XYZ 2)" in unknown.doubts[0].text
    assert "zone_names and report_zone would read them" in unknown.doubts[0].text


def test_periods_and_fine_fractions_are_said() -> None:
    months = guessed("2025-03", "2025-04").doubts
    assert "clean values are the first days of them (period: month)" in months[0].text
    fine = guessed("2025-10-28 10:22:33.1234567").doubts
    assert "1 cell with digits of a second beyond six, which are cut off" in fine[0].text
    mixed = guessed("2025-03", "2025-03-04")
    assert mixed.kind == "text"
    assert "period: month would read all as months" in mixed.doubts[0].text


def test_weekdays_prove_the_order_and_false_ones_are_passed_over() -> None:
    proven = guessed("Wed 05/06/2024", "Thu 06/06/2024", "Wed 10/07/2024")
    assert (formats_of(proven), proven.doubts) == (("%a %d/%m/%Y",), ())
    false = guessed("Mon, 28 Oct 2025", "Mon, 29 Oct 2025", "Mon, 30 Oct 2025")
    assert (formats_of(false), keys_of(false)) == (("%d %b %Y",), {"prefix": ("Mon,",)})
    assert "3 cells with a weekday that is not that of the day" in false.doubts[0].text


@pytest.mark.parametrize(
    ("source", "values", "kind", "formats", "keys"),
    [
        ("Order Date", [f"{45658 + n}" for n in range(9)], "date", "excel_1900", {}),
        ("Value Date", [f"{45658 + n}" for n in range(9)], "date", "excel_1900", {}),
        ("Fecha de venta", [f"{45658 + n}" for n in range(9)], "date", "excel_1900", {}),
        ("Bestelldatum", [f"{45658 + n},25" for n in range(9)], "timestamp", "excel_1900", {}),
        ("created", [f"{1735689600 + 86400 * n}" for n in range(9)], "timestamp", "epoch_seconds",
         {"report_zone": "UTC"}),
        ("ts", [*(f"{1735689600123 + 10**8 * n}" for n in range(19)), "0"], "timestamp",
         "epoch_milliseconds", {"report_zone": "UTC"}),
    ],
)  # fmt: skip
def test_numbers_that_count_days(
    source: str, values: list[str], kind: str, formats: str, keys: dict[str, Any]
) -> None:
    found = guessed(*values, source=source)
    assert (found.kind, formats_of(found), keys_of(found)) == (kind, (formats,), keys)
    assert f"is read by formats: {formats}" in found.doubts[0].text
    assert guessed(*values).kind in ("integer", "number")


def test_days_of_a_spreadsheet_beside_days_in_full() -> None:
    found = guessed(*["13/05/2025", "14/05/2025"] * 2, "45658", "45659")
    assert (formats_of(found), found.tally.share) == (("%d/%m/%Y", "excel_1900"), 1.0)
    assert "2 cells of days as a spreadsheet counts them" in found.doubts[0].text


@pytest.mark.parametrize(
    "form",
    [
        "%dth %b %Y",
        "%Y-W%V",
        "%a %b %d %H:%M:%S UTC %Y",
        "%d-%b",
        "%b %d",
        "%d. %B, year %Y",
        "%H:%M %d.%m.%Y",
        "/Date(%s000)/",
    ],
)
def test_days_that_no_formats_are_found_for_are_a_doubt(form: str) -> None:
    found = guessed(*(day.strftime(form) for day in YEAR))
    assert (found.kind, found.is_plain) == ("text", True)
    assert "40 of 40 cells look like days or times" in found.doubts[0].text
    assert "kind: date with formats would read them" in found.doubts[0].text


@pytest.mark.parametrize(
    "values",
    [["T1-10", "T2-44"], ["K1 20", "K2 21"], ["May", "June"], ["Mark 2000", "Sepp 1999"],
     ["2025", "2024"], ["1.5", "2.5"], ["A-2025", "B-2024"]],
)  # fmt: skip
def test_codes_are_no_days(values: list[str]) -> None:
    found = guessed(*values)
    assert found.kind not in ("date", "timestamp")
    assert not any("look like days" in doubt.text for doubt in found.doubts)


def test_every_format_of_a_guess_reads_what_it_was_made_from() -> None:
    moment = datetime(2025, 10, 28, 22, 22, 33)
    for form in ["%d/%b/%Y:%H:%M:%S +0100", "%d.%m.%Y %H.%M", "%d.%m.%Y um %H:%M Uhr",
                 "%Y. %m. %d.", "%d%b%Y", "%Y-%b-%d", "%A, %B %d, %Y %I:%M%p", "%Y%m%d%H%M%S",
                 "%Y/%m/%d %H:%M:%S,5", "%d-%b-%y %I.%M.%S %p"]:  # fmt: skip
        values = [(moment - timedelta(days=17 * n)).strftime(form) for n in range(20)]
        found = guessed(*values)
        assert (found.kind in ("date", "timestamp"), found.tally.share) == (True, 1.0), form


def test_eight_digits_that_end_with_the_year_are_days_where_the_name_says_so() -> None:
    values = [f"{day:%d%m%Y}" for day in YEAR]
    assert formats_of(guessed(*values, source="Buchungsdatum")) == ("%d%m%Y",)
    assert guessed(*values, source="customer").kind == "integer"


def test_a_column_named_for_days_is_doubted_where_some_cells_look_like_them() -> None:
    values = [*(f"{day:%dth of %b %Y}" for day in YEAR[:20]), *(f"soon {n}" for n in range(40))]
    assert "20 of 60 cells look like days" in guessed(*values, source="Sold At").doubts[0].text
    assert guessed(*values, source="note").doubts == ()


def test_months_and_days_without_a_year_are_known_by_the_name() -> None:
    months = guessed("202501", "202502", "202512", source="Monat")
    assert (formats_of(months), keys_of(months)) == (("%Y%m",), {"period": "month"})
    assert guessed("202501", "202502", source="customer").kind == "integer"
    days = [f"{day:%m/%d}" for day in YEAR]
    assert "40 of 40 cells look like days" in guessed(*days, source="sold at").doubts[0].text
    assert guessed(*days, source="size").doubts == ()
    assert formats_of(guessed("01.03.2025; 10:22", "13.03.2025; 10:23")) == ("%d.%m.%Y; %H:%M",)
