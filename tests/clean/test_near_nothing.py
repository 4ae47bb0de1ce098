"""What a short name is not near to: nothing, null words, and words that share no letter with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts import by_row, rules_of
from tests.feeds import Cleaner, write_feed
from toolkit.lookups import Lookup


@pytest.mark.parametrize("optional", [False, True])
def test_no_value_is_no_short_name(optional: bool, tmp_path: Path) -> None:
    column = {
        "kind": "category", "values": "names.json", "max_edits": 2, "optional": optional,
        "null_words": ["N/A"], "reason": "unknown",
    }  # fmt: skip
    values = {
        "name": "x",
        "columns": {"label": column, "id": {"kind": "text"}},
        "reasons": ["unknown"],
    }
    rules = rules_of(values, {"names.json": ["TV", "Xyz"]})
    cells = ["TV", "tv", "", " ", "N/A", "q", "ab", "tw", "xy", "Xyzz", "abc"]
    found = by_row(Cleaner(rules, tmp_path)(write_feed([(c, "1") for c in cells], ["label", "id"])))
    none = {"label": None, "id": "1"} if optional else "unknown"
    tv, xyz = ({"label": name, "id": "1"} for name in ("TV", "Xyz"))
    assert found == [tv, tv, none, none, none, "unknown", "unknown", tv, xyz, xyz, "unknown"]


def test_a_longer_name_that_is_near_enough_is_taken_instead() -> None:
    lookup = Lookup.of_names(["ab", "zzxyz"])
    assert lookup.find(["xyz", "xy", "abc", "cb"], 2).tolist() == [1, -1, 0, 0]


def test_punctuation_in_common_makes_nothing_near() -> None:
    lookup = Lookup.of_names(["A&B", "T-V", "C+", "X 1", "日本"])
    far = ["&", "-", "--", "Y-Z", "!?", "...", "\u200b", "\u0301", "/ /", "中国", "\uff34\uff36"]
    assert lookup.find(far, 2).tolist() == [-1] * len(far)
    near = {"a&": "A&B", "&b": "A&B", "a b": "A&B", "t\u2013v": "T-V", "c#": "C+", "日木": "日本"}
    found = lookup.find([*near], 2).tolist()
    assert [lookup.names[place] for place in found] == [*near.values()]
