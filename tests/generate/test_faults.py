"""Which faults there are, how many, and that the ledger tells of all of them."""

from __future__ import annotations

import datetime as dt
import math
import re

import numpy as np
import pandas as pd
import pytest

from tests.generate.conftest import AS_OF, ROWS, Feed
from toolkit.generate.catalogue import load_catalogue
from toolkit.generate.column import FAULTS
from toolkit.generate.feed import BLOCK_ROWS, COLUMNS

CATEGORIES = {category.name: category for category in load_catalogue().categories}
PRODUCT_CATEGORY = {name: one.name for one in CATEGORIES.values() for name in one.products}
FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d")
SHAPES = (r"\d{4}-\d\d-\d\d", r"\d\d/\d\d/\d{4}", r"\d\d-\d\d-\d{4}", r"\d{4}/\d\d/\d\d")
NO_VALUE = ["", "NULL", "N/A"]


def assert_share(n: int, total: int, share: float) -> None:
    """`n` of `total` is within five standard deviations of a binomial of `share`."""
    expected, deviation = total * share, math.sqrt(total * share * (1 - share))
    assert abs(n - expected) < 5 * deviation, f"{n:,} of {total:,}, expected {expected:,.0f}"


# By the sales rules' section on generated data; 17 of the 29 region spellings are not canonical.
@pytest.mark.parametrize(
    ("fault", "share"),
    [
        ("duplicate_id", 0.01),
        ("product_typo", 0.01),
        ("category_typo", 0.9 * 0.02),
        ("other_category", 0.10),
        ("quantity_zero", 0.05),
        ("quantity_negative", 0.03),
        ("quantity_implausible", 0.035),
        ("quantity_not_a_number", 0.04),
        ("quantity_fractional", 0.02),
        ("heavy_discount", 0.05),
        ("impossible_discount", 0.01),
        ("region_spelling", 17 / 29),
        ("date_missing", 0.10),
        ("date_format", 0.90 * 0.75),
        ("email_missing", 0.15),
        ("email_malformed", 0.05),
    ],
)
def test_share_of_each_fault(dirty: Feed, fault: str, share: float) -> None:
    assert_share(int((dirty.faults["fault"] == fault).sum()), ROWS, share)


def test_the_ledger_knows_every_kind_and_no_other(dirty: Feed) -> None:
    assert set(dirty.faults["fault"]) == set(FAULTS)


def test_the_ledger_is_ordered_by_row_and_column_with_one_entry_each(dirty: Feed) -> None:
    places = dirty.faults["row"] * len(COLUMNS) + dirty.faults["column"].map(COLUMNS.index)
    assert places.is_monotonic_increasing
    assert places.is_unique


def test_the_ledger_quotes_the_feed(dirty: Feed) -> None:
    for column, entries in dirty.faults.groupby("column"):
        written = dirty.rows.loc[entries["row"], str(column)]
        assert (written.to_numpy() == entries["written"].to_numpy()).all()
    assert (dirty.faults["written"] != dirty.faults["true_value"]).all()


def test_repeated_ids_repeat_a_recent_row_and_all_others_number_theirs(dirty: Feed) -> None:
    number = dirty.rows["order_id"].str.removeprefix("ORD-").astype(int)
    assert dirty.rows["order_id"].str.fullmatch(r"ORD-\d{9}").all()
    back = dirty.rows.index.to_series() - number
    repeats = dirty.faults_of("order_id").index
    assert back.index[back != 0].equals(repeats)
    assert back[repeats].between(1, 1000).all()
    # What is repeated carries its own id, so each one really occurs twice.
    assert (back.loc[number[repeats]] == 0).all()
    across = (repeats - 1) // BLOCK_ROWS != (number[repeats] - 1) // BLOCK_ROWS
    assert across.any(), "no id of an earlier block is repeated"


