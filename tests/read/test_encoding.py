"""Which encoding bytes are in, wherever they were cut."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.read.encoding import Bytes, Encoding, agree, detect_encoding, look_at

GERMAN = "id,name\n" + "".join(f"{n},Müller Größe Café\n" for n in range(30))
NO_BREAKS = "id,name\n" + "".join(
    f'{n},"{name}"\n'
    for n in range(14)
    for name in (
        "Konftel 250 Conference\xa0phone\xa0- black", "Imation\xa08GB USB\xa0Drive",
        "Message Book, 3/6\u201d x 11\u201d", "Peter B\xfchler", "R\xe9sum\xe9 Paper",
    )
)  # fmt: skip
SPANISH = "id,city\n" + "".join(
    f"{n},{city}\n"
    for n in range(20)
    for city in ("M\xe1laga", "C\xe1ceres", "Yucat\xe1n", "Hern\xe1ndez", "Le\xf3n", "Bogot\xe1")
)
RUSSIAN = "id,name\n" + "".join(f"{n},Москва и область\n" for n in range(30))
JAPANESE = "id,name\n" + "".join(f"{n},東京タワーと大阪\n" for n in range(30))


def told(data: bytes, tmp_path: Path) -> Encoding:
    path = tmp_path / "feed.csv"
    path.write_bytes(data)
    return detect_encoding([look_at(path, 0, len(data))], data[:4])


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"id,name\n1,plain\n", "utf-8"),
        (GERMAN.encode(), "utf-8"),
        (GERMAN.encode("utf-8-sig"), "utf-8"),
        (GERMAN.encode("utf-16"), "utf-16"),
        (GERMAN.encode("utf-32"), "utf-32"),
        (GERMAN.encode("utf-16-le"), "utf-16-le"),
        (GERMAN.encode("utf-16-be"), "utf-16-be"),
        (GERMAN.encode("cp1252"), "cp1252"),
        (GERMAN.encode("cp850"), "cp850"),
        (NO_BREAKS.encode("cp1252"), "cp1252"),
        (SPANISH.encode("cp850"), "cp850"),
        (SPANISH.encode("cp1252"), "cp1252"),
        (RUSSIAN.encode("cp1251"), "cp1251"),
        (JAPANESE.encode("shift_jis"), "shift_jis"),
        ("id,price\n1,5 €\n2,“x”\n".encode("cp1252"), "cp1252"),
    ],
)
def test_the_encoding_is_reported(data: bytes, name: str, tmp_path: Path) -> None:
    assert told(data, tmp_path).name == name


def test_what_is_a_guess_is_a_doubt_that_shows_lines(tmp_path: Path) -> None:
    found = told(GERMAN.encode("cp1252"), tmp_path)
    [doubt] = found.doubts
    assert "0,Müller Größe Café" in doubt
    assert "Müller Größe Café" in found.samples[0]
    assert told(GERMAN.encode(), tmp_path).doubts == ()


def test_a_few_broken_bytes_in_utf8_stay_utf8_with_a_doubt(tmp_path: Path) -> None:
    found = told(GERMAN.encode() + b"31,\xff\n", tmp_path)
    assert found.name == "utf-8"
    assert found.doubts[0].startswith("1 places are not UTF-8")


_PIECES = st.sampled_from([b"a", b"\n", "é".encode(), "日".encode(), "😀".encode(), b"\xff", b"\0"])


@given(data=st.lists(_PIECES, max_size=30).map(b"".join), n_bytes=st.integers(1, 12))
def test_pieces_add_up_to_the_whole(
    data: bytes, n_bytes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("pieces") / "feed.csv"
    path.write_bytes(data)
    whole = look_at(path, 0, len(data))
    cuts = [(n, min(len(data), n + n_bytes)) for n in range(0, len(data), n_bytes)]
    parts = reduce(Bytes.__add__, [look_at(path, *cut) for cut in cuts], Bytes())
    for figure in ("n_bytes", "n_high", "n_unreadable", "zeros"):
        if figure != "n_unreadable" or b"\xff" not in data:
            assert getattr(parts, figure) == getattr(whole, figure), figure


def test_of_several_files_the_one_beyond_ascii_decides() -> None:
    plain, german = Encoding("utf-8", "ascii"), Encoding("cp1252", "guess", samples=("ü",))
    assert agree(["a", "b"], [plain, german]) == german
    greek = Encoding("cp1253", "guess", samples=("λ",))
    assert "c as cp1253" in agree(["a", "b", "c"], [plain, german, greek]).doubts[0]


def test_the_doubt_shows_both_readings(tmp_path: Path) -> None:
    [doubt] = told(NO_BREAKS.encode("cp1252"), tmp_path).doubts
    assert "Conference\xa0phone" in doubt
    assert 'as cp850 they would be: 0,"Konftel 250 Conference\xe1phone' in doubt


MIXED = "".join(f"{n},Café,Zürich {n}\n" for n in range(30)).encode() + "".join(
    f"{n},Résumé,Köln {n}\n" for n in range(30)
).encode("cp1252")


@pytest.mark.parametrize("cut", [None, 300, 700])
def test_two_encodings_in_one_file_are_never_misread(cut: int | None, tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(MIXED)
    pieces = [(0, len(MIXED))] if cut is None else [(0, cut), (cut, len(MIXED))]
    found = detect_encoding([look_at(path, *piece) for piece in pieces], MIXED[:4])
    assert found.name == "utf-8"
    [doubt] = found.doubts
    assert "two encodings are mixed" in doubt
    assert "0,Résumé,Köln 0" in doubt
    assert "iconv -f cp1252 -t utf-8" in doubt


def test_a_line_that_is_utf8_by_chance_makes_no_mixture(tmp_path: Path) -> None:
    lines = "".join(f"{n},Müller,Straße\n" for n in range(30)) + "31,SÃ©,x\n"
    assert told(lines.encode("cp1252"), tmp_path).name == "cp1252"


def test_of_several_files_one_in_utf8_decides_so_that_none_is_misread() -> None:
    german = Encoding("cp1252", "guess", samples=("ü",))
    greek = Encoding("utf-8", "sound", samples=("λ",))
    found = agree(["a", "b"], [german, greek])
    assert found.name == "utf-8"
    assert "b reads as utf-8, but a as cp1252; a contract has one encoding" in found.doubts[0]
