"""Messy value -> clean value and reason, for each kind of column."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.clean.parsed import BAD, REASONS, outcomes, values_of
from tests.oracle import Book
from toolkit.clean.dates import parse_dates
from toolkit.clean.evaluate import Rules
from toolkit.clean.parsers import (
    OK,
    Parsed,
    parse_email,
    parse_integer,
    parse_labels,
    parse_number,
    parse_text,
    read_numbers,
)
from toolkit.contract import Category, Date, Email, Integer, Mapped, Number, Text
from toolkit.lookups import Lookup, match_key


def numbers(texts: Sequence[str]) -> list[float | None]:
    return [None if math.isnan(v) else v for v in read_numbers(pa.array(texts, pa.string()))]


NUMBERS = {
    "7": 7.0, "+7": 7.0, "-7": -7.0, "007": 7.0, "1.": 1.0, ".5": 0.5, "-.5": -0.5, "1e3": 1000.0,
    "1E3": 1000.0, "1e+3": 1000.0, "1.5e-3": 0.0015, ".5e1": 5.0, "5.e1": 50.0, "-0": 0.0,
    "0.1": 0.1, "1e400": math.inf, "-1e400": -math.inf, "1e-400": 0.0, "9" * 400: math.inf,
    "0.1000000000000000055511151231257827021181583404541015625": 0.1,
    "9007199254740993": 9007199254740992.0, "2.2250738585072011e-308": 2.2250738585072011e-308,
}  # fmt: skip
NO_NUMBERS = [
    "", ".", "+", "-", "e5", ".e5", "1e", "1e+", "1e1.5", "1.2.3", "--1", "+-1", "1-", "nan", "NaN",
    "-nan", "inf", "INF", "+inf", "-Infinity", "infinity", "1_000", "1,5", "1,000.00", "1 000",
    "$5", "5$", "€5", "5%", "0x1A", "0b1", "1f", "1d5", "1L", "(5)", "\u0661", "\uff11", "²", "½",
    "1\x00",
    "\x001", "1\n", "two", "N/A", "NULL", "true", "1e5e5", "\u22125", "1 e5", "nan(1)", " 5",
]  # fmt: skip


@pytest.mark.parametrize("beside", [[], ["x"]], ids=["all numbers", "beside a word"])
@pytest.mark.parametrize(("text", "value"), NUMBERS.items(), ids=[t[:12] for t in NUMBERS])
def test_numbers(text: str, value: float, beside: list[str]) -> None:
    assert numbers([text, *beside])[0] == value


@pytest.mark.parametrize("beside", [[], ["1.5"]], ids=["alone", "beside a number"])
@pytest.mark.parametrize("text", NO_NUMBERS, ids=ascii)
def test_no_numbers(text: str, beside: list[str]) -> None:
    assert numbers([text, *beside])[0] is None


@settings(max_examples=300)
@given(
    texts=st.lists(
        st.one_of(
            st.text("0123456789+-.eE", max_size=8),
            st.from_regex(r"[+-]?[0-9]{0,20}\.?[0-9]{0,20}([eE][+-]?[0-9]{1,3})?", fullmatch=True),
            st.floats().map(repr),
            st.sampled_from(["nan", "inf", "-inf", "1_0", "٣"]),
        ),
        max_size=5,
    )
)
def test_numbers_are_what_float_makes_of_the_grammar(texts: list[str]) -> None:
    assert numbers(texts) == [oracle.read_number(text) for text in texts]


NUMBER_LIMITS = [
    (Number(kind="number", reason="bad", above=0, below=50000), "0", 0.0, BAD),
    (Number(kind="number", reason="bad", above=0, below=50000), "-0.01", -0.01, BAD),
    (Number(kind="number", reason="bad", above=0, below=50000), "5e-324", 5e-324, OK),
    (Number(kind="number", reason="bad", above=0, below=50000), "49999.99", 49999.99, OK),
    (Number(kind="number", reason="bad", above=0, below=50000), "50000", 50000.0, BAD),
    (Number(kind="number", reason="bad", above=0, below=50000), "1e400", math.inf, BAD),
    (Number(kind="number", reason="bad", above=0, below=50000), "two", None, BAD),
    (Number(kind="number", reason="bad"), "two", None, BAD),
    (Number(kind="number", reason="bad"), "-1e9", -1e9, OK),
    (Number(kind="number", reason="bad", min=0, max=1), "0", 0.0, OK),
    (Number(kind="number", reason="bad", min=0, max=1), "1", 1.0, OK),
    (Number(kind="number", reason="bad", min=0, max=1), "1.0000001", 1.0000001, BAD),
    (Number(kind="number", default=0, clip=(0, 1)), "two", 0.0, OK),
    (Number(kind="number", default=0, clip=(0, 1)), "", 0.0, OK),
    (Number(kind="number", default=0, clip=(0, 1)), "nan", 0.0, OK),
    (Number(kind="number", default=0, clip=(0, 1)), "2.5", 1.0, OK),
    (Number(kind="number", default=0, clip=(0, 1)), "-0.1", 0.0, OK),
    (Number(kind="number", default=0, clip=(0, 1)), "1e400", 1.0, OK),
    (Number(kind="number", default=0, clip=(0, 1)), "-1e400", 0.0, OK),
    (Number(kind="number", default=5, clip=(0, 1)), "two", 1.0, OK),
]


@pytest.mark.parametrize(("column", "text", "value", "code"), NUMBER_LIMITS)
def test_number_limits(column: Number, text: str, value: float | None, code: int) -> None:
    parsed = parse_number(column, pa.array([text]), REASONS)
    assert outcomes(parsed, 1) == [(value, code)]


@pytest.mark.parametrize("text", ["-0", "-0.0", "-1e-400", "-5"])
def test_a_clipped_zero_has_no_sign(text: str) -> None:
    column = Number(kind="number", default=0, clip=(0, 1))
    assert repr(parse_number(column, pa.array([text]), {}).values.tolist()) == "[0.0]"


QUANTITIES: dict[str, tuple[float | None, int]] = {
    "1": (1, OK), "0": (0, BAD), "0.4": (0, BAD), "0.5": (0, BAD), "0.50000001": (1, OK),
    "1.5": (2, OK), "2.5": (2, OK), "3.5": (4, OK), "-0.5": (0, BAD), "-3": (0, BAD),
    "-1e400": (0, BAD), "50": (50, OK), "1e3": (1000, OK), "two": (None, BAD), "": (None, BAD),
    "nan": (None, BAD), "4503599627370497.5": (4503599627370498, OK),
    "9007199254740991": (9007199254740991, OK), "1e18": (10**18, OK), "1e400": (math.inf, OK),
}  # fmt: skip


@pytest.mark.parametrize(("text", "outcome"), QUANTITIES.items())
def test_whole_numbers(text: str, outcome: tuple[float | None, int]) -> None:
    column = Integer(kind="integer", reason="bad", floor=0, above=0)
    parsed = parse_integer(column, pa.array([text]), REASONS)
    assert outcomes(parsed, 1) == [outcome]
    assert not np.signbit(parsed.values)[0]


def test_whole_number_without_floor_or_with_a_default() -> None:
    bare = Integer(kind="integer", reason="bad", min=-2)
    repaired = Integer(kind="integer", default=7)
    texts = pa.array(["-2.5", "-3.5", "x"])
    assert outcomes(parse_integer(bare, texts, REASONS), 3) == [(-2, OK), (-4, BAD), (None, BAD)]
    assert outcomes(parse_integer(repaired, texts, REASONS), 3) == [(-2, OK), (-4, OK), (7, OK)]


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


DAY = Date(kind="date", formats=("%Y-%m-%d",), reason="bad")
PARSE: dict[str, Callable[[pa.Array], Parsed]] = {
    "number": lambda a: parse_number(Number(kind="number", reason="bad"), a, REASONS),
    "integer": lambda a: parse_integer(Integer(kind="integer", reason="bad"), a, REASONS),
    "date": lambda a: parse_dates(DAY, a, REASONS, date(2026, 11, 23)),
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
