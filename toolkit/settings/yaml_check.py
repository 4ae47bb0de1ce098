"""Config files before they are loaded: regular ones, of sensible size with aliases replaced."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from toolkit.storage.plain_files import UnfitFileError, read_plain

_CONTRACTS = "dataset"
# What says to Hydra where values belong: a comment, and what follows @ in defaults.
_PACKAGE = re.compile(rb"^\s*#\s*@package[^\n]*", re.MULTILINE)
_OTHER_PACKAGE = re.compile(rb"@\s*:?\s*(_global_|hydra)[\w.]*")
_LARGEST_FILE = 4 << 20
_MOST_VALUES = 100_000


def config_file_problems(folders: Iterable[Path]) -> Iterator[str]:
    """A line about each config file of the folders that cannot be loaded safely."""
    for folder in folders:
        for path in sorted([*folder.glob("*.yaml"), *folder.glob("*/**/*.yaml")]):
            try:
                content = checked_yaml(path)
                if path.relative_to(folder).parts[0] == _CONTRACTS:
                    _check_package(content)
            except UnfitFileError as error:
                yield f"{path}: {error}"
            except RecursionError:
                yield f"{path}: is nested too deeply"
            except (OSError, yaml.YAMLError):
                # Whoever loads it says so, with more of what surrounds it.
                continue


def checked_yaml(path: Path) -> bytes:
    """The content of a file. Raises OSError for a pipe, and for more than config can be."""
    content = read_plain(path, _LARGEST_FILE)
    has_aliases = b"&" in content and b"*" in content
    if has_aliases and _values(yaml.compose(content, yaml.SafeLoader), {}) > _MOST_VALUES:
        raise UnfitFileError(
            f"its aliases (*name) stand for more than the limit of {_MOST_VALUES:,} values; "
            "write out what is meant"
        )
    return content


def _check_package(content: bytes) -> None:
    """Raise UnfitFileError where a contract would set more than `dataset`.

    Otherwise it could move outputs, and name Python functions for Hydra to call.
    """
    found = _PACKAGE.search(content)
    if found is None:
        values = yaml.load(content, yaml.BaseLoader)
        defaults = values.get("defaults", ()) if isinstance(values, dict) else ()
        found = _OTHER_PACKAGE.search(str(defaults).encode())
    if found is not None:
        raise UnfitFileError(
            f"a contract sets dataset alone; remove {found[0].decode(errors='replace').strip()!r}"
        )


def _values(node: Any, known: dict[int, int]) -> int:
    """How many values a node has once aliases are replaced; without end where one is in itself."""
    if id(node) not in known:
        known[id(node)] = _MOST_VALUES + 1
        parts: list[Any] = []
        if isinstance(node, yaml.SequenceNode):
            parts = node.value
        elif isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        known[id(node)] = 1 + sum(_values(part, known) for part in parts)
    return known[id(node)]
