"""Personal columns of a profile, and what is left of their values."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.profile.facts import column, example, file, profile, total_row
from toolkit.contract import Contract
from toolkit.errors import ConfigError
from toolkit.profile.doubts import Doubt
from toolkit.profile.facts import Bar, ColumnFacts, FormulaFacts, Frequent, Profile, Spread
from toolkit.profile.personal import personal_columns, without_personal

BUYER = {"kind": "text", "source": "Buyer", "personal": True}
CONTRACT = TypeAdapter(Contract).validate_python({"name": "feed", "columns": {"a": BUYER}})
KEY = b"key"


def why(some: ColumnFacts) -> str:
    return personal_columns(profile(some), None, CONTRACT).get(some.name, "")


def frequent(*values: str) -> tuple[Frequent, ...]:
    return tuple(Frequent(value, 10) for value in values)


@pytest.mark.parametrize(
    ("source", "personal"),
    [
        ("E-Mail", True), ("CustomerName", True), ("first name", True), ("Billing Address", True),
        ("date_of_birth", True), ("phone", True), ("IBAN", True),
        ("product_name", False), ("email_count", True), ("mailing", False), ("addressee", False),
        ("faxes", False), ("amount", False),
    ],
)  # fmt: skip
def test_names_of_personal_columns(source: str, personal: bool) -> None:
    assert why(column("c", source=source)) == ("of its name" if personal else "")


@pytest.mark.parametrize("kind", ["empty", "boolean"])
def test_columns_without_a_person_s_values(kind: str) -> None:
    assert why(column("phone", kind)) == ""


def test_addresses_are_found_by_kind_and_by_names() -> None:
    assert why(column("c", "email")) == "its cells are e-mail addresses"
    names = column("c", "category", names=frequent("North", "a@b.example"))
    assert why(names) == "some of its names are e-mail addresses"
    slips = column("c", "category", spellings=(("a@b.example", "", 1),))
    assert why(slips) == "some of its names are e-mail addresses"


@pytest.mark.parametrize(
    ("values", "personal"),
    [
        (["+49 30 12345", "(089) 1234 56"], True),
        (["030 123456", "x"], False),
        (["030 123456", "030 123457", "x"], True),
        (["2024-01-31", "31 01 2024"], False),
        (["12345678"], False),
    ],
)
def test_more_than_half_of_the_values_are_telephone_numbers(
    values: list[str], personal: bool
) -> None:
    expected = "its cells look like telephone numbers" if personal else ""
    assert why(column("c", top=frequent(*values))) == expected
    assert why(column("c", "integer", top=frequent(*values))) == ""


def test_the_contract_marks_columns_by_their_header() -> None:
    marked = column("buyer", source="Buyer", kind="boolean")
    assert why(marked) == "the contract in use marks a column of this name"


def test_given_columns_are_the_only_ones() -> None:
    feed = profile(column("mail", "email", source="E-Mail"), column("code", source="Code"))
    assert personal_columns(feed, ["Code"], CONTRACT) == {"code": "as given"}
    assert personal_columns(feed, [], CONTRACT) == {}
    with pytest.raises(ConfigError, match="Cod"):
        personal_columns(feed, ["Cod"], CONTRACT)


def masked(some: ColumnFacts, **facts: Any) -> ColumnFacts:
    return without_personal(profile(some, **facts), {some.name: "of its name"}, KEY).columns[0]


def test_values_are_masked_alike_wherever_they_are() -> None:
    some = column(
        "buyer", "category", top=frequent("Ann", "Bob"), unread=(example("Ann", 3),),
        case_variants=(("Ann", "ANN"),), names=frequent("Ann"), spellings=(("An", "Ann", 1),),
        shapes=frequent("Äaa"), doubts=(Doubt("'Ann' is rare", 2),),
    )  # fmt: skip
    found = masked(some)
    ann, bob = (one.value for one in found.top)
    assert ann != bob
    assert "Ann" not in ann + bob
    assert (found.unread[0].value, found.unread[0].row) == (ann, 3)
    assert found.case_variants[0][0] == ann
    assert (found.kind, found.names, found.spellings) == ("text", (), ())
    assert found.shapes[0].value == "aaa"
    assert "Ann" not in str(found.doubts[0])
    assert found.personal == "of its name"
    hidden = without_personal(profile(some), {"buyer": "x"}, None).columns[0]
    assert hidden.top[0].value == hidden.top[1].value


SPREAD = Spread(
    -1234.0, 5678.0, 1500.0, (0.0, 149.0, 0.051), (-99.0, 101.0), 1, 2, 3, (9.0,),
    (Bar(0, 1, 2),), False,
)  # fmt: skip


def test_of_numbers_one_digit_is_left() -> None:
    found = masked(column("pay", "number", spread=SPREAD)).spread
    assert found is not None
    assert (found.low, found.high, found.mean) == (-2000.0, 6000.0, 1000.0)
    assert found.quartiles == pytest.approx((0.0, 100.0, 0.05))
    assert found.fences == (-100.0, 200.0)
    assert (found.outliers, found.bars) == ((), ())
    assert (found.n_below_zero, found.n_zero, found.n_outliers) == (1, 2, 3)


def microseconds(*moment: int) -> float:
    since = datetime(*moment) - datetime(1970, 1, 1)  # type: ignore[arg-type]
    return since.days * 86_400e6 + since.seconds * 1e6 + since.microseconds


def test_of_days_the_years_are_left() -> None:
    day = microseconds(1984, 5, 6, 7)
    first, last = microseconds(1984, 1, 1), microseconds(1984, 12, 31, 23, 59, 59, 999_999)
    some = replace(SPREAD, low=day, high=day, mean=day, quartiles=(day,) * 3, fences=(day, 1e30))
    found = masked(column("born", "date", spread=some, near_days=(day, day)))
    assert found.near_days == (first, last)
    assert found.spread is not None
    assert (found.spread.low, found.spread.high, found.spread.mean) == (first, last, first)
    assert found.spread.fences == (first, 1e30)


def test_addresses_in_other_columns_are_masked_in_part() -> None:
    some = column("note", top=frequent("ask hush@private.example", "red"))
    found = without_personal(profile(some), {}, KEY).columns[0]
    assert "hush" not in found.top[0].value
    assert found.top[0].value.startswith("ask ")
    assert (found.top[1].value, found.personal) == ("red", "")


def feed_with(**facts: Any) -> Profile:
    return without_personal(
        profile(column("pay", "number"), column("item"), **facts), {"pay": "as given"}, KEY
    )


def test_rows_of_formulas_with_a_personal_column_are_left_out() -> None:
    rows = (example("3 instead of 2"),)
    formulas = tuple(
        FormulaFacts(name, text, 10, 9, 1.0, rows)
        for name, text in (("pay", "a * b"), ("a", "pay * b"), ("a", "b + c"))
    )
    assert [one.differing for one in feed_with(formulas=formulas).formulas] == [(), (), rows]


def test_a_malformed_line_is_hidden_once_any_column_is_personal() -> None:
    broken = file(malformed_examples=(example("too few fields: Ann,a@b.example"),))
    [line] = feed_with(file=broken).file.malformed_examples
    assert line.value.startswith("too few fields: ")
    assert "Ann" not in line.value
    [line] = without_personal(profile(file=broken), {}, KEY).file.malformed_examples
    assert "Ann" in line.value
    assert "a@b.example" not in line.value


def test_the_row_of_a_total_has_no_name_of_a_person() -> None:
    named = total_row("pay", "Ann total", is_plain=False, texts={"pay": "Ann", "item": "x"})
    plain = total_row("pay", "Total", texts={"pay": "Ann"})
    other = total_row("item", "Ann total", is_plain=False)
    totals = feed_with(totals=(named, plain, other)).totals
    assert [(one.column, one.label, one.example.value) for one in totals] == [
        ("", "", ""), ("pay", "Total", "Total"), ("item", "Ann total", "Ann total"),
    ]  # fmt: skip
    assert [dict(one.texts) for one in totals] == [{"item": "x"}, {}, {}]
