"""The header of a CSV file: found, decoded and held against the contract."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from toolkit.contract import ROW_FACTS, Contract
from toolkit.errors import InputError
from toolkit.read.records import Grammar, next_start

_BOM = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = {b"\xff\xfe": "UTF-16 little endian", b"\xfe\xff": "UTF-16 big endian"}
_OTHER_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Header:
    """The names in the header, in file order, and the byte at which the records begin."""

    names: tuple[str, ...]
    data_start: int


def grammar_of(contract: Contract) -> Grammar:
    csv_format = contract.csv
    return Grammar(ord(csv_format.delimiter), ord(csv_format.quote), csv_format.max_field_bytes)


def read_header(path: Path, shown: str, contract: Contract) -> Header:
    """The header of `path`, which messages call `shown`. Empty lines before it are passed over.

    Raises InputError when the file is empty, not UTF-8, delimited otherwise, or lacks or repeats
    a column of the contract.
    """
    grammar = grammar_of(contract)
    with path.open("rb") as file:
        size = path.stat().st_size

        def read(start: int, stop: int) -> bytes:
            file.seek(start)
            return file.read(stop - start)

        lead = read(0, min(size, 1 << 16))
        for mark, encoding in _OTHER_ENCODINGS.items():
            if lead.startswith(mark):
                raise InputError.not_utf8(shown, 0, f", it is {encoding}")
        begin = len(_BOM) if lead.startswith(_BOM) else 0
        blank = re.match(rb"[\r\n]*", lead[begin:])
        begin += blank.end() if blank else 0
        if begin >= size:
            raise InputError.is_empty(shown)
        data_start = next_start(read, begin, (begin + 1, size), grammar)
        line = read(begin, data_start)
    names = _names(line, begin, shown, contract)
    _check(names, shown, contract)
    return Header(names, data_start)


def _names(line: bytes, begin: int, shown: str, contract: Contract) -> tuple[str, ...]:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError.not_utf8(shown, begin + error.start, "") from None
    if len(text) > 1 << 20:
        raise InputError.not_readable(shown, "its first line is over 1 MB long: no header")
    dialect = {"delimiter": contract.csv.delimiter, "quotechar": contract.csv.quote}
    lines = io.StringIO(text.rstrip("\r\n"), newline="")
    try:
        rows = list(csv.reader(lines, **dialect))  # type: ignore[arg-type]
    except csv.Error as error:
        raise InputError.not_readable(shown, f"its first line is no header: {error}") from None
    cells = rows[0] if rows else []
    _check_delimiter(cells, shown, contract)
    return tuple(" ".join(cell.split()) for cell in cells)


def _check_delimiter(cells: list[str], shown: str, contract: Contract) -> None:
    n_wanted = len(contract.columns)
    if len(cells) == 1 and n_wanted > 1:
        for other in _OTHER_DELIMITERS:
            if other != contract.csv.delimiter and cells[0].count(other) >= n_wanted - 1:
                raise InputError.wrong_delimiter(shown, contract.csv.delimiter, other)


def _check(names: tuple[str, ...], shown: str, contract: Contract) -> None:
    wanted = list(contract.sources.values())
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InputError.header_mismatch(shown, missing, names)
    repeated = [name for name, n in Counter(names).items() if n > 1]
    if repeated:
        raise InputError.repeated_columns(shown, repeated)
    taken = [name for name in names if name in ROW_FACTS]
    if taken:
        raise InputError.reserved_columns(shown, taken)
