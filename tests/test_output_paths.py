"""What lies where an output is to go, and is no file, is neither replaced nor waited for."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import ask
from tests.feeds import GOOD_ROW, write_feed
from tests.generate.conftest import make_spec
from toolkit.errors import OutputError
from toolkit.generate.write import stage_feed
from toolkit.storage.atomic import publishing_files
from toolkit.storage.versions import new_version


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    path.symlink_to("elsewhere")


def listener(path: Path) -> None:
    # Its name may be no longer than some 100 bytes.
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


SPECIAL = {
    "a pipe": pipe,
    "a symbolic link to elsewhere": link,
    "a socket": listener,
}


def made(path: Path, what: str) -> int:
    """The kind of file, as the system numbers it."""
    SPECIAL[what](path)
    return stat.S_IFMT(os.lstat(path).st_mode)


@pytest.mark.parametrize("what", SPECIAL)
@pytest.mark.parametrize("name", ["feed.csv", "feed_ledger.parquet"])
def test_a_feed_and_its_ledger_replace_files_only(name: str, what: str, tmp_path: Path) -> None:
    before = made(tmp_path / name, what)
    with (
        pytest.raises(OutputError, match=f"{name}: {what} is there"),
        stage_feed(make_spec(rows=5), tmp_path / "feed.csv", tmp_path / "feed_ledger.parquet"),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert stat.S_IFMT(os.lstat(tmp_path / name).st_mode) == before


@pytest.mark.parametrize("what", SPECIAL)
def test_files_that_are_published_together_replace_files_only(what: str, tmp_path: Path) -> None:
    before = made(tmp_path / "b.json", what)
    (tmp_path / "a.json").write_text("old")

    def publish() -> None:
        with publishing_files(tmp_path) as staged:
            for name in ("a.json", "b.json"):
                (staged / name).write_text("new")

    with pytest.raises(OutputError, match=f"b.json: {what} is there"):
        publish()
    assert (tmp_path / "a.json").read_text() == "old"
    assert stat.S_IFMT(os.lstat(tmp_path / "b.json").st_mode) == before


@pytest.mark.parametrize("what", ["a pipe", "a socket"])
def test_a_version_replaces_files_only(what: str, tmp_path: Path) -> None:
    before = made(tmp_path / "a.parquet", what)
    (tmp_path / "_manifest.json").write_text("{}")
    with new_version(tmp_path, "run") as version, pytest.raises(OutputError, match=what):
        version.stage(tmp_path / "a.parquet", "d")
    assert stat.S_IFMT(os.lstat(tmp_path / "a.parquet").st_mode) == before


@pytest.mark.parametrize(
    ("words", "make"),
    [
        (["generate-data", "rows=5"], pipe),
        (["build-category-lookup", "feed.csv"], link),
        (["review-lookups", "feed.csv"], pipe),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_commands_say_so_in_one_line(
    words: list[str], make: Callable[[Path], None], tmp_path: Path
) -> None:
    (tmp_path / "feed.csv").write_bytes(write_feed([GOOD_ROW]))
    make(tmp_path / "out.json")
    answer = ask(*words, "output=out.json", cwd=tmp_path)
    assert answer.code == 2
    [line] = answer.errors
    assert "is there and was left unchanged; name a file" in line
    assert not (tmp_path / "out.json").is_file()
