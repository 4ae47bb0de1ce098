"""Compose a command's config through Hydra, and report every problem in it.

Hydra stops at the first error, and makes a run's folder before the job can check its config. So the
command line is composed and checked here first, and nothing is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import yaml
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_search_path import ConfigSearchPath, SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, ValueType
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from toolkit.command.help import group_options
from toolkit.command.interpolations import check_references
from toolkit.errors import ConfigError, did_you_mean
from toolkit.settings.config import config_problems
from toolkit.settings.shipped import shipped_folder
from toolkit.settings.yaml_check import config_file_problems
from toolkit.storage.addresses import is_address, is_utf8

VERSION_BASE = "1.3"
_BASIC_SWEEPER = f"{BasicSweeper.__module__}.{BasicSweeper.__qualname__}"
_RUN_FOLDERS = ("hydra.run.dir", "hydra.sweep.dir")
_PLUGINS = ("hydra/launcher/joblib", "hydra/sweeper/optuna")
# Lines of Hydra's messages that only help its developers.
_INSIDE_TALK = (
    *("full_key:", "object_type=", "reference_type="),
    *("To append to your config", "Config search path", "provider="),
)


class _MoreFolders(SearchPathPlugin):
    """Add folders before and after the main one to Hydra's search path."""

    before: ClassVar[Path | None] = None
    after: ClassVar[Path | None] = None

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        main = SearchPathQuery(provider="main")
        if self.before:
            search_path.prepend("workspace", f"file://{self.before}", anchor=main)
        if self.after:
            search_path.append("command-line", f"file://{self.after}", anchor=main)


@dataclass(frozen=True)
class ConfigFolders:
    """Folders of configs: beside the workspace, the main folder, --config-dir."""

    own: Path | None
    main: Path
    extra: Path | None = None

    @classmethod
    def find(
        cls, overrides: Sequence[Override], main: str | None, extra: str | None
    ) -> ConfigFolders:
        """Find the folders for a command line; its flags may set `main` and `extra`."""
        for given in (main, extra):
            if given is not None and not Path(given).is_dir():
                raise ConfigError(f"{given}: there is no such config folder")
        main_folder = Path(main or shipped_folder("conf")).resolve()
        own = _own_folder(overrides)
        if own is not None and own.resolve() == main_folder:
            own = None
        found = cls(own, main_folder, Path(extra).resolve() if extra else None)
        shipped = shipped_folder("conf").resolve()
        not_shipped = (folder for folder in found.in_order() if folder.resolve() != shipped)
        if problems := [*config_file_problems(not_shipped)]:
            raise ConfigError.from_problems(problems)
        return found

    def in_order(self) -> list[Path]:
        return [folder for folder in (self.own, self.main, self.extra) if folder]

    def enter_search_path(self) -> None:
        """Make Hydra look into the folders from now on."""
        _MoreFolders.before, _MoreFolders.after = self.own, self.extra
        Plugins.instance().register(_MoreFolders)


def _own_folder(overrides: Sequence[Override]) -> Path | None:
    """Return the folder conf/ beside the workspace, if there is one."""
    given = [override for override in overrides if override.key_or_group == "data_dir"]
    if given:
        workspaces = [_resolved(value) for value in _values(given[-1]) if isinstance(value, str)]
    else:
        config = (shipped_folder("conf") / "config.yaml").read_text(encoding="utf-8")
        workspaces = [yaml.safe_load(config)["data_dir"]]
    # Path.is_dir would raise for a folder without permission.
    folders = {_conf_beside(workspace) for workspace in workspaces}
    if len(folders) > 1 and any(map(os.path.isdir, folders)):
        raise ConfigError(
            f"{given[-1].input_line}: the workspaces of one sweep must be beside the same conf/"
        )
    return next((folder for folder in folders if os.path.isdir(folder)), None)


def _conf_beside(workspace: str) -> Path:
    return Path(os.path.abspath(workspace)).parent / "conf"


def _resolved(value: str) -> str:
    """Replace environment variables; interpolations of the config stay unchanged."""
    try:
        return str(OmegaConf.create({"data_dir": value}).data_dir)
    except OmegaConfBaseException:
        return value


def parse_overrides(words: Sequence[str]) -> tuple[list[Override], list[str]]:
    """Parse overrides; also return a line about each word that is not one."""
    parser, overrides, problems = OverridesParser.create(), [], []
    for word in words:
        if not is_utf8(word):
            problems.append(f"{word!a}: is not UTF-8; rename the file or folder")
            continue
        try:
            overrides += parser.parse_overrides([word])
        except RecursionError:
            problems.append(f"{word[:60]}...: is nested too deeply")
        except HydraException:
            problems.append(
                f"{word}: cannot be read as key=value; a value with blanks, commas, brackets or "
                "quotes needs quotes of its own: \"key='a, b'\""
            )
    return overrides, problems


