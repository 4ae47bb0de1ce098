"""The shipped configs as plain values, as Hydra would compose them, for tests to change."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import yaml

from toolkit.settings.shipped import shipped_folder

Values = dict[str, Any]
REMOVED = object()


@cache
def load(name: str) -> Values:
    content: Values = yaml.safe_load((shipped_folder("conf") / name).read_text(encoding="utf-8"))
    return content


def shipped_values() -> Values:
    values = {key: v for key, v in load("config.yaml").items() if key not in ("defaults", "hydra")}
    chosen = {
        "dataset": "ecommerce",
        "partitions": "auto",
        "cluster": "threads",
        "outputs": "parquet",
        "validation": "gate",
    }
    values |= {group: load(f"{group}/{name}.yaml") for group, name in chosen.items()}
    return copy.deepcopy(values | {"rows": 1000})


def changed(changes: dict[str, Any]) -> Values:
    """The shipped values with some of them set, or REMOVED, by their dotted keys."""
    values = shipped_values()
    for key, value in changes.items():
        *parents, last = key.split(".")
        here = values
        for parent in parents:
            here = here.setdefault(parent, {})
        if value is REMOVED:
            del here[last]
        else:
            here[last] = value
    return values
