"""Feeds for the tests: how one is cleaned in so many blocks, and how hostile ones are made."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
import pyarrow as pa
import pyarrow.parquet as pq
from dask.delayed import Delayed
from hypothesis import strategies as st

from tests.oracle import COLUMNS
from toolkit.clean.blocks import PublishedBlock, Targets
from toolkit.clean.evaluate import Rules
from toolkit.clean.feed import (
    find_repeats,
    find_tails,
    make_job,
    publish_tasks,
    stage_tasks,
    total_repairs,
)
from toolkit.read.blocks import plan_blocks
from toolkit.read.sources import find_sources
from toolkit.read.unpack import spool
from toolkit.report.facts import RepairFacts

HEADER = (",".join(COLUMNS) + "\n").encode()
GOOD_ROW = {
    "order_id": "ORD-000000001",
    "product_name": "Desk Lamp",
    "category": "Office",
    "quantity": "2",
    "unit_price": "19.99",
    "discount_percent": "0.1",
    "region": "Mumbai",
    "sale_date": "2026-03-04",
    "customer_email": "ann.lee@example.com",
    "revenue": "35.98",
}


@dataclass(frozen=True)
class Cleaned:
    """What a cleaning run wrote, its parts put together in order."""

    clean: pa.Table
    rejected: pa.Table
    published: list[PublishedBlock]
    n_left_in_spill: int
    repaired: list[RepairFacts]

    @property
    def n_blocks(self) -> int:
        return len(self.published)

    @property
    def reasons(self) -> list[str]:
        return [str(row["rejection_reason"]) for row in self.rejected.to_pylist()]


@dataclass(frozen=True)
class Cleaner:
    """Cleans feeds from one folder, so that the same feed has the same source_file every time."""

    rules: Rules
    folder: Path

    def __call__(
        self,
        feed: bytes | Mapping[str, bytes],
        n_blocks: int = 1,
        scheduler: str = "sync",
        rules: Rules | None = None,
    ) -> Cleaned:
        feeds = {"feed.csv": feed} if isinstance(feed, bytes) else feed
        for name, data in feeds.items():
            (self.folder / name).write_bytes(data)
        # Never fewer bytes a block than makes about n_blocks of the largest feed.
        block_bytes = max(1, -(-max(map(len, feeds.values())) // n_blocks))
        inputs = [self.path(name) for name in feeds]
        return clean_files(rules or self.rules, inputs, block_bytes, scheduler)

    def path(self, name: str = "feed.csv") -> str:
        return str(self.folder / name)


def clean_files(
    rules: Rules, inputs: Sequence[str], block_bytes: int, scheduler: str = "sync"
) -> Cleaned:
    """Clean files into a folder that is gone afterwards; every part must have its schema."""
    folder = Path(tempfile.mkdtemp(prefix="clean-"))
    spill, clean, rejected = folder / "spill", folder / "clean", folder / "rejected"
    for part in (spill, clean, rejected):
        part.mkdir()
    try:
        encoding = rules.contract.csv.encoding
        sources = [spool(source, spill, encoding) for source in find_sources(inputs)]
        blocks = plan_blocks(sources, rules.contract, block_bytes)
        job = make_job(rules, blocks, spill)

        def run(tasks: list[Delayed]) -> Any:
            return _compute(tasks, scheduler)

        staged = run(stage_tasks(blocks, job, find_tails(run, blocks, job)))
        placed = find_repeats(run, staged, len(blocks), job, 3)
        tasks = publish_tasks(placed, job, Targets(clean, rejected))
        published = _compute(tasks, scheduler)
        for one in published:
            next(block for block in staged if block.block.index == one.index).files.remove()
        return Cleaned(
            _read_parts(clean, rules.contract.clean_schema()),
            _read_parts(rejected, rules.contract.rejected_schema(job.extra)),
            published,
            len([path for path in spill.iterdir() if "spooled" not in path.name]),
            total_repairs(staged, rules.contract),
        )
    finally:
        shutil.rmtree(folder)


def _compute(tasks: list[Delayed], scheduler: str) -> list[Any]:
    return list(dask.compute(*tasks, scheduler=scheduler))  # type: ignore[attr-defined, no-untyped-call]


def _read_parts(folder: Path, schema: pa.Schema) -> pa.Table:
    parts = [pq.read_table(path) for path in sorted(folder.iterdir())]
    for part in parts:
        assert part.schema.remove_metadata() == schema
    return pa.concat_tables(parts)


def row_with(**values: str) -> dict[str, str]:
    """A row that breaks no rule but for `values`."""
    return GOOD_ROW | values


def write_feed(
    rows: Sequence[Mapping[str, str] | Sequence[str]], columns: Sequence[str] = COLUMNS
) -> bytes:
    """A feed with its header; a row is cells by column, or just cells."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([row[c] for c in columns] if isinstance(row, Mapping) else row)
    return text.getvalue().encode()


