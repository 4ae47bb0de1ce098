"""Traps for readers of CSV, and what is sound to make of each.

The traps are those that the test files of csv-spectrum, csvkit, csvlint, DuckDB and others set.
"""

from __future__ import annotations

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
from toolkit.read.parse import Selection, parse_block
from toolkit.read.sources import find_sources

# One that hangs fails, long before the suite would.
pytestmark = pytest.mark.timeout(60)
SEMICOLONS = CsvFormat(delimiter=";")
NAMES = ["foo", "bar", "baz"]


def in_encoding(encoding: str) -> CsvFormat:
    return CsvFormat(encoding=encoding)


def malformed(*lines: tuple[int, str]) -> list[tuple[int, str, str | None]]:
    return [(row, MALFORMED, line) for row, line in lines]


def rows_of_four(n_rows: int, odd: dict[int, bytes]) -> bytes:
    """A header and rows `5,6,7,8`, those numbered in `odd` replaced."""
    return b"".join([b"a,b,c,d\n", *(odd.get(n, b"5,6,7,8") + b"\n" for n in range(1, n_rows + 1))])


def table_of(rows: Rows) -> str:
    return "".join(",".join(row) + "\r\n" for row in rows)


FEW = {1813: b"5,6,7", 1822: b"5", 2377: b"5", 2761: b"5,6"}
MANY = {1095: b"5,6,7,8,9,0", 1158: b"5,6,7,8,9,0", 1205: b"5,6,7,8,9", 2772: b"5,6,7,8,9"}
WESTERN: Rows = [("Zoé Brûlé", "31"), ("Jürgen Groß", "44"), ("Ødegård", "27"), ("Łucja", "8")]
JAPANESE: Rows = [("東京", "13"), ("表計算", "20"), ("大阪", "27"), ("ソース", "40")]
LATIN: Rows = [("ñandú café", "ý"), ("þorn", "ß"), ("être", "ðø")]
THOUSANDS = b"410,000.20\n410,000,000.40\n60\n8888888888.20"
BROKEN_THOUSANDS = b'"210,000.00"\n"410,000.20"\n"410,0,00.40"\n"40,0,0.406"'
LOCALE = b'a,b,c\n"3,9","410.000.000",\n'
COMMAS = b"foo\n23,5\n267,00\n7.25"
DIGITS = b"a\n20150304\n20111130\n"
LETTERS = "ö\no\u0308".encode()
PADDED = b"foo,bar,baz\n6, padded cell,8"
IN_LATIN1 = "Größe,Datum\nfünf,1\nder Rücken,-250.00\n".encode("latin-1")

