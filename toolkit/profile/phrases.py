"""Format figures of a profile as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from toolkit.contract.references import DAYS
from toolkit.profile.doubts import Doubt, Placed, by_weight
from toolkit.profile.facts import ColumnFacts, FileFacts, KeyFacts, Profile
from toolkit.profile.keys import is_like_an_id
from toolkit.profile.totals import totals_doubt
from toolkit.units import human_count, human_number, human_share

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MANY_CUT = 0.5
_MOST_FULL, _NEARLY_FULL, _LEAST_DIGITS = 0.6, 0.9, 4
_CODES_OF_DIGITS = re.compile(
    r"zip|postal|postcode|post_?code|plz|codigo_?postal|cap$|ean|gtin|upc|isbn|barcode|barkod|"
    r"phone|telefon|mobile|sku|article|artikel|material|blz",
    re.IGNORECASE,
)
COMMON_SHAPE = 0.1
"""The share of the rows above which a shape is mentioned."""


def figure(value: float, kind: str) -> str:
    """Format a number of a column of this kind: 1,234.5, a day, or a day and its time."""
    if kind in DAYS:
        try:
            moment = _EPOCH + timedelta(microseconds=value)
        except OverflowError:
            return f"{value:g}"
        return f"{moment:%Y-%m-%d}" if kind == "date" else f"{moment:%Y-%m-%d %H:%M:%S}"
    if abs(value) < 1e15 and value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}" if 0.01 <= abs(value) < 1e15 else f"{value:.4g}"


def left_out(file: FileFacts) -> str:
    """Return '2 blank, 1 the header again': the records that are not profiled, by reason."""
    counts = {"blank": file.n_blank, "the header again": file.n_repeated_headers, **file.malformed}
    return ", ".join(f"{human_count(n)} {what}" for what, n in counts.items() if n)


def distinct(column: ColumnFacts) -> str:
    """Return '1,234', or 'about 1.2M' for an estimate."""
    if column.distinct_is_exact:
        return human_count(column.n_distinct)
    digits = max(0, len(str(column.n_distinct)) - 3)
    return f"about {human_count(round(column.n_distinct, -digits))}"


def holds(column: ColumnFacts) -> str:
    """Describe a column's content, in a few words."""
    if column.spread is not None and column.kind != "email":
        low, high = (figure(v, column.kind) for v in (column.spread.low, column.spread.high))
        return f"{low} to {high}"
    if column.top and (column.kind in ("category", "boolean") or column.n_distinct <= 3):
        return ", ".join(one.value for one in column.top[:4])
    if column.kind == "email":
        return next((one.value for one in column.shapes if "@" in one.value), "")
    if column.shapes and column.shapes[0].rows >= COMMON_SHAPE * column.n_rows:
        return ", ".join(one.value for one in column.shapes[:3])
    return ", ".join(one.value for one in column.top[:3])


def key_text(key: KeyFacts) -> str:
    """Describe columns that may identify a record."""
    name = " + ".join(key.columns) or "the whole record"
    if not key.n_repeated:
        return f"{name}: no value comes twice in {human_count(key.n_rows)} rows"
    return (
        f"{name}: {human_count(key.n_repeated)} of {human_count(key.n_rows)} rows repeat an "
        f"earlier one ({human_share(key.n_repeated, key.n_rows)})"
    )


def _is_sparse(column: ColumnFacts) -> bool:
    """Return whether most whole numbers between the lowest and the highest are missing."""
    spread = column.spread
    return spread is not None and 2 * column.n_distinct < spread.high - spread.low


def all_doubts(profile: Profile) -> list[Placed]:
    """List all doubts, those that concern most rows first."""
    found: list[Placed] = [("file", doubt) for doubt in file_doubts(profile)]
    for column in profile.columns:
        found += [(column.name, doubt) for doubt in column_doubts(column)]
    return by_weight(found)


def file_doubts(profile: Profile) -> list[Doubt]:
    """List the doubts about the file as a whole."""
    return [*profile.file.doubts, *totals_doubt(profile.totals)]


def column_doubts(column: ColumnFacts) -> Iterator[Doubt]:
    """Yield the doubts about one column."""
    yield from column.doubts
    if column.n_unread:
        examples = ", ".join(map(str, column.unread[:2]))
        cells = human_number(column.n_unread, "cell")
        yield Doubt(f"{cells} cannot be read as {column.kind}, such as {examples}", column.n_unread)
    for order in column.day_orders:
        if order.contradict:
            text = (
                f"{human_count(order.decided)} cells prove {order.date_format}, "
                f"{human_count(order.contradict)} the other order of day and month, such as "
                f"{order.contradiction}"
            )
            yield Doubt(text, order.contradict + order.either)
    if column.n_far_days:
        days = ", ".join(map(str, column.far_days))
        yield Doubt(
            f"{human_number(column.n_far_days, 'cell')} far from all other days: {days}; "
            "years_before and years_after reject them",
            column.n_far_days,
        )
    yield from _lost_digits(column)


def _lost_digits(column: ColumnFacts) -> Iterator[Doubt]:
    """Yield doubts about figures that a spreadsheet has lost or marked."""
    if column.n_shortened:
        yield Doubt(
            f"{human_number(column.n_shortened, 'cell')} of whole numbers that a spreadsheet has "
            "rounded (4.5E+12): their last digits are lost",
            column.n_shortened,
        )
    if column.n_cut > _MANY_CUT * column.n_long_digits:
        yield Doubt(
            f"{human_number(column.n_cut, 'cell')} of 16 digits or more that end in zeros after "
            "the 15th, as a spreadsheet keeps no more: their last digits are lost",
            column.n_cut,
        )
    if column.n_apostrophes:
        yield Doubt(
            f"an apostrophe, which marks a text in spreadsheets, begins "
            f'{human_number(column.n_apostrophes, "cell")}; prefix: ["\'"] takes it off',
            column.n_apostrophes,
        )
    longest, shorter = shorter_codes(column)
    if shorter:
        yield Doubt(
            f"{human_number(shorter, 'cell')} of fewer than the {longest} digits of the others: "
            "leading zeros may be lost",
            shorter,
        )


def shorter_codes(column: ColumnFacts) -> tuple[int, int]:
    """Return the number of digits of codes such as postal ones, and how many cells have fewer; 0
    where no code has lost a zero.
    """
    rows = {len(one.value): one.rows for one in column.shapes if not one.value.strip("9")}
    by_name = bool(_CODES_OF_DIGITS.search(column.source))
    if not rows or not (by_name or (is_like_an_id(column.source) and _is_sparse(column))):
        return 0, 0
    longest, n_rows = max(rows), sum(rows.values())
    full = _MOST_FULL if by_name else _NEARLY_FULL
    most_are_full = rows[longest] >= full * n_rows and n_rows >= full * column.n_said
    return longest, n_rows - rows[longest] if most_are_full and longest >= _LEAST_DIGITS else 0
