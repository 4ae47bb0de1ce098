"""Draw product_name and category."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from toolkit.generate.catalogue import load_catalogue
from toolkit.generate.column import (
    ColumnVocabulary,
    Drawn,
    as_codes,
    fault_id,
    fault_runs,
    group_starts,
)
from toolkit.generate.random_words import (
    Codes,
    Words,
    choice_table,
    cut_lanes,
    pick,
    pick_below,
    rare_table,
)
from toolkit.generate.spelling import SPELLING_KINDS, TYPING_ERROR, spell_product, typing_errors

_CATEGORY_TYPOS = 24
_MISSPELT, _OTHER = 0, 1


@dataclass(frozen=True)
class ProductVocabulary(ColumnVocabulary):
    """Spellings in groups: group product * len(SPELLING_KINDS) + kind."""

    meant: Codes
    """For each text: the code of the intended text; its own unless it is a typing error."""
    group_start: Codes
    group_size: Codes
    kind_table: Codes
    category: Codes
    """For each product: the index of its category."""


@dataclass(frozen=True)
class CategoryVocabulary(ColumnVocabulary):
    """The canonical names, then the misspelled ones, grouped by category."""

    n_names: int
    typo_start: Codes
    typo_size: Codes
    fault_table: Codes


@lru_cache(maxsize=1)
def product_vocabulary() -> ProductVocabulary:
    """Build some 25,000 spellings of a few hundred products."""
    catalogue = load_catalogue()
    spelled = [
        spell_product(name, category.descriptions)
        for category in catalogue.categories
        for name in category.products
    ]
    groups = [spellings[kind] for spellings in spelled for kind in SPELLING_KINDS]
    pairs = [pair for group in groups for pair in group]
    code = {written: place for place, (written, _) in enumerate(pairs)}
    sizes = [len(group) for group in groups]
    typo = [fault_id("product_typo" if kind == TYPING_ERROR else None) for kind in SPELLING_KINDS]
    return ProductVocabulary(
        text=pa.array([written for written, _ in pairs]),
        fault=np.repeat(np.tile(np.array(typo, dtype=np.uint8), len(spelled)), sizes),
        meant=as_codes(code[meant] for _, meant in pairs),
        group_start=group_starts(sizes),
        group_size=as_codes(sizes),
        kind_table=choice_table(catalogue.spelling_shares[kind] for kind in SPELLING_KINDS),
        category=as_codes(i for i, one in enumerate(catalogue.categories) for _ in one.products),
    )


@lru_cache(maxsize=1)
def category_vocabulary() -> CategoryVocabulary:
    """Build the canonical categories and a few hundred misspellings."""
    catalogue = load_catalogue()
    names = [category.name for category in catalogue.categories]
    typos = [typing_errors(name, _CATEGORY_TYPOS, names) for name in names]
    sizes = [len(found) for found in typos]
    shares = catalogue.faults.shares
    return CategoryVocabulary(
        text=pa.array(names + [text for found in typos for text in found]),
        fault=fault_runs((None, len(names)), ("category_typo", sum(sizes))),
        n_names=len(names),
        typo_start=group_starts(sizes) + len(names),
        typo_size=as_codes(sizes),
        fault_table=rare_table([shares["category_typo"], shares["other_category"]]),
    )


def draw_products(words: Words) -> tuple[Drawn, Codes]:
    """Draw product_name, and each row's own category as its place in the catalogue."""
    vocabulary = product_vocabulary()
    which, how, where, _ = cut_lanes(words)
    product = pick_below(which, len(vocabulary.category))
    group = product * len(SPELLING_KINDS) + pick(vocabulary.kind_table, how)
    place = pick_below(where, vocabulary.group_size[group])
    written = vocabulary.group_start[group] + place
    drawn = Drawn.from_vocabulary(vocabulary, written, vocabulary.meant[written])
    return drawn, vocabulary.category[product]


def draw_categories(words: Words, own: Codes) -> Drawn:
    """Draw category: the row's own, its own misspelled, or uniformly any other one."""
    vocabulary = category_vocabulary()
    fate, which, _, _ = cut_lanes(words)
    outcome = pick(vocabulary.fault_table, fate)
    typo = vocabulary.typo_start[own] + pick_below(which, vocabulary.typo_size[own])
    other = (own + 1 + pick_below(which, vocabulary.n_names - 1)) % vocabulary.n_names
    written = np.where(outcome == _MISSPELT, typo, np.where(outcome == _OTHER, other, own))
    fault = vocabulary.fault[written]
    fault[outcome == _OTHER] = fault_id("other_category")
    return Drawn(vocabulary.take, written, own, fault)