@pytest.mark.slow
def test_products_are_spelled_in_many_ways_yet_faultless_ones_stay_readable(dirty: Feed) -> None:
    told = dirty.rows["product_name"]
    typos = dirty.faults_of("product_name").index
    assert told[~told.index.isin(typos)].isin(set(dirty.truth("product_name"))).all()
    assert not told[typos].isin(set(dirty.truth("product_name"))).any()
    for pattern in ("_", "-", "^[a-z ]+$", "^[A-Z ]+$", "[a-z][A-Z]", "Black ", " XL$", "^[A-Z]"):
        assert told.str.contains(pattern).mean() > 0.001, pattern


def test_true_categories_are_the_products_own(dirty: Feed) -> None:
    plain = dirty.rows["product_name"].map(PRODUCT_CATEGORY).dropna()
    assert len(plain) > ROWS * 0.4
    assert (dirty.truth("category")[plain.index] == plain).all()


def test_categories_are_another_or_a_misspelt_one_where_the_ledger_says_so(dirty: Feed) -> None:
    entries = dirty.faults_of("category")
    others = entries[entries["fault"] == "other_category"]
    typos = entries[entries["fault"] == "category_typo"]
    assert set(others["written"]) == set(CATEGORIES)
    assert not typos["written"].str.casefold().isin({name.casefold() for name in CATEGORIES}).any()
    assert dirty.rows["category"].drop(entries.index).isin(CATEGORIES.keys()).all()


QUANTITY_FORMS = {
    "quantity_zero": "0",
    "quantity_negative": "-[1-3]",
    "quantity_implausible": "50",
    "quantity_not_a_number": "two|many|N/A|",
    "quantity_fractional": r"3\.5",
}


def test_quantities_have_the_form_that_the_ledger_says(dirty: Feed) -> None:
    entries = dirty.faults_of("quantity")
    for fault, form in QUANTITY_FORMS.items():
        written = entries.loc[entries["fault"] == fault, "written"]
        assert written.str.fullmatch(form).all(), fault
        assert len(set(written)) == len(re.sub(r"\[1-3\]", "1|2|3", form).split("|")), fault
    assert dirty.rows["quantity"].drop(entries.index).str.fullmatch("[1-7]").all()
    shares = dirty.truth("quantity").value_counts()
    assert list(shares.index) == list("1234567"), "skewed low"


def test_prices_lie_in_the_band_of_the_true_category_and_lean_to_its_cheap_end(dirty: Feed) -> None:
    assert dirty.rows["unit_price"].str.fullmatch(r"\d+\.\d\d").all()
    price = dirty.rows["unit_price"].astype(float)
    band = dirty.truth("category").map(lambda name: CATEGORIES[name].price)
    low, high = np.array(band.tolist()).T
    assert price.between(low, high).all()
    place = (price - low) / (high - low)
    assert place.median() == pytest.approx(0.25, abs=0.01)
    assert place.max() > 0.999
    assert place.min() < 0.001


def test_discounts_follow_their_category(dirty: Feed) -> None:
    entries = dirty.faults_of("discount_percent")
    discount = dirty.truth("discount_percent").astype(float)
    own = dirty.truth("category")
    for name, category in CATEGORIES.items():
        here = discount[own == name]
        given = here[here != 0]
        assert_share(len(given), len(here), category.discounted)
        assert given.min() == category.discount[0]
        assert given.max() == category.discount[1]
    heavy = entries[entries["fault"] == "heavy_discount"]["written"]
    assert set(heavy) == {"0.85", "0.9", "0.95", "0.99"}
    impossible = entries[entries["fault"] == "impossible_discount"]["written"].astype(float)
    assert impossible.between(-0.1, 2.5).all()
    assert not impossible.between(0, 1).any()
    assert (impossible < 0).any()
    assert (impossible > 2).any()


def test_regions_are_uniform_over_all_spellings(dirty: Feed) -> None:
    regions = load_catalogue().regions
    counts = dirty.rows["region"].value_counts()
    spellings = {text: name for name, others in regions.items() for text in (name, *others)}
    assert set(counts.index) == set(spellings)
    for n in counts:
        assert_share(n, ROWS, 1 / len(spellings))
    assert dirty.truth("region").equals(dirty.rows["region"].map(spellings))


