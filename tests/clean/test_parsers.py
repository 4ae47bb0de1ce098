"""Messy value -> clean value and reason, for each kind of column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.clean.parsed import BAD, REASONS, outcomes, parse_cells, values_of
from tests.oracle import Book
from toolkit.clean.evaluate import Rules
from toolkit.clean.parsed import OK, ParsedValues
from toolkit.contract import Category, Date, Email, Integer, Mapped, Number, Text
from toolkit.lookups import Lookup, match_key

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
    parsed = parse_cells(column, pa.array([text]), rules.reason_ids, rules.lookups["category"])
    code = OK if name else rules.reason_ids["unknown_category"]
    assert outcomes(parsed, 1) == [(name, code)]


def lookup_of(names: Sequence[str], places: Mapping[str, int] | None = None) -> Lookup:
    ordered = tuple(sorted(names))
    return Lookup(ordered, places or {match_key(n): place for place, n in enumerate(ordered)})


# Canonical names, a value, its edits allowed, and the name it stands for.
NEAREST: list[tuple[list[str], str, int, str | None]] = [
    (["cart", "card", "care"], "carx", 2, "card"),
    (["b", "a"], "c", 2, None),
    (["bd", "ad"], "cd", 2, "ad"),
    (["bb", "aaaa"], "b", 2, "bb"),
    (["Straße"], "STRASSE", 0, "Straße"),
    (["Mu\u0308sli"], "m\u00fcsli", 0, "Mu\u0308sli"),
    (["M\u00fcsli"], "mu\u0308sli", 0, "M\u00fcsli"),
    (["M\u00fcsli"], "musli", 1, "M\u00fcsli"),
    (["cart"], "cat", 0, None),
    (["cart"], "cat", 1, "cart"),
    (["ab"], "", 2, None),
    ([], "a", 2, None),
    (["日本"], "日本語", 1, "日本"),
    (["abcd"], "badc", 2, None),
]


@pytest.mark.parametrize(("names", "text", "max_edits", "name"), NEAREST)
def test_the_nearest_name(names: list[str], text: str, max_edits: int, name: str | None) -> None:
    column = Category(kind="category", values="x.json", max_edits=max_edits, reason="bad")
    parsed = parse_cells(column, pa.array([text]), REASONS, lookup_of(names))
    assert outcomes(parsed, 1) == [(name, OK if name else BAD)]


@settings(max_examples=200)
@given(
    texts=st.lists(st.text("abcA é", max_size=7), max_size=6),
    names=st.sets(st.text("abc ", min_size=1, max_size=5).map(str.strip).filter(bool), min_size=1),
)
def test_nearest_names_are_what_the_textbook_finds(texts: list[str], names: set[str]) -> None:
    column = Category(kind="category", values="x.json", max_edits=2, reason="bad")
    texts = [text.strip() for text in texts]
    parsed = parse_cells(column, pa.array(texts, pa.string()), REASONS, lookup_of(sorted(names)))
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
    parsed = parse_cells(column, pa.array([text]), rules.reason_ids, rules.lookups["region"])
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
    assert outcomes(parse_cells(Email(kind="email"), texts, REASONS), 1) == [(address, OK)]
    strict = Email(kind="email", reason="bad")
    code = OK if address else BAD
    assert outcomes(parse_cells(strict, texts, REASONS), 1) == [(address, code)]


def test_text_is_required_or_not() -> None:
    texts = pa.array(["", "a", "NULL"])
    required = Text(kind="text", required=True, reason="bad")
    assert outcomes(parse_cells(required, texts, REASONS), 3) == [
        ("", BAD),
        ("a", OK),
        ("NULL", OK),
    ]
    assert outcomes(parse_cells(Text(kind="text"), texts, REASONS), 3)[0] == (None, OK)


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
    parsed = parse_cells(Text(kind="text", **column), pa.array(values), REASONS)
    empty = "" if column.get("required") else None
    assert outcomes(parsed, len(values)) == [(v or empty, code) for v, code in values.items()]


def test_patterns_see_the_name_that_a_value_stands_for() -> None:
    """So that cleaning clean rows again rejects none."""
    column = Text(kind="text", map="x", pattern="^[A-Z][0-9]$", reason="bad")
    lookup = Lookup(("A1", "lamp"), {"a1": 0, "alpha": 0, "b2": 1, "lamp": 1})
    parsed = parse_cells(column, pa.array(["alpha", "B2", "a1", "C3"]), REASONS, lookup)
    assert outcomes(parsed, 4) == [("A1", OK), ("lamp", BAD), ("A1", OK), ("C3", OK)]


REPAIRED: list[tuple[Callable[[pa.Array], ParsedValues], dict[str, str | None]]] = [
    (
        lambda a: parse_cells(
            Category(kind="category", values="x", max_edits=2), a, {}, lookup_of(["Books"])
        ),
        {"Books": None, "BOOKS": None, "Boks": "nearest name", "Cars": None, "": None},
    ),
    (
        lambda a: parse_cells(
            Mapped(kind="mapped", map="x", values="y"),
            a,
            {},
            Lookup(("Mumbai",), {"mumbai": 0, "bombay": 0, "n/a": -1}),
        ),
        {"Mumbai": None, "mumbai": None, "BOMBAY": "mapped", "N/A": None, "Delhi": None},
    ),
    (
        lambda a: parse_cells(
            Text(kind="text", map="x"), a, {}, Lookup(("Lamp",), {"lamp": 0, "lmap": 0})
        ),
        {"Lamp": None, "LAMP": None, "lmap": "mapped", "Desk": None, "": None},
    ),
    (
        lambda a: parse_cells(Email(kind="email"), a, {}),
        {"a@b.c": None, "A@B.C": None, "a@b": "emptied", "NULL": "emptied", "": None},
    ),
]


@pytest.mark.parametrize(("parse", "values"), REPAIRED)
def test_what_was_repaired_is_known_by_value(
    parse: Callable[[pa.Array], ParsedValues], values: dict[str, str | None]
) -> None:
    parsed = parse(pa.array(values, pa.string()))
    found = [
        next((how for how, mask in parsed.changes.items() if mask[place]), None)
        for place in range(len(values))
    ]
    assert found == [*values.values()]
    assert parse(pa.array([*values][:1])).changes == {}


DAY = Date(kind="date", formats=("%Y-%m-%d",), reason="bad")
PARSE: dict[str, Callable[[pa.Array], ParsedValues]] = {
    "number": lambda a: parse_cells(Number(kind="number", reason="bad"), a, REASONS),
    "integer": lambda a: parse_cells(Integer(kind="integer", reason="bad"), a, REASONS),
    "date": lambda a: parse_cells(DAY, a, REASONS, as_of=date(2026, 11, 23)),
    "email": lambda a: parse_cells(Email(kind="email", reason="bad"), a, REASONS),
    "text": lambda a: parse_cells(Text(kind="text", required=True, reason="bad"), a, REASONS),
    "category": lambda a: parse_cells(
        Category(kind="category", values="x", reason="bad"), a, REASONS, lookup_of(["a"])
    ),
}


@pytest.mark.parametrize("parse", PARSE.values(), ids=list(PARSE))
def test_no_values_at_all(parse: Callable[[pa.Array], ParsedValues]) -> None:
    assert outcomes(parse(pa.array([], pa.string())), 0) == []


@pytest.mark.parametrize("parse", PARSE.values(), ids=list(PARSE))
def test_a_slice_is_parsed_like_a_copy(parse: Callable[[pa.Array], ParsedValues]) -> None:
    texts = ["1", "x", "2026-01-01", "a@b.c", "", "a", "3.5"]
    whole = outcomes(parse(pa.array(texts)), 7)
    assert outcomes(parse(pa.array(texts)[2:6]), 4) == whole[2:6]
