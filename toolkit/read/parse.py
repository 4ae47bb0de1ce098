"""Parse one block of a CSV file into a raw Arrow table, and collect its malformed records."""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.csv

from toolkit.read.blocks import Block
from toolkit.read.cells import is_blank_line
from toolkit.read.records import Grammar, Ints, Structure, next_start, record_starts, scan
from toolkit.read.transcode import show_bytes

TOO_FEW, TOO_MANY, BROKEN = "too few fields", "too many fields", "broken quotes or bytes"

_PROBE_BYTES = 1 << 20
_LINE_END = re.compile(rb"[\r\n]")
_LINES_BYTES = 1 << 12


@dataclass(frozen=True)
class RawBlock:
    """The records of a block, all columns as text, as written in the file.

    `table` has the well-formed records in file order, as plain strings or dictionaries of strings;
    `rows` is the index of each among all records of the block, from 0 (None: all of them);
    `malformed` maps the index of each other record to its raw text; `written` maps names to the
    header's spelling where it differs. len(table) + len(malformed) == n_records. `line_ends` counts
    CRLF, LF and CR where that was selected.
    """

    table: pa.Table
    rows: Ints | None
    n_records: int
    malformed: dict[int, str] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    grammar: Grammar = field(default_factory=Grammar)
    line_ends: Counter[str] = field(default_factory=Counter)

    def is_blank(self, place: int) -> bool:
        """Return whether a malformed record is only white space."""
        return is_blank_line(self.malformed[place], chr(self.grammar.delimiter))

    def fault(self, place: int) -> str:
        """Return what is wrong with a malformed record."""
        grammar, n_columns = self.grammar, self.table.num_columns
        try:
            rows = list(
                csv.reader(
                    [self.malformed[place]],
                    delimiter=chr(grammar.delimiter),
                    quotechar=chr(grammar.quote),
                    strict=True,
                )
            )
        except csv.Error:
            return BROKEN
        n_fields = len(rows[0]) if len(rows) == 1 else 0
        if n_fields == n_columns or not n_fields:
            return BROKEN
        return TOO_FEW if n_fields < n_columns else TOO_MANY

    def places(self, rows: Ints) -> Ints:
        """Return the places of rows of `table` among all records of the block."""
        return rows if self.rows is None else self.rows[rows]


@dataclass
class _Misfits:
    """Collect the lines that Arrow cannot fit to the header: too many or too few fields."""

    placeholder: str
    removed: Sequence[str]
    found: dict[int, str] = field(default_factory=dict)
    n_replaced: int = 0

    def __call__(self, row: pa.csv.InvalidRow) -> str:
        text = row.text
        if text == self.placeholder:
            text = self.removed[self.n_replaced]
            self.n_replaced += 1
        self.found[row.number - 1] = text
        return "skip"


@dataclass(frozen=True)
class Selection:
    """The columns to parse, and their types.

    `plain` columns become strings, the others dictionaries of strings; the values are the same.
    `only` selects columns; None means every column of the file. `line_ends` are counted on request.
    """

    plain: frozenset[str] = frozenset()
    only: tuple[str, ...] | None = None
    line_ends: bool = False

    def types(self, names: Sequence[str]) -> dict[str, pa.DataType]:
        labels = pa.dictionary(pa.int32(), pa.string())
        chosen = names if self.only is None else self.only
        return {name: pa.string() if name in self.plain else labels for name in chosen}


def parse_block(block: Block, grammar: Grammar, selection: Selection) -> RawBlock:
    """Read and parse one block; see `parse_bytes`."""
    data = block.read()
    raw = parse_bytes(data, block.names, grammar, selection)
    ends = _line_ends(data) if selection.line_ends else Counter[str]()
    return replace(raw, written=block.written, line_ends=ends)


def _line_ends(data: bytes) -> Counter[str]:
    both = data.count(b"\r\n")
    counts = {
        "CRLF": both,
        "LF": data.count(b"\n") - both,
        "CR": data.count(b"\r") - both,
    }
    return Counter({name: n for name, n in counts.items() if n})


def parse_bytes(
    data: bytes, names: Sequence[str], grammar: Grammar, selection: Selection
) -> RawBlock:
    """Parse whole records into a table of text columns, in file order.

    Every record is either in the table or among the malformed, which is checked against the number
    of lines; empty lines are not records.
    """
    structure = scan(data, grammar)
    undecodable = [] if _is_utf8(data) else _undecodable_bytes(data)
    valid, misfits = data, _Misfits("", [])
    if structure.malformed or undecodable:
        broken = [start for start, _ in structure.malformed] + undecodable
        valid, misfits = _take_out(data, structure, broken, (len(names), grammar))
    table = _read_csv(valid, names, grammar, (selection.types(names), misfits))
    n_records = table.num_rows + len(misfits.found)
    _check_conserved(data, structure, grammar, n_records)
    rows = None
    if misfits.found:
        places = np.fromiter(misfits.found, np.int64, len(misfits.found))
        rows = np.setdiff1d(np.arange(n_records), places)
    return RawBlock(table, rows, n_records, misfits.found, grammar=grammar)


