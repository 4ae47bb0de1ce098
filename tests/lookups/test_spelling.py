"""Which spellings share a key, and which must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.lookups.spelling import fingerprints, match_key, title_case


def alike(one: str, other: str) -> bool:
    return bool(fingerprints(one) & fingerprints(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Viet Nam", "Vietnam"),
        ("iPhone14", "iphone 14"),
        ("iPhone14", "iPhone_14"),
        ("Desk-Lamp", "desk  lamp"),
        ("DeskLamp", "Desk Lamp"),
        ("Lamp, Desk", "desk lamp"),
        ("Women's Shoes", "womens shoes"),
        ("Women\u2019s Shoes", "WOMEN'S SHOES"),
        ("Café Olé", "cafe ole"),
        ("Home & Garden", "home garden"),
        ("Straße", "STRASSE"),
        ("\uff21\uff22\uff23", "abc"),
        ("Ελλάδα", "ΕΛΛΑΔΑ"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("TV", "CCTV"),
        ("phone", "headphone"),
        ("Women's Shoes", "Men's Shoes"),
        ("Delhi", "New Delhi"),
        ("C++", "C#"),
        ("Galaxy S10", "Galaxy S10+"),
        ("1.5 L", "15 L"),
        ("Pack 6 12", "Pack 612"),
        ("6-8 cm", "68 cm"),
        ("हिन्दी", "हन्द"),
        ("???", "!!!"),
        ("", " "),
        ("Paw Paw", "Paw"),
    ],
)
def test_different_names(one: str, other: str) -> None:
    assert not alike(one, other)


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("home & garden", "Home & Garden"),
        ("  BOOKS ", "Books"),
        ("women's shoes", "Women's Shoes"),
        ("t-shirts", "T-Shirts"),
        ("baby/kids", "Baby/Kids"),
        ("4k tv", "4K Tv"),
        ("éclairs", "Éclairs"),
    ],
)
def test_titles(raw: str, title: str) -> None:
    assert title_case(raw) == title


@given(st.text())
def test_a_title_has_the_match_key_of_its_text(text: str) -> None:
    assert match_key(title_case(text)) == match_key(text)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_case_never_changes_a_fingerprint(text: str) -> None:
    assert fingerprints(text) == fingerprints(text.casefold())


@given(st.lists(st.text("abcxyz", min_size=1, max_size=4), min_size=1, max_size=4), st.data())
def test_the_order_of_words_never_matters(words: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(words))
    assert alike(" ".join(words), "_".join(shuffled))
