"""The same feed in archives, sheets, parquet and JSON lines: the same rows by its contract."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.contracts import rules_of
from tests.feeds import Cleaned, clean_files, plain, write_feed
from tests.workbooks import Cell, write_ods, write_xlsx
from toolkit.clean.evaluate import Rules
from toolkit.errors import InputError
from toolkit.read.digest import Digests, copies
from toolkit.read.parse import Selection
from toolkit.read.reader import reader_of
from toolkit.read.sources import find_sources, repeated_names
from toolkit.read.typed import typed_chunks
from toolkit.read.unpack import spool

COLUMNS = ["order", "day", "item", "qty", "price", "paid"]
Row = list[Cell]
ROWS: list[Row] = [
    [f"{n:04}", date(2025, 1 + n % 12, 1 + n % 28), item, n % 7, n + 0.25, n % 2 == 0]
    for n, item in enumerate(["Lamp", "Desk, big", 'the "best"', "two\nlines", "Ü", None] * 8)
]
ROWS[5] = [None] * 6


def rules(**csv: str) -> Rules:
    return rules_of(
        {
            "name": "shop",
            "csv": csv,
            "columns": {
                "order": {"kind": "text", "required": True, "reason": "no_order"},
                "day": {"kind": "date", "formats": ["%Y-%m-%d"], "reason": "no_day"},
                "item": {"kind": "text", "required": True, "reason": "no_item"},
                "qty": {"kind": "integer", "above": 0, "reason": "no_qty"},
                "price": {"kind": "number", "reason": "no_price"},
                "paid": {"kind": "boolean", "reason": "not_paid"},
            },
            "reasons": ["no_order", "no_day", "no_item", "no_qty", "no_price", "not_paid"],
        }
    )


def as_text(cell: Cell) -> str:
    return "" if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell)


def csv_bytes(rows: list[Row] = ROWS) -> bytes:
    return write_feed([[as_text(cell) for cell in row] for row in rows], COLUMNS)


def write_parquet(path: Path) -> None:
    pq.write_table(pa.table([*zip(*ROWS, strict=True)], names=COLUMNS), path, row_group_size=9)


def write_json(path: Path) -> None:
    lines = [
        json.dumps(
            {
                name: cell.isoformat() if isinstance(cell, date) else cell
                for name, cell in zip(COLUMNS, row, strict=True)
                if cell is not None or name != "item"
            },
            ensure_ascii=False,
        )
        for row in ROWS
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def write_zip(path: Path) -> None:
    with ZipFile(path, "w", ZIP_DEFLATED) as file:
        file.writestr("exports/", "")
        file.writestr("exports/feed.csv", csv_bytes())
        file.writestr("__MACOSX/exports/._feed.csv", b"\0\1")


WRITERS = {
    "feed.xlsx": lambda path: write_xlsx(path, {"Orders": [COLUMNS, *ROWS], "Notes": []}),
    "feed.ods": lambda path: write_ods(path, {"Orders": [COLUMNS, *ROWS]}),
    "feed.parquet": write_parquet,
    "feed.jsonl": write_json,
    "feed.zip": write_zip,
}


def found(cleaned: Cleaned) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    rejected = [
        {name: cell or None for name, cell in row.items() if name != "source_file"}
        for row in plain(cleaned.rejected)
    ]
    return plain(cleaned.clean), rejected


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.slow
def test_other_formats_clean_to_the_rows_of_the_csv_file(name: str, tmp_path: Path) -> None:
    plain_file, other = tmp_path / "feed.csv", tmp_path / name
    plain_file.write_bytes(csv_bytes())
    WRITERS[name](other)
    want = found(clean_files(rules(), [str(plain_file)], 1 << 20))
    assert len(want[0]) > 20
    assert len(want[1]) > 10
    # A contract with other delimiters holds for sheets too.
    contracts = [rules()] if name == "feed.zip" else [rules(), rules(delimiter=";", quote="'")]
    for contract in contracts:
        for block_bytes in (1, 70, 500, 1 << 20):
            assert found(clean_files(contract, [str(other)], block_bytes)) == want


def test_a_packed_and_a_zipped_file_of_another_format(tmp_path: Path) -> None:
    write_json(tmp_path / "feed.jsonl")
    data = (tmp_path / "feed.jsonl").read_bytes()
    (tmp_path / "feed.jsonl.gz").write_bytes(gzip.compress(data))
    write_parquet(tmp_path / "feed.parquet")
    with ZipFile(tmp_path / "all.zip", "w") as file:
        file.write(tmp_path / "feed.parquet", "feed.parquet")
    want = found(clean_files(rules(), [str(tmp_path / "feed.jsonl")], 500))
    for name in ("feed.jsonl.gz", "all.zip"):
        assert found(clean_files(rules(), [str(tmp_path / name)], 500)) == want


def test_members_of_an_archive_are_files_of_their_own(tmp_path: Path) -> None:
    archive = tmp_path / "year.zip"
    with ZipFile(archive, "w") as file:
        for month, rows in (("jan", ROWS[:9]), ("feb", ROWS[9:]), ("mar", ROWS[:9])):
            file.writestr(f"{month}.csv", csv_bytes(rows))
    cleaned = clean_files(rules(), [str(archive)], 200)
    assert cleaned.clean.num_rows + cleaned.rejected.num_rows == len(ROWS) + 9
    shown = [f"{archive}/{month}.csv" for month in ("feb", "jan", "mar")]
    assert [one.shown for one in find_sources([str(archive)])] == shown
    assert [one.shown for one in find_sources([f"{archive}/*n.csv"])] == [shown[1]]
    sources = find_sources([f"{archive}/jan.csv", str(archive)])
    assert [one.shown for one in sources] == [shown[1], shown[0], shown[2]]
    assert repeated_names(sources) == f"{shown[1]} is named again as {shown[1]}, and read once"
    with Digests(sources) as digests:
        [copy] = copies(digests.result())
    assert copy == f"{shown[2]} has the same bytes as {shown[1]}; the rows of each are read"


def test_lines_that_are_no_json_objects_are_malformed_rows(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    good = json.dumps(dict.fromkeys(COLUMNS, "1") | {"day": "2025-01-01", "paid": True})
    bad = ['{"order": 1, "day"', "[1, 2, 3, 4, 5, 6]", '{"order": 1, "order": 2}', '"a"', "7"]
    path.write_text("\n".join([good, bad[0], "", good, *bad[1:], good]), encoding="utf-8")
    for block_bytes in (1, 1 << 20):
        cleaned = clean_files(rules(), [str(path)], block_bytes)
        assert cleaned.clean.num_rows == 3
        rejected = plain(cleaned.rejected)
        assert [row["raw_line"] for row in rejected] == bad
        assert [row["source_row"] for row in rejected] == [2, 4, 5, 6, 7]
        assert {row["rejection_reason"] for row in rejected} == {"malformed_row"}


def test_a_single_column_loses_no_empty_cell(tmp_path: Path) -> None:
    one = rules_of({"name": "one", "columns": {"a": {"kind": "text", "required": True,
        "reason": "no_a"}}, "reasons": ["no_a"]})  # fmt: skip
    pq.write_table(pa.table({"a": ["x", None, "", "y"]}), tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text('{"a": "x"}\n{"a": null}\n{}\n{"a": "y"}\n"z"\n')
    for name, n_rejected in (("a.parquet", 2), ("a.jsonl", 3)):
        cleaned = clean_files(one, [str(tmp_path / name)], 1 << 20)
        assert (cleaned.clean.num_rows, cleaned.rejected.num_rows) == (2, n_rejected)


def test_values_of_parquet_are_written_in_full(tmp_path: Path) -> None:
    columns = {
        "whole": pa.array([2**62 + 1]),
        "float": pa.array([0.1]),
        "single": pa.array([0.1], pa.float32()),
        "money": pa.array(["12.50"]).cast(pa.decimal128(9, 2)),
        "day": pa.array([date(2025, 1, 2)]),
        "moment": pa.array([1_735_787_045_000_000], pa.timestamp("us")),
        "part": pa.array([1_735_787_045_500_000], pa.timestamp("us", "UTC")),
        "label": pa.array(["a,b"]).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    text = b"".join(typed_chunks("parquet", tmp_path / "a.parquet", "a.parquet", None)).decode()
    assert text.splitlines()[1].replace('"', "").split("\x1f") == [
        "4611686018427387905", "0.1", "0.1", "12.50", "2025-01-02", "2025-01-02 03:04:05",
        "2025-01-02 03:04:05.500000Z", "a,b",
    ]  # fmt: skip


REFUSED = {
    "two.xlsx": ("2 sheets have cells: 'Orders', 'Old'; name one: dataset.csv.sheet='Orders'"),
    "word.xlsx": "not a valid workbook",
    "text.parquet": "is not what .parquet files are, by its first bytes; rename it",
    "text.zip": "is not what .zip files are",
    "page.xlsx": "is not a CSV file but HTML",
    "sheet.csv": "an Office file, such as .xlsx; give it a name that ends in .xlsx",
    "list.parquet": "column a is of type list",
    "mixed.zip": "mixed.zip/readme.pdf: its name ends in none of .csv,",
    "empty.zip": "has no files (0)",
    "pdf.zip": "is not a CSV file but zip of a PDF",
    "none.jsonl": "no line of it is a JSON object",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name in ("two.xlsx", "sheet.csv"):
        write_xlsx(path, {"Orders": [COLUMNS], "Old": [COLUMNS]})
    elif name.endswith(".zip") and name != "text.zip":
        contents = {
            "mixed.zip": {"feed.csv": csv_bytes(), "readme.pdf": b"%PDF-1.7"},
            "pdf.zip": {"feed.csv": b"%PDF-1.7 "},
        }
        with ZipFile(path, "w") as file:
            for member, data in contents.get(name, {}).items():
                file.writestr(member, data)
    elif name == "word.xlsx":
        with ZipFile(path, "w") as file:
            file.writestr("[Content_Types].xml", "<Types/>")
    elif name == "list.parquet":
        pq.write_table(pa.table({"a": [[1]]}), path)
    else:
        path.write_text("<html><table>" if name == "page.xlsx" else "1,2\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        clean_files(rules(), [str(path)], 1 << 20)
    assert REFUSED[name] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_sheet_is_chosen_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "feed.xlsx"
    titles: list[Row] = [["Report"], ["Shop:", "Lyon"], [None]]
    write_xlsx(path, {"Old": [COLUMNS], "Orders": [*titles, COLUMNS, *ROWS, [None] * 9]})
    contract = rules(sheet="Orders", skip_until="header").contract
    [source] = find_sources([str(path)])
    copy = spool(source, tmp_path, "utf-8", sheet=contract.csv.sheet)
    reader = reader_of(contract)
    for block_bytes in (1, 100, 1 << 20):
        blocks = reader.plan([copy], block_bytes)
        assert blocks[0].passed_over == {"lines above the header": 3}
        parsed = [reader.parse(one, Selection()) for one in blocks]
        assert sum(raw.n_records for raw in parsed) == len(ROWS)
        orders = [order for raw in parsed for order in raw.table.column("order").to_pylist()]
        assert orders == [row[0] or "" for row in ROWS]
    with pytest.raises(InputError, match="has no sheet 'orders'; did you mean 'Orders'"):
        spool(source, tmp_path, "utf-8", sheet="orders")


@pytest.mark.slow
def test_csv_files_are_read_without_the_modules_of_other_formats() -> None:
    code = (
        "import sys, toolkit.stages.cleaning, toolkit.stages.profiling;"
        "print(sorted({'python_calamine', 'openpyxl', 'toolkit.read.typed', 'pyarrow.json'}"
        " & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
