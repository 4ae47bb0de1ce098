"""Outputs that belong together change in one rename, whatever comes between."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT
from toolkit.errors import OutputError
from toolkit.storage import versions
from toolkit.storage.commits import current_version, read_commit
from toolkit.storage.versions import new_version, pinned

NAMES = ("clean/a.parquet", "rejected/b.parquet", "aggregations/shop")


def publish(root: Path, text: str, names: tuple[str, ...] = NAMES) -> str:
    with new_version(root, f"run {text}") as version:
        for name in names:
            place = version.stage(root / name, "shop")
            place.mkdir()
            (place / f"part-{version.token}").write_text(text)
        version.commit()
        return version.id


def shown(root: Path) -> dict[str, str]:
    """What a reader finds by the paths of the outputs."""
    return {
        str(target.relative_to(root)): "".join(part.read_text() for part in target.iterdir())
        for folder in ("clean", "rejected", "aggregations", ".")
        for target in sorted((root / folder).glob("[!.]*"))
        if (root / folder).is_dir() and target.is_dir() and target.name not in shown_folders
    }


shown_folders = {"clean", "rejected", "aggregations"}


def kept(root: Path) -> set[str]:
    return {path.name for path in (root / ".versions").iterdir() if path.name[0] != "."}


def all_of(text: str) -> dict[str, str]:
    return dict.fromkeys(NAMES, text)


def test_a_first_run_makes_the_folders_on_the_way_and_a_second_replaces_all(tmp_path: Path) -> None:
    root = tmp_path / "data"
    publish(root, "old")
    assert shown(root) == all_of("old")
    version = publish(root, "new")
    assert shown(root) == all_of("new")
    assert kept(root) == {version, "current"}


def test_what_a_run_does_not_publish_stays_published(tmp_path: Path) -> None:
    first = publish(tmp_path, "old")
    publish(tmp_path, "new", NAMES[:1])
    last = publish(tmp_path, "newest", NAMES[:1])
    assert shown(tmp_path) == all_of("old") | {NAMES[0]: "newest"}
    assert kept(tmp_path) == {first, last, "current"}
    assert not (tmp_path / ".versions" / first / NAMES[0]).exists()
    commit = read_commit(tmp_path)
    assert {name: commit[name]["version"] for name in NAMES} == dict.fromkeys(NAMES, first) | {
        NAMES[0]: last
    }


def test_nothing_is_seen_before_the_commit(tmp_path: Path) -> None:
    publish(tmp_path, "old")
    with new_version(tmp_path, "run") as version:
        place = version.stage(tmp_path / NAMES[0], "shop")
        place.mkdir()
        (place / "part").write_text("new")
        assert shown(tmp_path) == all_of("old")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OutputError, SystemExit])
@pytest.mark.parametrize("earlier", [True, False])
def test_a_failed_run_changes_nothing_and_leaves_nothing(
    error: type[BaseException], earlier: bool, tmp_path: Path
) -> None:
    if earlier:
        publish(tmp_path, "old")
    before = sorted(tmp_path.rglob("*"))

    def fail_midway() -> None:
        with new_version(tmp_path, "run") as version:
            version.stage(tmp_path / NAMES[0], "shop").mkdir()
            (version.scratch / "spilled").write_text("rows")
            raise error

    with pytest.raises(error):
        fail_midway()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    publish(tmp_path, "old")
    with (
        pytest.raises(OutputError, match="No space left on device") as caught,
        new_version(tmp_path, "run"),
        Path("/dev/full").open("w") as full,
    ):
        full.write("x")
    assert "earlier outputs are untouched" in str(caught.value)
    assert shown(tmp_path) == all_of("old")


def test_a_file_elsewhere_that_cannot_be_read_is_no_failure_to_write(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), new_version(tmp_path / "data", "run"):
        (tmp_path / "feed.csv").read_text()


def test_what_the_toolkit_did_not_make_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to("elsewhere")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "letter.txt").write_text("mine")
    for name in ("file", "link", "folder"):
        with (
            pytest.raises(OutputError, match="the toolkit did not make is in the way"),
            new_version(tmp_path, "run") as version,
        ):
            version.stage(tmp_path / name, "shop")
    assert (tmp_path / "file").read_text() == (tmp_path / "folder" / "letter.txt").read_text()
    assert (tmp_path / "link").readlink() == Path("elsewhere")


@pytest.mark.parametrize("way", ["aggregations", "aggregations/shop"])
def test_what_is_no_folder_on_the_way_is_named_before_anything_is_made(
    way: str, tmp_path: Path
) -> None:
    (tmp_path / way).parent.mkdir(exist_ok=True)
    (tmp_path / way).write_text("mine")
    with (
        pytest.raises(OutputError, match=f"{way}: a file that the toolkit did not make is in"),
        new_version(tmp_path, "run") as version,
    ):
        version.stage(tmp_path / "aggregations/shop/tables", "shop")
    assert (tmp_path / way).read_text() == "mine"


def older(root: Path) -> None:
    """Outputs as a toolkit without versions wrote them."""
    for name in NAMES:
        (root / name).mkdir(parents=True)
        (root / name / "part-000000.parquet").write_text("old")


def test_folders_of_an_older_toolkit_are_replaced(tmp_path: Path) -> None:
    older(tmp_path)
    version = publish(tmp_path, "new")
    assert shown(tmp_path) == all_of("new")
    assert not (tmp_path / ".versions" / version / "replaced").exists()


def test_folders_of_an_older_toolkit_come_back_when_the_commit_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    older(tmp_path)
    monkeypatch.setattr(versions, "_point", fail)
    with pytest.raises(OutputError):
        publish(tmp_path, "new")
    assert shown(tmp_path) == all_of("old")


PUBLISH = """
import os, signal, sys
from pathlib import Path
from toolkit.storage import versions
root, moment = Path(sys.argv[1]), sys.argv[2]
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if moment != "staged":
    name = {"linked": "_point", "published": "_collect", "shown": "_sync_folders"}[moment]
    collect = versions._collect
    calls = []
    def later(root):
        calls.append(root)
        die() if len(calls) > 1 else collect(root)
    setattr(versions, name, later if moment == "published" else die)
