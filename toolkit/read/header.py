"""Find, decode and match the header of a CSV file against the contract."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from toolkit.contract import ROW_FACTS, Contract, CsvFormat
from toolkit.errors import InputError
from toolkit.read.records import Grammar, next_start
from toolkit.read.sources import CSV, SHEETS, TYPED_DELIMITER, Source, reading
from toolkit.read.transcode import BYTE_ORDER_MARKS, is_utf8, show_bytes

_BOM = codecs.BOM_UTF8
# An ASCII letter in two bytes.
_WIDE_LETTER = {"utf-16-le": re.compile(rb"[!-~]\0"), "utf-16-be": re.compile(rb"\0[!-~]")}
_OTHER_DELIMITERS = ",;\t|"
_LONGEST_HEADER = 1 << 20
_MOST_ABOVE = 100
# Excel writes it to say which delimiter follows.
_SEP_LINE = re.compile(rb"\"?sep=([^\r\n])\"?[ \t]*(?:\r\n|\r|\n)", re.IGNORECASE)
SEP_LINES, COMMENTS = "sep= lines", "comments"
ABOVE, BELOW = "lines above the header", "lines below the header"
"""What may be passed over."""
_ALIKE = re.compile(r"[\s_\-\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True)
class Header:
    """The names of the columns, in file order, and the byte offset of the first record.

    A column of the contract has its contract name, any other the header's name with white space
    normalised. `written` has the header's cell where it differs from the name. `passed_over` counts
    lines before the first record, without the header, by what they are.
    """

    names: tuple[str, ...]
    data_start: int
    written: Mapping[str, str] = field(default_factory=dict)
    passed_over: Mapping[str, int] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    """Used columns of the contract that are not there, where it allows that."""


@dataclass(frozen=True)
class _Found:
    """The cells of the header as written, its line, and where the next begins."""

    cells: list[str]
    line: int
    data_start: int
    passed_over: Mapping[str, int]


@dataclass(frozen=True)
class _Line:
    """A record above the first one of the feed."""

    cells: list[str]
    start: int
    stop: int


def fitted(contract: Contract, source: Source) -> Contract:
    """Return the contract as it applies to a source: copies of other formats are CSV of one kind,
    and only sheets may have lines that are no records.
    """
    if source.format == CSV:
        return contract
    csv_format = replace(
        contract.csv,
        delimiter=TYPED_DELIMITER,
        quote='"',
        encoding="utf-8",
        escape=None,
        blanks_around_quotes=False,
        trailing_delimiter=False,
    )
    if source.format != SHEETS:
        csv_format = replace(csv_format, skip_until=None, skip_below_header=0, comment=None)
    return replace(contract, csv=csv_format)


def grammar_of(contract: Contract) -> Grammar:
    return _grammar(contract.csv)


def _grammar(csv_format: CsvFormat) -> Grammar:
    comment, escape = csv_format.comment, csv_format.escape
    return Grammar(
        ord(csv_format.delimiter),
        ord(csv_format.quote),
        csv_format.max_field_bytes,
        None if comment is None else ord(comment),
        None if escape is None else ord(escape),
        csv_format.blanks_around_quotes,
        csv_format.trailing_delimiter,
    )


def read_header(path: Path, shown: str, contract: Contract) -> Header:
    """Read the header of `path`, which messages call `shown`; empty lines before it are skipped.

    A column of the contract is matched exactly or else, where only one can be meant, ignoring case
    and treating blanks, `_`, `-` and control characters alike. Raises InputError when the file is
    empty, not UTF-8, uses another delimiter, repeats a column, or lacks one that is used.
    """
    found = _find(path, shown, contract.csv, _rank_of(contract))
    cells = found.cells
    _check_delimiter(cells, shown, contract)
    if contract.csv.skip_until is None and not _is_header(cells, contract):
        _refuse_lines_above(path, shown, contract)
    names = _match([_plain(cell) for cell in cells], shown, contract)
    _check_names(names, shown)
    both = zip(names, cells, strict=True)
    written = {name: cell for name, cell in both if name != cell}
    known = set(contract.sources.values())
    new = [name for name in names if name not in known]
    if new and contract.on_new_column == "refuse":
        raise InputError.new_columns(shown, new)
    absent = tuple(_lacking(names, contract))
    return Header(names, found.data_start, written, found.passed_over, absent)


def _rank_of(contract: Contract) -> Callable[[list[str]], int]:
    """Return a function that counts the columns of the contract that a line lacks."""
    return lambda cells: len(_lacking([_plain(cell) for cell in cells], contract))


def _is_header(cells: list[str], contract: Contract) -> bool:
    return not _rank_of(contract)(cells)


def _refuse_lines_above(path: Path, shown: str, contract: Contract) -> None:
    """Raise InputError where the header is not the first line but one below it."""
    skipping = replace(contract.csv, skip_until="header")
    below = _find(path, shown, skipping, _rank_of(contract))
    if _is_header(below.cells, contract):
        first = _find(path, shown, contract.csv, _rank_of(contract)).cells
        raise InputError.header_is_below(shown, below.line, first)


def check_fits(names: Sequence[str], contract: Contract) -> None:
    """Raise InputError unless the contract can be read from a header of these names."""
    _match(names, "a header", contract)


def read_names(
    path: Path, shown: str, csv_format: CsvFormat, header: Sequence[str] = ()
) -> tuple[str, ...]:
    """Read the column names of a file that has no contract yet, in file order.

    `header` has its cells where lines above it are passed over. Raises InputError when the file is
    empty, not UTF-8, or its header repeats a name.
    """
    found = _find(path, shown, csv_format, lambda cells: int(cells != list(header)))
    names = tuple(_plain(cell) for cell in found.cells)
    _check_names(names, shown)
    return names


def _find(
    path: Path, shown: str, csv_format: CsvFormat, lacks: Callable[[list[str]], int]
) -> _Found:
    """Find the header: the first record, or, if lines above it are passed over, the first that
    lacks the fewest columns.
    """
    grammar = _grammar(csv_format)
    with reading(shown, path), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size

        def read(start: int, stop: int) -> bytes:
            file.seek(start)
            return file.read(stop - start)

        lead = read(0, min(size, 1 << 16))
        if is_utf8(csv_format.encoding) and (other := _other_encoding(lead)):
            raise InputError.not_utf8(shown, 0, other)
        begin = len(_BOM) if lead.startswith(_BOM) else 0
        passed_over = Counter[str]()
        if (sep := _SEP_LINE.match(lead, begin)) and sep[1] == csv_format.delimiter.encode():
            passed_over[SEP_LINES] += 1
            begin = sep.end()
        lines: list[_Line] = []
        at_most = _MOST_ABOVE if csv_format.skip_until else 1
        while begin < size and len(lines) < at_most:
            stop = next_start(read, begin, (begin + 1, size), grammar)
            text = read(begin, stop)
            if _is_comment(text, grammar):
                passed_over[COMMENTS] += 1
            elif text.strip(b"\r\n"):
                cells = _cells(text, begin, shown, csv_format, lenient=bool(lines))
                lines.append(_Line(cells, begin, stop))
                if csv_format.skip_until and not lacks(cells):
                    break
            begin = stop
        if not lines:
            raise InputError.is_empty(shown)
        place = _best(lines, lacks) if csv_format.skip_until else 0
        found = lines[place]
        if place:
            passed_over[ABOVE] += _n_lines(read(lines[0].start, found.start))
        above = read(0, found.start)
        begin = found.stop
        n_below = csv_format.skip_below_header
        while begin < size and n_below:
            stop = next_start(read, begin, (begin + 1, size), grammar)
            text = read(begin, stop)
            if _is_comment(text, grammar):
                passed_over[COMMENTS] += 1
            elif text.strip(b"\r\n"):
                passed_over[BELOW] += _n_lines(text)
                n_below -= 1
            begin = stop
    return _Found(found.cells, _n_ends(above) + 1, begin, dict(+passed_over))


def _best(lines: Sequence[_Line], lacks: Callable[[list[str]], int]) -> int:
    """Return the place of the line that lacks the fewest columns; the first where none has any."""
    counts = [lacks(line.cells) for line in lines]
    return min(range(len(lines)), key=lambda place: (counts[place], place))


def _is_comment(text: bytes, grammar: Grammar) -> bool:
    return grammar.comment is not None and text.startswith(bytes([grammar.comment]))


def _n_lines(text: bytes) -> int:
    """Count the lines that are not empty."""
    return sum(bool(line) for line in re.split(rb"[\r\n]", text))


def _n_ends(text: bytes) -> int:
    return len(re.findall(rb"\r\n|\r|\n", text))


def _other_encoding(lead: bytes) -> str | None:
    marks = ((mark, name) for mark, name in BYTE_ORDER_MARKS if not is_utf8(name))
    marked = (name for mark, name in marks if lead.startswith(mark))
    wide = (name for name, letter in _WIDE_LETTER.items() if letter.match(lead))
    return next(marked, None) or next(wide, None)


def _cells(
    line: bytes, begin: int, shown: str, csv_format: CsvFormat, *, lenient: bool
) -> list[str]:
    """Return the cells of a line; of one that may be no header (`lenient`) none, if they cannot be
    read.
    """
    try:
        return _parsed_cells(line, begin, shown, csv_format)
    except InputError:
        if lenient or csv_format.skip_until:
            return []
        raise


def _parsed_cells(line: bytes, begin: int, shown: str, csv_format: CsvFormat) -> list[str]:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        if is_utf8(csv_format.encoding):
            raise InputError.not_utf8(shown, begin + error.start) from None
        raise InputError.not_decoded(shown, csv_format.encoding, show_bytes(line)) from None
    if len(text) > _LONGEST_HEADER:
        raise InputError.not_readable(shown, "its first line is over 1 MB long: no header")
    lines = io.StringIO(text.rstrip("\r\n"), newline="")
    try:
        rows = list(
            csv.reader(
                lines,
                delimiter=csv_format.delimiter,
                quotechar=csv_format.quote,
                escapechar=csv_format.escape,
                skipinitialspace=csv_format.blanks_around_quotes,
                strict=not csv_format.blanks_around_quotes,
            )
        )
    except csv.Error as error:
        raise InputError.invalid_header(shown, error, text[:60]) from None
    cells = rows[0] if rows else []
    if csv_format.trailing_delimiter and len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    if len(cells) > csv_format.max_columns:
        raise InputError.too_wide(shown, len(cells), csv_format.max_columns)
    return cells


def _plain(cell: str) -> str:
    return " ".join(cell.split())


def _check_delimiter(cells: Sequence[str], shown: str, contract: Contract) -> None:
    n_columns = len(contract.columns)
    other = _other_delimiter(cells, contract, n_columns - 1) if n_columns > 1 else None
    if other is not None:
        raise InputError.wrong_delimiter(shown, contract.csv.delimiter, other)


def _other_delimiter(cells: Sequence[str], contract: Contract, at_least: int) -> str | None:
    """Return another delimiter that occurs `at_least` times in the only cell of a header."""
    if len(cells) != 1:
        return None
    others = (other for other in _OTHER_DELIMITERS if other != contract.csv.delimiter)
    return next((other for other in others if cells[0].count(other) >= at_least), None)


def _match(cells: Sequence[str], shown: str, contract: Contract) -> tuple[str, ...]:
    """Replace the cells of the contract's columns by the contract's names."""
    names = cells = _by_first_names(cells, contract)
    for alike, places in _alike(cells, contract):
        if len(places) > 1:
            found = [cells[place] for place in places]
            if len(set(found)) == 1:
                raise InputError.repeated_columns(shown, set(found))
            raise InputError.ambiguous_header(shown, alike, found)
        if len(places) == len(alike):
            names = [alike[0] if n == places[0] else name for n, name in enumerate(names)]
    missing = _lacking(cells, contract)
    if missing and not _may_lack(missing, contract):
        if _has_mark_of_utf8(cells, contract.csv.encoding):
            raise InputError.marked_as_utf8(shown, contract.csv.encoding)
        others = {source for name in contract.columns for source in contract.source_names(name)}
        if repeated := {cell for cell in others if cells.count(cell) > 1}:
            raise InputError.repeated_columns(shown, repeated)
        sources = set(contract.sources.values())
        free = [cell for cell in cells if cell not in sources]
        likely = _other_delimiter(cells, contract, 1)
        raise InputError.header_mismatch(shown, missing, cells, free, likely)
    return tuple(names)


def _has_mark_of_utf8(cells: Sequence[str], encoding: str) -> bool:
    """Return whether a header that was read by `encoding` begins with the mark of UTF-8 files."""
    try:
        return cells[0].encode(encoding).startswith(codecs.BOM_UTF8) and cells[0][0] != "\ufeff"
    except UnicodeError:
        return False


def _may_lack(missing: Sequence[str], contract: Contract) -> bool:
    """Return whether a header may lack these columns; one that lacks most is of another feed."""
    n_used = sum(column.is_clean for column in contract.columns.values())
    return contract.on_missing_column == "null" and 2 * len(missing) <= n_used


def _by_first_names(cells: Sequence[str], contract: Contract) -> list[str]:
    """Write the first name of each column of the contract for the first of its names that is
    there.
    """
    found = list(cells)
    for name in contract.columns:
        first, *others = contract.source_names(name)
        for source in (first, *others) if others else ():
            places = [n for n, cell in enumerate(found) if cell == source]
            key = _match_key(source)
            places = places or [n for n, cell in enumerate(found) if _match_key(cell) == key]
            if places:
                if len(places) == 1:
                    found[places[0]] = first
                break
    return found


def _lacking(cells: Sequence[str], contract: Contract) -> list[str]:
    """Return the used columns of the contract that a header lacks."""
    cells = _by_first_names(cells, contract)
    unused = {contract.sources[n] for n, one in contract.columns.items() if not one.is_clean}
    lacking: list[str] = []
    for alike, places in _alike(cells, contract):
        if not places or len(places) < len(alike):
            lacking += [name for name in alike if name not in unused]
    return lacking


def _alike(cells: Sequence[str], contract: Contract) -> Iterator[tuple[list[str], list[int]]]:
    """Yield the contract's names that no cell equals, those alike together, and the places of the
    cells that may be meant.
    """
    sources, present = dict.fromkeys(contract.sources.values()), set(cells)
    named: dict[str, list[int]] = defaultdict(list)
    for place, cell in enumerate(cells):
        if cell not in sources:
            named[_match_key(cell)].append(place)
    by_key: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        if source not in present:
            by_key[_match_key(source)].append(source)
    for key, alike in by_key.items():
        yield alike, named.get(key, []) if key else []


def _match_key(name: str) -> str:
    """Return the key shared by names that differ only in case, Unicode form or word separators."""
    return _ALIKE.sub(" ", unicodedata.normalize("NFC", name.casefold())).strip()


def _check_names(names: Sequence[str], shown: str) -> None:
    nameless = [place for place, name in enumerate(names, start=1) if not name]
    if len(nameless) > 1:
        raise InputError.nameless_columns(shown, nameless)
    repeated = [name for name, n in Counter(names).items() if n > 1]
    if repeated:
        raise InputError.repeated_columns(shown, repeated)
    taken = [name for name in names if name in ROW_FACTS]
    if taken:
        raise InputError.reserved_columns(shown, taken)
