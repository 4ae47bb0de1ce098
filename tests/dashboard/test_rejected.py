"""Pages of rejected rows, from as little reading as they take."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from toolkit.dashboard import rejected
from toolkit.dashboard.files import Unreadable
from toolkit.dashboard.rejected import PAGE_ROWS, Page, PageRequest, read_page

N_ROWS = 400


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """400 rows in four parts of two row groups; every tenth has reason b."""
    rows = pa.table(
        {
            "name": [f"item {n}" for n in range(N_ROWS)],
            "rejection_reason": pa.array(
                ["b" if n % 10 == 0 else "a" for n in range(N_ROWS)]
            ).dictionary_encode(),
            "source_file": ["feed.csv"] * N_ROWS,
            "source_row": range(1, N_ROWS + 1),
            "raw_line": pa.nulls(N_ROWS, pa.string()),
        }
    )
    folder = tmp_path / "feed_rejected.parquet"
    folder.mkdir()
    for part in range(4):
        path = folder / f"part-{part:06d}.parquet"
        pq.write_table(rows.slice(part * 100, 100), path, row_group_size=50)
    return folder


def numbers(page: Page) -> list[int]:
    return [int(n) for n in page.rows.column("source_row").to_pylist()]


def test_pages_follow_each_other_and_miss_no_row(dataset: Path) -> None:
    pages = [read_page(dataset, PageRequest(page=n)) for n in range(N_ROWS // PAGE_ROWS + 1)]

    assert [n for page in pages for n in numbers(page)] == list(range(1, N_ROWS + 1))
    assert [page.has_more for page in pages] == [True] * 7 + [False] * 2


def test_a_page_of_a_reason_crosses_parts(dataset: Path) -> None:
    page = read_page(dataset, PageRequest(reason="b"))

    assert numbers(page) == list(range(1, N_ROWS + 1, 10))
    assert (page.has_more, page.is_all, page.n_searched) == (False, True, N_ROWS)
    assert set(page.rows.column("rejection_reason").to_pylist()) == {"b"}


def test_reading_stops_when_the_page_is_full(dataset: Path) -> None:
    page = read_page(dataset, PageRequest())

    assert (len(numbers(page)), page.has_more, page.n_searched) == (PAGE_ROWS, True, 100)


def test_a_text_is_looked_for_in_every_column_in_any_case(dataset: Path) -> None:
    assert numbers(read_page(dataset, PageRequest(text="ITEM 39"))) == [40, *range(391, 401)]
    assert numbers(read_page(dataset, PageRequest(text="399"))) == [399, 400]
    assert numbers(read_page(dataset, PageRequest(reason="b", text="item 39"))) == [391]
    assert numbers(read_page(dataset, PageRequest(text="item.39"))) == []


def test_a_search_ends_after_so_many_rows_and_says_so(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejected, "MOST_ROWS_SEARCHED", 120)

    page = read_page(dataset, PageRequest(text="item 39"))

    assert (numbers(page), page.n_searched, page.is_all) == ([40], 150, False)


def test_the_reason_comes_first_and_columns_without_a_line_are_left_out(dataset: Path) -> None:
    assert read_page(dataset, PageRequest()).rows.column_names == [
        "rejection_reason",
        "source_row",
        "name",
        "source_file",
    ]


def test_what_is_no_dataset_is_reported_in_a_sentence(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="There are no rejected rows in"):
        read_page(tmp_path / "nowhere", PageRequest())
    (dataset / "part-000001.parquet").write_bytes(b"PAR1 cut")
    with pytest.raises(Unreadable, match="damaged or being replaced"):
        read_page(dataset, PageRequest(page=3))