def write_again(clean: pa.Table) -> bytes:
    """A clean table as a feed: what a person gets who saves it as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(clean.column_names)
    for row in clean.to_pylist():
        writer.writerow(["" if value is None else value for value in row.values()])
    return text.getvalue().encode()


def plain(table: pa.Table) -> list[dict[str, Any]]:
    return list(table.to_pylist())


_BLANKS = st.sampled_from(["", "", "", " ", "\t", "\u00a0", "\u3000", "\n", " \r\n"])
_MESSY: dict[str, list[str]] = {
    "order_id": ["A", "B", "C", "a", "ORD-1", "ORD-2", "é", "e\u0301", "", "x\x00y", 'q"q'],
    "product_name": ["Desk Lamp", "l'été", "a,b", "two\nlines", 'say "hi"', "", "NULL", "日本"],
    "category": ["Office", "OFFICE", "ofice", "Ofifce", "Spotrs", "Bookz", "Toyz", "Pets", "", "ß"],
    "quantity": ["1", "2", "0.5", "1.5", "2.5", "-3", "0", "two", "", "1e400", "1e19", "50", "+4."],
    "unit_price": ["9.99", "0.01", "49999.99", "50000", "0", "-1", "nan", "1,5", "", "1e4", ".5"],
    "discount_percent": ["0", "0.1", "0.8", "0.81", "1", "2.5", "-0.1", "none", "", "1e-400"],
    "region": ["Mumbai", "BOMBAY", "viet nam", "N/A", "", "Atlantis", "new delhi", "Delhi", "NULL"],
    "sale_date": [
        "2026-03-04", "03/04/2026", "04-03-2026", "2026/03/04", "2026-3-4", "3/4/2026", "",
        "2024-02-29", "2025-02-29", "0000-01-01", "2006-11-23", "2006-11-22", "2027-11-23",
        "2027-11-24", "31/12/2025", "2026-03-04T00:00", "٢٠٢٦-03-04",
    ],
    "customer_email": ["Ann@Example.com", "a@b", "a@b.c", "a@@b.c", "a b@c.d", "NULL", "", "é@é.É"],
    "revenue": ["1", "", "junk", "1\n2"],
}  # fmt: skip


def messy_cells(column: str) -> st.SearchStrategy[str]:
    """Mostly sound, so that rows get as far as the later rules."""
    messy = st.one_of(st.sampled_from(_MESSY[column]), st.text(max_size=6).filter(_is_writable))
    blanked = st.tuples(_BLANKS, st.sampled_from([*_MESSY[column][:4]]), _BLANKS).map("".join)
    ids = st.integers(1, 30).map(str)
    sound = ids if column == "order_id" else st.just(GOOD_ROW[column])
    return st.one_of(sound, sound, sound, blanked, messy)


def _is_writable(text: str) -> bool:
    """Lone surrogates are no UTF-8, and the lower case of these two differs by library."""
    return all(not "\ud800" <= c <= "\udfff" and c not in "İΣ" for c in text)


@st.composite
def hostile_rows(draw: st.DrawFn) -> bytes:
    """A feed of sound quotes, but with whatever else can be wrong with it."""
    columns = draw(st.permutations([*COLUMNS, *draw(st.sampled_from([[], ["note"]]))]))
    cells = {c: messy_cells(c) if c in _MESSY else st.just("x") for c in columns}
    record = st.tuples(*(cells[c] for c in columns)).map(list)
    odd = st.one_of(
        st.just(list(columns)),
        st.just([""] * len(columns)),
        st.just(["\u3000"] * len(columns)),
        record.map(lambda row: row[:-2]),
        record.map(lambda row: [*row, "more"]),
        st.just(["BAD"]),
    )
    rows = draw(st.lists(st.one_of(record, record, record, odd), max_size=25))
    text = io.StringIO(newline="")
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    minimal = csv.writer(text, lineterminator=end)
    writer = draw(
        st.sampled_from([minimal, csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL)])
    )
    writer.writerow(columns)
    writer.writerows(rows)
    data = text.getvalue().encode().replace(b"BAD", b"b\xffd,\xc3(")
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf", b"\n\r\n"])) + data


_PIECES = [
    b"a", b"b", b",", b",", b'"', b"\n", b"\r\n", b"\r", b'""', b'","', b',"x",', b'"\n', b"NULL",
    b"\xff", b"\xc3\xa9", b"\x00", b"\x00,,\n", b" ", b"\xe3\x80\x80", b"x,y\n",
    b"7,Lamp,Office,1,2.5,0,Mumbai,2026-03-04,a@b.c,2.5\n",
    b'8,"La""mp\n",Office,1,2.5,0,Mumbai,2026-03-04,a@b.c,2.5\r\n',
    b",,,,,,,,,\n", HEADER,
]  # fmt: skip


def hostile_bytes(max_pieces: int = 40) -> st.SearchStrategy[bytes]:
    """Text after a header in which nothing at all need be sound."""
    return st.lists(st.sampled_from(_PIECES), max_size=max_pieces).map(b"".join)
