"""Messy value -> clean value and reason, for each kind of column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.clean.parsed import BAD, REASONS, outcomes, values_of
from tests.oracle import Book
from toolkit.clean.evaluate import Rules
from toolkit.clean.numbers import parse_numeric
from toolkit.clean.parsers import (
    OK,
    Parsed,
    parse_date,
    parse_email,
    parse_labels,
    parse_text,
)
from toolkit.contract import Category, Date, Email, Integer, Mapped, Number, Text
from toolkit.lookups import Lookup, match_key

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
    assert outcomes(parse_date(DATE, pa.array([text]), REASONS, AS_OF), 1) == [outcome]


def test_every_real_day_is_read_in_every_format() -> None:
    days = [date(1999, 12, 1) + timedelta(n) for n in range(1500)]
    for form in oracle.FORMATS:
        padded = [day.strftime(form) for day in days]
        short = [form.replace("%Y", str(d.year)).replace("%m", str(d.month)) for d in days]
        short = [text.replace("%d", str(d.day)) for text, d in zip(short, days, strict=True)]
        for texts in (padded, short):
            parsed = parse_date(DATE, pa.array(texts), REASONS, date(2010, 1, 1))
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
    parsed = parse_date(DATE, pa.array(texts, pa.string()), REASONS, AS_OF)
    assert values_of(parsed) == [oracle.read_date(text) for text in texts]


def test_the_first_format_that_fits_wins() -> None:
    either = pa.array(["04/03/2026"])
    for formats, day in (
        (("%m/%d/%Y", "%d/%m/%Y"), date(2026, 4, 3)),
        (("%d/%m/%Y", "%m/%d/%Y"), date(2026, 3, 4)),
    ):
        column = replace(DATE, formats=formats)
        assert outcomes(parse_date(column, either, REASONS, AS_OF), 1) == [(day, OK)]


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
    codes = parse_date(DATE, texts, REASONS, as_of).codes
    assert codes is not None
    assert codes.tolist() == [5, OK, OK, 5]


def test_an_open_range_and_one_beyond_the_calendar() -> None:
    days = pa.array(["0001-01-01", "9999-12-31"])
    open_ended = replace(DATE, years_before=None, years_after=None)
    beyond = replace(DATE, years_before=5000, years_after=9000)
    for column in (open_ended, beyond):
        assert [c for _, c in outcomes(parse_date(column, days, REASONS, AS_OF), 2)] == [OK, OK]


CATEGORIES = {
    "Office": "Office", "OFFICE": "Office", "office": "Office", "Ofice": "Office",
    "Ofce": "Office", "Offffice": "Office", "Offfffice": None, "Ofe": None,
    "Officesss": None, "Books": "Books",
    "Boks": "Books", "": None, "   ": None, "Toys&Games": "Toys & Games", "Toys and Games": None,
    "garden & outdoors": "Garden & Outdoor", "Home and Garden": None, "xSports": "Sports",
    "xxSports": "Sports", "xxxSports": None, "N/A": None, "Sproots": "Sports",
    "Sprootz": None, "Sprots": "Sports",
}  # fmt: skip


@pytest.mark.parametrize(("text", "name"), CATEGORIES.items(), ids=map(ascii, CATEGORIES))
def test_categories(text: str, name: str | None, rules: Rules, book: Book) -> None:
    assert oracle.nearest_category(text, book.categories) == name
    column = rules.contract.columns["category"]
    assert isinstance(column, Category)
    parsed = parse_labels(column, pa.array([text]), rules.reason_ids, rules.lookups["category"])
    code = OK if name else rules.reason_ids["unknown_category"]
    assert outcomes(parsed, 1) == [(name, code)]


def lookup_of(names: Sequence[str], places: Mapping[str, int] | None = None) -> Lookup:
    ordered = tuple(sorted(names))
    return Lookup(ordered, places or {match_key(n): place for place, n in enumerate(ordered)})


# Canonical names, a value, its edits allowed, and the name it stands for.
NEAREST: list[tuple[list[str], str, int, str | None]] = [
    (["cart", "card", "care"], "carx", 2, "card"),
    (["b", "a"], "c", 2, "a"),
    (["bb", "aaaa"], "b", 2, "bb"),
    (["Straße"], "STRASSE", 0, "Straße"),
    (["Mu\u0308sli"], "m\u00fcsli", 0, "Mu\u0308sli"),
    (["M\u00fcsli"], "mu\u0308sli", 0, "M\u00fcsli"),
    (["M\u00fcsli"], "musli", 1, "M\u00fcsli"),
    (["cart"], "cat", 0, None),
    (["cart"], "cat", 1, "cart"),
    (["ab"], "", 2, "ab"),
    ([], "a", 2, None),
    (["日本"], "日本語", 1, "日本"),
    (["abcd"], "badc", 2, None),
]


@pytest.mark.parametrize(("names", "text", "max_edits", "name"), NEAREST)
def test_the_nearest_name(names: list[str], text: str, max_edits: int, name: str | None) -> None:
    column = Category(kind="category", values="x.json", max_edits=max_edits, reason="bad")
    parsed = parse_labels(column, pa.array([text]), REASONS, lookup_of(names))
    assert outcomes(parsed, 1) == [(name, OK if name else BAD)]


@settings(max_examples=200)
@given(
    texts=st.lists(st.text("abcA é", max_size=7), max_size=6),
    names=st.sets(st.text("abc ", min_size=1, max_size=5).map(str.strip).filter(bool), min_size=1),
)
def test_nearest_names_are_what_the_textbook_finds(texts: list[str], names: set[str]) -> None:
    column = Category(kind="category", values="x.json", max_edits=2, reason="bad")
    texts = [text.strip() for text in texts]
    parsed = parse_labels(column, pa.array(texts, pa.string()), REASONS, lookup_of(sorted(names)))
    wanted = [oracle.nearest_category(text, sorted(names)) for text in texts]
    assert values_of(parsed) == wanted


REGIONS = {
    "Mumbai": "Mumbai", "mumbai": "Mumbai", "BOMBAY": "Mumbai", "New delhi": "New Delhi",
    "viet nam": "Vietnam", "INDONSIA": "Indonesia", "Phillipines": "Philippines",
    "Mumbai2": None, "Mumbaj": None, "NewDelhi": None, "N/A": None, "n/a": None, "NULL": None,
    "": None, "UNKNOWN": None, "unknown": None, "Atlantis": None,
}  # fmt: skip


@pytest.mark.parametrize(("text", "name"), REGIONS.items())
def test_regions(text: str, name: str | None, rules: Rules, book: Book) -> None:
    assert oracle.find_region(text, book.region_map) == name
    column = rules.contract.columns["region"]
    assert isinstance(column, Mapped)
    parsed = parse_labels(column, pa.array([text]), rules.reason_ids, rules.lookups["region"])
    code = OK if name else rules.reason_ids["unknown_region"]
    assert outcomes(parsed, 1) == [(name, code)]


EMAILS: dict[str, str | None] = {
    "ann.lee@example.com": "ann.lee@example.com", "Ann.Lee@Example.COM": "ann.lee@example.com",
    "a@b.c": "a@b.c", "É@é.fr": "é@é.fr", "a+b@c.d.e": "a+b@c.d.e", "a@b..c": "a@b..c",
    **dict.fromkeys(
        ["", "NULL", "N/A", "a", "a@b", "@b.c", "a@.c", "a@b.", "a.b@c", "a@@b.c", "a@b@c.d",
         "a b@c.d", "a@b c.d", "a@b.c d", "a@b.c\nx@y.z", "a\u00a0b@c.d", "a@b\u3000.c",
         "a\x0bb@c.d", "a\x1cb@c.d", "a\x85b@c.d"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "address"), EMAILS.items(), ids=map(ascii, EMAILS))
def test_emails(text: str, address: str | None) -> None:
    assert oracle.read_email(text) == address
    texts = pa.array([text])
    assert outcomes(parse_email(Email(kind="email"), texts, REASONS), 1) == [(address, OK)]
    strict = Email(kind="email", reason="bad")
    code = OK if address else BAD
    assert outcomes(parse_email(strict, texts, REASONS), 1) == [(address, code)]


def test_text_is_required_or_not() -> None:
    texts = pa.array(["", "a", "NULL"])
    required = Text(kind="text", required=True, reason="bad")
    assert outcomes(parse_text(required, texts, REASONS), 3) == [("", BAD), ("a", OK), ("NULL", OK)]
    assert outcomes(parse_text(Text(kind="text"), texts, REASONS), 3)[0] == ("", OK)


# How a text is declared, and the reason id of each value.
TEXTS: list[tuple[dict[str, Any], dict[str, int]]] = [
    (
        {"pattern": "^[0-9]{6}$", "reason": "bad"},
        {"536365": OK, "C36365": BAD, "5363650": BAD, "536365\n1": BAD, "": OK, "\u0661" * 6: BAD},
    ),
    ({"pattern": "[0-9]", "reason": "bad"}, {"a1b": OK, "ab": BAD}),
    (
        {"pattern": "^.", "reason": "bad", "required": True},
        {"a": OK, "": BAD, "\u65e5\u672c": OK, "\x00": OK},
    ),
    (
        {"reject": {"early": "^C", "range": "^A"}},
        {"C1": 3, "A1": 5, "1A": OK, "": OK, "c1": OK, "CA": 3},
    ),
    # The first in the contract's order of reasons, not in that of the column.
    ({"reject": {"range": "^C", "early": "9$"}}, {"C1": 5, "C9": 3, "9": 3}),
    (
        {"pattern": "^[0-9C]", "reason": "bad", "reject": {"early": "^C"}},
        {"C1": 3, "1": OK, "x": BAD},
    ),
]


@pytest.mark.parametrize(("column", "values"), TEXTS, ids=[str(column) for column, _ in TEXTS])
def test_texts_are_rejected_by_what_matches_and_what_does_not(
    column: dict[str, Any], values: dict[str, int]
) -> None:
    parsed = parse_text(Text(kind="text", **column), pa.array(values), REASONS)
    assert outcomes(parsed, len(values)) == [*values.items()]


def test_patterns_see_the_name_that_a_value_stands_for() -> None:
    """So that cleaning clean rows again rejects none."""
    column = Text(kind="text", map="x", pattern="^[A-Z][0-9]$", reason="bad")
    lookup = Lookup(("A1", "lamp"), {"a1": 0, "alpha": 0, "b2": 1, "lamp": 1})
    parsed = parse_text(column, pa.array(["alpha", "B2", "a1", "C3"]), REASONS, lookup)
    assert outcomes(parsed, 4) == [("A1", OK), ("lamp", BAD), ("A1", OK), ("C3", OK)]


REPAIRED: list[tuple[Callable[[pa.Array], Parsed], dict[str, str | None]]] = [
    (
        lambda a: parse_labels(
            Category(kind="category", values="x", max_edits=2), a, {}, lookup_of(["Books"])
        ),
        {"Books": None, "BOOKS": None, "Boks": "nearest name", "Cars": None, "": None},
    ),
    (
        lambda a: parse_labels(
            Mapped(kind="mapped", map="x", values="y"),
            a,
            {},
            Lookup(("Mumbai",), {"mumbai": 0, "bombay": 0, "n/a": -1}),
        ),
        {"Mumbai": None, "mumbai": None, "BOMBAY": "mapped", "N/A": None, "Delhi": None},
    ),
    (
        lambda a: parse_text(
            Text(kind="text", map="x"), a, {}, Lookup(("Lamp",), {"lamp": 0, "lmap": 0})
        ),
        {"Lamp": None, "LAMP": None, "lmap": "mapped", "Desk": None, "": None},
    ),
    (
        lambda a: parse_email(Email(kind="email"), a, {}),
        {"a@b.c": None, "A@B.C": None, "a@b": "emptied", "NULL": "emptied", "": None},
    ),
]


@pytest.mark.parametrize(("parse", "values"), REPAIRED)
def test_what_was_repaired_is_known_by_value(
    parse: Callable[[pa.Array], Parsed], values: dict[str, str | None]
) -> None:
    parsed = parse(pa.array(values, pa.string()))
    found = [
        next((how for how, mask in parsed.changes.items() if mask[place]), None)
        for place in range(len(values))
    ]
    assert found == [*values.values()]
    assert parse(pa.array([*values][:1])).changes == {}


PARSE: dict[str, Callable[[pa.Array], Parsed]] = {
    "number": lambda a: parse_numeric(Number(kind="number", reason="bad"), a, REASONS),
    "integer": lambda a: parse_numeric(Integer(kind="integer", reason="bad"), a, REASONS),
    "date": lambda a: parse_date(DATE, a, REASONS, AS_OF),
    "email": lambda a: parse_email(Email(kind="email", reason="bad"), a, REASONS),
    "text": lambda a: parse_text(Text(kind="text", required=True, reason="bad"), a, REASONS),
    "category": lambda a: parse_labels(
        Category(kind="category", values="x", reason="bad"), a, REASONS, lookup_of(["a"])
    ),
}


@pytest.mark.parametrize("parse", PARSE.values(), ids=list(PARSE))
def test_no_values_at_all(parse: Callable[[pa.Array], Parsed]) -> None:
    assert outcomes(parse(pa.array([], pa.string())), 0) == []


@pytest.mark.parametrize("parse", PARSE.values(), ids=list(PARSE))
def test_a_slice_is_parsed_like_a_copy(parse: Callable[[pa.Array], Parsed]) -> None:
    texts = ["1", "x", "2026-01-01", "a@b.c", "", "a", "3.5"]
    whole = outcomes(parse(pa.array(texts)), 7)
    assert outcomes(parse(pa.array(texts)[2:6]), 4) == whole[2:6]
