"""Spelling variants and slips of the finger."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from rapidfuzz.distance import Levenshtein

from toolkit.generate.catalogue import load_catalogue
from toolkit.generate.goods import category_vocabulary, product_vocabulary
from toolkit.generate.spelling import SPELLING_KINDS, TYPING_ERROR, spell_product, typing_errors


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("plain", ["Yoga Mat"]),
        ("lower", ["yoga mat"]),
        ("upper", ["YOGA MAT"]),
        ("joined", ["YogaMat"]),
        ("underscore", ["Yoga_Mat"]),
        ("hyphen", ["Yoga-Mat"]),
        ("described", ["Red Yoga Mat", "Yoga Mat Red", "XL Yoga Mat", "Yoga Mat XL"]),
    ],
)
def test_each_kind_of_spelling_means_itself(kind: str, written: list[str]) -> None:
    spelled = spell_product("Yoga Mat", ["Red", "XL"])
    assert spelled[kind] == [(text, text) for text in written]
    assert set(spelled) == set(SPELLING_KINDS)


def test_a_typing_error_remembers_what_was_meant() -> None:
    spelled = spell_product("Yoga Mat", ["Red"])
    spellings = {
        text for kind, pairs in spelled.items() if kind != TYPING_ERROR for text, _ in pairs
    }
    assert spelled[TYPING_ERROR]
    for written, meant in spelled[TYPING_ERROR]:
        assert meant in spellings
        assert written not in spellings
        assert 1 <= Levenshtein.distance(written, meant) <= 2


@pytest.mark.parametrize(
    ("slip", "how"),
    [("K1tchen", "lookalike"), ("Kichen", "drop"), ("Kittchen", "double"), ("Kicthen", "swap")],
)
def test_slips_are_of_four_kinds(slip: str, how: str) -> None:
    assert slip in typing_errors("Kitchen", 1000, []), how


def test_slips_differ_from_known_words_and_from_one_another() -> None:
    slips = typing_errors("Mugs", 1000, ["MUG", "Mgs"])
    assert len(slips) == len(set(slips))
    assert not {"mug", "mgs", "mugs"} & {slip.casefold() for slip in slips}
    assert all(slip == slip.strip() for slip in typing_errors("A B C", 1000, []))


@pytest.mark.parametrize(("text", "limit", "n"), [("Kitchen", 5, 5), ("ab", 9, 5)])
def test_slips_are_bounded(text: str, limit: int, n: int) -> None:
    assert len(typing_errors(text, limit, [])) == n


def test_no_products_typo_is_another_products_name() -> None:
    vocabulary = product_vocabulary()
    faulty = pa.array(vocabulary.fault > 0)
    typos = set(vocabulary.text.filter(faulty).to_pylist())
    names = set(vocabulary.text.filter(pc.invert(faulty)).to_pylist())
    assert len(typos) > 5000
    assert not typos & names


def test_every_misspelt_category_is_nearest_to_the_one_it_was_made_of() -> None:
    vocabulary = category_vocabulary()
    texts = vocabulary.text.to_pylist()
    names = [category.name for category in load_catalogue().categories]
    for name, start, size in zip(names, vocabulary.typo_start, vocabulary.typo_size, strict=True):
        for typo in texts[start : start + size]:
            edits = {one: Levenshtein.distance(typo.lower(), one.lower()) for one in names}
            own = edits.pop(name)
            assert own <= 2, typo
            assert own < min(edits.values()), typo


def test_the_catalogue_covers_what_the_rules_ask_for() -> None:
    catalogue = load_catalogue()
    assert len(catalogue.categories) == 19
    assert all(15 <= len(category.products) <= 25 for category in catalogue.categories)
    names = [name for category in catalogue.categories for name in category.products]
    assert len(set(names)) == len(names), "a product in two categories"
    assert sum(catalogue.spelling_shares.values()) == pytest.approx(1)
    assert any('"' in name for name in names)
    assert any("," in name for name in names)
    assert any(not name.isascii() for name in names)
