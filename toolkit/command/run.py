"""Run a command as a Hydra job, or as one job for each value of a sweep."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.callbacks import Callbacks
from hydra._internal.utils import _run_hydra, get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import configure_log, run_job
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from toolkit.command.completion import Typed
from toolkit.command.compose import (
    VERSION_BASE,
    Composition,
    ConfigFolders,
    PlannedRun,
    parse_overrides,
    plain_value,
    plain_values,
)
from toolkit.command.flags import (
    HydraFlags,
    Line,
    translate,
    without_effect,
    without_effect_on_input,
)
from toolkit.errors import ConfigError, OutputError
from toolkit.report.facts import LOG_FILE, RUN_FILE
from toolkit.settings.commands import Command
from toolkit.settings.config import Settings, read_settings
from toolkit.storage.traces import living

Stage = Callable[[Settings, Path], object]

_FULL_ERROR = "HYDRA_FULL_ERROR"
_CONFIG_NAME = "config"
_FOR_SWEEPS = re.compile(r"hydra(\.sweep|[./]sweeper|[./]launcher)(\.|$)")
# Flags that the commands answer themselves, and one that would bypass the checks.
_NOT_PASSED_ON = {"-h", "--help", "--version", "--experimental-rerun"}


def hydra_flags() -> HydraFlags:
    """Return Hydra's flags, and the arguments that each takes."""
    return {
        flag: list(action.choices or ()) if action.nargs == "?" else int(action.nargs is None)
        for action in get_args_parser()._actions
        for flag in action.option_strings
        if flag not in _NOT_PASSED_ON
    }


def run_through_hydra(
    command: Command, words: Sequence[str], stage: Stage, share: Stage | None = None
) -> int:
    """Do what the words ask for, calling `stage` with the settings and the folder of each run.

    Jobs of a sweep call it in processes of their own, so that it must be possible to pickle it.
    `share` generates an input for all jobs that would generate the same.
    Returns the exit code. Raises ConfigError before anything is written, and what the only run
    raises. A sweep goes on after a run that fails, and then returns SOME_RUNS_FAILED.
    """
    line = translate(command, words, hydra_flags())
    args = _parsed([*line.flags, *line.overrides])
    if args.shell_completion:
        return _complete(command, args)
    composition, problems = _plan(command, line, args)
    args.overrides = composition.words(composition.overrides)
    if args.info or args.hydra_help:
        if problems:
            raise ConfigError.from_problems(problems)
        if args.hydra_help:
            # Hydra would look for them in its own config.
            args.overrides = []
        _enter_hydra(args, composition.folders, _refuse)
        return 0
    if args.cfg:
        _show_config(args, composition, composition.checked(problems)[0])
        return 0
    composition = composition.with_sweep_config()
    runs = composition.checked([*problems, *_mode_problems(composition)])
    idle = [*without_effect_on_input(command, line.typed)]
    if idle and all(run.values["input"] for run in runs):
        raise ConfigError.from_problems(idle)
    if command.looks_on:
        if composition.multirun:
            raise ConfigError(f"--multirun: {command.name} has no results to compare")
        stage(read_settings(runs[0].values, runs[0].overrides), Path(runs[0].values["data_dir"]))
        return 0
    _check_dask_config()
    if composition.multirun:
        return _sweep(composition, runs, (stage, share), args)
    only = _OnlyRun(stage, composition.defaults(), Path(runs[0].run_dir))
    with (
        only.leaving_no_empty_folder(),
        living(only.run_dir),
        composition.initialized(),
        _errors_of_hydra_raised(),
    ):
        _run_job(runs[0].config, runs[0].run_dir, only.run)
    only.raise_failure()
    return 0


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    """Parse the flags. Raises ConfigError where a flag has an invalid value."""
    parser = get_args_parser()
    parser.exit_on_error = False
    try:
        return parser.parse_args(words)
    except argparse.ArgumentError as error:
        raise ConfigError(str(error).removeprefix("argument ")) from None


def _check_package(args: argparse.Namespace, values: Mapping[str, Any]) -> None:
    """Raise ConfigError where --package names no part of the config that is to be shown."""
    if args.package is None or (args.cfg != "job" and args.package.startswith("hydra")):
        return
    found: Any = values
    for name in args.package.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if found is None:
        raise ConfigError(f"--package {args.package}: the config has no such part")


def _check_dask_config() -> None:
    """Raise ConfigError about files of Dask's own configuration, which it reads when imported."""
    try:
        import_module("dask.config")
    except ValueError as error:
        raise ConfigError(f"Dask's configuration: {' '.join(str(error).split())}") from None


