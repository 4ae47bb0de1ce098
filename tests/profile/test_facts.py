"""The facts of a profile, and what follows from them."""

from __future__ import annotations

import json

from tests.profile.facts import column, example, file, profile, total_row
from toolkit.contract import Integer
from toolkit.profile.facts import KeyFacts
from toolkit.profile.readings import Reading


def test_an_example_is_shown_with_its_row_and_cut() -> None:
    assert str(example("x", 1234)) == "'x' (row 1,234)"
    assert len(str(example("x" * 100))) < 60


def test_records_without_a_value() -> None:
    some = column("a", n_rows=200, n_empty=10, n_said=150, n_in_totals=20)
    assert (some.n_missing, some.missing) == (30, 0.15)
    assert column("a", n_rows=0, n_said=0).missing == 0.0


def test_records_that_are_profiled() -> None:
    some = file(n_records=100, n_blank=3, n_repeated_headers=2, malformed={"x": 4, "y": 1})
    assert some.n_rows == 90


def test_a_total_is_shown_by_its_label_or_its_row() -> None:
    assert str(total_row("item", "Total", 1234)) == "'Total' (row 1,234)"
    assert str(total_row(row=1234)) == "row 1,234"


def test_keys_of_a_profile() -> None:
    whole, one = KeyFacts((), 100, 4), KeyFacts(("a",), 50, 10)
    assert profile(keys=(one, whole)).whole_rows is whole
    assert one.share_repeated == 0.2
    assert KeyFacts(("a",), 0, 0).share_repeated == 0.0


def test_a_profile_as_json() -> None:
    reading = Reading(Integer(kind="integer", thousands=","))
    total = total_row("a", "Total", 9, empty=frozenset({"b"}))
    feed = profile(column("a"), column("b", "integer", reading=reading), totals=(total,))
    content = json.loads(json.dumps(feed.as_dict()))
    first, second = content["columns"]
    assert first["read_as"] == {"kind": "text"}
    assert second["read_as"]["kind"] == "integer"
    assert second["read_as"]["thousands"] == ","
    assert None not in second["read_as"].values()
    assert "reading" not in second
    assert content["totals"] == [
        {"row": {"value": "Total", "file": "feed.csv", "row": 9}, "column": "a", "label": "Total"}
    ]