@dataclass(frozen=True)
class PlannedRun:
    """The settings of a run; for a job of a sweep also its folder, and how many jobs run at
    once.
    """

    config: DictConfig
    """As Hydra composes it; only read here."""
    values: dict[str, Any]
    overrides: Sequence[str]
    run_dir: str
    sweep_dir: str
    subdir: str
    at_once: int
    chdir: bool = False
    output_subdir: str | None = None
    """Folder for Hydra's copy of the config, within the run's folder; None without one."""


@dataclass(frozen=True)
class Composition:
    """Composes a config from folders and overrides; several configs for a sweep."""

    command: str
    folders: ConfigFolders
    overrides: Sequence[Override]
    config_name: str
    multirun: bool
    jobs_known: bool = True
    """False for a sweeper that chooses jobs by the results of earlier ones."""
    composed: dict[tuple[str, ...], DictConfig] = field(default_factory=dict, compare=False)
    """Configs composed already, by their words: each takes a tenth of a second."""

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        return group_options(self.folders.in_order())

    def with_sweep_config(self) -> Composition:
        """Add the config's own sweep settings as if they had been typed.

        So the parameters of hydra.sweeper.params are checked like overrides, which take precedence.
        A config that cannot be composed is left for `checked` to report.
        """
        plain = [
            override
            for override in self.overrides
            if not override.is_sweep_override() and not [*self._override_problems(override)]
        ]
        self.folders.enter_search_path()
        try:
            with self.initialized():
                words = self.words(plain)
                hydra = self._composed(words).hydra
                params = dict(hydra.sweeper.get("params") or {})
        except (HydraException, OmegaConfBaseException, yaml.YAMLError, UnicodeDecodeError):
            return self
        given = {override.key_or_group for override in self.overrides}
        varied, _ = parse_overrides([f"{k}={v}" for k, v in params.items() if k not in given])
        emptied, _ = parse_overrides(["hydra.sweeper.params=null"] if params else [])
        return replace(
            self,
            overrides=[*varied, *self.overrides, *emptied],
            multirun=self.multirun or hydra.mode == RunMode.MULTIRUN,
            jobs_known=hydra.sweeper.get("_target_") == _BASIC_SWEEPER,
        )

    def defaults(self) -> dict[str, Any] | None:
        """Return the values without overrides; None where they cannot be composed or are empty."""
        self.folders.enter_search_path()
        try:
            with self.initialized():
                return plain_values(_without_hydra(self._composed(self.words([]))))
        except (HydraException, OmegaConfBaseException, yaml.YAMLError, UnicodeDecodeError):
            return None

    def words(self, overrides: Sequence[Override]) -> list[str]:
        """Return the overrides in a form in which Hydra accepts unknown keys.

        toolkit.settings.config reports these, with the nearest key and all other problems.
        """
        return [f"hydra.job.name={self.command}", *(self._word(override) for override in overrides)]

    def _word(self, override: Override) -> str:
        word, key = str(override.input_line), override.key_or_group
        plain = override.type is OverrideType.CHANGE and override.package is None
        if plain and key not in self.groups and "/" not in key and not override.is_hydra_override():
            return f"++{word}"
        return word

    def checked(self, problems: Sequence[str]) -> list[PlannedRun]:
        """Return the planned runs. Raises ConfigError with these problems and all further ones."""
        found = list(problems)
        valid: list[Override] = []
        mistaken: list[Override] = []
        self.folders.enter_search_path()
        with self.initialized():
            for override in self.overrides:
                override.config_loader = GlobalHydra.instance().config_loader()
                wrong = [*self._override_problems(override)]
                found += wrong
                (mistaken if wrong else valid).append(override)
            runs, wrong = self._plan(valid)
        found += _not_caused_by(mistaken, wrong)
        if found:
            error = ConfigError.from_problems(list(dict.fromkeys(found)))
            raise ConfigError(*error.args, *self._note())
        return runs

    def initialized(self) -> AbstractContextManager[None]:
        """Initialise Hydra to compose from these folders in the block."""
        folder = str(self.folders.main)
        context: AbstractContextManager[None] = initialize_config_dir(
            folder, job_name=self.command, version_base=VERSION_BASE
        )
        return context

    def _plan(self, overrides: Sequence[Override]) -> tuple[list[PlannedRun], list[str]]:
        """Plan the runs; also return the problems of their values."""
        runs: list[PlannedRun] = []
        problems: list[str] = []
        try:
            for number, words in enumerate(self._runs(overrides)):
                runs.append(self._compose(words, number))
                problems += config_problems(runs[-1].values, self.groups)
            if not runs:
                problems.append("there is nothing to run: a sweep has no values")
            problems += [*self._folder_problems(runs), *self._sweep_problems(runs)]
        except (HydraException, OmegaConfBaseException, yaml.YAMLError) as error:
            problems.append(_with_hint(one_line(error)))
        except UnicodeDecodeError as error:
            problems.append(self._not_utf8(error))
        return runs, problems

    def _not_utf8(self, error: UnicodeDecodeError) -> str:
        """Describe the config file that was being read, which the error does not name."""
        for folder in self.folders.in_order():
            for path in sorted(folder.rglob("*.yaml")):
                content = path.read_bytes()
                if content == error.object or error.object in content:
                    return f"{path}: is not UTF-8 (byte {error.start}); save the file as UTF-8"
        return f"a config file is not UTF-8 (byte {error.start}); save it as UTF-8"

    def _folder_problems(self, runs: Sequence[PlannedRun]) -> Iterator[str]:
        """Yield folders that would differ from those that were checked or meant."""
        if any(run.chdir for run in runs):
            yield (
                "hydra.job.chdir=true: paths would no longer be those of where the command is run; "
                "leave it out, and name the run's folder in them if that is meant"
            )
        for name in dict.fromkeys(run.output_subdir for run in runs):
            if name is not None and (name in ("", ".", "..") or {"/", "\0"} & {*name}):
                yield (
                    f"hydra.output_subdir={name}: must be the name of a folder in that of the run, "
                    "without slashes, or null"
                )
        looked_into = {folder.resolve() for folder in self.folders.in_order()}
        for run in runs:
            own = _conf_beside(str(run.values.get("data_dir")))
            if os.path.isdir(own) and own.resolve() not in looked_into:
                yield (
                    f"data_dir={run.values['data_dir']}: the folder {own} beside it is not looked "
                    "into; give data_dir as a path or with ${oc.env:NAME}, or name the folder by "
                    "--config-dir"
                )

    def _sweep_problems(self, runs: Sequence[PlannedRun]) -> Iterator[str]:
        if not self.multirun:
            if any(run.values.get("sweep") == {"resume": True} for run in runs):
                yield "sweep.resume=true: is for --multirun"
            return
        for number, run in enumerate(runs):
            if run.subdir != str(number):
                yield f"hydra.sweep.subdir={run.subdir}: the folder of a job is its number"
        outputs = [str(run.values["output"]) for run in runs if run.values.get("output")]
        if outputs and (len({*map(os.path.abspath, outputs)}) < len(runs) or not self.jobs_known):
            yield (
                f"output={outputs[0]}: several jobs would write there; leave it out, since each "
                "job has a folder of its own, or let it differ, as in 'output=out/${hydra:job.num}'"
            )

    def _override_problems(self, override: Override) -> Iterator[str]:
        word, key = override.input_line, override.key_or_group
        is_group = key in self.groups
        if key in _RUN_FOLDERS and any(is_address(str(value)) for value in _values(override)):
            yield f"{word}: is an address, but runs are written to this machine's disks only"
        if override.is_sweep_override() and not self.multirun:
            hint = "" if is_group else f", or make them a list: {key}=[...]"
            yield f"{word}: several values; add --multirun for a run with each{hint}"
        if "/" in key and not self._is_folder(key) and not override.is_hydra_override():
            yield f"{word}: there is no group {key}{did_you_mean(key, self.groups)}"
        if not is_group or override.is_delete():
            return
        if override.value() is None:
            yield f"{word}: a group needs an option; there are {', '.join(self.groups[key])}"
        for option in _values(override):
            name = str(option)
            paths = (folder / key / f"{name}.yaml" for folder in self.folders.in_order())
            if option is not None and not any(map(os.path.isfile, paths)):
                known = self.groups[key]
                hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
                yield f"{key}={name}: unknown option{hint}"

    def _is_folder(self, group: str) -> bool:
        return any((folder / group).is_dir() for folder in self.folders.in_order())

    def _runs(self, overrides: Sequence[Override]) -> list[list[str]]:
        """Return the words of each run of a sweep, or of the only run."""
        parser = OverridesParser.create(GlobalHydra.instance().config_loader())
        parsed = parser.parse_overrides(self.words(overrides))
        if not self.multirun:
            return [[str(override.input_line) for override in parsed]]
        if not self.jobs_known:
            # Only a sweeper of another kind knows its runs; each of them checks its config again.
            parsed = [override for override in parsed if not override.is_sweep_override()]
        return [list(run) for run in BasicSweeper.split_arguments(parsed, None)[0]]

    def _compose(self, words: list[str], number: int) -> PlannedRun:
        """Compose one run, as Hydra would at its start."""
        config = self._composed(words)
        job = {
            "job.num": number,
            "job.id": str(number),
            "runtime.output_dir": ".",
        }
        with _setting(config, job):
            values = plain_values(_without_hydra(config))
            hydra = config.hydra
            return PlannedRun(
                config,
                values,
                [str(word) for word in hydra.overrides.task],
                run_dir=str(hydra.run.dir),
                sweep_dir=str(hydra.sweep.dir),
                subdir=str(hydra.sweep.subdir),
                at_once=_jobs_at_once(hydra.launcher.get("n_jobs", 1)),
                chdir=bool(hydra.job.chdir),
                output_subdir=hydra.output_subdir,
            )

    def _composed(self, words: list[str]) -> DictConfig:
        """Compose; raise HydraException also where Hydra mistakes a config error for its own
        bug.
        """
        if (known := self.composed.get(tuple(words))) is not None:
            return known
        try:
            config = compose(self.config_name, words, return_hydra_config=True)
            check_references(config)
            self.composed[tuple(words)] = config
            return config
        except RecursionError:
            where = self.folders.own or self.folders.main
            raise HydraException(
                f"{where}: a config file names itself in its defaults, or is nested too deeply"
            ) from None
        except UnicodeDecodeError:
            raise
        except ValueError as error:
            raise HydraException(str(error)) from error

    def _note(self) -> Iterator[str]:
        own = self.folders.own
        if own and (own / f"{self.config_name}.yaml").is_file():
            yield f"note: {own / self.config_name}.yaml takes the place of the toolkit's own"