def _show_config(args: argparse.Namespace, composition: Composition, run: PlannedRun) -> None:
    """Print the composed config, as Hydra's --cfg does."""
    _check_package(args, run.values)
    with composition.initialized():
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        HydraConfig.instance().set_config(run.config)
        OmegaConf.set_readonly(run.config.hydra, None)
        shown = hydra.get_sanitized_cfg(run.config, args.cfg)
        if args.package not in (None, "_global_"):
            shown = OmegaConf.select(shown, args.package)
        if not OmegaConf.is_config(shown):
            print(shown)
            return
        if args.package not in (None, "_global_"):
            print(f"# @package {args.package}")
        if args.resolve:
            OmegaConf.resolve(shown)
        sys.stdout.write(OmegaConf.to_yaml(shown))


def _run_job(config: DictConfig, run_dir: str, job: Callable[[DictConfig], object]) -> None:
    """Run a config that is composed already as a Hydra job.

    The folder has the time in its name: it is set, so that the one checked is the one made.
    """
    with open_dict(config.hydra):
        config.hydra.mode = RunMode.RUN
        config.hydra.run.dir = run_dir.replace("${", "\\${")
    configure_log(config.hydra.hydra_logging, config.hydra.verbose)
    callbacks = Callbacks(config)
    callbacks.on_run_start(config=config, config_name=_CONFIG_NAME)
    context = HydraContext(
        config_loader=GlobalHydra.instance().config_loader(), callbacks=callbacks
    )
    done = run_job(job, config, "hydra.run.dir", None, hydra_context=context)
    callbacks.on_run_end(config=config, config_name=_CONFIG_NAME, job_return=done)
    _ = done.return_value  # raises what a callback or the job raised


def _plan(command: Command, line: Line, args: argparse.Namespace) -> tuple[Composition, list[str]]:
    """Return what to compose, and a line about each argument that is invalid."""
    overrides, problems = parse_overrides(line.overrides)
    composition = Composition(
        command=command.name,
        folders=ConfigFolders.find(overrides, args.config_path, args.config_dir),
        overrides=overrides,
        config_name=args.config_name or _CONFIG_NAME,
        multirun=args.multirun or "hydra.mode=MULTIRUN" in line.overrides,
    )
    idle = (without_effect(command, o.key_or_group, plain_value(o)) for o in overrides)
    problems += [problem for problem in idle if problem is not None]
    return composition, [*line.problems, *problems, *_flag_problems(args)]


def _flag_problems(args: argparse.Namespace) -> Iterator[str]:
    modes = {"--cfg": args.cfg, "--info": args.info, "--multirun": args.multirun, "--run": args.run}
    given = [flag for flag, value in modes.items() if value]
    if len(given) > 1:
        yield f"{' and '.join(given)}: only one of them can be asked for"
    if args.resolve and not args.cfg:
        yield "--resolve: is for --cfg"
    if args.package and not args.cfg:
        yield f"--package {args.package}: is for --cfg"


def _mode_problems(composition: Composition) -> Iterator[str]:
    """Yield settings of Hydra that do nothing in a single run, or in a sweep."""
    for override in composition.overrides:
        key = override.key_or_group
        if not composition.multirun and _FOR_SWEEPS.match(key):
            yield f"{key}: has no effect without --multirun"
        elif composition.multirun and key == "hydra.run.dir":
            yield f"{key}: has no effect with --multirun; set hydra.sweep.dir"


def _sweep(
    composition: Composition,
    runs: Sequence[PlannedRun],
    stages: tuple[Stage, Stage | None],
    args: argparse.Namespace,
) -> int:
    # Imported now, because it brings Arrow along.
    from toolkit.command.sweep import run_sweep

    def enter(words: list[str], job: Callable[[DictConfig], float]) -> None:
        args.overrides = words
        _enter_hydra(args, composition.folders, job)

    return run_sweep(composition, runs, stages, enter)


def _enter_hydra(
    args: argparse.Namespace, folders: ConfigFolders, job: Callable[[DictConfig], object]
) -> None:
    """Do what hydra.main does, for arguments that are parsed already."""
    folders.enter_search_path()
    args.config_path = args.config_dir = None  # they are among the folders
    version.setbase(VERSION_BASE)
    with _errors_of_hydra_raised():
        _run_hydra(args, get_args_parser(), job, str(folders.main), _CONFIG_NAME)