# Every trap, and how it may be read: what it then holds, or why it is refused.
TRAPS: dict[str, tuple[bytes, list[Holds | Refused]]] = {
    "comma in quotes": (
        b'name,street,town\nAnn,"4 Mill Lane, Flat 2",York',
        [Holds([("Ann", "4 Mill Lane, Flat 2", "York")])],
    ),
    "escaped quotes": (
        b'a,b\n5,"he ""said"" so"\n6,7\n', [Holds([("5", 'he "said" so'), ("6", "7")])]
    ),
    "line break in quotes": (
        b'a,b,c\n4,5,6\n"Two \nlines",8,9\n0,1,2\n',
        [Holds([("4", "5", "6"), ("Two \nlines", "8", "9"), ("0", "1", "2")])],
    ),
    "CRLF in quotes": (
        b'a,b,c\r\n4,5,6\r\n"Two \r\nlines",8,9\r\n',
        [Holds([("4", "5", "6"), ("Two \r\nlines", "8", "9")])],
    ),
    "quotes and line breaks": (
        b'a,b\n5,"oh \n""no"" \nno"\n6,7\n', [Holds([("5", 'oh \n"no" \nno'), ("6", "7")])]
    ),
    "JSON in a cell": (
        b'id,what\n5,"{""kind"": ""Line"", ""ends"": [1.5, 2]}"\n',
        [Holds([("5", '{"kind": "Line", "ends": [1.5, 2]}')])],
    ),
    "letters of two bytes": (
        "a,b,c\n5,6,7\n8,9,ɮ".encode(), [Holds([("5", "6", "7"), ("8", "9", "ɮ")])]
    ),
    "quoted nothing": (b'a,b,c\n5,"",""\n6,7,8', [Holds([("5", "", ""), ("6", "7", "8")])]),
    "quote never closed": (
        b'foo,bar,baz\n6,"Nobody closes me,8',
        [Holds(rejected=malformed((1, '6,"Nobody closes me,8')))],
    ),
    "quotes inside a plain cell": (
        b'foo,bar,baz\n6,A "plain" cell,8', [Holds([("6", 'A "plain" cell', "8")])]
    ),
    "quote inside a quoted cell": (
        b'foo,bar,baz\n6,"One " too many",8',
        [Holds(rejected=malformed((1, '6,"One " too many",8')))],
    ),
    "a cell too few": (b"foo,bar,baz\n6,7", [Holds(rejected=malformed((1, "6,7")))]),
    "a cell too many": (b"foo,bar,baz\n6,7,8,9", [Holds(rejected=malformed((1, "6,7,8,9")))]),
    "nothing at all": (b"", [Refused("no header"), Refused("empty", names=NAMES)]),
    "another header": (
        b"one,two,three",
        [Refused("columns are missing from the header: foo, bar, baz", names=NAMES)],
    ),
    "a header alone": (b"foo,bar,baz", [Holds()]),
    "blanks before a cell": (PADDED, [Holds([("6", "padded cell", "8")])]),
    "too long, too short, sound": (
        b'one,two,three\n4,35,,"Over the edge!"\n,"Not enough!"\n9,well.... there,21\n',
        [
            Holds(
                [("9", "well.... there", "21")],
                malformed((1, '4,35,,"Over the edge!"'), (2, ',"Not enough!"')),
            )
        ],
    ),
    "words for nothing": (
        b"a,b,c,d,e,f\n,n/a,NaN,None,null,-\n",
        [Holds([("", "n/a", "NaN", "None", "null", "-")])],
    ),
    # The NUL is padding like a blank.
    "NUL alone in a cell": (b"a,b,c\n\x00,6,7\n", [Holds([("", "6", "7")])]),
    "NULs around a cell": (
        b"first\n\x00second\x00\n",
        [Holds([("second",)]), Holds([("first",), ("second",)], header=b"a\n")],
    ),
    "lines ended by CR": (
        b'a,b,c\r5,6,7\r"Two\rlines",9,0\r', [Holds([("5", "6", "7"), ("Two\rlines", "9", "0")])]
    ),
    "UTF-8 with a byte order mark": (
        "\ufefffoo,bar,baz\n5,6,7\n8,9,ɮ\n".encode(), [Holds([("5", "6", "7"), ("8", "9", "ɮ")])]
    ),
    "UTF-16, little end first": (
        b"\xff\xfe" + "a,b,c\n5,6,7\n8,9,ɮ".encode("utf-16-le"),
        [
            Refused("looks like UTF-16; set dataset.csv.encoding=utf-16"),
            Holds([("5", "6", "7"), ("8", "9", "ɮ")], csv=in_encoding("utf-16")),
        ],
    ),
    "UTF-16, big end first": (
        b"\xfe\xff" + "a,b,c\n5,6,7\n8,9,ɮ".encode("utf-16-be"),
        [
            Refused("looks like UTF-16; set dataset.csv.encoding=utf-16"),
            Holds([("5", "6", "7"), ("8", "9", "ɮ")], csv=in_encoding("utf-16")),
        ],
    ),
    "UTF-16 with CRLF": (
        b"\xff\xfe" + ("who,age\r\n" + table_of(WESTERN)).encode("utf-16-le"),
        [
            Refused("set dataset.csv.encoding=utf-16"),
            Holds(WESTERN, csv=in_encoding("utf-16")),
        ],
    ),
    "Latin-1 in a row": (
        b"a,b,c\n5,6,7\n8,9,\xae",
        [
            Holds([("5", "6", "7")], malformed((2, r"8,9,\xae"))),
            Holds([("5", "6", "7"), ("8", "9", "®")], csv=in_encoding("latin-1")),
        ],
    ),
    "Latin-1 from the header on": (
        ("ÿÿÿ,ÿ\r\n" + table_of(LATIN)).encode("latin-1"),
        [
            Refused("the header is not UTF-8 (byte 0)"),
            Holds(LATIN, csv=in_encoding("latin-1")),
        ],
    ),
    # The second byte of some letters is a backslash or another one of ASCII.
    "Shift-JIS": (
        ("都市,番号\r\n" + table_of(JAPANESE)).encode("shift_jis"),
        [
            Refused("the header is not UTF-8 (byte 0)"),
            Holds(JAPANESE, csv=in_encoding("shift_jis")),
        ],
    ),
    "invalid bytes in the header": (
        b'sound,"broken_\xff\xfe_cell",sound\nsound,"sound",sound\n',
        [Refused("the header is not UTF-8 (byte 14); name its encoding")],
    ),
    "Latin-1 in the header": (IN_LATIN1, [Refused("the header is not UTF-8 (byte 2)")]),
    "invalid bytes in one of many rows": (
        b"so,so,so\n" * 10 + b"so,broken_\xff\xff_cell,so\n" + b"so,so,so\n" * 10,
        [
            Holds(
                [("so",) * 3] * 20,
                malformed((11, r"so,broken_\xff\xff_cell,so")),
                header=b"a,b,c\n",
            )
        ],
    ),
    "invalid bytes and a cell too many": (
        b"who,n,day, sound\nred fox,5, 2021-05-06, 7\nred\xff\xff fox,5, 2021-05-06, 7, 9",
        [
            Holds(
                [("red fox", "5", "2021-05-06", "7")],
                malformed((2, r"red\xff\xff fox,5, 2021-05-06, 7, 9")),
            )
        ],
    ),
    "a header over several lines": (
        b'"\t\n\x0b\x0c\r from \t\n\x0b\x0c\r to \t\n\x0b\x0c\r",b,c\nx,y,z\n',
        [Holds([("x", "y", "z")])],
    ),
    "columns without a name": (
        b"a,b,c,,\nx,,,,\n,,y,\n,,,,\n", [Refused("2 columns of the header have no name")]
    ),
    "a title above the header": (
        b'"All about it",,\n"Foo","Bsr","Baz"\n"Tick","Tack","Tock"\n',
        [
            Refused("(columns 2, 3); name them, and remove any lines above the header"),
            Refused("its header is line 2", names=["Foo", "Bsr", "Baz"]),
        ],
    ),
    "empty lines above the header": (b"\n\n\na,b,c\n5,6,7\n", [Holds([("5", "6", "7")])]),
    "many empty lines": (
        b"\n" * 30 + b"7" + b"\n" * 30, [Holds(), Holds([("7",)], header=b"a\n")]
    ),
    "two ways to end a line, quoted": (
        b'"One","Two","Six"\r\n"Tick","Tack","Tock"\n"Hen","Kettle","Cat"',
        [
            Holds([("Tick", "Tack", "Tock"), ("Hen", "Kettle", "Cat")]),
            Holds(
                [("One", "Two", "Six"), ("Tick", "Tack", "Tock"), ("Hen", "Kettle", "Cat")],
                header=b"a,b,c\r\n",
            ),
        ],
    ),
    "two ways to end a line": (
        b"4,5,6\n7,8,9\r\n1,2,3\n",
        [Holds([("4", "5", "6"), ("7", "8", "9"), ("1", "2", "3")], header=b"a,b,c\n")],
    ),
    "CR CR LF": (
        b"red\r\r\ngreen\r\r\nblue", [Holds([("red",), ("green",), ("blue",)], header=b"a\r\r\n")]
    ),
    "everything quoted, CRLF": (
        b'"Foo","Bar","Baz"\r\n"4","5","6"\r\n"6","5","4"\r\n',
        [Holds([("4", "5", "6"), ("6", "5", "4")])],
    ),
    "a quote never closed, and lines after it": (
        b'"good\n\n night\n',
        [
            Refused("no header"),
            Holds([("night",)], malformed((1, '"good')), header=b"a\n"),
        ],
    ),
    "a letter composed and not": (LETTERS, [Holds([("ö",), ("o\u0308",)], header=b"a\n")]),
    "rows too short, far apart": (
        rows_of_four(2772, FEW),
        [
            Holds(
                [("5", "6", "7", "8")] * 2768, malformed(*((n, t.decode()) for n, t in FEW.items()))
            )
        ],
    ),
    "rows too long, far apart": (
        rows_of_four(2772, MANY),
        [
            Holds(
                [("5", "6", "7", "8")] * 2768,
                malformed(*((n, t.decode()) for n, t in MANY.items())),
            )
        ],
    ),
    "rows too long and too short": (
        b"a,b,c,d\n5,6,7,8\n5,6,7,8,9\n5,6,7\n5,6,7,8",
        [Holds([("5", "6", "7", "8")] * 2, malformed((2, "5,6,7,8,9"), (3, "5,6,7")))],
    ),
    "a row too short between sound ones": (
        b"a,b,c\n5,6,7\n8,9\n1,2,3\n",
        [Holds([("5", "6", "7"), ("1", "2", "3")], malformed((2, "8,9")))],
    ),
    "letters after a closing quote": (
        b'a,b\n"red",5\n"red",6\n"reddish"red,7\n"red",8\n',
        [Holds([("red", n) for n in "568"], malformed((3, '"reddish"red,7')))],
    ),
    "a line break, then letters after a closing quote": (
        b'a,b\n"red",5\n"red",6\n"reddish\n"red,7\n"red",8\n',
        [Holds([("red", n) for n in "568"], malformed((3, '"reddish'), (4, '"red,7')))],
    ),
    "quotes unescaped in every row": (
        b'5;"anna "ann" lee"\n6;"anna "ann" l;ee"\n7;"anna "ann" lee"',
        [
            Refused("no header", SEMICOLONS),
            Holds(
                rejected=malformed(
                    (1, '5;"anna "ann" lee"'),
                    (2, '6;"anna "ann" l;ee"'),
                    (3, '7;"anna "ann" lee"'),
                ),
                csv=SEMICOLONS,
                header=b"a;b\n",
            ),
        ],
    ),
    "thousands, and no quotes": (
        b"210,000.00\n" + THOUSANDS,
        [
            Holds(
                [("410,000.20",), ("410,000,000.40",), ("60",), ("8888888888.20",)], csv=SEMICOLONS
            ),
            Holds(
                [("410", "000.20")],
                malformed((2, "410,000,000.40"), (3, "60"), (4, "8888888888.20")),
            ),
        ],
    ),
    "thousands in odd places": (
        BROKEN_THOUSANDS, [Holds([("410,000.20",), ("410,0,00.40",), ("40,0,0.406",)])]
    ),
    "decimal commas and points": (
        COMMAS,
        [
            Holds([("7.25",)], malformed((1, "23,5"), (2, "267,00"))),
            Holds([("23,5",), ("267,00",), ("7.25",)], csv=SEMICOLONS),
        ],
    ),
    "numbers of another country": (LOCALE, [Holds([("3,9", "410.000.000", "")])]),
    "leading zeros": (b"a,b,c\n07,00.15,0.3\n", [Holds([("07", "00.15", "0.3")])]),
    "digits that are a day": (DIGITS, [Holds([("20150304",), ("20111130",)])]),
    "a number that could be a day": (b"a\n6.7\n", [Holds([("6.7",)])]),
    "days of letters": (
        b"NUMBER,FILED\n2-3-4C,30-SEP-2021\n2-3-4D,30-SEP-2021",
        [Holds([("2-3-4C", "30-SEP-2021"), ("2-3-4D", "30-SEP-2021")])],
    ),
    "nulls in the middle": (
        b"a;b;c\n5;6;7\n;;;;;x\n5;6;7",
        [Holds([("5", "6", "7")] * 2, malformed((2, ";;;;;x")), csv=SEMICOLONS)],
    ),
    "comments": (
        b"# A whole line of it (-:\n5;6#7;8\n9;0",
        [
            Holds(
                [("5", "6#7", "8")],
                malformed((1, "# A whole line of it (-:"), (3, "9;0")),
                csv=SEMICOLONS,
                header=b"a;b;c\n",
            )
        ],
    ),
    "apostrophes in the header": (
        b"Who,Aren''t\nCarl,321\nDora,654\n", [Holds([("Carl", "321"), ("Dora", "654")])]
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("data", "case"),
    [
        pytest.param(data, case, id=f"{name}: {type(case).__name__}")
        for name, (data, cases) in TRAPS.items()
        for case in cases
    ],
)
@pytest.mark.slow
def test_the_sound_outcome(data: bytes, case: Holds | Refused, tmp_path: Path) -> None:
    case.check(data, tmp_path / "feed.csv")


def test_a_blank_in_the_name_of_a_file(tmp_path: Path) -> None:
    Holds([("5", "6")]).check(b"a,b\r\n5,6\r\n", tmp_path / "white space in it.csv")


def test_blanks_around_a_cell_are_kept_by_the_reader(tmp_path: Path) -> None:
    path = written(tmp_path, PADDED)
    contract = text_only(NAMES, CsvFormat())
    [block] = plan_blocks(find_sources([str(path)]), contract, 1 << 20)
    table = parse_block(block, grammar_of(contract), Selection()).table
    assert table.to_pylist() == [{"foo": "6", "bar": " padded cell", "baz": "8"}]


def test_invalid_bytes_of_a_named_encoding_are_letters(tmp_path: Path) -> None:
    cleaned = clean_as(written(tmp_path, IN_LATIN1), {}, CsvFormat(encoding="latin-1"))
    assert cleaned.rejected.num_rows == 0
    assert cleaned.clean.to_pylist() == [
        {"Größe": "fünf", "Datum": "1"},
        {"Größe": "der Rücken", "Datum": "-250.00"},
    ]


def written(folder: Path, data: bytes) -> Path:
    path = folder / "feed.csv"
    path.write_bytes(data)
    return path


def clean_as(
    path: Path, columns: dict[str, AnyColumn], csv_format: CsvFormat | None = None
) -> Cleaned:
    """The file, some of its columns of another kind than text."""
    contract = draft(path, csv_format or CsvFormat())
    contract = replace(contract, columns={**contract.columns, **columns}, reasons=("bad",))
    lookups = {n: Lookup.of_names(["ö"]) for n, c in columns.items() if isinstance(c, Category)}
    return clean_files(Rules(contract, lookups, AS_OF), [str(path)], 1 << 20)


NUMBER = Number(kind="number", reason="bad")
# (trap, column, format, what the column holds when it is read as numbers, how many are none)
NUMBERS = [
    (LOCALE, "a", CsvFormat(), [], 1),
    (LOCALE, "b", CsvFormat(), [], 1),
    (b"a\n6.7\n", "a", CsvFormat(), [6.7], 0),
    (b"n\n210,000.00\n" + THOUSANDS, "n", SEMICOLONS, [60.0, 8888888888.2], 3),
    (b"n\n" + BROKEN_THOUSANDS, "n", SEMICOLONS, [], 4),
    (COMMAS, "foo", SEMICOLONS, [7.25], 2),
]


@pytest.mark.parametrize(("data", "column", "csv_format", "values", "n_bad"), NUMBERS)
def test_what_is_no_number_without_being_told_so(
    data: bytes,
    column: str,
    csv_format: CsvFormat,
    values: list[float],
    n_bad: int,
    tmp_path: Path,
) -> None:
    cleaned = clean_as(written(tmp_path, data), {column: NUMBER}, csv_format)
    assert cleaned.clean.column(column).to_pylist() == values
    assert cleaned.reasons == ["bad"] * n_bad


def test_digits_are_a_day_only_when_told_so(tmp_path: Path) -> None:
    column = Date(kind="date", formats=("%Y-%m-%d",), reason="bad")
    assert clean_as(written(tmp_path, DIGITS), {"a": column}).reasons == ["bad", "bad"]


def test_one_lookup_value_matches_a_letter_composed_and_not(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\n" + LETTERS)
    column = Category(kind="category", values="letters.json", reason="bad")
    assert clean_as(path, {"a": column}).clean.column("a").to_pylist() == ["ö", "ö"]
