"""Text from data neither acts in a terminal nor in a spreadsheet, and commands can be pasted."""

from __future__ import annotations

import csv
import io
import shlex
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from rich.table import Table
from rich.text import Text

from tests.commands import fork, run_script, script_line
from toolkit.lookups.review import ReviewEntry, write_review
from toolkit.pages.console import SafeConsole
from toolkit.pages.streams import Heard
from toolkit.pages.visible import cell_for_people, seen
from toolkit.settings.commands import typed

HOSTILE = "a\x1b[2Jb\x07c\u202ed\x0b\x0c\x85\u2028e\r\udcff"
SHOWN = r"a\x1b[2Jb\x07c\u202ed\x0b\x0c\x85\u2028e\r\udcff"


def test_what_acts_or_is_unseen_is_shown() -> None:
    assert seen(HOSTILE) == SHOWN
    assert seen("São Paulo 日本\t1\n") == "São Paulo 日本\t1\n"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_tables_show_it(is_terminal: bool) -> None:
    out = io.StringIO()
    table = Table("of", "is")
    table.add_row(HOSTILE, "b")
    colours = "standard" if is_terminal else None
    console = SafeConsole(out, width=120, force_terminal=is_terminal, color_system=colours)
    console.print(table)
    console.print(Text(HOSTILE))
    assert out.getvalue().count(r"a\x1b[2Jb") == 2
    assert "\x1b[2J" not in out.getvalue()
    assert ("\x1b[1m" in out.getvalue()) is is_terminal


def test_a_stream_shows_it_but_what_is_drawn_stays() -> None:
    out = io.StringIO()
    heard = Heard(out)
    print(f"error: {HOSTILE} at tls://me:secret@host", file=heard)
    assert out.getvalue() == f"error: {SHOWN} at tls://***@host\n"
    heard.as_it_is.write("\x1b[1m")
    assert out.getvalue().endswith("\x1b[1m")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("clean-data", ["a\x1b[2Jb\u202e.csv"]),
        ("clean-data", ["a.csv", "cluster=a\x1b[2J"]),
        ("profile-data", ["hostile.csv"]),
        ("clean-data", ["hostile.csv"]),
        ("new-dataset", ["hostile.csv", "name=a\x1b[2J"]),
    ],
)
def test_commands_show_it(command: str, words: list[str], tmp_path: Path) -> None:
    Path(tmp_path / "hostile.csv").write_text(
        "na\x1b[2Jme,b\u202e\n" + "x,y\n" * 30 + "a\x1b[2Jb\u2028,z\x85\n", encoding="utf-8"
    )
    done = fork(command, *words, cwd=tmp_path)
    told = done.stdout + done.stderr
    assert [c for c in told if not c.isprintable() and c not in "\n\t"] == []
    assert r"\x1b[2J" in told


@pytest.mark.slow
def test_what_an_encoding_lacks_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    (tmp_path / "feed.csv").write_text("id,town\n1,Köln\n2,Köln\n3,Bonn\n", encoding="utf-8")
    done = run_script("profile-data", "feed.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert r"K\xf6ln" in done.stdout


@pytest.mark.parametrize(
    "value",
    [
        "=1+1",
        "+Cmd|' /C Calc'!A0",
        "-2+3",
        "@Sum(1+1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1",
        "-",
        "\t5",
    ],
)
def test_a_formula_is_text_in_a_spreadsheet(value: str) -> None:
    assert cell_for_people(value) == f"'{value}"


@pytest.mark.parametrize("value", ["-5.20", "+3", "-1e3", "a=1", "", None, 5, -5.2, "'=1"])
def test_other_cells_stay(value: object) -> None:
    assert cell_for_people(value) is value


def test_a_review_has_no_formula(tmp_path: Path) -> None:
    entry = ReviewEntry(
        "region_map.json", "region", "=1+1", "unknown", 3, 1.5, "@Sum(1)", "+x", 0.5, None, 0.0
    )
    write_review([entry], tmp_path / "review.csv")
    with (tmp_path / "review.csv").open(encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)
    assert row["value"] == "'=1+1"
    assert row["stands_for"] == "'@Sum(1)"


def test_a_download_has_no_formula() -> None:
    parts = pytest.importorskip("toolkit.dashboard.widgets")
    frame = pd.DataFrame({"=a": ["=1", "b", None], "n": [-1, 2, 3]})
    text = parts.frame_for_people(frame).to_csv(index=False)
    assert text.splitlines() == ["'=a,n", "'=1,-1", "b,2", ",3"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["My Sale Report.csv", "a;rm -rf x.csv", 'x"><img>.csv', "a=b.csv", "it's $(id),[1].csv"],
)
def test_a_command_can_be_pasted(name: str, tmp_path: Path) -> None:
    """Through a shell first, and then through Hydra."""
    (tmp_path / name).write_text("day,amount\n" + "2024-01-01,1.5\n" * 30)
    program = shlex.join(script_line("profile-data"))
    words = f"{program} {typed('input', name)} {typed('data_dir', 'out of it')}"
    done = subprocess.run(
        ["sh", "-c", words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "out of it"])
