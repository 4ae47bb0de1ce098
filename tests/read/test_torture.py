"""Traps that other projects' tests hold for readers of CSV, and what is sound to make of each."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import AS_OF
from tests.contracts import text_only
from tests.feeds import Cleaned, clean_files
from tests.read.hostile import MALFORMED, Holds, Refused, Rows, draft
from toolkit.clean.evaluate import Rules
from toolkit.contract import AnyColumn, Category, CsvFormat, Date, Number
from toolkit.lookups import Lookup
from toolkit.read.blocks import plan_blocks
from toolkit.read.header import grammar_of
from toolkit.read.parse import Wanted, parse_block
from toolkit.read.sources import find_sources

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "csv_torture"
pytestmark = [
    pytest.mark.skipif(
        not FOLDER.exists(), reason=f"the torture files are not beside this project: no {FOLDER}"
    ),
    # One that hangs fails, long before the suite would.
    pytest.mark.timeout(60),
]
SEMICOLONS = CsvFormat(delimiter=";")
NAMES = ["foo", "bar", "baz"]


def spectrum(name: str) -> Rows:
    """The rows that csv-spectrum says its file holds."""
    path = FOLDER / "csv-spectrum" / "json" / f"{name}.json"
    if not path.exists():
        return []
    return [tuple(record.values()) for record in json.loads(path.read_text("utf-8"))]


def in_encoding(encoding: str) -> CsvFormat:
    return CsvFormat(encoding=encoding)


def malformed(*lines: tuple[int, str]) -> list[tuple[int, str, str | None]]:
    return [(row, MALFORMED, line) for row, line in lines]


def people(text: str) -> Rows:
    """Rows of two columns, written as `name 30, other name 25`."""
    return [tuple(person.rsplit(" ", 1)) for person in text.split(", ")]


UTF16_PEOPLE = people(
    "José Álvarez 30, Müller 25, François Dupont 45, Björn Andersson 50, Søren Kierkegaard 42, "
    "García López 38, Élodie Moreau 33, Håkon Lindberg 28, Brontë Johnson 47, Zoë Robinson 21, "
    "André Lefèvre 36, Léonard Dubois 29, Dvořák Novak 60, Iván García 34, Łukasz Kowalski 27, "
    "Renée Martin 41, Øystein Olsen 39, Anaïs Dupuis 24, Sigurður Jónsson 55, Krystýna Novák 23"
)
SHIFT_JIS_PEOPLE = people(
    "名前 25, 山田 30, 佐藤 28, 鈴木 32, 田中 29, 高橋 22, 渡辺 26, 伊藤 35, 中村 27, 小林 24, "
    "加藤 31, 吉田 33, 山本 34, 斎藤 30, 福田 28, 浜田 26, 河野 27, 石井 29, 松本 32, 田村 25"
)
# Every file, and how it may be read: what it then holds, or why it is refused.
CASES: dict[str, list[Holds | Refused]] = {
    "csv-spectrum/csvs/comma_in_quotes.csv": [Holds(spectrum("comma_in_quotes"))],
    "csv-spectrum/csvs/escaped_quotes.csv": [Holds(spectrum("escaped_quotes"))],
    "csv-spectrum/csvs/newlines.csv": [Holds(spectrum("newlines"))],
    # The copy at hand has lost its carriage returns; see the test below.
    "csv-spectrum/csvs/newlines_crlf.csv": [Holds(spectrum("newlines"))],
    "csv-spectrum/csvs/quotes_and_newlines.csv": [Holds(spectrum("quotes_and_newlines"))],
    "csv-spectrum/csvs/json.csv": [Holds(spectrum("json"))],
    "csv-spectrum/csvs/utf8.csv": [Holds(spectrum("utf8"))],
    "csv-spectrum/csvs/empty.csv": [Holds(spectrum("empty"))],
    "csv-test-data/csv/bad-missing-quote.csv": [
        Holds(rejected=malformed((1, '1,"I forgot to close this one,3')))
    ],
    "csv-test-data/csv/bad-unescaped-quote.csv": [
        Holds([("1", 'This "quotes" must be escaped', "3")])
    ],
    "csv-test-data/csv/bad-quotes-with-unescaped-quote.csv": [
        Holds(rejected=malformed((1, '1,"Hey, I missed " it",3')))
    ],
    "csv-test-data/csv/bad-header-less-fields.csv": [Holds(rejected=malformed((1, "1,2")))],
    "csv-test-data/csv/bad-header-more-fields.csv": [Holds(rejected=malformed((1, "1,2,3,4")))],
    "csv-test-data/csv/bad-header-no-header.csv": [
        Refused("no header"), Refused("empty", names=NAMES)
    ],
    "csv-test-data/csv/bad-header-wrong-header.csv": [
        Refused("columns are missing from the header: foo, bar, baz", names=NAMES)
    ],
    "csv-test-data/csv/header-no-rows.csv": [Holds()],
    "csv-test-data/csv/leading-space.csv": [Holds([("1", "leading space", "3")])],
    "csvkit/bad.csv": [
        Holds(
            [("0", "mixed types.... uh oh", "17")],
            malformed((1, """1,27,,"I'm too long!\""""), (2, ""","I'm too short!\"""")),
        )
    ],
    "csvkit/blanks.csv": [Holds([("", "NA", "N/A", "NONE", "NULL", ".")])],
    # The NUL is padding like a blank.
    "csvkit/null_byte.csv": [Holds([("", "2", "3")])],
    "csvkit/mac_newlines.csv": [Holds([("1", "2", "3"), ("Once upon\ra time", "5", "6")])],
    "csvkit/test_utf8_bom.csv": [Holds([("1", "2", "3"), ("4", "5", "ʤ")])],
    "csvkit/test_utf16_little.csv": [
        Refused("looks like UTF-16; set dataset.csv.encoding=utf-16"),
        Holds([("1", "2", "3"), ("4", "5", "ʤ")], csv=in_encoding("utf-16")),
    ],
    "csvkit/test_latin1.csv": [
        Holds([("1", "2", "3")], malformed((2, r"4,5,\xa9"))),
        Holds([("1", "2", "3"), ("4", "5", "©")], csv=in_encoding("latin-1")),
    ],
    "csvkit/test_header_newline.csv": [Holds([("d", "e", "f")])],
    "csvkit/test_empty_columns.csv": [Refused("2 columns of the header have no name")],
    "csvkit/test_locale.csv": [Holds([("1,7", "200.000.000", "")])],
    "csvkit/test_no_leading_zeroes.csv": [Holds([("01", "00.11", "0.1")])],
    "csvkit/test_numeric_date_format.csv": [Holds([("20140102",), ("20121231",)])],
    "csvkit/date_like_number.csv": [Holds([("4.5",)])],
    "csvkit/test_skip_lines.csv": [Holds([("1", "2", "3")])],
    "csvlint/title-row.csv": [
        Refused("(columns 2, 3); name them, and remove any lines above the header"),
        Refused("3 of the contract's columns are missing", names=["Foo", "Bsr", "Baz"]),
    ],
    "csvlint/invalid-byte-sequence.csv": [
        Refused("the header is not UTF-8 (byte 33); name its encoding")
    ],
    "csvlint/inconsistent-line-endings.csv": [
        Holds([("Biff", "Baff", "Boff"), ("Qux", "Teaspoon", "Doge")]),
        Holds(
            [("Foo", "Bsr", "Baz"), ("Biff", "Baff", "Boff"), ("Qux", "Teaspoon", "Doge")],
            header=b"a,b,c\r\n",
        ),
    ],
    "csvlint/white space in filename.csv": [Holds([("1", "2", "3"), ("3", "2", "1")])],
    "duckdb/one_r_n_two.csv": [Holds([("one",), ("two",), ("three",)], header=b"a\r\r\n")],
    "duckdb/mixed_new_line.csv": [
        Holds([("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9")], header=b"a,b,c\n")
    ],
    "duckdb/test/many_empty_lines.csv": [Holds(), Holds([("1",)], header=b"a\n")],
    "duckdb/test/unterminated.csv": [
        Refused("no header"),
        Holds([("world",)], malformed((1, '"hello')), header=b"a\n"),
    ],
    "duckdb/test/invalid_utf_header.csv": [Refused("the header is not UTF-8 (byte 15)")],
    "duckdb/test/invalid_utf_complex.csv": [
        Holds(
            [("valid",) * 3] * 20,
            malformed((11, r"valid,invalid_\xff\xff_part,valid")),
            header=b"a,b,c\n",
        )
    ],
    "duckdb/test/nfc.csv": [Holds([("ü",), ("u\u0308",)], header=b"a\n")],
    "duckdb/encodings/shift_jis.csv": [
        Refused("the header is not UTF-8 (byte 0)"),
        Holds(SHIFT_JIS_PEOPLE, csv=in_encoding("shift_jis")),
    ],
    "duckdb/encodings/only_latin1.csv": [
        Refused("the header is not UTF-8 (byte 0)"),
        Holds(
            [
                ("ýýý ýýýýýýýýý", "ý"),
                ("ýý ýýýýý", "Ø"),
                ("ýýýýý ýýýýýýýý", "ýý"),
                ("ýýý ýýýýý", "ðý"),
                ("ýýýý ýýýýýý", "ýý"),
            ],
            csv=in_encoding("latin-1"),
        ),
    ],
    "duckdb/encodings/utf16.csv": [
        Refused("set dataset.csv.encoding=utf-16"),
        Holds(UTF16_PEOPLE, csv=in_encoding("utf-16")),
    ],
    "duckdb/nullterm.csv": [Holds([("world",)]), Holds([("hello",), ("world",)], header=b"a\n")],
    "duckdb/rejects/incorrect_columns/few_columns.csv": [
        Holds(
            [("1", "2", "3", "4")] * 2768,
            malformed((1813, "1,2,3"), (1822, "1"), (2377, "1"), (2761, "1,2")),
        )
    ],
    "duckdb/rejects/incorrect_columns/many_columns.csv": [
        Holds(
            [("1", "2", "3", "4")] * 2768,
            malformed(
                (1095, "1,2,3,4,5,6"),
                (1158, "1,2,3,4,5,6"),
                (1205, "1,2,3,4,5"),
                (2768, "1,2,3,4,5"),
            ),
        )
    ],
    "duckdb/rejects/incorrect_columns/small_mix.csv": [
        Holds([("1", "2", "3", "4")] * 2, malformed((2, "1,2,3,4,5"), (3, "1,2,3")))
    ],
    "duckdb/rejects/multiple_errors/invalid_utf_more.csv": [
        Holds(
            [("oogie boogie", "3", "2023-01-01", "2")],
            malformed((2, r"oogie bo\xff\xffgie,3, 2023-01-01, 2, 5")),
        )
    ],
    "duckdb/rejects/unquoted/basic.csv": [
        Holds(
            [("bla", n) for n in "123123"], malformed((4, '"blaaaaaaaaaaaaaa"bla,4'))
        )
    ],
    "duckdb/rejects/unquoted/unquoted_new_line.csv": [
        Holds(
            [("bla", n) for n in "123123"],
            malformed((4, '"blaaaaaaaaaaaaaa'), (5, '"bla,4')),
        )
    ],
    "duckdb/unescaped_quotes/unescaped_quote.csv": [
        Refused("no header", SEMICOLONS),
        Holds(
            rejected=malformed(
                *((n, f'{n};"pedro "pdet" ho{";" if n == 3 else ""}landa"') for n in range(1, 7))
            ),
            csv=SEMICOLONS,
            header=b"a;b\n",
        ),
    ],
    "duckdb/thousands_separator/simple.csv": [
        Holds(
            [("300,000.20",), ("300,000,000.40",), ("50",), ("9999999999.20",)], csv=SEMICOLONS
        ),
        Holds(
            [("300", "000.20")],
            malformed((2, "300,000,000.40"), (3, "50"), (4, "9999999999.20")),
        ),
    ],
    "duckdb/thousands_separator/thousands_broken.csv": [
        Holds([("300,000.20",), ("300,0,00.40",), ("30,0,0.406",)])
    ],
    "duckdb/decimal_separators/mixed_format_fail.csv": [
        Holds([("5.25",)], malformed((1, "12,5"), (2, "145,00"))),
        Holds([("12,5",), ("145,00",), ("5.25",)], csv=SEMICOLONS),
    ],
    "duckdb/dateformat/not_working.csv": [
        Holds([("1-1-1A", "31-OCT-2023"), ("1-1-1B", "31-OCT-2023")])
    ],
    "duckdb/error/mid_null.csv": [
        Holds([("1", "2", "3")] * 2, malformed((2, ";;;;;d")), csv=SEMICOLONS)
    ],
    "duckdb/comments/mid_line.csv": [
        Holds(
            [("1", "3#5", "7")],
            malformed((1, "# Add one full line comment :-)"), (3, "6;7")),
            csv=SEMICOLONS,
            header=b"a;b;c\n",
        )
    ],
    "duckdb/headers/escaped_quote.csv": [Holds([("Alice", "123"), ("Bob", "456")])],
    "duckdb/empty.csv": [Refused("no header"), Refused("empty", names=NAMES)],
    "csv-parser/strict-false-less-columns.csv": [
        Holds([("1", "2", "3"), ("6", "7", "8")], malformed((2, "4,5")))
    ],
    "csv-parser/bench/utf16-big.csv": [
        Refused("looks like UTF-16; set dataset.csv.encoding=utf-16"),
        Holds([("1", "2", "3"), ("4", "5", "ʤ")], csv=in_encoding("utf-16")),
    ],
}  # fmt: skip


