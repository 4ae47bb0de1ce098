"""The toolkit from Python: lazy Dask DataFrames of evaluated rows.

rules = load_rules("ecommerce", as_of=date(2026, 11, 23))
evaluated = evaluate_feed(rules, ["feed.csv"])
clean, rejected = clean_rows(evaluated, rules.contract), rejected_rows(evaluated)
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import yaml

from toolkit.aggregate.dataset import aggregate, aggregate_lazily
from toolkit.clean.evaluate import Rules
from toolkit.clean.feed import clean_rows, evaluate_feed, rejected_rows
from toolkit.config import read_contract
from toolkit.errors import ConfigError, did_you_mean
from toolkit.shipped import shipped_folder
from toolkit.workspace import Workspace

__all__ = [
    "Rules",
    "aggregate",
    "aggregate_lazily",
    "clean_rows",
    "evaluate_feed",
    "load_rules",
    "rejected_rows",
]


def load_rules(contract: str | Path, *, as_of: date, data_dir: str | Path = "data") -> Rules:
    """What a feed is cleaned by: its contract, the workspace's lookups, the day limits count from.

    `contract` is a YAML file, or the name of one in conf/dataset beside `data_dir` or among the
    shipped ones. A workspace without lookups uses the starter ones. Raises ConfigError with every
    problem of the contract, LookupFileError for a lookup that is not sound.
    """
    workspace = Workspace(Path(data_dir))
    path = _find_contract(str(contract), workspace)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"contract {path}: {' '.join(str(error).split())}") from None
    found = read_contract(values)
    return Rules.load(found, workspace.lookups, as_of)


def _find_contract(name: str, workspace: Workspace) -> Path:
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    folders = [workspace.data_dir.parent / "conf", shipped_folder("conf")]
    paths = [folder / "dataset" / f"{name}.yaml" for folder in folders]
    for path in paths:
        if path.is_file():
            return path
    known = {other.stem for path in paths for other in path.parent.glob("*.yaml")}
    raise ConfigError(f"no contract {name!r}{did_you_mean(name, known)}; there is {sorted(known)}")
