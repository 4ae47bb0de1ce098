"""Traces of runs at work (a lock as a sign of life, temporary folders), and cleaning up after
killed ones.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from toolkit.errors import OutputError
from toolkit.storage.interrupts import hold_interrupts

ALIVE_FILE = ".alive"
KILLED = "killed"
_RUN_FILE = "run.json"
# Temporary files that a run makes beside its outputs.
_LEFT_IN_RUN = ("validate-*", ".spool-*", ".*.staging", ".*.partial", ".*.lock", ".*.doomed")
_LEFT_IN_WORKSPACE = (
    "lookups/.*.staging", "lookups/.*.lock", "input/.*.partial-*", "input/shared/.*.partial-*",
    "input/shared/.*.lock", "reports/*/.*.staging",
    "reports/sweep_*/.*.lock", "reports/sweep_*/.*.partial",
)  # fmt: skip


@contextmanager
def temporary_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Make a new folder in `parent` (made if missing), removed when the block ends.

    Its name is chosen before it exists, so that an interrupt at any moment leaves nothing.
    """
    folder = parent / f"{prefix}{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True)
        yield folder
    finally:
        with hold_interrupts():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def living(run_dir: Path) -> Iterator[None]:
    """Show other processes that the run of this folder is at work, so that a kill is noticed.

    The sign of life is a lock, which ends with the process. Raises OutputError where the folder
    cannot be written.
    """
    path = run_dir / ALIVE_FILE
    unlocked = run_dir / f"{ALIVE_FILE}.partial"
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        descriptor = _lock_and_show(unlocked, path)
    except OSError as error:
        raise OutputError.cannot_write(run_dir, error) from error
    try:
        yield
    finally:
        for file in (unlocked, path):
            with suppress(OSError):
                file.unlink()
        os.close(descriptor)


def _lock_and_show(unlocked: Path, path: Path) -> int:
    """Lock a file before it gets the name that others look for; return its descriptor."""
    while True:
        descriptor = os.open(unlocked, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            unlocked.replace(path)
            return descriptor
        except FileNotFoundError:
            # Another run took it for a killed run's and removed it just before it was locked.
            os.close(descriptor)
        except BaseException:
            os.close(descriptor)
            with suppress(OSError):
                unlocked.unlink()
            raise


def is_alive(run_dir: Path) -> bool:
    """Return whether the run of this folder is still at work, without writing."""
    return _holds_lock(run_dir / ALIVE_FILE) or _holds_lock(run_dir / f"{ALIVE_FILE}.partial")


def clear_killed(data_dir: Path, own: Path) -> list[str]:
    """Remove what killed runs of the workspace left behind, mark their reports, return their names.

    `own` is the folder of the calling run. While another run is at work, only files in the folders
    of killed runs are removed. Failures to remove are ignored. Where a folder cannot be listed,
    nothing is removed: a living run could be in it.
    """
    # Folders of runs, of a sweep's jobs, and of the generator of a sweep's feed.
    depths = ("*", "*/*", "*/*/*")
    try:
        # List before checking who is alive: files that appear later belong to a living run.
        left = _left_in_workspace(data_dir)
        signs = [path for at in depths for path in data_dir.glob(f"reports/{at}/{ALIVE_FILE}*")]
    except OSError:
        return []
    found = dict.fromkeys(path.parent for path in signs)
    folders = [folder for folder in found if folder.resolve() != own.resolve()]
    dead = [folder for folder in folders if not is_alive(folder)]
    for folder in dead:
        with suppress(OSError, ValueError):
            _bury(folder)
    if len(dead) == len(folders):
        _undo_half_written(left)
        for path in left:
            _clear(path)
    return [folder.name for folder in dead]


def _left_in_workspace(data_dir: Path) -> list[Path]:
    root = data_dir.absolute().parent
    around = ("conf/dataset/.*.staging", "expectations/*/.*.staging")
    return [
        *(path for pattern in _LEFT_IN_WORKSPACE for path in data_dir.glob(pattern)),
        *(path for pattern in around for path in root.glob(pattern)),
    ]


def _undo_half_written(left: Sequence[Path]) -> None:
    """Remove the new files of a dataset whose contract, the last of them, was not yet written.

    Its lookups would hide the starter lookups. A file belongs to the killed run if it is a hard
    link of the staged file beside it, which is removed only once all files are written.
    """
    staged_files = [path for path in left if path.suffix == ".staging" and path.is_file()]
    contracts = [path for path in staged_files if path.parent.name == "dataset"]
    if any(map(_is_written, contracts)):
        return
    for staged in set(staged_files) - set(contracts):
        with suppress(OSError):
            if _is_written(staged):
                _target(staged).unlink()
            staged.unlink()
            staged.parent.rmdir()


def _target(staged: Path) -> Path:
    return staged.with_name(staged.name.removeprefix(".").removesuffix(".staging"))


def _is_written(staged: Path) -> bool:
    return _target(staged).exists() and _target(staged).samefile(staged)


def _bury(folder: Path) -> None:
    _remove(folder, _LEFT_IN_RUN)
    path = folder / _RUN_FILE
    if path.is_file():
        report = json.loads(path.read_text(encoding="utf-8"))
        if report["status"] == "running":
            report["status"], report["error"] = KILLED, "the run was killed before it ended"
            partial = folder / f".{_RUN_FILE}.partial"
            partial.write_text(f"{json.dumps(report, indent=2, sort_keys=True)}\n", "utf-8")
            partial.replace(path)
    for sign in folder.glob(f"{ALIVE_FILE}*"):
        sign.unlink()


def _remove(folder: Path, patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        for path in folder.glob(pattern):
            _clear(path)


def _clear(path: Path) -> None:
    if _is_locked(path):
        return
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _is_locked(path: Path) -> bool:
    """Return whether it is locked by a process at work, such as a sweep between two jobs."""
    return path.suffix == ".lock" and _holds_lock(path)


def _holds_lock(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
