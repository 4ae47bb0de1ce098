"""What a raw value is taken for."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.lookups.matching import Match, Matcher, is_slip
from toolkit.lookups.spelling import match_key

REGIONS = (
    *("Bengaluru", "Chennai", "Delhi", "Indonesia", "Kolkata", "Malaysia", "Mumbai"),
    *("New Delhi", "Philippines", "Singapore", "Thailand", "Vietnam"),
)
MAPPED = {"Bombay": "Mumbai", "Bangalore": "Bengaluru", "N/A": None}


def match(value: str, names: tuple[str, ...] = REGIONS) -> Match:
    [found] = Matcher(names, MAPPED).match_all([value])
    return found


@pytest.mark.parametrize(
    ("value", "target", "how"),
    [
        ("Mumbai", "Mumbai", "exact"),
        (" new DELHI", "New Delhi", "exact"),
        ("BOMBAY", "Mumbai", "mapped"),
        ("n/a", None, "mapped"),
        ("Bombay.", "Mumbai", "fingerprint"),
        ("N.A.", None, "fingerprint"),
        ("Viet Nam", "Vietnam", "fingerprint"),
        ("NewDelhi", "New Delhi", "fingerprint"),
        ("Delhi, New", "New Delhi", "fingerprint"),
        ("Mumbay", "Mumbai", "edits"),
        ("indonsia", "Indonesia", "edits"),
        ("Dehli", "Delhi", "edits"),
        ("Dlhi", "Delhi", "edits"),
        ("phillipines", "Philippines", "edits"),
        ("Bangalor", "Bengaluru", "edits"),
        ("Nwe Delhi", None, "unknown"),
        ("West Delhi", None, "unknown"),
        ("Atlantis", None, "unknown"),
        ("Bangalu", None, "unknown"),
    ],
)
def test_the_order_of_means(value: str, target: str | None, how: str) -> None:
    found = match(value)
    assert (found.target, found.how) == (target, how)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TV", "CCTV"),
        ("CCTV", "TV"),
        ("phone", "headphone"),
        ("Women's Shoes", "Men's Shoes"),
        ("Men's Shoes", "Women's Shoes"),
        ("Delhi", "New Delhi"),
        ("New Delhi", "Delhi"),
        ("North", "South"),
        ("West Delhi", "East Delhi"),
        ("Northern Zone", "Southern Zone"),
        ("Size 10", "Size 11"),
        ("Sector 12345", "Sector 12346"),
        ("Austria", "Australia"),
        ("Iran", "Iraq"),
    ],
)
def test_what_is_near_and_yet_another_name(name: str, value: str) -> None:
    found = match(value, (name,))
    assert (found.target, found.how, found.suggestion) == (None, "unknown", name)


def test_two_names_as_near_are_no_match() -> None:
    found = match("Maxim", ("Maxima", "Maximo"))
    assert (found.target, found.suggestion, found.runner_up) == (None, "Maxima", "Maximo")
    assert match("Maxima s", ("Maxima", "Maximo")).target == "Maxima"


def test_two_names_of_one_fingerprint_are_no_match() -> None:
    assert match("a-b", ("A B", "AB")).how == "unknown"


def test_scores_are_likenesses_and_the_next_best_is_reported() -> None:
    assert match("Mumbay") == Match("Mumbai", "edits", "Mumbai", 0.833, "Malaysia", 0.25)
    assert match("West Delhi").score == 0.7
    assert Matcher((), {}).match_all(["anything"]) == [Match(None, "unknown")]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("mumbay", "mumbai", True),
        ("mumbbay", "mumbai", True),
        ("umbai", "mumbai", True),
        ("electr0nics", "electronics", True),
        ("gardn & outdor", "garden & outdoor", True),
        ("viet nam", "vietnam", True),
        ("grdn & otdor", "garden & outdoor", False),
        ("toys", "boys", False),
        ("tumbae", "mumbai", False),
        ("a b c", "abc", False),
    ],
)
def test_slips_of_the_pen(one: str, other: str, expected: bool) -> None:
    assert is_slip(one, other) is expected
    assert is_slip(other, one) is expected


WORDS = st.text("aeimnbu ", min_size=1, max_size=8)


@given(st.lists(WORDS, max_size=8), st.lists(WORDS, min_size=1, max_size=6), st.randoms())
def test_a_match_depends_on_the_value_alone(
    values: list[str], names: list[str], chance: random.Random
) -> None:
    """Neither on the order of names nor on the other values."""
    names = list({match_key(name): name for name in names}.values())
    together = Matcher(tuple(names), {}).match_all(values)
    chance.shuffle(names)
    assert [Matcher(tuple(names), {}).match_all([value])[0] for value in values] == together


@given(WORDS, st.lists(WORDS, min_size=1, max_size=6))
def test_what_is_taken_for_a_slip_is_within_two_edits_and_nearer_than_all_others(
    value: str, names: list[str]
) -> None:
    from rapidfuzz.distance import Levenshtein

    names = list({match_key(name): name for name in names}.values())
    [found] = Matcher(tuple(names), {}).match_all([value])
    if found.how == "edits":
        edits = {n: Levenshtein.distance(match_key(value), match_key(n)) for n in names}
        nearest = edits.pop(str(found.target))
        assert nearest <= 2
        assert all(nearest < others for others in edits.values())
