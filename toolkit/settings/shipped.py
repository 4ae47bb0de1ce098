"""Locate the files that ship with the toolkit: in the source tree, or in the wheel."""

from __future__ import annotations

from pathlib import Path

_IN_SOURCE_TREE = {"lookups": "data/lookups"}


def source_tree() -> Path | None:
    """Return the project's folder if the toolkit runs from its source tree, else None."""
    folder = Path(__file__).resolve().parents[2]
    return folder if (folder / "pyproject.toml").is_file() else None


def shipped_folder(name: str) -> Path:
    """Return the absolute path of the shipped "conf", "lookups" or "expectations"."""
    tree = source_tree()
    in_tree = tree / _IN_SOURCE_TREE.get(name, name) if tree else None
    if in_tree and in_tree.is_dir():
        return in_tree
    return Path(__file__).resolve().parents[1] / "shipped" / name
