"""What a lookup gains from the values of data."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.contract import Repair
from toolkit.lookups.building import (
    NameRules,
    SpellingCounts,
    draft_map,
    draft_names,
    draft_repairs,
    draft_spellings,
)
from toolkit.lookups.loading import check_map, check_names, check_names_map
from toolkit.lookups.spelling import match_key
from toolkit.lookups.suggested import LookupDraft, LookupFile, Mark
from toolkit.lookups.text import LookupText, Shape

RULES = NameRules.of(0.1, ["N/A", "NULL"])
REPAIR = Repair(by="product", map="x.json")


def file_of(text: str, shape: Shape = "map", marks: Mapping[str, Mark] | None = None) -> LookupFile:
    return LookupFile(LookupText.parse(text, Path("x.json"), shape), marks or {})


def seen(**rows: int) -> SpellingCounts:
    return SpellingCounts.of({value.replace("_", " "): n for value, n in rows.items()})


def mark(target: str, count: int = 1) -> Mark:
    return Mark(target, "edits", count, target, 0.9, None, 0.0)


def targets(draft: LookupDraft) -> dict[str, str]:
    return {raw: one.target for raw, one in draft.marks.items()}


def test_a_vocabulary_puts_spellings_of_one_key_together() -> None:
    values = SpellingCounts.of({"toys": 2, "TOYS": 3, "Toys": 3, "": 1})
    assert values.n_rows == 9
    assert values.rows("toys") == 8
    assert (values.spellings["toys"].text, values.spellings["toys"].n_texts) == ("TOYS", 3)
    assert values.rows("books") == 0


# --- names -------------------------------------------------------------------------------------


def test_frequent_values_become_names_in_title_case() -> None:
    values = SpellingCounts.of(
        {"garden tools": 6, "GARDEN TOOLS": 4, "toys": 70, "rare": 9, "": 11}
    )
    draft = draft_names(file_of('["Toys"]', "names"), values, {}, RULES)
    assert draft.entries() == {"Toys": "Toys", "Garden Tools": "Garden Tools"}
    new = draft.marks["Garden Tools"]
    assert (new.how, new.count, new.suggestion) == ("frequent", 10, "Garden Tools")
    assert new.score == pytest.approx(1 - new.runner_up_score)


def test_the_threshold_is_met_by_the_share_itself() -> None:
    for n_rows, rows in ((100, 7), (300, 21)):
        values = SpellingCounts.of({"toys": rows, "": n_rows - rows})
        rules = NameRules.of(0.07, [])
        assert list(draft_names(file_of("[]", "names"), values, {}, rules).marks) == ["Toys"]
        fewer = SpellingCounts.of({"toys": rows - 1, "": n_rows - rows + 1})
        assert not draft_names(file_of("[]", "names"), fewer, {}, rules).marks


def test_spellings_and_words_for_unknown_are_no_names() -> None:
    values = SpellingCounts.of(
        {"Bombay": 20, "mumbay": 20, "MUMBAI": 20, "N/A": 20, "null": 20, "": 20, "Else": 20}
    )
    mapped = {"bombay": "Mumbai", "else": None}
    assert draft_names(file_of('["Mumbai"]', "names"), values, mapped, RULES).marks == {}


def test_of_two_new_spellings_the_more_frequent_is_the_name() -> None:
    values = SpellingCounts.of({"Kolkatta": 20, "Kolkata": 30, "Pune": 50})
    assert list(draft_names(file_of("[]", "names"), values, {}, RULES).marks) == ["Pune", "Kolkata"]


def test_what_is_near_but_another_becomes_a_name_and_says_what_it_is_near() -> None:
    values = SpellingCounts.of({"CCTV": 50, "Men's Shoes": 50})
    draft = draft_names(file_of('["TV", "Women\'s Shoes"]', "names"), values, {}, RULES)
    assert sorted(draft.marks) == ["Cctv", "Men's Shoes"]
    assert draft.marks["Men's Shoes"].runner_up == "Women's Shoes"


# --- maps --------------------------------------------------------------------------------------

NAMES = ["Delhi", "Mumbai", "New Delhi", "Vietnam"]


def test_a_map_gains_what_it_does_not_know() -> None:
    file = file_of('{"Bombay": "Mumbai", "": "UNKNOWN"}')
    values = seen(Bombay=9, Mumbay=5, MUMBAI=3, Atlantis=2, Viet_Nam=4, BOMBAY_=1)
    draft = draft_map(file, values, NAMES, "UNKNOWN", RULES)
    assert targets(draft) == {"Mumbay": "Mumbai", "Atlantis": "UNKNOWN", "Viet Nam": "Vietnam"}
    assert draft.marks["Mumbay"].count == 5
    assert draft.marks["Atlantis"].suggestion in NAMES


def test_words_for_unknown_get_no_suggestion() -> None:
    draft = draft_map(file_of("{}"), SpellingCounts.of({"": 3, "null": 1}), NAMES, "NONE", RULES)
    assert {raw: (m.target, m.suggestion) for raw, m in draft.marks.items()} == {
        "": ("NONE", None),
        "null": ("NONE", None),
    }


def test_what_a_machine_said_follows_the_names_and_the_person() -> None:
    text = '{"Pune": "UNKNOWN", "Dilli": "UNKNOWN", "delhy": "Mumbai", "DILLI.": "Delhi"}'
    marks = {"Pune": mark("UNKNOWN", 7), "Dilli": mark("UNKNOWN"), "delhy": mark("Mumbai")}
    draft = draft_map(
        file_of(text, marks=marks), SpellingCounts.of({}), [*NAMES, "Pune"], "UNKNOWN", RULES
    )
    assert targets(draft) == {"Pune": "Pune", "Dilli": "Delhi", "delhy": "Delhi"}
    assert draft.marks["Pune"].count == 7
    check_map(draft.lookup_text, check_names(_names([*NAMES, "Pune"])), "UNKNOWN")


def _names(names: list[str]) -> LookupText:
    return LookupText.parse(json.dumps(names), Path("names.json"), "names")


# --- spellings of free text --------------------------------------------------------------------


def test_fingerprints_make_one_name_of_its_spellings() -> None:
    values = SpellingCounts.of(
        {"iPhone14": 5, "iphone 14": 2, "iPhone_14": 1, "Desk Lamp": 1, "desk lamp": 3, "Solo": 9}
    )
    draft = draft_spellings(file_of("{}"), values, RULES)
    assert targets(draft) == {
        "iPhone14": "iPhone14",
        "iphone 14": "iPhone14",
        "iPhone_14": "iPhone14",
        "desk lamp": "desk lamp",
    }


def test_a_name_that_is_there_stays_the_name() -> None:
    values = SpellingCounts.of({"DeskLamp": 50, "desk_lamp": 2})
    marks = {"DeskLamp": mark("Desk Lamp")}
    draft = draft_spellings(file_of('{"DeskLamp": "Desk Lamp"}', marks=marks), values, RULES)
    assert targets(draft) == {"DeskLamp": "Desk Lamp", "desk_lamp": "Desk Lamp"}


def test_a_person_decides_on_a_name() -> None:
    file = file_of('{"lamp": "Leuchte", "Desk-Lamp": "Desk Lamp"}')
    values = SpellingCounts.of({"DeskLamp": 50, "LAMP": 3, "desk lamp": 1})
    draft = draft_spellings(file, values, RULES)
    assert targets(draft) == {"DeskLamp": "Desk Lamp", "desk lamp": "Desk Lamp"}


def test_where_persons_gave_two_names_nothing_is_added() -> None:
    file = file_of('{"desk-lamp": "Desk Lamp", "desk_lamp": "Lamp"}')
    assert draft_spellings(file, SpellingCounts.of({"DeskLamp": 5, "Other": 1}), RULES).marks == {}


# --- repairs -----------------------------------------------------------------------------------


def test_a_clear_majority_of_enough_rows_is_an_entry() -> None:
    votes = {
        "Lamp": {"Office": 60, "Books": 20},
        "LAMP": {"Office": 10, "Toys": 10},
        "Ball": {"Sports": 13, "Toys": 6},
        "Book": {"Books": 69, "Toys": 31},
        "": {"Office": 100},
    }
    draft = draft_repairs(file_of("{}"), votes, REPAIR)
    assert targets(draft) == {"Lamp": "Office"}
    found = draft.marks["Lamp"]
    assert (found.count, found.score, found.runner_up, found.runner_up_score) == (
        100, 0.7, "Books", 0.2,
    )  # fmt: skip


def test_a_majority_that_is_gone_is_taken_out_and_few_rows_change_nothing() -> None:
    marks = {"Lamp": mark("Office"), "Ball": mark("Sports")}
    file = file_of('{"Lamp": "Office", "Ball": "Sports", "Mine": "Toys"}', marks=marks)
    votes = {
        "lamp": {"Office": 20, "Books": 20},
        "Ball": {"Toys": 5},
        "Mine": {"Books": 500},
    }
    draft = draft_repairs(file, votes, REPAIR)
    assert targets(draft) == {"Ball": "Sports"}
    assert draft.lookup_text.text == '{ "Ball": "Sports", "Mine": "Toys"}'


# --- properties --------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        "Mumbai",
        "mumbay",
        "Pune",
        "puné",
        "pu-ne",
        "Delhi",
        "New Delhi",
        "N/A",
        "",
        "x y",
        "y_x",
        "XY",
    ]
)
ROWS = st.dictionaries(WORDS, st.integers(1, 50), max_size=8)
PERSON = st.dictionaries(WORDS, st.sampled_from(["Mumbai", "Delhi", "UNKNOWN"]), max_size=4)


@given(rows=ROWS, person=PERSON, chance=st.randoms())
def test_drafts_depend_on_counts_alone_keep_the_person_and_come_to_rest(
    rows: dict[str, int], person: dict[str, str], chance: random.Random
) -> None:
    said = {k: v for k, v in person.items() if match_key(k) not in ("mumbai", "delhi")}
    said = {match_key(k): v for k, v in said.items()}
    text = LookupText.empty(Path("x.json"), "map").with_changes(said)
    names = file_of('["Mumbai", "Delhi"]', "names")
    mapped = {k: None if v == "UNKNOWN" else v for k, v in said.items()}

    def drafts(
        rows: dict[str, int], names: LookupFile, map_: LookupFile
    ) -> tuple[LookupDraft, LookupDraft]:
        first = draft_names(names, SpellingCounts.of(rows), mapped, RULES)
        canonical = list(first.entries())
        return first, draft_map(map_, SpellingCounts.of(rows), canonical, "UNKNOWN", RULES)

    one = drafts(rows, names, file_of(text))
    shuffled = list(rows.items())
    chance.shuffle(shuffled)
    other = drafts(dict(shuffled), names, file_of(text))
    assert [d.lookup_text for d in one] == [d.lookup_text for d in other]
    assert [d.marks_text() for d in one] == [d.marks_text() for d in other]
    again = drafts(rows, one[0].as_file(), one[1].as_file())
    assert [d.lookup_text for d in again] == [d.lookup_text for d in one]
    assert [d.marks_text() for d in again] == [d.marks_text() for d in one]
    assert one[1].entries().items() >= said.items()
    # And all of it is what cleaning takes, and knows every value.
    lookup = check_map(one[1].lookup_text, check_names(one[0].lookup_text), "UNKNOWN")
    assert {match_key(value) for value in rows} <= set(lookup.places)


@given(rows=ROWS, chance=st.randoms())
def test_spellings_come_to_rest_and_are_what_cleaning_takes(
    rows: dict[str, int], chance: random.Random
) -> None:
    first = draft_spellings(file_of("{}"), SpellingCounts.of(rows), RULES)
    shuffled = list(rows.items())
    chance.shuffle(shuffled)
    other = draft_spellings(file_of("{}"), SpellingCounts.of(dict(shuffled)), RULES)
    assert first.lookup_text == other.lookup_text
    again = draft_spellings(first.as_file(), SpellingCounts.of(rows), RULES)
    assert (again.lookup_text, again.marks) == (first.lookup_text, first.marks)
    lookup = check_names_map(first.lookup_text)
    # A name stands for itself.
    assert [lookup.names[place] for place in lookup.find(lookup.names)] == list(lookup.names)
