"""The toolkit from Python: lazy Dask DataFrames of evaluated rows.

rules = load_rules("ecommerce", as_of=date(2026, 11, 23))
evaluated = evaluate_feed(rules, ["feed.csv"])
clean, rejected = clean_rows(evaluated, rules.contract), rejected_rows(evaluated)

Frames and aggregations contain the values of personal columns unmasked, for further computation;
mask aggregations as the commands do before showing them:

tables = mask_tables(aggregate(clean, rules.contract), rules.contract, find_key(Path("data")))
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from toolkit.aggregate.dataset import aggregate, aggregate_lazily
from toolkit.aggregate.tables import mask_tables
from toolkit.clean.evaluate import Rules
from toolkit.clean.feed import clean_rows, evaluate_feed, rejected_rows
from toolkit.command.contract_files import compose_contract
from toolkit.errors import ConfigError
from toolkit.pages.mask_key import find_key
from toolkit.settings.config import read_contract
from toolkit.settings.shipped import shipped_folder
from toolkit.settings.workspace import Workspace
from toolkit.settings.yaml_check import checked_yaml

__all__ = [
    "Rules",
    "aggregate",
    "aggregate_lazily",
    "clean_rows",
    "evaluate_feed",
    "find_key",
    "load_rules",
    "mask_tables",
    "rejected_rows",
]


def load_rules(
    contract: str | Path,
    *,
    as_of: date | None = None,
    data_dir: str | Path = "data",
    overrides: Sequence[str] = (),
) -> Rules:
    """Load the rules that clean a feed: contract, lookups, and the day that limits count from.

    `contract` is a YAML file, or the name of one in conf/dataset beside `data_dir` or among the
    shipped ones; it is composed as for the command line, with its `defaults` and with `overrides`
    such as `dataset.repairs=[]`. Without `as_of` limits count from today. A workspace without
    lookups uses the starter ones. Raises ConfigError with every problem of the contract,
    LookupFileError for an invalid lookup.
    """
    workspace = Workspace(Path(data_dir))
    folders = [Path(os.path.abspath(data_dir)).parent / "conf", shipped_folder("conf")]
    name, path = str(contract), Path(contract)
    if name.endswith((".yaml", ".yml")):
        values = _read(path)
        if path.parent.name == "dataset" and path.suffix == ".yaml":
            name, folders = path.stem, [path.absolute().parent.parent, *folders]
        elif overrides or (isinstance(values, dict) and "defaults" in values):
            raise ConfigError.contract_outside_conf(path)
        else:
            return Rules.load(read_contract(values), workspace.lookups, as_of or date.today())
    values = compose_contract(name, [f for f in folders if f.is_dir()], overrides)
    return Rules.load(read_contract(values), workspace.lookups, as_of or date.today())


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(checked_yaml(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"contract {path}: {' '.join(str(error).split())}") from None
