"""Rules that reject rows which are totals of others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.profile.facts import column, profile, total_row
from toolkit.profile.doubts import Doubt
from toolkit.profile.draft_columns import DraftColumn
from toolkit.profile.draft_totals import reject_totals
from toolkit.profile.facts import ColumnFacts, TotalRow


def drafted(name: str, kind: str = "text", **settings: Any) -> DraftColumn:
    return DraftColumn(name, {"source": name, "kind": kind, **settings})


def rejecting(
    rows: list[TotalRow], *columns: DraftColumn, facts: tuple[ColumnFacts, ...] = ()
) -> tuple[dict[str, DraftColumn], tuple[Doubt, ...]]:
    known = facts or tuple(column(one.name, one.kind) for one in columns)
    feed = profile(*known, totals=tuple(rows))
    return reject_totals(feed, {one.name: one for one in columns})


def test_a_label_of_a_text_is_rejected_by_a_pattern() -> None:
    rows = [total_row("item", label) for label in ("Total", "TOTAL", "Sub total (net)")]
    columns, doubts = rejecting(rows, drafted("item", personal=True))
    item = columns["item"]
    pattern = r"(?i)^(?:TOTAL|Sub total \(net\))$"
    assert item.settings == {
        "source": "item", "kind": "text", "personal": True, "reject": {"total_row": pattern},
    }  # fmt: skip
    assert item.rejects == {"total_row": 3}
    assert item.comments == ("3 rows of totals: 'Total', 'TOTAL', 'Sub total (net)'",)
    assert doubts == ()


@pytest.mark.parametrize("kind", ["number", "integer", "date", "timestamp"])
def test_a_label_that_is_no_number_or_day_is_rejected_anyway(kind: str) -> None:
    before = DraftColumn("day", {"kind": kind, "reason": "bad_day"}, rejects={"bad_day": 2})
    columns, _ = rejecting([total_row("day", "Total")], before)
    assert columns["day"].settings == before.settings
    assert columns["day"].rejects == {"bad_day": 3}


@pytest.mark.parametrize(("label", "kind"), [("Total", "category"), ("Tots", "text")])
def test_a_label_near_a_name_makes_a_text_of_a_category(label: str, kind: str) -> None:
    settings = {"kind": "category", "values": "x.json", "max_edits": 1, "reason": "unknown_town"}
    before = DraftColumn("town", settings, rejects={"unknown_town": 0}, names=("Tots", "Bonn"))
    columns, _ = rejecting([total_row("town", label)], before)
    town = columns["town"]
    assert town.kind == kind
    if kind == "text":
        assert town.settings == {"kind": "text", "reject": {"total_row": "(?i)^(?:Tots)$"}}
        assert (town.names, town.rejects) == ((), {"total_row": 1})
    else:
        assert (town.names, town.rejects) == (("Tots", "Bonn"), {"unknown_town": 1})


def test_a_row_without_a_label_is_rejected_by_a_column_that_only_it_lacks() -> None:
    facts = (column("note", n_said=90), column("words", null_words={"NA": 1}), column("order"))
    row = total_row(empty=frozenset({"note", "words", "order"}))
    columns, doubts = rejecting([row], *map(drafted, ("note", "words", "order")), facts=facts)
    assert columns["order"].settings == {
        "source": "order", "kind": "text", "required": True, "reason": "no_order",
    }  # fmt: skip
    assert columns["order"].comments == ("only totals have no order",)
    assert columns["order"].rejects == {"no_order": 0}
    assert [columns[name].settings.get("required") for name in ("note", "words")] == [None, None]
    assert doubts == ()


def test_a_required_column_stays_as_it_is() -> None:
    before = drafted("order", required=True, reason="missing")
    columns, _ = rejecting([total_row(empty=frozenset({"order"}))], before)
    assert columns["order"] == before


def test_else_by_a_text_of_its_own() -> None:
    row = total_row(texts={"price": "9", "note": "net of tax"})
    columns, doubts = rejecting([row], drafted("price", "number"), drafted("note"))
    assert columns["note"].settings["reject"] == {"total_row": "(?i)^(?:net of tax)$"}
    assert columns["price"] == drafted("price", "number")
    assert doubts == ()


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (1, "1 total of other rows cannot be told apart by a rule and is counted: row 1,000; take "
            "it out of the file before a run"),
        (4, "4 totals of other rows cannot be told apart by a rule and are counted: row 1,000, "
            "row 1,001, row 1,002; take them out of the file before a run"),
    ],
)  # fmt: skip
def test_what_no_rule_can_reject_is_a_doubt(n: int, text: str) -> None:
    columns, doubts = rejecting([total_row(row=1000 + k) for k in range(n)], drafted("note"))
    assert columns == {"note": drafted("note")}
    assert doubts == (Doubt(text, n),)


def test_fifty_labels_are_all_that_a_pattern_has() -> None:
    rows = [total_row("item", f"Total {n}") for n in range(51)] + [total_row("item", "Total 3")]
    columns, doubts = rejecting(rows, drafted("item"))
    assert columns["item"].rejects == {"total_row": 51}
    assert "Total 49)$" in columns["item"].settings["reject"]["total_row"]
    assert [doubt.rows for doubt in doubts] == [1]
