"""Read one page of rejected rows, from as few bytes as possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from toolkit.contract import (
    RAW_LINE_COLUMN,
    REASON_COLUMN,
    ROW_FACTS,
    SOURCE_FILE_COLUMN,
    SOURCE_ROW_COLUMN,
)
from toolkit.dashboard.files import Unreadable, read_json
from toolkit.pages.mask_key import fingerprint
from toolkit.pages.masking import Masks, is_mask
from toolkit.storage.atomic import MANIFEST

PAGE_ROWS = 50
MOST_ROWS_SEARCHED = 250_000
"""Rows to search for a text; a page of one reason reads only reasons, ten times as many."""
_REASONS_AS_FAST = 10


@dataclass(frozen=True)
class PageRequest:
    """A page of rejected rows: of one reason, with a text in any column (ignoring case)."""

    reason: str | None = None
    text: str = ""
    page: int = 0


@dataclass(frozen=True)
class Page:
    """Rows as written in the file, with their reasons and origin. `has_more`: further rows follow;
    `n_searched` rows were read, which are all if `is_all`. `about_masks` explains why masks differ
    from those of reports.
    """

    rows: pa.Table
    has_more: bool
    n_searched: int
    is_all: bool
    about_masks: str = ""


def read_page(dataset: Path, request: PageRequest, key: bytes | None = None) -> Page:
    """Read a page in file order; reading stops when it is full, or after enough rows were searched.

    Columns that the dataset's manifest lists as personal are masked with the `key`; without one
    their values are hidden. A search matches a personal value only as a whole, or by its mask.
    Raises Unreadable for anything but a dataset of rejected rows.
    """
    parts = sorted(dataset.glob("*.parquet")) if dataset.is_dir() else []
    if not parts:
        raise Unreadable(f"There are no rejected rows in {dataset}.")
    try:
        masks = _masks(dataset, key)
        page = _read_page(parts, request, masks)
        return replace(page, rows=masks.table(page.rows), about_masks=_about(dataset, masks))
    except (OSError, KeyError, pa.ArrowException) as error:
        first_line = str(error).partition("\n")[0]
        raise Unreadable(f"{dataset} is damaged or being replaced: {first_line}.") from None


def _masks(dataset: Path, key: bytes | None) -> Masks:
    """Return the masks of the dataset; older toolkits did not record which columns are personal."""
    return Masks.of_manifest(_personal(dataset).get("rejected") or {}, key)


def _personal(dataset: Path) -> Mapping[str, Any]:
    """Read the personal columns from the manifest."""
    if not (dataset / MANIFEST).exists():
        return {}
    return read_json(dataset / MANIFEST).get("personal") or {}


def _about(dataset: Path, masks: Masks) -> str:
    """Explain why there are no masks, or other masks than the run made."""
    if not any(mask.how == "hash" for mask in masks.by_column.values()):
        return ""
    if masks.key is None:
        return "Personal values are hidden: no key of masks can be read; mask_key=FILE names one."
    personal = _personal(dataset)
    if personal.get("masked") in ("rejected", "both"):
        return ""
    if personal.get("key") in (None, fingerprint(masks.key)):
        return ""
    return (
        "Personal values have other masks here than in the run's report, which was made with "
        "another key; mask_key=FILE names it."
    )


def _read_page(parts: Sequence[Path], request: PageRequest, masks: Masks) -> Page:
    most = MOST_ROWS_SEARCHED * (1 if request.text else _REASONS_AS_FAST)
    rows = pq.read_schema(parts[0]).empty_table()
    to_skip, n_searched = request.page * PAGE_ROWS, 0
    for file, group in _groups(parts):
        if rows.num_rows > PAGE_ROWS or n_searched >= most:
            return _page(rows, n_searched, is_all=False)
        n_searched += file.metadata.row_group(group).num_rows
        matching = _matching(file, group, request, masks)
        places = matching.slice(to_skip, PAGE_ROWS + 1 - rows.num_rows)
        to_skip = max(0, to_skip - len(matching))
        if len(places):
            rows = pa.concat_tables([rows, file.read_row_group(group).take(places)])
    return _page(rows, n_searched, is_all=True)


def _groups(parts: Sequence[Path]) -> Iterator[tuple[pq.ParquetFile, int]]:
    for part in parts:
        with pq.ParquetFile(part) as file:
            for group in range(file.metadata.num_row_groups):
                yield file, group


def _matching(file: pq.ParquetFile, group: int, request: PageRequest, masks: Masks) -> pa.Array:
    """Return the indices of the matching rows in the row group."""
    columns = None if request.text else [REASON_COLUMN]
    rows = file.read_row_group(group, columns=columns)
    mask = pa.chunked_array([pa.repeat(True, rows.num_rows)])
    if request.reason is not None:
        reasons = rows.column(REASON_COLUMN).cast(pa.string())
        mask = pc.and_(mask, pc.fill_null(pc.equal(reasons, request.reason), False))
    if request.text:
        mask = pc.and_(mask, _has_text(rows, request.text, masks))
    return pc.indices_nonzero(mask)


def _has_text(rows: pa.Table, text: str, masks: Masks) -> pa.ChunkedArray:
    """Return whether any column but the reason contains the text; the row's number counts as text.

    Personal columns cannot be searched for a part of a value.
    """
    found = pa.chunked_array([pa.repeat(False, rows.num_rows)])
    for name in rows.column_names:
        if name != REASON_COLUMN:
            words = rows.column(name).cast(pa.string())
            if name in masks:
                found = pc.or_(found, pc.fill_null(_is_personal(name, words, text, masks), False))
                continue
            has = pc.match_substring(words, text, ignore_case=True)
            found = pc.or_(found, pc.fill_null(has, False))
    return found


def _is_personal(
    name: str, words: pa.ChunkedArray, text: str, masks: Masks
) -> pa.ChunkedArray | pa.Array:
    """Return whether a personal value equals the text, ignoring case, or has it as its mask."""
    if is_mask(text):
        return pc.equal(masks.column(name, words), text.strip())
    return pc.equal(pc.utf8_lower(pc.utf8_trim_whitespace(words)), text.strip().lower())


def _page(rows: pa.Table, n_searched: int, *, is_all: bool) -> Page:
    has_more = rows.num_rows > PAGE_ROWS
    return Page(_facts_first(rows.slice(0, PAGE_ROWS)), has_more, n_searched, is_all)


def _facts_first(rows: pa.Table) -> pa.Table:
    """Put reason and row number before the columns, the file after them; leave out an empty raw
    line.
    """
    first, last = [REASON_COLUMN, SOURCE_ROW_COLUMN], [SOURCE_FILE_COLUMN]
    if rows.column(RAW_LINE_COLUMN).null_count < len(rows):
        first.append(RAW_LINE_COLUMN)
    return rows.select([*first, *(n for n in rows.column_names if n not in ROW_FACTS), *last])
