"""Published versions: outputs that belong together change in one rename.

Outputs are in the folder `.versions` of their workspace, one folder for each run that published.
Users open a symbolic link that leads through `.versions/current`, itself a link to the published
version:

    clean/feed_clean.parquet -> ../.versions/current/clean/feed_clean.parquet
    .versions/current -> 20261128T101500-1f2e3d4c
    .versions/20261128T101500-1f2e3d4c/clean/feed_clean.parquet/part-000000-1f2e3d4c.parquet
    .versions/20261128T101500-1f2e3d4c/clean/other_clean.parquet -> (the version that has it)

Publishing renames `current`. Before that rename nothing has happened, after it everything has, for
every reader and on any file system with symbolic links; there is no state in between to recover.

A generated feed is a plain file, which the same commit lists to be moved: right after the rename,
or by the next run if this one is killed in between.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from toolkit.errors import OutputError
from toolkit.storage.atomic import MANIFEST, remove, replace_in_order, sync_path, write_json
from toolkit.storage.commits import (
    COMMIT,
    CURRENT,
    VERSIONS,
    current_version,
    forget_committed,
    is_version_id,
    mark_committed,
    published_by,
    read_commit,
    read_moves,
)
from toolkit.storage.interrupts import hold_interrupts
from toolkit.storage.locks import locked, open_locked
from toolkit.storage.plain_files import in_the_way

_LOCK, _SCRATCH, _REPLACED = ".lock", "scratch", "replaced"
_LOCKS, _COMMITTING = ".locks", ".committing"
_MOST_TRIES = 5


@dataclass
class Version:
    """A version being made, invisible to readers before `commit`.

    `root` is the folder of the workspace, `id` is unique among versions. `scratch` is a folder for
    temporary files.
    """

    root: Path
    id: str
    run: str
    _staged: dict[str, dict[str, Any]] = field(default_factory=dict)
    _withdrawn: set[str] = field(default_factory=set)
    _moves: list[tuple[Path, Path | None]] = field(default_factory=list)
    _locks: ExitStack = field(default_factory=ExitStack)

    @property
    def folder(self) -> Path:
        return self.root / VERSIONS / self.id

    @property
    def scratch(self) -> Path:
        return self.folder / _SCRATCH

    @property
    def token(self) -> str:
        """A short unique name of the version, for the names of parts."""
        return self.id.rpartition("-")[2]

    def stage(self, target: Path, dataset: str, *, alone: bool = True) -> Path:
        """Return the path to write what will become `target`; its parent folder exists.

        Raises OutputError when something that the toolkit did not make is at the target, or when
        another run is making the same target and this one is to be `alone`. Otherwise the last
        commit wins.
        """
        name = target.relative_to(self.root).as_posix()
        if alone:
            lock = self.root / VERSIONS / _LOCKS / name.replace("/", "--")
            self._locks.enter_context(locked(target, lock))
        _check_replaceable(target, self.root)
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        self._staged[name] = {"dataset": dataset}
        return place

    def published_in(self, folder: Path) -> list[str]:
        """List the names that are published directly in a folder."""
        inside = folder.relative_to(self.root)
        return [Path(n).name for n in read_commit(self.root) if Path(n).parent == inside]

    def withdraw(self, target: Path) -> None:
        """Let the commit unpublish an earlier version's `target`."""
        self._withdrawn.add(target.relative_to(self.root).as_posix())

    def move(self, moves: Sequence[tuple[Path, Path | None]]) -> None:
        """Let the commit move plain files, in this order: (target, file), None to remove.

        The last must have a file, whose presence shows that there is still something to move.
        """
        self._moves = [*moves]

    def commit(self, on_commit: Callable[[], None] = lambda: None) -> None:
        """Publish all that was staged, at once, then call `on_commit`.

        Raises OutputError when that fails; nothing has then changed. A failure afterwards, while
        removing what is no longer needed, is ignored.
        """
        try:
            self._commit(on_commit)
        except OSError as error:
            raise OutputError.cannot_write(self.root, error) from error

    def _commit(self, on_commit: Callable[[], None]) -> None:
        for name in self._staged:
            _sync_tree(self.folder / name)
        for _, file in self._moves:
            if file is not None:
                sync_path(file)
        with _committing(self.root):
            published = _still_there(self.root, read_commit(self.root)) | {
                name: {"version": self.id, "run": self.run, **facts}
                for name, facts in self._staged.items()
            }
            for name in self._withdrawn:
                published.pop(name, None)
            for name, facts in published.items():
                if facts["version"] != self.id:
                    _link(self.folder / name, self.root / VERSIONS / facts["version"] / name)
            remove(self.scratch)
            content = {
                "run": self.run,
                "committed": _now().isoformat(),
                "published": published,
                "moves": [
                    [_from(target, self.root), file and _from(file, self.root)]
                    for target, file in self._moves
                ],
            }
            write_json(content, self.folder / COMMIT)
            for name in self._staged:
                self._show(self.root / name)
            _sync_folders(self.folder)
            with hold_interrupts():
                _point(self.root / VERSIONS, self.id)
                on_commit()
                with suppress(OSError):
                    _move(self.root)
            with suppress(OSError):
                mark_committed(self.root)
                sync_path(self.root / VERSIONS)
                for name in self._withdrawn:
                    (self.root / name).unlink(missing_ok=True)
                _collect(self.root)

    def is_published(self) -> bool:
        return current_version(self.root) == self.id

    def _show(self, target: Path) -> None:
        """Link the path that users open to the published version, from its commit on."""
        link = _link_text(target, self.root / VERSIONS / CURRENT / target.relative_to(self.root))
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_symlink() and os.readlink(target) == link:
            return
        if target.is_symlink():
            target.unlink()
        elif target.exists():
            aside = self.folder / _REPLACED / target.relative_to(self.root)
            aside.parent.mkdir(parents=True, exist_ok=True)
            target.rename(aside)
        target.symlink_to(link)
        sync_path(target.parent)