def _jobs_at_once(n_jobs: int) -> int:
    """Count as joblib does: -1 is one per core, -2 one less."""
    return n_jobs if n_jobs > 0 else max(1, (os.cpu_count() or 1) + 1 + n_jobs)


@contextmanager
def _setting(config: DictConfig, values: Mapping[str, Any]) -> Iterator[None]:
    """Set values of Hydra that only the start of a job decides, for the references to them."""
    hydra = config.hydra
    before = {key: OmegaConf.select(hydra, key) for key in values}
    for key, value in values.items():
        OmegaConf.update(hydra, key, value, force_add=True)
    HydraConfig.instance().set_config(config)
    try:
        yield
    finally:
        HydraConfig.instance().cfg = None
        OmegaConf.set_readonly(hydra, None)
        for key, value in before.items():
            OmegaConf.update(hydra, key, "???" if value is None else value, force_add=True)


def _without_hydra(config: DictConfig) -> DictConfig:
    return OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])


def plain_values(config: DictConfig) -> dict[str, Any]:
    """Convert the config to dicts, lists and scalars, every reference resolved."""
    values = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    if not isinstance(values, dict):
        raise ConfigError("the config is not a mapping of keys to values")
    return {str(key): value for key, value in values.items()}


def plain_value(override: Override) -> Any:
    """Return the value that a plain override sets; None for a sweep or a deletion."""
    if override.is_sweep_override() or override.is_delete():
        return None
    return override.value()


