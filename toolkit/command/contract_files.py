"""Load a contract by its name, composed as on the command line, without touching Hydra's global
state.

So a program that calls this may use Hydra itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import RunMode
from hydra.version import VersionBase, setbase
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from toolkit.command.compose import VERSION_BASE, one_line
from toolkit.command.interpolations import check_references
from toolkit.errors import ConfigError, did_you_mean
from toolkit.settings.commands import quoted


def compose_contract(name: str, folders: Sequence[Path], overrides: Sequence[str] = ()) -> Any:
    """Return the plain values of conf/dataset/<name>.yaml, with its `defaults` composed.

    `folders` are searched in order, as Hydra's search path; `overrides` are as on the command line,
    such as `dataset.repairs=[]`. Raises ConfigError if composing fails.
    """
    known = {path.stem for folder in folders for path in (folder / "dataset").glob("*.yaml")}
    if name not in known:
        shown = ", ".join(sorted(known))
        raise ConfigError(f"no contract {name!r}{did_you_mean(name, known)}; there are {shown}")
    search_path = ConfigSearchPathImpl()
    search_path.append("hydra", "pkg://hydra.conf")
    for folder in dict.fromkeys(folder.resolve() for folder in folders):
        search_path.append("toolkit", f"file://{folder}")
    search_path.append("schema", "structured://")
    words = [f"dataset={quoted(name)}", *(f"++{word.lstrip('+')}" for word in overrides)]
    # Hydra's plugins handle the schemes of the search path.
    Plugins.instance()
    # Restore the program's own Hydra version base afterwards.
    version = VersionBase.instance()
    before = version.version_base
    try:
        setbase(VERSION_BASE)
        config = ConfigLoaderImpl(search_path).load_configuration("config", words, RunMode.RUN)
        check_references(config)
        return OmegaConf.to_container(config.dataset, resolve=True, throw_on_missing=True)
    except (HydraException, OmegaConfBaseException, yaml.YAMLError) as error:
        raise ConfigError(f"contract {name}: {one_line(error)}") from None
    finally:
        version.version_base = before