with versions.new_version(root, "killed") as version:
    for target in sys.argv[3:]:
        place = version.stage(root / target, "shop")
        place.mkdir()
        (place / "part").write_text("new")
    (version.scratch / "spilled").write_text("rows")
    print("holding", flush=True)
    if moment == "staged":
        sys.stdin.read()
    version.commit()
"""


@contextmanager
def another_run(root: Path, moment: str, names: tuple[str, ...] = NAMES) -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-c", PUBLISH, str(root), moment, *names],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        if moment != "staged":
            process.wait()
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.mark.parametrize("earlier", ["none", "older", "version"])
@pytest.mark.parametrize(
    ("moment", "text"),
    [("staged", "old"), ("shown", "old"), ("linked", "old"), ("published", "new")],
)
def test_a_killed_run_is_undone_or_whole_for_whoever_reads_next(
    moment: str, text: str, earlier: str, tmp_path: Path
) -> None:
    if earlier == "version":
        publish(tmp_path, "old")
    elif earlier == "older":
        older(tmp_path)
    with another_run(tmp_path, moment) as pid:
        os.kill(pid, signal.SIGKILL) if moment == "staged" else None
    expected = {} if earlier == "none" and text == "old" else all_of(text)
    if earlier != "older":
        assert shown(tmp_path) == expected
    with pinned([tmp_path / name for name in NAMES]):
        assert shown(tmp_path) == expected
    # A run of another target clears up as well.
    version = publish(tmp_path, "other", ("clean/other.parquet",))
    assert shown(tmp_path) == expected | {"clean/other.parquet": "other"}
    assert not list(tmp_path.rglob("spilled"))
    assert kept(tmp_path) <= {
        version,
        "current",
        *(f["version"] for f in read_commit(tmp_path).values()),
    }


def test_two_runs_on_one_target_and_on_others(tmp_path: Path) -> None:
    with another_run(tmp_path, "staged", NAMES[:1]):
        with pytest.raises(OutputError, match="is being written by another run"):
            publish(tmp_path, "mine")
        assert publish(tmp_path, "mine", NAMES[1:]) == current_version(tmp_path)
        assert len(kept(tmp_path)) == 3, "the version of the living run is left alone"


def test_an_interrupt_in_the_middle_of_the_commit_waits_for_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    point = versions._point

    def interrupted(home: Path, version: str) -> None:
        signal.raise_signal(signal.SIGINT)
        point(home, version)

    def commit() -> None:
        with new_version(tmp_path, "run") as version:
            version.stage(tmp_path / NAMES[0], "shop").mkdir()
            version.commit(lambda: heard.append(version.id))

    monkeypatch.setattr(versions, "_point", interrupted)
    with pytest.raises(KeyboardInterrupt):
        commit()
    assert heard == [current_version(tmp_path)]


def test_a_reader_keeps_its_version(tmp_path: Path) -> None:
    first = publish(tmp_path, "old")
    with pinned([tmp_path / name for name in NAMES[:2]]) as places:
        publish(tmp_path, "new")
        assert [next(place.iterdir()).read_text() for place in places] == ["old", "old"]
        assert first in kept(tmp_path)
    publish(tmp_path, "newer")
    assert first not in kept(tmp_path)


def test_paths_that_are_no_links_of_ours_are_given_as_they_are(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "missing"]
    paths[0].mkdir()
    with pinned(paths) as places:
        assert places == paths


def test_a_workspace_may_be_moved_and_its_folders_be_links(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "data", tmp_path / "elsewhere" / "deep"
    root.mkdir()
    elsewhere.mkdir(parents=True)
    (root / "rejected").symlink_to(elsewhere)
    publish(root, "old")
    assert shown(root) == all_of("old")
    (root / "rejected").unlink()
    root.rename(tmp_path / "moved")
    assert shown(tmp_path / "moved") == {
        name: "old" for name in NAMES if not name.startswith("rejected")
    }


@pytest.mark.parametrize("symlinks", [True, False], ids=["as it is", "links followed"])
def test_a_copied_workspace_goes_on(symlinks: bool, tmp_path: Path) -> None:
    root, copy = tmp_path / "data", tmp_path / "copy"
    publish(root, "old")
    for name in NAMES:
        (root / name / "_manifest.json").write_text("")
    shutil.copytree(root, copy, symlinks=symlinks)
    publish(copy, "new", NAMES[:1])
    assert shown(copy) == all_of("old") | {NAMES[0]: "new"}
    assert shown(root) == all_of("old")


def lose_current(home: Path, version: str) -> None:
    (home / "current").unlink()


def mislead_current(home: Path, version: str) -> None:
    (home / "current").unlink()
    (home / "current").symlink_to("nowhere")


def lead_current_out(home: Path, version: str) -> None:
    (home / "current").unlink()
    (home / "current").symlink_to(home.parent)


def replace_current(home: Path, version: str) -> None:
    (home / "current").unlink()
    (home / "current").write_text("a file")


def lose_commit(home: Path, version: str) -> None:
    (home / version / "commit.json").unlink()


COMMITS = {
    "half": b'{"run": "a", "publi',
    "not UTF-8": b"\xff\xfe{}",
    "a list": b"[]",
    "a list in it": b'{"published": ["clean/a.parquet"]}',
    "no version": b'{"published": {"clean/a.parquet": {"run": "old"}}}',
    "a version elsewhere": b'{"published": {"clean/a.parquet": {"version": "../.."}}}',
    "a name elsewhere": b'{"published": {"../x": {"version": "20261128T101500-1f2e3d4c"}}}',
    "no name": b'{"published": {"": {"version": "20261128T101500-1f2e3d4c"}}}',
}


def damage_commit(content: bytes) -> Callable[[Path, str], None]:
    def damage(home: Path, version: str) -> None:
        (home / version / "commit.json").write_bytes(content)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        lose_current,
        mislead_current,
        lead_current_out,
        replace_current,
        lose_commit,
        *(pytest.param(damage_commit(content), id=name) for name, content in COMMITS.items()),
    ],
)
def test_nothing_is_removed_where_it_is_not_known_what_is_published(
    damage: Callable[[Path, str], None], tmp_path: Path
) -> None:
    home, version = tmp_path / ".versions", publish(tmp_path, "old")
    damage(home, version)
    with pinned([tmp_path / name for name in NAMES]):
        pass
    with pytest.raises(OutputError, match="cannot tell which version is published") as error:
        publish(tmp_path, "new")
    assert str(home) in str(error.value)
    assert "\n" not in str(error.value)
    parts = [home / version / name / f"part-{version[-8:]}" for name in NAMES]
    assert [part.read_text() for part in parts] == ["old"] * 3
    assert len(list(home.glob("2*"))) == 1


@pytest.mark.parametrize("inside", [".versions", ".versions/current", ".versions/current/clean"])
def test_nothing_is_published_among_versions(inside: str, tmp_path: Path) -> None:
    publish(tmp_path, "old")
    before = sorted(tmp_path.rglob("*"))
    (tmp_path / "link").symlink_to(inside)
    for folder in (tmp_path / inside, tmp_path / "link"):
        with pytest.raises(OutputError, match="is in the folder of published versions"):
            publish(folder, "new")
    (tmp_path / "link").unlink()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("on_the_way", ["a link to nowhere", "a link to itself", "a file", "long"])
@pytest.mark.parametrize("below", ["", "x", "x/y"])
def test_a_folder_that_cannot_be_made_is_one_line(
    on_the_way: str, below: str, tmp_path: Path
) -> None:
    root = tmp_path / ("root" if on_the_way != "long" else "n" * 300)
    if on_the_way == "a file":
        root.write_text("mine")
    elif on_the_way != "long":
        root.symlink_to("nowhere" if on_the_way == "a link to nowhere" else "root")
    with pytest.raises(OutputError, match="cannot write"):
        publish(root / below, "new")


def test_what_a_person_puts_beside_versions_stays(tmp_path: Path) -> None:
    publish(tmp_path, "old")
    home = tmp_path / ".versions"
    (home / "mine").mkdir()
    (home / "mine" / "notes").write_text("mine")
    (home / "link").symlink_to("mine")
    publish(tmp_path, "new")
    assert (home / "link" / "notes").read_text() == "mine"


def test_what_a_person_removes_is_removed_with_the_next_run(tmp_path: Path) -> None:
    first = publish(tmp_path, "old")
    (tmp_path / NAMES[0]).unlink()
    publish(tmp_path, "new", NAMES[1:2])
    assert NAMES[0] not in read_commit(tmp_path)
    assert not (tmp_path / ".versions" / first / NAMES[0]).exists()


def test_withdrawn_outputs_are_gone(tmp_path: Path) -> None:
    publish(tmp_path, "old")
    with new_version(tmp_path, "run") as version:
        version.stage(tmp_path / NAMES[0], "shop").mkdir()
        version.withdraw(tmp_path / NAMES[1])
        version.commit()
    assert not os.path.lexists(tmp_path / NAMES[1])
    assert set(read_commit(tmp_path)) == {NAMES[0], NAMES[2]}