@contextmanager
def new_version(root: Path, run: str) -> Iterator[Version]:
    """Make a version of what is published in the folder `root`, for the run of that name.

    It is removed when the block ends without its commit. Leftovers of killed runs in `root` are
    removed first. Raises OutputError when the folder cannot be written, or is itself among
    versions.
    """
    root = root.absolute()
    if VERSIONS in Path(os.path.realpath(root)).parts:
        raise OutputError.among_versions(root)
    version = Version(root, f"{_now():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}", run)
    with ExitStack() as stack:
        stack.enter_context(version._locks)
        try:
            stack.callback(_discard, version)
            with _committing(root):
                _collect(root)
                version.folder.mkdir()
                stack.callback(os.close, open_locked(version.folder / _LOCK))
            version.scratch.mkdir()
            yield version
        except OSError as error:
            path = root if error.filename is None else Path(os.fsdecode(error.filename))
            if path.is_relative_to(root) or root.is_relative_to(path):
                raise OutputError.cannot_write(path, error) from error
            raise


@contextmanager
def pinned(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Resolve the paths, all to one version, which is not removed until the block ends.

    A path that is not a link of a published version is returned unchanged.
    """
    for path in paths:
        _recover_around(path)
    with ExitStack() as stack:
        for _ in range(_MOST_TRIES):
            locks = stack.enter_context(ExitStack())
            found = [_led(path) for path in paths]
            for folder in set(filter(None, map(_version_of, found))):
                with suppress(OSError):
                    locks.callback(os.close, open_locked(folder / _LOCK, shared=True))
            if found == [_led(path) for path in paths] and all(map(Path.exists, found)):
                break
            locks.close()
        yield found


def recover(root: Path) -> None:
    """Finish or undo the commit of a killed run, and remove its leftovers where possible."""
    if (root / VERSIONS).is_dir():
        with suppress(OSError, OutputError), _committing(root):
            _collect(root)


def _move(root: Path) -> None:
    """Move the plain files of the published version into place, unless that has been done."""
    moves = read_moves(root)
    if moves and moves[-1][1] is not None and moves[-1][1].exists():
        replace_in_order(moves)


def _from(path: Path, root: Path) -> str:
    return os.path.relpath(path, root)


def _now() -> datetime:
    return datetime.now(UTC)


def _point(home: Path, version: str) -> None:
    """Point `current` to the version: the commit itself."""
    pointer = home / f".{CURRENT}-{version}"
    try:
        pointer.symlink_to(version)
        pointer.replace(home / CURRENT)
    finally:
        # The rename has been done: a failure to clean up is not an error.
        with suppress(OSError):
            pointer.unlink(missing_ok=True)


def _check_replaceable(target: Path, root: Path) -> None:
    """Raise OutputError for a target, or a folder on its path, that the toolkit did not make."""
    for folder in (root / name for name in target.relative_to(root).parents):
        if os.path.lexists(folder) and not folder.is_dir():
            raise OutputError.in_the_way(folder, in_the_way(folder) or "a file")
    if target.is_symlink():
        if f"{VERSIONS}/{CURRENT}/" not in os.readlink(target):
            raise OutputError.in_the_way(target, "a symbolic link")
    elif target.is_dir():
        ours = all(path.match("part-*.parquet") for path in target.iterdir())
        if not ours and not (target / MANIFEST).is_file():
            raise OutputError.in_the_way(target, f"a folder without {MANIFEST}")
    elif what := in_the_way(target):
        raise OutputError.in_the_way(target, what)
    elif target.exists() and not (target.parent / MANIFEST).is_file():
        raise OutputError.in_the_way(target, "a file")


def _still_there(root: Path, published: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Drop what a user has removed since."""
    return {name: facts for name, facts in published.items() if (root / name).is_symlink()}


def _link(place: Path, target: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(_link_text(place, target))


def _link_text(place: Path, target: Path) -> str:
    """Return a relative link, so that a workspace may be moved, even if reached through a link."""
    home = target
    while home.name != VERSIONS:
        home = home.parent
    return os.path.relpath(home.resolve() / target.relative_to(home), place.parent.resolve())


def _led(path: Path) -> Path:
    """Return the target of a link of a published version; any other path unchanged."""
    # `resolve` would raise for a link that leads to itself.
    resolved = Path(os.path.realpath(path))
    return path if _version_of(resolved) is None else resolved


def _version_of(path: Path) -> Path | None:
    """Return the folder of the version that contains a resolved path."""
    return next((p for p in path.parents if p.parent.name == VERSIONS), None)


def _recover_around(path: Path) -> None:
    """Finish or undo the commit of a killed run around a path to read."""
    root = next((p for p in path.absolute().parents if (p / VERSIONS).is_dir()), None)
    if root is not None:
        # Without write permission, or while another run commits: read what is there.
        with suppress(OSError, OutputError), _committing(root, wait=False):
            _collect(root)


@contextmanager
def _committing(root: Path, *, wait: bool = True) -> Iterator[None]:
    """Lock versions: no other process begins, commits or removes one in this block."""
    home = root / VERSIONS
    while True:
        home.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = open_locked(home / _COMMITTING, wait=wait)
            break
        except FileNotFoundError:
            # An earlier first run failed and has just removed the folder.
            continue
    try:
        yield
    finally:
        os.close(descriptor)


def _discard(version: Version) -> None:
    """Remove everything of a version that was not committed."""
    if version.is_published():
        return
    with suppress(OSError), _committing(version.root):
        _undo(version.root, version.folder)
        home = version.root / VERSIONS
        if not {path.name for path in home.iterdir()} - {_LOCKS, _COMMITTING}:
            remove(home)


def _collect(root: Path) -> None:
    """Remove versions that no published path needs and no living process writes or reads.

    Raises OutputError if it is unknown which version is published. Files and folders that do not
    belong to versions are left alone.
    """
    _move(root)
    published, current = read_commit(root), current_version(root)
    for path in (root / VERSIONS).iterdir():
        if path.name == _LOCKS:
            for lock in path.iterdir():
                _remove_free(lock)
        elif path.is_symlink():
            if path.name.startswith(f".{CURRENT}-"):
                path.unlink()
        elif path.is_dir() and path.name == CURRENT:
            # A copy that followed links has the outputs themselves, and starts anew.
            forget_committed(root)
            remove(path)
        elif path.is_dir() and is_version_id(path.name) and path.name != current:
            needed = {name for name, facts in published.items() if facts["version"] == path.name}
            with suppress(BlockingIOError), _free(path / _LOCK):
                if needed:
                    _prune(path, needed)
                else:
                    _undo(root, path)
    if current is not None:
        remove(root / VERSIONS / current / _REPLACED)


def _undo(root: Path, folder: Path) -> None:
    """Remove an unpublished version, and undo its unfinished commit."""
    published = read_commit(root)
    for name in _named(folder) - published.keys():
        target, replaced = root / name, folder / _REPLACED / name
        if target.is_symlink() and not target.exists():
            target.unlink()
        if replaced.exists() and not os.path.lexists(target):
            replaced.rename(target)
    remove(folder)


def _prune(folder: Path, needed: set[str]) -> None:
    """Remove those files of an earlier version that later ones have replaced."""
    for name in _named(folder) - needed:
        remove(folder / name)


def _named(folder: Path) -> set[str]:
    """Return the paths in a version's commit, if it has one."""
    with suppress(OutputError):
        return set(published_by(folder))
    return set()


@contextmanager
def _free(lock: Path) -> Iterator[None]:
    """Take a lock that is free. Raises BlockingIOError if it is not."""
    descriptor = open_locked(lock)
    try:
        yield
    finally:
        os.close(descriptor)


def _remove_free(lock: Path) -> None:
    with suppress(BlockingIOError), _free(lock):
        lock.unlink()


def _sync_tree(path: Path) -> None:
    """Sync a file, or all that is below a folder, to the disk."""
    if path.is_dir():
        for below in path.rglob("*"):
            sync_path(below)
    sync_path(path)


def _sync_folders(folder: Path) -> None:
    """Sync the names in a version's own folders to the disk."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            sync_path(path)
