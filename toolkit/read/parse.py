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
import pyarrow.compute as pc
import pyarrow.csv

from toolkit.read.blocks import Block
from toolkit.read.cells import is_blank_line, strip
from toolkit.read.escapes import unmask
from toolkit.read.header import COMMENTS
from toolkit.read.records import (
    Grammar,
    Ints,
    Structure,
    is_outside,
    next_start,
    record_spans,
    record_starts,
    scan,
)
from toolkit.read.transcode import show_bytes

TOO_FEW, TOO_MANY, BROKEN = "too few fields", "too many fields", "broken quotes or bytes"

_PROBE_BYTES = 1 << 20
_LINE_END = re.compile(rb"[\r\n]")
_LINES_BYTES = 1 << 12
_LABELS = pa.dictionary(pa.int32(), pa.string())
# A name that no header has.
_TRAILING = "\0trailing"


@dataclass(frozen=True)
class RawBlock:
    """The records of a block, all columns as text, as written in the file.

    `table` has the well-formed records in file order, as plain strings or dictionaries of strings;
    `rows` is the index of each among all records of the block, from 0 (None: all of them);
    `malformed` maps the index of each other record to its raw text; `written` maps names to the
    header's spelling where it differs. len(table) + len(malformed) == n_records. `line_ends` counts
    CRLF, LF and CR where that was selected. `passed_over` counts lines that are no records, by
    what they are; empty lines are not counted.
    """

    table: pa.Table
    rows: Ints | None
    n_records: int
    malformed: dict[int, str] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    grammar: Grammar = field(default_factory=Grammar)
    line_ends: Counter[str] = field(default_factory=Counter)
    passed_over: Counter[str] = field(default_factory=Counter)

    def is_blank(self, place: int) -> bool:
        """Return whether a malformed record is only white space."""
        return is_blank_line(self.malformed[place], chr(self.grammar.delimiter))

    def fault(self, place: int) -> str:
        """Return what is wrong with a malformed record."""
        grammar, n_columns = self.grammar, self.table.num_columns + self.grammar.trailing
        try:
            rows = list(
                csv.reader(
                    [self.malformed[place]],
                    delimiter=chr(grammar.delimiter),
                    quotechar=chr(grammar.quote),
                    escapechar=None if grammar.escape is None else chr(grammar.escape),
                    skipinitialspace=grammar.blanks,
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
        chosen = names if self.only is None else self.only
        return {name: pa.string() if name in self.plain else _LABELS for name in chosen}


def parse_block(block: Block, grammar: Grammar, selection: Selection) -> RawBlock:
    """Read and parse one block; see `parse_bytes`."""
    data = block.read()
    raw = parse_bytes(data, block.names, grammar, _present(selection, block))
    if block.absent:
        table = _with_absent(raw.table, selection, block)
        # So a repeated header is recognised: these cells are empty in it too.
        written = {**block.written, **dict.fromkeys(block.absent, "")}
        block, raw = replace(block, written=written), replace(raw, table=table)
    ends = _line_ends(data, grammar) if selection.line_ends else Counter[str]()
    passed_over = Counter(block.passed_over)
    passed_over[COMMENTS] += raw.passed_over[COMMENTS]
    return replace(raw, written=block.written, line_ends=ends, passed_over=+passed_over)


def _present(selection: Selection, block: Block) -> Selection:
    """Leave out the columns that the file lacks; one at least is parsed, for the rows."""
    if selection.only is None or not block.absent:
        return selection
    only = tuple(name for name in selection.only if name not in block.absent)
    return replace(selection, only=only or block.names[:1])


def _with_absent(table: pa.Table, selection: Selection, block: Block) -> pa.Table:
    """Add columns of empty cells for those that the file lacks."""
    chosen = block.absent if selection.only is None else selection.only
    for name in block.absent:
        if name in chosen:
            empty = pa.repeat(pa.scalar("", pa.string()), table.num_rows)
            is_plain = name in selection.plain
            table = table.append_column(name, empty if is_plain else empty.dictionary_encode())
    return table if selection.only is None else table.select(list(selection.only))


def _line_ends(data: bytes, grammar: Grammar) -> Counter[str]:
    """Count the line ends outside of quotes, by kind."""
    raw = np.frombuffer(data, np.uint8)
    ends = {name: np.flatnonzero(raw == ord(end)) for name, end in (("CR", "\r"), ("LF", "\n"))}
    if len(ends["CR"]) and grammar.quote_byte in data:
        quoted = scan(grammar.mask(data), grammar).quoted
        ends = {name: places[is_outside(places, quoted)] for name, places in ends.items()}
    both = len(np.intersect1d(ends["CR"] + 1, ends["LF"], assume_unique=True))
    counts = {"CRLF": both, **{name: len(places) - both for name, places in ends.items()}}
    return Counter({name: n for name, n in counts.items() if n})


def parse_bytes(
    data: bytes, names: Sequence[str], grammar: Grammar, selection: Selection
) -> RawBlock:
    """Parse whole records into a table of text columns, in file order.

    Every record is either in the table or among the malformed, which is checked against the number
    of lines; empty lines are not records.
    """
    stand_ins = grammar.escapes.stand_ins(data) if grammar.escapes else {}
    masked = grammar.mask(data, stand_ins)
    structure = scan(masked, grammar)
    undecodable = [] if _is_utf8(data) else _undecodable_bytes(data)
    broken = [start for start, _ in structure.malformed] + undecodable
    valid, misfits = masked, _Misfits("", [])
    if broken or len(structure.comments) or len(structure.blanks):
        shape = (len(names) + grammar.trailing, grammar)
        valid, misfits = _take_out((masked, data), structure, broken, shape)
    types = selection.types(names)
    if grammar.trailing:
        names, types = [*names, _TRAILING], {**types, _TRAILING: _LABELS}
    table = _read_csv(valid, names, grammar, (types, misfits))
    n_records = table.num_rows + len(misfits.found)
    _check_conserved(masked, structure, grammar, n_records)
    if not grammar.is_plain:
        table = _plain(table, misfits.found, (data, *record_spans(masked, structure)), grammar)
        table = unmask(table, stand_ins)
    rows = None
    if misfits.found:
        places = np.fromiter(misfits.found, np.int64, len(misfits.found))
        rows = np.setdiff1d(np.arange(n_records), places)
    passed_over = Counter({COMMENTS: len(structure.comments)})
    return RawBlock(table, rows, n_records, misfits.found, grammar=grammar, passed_over=passed_over)


def _plain(
    table: pa.Table, malformed: dict[int, str], lines: tuple[bytes, Ints, Ints], grammar: Grammar
) -> pa.Table:
    """Undo what only the parser needed, and write malformed lines as they are in the file.

    Records with text after their trailing delimiter are added to the malformed ones.
    """
    data, starts, stops = lines
    if grammar.trailing:
        after = table.column(_TRAILING).combine_chunks()
        is_empty = pc.equal(strip(after.dictionary), "").to_numpy(zero_copy_only=False)
        longer = np.flatnonzero(~is_empty[after.indices.to_numpy()])
        table = table.drop_columns([_TRAILING])
        if len(longer):
            fits = np.ones(len(starts), np.bool_)
            fits[list(malformed)] = False
            malformed.update(dict.fromkeys(np.flatnonzero(fits)[longer].tolist(), ""))
            table = table.take(pa.array(np.setdiff1d(np.arange(table.num_rows), longer)))
    for place in sorted(malformed):
        malformed[place] = show_bytes(data[starts[place] : stops[place]].rstrip(b"\r\n"))
    return table


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
    texts: tuple[bytes, bytes],
    structure: Structure,
    broken: Sequence[int],
    shape: tuple[int, Grammar],
) -> tuple[bytes, _Misfits]:
    """Replace each record that contains a byte of `broken` by a line that cannot fit the header,
    and drop comments, and blanks around quotes.

    Arrow then reports that line with its index among the records. `texts` are the bytes with
    escaped characters masked, and as they are in the file.
    """
    data, written = texts
    n_columns, grammar = shape
    starts, stops = record_spans(data, structure)
    places = np.array(broken, np.int64)
    places = places[is_outside(places, structure.comments)]
    records = np.unique(np.searchsorted(starts, places, side="right") - 1)
    lines = _pairs(starts[records], stops[records])
    # Random by digest: no text can be crafted to contain its own digest.
    placeholder = hashlib.sha256(data).hexdigest().encode() + bytes([grammar.delimiter]) * n_columns
    spans = [(start, stop, placeholder + b"\n") for start, stop in lines]
    for dropped in (structure.comments, structure.blanks):
        spans += [(start, stop, b"") for start, stop in _pairs(dropped[:, 0], dropped[:, 1])]
    parts: list[bytes] = []
    place = 0
    # A record that is replaced comes before the blanks in it.
    for start, stop, text in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= place:
            parts += [data[place:start], text]
            place = stop
    removed = [show_bytes(written[start:stop].rstrip(b"\r\n")) for start, stop in lines]
    return b"".join([*parts, data[place:]]), _Misfits(placeholder.decode(), removed)


def _pairs(starts: Ints, stops: Ints) -> list[tuple[int, int]]:
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


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
    n_lines -= len(structure.comments)
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
        masked = grammar.mask(data)
        starts, stops = record_spans(masked, scan(masked, grammar))
        if len(starts) > places[-1] or len(data) == block.n_bytes:
            break
        share *= 2
    lines = [
        data[start : start + len(masked[start:stop].rstrip(b"\r\n"))]
        for start, stop in _pairs(starts[places], stops[places])
    ]
    raw = parse_bytes(
        b"\n".join([*lines, b""]), block.names, grammar, Selection(frozenset(block.names))
    )
    return _with_absent(raw.table, Selection(frozenset(block.absent)), block)


def whole_records(block: Block, n_bytes: int, grammar: Grammar) -> bytes:
    """Return the whole records that begin in the first `n_bytes` of a block."""
    data = block.read(n_bytes + grammar.max_field_bytes)
    if len(data) == block.n_bytes:
        return data
    stop = min(n_bytes, len(data))
    return data[: next_start(lambda a, b: data[a:b], 0, (stop, len(data)), grammar)]