def test_every_file_has_a_case() -> None:
    with (FOLDER / "CURATED.csv").open(encoding="utf-8", newline="") as file:
        assert [row["file"] for row in csv.DictReader(file)] == list(CASES)


@pytest.mark.parametrize(
    ("name", "case"),
    [(name, case) for name, cases in CASES.items() for case in cases],
    ids=[f"{name} {type(case).__name__}" for name, cases in CASES.items() for case in cases],
)
def test_the_sound_outcome(name: str, case: Holds | Refused, tmp_path: Path) -> None:
    case.check((FOLDER / name).read_bytes(), tmp_path / Path(name).name)


def test_crlf_in_a_cell_is_kept(tmp_path: Path) -> None:
    data = (FOLDER / "csv-spectrum/csvs/newlines_crlf.csv").read_bytes()
    case = Holds(spectrum("newlines_crlf"))
    assert "\r\n" in case.clean[1][0]
    case.check(data.replace(b"\r", b"").replace(b"\n", b"\r\n"), tmp_path / "feed.csv")


def test_blanks_around_a_cell_are_kept_by_the_reader() -> None:
    path = FOLDER / "csv-test-data/csv/leading-space.csv"
    contract = text_only(NAMES, CsvFormat())
    [block] = plan_blocks(find_sources([str(path)]), contract, 1 << 20)
    table = parse_block(block, grammar_of(contract), Wanted()).table
    assert table.to_pylist() == [{"foo": "1", "bar": " leading space", "baz": "3"}]


