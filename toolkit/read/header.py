"""Find, decode and match the header of a CSV file against the contract."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from toolkit.contract import ROW_FACTS, Contract, CsvFormat
from toolkit.errors import InputError
from toolkit.read.records import Grammar, next_start
from toolkit.read.sources import reading
from toolkit.read.transcode import BYTE_ORDER_MARKS, is_utf8, show_bytes

_BOM = codecs.BOM_UTF8
# An ASCII letter in two bytes.
_WIDE_LETTER = {"utf-16-le": re.compile(rb"[!-~]\0"), "utf-16-be": re.compile(rb"\0[!-~]")}
_OTHER_DELIMITERS = ",;\t|"
_LONGEST_HEADER = 1 << 20
_ALIKE = re.compile(r"[\s_\-\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True)
class Header:
    """The names of the columns, in file order, and the byte offset of the first record.

    A column of the contract has its contract name, any other the header's name with white space
    normalised. `written` has the header's cell where it differs from the name.
    """

    names: tuple[str, ...]
    data_start: int
    written: Mapping[str, str] = field(default_factory=dict)


def grammar_of(contract: Contract) -> Grammar:
    return _grammar(contract.csv)


def _grammar(csv_format: CsvFormat) -> Grammar:
    return Grammar(ord(csv_format.delimiter), ord(csv_format.quote), csv_format.max_field_bytes)


def read_header(path: Path, shown: str, contract: Contract) -> Header:
    """Read the header of `path`, which messages call `shown`; empty lines before it are skipped.

    A column of the contract is matched exactly or else, where only one can be meant, ignoring case
    and treating blanks, `_`, `-` and control characters alike. Raises InputError when the file is
    empty, not UTF-8, uses another delimiter, repeats a column, or lacks one that is used.
    """
    cells, data_start = _find(path, shown, contract.csv)
    _check_delimiter(cells, shown, contract)
    names = _match([_plain(cell) for cell in cells], shown, contract)
    _check_names(names, shown)
    both = zip(names, cells, strict=True)
    return Header(names, data_start, {name: cell for name, cell in both if name != cell})


def check_fits(names: Sequence[str], contract: Contract) -> None:
    """Raise InputError unless the contract can be read from a header of these names."""
    _match(names, "a header", contract)


def read_names(path: Path, shown: str, csv_format: CsvFormat) -> tuple[str, ...]:
    """Read the column names of a file that has no contract yet, in file order.

    Raises InputError when the file is empty, not UTF-8, or its header repeats a name.
    """
    cells, _ = _find(path, shown, csv_format)
    names = tuple(_plain(cell) for cell in cells)
    _check_names(names, shown)
    return names


def _find(path: Path, shown: str, csv_format: CsvFormat) -> tuple[list[str], int]:
    """Return the cells of the header as written, and the offset of the first record."""
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
        blank = re.match(rb"[\r\n]*", lead[begin:])
        begin += blank.end() if blank else 0
        if begin >= size:
            raise InputError.is_empty(shown)
        data_start = next_start(read, begin, (begin + 1, size), grammar)
        line = read(begin, data_start)
    return _cells(line, begin, shown, csv_format), data_start


def _other_encoding(lead: bytes) -> str | None:
    marks = ((mark, name) for mark, name in BYTE_ORDER_MARKS if not is_utf8(name))
    marked = (name for mark, name in marks if lead.startswith(mark))
    wide = (name for name, letter in _WIDE_LETTER.items() if letter.match(lead))
    return next(marked, None) or next(wide, None)


def _cells(line: bytes, begin: int, shown: str, csv_format: CsvFormat) -> list[str]:
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
                lines, delimiter=csv_format.delimiter, quotechar=csv_format.quote, strict=True
            )
        )
    except csv.Error as error:
        raise InputError.invalid_header(shown, error, text[:60]) from None
    cells = rows[0] if rows else []
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
    sources, present = dict.fromkeys(contract.sources.values()), set(cells)
    named: dict[str, list[int]] = defaultdict(list)
    for place, cell in enumerate(cells):
        if cell not in sources:
            named[_match_key(cell)].append(place)
    by_key: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        if source not in present:
            by_key[_match_key(source)].append(source)
    names, missing = list(cells), []
    for key, alike in by_key.items():
        places = named.get(key, []) if key else []
        if len(places) > 1:
            found = [cells[place] for place in places]
            if len(set(found)) == 1:
                raise InputError.repeated_columns(shown, set(found))
            raise InputError.ambiguous_header(shown, alike, found)
        if len(places) == len(alike):
            names[places[0]] = alike[0]
        else:
            missing += alike
    unused = {contract.sources[n] for n, one in contract.columns.items() if not one.is_clean}
    missing = [name for name in missing if name not in unused]
    if missing:
        free = [cell for cell in cells if cell not in sources]
        likely = _other_delimiter(cells, contract, 1)
        raise InputError.header_mismatch(shown, missing, cells, free, likely)
    return tuple(names)


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