def _values(override: Override) -> list[Any]:
    """Return the values that an override sets: one, or those of a sweep."""
    if not override.is_sweep_override():
        return [override.value()]
    glob = override.value_type is ValueType.GLOB_CHOICE_SWEEP
    if not override.is_discrete_sweep() or (glob and override.config_loader is None):
        return []
    return [value.strip("'\"") for value in override.sweep_string_iterator()]


def _not_caused_by(mistaken: Sequence[Override], problems: Sequence[str]) -> Iterator[str]:
    """Drop problems that the omitted overrides may have caused."""
    parts = tuple(f"{override.key_or_group}{end}" for override in mistaken for end in ".:=")
    return (line for line in problems if not line.startswith(parts))


_PLUGINS_FROM = "pip install 'hydra-joblib-launcher>=1.2' 'hydra-optuna-sweeper>=1.3'"


def _with_hint(problem: str) -> str:
    """Add to a problem how to install the plugin that is missing."""
    if any(f"Could not find '{plugin}'" in problem for plugin in _PLUGINS):
        return f"{problem}; install it with: {_PLUGINS_FROM}"
    return problem


def one_line(error: BaseException) -> str:
    """Return an error's message in one line, with the cause that Hydra hides."""
    causes = [error, error.__cause__] if error.__cause__ else [error]
    lines = [line.strip(" \t.") for cause in causes for line in str(cause).splitlines()]
    useful = [line for line in lines if line and not line.startswith(_INSIDE_TALK)]
    key = getattr(error, "full_key", None)
    return (f"{key}: " if key else "") + ("; ".join(useful) or type(error).__name__)
