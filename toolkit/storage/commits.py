"""Read what is published in a folder: the version that `current` links to, and its commit.

A file removed by hand, a folder copied without its links or a damaged commit is reported in one
line, and no rows are lost: nothing is removed while it is unknown which version is published.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from toolkit.errors import OutputError

VERSIONS, CURRENT, COMMIT = ".versions", "current", "commit.json"
_COMMITTED = ".committed"
_VERSION_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")


def current_version(root: Path) -> str | None:
    """Return the id of the published version of the folder, None before the first one.

    Raises OutputError where a version was published and it is unknown which.
    """
    home = root / VERSIONS
    try:
        current = os.readlink(home / CURRENT)
    except OSError:
        # In a copy that followed links it is a folder, and so are the outputs.
        if os.path.exists(home / _COMMITTED) and not os.path.isdir(home / CURRENT):
            raise OutputError.unknown_version(home, f"the link {CURRENT!r} is missing") from None
        return None
    if not is_version_id(current) or not os.path.isdir(home / current):
        raise OutputError.unknown_version(home, f"{CURRENT!r} leads to {current!r}, no version")
    return current


def mark_committed(root: Path) -> None:
    """Record that a version was published here, in case the link to it is lost."""
    (root / VERSIONS / _COMMITTED).touch()


def forget_committed(root: Path) -> None:
    (root / VERSIONS / _COMMITTED).unlink(missing_ok=True)


def is_version_id(name: str) -> bool:
    return _VERSION_ID.fullmatch(name) is not None


def read_commit(root: Path) -> dict[str, dict[str, Any]]:
    """Return what is published in the folder, by relative path: its version, run and dataset.

    Raises OutputError where the commit is damaged.
    """
    current = current_version(root)
    return {} if current is None else published_by(root / VERSIONS / current)


def published_by(version: Path) -> dict[str, dict[str, Any]]:
    """Read the commit in the folder of a version. Raises OutputError."""
    published, _ = _read(version)
    return published


def read_moves(root: Path) -> list[tuple[Path, Path | None]]:
    """Read the plain files that the commit moves: (target, file), None to remove.

    Raises OutputError where that is damaged.
    """
    current = current_version(root)
    if current is None:
        return []
    _, moves = _read(root / VERSIONS / current)
    return [(root / target, None if file is None else root / file) for target, file in moves]


def _read(version: Path) -> tuple[dict[str, dict[str, Any]], list[tuple[str, str | None]]]:
    try:
        commit = json.loads((version / COMMIT).read_text(encoding="utf-8"))
        published, moves = commit["published"], [(to, file) for to, file in commit.get("moves", ())]
        for name, facts in published.items():
            if not _stays_inside(name) or not is_version_id(facts["version"]):
                raise ValueError(f"it names {name!r}")
        for name in (name for move in moves for name in move if name is not None):
            if not _stays_inside(name):
                raise ValueError(f"it names {name!r}")
    except OSError as error:
        why = f"{version.name}/{COMMIT}: {error.strerror or error}"
        raise OutputError.unknown_version(version.parent, why) from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        why = f"{version.name}/{COMMIT} is damaged ({error})"
        raise OutputError.unknown_version(version.parent, why) from None
    return {**published}, moves


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and not {"..", VERSIONS} & {*path.parts}
