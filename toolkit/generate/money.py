"""Draw quantity, unit_price and discount_percent, and compute the revenue.

Prices and revenues are whole cents, discounts whole thousandths, quantities whole tenths, so that a
feed's figures are exact and the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.generate.catalogue import Range, load_catalogue
from toolkit.generate.column import (
    ColumnVocabulary,
    Drawn,
    FaultIds,
    as_codes,
    fault_id,
    fault_runs,
)
from toolkit.generate.number_text import amounts, prices
from toolkit.generate.random_words import (
    Codes,
    Words,
    choice_table,
    cut_lanes,
    fractions,
    pick,
    pick_below,
    rare_table,
)


@dataclass(frozen=True)
class QuantityVocabulary(ColumnVocabulary):
    """True quantities, then faulty texts."""

    tenths: Codes
    """In units; 0 where the text is not a number."""
    true_table: Codes
    fault_table: Codes
    """-1: no fault, else the code of a faulty text."""


@dataclass(frozen=True)
class DiscountVocabulary(ColumnVocabulary):
    """Every thousandth from `lowest` up: code 0 is `lowest`."""

    lowest: int
    bands: npt.NDArray[np.int64]
    """(2, n_categories): lowest and highest, thousandths."""
    discounted: npt.NDArray[np.int64]
    """(n_categories,): the lane values, of 65,536, at which an order has a discount."""
    faulty: npt.NDArray[np.int64]
    """(2, n_ranges): lowest and highest, thousandths."""
    fault_of: FaultIds
    fault_table: Codes
    """-1: no fault, else the place of a range in `faulty`."""


@lru_cache(maxsize=1)
def quantity_vocabulary() -> QuantityVocabulary:
    """Build a dozen or so texts."""
    catalogue = load_catalogue()
    true = list(catalogue.quantities)
    faulty = [
        (fault, text, share)
        for fault, texts in catalogue.faults.texts.items()
        if fault.startswith("quantity_")
        for text, share in texts.items()
    ]
    no_number = {text for fault, text, _ in faulty if fault == "quantity_not_a_number"}
    texts = [*true, *(text for _, text, _ in faulty)]
    return QuantityVocabulary(
        text=pa.array(texts),
        fault=fault_runs((None, len(true)), *((fault, 1) for fault, _, _ in faulty)),
        tenths=as_codes(0 if text in no_number else round(float(text) * 10) for text in texts),
        true_table=choice_table(catalogue.quantities.values()),
        fault_table=rare_table((share for _, _, share in faulty), first=len(true)),
    )


@lru_cache(maxsize=1)
def discount_vocabulary() -> DiscountVocabulary:
    """Build a few thousand numbers."""
    catalogue = load_catalogue()
    faults = catalogue.faults
    rows = [(name, pair) for name, pairs in faults.discount_ranges.items() for pair in pairs]
    each = [faults.shares[name] / len(faults.discount_ranges[name]) for name, _ in rows]
    faulty = _in_units([pair for _, pair in rows], 1000)
    lowest, highest = min(0, int(faulty.min())), max(1000, int(faulty.max()))
    return DiscountVocabulary(
        text=pa.array([str(number / 1000) for number in range(lowest, highest + 1)]),
        fault=np.zeros(highest - lowest + 1, dtype=np.uint8),
        lowest=lowest,
        bands=_in_units([category.discount for category in catalogue.categories], 1000),
        discounted=as_codes(round(one.discounted * 65_536) for one in catalogue.categories),
        faulty=faulty,
        fault_of=np.array([fault_id(name) for name, _ in rows], dtype=np.uint8),
        fault_table=rare_table(each),
    )


@lru_cache(maxsize=1)
def _price_bands() -> npt.NDArray[np.int64]:
    return _in_units([category.price for category in load_catalogue().categories], 100)


def _in_units(ranges: list[Range], units: int) -> npt.NDArray[np.int64]:
    """Return lowest and highest as whole numbers of units, (2, n_ranges)."""
    lows_and_highs: npt.NDArray[np.float64] = np.array(ranges).T
    return np.rint(lows_and_highs * units).astype(np.int64)


def draw_quantities(words: Words) -> Drawn:
    """Draw quantity: a few units, or one of the faulty texts."""
    vocabulary = quantity_vocabulary()
    how_many, fate, _, _ = cut_lanes(words)
    true = pick(vocabulary.true_table, how_many)
    faulty = pick(vocabulary.fault_table, fate)
    return Drawn.from_vocabulary(vocabulary, np.where(faulty < 0, true, faulty), true)


def draw_prices(words: Words, category: Codes) -> Drawn:
    """Draw unit_price in cents, within the price band of the row's own category, inclusive.

    The square of a uniform number favours low prices: half of them are in the first quarter of the
    band. A product of doubles is the same on every machine; a power need not be.
    """
    low, high = _price_bands().take(category, axis=1)
    uniform = fractions(words)
    cents = low + (uniform * uniform * (high - low + 1)).astype(np.int64)
    return Drawn.faultless(prices, cents)


def draw_discounts(words: Words, category: Codes) -> Drawn:
    """Draw discount_percent: 0, a share within the category's band, or a faulty one."""
    vocabulary = discount_vocabulary()
    whether, how_much, fate, how_wrong = cut_lanes(words)
    low, high = vocabulary.bands.take(category, axis=1)
    regular = low + pick_below(how_much, high - low + 1)
    true = np.where(whether < vocabulary.discounted[category], regular, 0)
    outcome = pick(vocabulary.fault_table, fate)
    low, high = vocabulary.faulty.take(outcome, axis=1)
    faulty = low + pick_below(how_wrong, high - low + 1)
    is_faulty = outcome >= 0
    return Drawn(
        spell=vocabulary.take,
        written=np.where(is_faulty, faulty, true) - vocabulary.lowest,
        true=true - vocabulary.lowest,
        fault=np.where(is_faulty, vocabulary.fault_of[outcome], np.uint8(0)),
    )


def compute_revenue(quantity: Drawn, price: Drawn, discount: Drawn) -> Drawn:
    """Compute revenue: price x quantity x (1 - discount) of the texts as written, ties to the even
    cent.

    A quantity that is not a number counts as the intended one: whoever wrote 'two' charged for two.
    """
    quantities, share = quantity_vocabulary(), discount_vocabulary()
    in_words = quantity.fault == fault_id("quantity_not_a_number")
    tenths = quantities.tenths[np.where(in_words, quantity.true, quantity.written)]
    thousandths = 1000 - (discount.written + share.lowest)
    # Exact: below 2**53 doubles represent whole numbers and half cents exactly.
    cents = np.rint(price.written * tenths * thousandths / 10_000).astype(np.int64)
    return Drawn.faultless(amounts, cents)
