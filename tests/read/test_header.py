"""Headers: found behind a BOM and blank lines, and held against the contract."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contracts import text_only
from tests.feeds import HEADER
from tests.oracle import COLUMNS
from toolkit.contract import Contract, CsvFormat
from toolkit.errors import InputError
from toolkit.read.header import read_header, read_names

LINE = HEADER.rstrip(b"\n")


def header_of(data: bytes, contract: Contract, folder: Path) -> tuple[tuple[str, ...], bytes]:
    """The names, and what is left for the records."""
    path = folder / "feed.csv"
    path.write_bytes(data)
    header = read_header(path, "feed.csv", contract)
    return header.names, data[header.data_start :]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["", "BOM"])
@pytest.mark.parametrize("blank", [b"", b"\n", b"\r\n\n\r"], ids=["", "1", "3"])
def test_found_whatever_stands_before_it(
    end: bytes, bom: bytes, blank: bytes, contract: Contract, tmp_path: Path
) -> None:
    names, rest = header_of(bom + blank + LINE + end + b"1,2" + end, contract, tmp_path)
    assert names == tuple(COLUMNS)
    assert rest == b"1,2" + end


@pytest.mark.parametrize("data", [LINE, HEADER, LINE + b"\r\n"])
def test_header_alone_leaves_no_records(data: bytes, contract: Contract, tmp_path: Path) -> None:
    assert header_of(data, contract, tmp_path) == (tuple(COLUMNS), b"")


def test_names_are_normalised_and_may_be_quoted(contract: Contract, tmp_path: Path) -> None:
    line = LINE.replace(b"order_id", b'" order_id\n"').replace(b"region", b" region\t") + b",a  b\n"
    names, rest = header_of(line + b"x", contract, tmp_path)
    assert names == (*COLUMNS, "a b")
    assert rest == b"x"


def test_order_is_the_file_s_own_and_extra_columns_are_kept(
    contract: Contract, tmp_path: Path
) -> None:
    wanted = ("note", *reversed(COLUMNS), "", "größe")
    names, _ = header_of(",".join(wanted).encode(), contract, tmp_path)
    assert names == wanted


# What is wrong with the header, and what its message must hold.
REFUSED: dict[str, tuple[bytes, list[str]]] = {
    "empty": (b"", ["no header", "empty"]),
    "BOM only": (b"\xef\xbb\xbf", ["empty"]),
    "blank lines only": (b"\n\r\n", ["empty"]),
    "missing column": (LINE.replace(b"region,", b""), ["1 of", "region"]),
    "misspelt column": (LINE.replace(b"region", b"regoin"), ["region", "did you mean 'regoin'"]),
    "no header at all": (b"1,2,3,4,5,6,7,8,9,10\n", ["9 of", "order_id"]),
    "title above": (b"Sales 2026\n" + HEADER, ["line 2", "'Sales 2026'", "skip_until=header"]),
    "repeated column": (LINE + b",region\n", ["twice", "region"]),
    "repeated extra column": (LINE + b",x,x\n", ["twice", "x"]),
    "two nameless columns": (LINE + b",,\n", ["2 columns", "no name (columns 11, 12)"]),
    "two columns alike": (LINE.replace(b"region", b"Region,REGION"), ["'Region', 'REGION'"]),
    "semicolons": (LINE.replace(b",", b";"), ["';'", "csv.delimiter"]),
    "tabs": (LINE.replace(b",", b"\t"), ["\\t", "csv.delimiter"]),
    "UTF-16 little endian": (LINE.decode().encode("utf-16"), ["UTF-16", "csv.encoding=utf-16,"]),
    "UTF-16 big endian": (b"\xfe\xff" + LINE.decode().encode("utf-16-be"), ["UTF-16"]),
    "UTF-16 without BOM": (LINE.decode().encode("utf-16-le"), ["encoding=utf-16-le"]),
    "UTF-16 big endian without BOM": (LINE.decode().encode("utf-16-be"), ["encoding=utf-16-be"]),
    "UTF-32": (LINE.decode().encode("utf-32"), ["UTF-32", "dataset.csv.encoding=utf-32"]),
    "latin-1": (LINE + ",größe\n".encode("latin-1"), [f"byte {len(LINE) + 3}", "=cp1252"]),
    "never closed": (b'"' + HEADER, ["no header", "order_id"]),
    "text after a closing quote": (b'"order_id"x,' + HEADER, ["no header", "order_id"]),
}  # fmt: skip


@pytest.mark.parametrize(("data", "told"), REFUSED.values(), ids=list(REFUSED))
def test_refused_with_one_line(
    data: bytes, told: list[str], contract: Contract, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        header_of(data, contract, tmp_path)
    message = str(caught.value)
    assert message.startswith("feed.csv: ")
    assert "\n" not in message
    assert [part for part in told if part not in message] == []


def test_endless_first_line_is_refused_in_a_short_message(
    contract: Contract, tmp_path: Path
) -> None:
    for line in (b"x," * (1 << 20), b"x" * 200_000, b'"' + b"x\n" * 100_000 + b'"'):
        with pytest.raises(InputError, match="first line") as caught:
            header_of(line, contract, tmp_path)
        assert len(str(caught.value)) < 300


def test_columns_that_rejected_rows_gain_are_refused(contract: Contract, tmp_path: Path) -> None:
    """Rejected rows, mended by hand and fed in again as they are."""
    line = LINE + b",rejection_reason,source_file,note,source_row,raw_line\n"
    with pytest.raises(InputError, match="rejection_reason, source_file, source_row, raw_line"):
        header_of(line, contract, tmp_path)


# How a header may write order_id, and what rows that repeat the header then hold.
ALIKE = [
    "Order ID",
    "ORDER-ID",
    "order id",
    " Order_Id\t",
    "_order__id",
    '"Order\r\n\x0bID"',
    "order\x00id",
]


@pytest.mark.parametrize("written", ALIKE)
def test_names_that_differ_in_case_and_between_words_are_matched(
    written: str, contract: Contract, tmp_path: Path
) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(LINE.replace(b"order_id", written.encode()) + b",Note  No\n")
    header = read_header(path, "feed.csv", contract)
    assert header.names == (*COLUMNS, "Note No")
    assert header.written == {"order_id": written.strip('"'), "Note No": "Note  No"}


def test_a_letter_is_the_same_composed_or_not(tmp_path: Path) -> None:
    contract = text_only(["Größe", "menge"], CsvFormat())
    names, _ = header_of("gro\u0308sse,MENGE\n".encode(), contract, tmp_path)
    assert names == ("Größe", "menge")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("a b,A_B", ("a b", "A_B")),
        ("A_B,a b", ("A_B", "a b")),
        # One is taken by its very name, so only one is left for the other.
        ("a b,A-B", ("a b", "A_B")),
        ("-,a b,A_B", ("-", "a b", "A_B")),
    ],
)
def test_a_name_as_it_stands_comes_first(line: str, names: tuple[str, ...], tmp_path: Path) -> None:
    contract = text_only(["a b", "A_B"], CsvFormat())
    assert header_of(line.encode(), contract, tmp_path)[0] == names


@pytest.mark.parametrize(
    ("wanted", "line", "told"),
    [
        (["a"], "A,b,a ", None),
        (["a"], "A, A", "twice: 'A'"),
        (["a b"], "A B,A_B", "2 columns of the header could be a b: 'A B', 'A_B'"),
        (["a b", "a_b"], "A B", "2 of the contract's columns are missing"),
        (["a b", "a_b"], "A B,A-B", "could be a b, a_b"),
        (["-"], "_", "1 of the contract's columns is missing"),
    ],
)
def test_what_could_be_two_columns_is_not_guessed(
    wanted: list[str], line: str, told: str | None, tmp_path: Path
) -> None:
    contract = text_only(wanted, CsvFormat())
    if told is None:
        assert header_of(line.encode(), contract, tmp_path)[0] == ("A", "b", "a")
        return
    with pytest.raises(InputError, match=re.escape(told)):
        header_of(line.encode(), contract, tmp_path)


def test_names_of_a_file_without_a_contract(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(b"\xef\xbb\xbf\na ;'b;c';\n1;2;3\n")
    assert read_names(path, "feed.csv", CsvFormat(delimiter=";", quote="'")) == ("a", "b;c", "")


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"a,a\n", "twice: 'a'"), (b"a,,\n", "(columns 2, 3)"), (b"source_row\n", "source_row")],
)
def test_names_are_refused_without_a_contract_too(data: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=re.escape(told)):
        read_names(path, "feed.csv", CsvFormat())


def test_another_delimiter_and_quote(contract: Contract, tmp_path: Path) -> None:
    dialect = replace(contract, csv=CsvFormat(delimiter=";", quote="'"))
    line = LINE.replace(b",", b";").replace(b"region", b"'region'")
    names, _ = header_of(line + b";'a;b'\n", dialect, tmp_path)
    assert names == (*COLUMNS, "a;b")
