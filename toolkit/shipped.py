"""Where the files that come with the toolkit lie: in the source tree, or in the wheel."""

from __future__ import annotations

from pathlib import Path

_IN_SOURCE_TREE = {"lookups": "data/lookups"}


def shipped_folder(name: str) -> Path:
    """The absolute path of "conf", "lookups" or "expectations" as the toolkit ships it."""
    package = Path(__file__).resolve().parent
    in_tree = package.parent / _IN_SOURCE_TREE.get(name, name)
    if (package.parent / "pyproject.toml").is_file() and in_tree.is_dir():
        return in_tree
    return package / "shipped" / name
