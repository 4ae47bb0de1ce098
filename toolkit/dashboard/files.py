"""Read small files of the workspace, cached until they change."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

Value = TypeVar("Value")

# Size limit of a file that the dashboard reads; the largest of 100M rows is half a megabyte.
_MOST_BYTES = 256 << 20
_MOST_REMEMBERED = 1_000
_remembered: dict[tuple[Path, Callable[[Path], Any]], tuple[tuple[int, ...], Any]] = {}


class Unreadable(Exception):
    """Something to show is missing or invalid; the message is a sentence for the user.

    `command` is the command that creates it, if there is one.
    """

    def __init__(self, sentence: str, command: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.command = sentence, command


def remembered(path: Path, read: Callable[[Path], Value]) -> Value:
    """Return what `read` makes of the file, cached as long as the file stays the same.

    The value is shared by all callers, so nobody may change it. Raises Unreadable for a file that
    is missing, too large or damaged, and whatever else `read` raises.
    """
    try:
        facts = path.stat()
        stamp = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
        known = _remembered.get((path, read))
        if known is not None and known[0] == stamp:
            return known[1]
        if facts.st_size > _MOST_BYTES:
            raise Unreadable(f"{path} is larger than what the dashboard reads ({_MOST_BYTES:,} B).")
        value = read(path)
    except FileNotFoundError:
        raise Unreadable(f"There is no {path}.") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise Unreadable(f"{path} is damaged or half-written: {_first_line(error)}.") from None
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    _remembered[path, read] = stamp, value
    return value


def read_json(path: Path) -> dict[str, Any]:
    """Read the JSON object in a file; errors as in `remembered`."""
    return remembered(path, _load_object)


def read_frame(path: Path) -> pd.DataFrame:
    """Read all rows of a parquet file; errors as in `remembered`."""
    return remembered(path, _load_frame)


def _load_object(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")
    return value


def _load_frame(path: Path) -> pd.DataFrame:
    with pq.ParquetFile(path) as file:
        table = file.read()
    frame = table.to_pandas()
    # As floats, large whole numbers with nulls and decimals would be rounded.
    return frame.assign(
        **{
            field.name: table.column(field.name).to_pandas(types_mapper=_exact)
            for field in table.schema
            if pa.types.is_decimal(field.type)
            or (pa.types.is_int64(field.type) and table.column(field.name).null_count)
        }
    )


def _exact(kind: pa.DataType) -> Any:
    return pd.ArrowDtype(kind) if pa.types.is_decimal(kind) else pd.Int64Dtype()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__