def test_dates_have_four_formats_in_equal_parts(dirty: Feed) -> None:
    told = dirty.rows["sale_date"]
    missing = told.isin(NO_VALUE)
    entries = dirty.faults_of("sale_date")
    assert set(told[missing]) == set(NO_VALUE)
    assert told.index[missing].equals(entries.index[entries["fault"] == "date_missing"])
    true = pd.to_datetime(dirty.truth("sale_date"), format="%Y-%m-%d")
    for shape, form in zip(SHAPES, FORMATS, strict=True):
        here = told[told.str.fullmatch(shape)]
        assert_share(len(here), int((~missing).sum()), 0.25)
        assert (pd.to_datetime(here, format=form) == true[here.index]).all()
        # The format says nothing of the day.
        recent = true[here.index] > pd.Timestamp(AS_OF) - pd.Timedelta(days=365)
        assert_share(int(recent.sum()), len(here), 0.6)


def test_dates_spread_over_730_days_with_their_seasons(dirty: Feed) -> None:
    day = pd.to_datetime(dirty.truth("sale_date"))
    back = (pd.Timestamp(AS_OF) - day).dt.days
    assert (back.min(), back.max()) == (0, 729)
    assert_share(int((back < 365).sum()), ROWS, 0.6)
    # Sales a day of the last whole year, against its quiet months.
    year = day[back < 365]
    start = pd.Timestamp(AS_OF - dt.timedelta(days=364))
    length = pd.date_range(start, AS_OF).month.value_counts()
    daily = year.dt.month.value_counts() / length
    quiet = daily[[1, 2, 5, 10]].max()
    assert (daily[[3, 4, 6, 7, 8, 9, 11, 12]] > quiet * 1.05).all()


def test_emails_are_addresses_unless_the_ledger_says_otherwise(dirty: Feed) -> None:
    told, entries = dirty.rows["customer_email"], dirty.faults_of("customer_email")
    address = r"[a-z]+\.[a-z]+@[a-z]+(\.[a-z]+)+"
    assert told.drop(entries.index).str.fullmatch(address).all()
    assert entries["true_value"].str.fullmatch(address).all()
    missing = entries[entries["fault"] == "email_missing"]["written"]
    assert set(missing) == set(NO_VALUE)
    malformed = entries[entries["fault"] == "email_malformed"]["written"]
    assert not malformed.str.contains(r"[^@]@[^@]+\.", regex=True).any()
    for form in (r"[^@]+@", r"[^@]+", r"@[^@]+", r"[^@]+@[^@.]+"):
        assert malformed.str.fullmatch(form).mean() > 0.2, form


@pytest.mark.parametrize("mode", ["dirty", "clean"])
def test_revenue_follows_from_the_row(mode: str, request: pytest.FixtureRequest) -> None:
    feed: Feed = request.getfixturevalue(mode)
    in_words = feed.faults_of("quantity").query("fault == 'quantity_not_a_number'")
    quantity = feed.rows["quantity"].copy()
    # A quantity in words was charged for what was meant.
    quantity.loc[in_words.index] = in_words["true_value"]
    factors = [feed.rows[name].astype(float) for name in ("unit_price", "discount_percent")]
    expected = quantity.astype(float) * factors[0] * (1 - factors[1])
    assert (feed.rows["revenue"].astype(float) - expected).abs().max() <= 0.005 + 1e-9
    assert feed.rows["revenue"].str.fullmatch(r"-?\d+\.\d\d").all()


def test_rows_without_a_fault_exist_and_clean_rows_have_none(dirty: Feed, clean: Feed) -> None:
    assert dirty.faults["row"].nunique() < ROWS
    assert clean.rows["region"].isin(load_catalogue().regions.keys()).all()
    assert clean.rows["category"].isin(CATEGORIES.keys()).all()
    assert clean.rows["sale_date"].str.fullmatch(SHAPES[0]).all()
    assert clean.rows["order_id"].is_unique
