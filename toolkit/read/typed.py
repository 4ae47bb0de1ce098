"""Write files of other formats as CSV: their cells as text, a record a line.

A copy is read as CSV files are, so that cuts, conservation and `source_row` are the same for all
formats. Values are written so that they read as what they are: numbers in full, days as ISO.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from toolkit.errors import InputError
from toolkit.read.sources import JSON_LINES, PARQUET, SHEETS, TYPED_DELIMITER

_ROWS_AT_ONCE = 1 << 16
_FRACTION_OF_ZEROS = r"\.0+(Z?)$"
# Excel calculates with so many digits; beyond them are traces of binary arithmetic.
_DIGITS_OF_EXCEL = 15
_EXACT = 1 << 53


def typed_chunks(kind: str, path: Path, shown: str, sheet: str | None) -> Iterator[bytes]:
    """Yield the file at `path`, of this kind, as UTF-8 CSV; messages call it `shown`.

    `sheet` is the one to read of a workbook; None where only one has cells. Raises InputError.
    """
    if kind == SHEETS:
        yield from _written(_sheet_rows(path, shown, sheet))
    else:
        readers: Mapping[str, Callable[[Path, str], Iterator[bytes]]] = {
            PARQUET: _parquet_chunks,
            JSON_LINES: _json_chunks,
        }
        yield from readers[kind](path, shown)


def _written(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=TYPED_DELIMITER, lineterminator="\n")
    for n, row in enumerate(rows, start=1):
        writer.writerow(row)
        if n % _ROWS_AT_ONCE == 0:
            yield text.getvalue().encode("utf-8", "surrogatepass")
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode("utf-8", "surrogatepass")


def _parquet_chunks(path: Path, shown: str) -> Iterator[bytes]:
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            yield from _written([names])
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                texts = [
                    _texts(batch.column(place), name, shown) for place, name in enumerate(names)
                ]
                yield _csv_of(pa.table(texts, names=[str(n) for n in range(len(names))]))
    except pa.ArrowException as error:
        raise InputError.not_readable(shown, f"not a valid parquet file: {error}") from None


def _csv_of(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    # All cells are in quotes, so that an empty one alone on its line is a record.
    options = pa.csv.WriteOptions(include_header=False, delimiter=TYPED_DELIMITER)
    pa.csv.write_csv(table, sink, options)
    return sink.getvalue().to_pybytes()


def _texts(column: pa.Array, name: str, shown: str) -> pa.Array:
    """Return the values of a column as text, empty where there is none."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise InputError.not_readable(
            shown, f"column {name} is of type {kind}, which is no cell of text, number or time"
        )
    texts = column.cast(pa.string())
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        texts = pc.replace_substring_regex(texts, _FRACTION_OF_ZEROS, r"\1")
    return pc.fill_null(texts, "")


def _json_chunks(path: Path, shown: str) -> Iterator[bytes]:
    """Yield a record for each line: of all keys in the file, in order of appearance.

    Lines that are no objects are written as they are, and fit no header.
    """
    names: dict[str, None] = {}
    for line in _lines(path):
        names.update(dict.fromkeys(_object_of(line) or ()))
    if not names:
        raise InputError.not_readable(shown, "no line of it is a JSON object")
    columns = list(names)
    yield from _written([columns])
    chunk: list[bytes] = []
    for line in _lines(path):
        found = _object_of(line)
        if found is None:
            # A line that could be the cell of the only column gets another cell.
            chunk.append(line + (TYPED_DELIMITER.encode() if len(columns) == 1 else b"") + b"\n")
        else:
            chunk += _written([[_cell(found.get(name)) for name in columns]])
        if len(chunk) > _ROWS_AT_ONCE:
            yield b"".join(chunk)
            chunk.clear()
    yield b"".join(chunk)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for number, line in enumerate(file):
            text = line.rstrip(b"\r\n")
            if number == 0:
                text = text.removeprefix(b"\xef\xbb\xbf")
            if text.strip():
                # A carriage return inside a line would end it in the copy.
                yield text.replace(b"\r", b" ")


def _object_of(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(
            line.decode(),
            parse_float=str,
            parse_int=str,
            parse_constant=str,
            object_pairs_hook=_without_repeats,
        )
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case _:
            text = json.dumps(value, ensure_ascii=False, default=str)
            return re.sub(r"[\r\n]", " ", text)


def _sheet_rows(path: Path, shown: str, sheet: str | None) -> Iterator[list[str]]:
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise InputError.needs_calamine(shown) from None
    try:
        book = CalamineWorkbook.from_path(str(path))
        names = book.sheet_names
        if sheet is None:
            filled = [name for name in names if book.get_sheet_by_name(name).end]
            if len(filled) > 1:
                raise InputError.which_sheet(shown, filled)
            if not filled:
                raise InputError.is_empty(shown)
            [sheet] = filled
        elif sheet not in names:
            raise InputError.no_sheet(shown, sheet, names)
        rows = [[_text(cell) for cell in row] for row in book.get_sheet_by_name(sheet).to_python()]
    except CalamineError as error:
        raise InputError.not_readable(shown, f"not a valid workbook: {error}") from None
    width = max((n for row in rows for n, cell in enumerate(row, start=1) if cell), default=0)
    height = max((n for n, row in enumerate(rows, start=1) if any(row)), default=0)
    if not width:
        raise InputError.is_empty(shown)
    for row in rows[:height]:
        yield row[:width]


def _text(value: Any) -> str:
    """Return a cell of a sheet as text."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _number(value)
        case datetime():
            has_time = value.time() != time()
            return value.isoformat(" ") if has_time else value.date().isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
        case None:
            return ""
        case _:
            return str(value)


def _number(value: float) -> str:
    """Return a number without an exponent, in the digits that Excel shows of it."""
    if value.is_integer() and abs(value) <= _EXACT:
        return str(int(value))
    return format(Decimal(f"{value:.{_DIGITS_OF_EXCEL}g}"), "f")