def test_invalid_bytes_of_a_named_encoding_are_letters() -> None:
    path = FOLDER / "csvlint/invalid-byte-sequence.csv"
    cleaned = clean_as(path, {}, CsvFormat(encoding="latin-1"))
    assert cleaned.rejected.num_rows == 0
    assert cleaned.clean.num_rows == 23
    assert cleaned.clean.column("Histórico").to_pylist()[1].startswith("Transferência on line")
    assert cleaned.clean.column("Valor").to_pylist()[-1] == "-100.00"


def clean_as(
    path: Path, columns: dict[str, AnyColumn], csv_format: CsvFormat | None = None
) -> Cleaned:
    """The file, some of its columns of another kind than text."""
    contract = draft(path, csv_format or CsvFormat())
    contract = replace(contract, columns={**contract.columns, **columns}, reasons=("bad",))
    lookups = {n: Lookup.of_names(["ü"]) for n, c in columns.items() if isinstance(c, Category)}
    return clean_files(Rules(contract, lookups, AS_OF), [str(path)], 1 << 20)


NUMBER = Number(kind="number", reason="bad")
# (file, column, header, what the column holds when it is read as numbers, how many are none)
NUMBERS = [
    ("csvkit/test_locale.csv", "a", b"", [], 1),
    ("csvkit/test_locale.csv", "b", b"", [], 1),
    ("csvkit/date_like_number.csv", "a", b"", [4.5], 0),
    ("duckdb/thousands_separator/simple.csv", "n", b"n\n", [50.0, 9999999999.2], 3),
    ("duckdb/thousands_separator/thousands_broken.csv", "n", b"n\n", [], 4),
    ("duckdb/decimal_separators/mixed_format_fail.csv", "foo", b"", [5.25], 2),
]


@pytest.mark.parametrize(("name", "column", "header", "values", "n_bad"), NUMBERS)
def test_what_is_no_number_without_being_told_so(
    name: str, column: str, header: bytes, values: list[float], n_bad: int, tmp_path: Path
) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(header + (FOLDER / name).read_bytes())
    csv_format = SEMICOLONS if name.startswith("duckdb") else CsvFormat()
    cleaned = clean_as(path, {column: NUMBER}, csv_format)
    assert cleaned.clean.column(column).to_pylist() == values
    assert cleaned.reasons == ["bad"] * n_bad


def test_digits_are_a_day_only_when_told_so() -> None:
    path = FOLDER / "csvkit/test_numeric_date_format.csv"
    column = Date(kind="date", formats=("%Y-%m-%d",), reason="bad")
    assert clean_as(path, {"a": column}).reasons == ["bad", "bad"]


def test_one_lookup_value_matches_a_letter_composed_and_not(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(b"a\n" + (FOLDER / "duckdb/test/nfc.csv").read_bytes())
    column = Category(kind="category", values="letters.json", reason="bad")
    assert clean_as(path, {"a": column}).clean.column("a").to_pylist() == ["ü", "ü"]
