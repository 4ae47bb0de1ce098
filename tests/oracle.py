"""The sales rules once more, a row at a time in plain Python: what the toolkit is held against.

Written from the rules alone; shares no code with the toolkit. Reads only feeds whose quotes are
sound, since that is as far as the csv module and the toolkit must agree.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

COLUMNS = [
    "order_id", "product_name", "category", "quantity", "unit_price", "discount_percent",
    "region", "sale_date", "customer_email", "revenue",
]  # fmt: skip
# What pads cells: Unicode's white space, and NULs.
PADDING = "\0" + "".join(filter(str.isspace, map(chr, range(0x110000))))
FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d")

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DATE_LETTERS = re.compile(r"[0-9/-]+")

Row = dict[str, Any]


@dataclass
class Outcome:
    """Clean rows, and rejected ones with their reason and whereabouts, in file order."""

    clean: list[Row] = field(default_factory=list)
    rejected: list[Row] = field(default_factory=list)


@dataclass
class Book:
    """The lookup files as they stand, and the day of the run."""

    categories: list[str] = field(repr=False)
    region_map: dict[str, str] = field(repr=False)
    as_of: date

    @classmethod
    def load(cls, folder: Path, as_of: date) -> Book:
        regions = json.loads((folder / "common_regions.json").read_text("utf-8"))
        told = json.loads((folder / "region_map.json").read_text("utf-8"))
        categories = json.loads((folder / "common_categories.json").read_text("utf-8"))
        # A canonical name stands for itself, else clean rows could not be cleaned again.
        return cls(sorted(categories), {**{name: name for name in regions}, **told}, as_of)


def clean_feeds(feeds: Sequence[tuple[str, bytes]], book: Book) -> Outcome:
    """Clean (file name, bytes) feeds, in order, as one input."""
    outcome, taken = Outcome(), set[str]()
    for name, data in feeds:
        records = list(read_records(data))
        header, body = [" ".join(cell.split()) for cell in records[0][0]], records[1:]
        for number, (cells, line) in enumerate(body, 1):
            raw: Row = dict(zip(header, cells, strict=False))
            reason, clean = judge_record(header, cells, line, book)
            if reason is None and clean["order_id"] in taken:
                reason = "duplicate_order_id"
            if reason is None:
                taken.add(clean["order_id"])
                outcome.clean.append(clean)
                continue
            lost = reason == "malformed_row"
            outcome.rejected.append(
                {
                    **{column: None if lost else raw.get(column, "") for column in header},
                    "rejection_reason": reason,
                    "source_file": name,
                    "source_row": number,
                    "raw_line": _shown(line) if lost else None,
                }
            )
    return outcome


def read_records(data: bytes) -> Iterator[tuple[list[str], str]]:
    """Each record's cells and its text; bytes that are no UTF-8 are lone surrogates in both."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            taken.append(line)
            yield line

    for cells in csv.reader(lines(), strict=True):
        line, taken[:] = "".join(taken), []
        if cells:
            yield cells, line


def _shown(line: str) -> str:
    raw = line.rstrip("\r\n").encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "backslashreplace")


def judge_record(
    header: list[str], cells: list[str], line: str, book: Book
) -> tuple[str | None, Row]:
    """The first reason to reject a record, duplicates aside, or None and its clean values."""
    if len(cells) == 1 and not line.strip(PADDING + "\r\n"):
        return "blank_row", {}
    undecodable = any("\udc80" <= letter <= "\udcff" for letter in line)
    if undecodable or len(cells) != len(header):
        return "malformed_row", {}
    stripped = [cell.strip(PADDING) for cell in cells]
    if [cell.removeprefix("\ufeff") for cell in stripped] == header:
        return "repeated_header", {}
    if not any(stripped):
        return "blank_row", {}
    return judge_row(dict(zip(header, stripped, strict=True)), book)


def judge_row(row: dict[str, str], book: Book) -> tuple[str | None, Row]:
    """The rules in their order, on stripped text."""
    if not row["order_id"] or not row["product_name"]:
        return "missing_order_id_or_product", {}
    category = nearest_category(row["category"], book.categories)
    if category is None:
        return "unknown_category", {}
    region = find_region(row["region"], book.region_map)
    if region is None:
        return "unknown_region", {}
    price = read_number(row["unit_price"])
    if price is None or not 0 < price < 50_000:
        return "invalid_unit_price", {}
    quantity = read_quantity(row["quantity"])
    if quantity is None or quantity == 0:
        return "zero_quantity", {}
    day = read_date(row["sale_date"])
    if day is None:
        return "invalid_sale_date", {}
    if not years_from(book.as_of, -20) <= day <= years_from(book.as_of, 1):
        return "sale_date_out_of_range", {}
    discount = min(max(read_number(row["discount_percent"]) or 0.0, 0.0), 1.0)
    revenue = price * quantity * (1 - discount)
    if math.isfinite(revenue):
        revenue = round(revenue, 2)
    if not 0 <= revenue < 1_000_000:
        return "invalid_calculated_revenue", {}
    # The rules say int64; what it cannot hold is no quantity.
    if quantity >= 2**63:
        return "zero_quantity", {}
    return None, {
        "order_id": row["order_id"],
        "product_name": row["product_name"],
        "category": category,
        "quantity": quantity,
        "unit_price": price,
        "discount_percent": discount,
        "region": region,
        "sale_date": day,
        "customer_email": read_email(row["customer_email"]),
        "revenue": revenue,
        "anomaly_flag": "heavy_discount" if discount > 0.80 else None,
    }


def read_number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def read_quantity(text: str) -> float | int | None:
    number = read_number(text)
    if number is None:
        return None
    return max(round(number) if math.isfinite(number) else number, 0)


def read_date(text: str) -> date | None:
    # strptime would take other digits than ASCII's, and a blank for a leading zero.
    if _DATE_LETTERS.fullmatch(text):
        for form in FORMATS:
            try:
                return datetime.strptime(text, form).date()
            except ValueError:
                continue
    return None


def years_from(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def read_email(text: str) -> str | None:
    return text.lower() if _EMAIL.fullmatch(text) else None


def same_case(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def nearest_category(text: str, names: Sequence[str], max_edits: int = 2) -> str | None:
    edits = {name: count_edits(same_case(text), same_case(name)) for name in names}
    near = [name for name in names if have_letter_in_place(same_case(text), same_case(name))]
    name = min(near, key=lambda name: (edits[name], name), default=None)
    return name if name is not None and edits[name] <= max_edits else None


def have_letter_in_place(one: str, other: str) -> bool:
    one, other = ("".join(filter(str.isalnum, text)) for text in (one, other))
    # Where no letter is shared, it takes as many edits as the longer one has letters.
    return count_edits(one, other) < max(len(one), len(other))


def find_region(text: str, region_map: dict[str, str]) -> str | None:
    known = {same_case(raw): name for raw, name in region_map.items()}
    name = known.get(same_case(text))
    return None if name == "UNKNOWN" else name


def count_edits(one: str, other: str) -> int:
    """Levenshtein's distance, by the textbook's table."""
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        here = [row]
        for column, wanted in enumerate(other, 1):
            here.append(
                min(above[column] + 1, here[-1] + 1, above[column - 1] + (letter != wanted))
            )
        above = here
    return above[-1]
