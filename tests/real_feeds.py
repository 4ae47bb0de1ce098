"""Feeds with known answers: small ones of our own making, and the real ones where they are.

The real ones are too large for the repository. Where there is no ../shared beside the project, the
small ones are tested alone.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

SHARED = Path(__file__).parents[2] / "shared" / "data"
MAKES = ["small", *(["real"] if SHARED.is_dir() else [])]
"""The makes of feed that there are on this machine, to parametrize tests by."""


@dataclass(frozen=True)
class KnownFeed:
    """A folder with a feed in it, and what is known of the feed."""

    folder: Path
    answers: dict[str, Any]


def online_retail(make: str, folder: Path) -> KnownFeed:
    """`online_retail.csv.gz`; a small one is written to the folder."""
    if make == "small":
        return KnownFeed(folder, write_retail(folder / "online_retail.csv.gz"))
    return KnownFeed(SHARED / "online_retail", {**answers_of("online_retail"), "november": 2769})


def dirty_cafe(make: str, folder: Path) -> KnownFeed:
    """`dirty_cafe_sales.csv` and three copies of it as people save them again."""
    if make == "small":
        return KnownFeed(folder, write_cafe(folder))
    return KnownFeed(SHARED / "dirty_cafe", {**answers_of("dirty_cafe"), "only month/day": 5798})


def real_ecommerce() -> KnownFeed:
    """The real one: `dirty_100k.csv.gz` beside its own `lookups`."""
    answers = json.loads((SHARED / "ecommerce" / "dirty_100k.expected.json").read_text("utf-8"))
    return KnownFeed(SHARED / "ecommerce", answers)


def answers_of(name: str) -> dict[str, Any]:
    [answers] = json.loads((SHARED / name / "expected.json").read_text("utf-8")).values()
    return dict(answers)


# --- lines of a gift shop's invoices --------------------------------------------------------------

RETAIL_HEADER = [
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID",
    "Country",
]  # fmt: skip
COUNTRIES = ["United Kingdom", "Netherlands", "EIRE", "Germany", "France", "Spain", "Portugal"]


def write_retail(path: Path) -> dict[str, Any]:
    """Invoices of a few lines each, from December 2010 to December 2011, and their answers."""
    chance = random.Random(2011)
    lines: list[list[str]] = []
    for invoice in range(536_365, 536_965):
        moment = f"{date(2010, 12, 1) + timedelta(chance.randrange(374))} 08:{invoice % 60:02}:00"
        country = chance.choices(COUNTRIES, [40, 8, 6, 4, 3, 2, 1])[0]
        prefix = {14: "C", 39: "C"}.get(invoice % 50, "A" if invoice % 450 == 360 else "")
        customer = chance.choice(["", f"{chance.randrange(12_346, 18_288)}.0"])
        for _ in range(chance.randrange(1, 6)):
            code = f"{chance.randrange(20_000, 20_400)}{chance.choice(['', 'A', 'b'])}"
            quantity = (
                -3 if prefix == "C" or chance.random() < 0.01 else chance.choice([1, 2, 6, 48])
            )
            # Binary fractions: their sums are exact in any order.
            price = f"{chance.choice([0.5, 1.25, 2.0, 3.75, 12.5])}"
            goods = [code, f" LAMP {code} ", f"{quantity}", moment, price]
            lines.append([f"{prefix}{invoice}", *goods, customer, country])
            if chance.random() < 0.03:
                lines.append(lines[-1])
            elif chance.random() < 0.02:
                lines.append([*lines[-1][:5], chance.choice(["0.0", "-11062.06"]), *lines[-1][6:]])
    with gzip.open(path, "wt", newline="") as file:
        csv.writer(file).writerows([RETAIL_HEADER, *lines])
    return retail_answers(lines)


def retail_answers(lines: Sequence[list[str]]) -> dict[str, Any]:
    sales = [
        line for line in lines if line[0].isdigit() and int(line[3]) > 0 and float(line[5]) > 0
    ]
    unlike = list(dict.fromkeys(map(tuple, sales)))
    by_country = sum_by(unlike, lambda line: line[7])
    largest = sorted(by_country, key=lambda name: -by_country[name])
    return {
        "rows": len(lines),
        "cancelled": sum(line[0].startswith("C") for line in lines),
        "bad-debt A invoice": sum(line[0].startswith("A") for line in lines),
        "keep before dedupe": len(sales),
        "keep after exact dedupe": len(unlike),
        "revenue_keep_after": round(sum(by_country.values()), 2),
        "revenue_by_month": sum_by(unlike, lambda line: line[4][:7]),
        "top_countries": {name: by_country[name] for name in largest[:5]},
        "november": len({line[0] for line in unlike if line[4].startswith("2011-11")}),
    }


def sum_by(
    lines: Iterable[Sequence[str]], group: Callable[[Sequence[str]], str]
) -> dict[str, float]:
    """Revenue, added up in cents."""
    cents: dict[str, int] = defaultdict(int)
    for line in lines:
        cents[group(line)] += round(int(line[3]) * float(line[5]) * 100)
    return {name: cents[name] / 100 for name in sorted(cents)}


# --- a cafe's sales, dirty, and saved again in other forms ----------------------------------------

CAFE_HEADER = [
    "Transaction ID", "Item", "Quantity", "Price Per Unit", "Total Spent", "Payment Method",
    "Location", "Transaction Date",
]  # fmt: skip
PRICES = {"Coffee": 2.0, "Tea": 1.5, "Cake": 3.0, "Juice": 3.0, "Salad": 5.0, "Cookie": 1.0}
LOST = ["ERROR", "UNKNOWN", ""]


def write_cafe(folder: Path) -> dict[str, Any]:
    """The feed has its first two rows twice; its copies have not, and name a few sales anew."""
    chance = random.Random(2011)
    rows: list[list[str]] = []
    for sale in range(1_000, 1_600):
        item = chance.choice([*PRICES])
        quantity = chance.randrange(1, 6)
        total = quantity * PRICES[item]
        day = date(2023, 1, 1) + timedelta(chance.randrange(365))
        row = [
            item, f"{quantity}", f"{PRICES[item]}", f"{total}", chance.choice(["Cash", *LOST]),
            chance.choice(["In-store", "Takeaway", *LOST]), f"{day}",
        ]  # fmt: skip
        shares = [0.09, 0.05, 0.05, 0.05, 0, 0, 0.05]
        damaged = [
            chance.choice(LOST) if chance.random() < share else cell
            for cell, share in zip(row, shares, strict=True)
        ]
        rows.append([f"TXN_{sale}", *(row if sale < 1_002 else damaged)])
    write_csv(
        folder / "dirty_cafe_sales.csv",
        CAFE_HEADER,
        [rows[0], rows[0], rows[1], rows[1], *rows[2:]],
    )
    named = [[row[0].replace("_", "") if n % 97 == 5 else row[0], *row[1:]]
             for n, row in enumerate(rows)]  # fmt: skip
    header = [name.lower().replace(" ", "_") for name in CAFE_HEADER]
    for name, copied, cells in (
        ("cafe_mdy_slash", header, lambda row: [*row[:7], dated(row[7], "{1:d}/{2:d}/{0}")]),
        ("cafe_dmy_dot", CAFE_HEADER, lambda row: [*row[:7], dated(row[7], "{2:02}.{1:02}.{0}")]),
        ("cafe_decimal_comma", CAFE_HEADER,
         lambda row: [*row[:3], *(cell.replace(".", ",") for cell in row[3:5]), *row[5:]]),
    ):  # fmt: skip
        write_csv(folder / f"{name}.csv", copied, map(cells, named))
    good = [row for row in rows if row[1] not in LOST and row[7] not in LOST]
    return {
        "duplicate id": 2,
        "keep, strict (item, qty, price, date good)": sum(
            row[2] not in LOST and row[3] not in LOST for row in good
        ),
        # An item has one price, so that the quantity follows from the total.
        "keep, with recovery (q,p,t known, date good, item good)": sum(
            row[2] not in LOST or row[4] not in LOST for row in good
        ),
        "only month/day": sum(
            row[7] not in LOST and date.fromisoformat(row[7]).day > 12 for row in rows
        ),
    }


def dated(cell: str, form: str) -> str:
    return cell if cell in LOST else form.format(*map(int, cell.split("-")))


def write_csv(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