@contextmanager
def _errors_of_hydra_raised() -> Iterator[None]:
    """Raise Hydra's own errors, which it would print with a traceback before it exits.

    Raises OutputError where it could not write into the run's folder.
    """
    before = os.environ.get(_FULL_ERROR)
    os.environ[_FULL_ERROR] = "1"
    try:
        yield
    except OSError as error:
        raise OutputError.cannot_write(error.filename or "the run's folder", error) from error
    finally:
        if before is None:
            del os.environ[_FULL_ERROR]
        else:
            os.environ[_FULL_ERROR] = before


def _refuse(_: DictConfig) -> None:
    raise AssertionError("--info and --hydra-help run nothing")


_SHELLS = ("bash", "zsh", "fish")
_COMPLETIONS = [
    f"{what}={shell}" for what in ("install", "uninstall", "query") for shell in _SHELLS
]


def _complete(command: Command, args: argparse.Namespace) -> int:
    """Answer the shell, which asks with -sc query=bash and the line in COMP_LINE."""
    if len(args.overrides) != 1 or args.overrides[0] not in _COMPLETIONS:
        given = " ".join(args.overrides) or "nothing"
        raise ConfigError(
            f"-sc: {given}: expected install=SHELL, uninstall=SHELL or query=SHELL, of "
            f"{', '.join(_SHELLS)}"
        )
    typed = Typed.from_shell(command, os.environ.get("COMP_LINE", ""))
    choices = typed.choices(hydra_flags())
    if choices is not None:
        print(" ".join(choices))
        return 0
    line = translate(command, typed.words, hydra_flags())
    composition, _ = _plan(command, line, args)
    words = [*line.flags, *composition.words(composition.overrides)]
    os.environ["COMP_LINE"] = typed.with_words(words)
    _enter_hydra(args, composition.folders, _refuse)
    return 0


class _OnlyRun:
    """A run outside a sweep; its exception is stored until Hydra has ended."""

    def __init__(self, stage: Stage, defaults: Mapping[str, Any] | None, run_dir: Path) -> None:
        self._stage, self._defaults = stage, defaults
        self._failure: BaseException | None = None
        self.run_dir, self._hydra_dir = run_dir, run_dir / ".hydra"

    def run(self, config: DictConfig) -> None:
        """Run the job that Hydra calls. It must not raise: Hydra would print that and exit."""
        hydra = HydraConfig.get()
        if hydra.output_subdir is not None:
            self._hydra_dir = self.run_dir / str(hydra.output_subdir)
        overrides = [str(word).removeprefix("++") for word in hydra.overrides.task]
        try:
            settings = read_settings(plain_values(config), overrides, defaults=self._defaults)
            self._stage(settings, self.run_dir.absolute())
        except (Exception, SystemExit) as error:
            self._failure = error

    def raise_failure(self) -> None:
        """Raise what the run raised, if anything."""
        if isinstance(self._failure, SystemExit):
            message = f"a stage left with sys.exit({self._failure.code!r})"
            raise RuntimeError(message) from self._failure
        if self._failure is not None:
            raise self._failure

    @contextmanager
    def leaving_no_empty_folder(self) -> Iterator[None]:
        """Remove the folder of a run that failed without a report, when the block ends.

        Parent folders that Hydra made are removed, too; files of others stay. Raises ConfigError
        when the folder is not empty at the start, OutputError when it cannot be made.
        """
        check_unused("hydra.run.dir", self.run_dir)
        own = self.run_dir.absolute()
        parents = [own, *own.parents]
        _check_writable(next(folder for folder in parents if os.path.exists(folder)))
        existing = {folder for folder in parents if os.path.exists(folder)}
        done = False
        try:
            yield
            done = self._failure is None
        finally:
            if not done and not os.path.exists(own / RUN_FILE):
                self._remove_own_files()
                for folder in parents:
                    if folder not in existing:
                        with suppress(OSError):
                            folder.rmdir()

    def _remove_own_files(self) -> None:
        """Remove the files that Hydra and the logging put into the run's folder."""
        hydra = [self._hydra_dir / name for name in ("config.yaml", "hydra.yaml", "overrides.yaml")]
        with suppress(OSError):
            for path in (self.run_dir / LOG_FILE, *hydra):
                path.unlink(missing_ok=True)
            self._hydra_dir.rmdir()


def check_unused(key: str, folder: Path) -> None:
    """Raise ConfigError unless the folder, which `key` sets, is new or empty."""
    with suppress(OSError):
        names = sorted(os.listdir(folder))
        if names:
            raise ConfigError.folder_in_use(key, folder, names)


def _check_writable(folder: Path) -> None:
    if not os.path.isdir(folder):
        raise OutputError.cannot_write(folder, NotADirectoryError(20, "it is not a folder"))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError.cannot_write(folder, PermissionError(13, "not allowed"))
