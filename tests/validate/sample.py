"""A small dataset with a column of every kind that a check can meet, and ways to cut it in parts.

The rows are the same however they are cut. Repeated keys lie in different parts, `late` and `gap`
have parts without any value, and every cut has parts without rows.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.storage.datasets import part_name

N_ROWS = 360
FIRST_DAY = dt.date(2024, 1, 1)
REGIONS = ("Delhi", "Mumbai", "Île-de-France", "São Paulo", "New Delhi")
NOTES = ("a.b", "a+b", "(x)", "[1]", "tab\there", "line\n", "naïve", "日本", "٣", " ", "")
CHANNELS = ("web", "shop", "phone")
# Where parts end: uneven, with parts of no rows first, in the middle and last.
CUTS = {
    1: (0, N_ROWS),
    3: (0, 150, 150, N_ROWS),
    8: (0, 0, 7, 100, 150, 150, 151, N_ROWS, N_ROWS),
}
LATE_FROM = 200
GAP = range(100, 150)
# Rows that repeat the order id of another row, far enough away to lie in another part.
REPEATED_IDS = {155: 3, 210: 90, 330: 90}


def n_missing(row: int, every: int) -> bool:
    return row % every == every - 1


def make_row(row: int) -> dict[str, Any]:
    """One row; everything in it follows from its number."""
    return {**make_texts(row), **make_numbers(row), **make_times(row), **make_oddities(row)}


def make_texts(row: int) -> dict[str, Any]:
    channel = None if n_missing(row, 11) else CHANNELS[row * 7 % 3]
    email = f"user.{row}@example.com" if row % 40 else f"user {row} at example.com"
    return {
        "order_id": f"ORD-{REPEATED_IDS.get(row, row):09d}",
        "token": None if n_missing(row, 9) else f"t{row * 37 % N_ROWS:03d}",
        "region": REGIONS[(row * 7 + row // 5) % 5],
        "region_copy": REGIONS[(row * 7 + row // 5) % 5] if row % 50 else "Mumbay",
        "channel": channel,
        "channel_copy": channel,
        "email": None if n_missing(row, 13) else ("" if row == 17 else email),
        "payload": '{"n": ' if row in (5, 205) else json.dumps({"n": row, "tag": "é" * (row % 4)}),
        "settings": None if n_missing(row, 30) else json.dumps({"n": row % 100}),
        "date_text": "31/31/2024" if row in (8, 160, 300) else f"2024-{row % 12 + 1:02d}-15",
        "note": NOTES[row % len(NOTES)],
    }


def make_numbers(row: int) -> dict[str, Any]:
    quantity = row * 13 % 10 + 1
    price = round(3.7 + row * 29 % 101 * 1.13, 2)
    weight = None if n_missing(row, 8) else round(0.5 + row * 17 % 83 * 0.31, 3)
    return {
        "row_number": row,
        "countdown": (N_ROWS - row) // 3,
        "quantity": quantity,
        "stock": None if n_missing(row, 6) else row * 11 % 50,
        "price": price,
        "weight": float("nan") if n_missing(row, 25) else weight,
        "revenue": round(price * quantity, 2) if row % 45 else -1.0,
        "low": row % 20,
        "high": row % 20 + row % 4,
        "share_a": row % 11,
        "share_b": None if n_missing(row, 21) else 10 - row % 11,
        "share_c": 5 if row % 60 else 6,
        "constant": 7,
        "late": None if row < LATE_FROM else row % 17,
        "gap": None if row in GAP or n_missing(row, 31) else 1000 + row,
        "serial": 10**12 + row,
        "big_id": 2**60 + row,
        "big_ref": None if n_missing(row, 15) else 2**60 + row,
        "balance": (0.0 if row < 150 else -0.0) if row % 7 == 0 else row / 4,
    }


def make_times(row: int) -> dict[str, Any]:
    day = FIRST_DAY + dt.timedelta(days=row * 5 % 200)
    moment = dt.datetime(2024, 1, 1) + dt.timedelta(hours=row * 3, microseconds=row)
    return {
        "sale_date": day,
        "ship_date": None if n_missing(row, 10) else day + dt.timedelta(days=row % 5 - (row == 44)),
        "created": moment,
        "updated": None if n_missing(row, 12) else moment + dt.timedelta(minutes=row % 3),
        "created_utc": moment.replace(tzinfo=dt.UTC),
    }


def make_oddities(row: int) -> dict[str, Any]:
    return {
        "is_gift": row % 3 == 0,
        "is_vip": None if n_missing(row, 14) else row % 4 == 0,
        "nothing": None,
        "no_number": None,
        "peaks": (float("inf") if row == 120 else float("-inf") if row == 250 else row / 7),
        "small_int": row % 90,
        "small_float": row % 40 / 10,
        "amount": None if n_missing(row, 18) else Decimal(row % 70) + Decimal("0.25"),
    }


SCHEMA = pa.schema(
    {
        **dict.fromkeys(make_texts(0), pa.string()),
        "channel": pa.dictionary(pa.int32(), pa.string()),
        "channel_copy": pa.dictionary(pa.int32(), pa.string()),
        **dict.fromkeys(make_numbers(0), pa.int64()),
        **dict.fromkeys(("price", "weight", "revenue", "balance"), pa.float64()),
        "sale_date": pa.date32(),
        "ship_date": pa.date32(),
        "created": pa.timestamp("us"),
        "updated": pa.timestamp("us"),
        "created_utc": pa.timestamp("us", tz="UTC"),
        "is_gift": pa.bool_(),
        "is_vip": pa.bool_(),
        "nothing": pa.string(),
        "no_number": pa.float64(),
        "peaks": pa.float64(),
        "small_int": pa.int32(),
        "small_float": pa.float32(),
        "amount": pa.decimal128(10, 2),
    }
)


def make_table(n_rows: int = N_ROWS) -> pa.Table:
    return pa.Table.from_pylist([make_row(row) for row in range(n_rows)], schema=SCHEMA)


def cut_table(table: pa.Table, ends: Sequence[int]) -> list[pa.Table]:
    """Neighbouring slices between the rows given; two equal ends give a slice without rows.

    Each slice gets dictionaries of its own, as files that were written apart from each other have.
    """
    return [own_dictionaries(table.slice(start, end - start)) for start, end in pairwise(ends)]


def own_dictionaries(part: pa.Table) -> pa.Table:
    for index, field in enumerate(part.schema):
        if pa.types.is_dictionary(field.type):
            values = part.column(index).cast(field.type.value_type).dictionary_encode()
            part = part.set_column(index, field.name, values)
    return part


def write_parts(parts: Sequence[pa.Table], folder: Path, row_group_rows: int = 1 << 20) -> Path:
    """The parts as parquet files whose names sort in the order given."""
    folder.mkdir(parents=True)
    for number, part in enumerate(parts):
        pq.write_table(part, folder / part_name(number), row_group_size=row_group_rows)
    return folder


def write_sample(folder: Path, n_parts: int, row_group_rows: int = 1 << 20) -> Path:
    return write_parts(cut_table(make_table(), CUTS[n_parts]), folder, row_group_rows)


# The ways in which the sample lies on disk, each with what writes it.
LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "1 part": partial(write_sample, n_parts=1),
    "3 parts": partial(write_sample, n_parts=3),
    "8 parts": partial(write_sample, n_parts=8),
    "row groups": partial(write_sample, n_parts=3, row_group_rows=37),
}
