"""Limit the size of a config with its references (${...}) replaced, before any is replaced.

Ten references to ten references to ten others are a thousand values, and twenty such lines fill
any memory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

from toolkit.errors import ConfigError

MOST_CHARACTERS = 4 << 20

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")
_KEY = re.compile(r"[^.\[\]]+")
_Path = tuple[str | int, ...]


def check_references(config: DictConfig) -> None:
    """Raise ConfigError where replacing all references gives more than MOST_CHARACTERS."""
    measured = _ExpandedConfig(OmegaConf.to_container(config, resolve=False))
    try:
        # Hydra's part repeats what was typed.
        for key in sorted(map(str, config), key=lambda key: key == "hydra"):
            if measured.length((key,)) > MOST_CHARACTERS:
                raise ConfigError(
                    f"{key}: its references (${{...}}) expand to more than the limit of "
                    f"{MOST_CHARACTERS:,} characters; write out what is meant"
                )
    except RecursionError:
        raise ConfigError("the config is nested, or refers to itself, too deeply") from None


class _ExpandedConfig:
    def __init__(self, root: Any) -> None:
        self._root = root
        self._lengths: dict[_Path, int] = {}

    def length(self, path: _Path) -> int:
        """Count the characters of a value with its references replaced; 0 for one in itself."""
        if path not in self._lengths:
            self._lengths[path] = 0
            self._lengths[path] = self._measure(path, self._at(path))
        return self._lengths[path]

    def _measure(self, path: _Path, value: Any) -> int:
        if isinstance(value, Mapping):
            return 1 + sum(len(str(key)) + self.length((*path, key)) for key in value)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return 1 + sum(self.length((*path, place)) for place in range(len(value)))
        if not isinstance(value, str):
            return 1
        found = _REFERENCE.findall(value)
        return len(value) + sum(self.length(target(path, key)) for key in found)

    def _at(self, path: _Path) -> Any:
        value = self._root
        for key in path:
            try:
                value = value[int(key) if isinstance(value, list) else key]
            except (LookupError, TypeError, ValueError):
                # Another resolver's, or a mistake that resolving reports.
                return None
        return value


def target(path: _Path, reference: str) -> _Path:
    """Return the path that a reference at `path` names: each leading dot is one container up."""
    bare = reference.lstrip(".")
    dots = len(reference) - len(bare)
    above = path[: max(0, len(path) - dots)] if dots else ()
    return (*above, *_KEY.findall(bare))
