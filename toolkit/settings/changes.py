"""Settings as flat keys and values, and their differences from the defaults."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from toolkit.settings.config import Config, Settings

# These record where the settings came from, not a setting.
_ABOUT_SETTINGS = ("overrides", "defaults", "as_of_given")


def config_values(config: Config) -> dict[str, Any]:
    """Return every value that is set, by dotted key, in the config's order, as JSON values.

    Keys that are set to nothing (null, an empty list or group) are left out.
    """
    values = {key: value for key, value in asdict(config).items() if key not in _ABOUT_SETTINGS}
    return dict(_flat(values, ""))


def changed_values(settings: Settings) -> dict[str, Any]:
    """Return the default of each key whose value differs from it; None for a key without a default.

    A different contract has different keys: of it only the name and the overrides count, and the
    defaults of those are unknown.
    """
    if settings.defaults is None:
        return {}
    values, defaults = config_values(settings), config_values(settings.defaults)
    other_contract = settings.dataset.name != settings.defaults.dataset.name
    keys = [key for key in {**values, **defaults} if values.get(key) != defaults.get(key)]
    if other_contract:
        keys = [key for key in keys if not key.startswith("dataset.") or key == "dataset.name"]
        keys += [key for key in _typed_keys(settings) if key.startswith("dataset.")]
    return {key: defaults.get(key) for key in dict.fromkeys(keys)}


def _typed_keys(settings: Settings) -> Iterator[str]:
    for word in settings.overrides:
        yield word.partition("=")[0].lstrip("+~")


def _flat(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    elif value is not None and value != ():
        yield key, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    return os.fspath(value) if isinstance(value, Path) else value
