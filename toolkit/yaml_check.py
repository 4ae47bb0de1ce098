"""Config files before they are loaded: regular ones, of sensible size with aliases replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from toolkit.plain_files import UnfitFileError, read_plain

_LARGEST_FILE = 4 << 20
_MOST_VALUES = 100_000


def config_file_problems(folders: Iterable[Path]) -> Iterator[str]:
    """A line about each config file of the folders that cannot be loaded safely."""
    for folder in folders:
        for path in sorted([*folder.glob("*.yaml"), *folder.glob("*/**/*.yaml")]):
            try:
                checked_yaml(path)
            except UnfitFileError as error:
                yield f"{path}: {error}"
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
