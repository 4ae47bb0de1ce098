"""The floor: a bare threaded Arrow parse of the same file; nothing is cleaned or written.

Three ways, as none is best at all: "blocks" cuts the file at line ends and parses the blocks side
by side, in bounded memory (it takes quoted newlines for line ends; generated feeds hold none);
"stream" is Arrow's own streaming reader, which reads ahead but parses one block after another;
"whole" is Arrow's threaded reader, which holds the whole table.
"""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pyarrow import csv

from benchmarks.peers import rules

Types = Literal["text", "inferred"]
How = Literal["blocks", "stream", "whole"]
THREADS = 2
BLOCK_BYTES = 8 << 20  # in "blocks": a task
PARSE_BYTES = 1 << 20  # Arrow's own block: fits the cache


def parse(csv_path: str | Path, types: Types = "text", how: How = "blocks") -> int:
    """Parse a feed on all cores and drop the result; the number of data rows.

    "text" reads every column as a string, "inferred" lets Arrow find the types ("blocks" and
    "stream" do so from the first block).
    """
    if how == "blocks":
        return parse_blocks(csv_path, types)
    read = csv.ReadOptions(use_threads=True, block_size=PARSE_BYTES)
    if how == "whole":
        rows: int = csv.read_csv(
            csv_path, read_options=read, convert_options=convert_options(types)
        ).num_rows
        return rows
    with csv.open_csv(
        csv_path, read_options=read, convert_options=convert_options(types)
    ) as batches:
        return sum(batch.num_rows for batch in batches)


def convert_options(types: Types) -> csv.ConvertOptions:
    """Text in every column, or nothing said."""
    text = dict.fromkeys(rules.RAW_COLUMNS, pa.string())
    return csv.ConvertOptions(column_types=text if types == "text" else None)


def parse_columns(csv_path: str | Path, columns: list[str]) -> int:
    """Parse some columns to text in blocks, and drop the result; the number of data rows."""
    text = dict.fromkeys(columns, pa.string())
    only = csv.ConvertOptions(column_types=text, include_columns=columns)
    return parse_blocks(csv_path, "text", only)


def parse_blocks(
    csv_path: str | Path, types: Types, convert: csv.ConvertOptions | None = None
) -> int:
    """Parse blocks of whole lines, THREADS at a time."""
    convert = convert or convert_options(types)
    rows, running = 0, deque[Future[pa.Table]]()
    with open(csv_path, "rb") as feed, ThreadPoolExecutor(THREADS) as pool:
        names = feed.readline().decode().strip().split(",")
        read = csv.ReadOptions(use_threads=False, block_size=PARSE_BYTES, column_names=names)

        def parse_block(block: bytes, convert: csv.ConvertOptions) -> pa.Table:
            return csv.read_csv(pa.BufferReader(block), read_options=read, convert_options=convert)

        while block := feed.read(BLOCK_BYTES):
            block += feed.readline()
            if types == "inferred" and not running:
                convert = csv.ConvertOptions(column_types=parse_block(block, convert).schema)
            running.append(pool.submit(parse_block, block, convert))
            if len(running) > THREADS + 1:
                rows += running.popleft().result().num_rows
        return rows + sum(task.result().num_rows for task in running)
