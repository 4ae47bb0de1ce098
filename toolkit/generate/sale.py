"""Draw region, sale_date and customer_email."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.generate.catalogue import load_catalogue
from toolkit.generate.column import ColumnVocabulary, Drawn, as_codes, fault_id, fault_runs
from toolkit.generate.random_words import (
    Codes,
    Words,
    choice_table,
    cut_lanes,
    pick,
    pick_below,
    rare_table,
)


@dataclass(frozen=True)
class RegionVocabulary(ColumnVocabulary):
    """All spellings of all regions; `canonical` is the code of each one's canonical name."""

    canonical: Codes


@dataclass(frozen=True)
class DateVocabulary(ColumnVocabulary):
    """day * n_formats + format, then the texts of a missing date. Day 0 is as_of."""

    n_formats: int
    day_table: Codes
    missing_table: Codes
    """-1: not missing, else the code of the text."""


@dataclass(frozen=True)
class EmailVocabulary(ColumnVocabulary):
    """The valid addresses, then the same malformed in each way, then the missing texts.

    The code of a valid one is (first * n_last + last) * n_domains + domain.
    """

    pool_sizes: tuple[int, int, int]
    malformed_table: Codes
    """0: well formed; n: malformed in way n."""
    missing_table: Codes
    """-1: not missing, else the code of the text."""


@lru_cache(maxsize=1)
def region_vocabulary() -> RegionVocabulary:
    """Build every raw spelling of every region."""
    spellings = [(name, (name, *others)) for name, others in load_catalogue().regions.items()]
    texts = [text for _, known in spellings for text in known]
    canonical = as_codes(texts.index(name) for name, known in spellings for _ in known)
    is_canonical = canonical == np.arange(len(texts))
    fault = np.where(is_canonical, 0, fault_id("region_spelling")).astype(np.uint8)
    return RegionVocabulary(text=pa.array(texts), fault=fault, canonical=canonical)


@lru_cache(maxsize=4)
def date_vocabulary(as_of: dt.date) -> DateVocabulary:
    """Build the days up to and including `as_of`, each in every format."""
    rules = load_catalogue().sale_dates
    missing = load_catalogue().faults.texts["date_missing"]
    days = [as_of - dt.timedelta(days=back) for back in range(rules.days)]
    dated = [day.strftime(form) for day in days for form in rules.formats]
    n_formats = len(rules.formats)
    forms = fault_runs((None, 1), ("date_format", n_formats - 1))
    missing_faults = fault_runs(("date_missing", len(missing)))
    return DateVocabulary(
        text=pa.array([*dated, *missing]),
        fault=np.concatenate([np.tile(forms, len(days)), missing_faults]),
        n_formats=n_formats,
        day_table=choice_table(_day_weights(days)),
        missing_table=rare_table(missing.values(), first=len(dated)),
    )


def _day_weights(days: Sequence[dt.date]) -> npt.NDArray[np.float64]:
    """Return the share of sales of each day, the latest first, (n_days,)."""
    rules = load_catalogue().sale_dates
    weights = np.array([rules.months[day.month - 1] for day in days])
    recent, older = weights[: rules.recent_days], weights[rules.recent_days :]
    recent_shares = recent / recent.sum() * rules.recent_share
    return np.concatenate([recent_shares, older / older.sum() * (1 - rules.recent_share)])


@lru_cache(maxsize=1)
def email_vocabulary() -> EmailVocabulary:
    """Build all first.last@domain of the pools (50,000), and the faults of each."""
    people, faults = load_catalogue().people, load_catalogue().faults
    domains = people.email_domains
    names = [f"{first}.{last}" for first in people.first_names for last in people.last_names]
    name = pa.array(names).take(pa.array(np.repeat(np.arange(len(names)), len(domains))))
    domain = pa.array(list(domains) * len(names))
    host = pa.array([text.split(".")[0] for text in domains] * len(names))
    good = _join(name, "@", domain)
    malformed = [_join(name, "@"), _join(name, ".", domain), _join("@", domain)]
    malformed.append(_join(name, "@", host))
    missing = faults.texts["email_missing"]
    # A missing address cannot be malformed too, so the others are malformed a little more often.
    share = faults.shares["email_malformed"] / (1 - sum(missing.values()))
    n_written = (1 + len(malformed)) * len(good)
    return EmailVocabulary(
        text=pa.concat_arrays([good, *malformed, pa.array(list(missing))]),
        fault=fault_runs(
            (None, len(good)),
            ("email_malformed", len(malformed) * len(good)),
            ("email_missing", len(missing)),
        ),
        pool_sizes=(len(people.first_names), len(people.last_names), len(domains)),
        malformed_table=choice_table([1 - share, *[share / len(malformed)] * len(malformed)]),
        missing_table=rare_table(missing.values(), first=n_written),
    )


def _join(*parts: pa.StringArray | str) -> pa.StringArray:
    return pc.binary_join_element_wise(*parts, "")


def draw_regions(words: Words) -> Drawn:
    """Draw region: uniform over all spellings."""
    vocabulary = region_vocabulary()
    which, _, _, _ = cut_lanes(words)
    written = pick_below(which, len(vocabulary.text))
    return Drawn.from_vocabulary(vocabulary, written, vocabulary.canonical[written])


def draw_dates(words: Words, as_of: dt.date) -> Drawn:
    """Draw sale_date: a day by its season, in any format, or missing."""
    vocabulary = date_vocabulary(as_of)
    day, form, fate, _ = cut_lanes(words)
    true = pick(vocabulary.day_table, day) * vocabulary.n_formats
    missing = pick(vocabulary.missing_table, fate)
    dated = true + pick_below(form, vocabulary.n_formats)
    return Drawn.from_vocabulary(vocabulary, np.where(missing < 0, dated, missing), true)


def draw_emails(words: Words) -> Drawn:
    """Draw customer_email: an address of the pools, malformed, or missing."""
    vocabulary = email_vocabulary()
    n_first, n_last, n_domains = vocabulary.pool_sizes
    who, where, form, fate = cut_lanes(words)
    # One lane draws first and last name: 65,536 values are plenty for 3,600 pairs.
    true = pick_below(who, n_first * n_last) * n_domains + pick_below(where, n_domains)
    way = pick(vocabulary.malformed_table, form) * (n_first * n_last * n_domains)
    missing = pick(vocabulary.missing_table, fate)
    return Drawn.from_vocabulary(vocabulary, np.where(missing < 0, true + way, missing), true)
