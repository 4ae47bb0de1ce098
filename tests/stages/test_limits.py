"""What is too large, or no file, is refused in one line before it is read."""

from __future__ import annotations

import errno
import gzip
import os
from pathlib import Path

import pyarrow as pa
import pytest

from tests.feeds import GOOD_ROW, write_feed
from tests.stages.places import Place
from toolkit.contract import LookupLimits
from toolkit.errors import InputError, LookupFileError, SuiteError, is_out_of_memory
from toolkit.lookups.text import LookupText
from toolkit.read.sources import find_sources
from toolkit.read.unpack import spool
from toolkit.settings.yaml_check import checked_yaml, config_file_problems
from toolkit.storage.datasets import find_parts
from toolkit.storage.plain_files import read_plain
from toolkit.validate.suites import load_suite

pytestmark = pytest.mark.slow


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe.parquet")
    return tmp_path / "pipe.parquet"


def test_a_pipe_is_no_dataset(pipe: Path) -> None:
    for given in (pipe, pipe.parent):
        with pytest.raises(InputError, match="is a pipe; name a file"):
            find_parts(given, InputError.not_parquet)


def test_a_pipe_is_no_lookup_no_suite_and_no_config(pipe: Path) -> None:
    with pytest.raises(LookupFileError, match=r"is a pipe; name a file$"):
        LookupText.read(pipe, "map")
    with pytest.raises(SuiteError, match=r"is a pipe; name a file$"):
        load_suite(pipe)
    with pytest.raises(OSError, match=r"is a pipe; name a file$"):
        read_plain(pipe)
    os.rename(pipe, pipe.with_suffix(".yaml"))
    [problem] = config_file_problems([pipe.parent])
    assert problem.endswith("pipe.yaml: is a pipe; name a file")