def _read_csv(
    data: bytes,
    names: Sequence[str],
    grammar: Grammar,
    handling: tuple[Mapping[str, pa.DataType], _Misfits],
) -> pa.Table:
    types, misfits = handling
    if data[:1] in (b"", b"\n", b"\r") and not data.strip(b"\r\n"):
        return pa.schema(list(types.items())).empty_table()
    if data.startswith(codecs.BOM_UTF8):
        # Arrow would take it for the byte order mark of a file, but a block is not a file. An empty
        # line is not a record.
        data = b"\n" + data
    return pa.csv.read_csv(
        pa.BufferReader(data),
        read_options=pa.csv.ReadOptions(
            column_names=list(names), use_threads=False, block_size=len(data) + 1
        ),
        parse_options=pa.csv.ParseOptions(
            delimiter=chr(grammar.delimiter),
            quote_char=chr(grammar.quote),
            newlines_in_values=grammar.quote_byte in data,
            invalid_row_handler=misfits,
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )


def _take_out(
    data: bytes, structure: Structure, broken: Sequence[int], shape: tuple[int, Grammar]
) -> tuple[bytes, _Misfits]:
    """Replace each record that contains a byte of `broken` by a line that cannot fit the header.

    Arrow then reports that line with its index among the records.
    """
    n_columns, grammar = shape
    starts = record_starts(data, structure)
    stops = np.append(starts[1:], len(data))
    records = np.unique(np.searchsorted(starts, np.array(broken), side="right") - 1)
    # Random by digest: no text can be crafted to contain its own digest.
    placeholder = hashlib.sha256(data).hexdigest().encode() + bytes([grammar.delimiter]) * n_columns
    parts: list[bytes] = []
    removed: list[str] = []
    place = 0
    for start, stop in zip(starts[records].tolist(), stops[records].tolist(), strict=True):
        parts += [data[place:start], placeholder, b"\n"]
        removed.append(show_bytes(data[start:stop].rstrip(b"\r\n")))
        place = stop
    return b"".join([*parts, data[place:]]), _Misfits(placeholder.decode(), removed)


def _is_utf8(data: bytes) -> bool:
    """Return whether it is UTF-8; Arrow's check is ten times as fast as decoding."""
    if data.isascii():
        return True
    offsets = pa.py_buffer(np.array([0, len(data)], np.int32))
    whole = pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(data)])
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _undecodable_bytes(data: bytes) -> list[int]:
    """Return offsets of bytes that are not UTF-8, at least one for each line that has some."""
    view, place, found = memoryview(data), 0, []
    while place < len(data):
        # A decoding error copies its input, so decode a few lines (or one long one) at a time.
        ends = (data.rfind(end, place, place + _LINES_BYTES) + 1 for end in (b"\n", b"\r"))
        stop = max(ends) or _line_stop(data, place)
        try:
            codecs.utf_8_decode(view[place:stop], "strict", True)
        except UnicodeDecodeError as error:
            found.append(place + error.start)
            place = _line_stop(data, found[-1])
        else:
            place = stop
    return found


def _line_stop(data: bytes, place: int) -> int:
    """Return the end of the line that contains `place`."""
    line_end = _LINE_END.search(data, place)
    return len(data) if line_end is None else line_end.end()


def _check_conserved(data: bytes, structure: Structure, grammar: Grammar, n_records: int) -> None:
    """Check that the number of records follows from the line ends alone."""
    n_lines = np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    n_lines += len(data) > 0 and not data.endswith(b"\n")
    if b"\r" not in data and n_lines - _n_inner_line_ends(data, structure) == n_records:
        return
    n_expected = len(record_starts(data, structure))
    if n_records != n_expected:
        raise AssertionError(f"{n_records} records parsed of {n_expected}")


def _n_inner_line_ends(data: bytes, structure: Structure) -> int:
    """Count the line feeds inside quoted fields."""
    if len(structure.quoted) == 0:
        return 0
    lengths = np.diff(structure.quoted, axis=1)[:, 0]
    # Every byte of every quoted field: few, next to all bytes.
    before = np.repeat(structure.quoted[:, 0] - np.cumsum(lengths) + lengths, lengths)
    inner = np.frombuffer(data, np.uint8)[before + np.arange(len(before))]
    return int(np.count_nonzero(inner == ord("\n")))


def read_records(block: Block, grammar: Grammar, places: Ints, n_records: int) -> pa.Table:
    """Read the well-formed records at `places` of a block, ascending, as plain strings.

    Reads the block only as far as the last of them.
    """
    share = (int(places[-1]) + 1) / n_records
    while True:
        data = whole_records(block, int(share * block.n_bytes) + _PROBE_BYTES // 4, grammar)
        starts = record_starts(data, scan(data, grammar))
        if len(starts) > places[-1] or len(data) == block.n_bytes:
            break
        share *= 2
    stops = np.append(starts[1:], len(data))
    lines = [
        data[start:stop].rstrip(b"\r\n")
        for start, stop in zip(starts[places].tolist(), stops[places].tolist(), strict=True)
    ]
    raw = parse_bytes(
        b"\n".join([*lines, b""]), block.names, grammar, Selection(frozenset(block.names))
    )
    return raw.table


def whole_records(block: Block, n_bytes: int, grammar: Grammar) -> bytes:
    """Return the whole records that begin in the first `n_bytes` of a block."""
    data = block.read(n_bytes + grammar.max_field_bytes)
    if len(data) == block.n_bytes:
        return data
    return data[: next_start(lambda a, b: data[a:b], 0, (n_bytes, len(data)), grammar)]
