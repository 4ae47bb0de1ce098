"""Files in other encodings than UTF-8: the same records, and nothing undecodable passed off."""

from __future__ import annotations

import bz2
import codecs
import gzip
from collections.abc import Callable
from encodings.aliases import aliases
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conftest import AS_OF
from tests.contracts import text_only
from tests.feeds import Cleaned, clean_files
from toolkit.clean.evaluate import Rules
from toolkit.contract import CsvFormat
from toolkit.contract.check import contract_problems
from toolkit.errors import InputError
from toolkit.read import unpack as spooling
from toolkit.read.sources import find_sources
from toolkit.read.transcode import show_bytes, transcode
from toolkit.read.unpack import spool

LETTERS = "éßÑ€œřŁжЯωאبกあ漢字한글😀"


def can_be_named(encoding: str) -> bool:
    return not contract_problems(text_only(["a"], CsvFormat(encoding=encoding)))


# Every codec that a contract may name, but for UTF-8, which is read as it is.
CODECS = sorted(
    name
    for name in {*aliases.values(), "unicode_escape", "raw_unicode_escape"} - {"utf_8", "mbcs"}
    if can_be_named(name)
)


def is_encodable(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def spooled(path: Path, encoding: str) -> bytes:
    [source] = find_sources([str(path)])
    return spool(source, path.parent, encoding).path.read_bytes()


def clean(path: Path, encoding: str, names: list[str], block_bytes: int = 1 << 20) -> Cleaned:
    rules = Rules(text_only(names, CsvFormat(encoding=encoding)), {}, AS_OF)
    return clean_files(rules, [str(path)], block_bytes)


def test_there_are_many_codecs() -> None:
    assert len(CODECS) > 90
    assert {"cp1252", "latin_1", "utf_16", "cp437", "shift_jis", "gb18030", "utf_7"} <= {*CODECS}


@pytest.mark.parametrize("encoding", CODECS)
def test_text_comes_out_as_it_went_in(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooling, "_CHUNK_BYTES", 7)
    letters = "".join(letter for letter in LETTERS if is_encodable(letter, encoding))
    text = f'id,name\r\n1,"{letters}, and\r\nmore"\n2,{letters[::-1]} ~\\\r3,x\n' * 3
    if encoding.endswith("escape"):
        # A letter of these that stands for itself in none, or another one, of them.
        text = text.replace("\\", "/").replace("~", "-")
    path = tmp_path / "feed.csv"
    path.write_bytes(text.encode(encoding))
    assert spooled(path, encoding).decode() == text


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
}
TEXT = "größe,naïve\nä,1\nö,2\n"
# With and without a mark at the start, which is never part of the first name.
WRITTEN: dict[str, tuple[str, bytes]] = {
    "cp1252": ("cp1252", TEXT.encode("cp1252")),
    "a DOS code page": ("cp437", TEXT.encode("cp437")),
    "UTF-8 with a mark": ("utf-8-sig", TEXT.encode("utf-8-sig")),
    "UTF-8 with a mark, called UTF-8": ("UTF8", TEXT.encode("utf-8-sig")),
    "UTF-16 little endian, marked": ("utf-16", codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")),
    "UTF-16 big endian, marked": ("utf-16", codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")),
    "UTF-16 without a mark": ("utf-16", TEXT.encode("utf-16-le")),
    "UTF-16-LE with a mark": ("utf-16-le", codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")),
    "UTF-16-BE with a mark": ("utf-16-be", codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")),
    "UTF-16-BE without a mark": ("UTF-16BE", TEXT.encode("utf-16-be")),
    "UTF-32 little endian, marked": ("utf-32", codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le")),
    "UTF-32 big endian, marked": ("utf-32", codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be")),
    "UTF-32 without a mark": ("utf_32", TEXT.encode("utf-32-le")),
    "UTF-32-BE": ("utf-32-be", TEXT.encode("utf-32-be")),
}


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize(("encoding", "data"), WRITTEN.values(), ids=list(WRITTEN))
def test_the_same_rows_from_every_encoding(
    encoding: str, data: bytes, packing: str, tmp_path: Path
) -> None:
    path = tmp_path / f"feed.csv{packing}"
    path.write_bytes(PACKERS[packing](data))
    for block_bytes in (1, 1 << 20):
        cleaned = clean(path, encoding, ["größe", "naïve"], block_bytes)
        assert cleaned.clean.to_pydict() == {"größe": ["ä", "ö"], "naïve": ["1", "2"]}
        assert cleaned.rejected.num_rows == 0


# (encoding, what follows the header "a,b", the clean values of b, the raw lines of the others)
UNDECODABLE: dict[str, tuple[str, bytes, list[str], list[str]]] = {
    "no letter of a code page": ("cp1252", b"1,\x81\n2,y\n", ["y"], [r"1,\x81"]),
    "UTF-8 in ASCII": ("ascii", b"1,\xc3\xbc\n2,y\n", ["y"], [r"1,\xc3\xbc"]),
    "UTF-8 in ASCII, in pieces": ("ascii", b"1,\xc3\n\xbc,2\n3,y\n", ["y"], [r"1,\xc3", r"\xbc,2"]),
    "half a letter": ("shift_jis", b"1,\x81\n2,\x83\x41\n", ["ア"], [r"1,\x81"]),
    "half a letter before the delimiter": ("gbk", b"\x81,1\n2,\x81\x40\n", ["丂"], [r"\x81,1"]),
    "half a letter at the end": ("euc_kr", b"2,y\n1,\xb0", ["y"], [r"1,\xb0"]),
    "a letter that is none": ("big5", b"1,\xff\xfe\n2,y\n", ["y"], [r"1,\xff\xfe"]),
    "a broken escape": ("utf-7", b"1,+\n2,y\n", ["y"], [r"1,\x2b"]),
}  # fmt: skip
WIDE: dict[str, tuple[str, bytes, list[str], list[str]]] = {
    "a lone low surrogate": ("utf-16-le", b"\x00\xdc", ["y"], [r"1,\x00\xdc"]),
    "a lone high surrogate": ("utf-16-be", b"\xd8\x00", ["y"], [r"1,\xd8\x00"]),
    "a surrogate": ("utf-32-le", b"\x00\xd8\x00\x00", ["y"], [r"1,\x00\xd8\x00\x00"]),
    "out of range": ("utf-32-be", b"\x0a\x0d\x2c\x22", ["y"], [r"1,\x0a\x0d\x2c\x22"]),
}
for case, (encoding, unit, kept, told) in WIDE.items():
    before, after = ("1,", "\n2,y\n")
    wide = before.encode(encoding) + unit + after.encode(encoding)
    UNDECODABLE[f"{case}, {encoding}"] = (encoding, wide, kept, told)
UNDECODABLE["half a unit at the end"] = (
    "utf-16-le", "2,y\n1,x".encode("utf-16-le") + b"\x41", ["y"], [r"1,x\x41"],
)  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "data", "values", "lines"), UNDECODABLE.values(), ids=list(UNDECODABLE)
)
def test_undecodable_bytes_reject_their_record_and_no_other(
    encoding: str, data: bytes, values: list[str], lines: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes("a,b\n".encode(encoding) + data)
    for block_bytes in (1, 1 << 20):
        cleaned = clean(path, encoding, ["a", "b"], block_bytes)
        assert cleaned.clean.column("b").to_pylist() == values
        assert cleaned.rejected.column("raw_line").to_pylist() == lines
        assert {*cleaned.reasons} == {"malformed_row"}


def test_undecodable_headers_are_refused_by_the_name_of_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(b"a,\x81\n1,2\n")
    with pytest.raises(InputError, match=r"bytes that are not cp1252: .*x81.*dataset.csv.encoding"):
        clean(path, "cp1252", ["a", "b"])


def test_a_codec_that_gives_up_is_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(b"a,b\n1,\x1b(" + b"\xd8" * 9)
    with pytest.raises(InputError, match="not valid iso2022_jp"):
        clean(path, "iso2022_jp", ["a", "b"])


BYTES = st.lists(
    st.one_of(
        st.binary(max_size=3), st.sampled_from([b"\n", b"a", b",", b"\x81", b"\x00", b"\xd8"])
    ),
    max_size=20,
).map(b"".join)


@given(data=BYTES, encoding=st.sampled_from(CODECS), size=st.integers(1, 9))
@example(data=b"\xc3\xbc", encoding="ascii", size=1)
@example(data=b"\x00\xd8\x00\xdc", encoding="utf_16_le", size=1)
def test_what_decodes_is_that_text_and_what_does_not_is_no_utf8(
    data: bytes, encoding: str, size: int
) -> None:
    marked = data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and encoding == "utf_16"
    whole = encoding if marked or encoding not in ("utf_16", "utf_32") else f"{encoding}_le"
    pieces = [data[n : n + size] for n in range(0, len(data), size)]
    try:
        found = b"".join(transcode(pieces, encoding))
    except UnicodeError:
        # Which stateful codecs do about escape sequences that never end.
        assert encoding.startswith("iso2022")
        return
    try:
        text = data.decode(whole)
    except UnicodeDecodeError:
        with pytest.raises(UnicodeDecodeError):
            found.decode()
    else:
        assert found == text.encode("utf-8", "surrogatepass")


def test_bytes_are_shown_as_they_were() -> None:
    assert show_bytes(b"a\xff\xc3(\xed\xa0\x80") == r"a\xff\xc3(\xed\xa0\x80"
    kept = b"".join(transcode([bytes(range(128, 256))], "ascii"))
    assert show_bytes(b"a" + kept) == "a" + "".join(f"\\x{n:02x}" for n in range(128, 256))