def test_a_file_that_unpacks_to_far_too_much_is_refused_while_it_is_unpacked(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(100):
            file.write(b"0" * (1 << 20))
    [source] = find_sources([str(path)])
    with pytest.raises(InputError, match="unpacks to more than 200 times its size"):
        spool(source, tmp_path, "utf-8")
    assert spool(source, tmp_path, "utf-8", 5000).path.stat().st_size == 100 << 20


def test_a_lookup_has_limits(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_text('["a", "b", "c"]')
    with pytest.raises(LookupFileError, match=r"has 3 entries, more than the limit of 2"):
        LookupText.read(path, "names", LookupLimits(max_entries=2))
    with pytest.raises(LookupFileError, match=r"limit of 10 B \(dataset\.lookup_limits\.max_bytes"):
        LookupText.read(path, "names", LookupLimits(max_bytes=10))
    assert len(LookupText.read(path, "names", LookupLimits(max_entries=3)).entries) == 3


def test_the_limit_of_lookups_and_columns_is_set_in_the_contract(place: Place) -> None:
    (place.folder / "feed.csv").write_bytes(write_feed([GOOD_ROW]))
    answer = place.ask("clean-data", "feed.csv", "dataset.lookup_limits.max_entries=2")
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert "entries, more than the limit of 2 (dataset.lookup_limits" in answer.errors[0]
    answer = place.ask("clean-data", "feed.csv", "dataset.csv.max_columns=3")
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert "columns, more than the limit of 3 (dataset.csv.max_columns)" in answer.errors[0]


@pytest.mark.parametrize("command", ["update-lookups", "review-lookups", "build-category-lookup"])
def test_the_limit_of_lookups_is_that_of_the_commands_that_write_them(
    command: str, place: Place
) -> None:
    (place.folder / "feed.csv").write_bytes(write_feed([GOOD_ROW]))
    answer = place.ask(command, "feed.csv", "dataset.lookup_limits.max_entries=2")
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert "entries, more than the limit of 2 (dataset.lookup_limits" in answer.errors[0]


@pytest.mark.parametrize("words", [["profile-data"], ["new-dataset", "name=mine"]])
def test_the_limits_of_files_are_those_of_profiles(words: list[str], place: Place) -> None:
    (place.folder / "feed.csv").write_bytes(write_feed([GOOD_ROW]))
    answer = place.ask(*words, "feed.csv", "dataset.csv.max_columns=3")
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert "columns, more than the limit of 3 (dataset.csv.max_columns)" in answer.errors[0]
    (place.folder / "bomb.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * (30 << 20)))
    answer = place.ask(*words, "bomb.csv.gz", "dataset.csv.max_unpacking=2")
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert "unpacks to more than 2 times its size" in answer.errors[0]


ALIASES = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
)


def test_aliases_that_multiply_are_refused_before_they_are_replaced(place: Place) -> None:
    folder = place.folder / "conf" / "dataset"
    folder.mkdir(parents=True)
    (folder / "many.yaml").write_text(ALIASES)
    answer = place.ask("clean-data", "feed.csv", "dataset=many")
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert "many.yaml: its aliases (*name) expand to more than the limit" in answer.errors[0]


TENFOLD = "".join(f"a{n}: " + f"${{.a{n - 1}}}" * 10 + "\n" for n in range(1, 11))
TENFOLD_LISTS = "".join(
    f"a{n}: [" + ", ".join([f"'${{..a{n - 1}}}'"] * 10) + "]\n" for n in range(1, 11)
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a0: lolololol\n" + TENFOLD, "dataset: its references (${...}) expand to more than"),
        ("a0: [1]\n" + TENFOLD_LISTS, "dataset: its references (${...}) expand to more than"),
        ("a: " + "[" * 3000 + "]" * 3000, "bomb.yaml: is nested more than 100 levels deep"),
        ("{a: " * 3000 + "1" + "}" * 3000, "bomb.yaml: is nested more than 100 levels deep"),
        ("a: [" + "1," * 900_000 + "1]", "bomb.yaml: it contains more than the limit of 100,000"),
    ],
    ids=["text", "lists", "deep list", "deep mapping", "long list"],
)
def test_configs_that_grow_without_end_are_one_line(text: str, line: str, place: Place) -> None:
    folder = place.folder / "conf" / "dataset"
    folder.mkdir(parents=True)
    (folder / "bomb.yaml").write_text(text)
    answer = place.ask("clean-data", "feed.csv", "dataset=bomb")
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert line in answer.errors[0]


def test_overrides_that_grow_without_end_are_one_line(place: Place) -> None:
    lists = [
        f"++dataset.a{n}=[" + ",".join([f"${{dataset.a{n - 1}}}"] * 10) + "]" for n in range(1, 9)
    ]
    answer = place.ask("clean-data", "feed.csv", "++dataset.a0=[1]", *lists)
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert "dataset: its references (${...}) expand to more than the limit" in answer.errors[0]
    answer = place.ask("clean-data", "feed.csv", "dataset.reasons=" + "[" * 2000 + "]" * 2000)
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert answer.errors[0].endswith("is nested too deeply")


def test_an_alias_in_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: &a [*a]")
    with pytest.raises(OSError, match="expand to more than the limit"):
        checked_yaml(tmp_path / "x.yaml")


def test_a_few_aliases_are_fine(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: &a {b: 1}\nc: *a\n")
    assert [*config_file_problems([tmp_path])] == []


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        pa.ArrowMemoryError("malloc of size 64 failed"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
        pa.ArrowException("Unknown error: Failed to launch worker thread: Resource temporarily"),
    ],
)
def test_what_the_system_has_no_room_for_is_no_bug(error: Exception) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "no space"), RuntimeError("a bug")])
def test_other_errors_are_not_taken_for_it(error: Exception) -> None:
    assert not is_out_of_memory(error)


@pytest.mark.parametrize(
    ("content", "quoted"),
    [
        ("# @package _global_\nhydra: {run: {dir: elsewhere}}\n", "# @package _global_"),
        ("# mine\n#@package hydra.job_logging\nroot: {}\n", "#@package hydra.job_logging"),
        ("defaults:\n  - parts@_global_: moves\n", "@_global_"),
        ("defaults: ['/dataset/parts@hydra.job_logging: x']\n", "@hydra.job_logging"),
        ("defaults: [{parts: sales}, _self_]\nnull_words: [ann@hydra.example]\n", None),
        ("defaults: [{parts@aggregations: sales}]\n", None),
        ("[1, 2]\n", None),
        ("day: 2026-13-45\n", None),
    ],
)
def test_a_contract_sets_nothing_but_the_dataset(
    content: str, quoted: str | None, tmp_path: Path
) -> None:
    (tmp_path / "dataset" / "parts").mkdir(parents=True)
    (tmp_path / "size").mkdir()
    (tmp_path / "size" / "mine.yaml").write_text("# @package _global_\nrows: 5\n")
    for path in (tmp_path / "dataset" / "x.yaml", tmp_path / "dataset" / "parts" / "y.yaml"):
        path.write_text(content)
    problems = [*config_file_problems([tmp_path])]
    wanted = f": a contract sets dataset alone; remove {quoted!r}"
    assert [p.endswith(wanted) for p in problems] == [True] * (0 if quoted is None else 2)
