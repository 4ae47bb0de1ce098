"""Running a command as a Hydra job, or as one job for each value of a sweep."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.utils import _run_hydra, get_args_parser
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from toolkit.command_line import Command, HydraFlags, Line, translate
from toolkit.completion import Typed
from toolkit.composition import (
    VERSION_BASE,
    Composition,
    ConfigFolders,
    PlannedRun,
    parse_overrides,
    plain_values,
)
from toolkit.config import Settings, read_settings
from toolkit.errors import ConfigError, OutputError
from toolkit.report import RUN_FILE

Stage = Callable[[Settings, Path], object]

_CONFIG_NAME = "config"
# Flags that the commands answer themselves, and one that would go round the checks.
_NOT_PASSED_ON = {"-h", "--help", "--version", "--experimental-rerun"}


def hydra_flags() -> HydraFlags:
    """Hydra's flags, and the words that each takes."""
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
    args = get_args_parser().parse_args([*line.flags, *line.overrides])
    if args.shell_completion:
        return _complete(command, args)
    composition, problems = _plan(command, line, args)
    args.overrides = composition.words(composition.overrides)
    if args.info or args.hydra_help:
        if problems:
            raise ConfigError.from_problems(problems)
        _enter_hydra(args, composition.folders, _refuse)
        return 0
    if args.cfg:
        composition.checked(problems)
        _enter_hydra(args, composition.folders, _refuse)
        return 0
    composition = composition.with_sweep_config()
    runs = composition.checked(problems)
    if command.looks_on:
        if composition.multirun:
            raise ConfigError(f"--multirun: {command.name} has no results to compare")
        stage(read_settings(runs[0].values, runs[0].overrides), Path(runs[0].values["data_dir"]))
        return 0
    if composition.multirun:
        return _sweep(composition, runs, (stage, share), args)
    only = _OnlyRun(stage, composition.defaults())
    with only.leaving_no_empty_folder(Path(runs[0].values["data_dir"])):
        _enter_hydra(args, composition.folders, only.run)
    only.raise_failure()
    return 0


def _plan(command: Command, line: Line, args: argparse.Namespace) -> tuple[Composition, list[str]]:
    """What is to be composed, and a line about each word that can't be."""
    overrides, problems = parse_overrides(line.overrides)
    composition = Composition(
        command=command.name,
        folders=ConfigFolders.find(overrides, args.config_path, args.config_dir),
        overrides=overrides,
        config_name=args.config_name or _CONFIG_NAME,
        multirun=args.multirun or "hydra.mode=MULTIRUN" in line.overrides,
    )
    return composition, [*line.problems, *problems, *_flag_problems(args)]


def _flag_problems(args: argparse.Namespace) -> Iterator[str]:
    modes = {"--cfg": args.cfg, "--info": args.info, "--multirun": args.multirun, "--run": args.run}
    given = [flag for flag, value in modes.items() if value]
    if len(given) > 1:
        yield f"{' and '.join(given)}: only one of them can be asked for"
    if args.resolve and not args.cfg:
        yield "--resolve: is for --cfg"


def _sweep(
    composition: Composition,
    runs: Sequence[PlannedRun],
    stages: tuple[Stage, Stage | None],
    args: argparse.Namespace,
) -> int:
    # Imported now, because it brings Arrow along.
    from toolkit.hydra_sweep import run_sweep

    def enter(words: list[str], job: Callable[[DictConfig], float]) -> None:
        args.overrides = words
        _enter_hydra(args, composition.folders, job)

    return run_sweep(composition, runs, stages, enter)


def _enter_hydra(
    args: argparse.Namespace, folders: ConfigFolders, job: Callable[[DictConfig], object]
) -> None:
    """What hydra.main does, for words that are parsed already."""
    folders.enter_search_path()
    args.config_path = args.config_dir = None  # they are among the folders
    version.setbase(VERSION_BASE)
    _run_hydra(args, get_args_parser(), job, str(folders.main), _CONFIG_NAME)


def _refuse(_: DictConfig) -> None:
    raise AssertionError("--info and --hydra-help run nothing")


def _complete(command: Command, args: argparse.Namespace) -> int:
    """Answer the shell, which asks with -sc query=bash and the line in COMP_LINE."""
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
    """A run that is no part of a sweep; what it raises is kept for after Hydra's end."""

    def __init__(self, stage: Stage, defaults: Mapping[str, Any] | None) -> None:
        self._stage, self._defaults = stage, defaults
        self._failure: BaseException | None = None
        self._run_dir: Path | None = None

    def run(self, config: DictConfig) -> None:
        """The job that Hydra calls. Hydra would print what it raises, and leave."""
        hydra = HydraConfig.get()
        self._run_dir = Path(hydra.runtime.output_dir)
        overrides = [str(word).removeprefix("++") for word in hydra.overrides.task]
        try:
            settings = read_settings(plain_values(config), overrides, defaults=self._defaults)
            self._stage(settings, self._run_dir)
        except (Exception, SystemExit) as error:
            self._failure = error

    def raise_failure(self) -> None:
        """Raise what the run raised, if anything."""
        if isinstance(self._failure, SystemExit):
            told = f"a stage left with sys.exit({self._failure.code!r})"
            raise RuntimeError(told) from self._failure
        if self._failure is not None:
            raise self._failure

    @contextmanager
    def leaving_no_empty_folder(self, data_dir: Path) -> Iterator[None]:
        """Afterwards, the folder of a run that failed and left no report is gone.

        So is the workspace, where Hydra had to make it for that folder. Raises OutputError when
        there can be no such folder.
        """
        parents = [data_dir / "reports", data_dir, *data_dir.absolute().parents]
        _check_writable(next(folder for folder in parents if folder.exists()))
        made = [folder for folder in parents if not folder.exists()]
        done = False
        try:
            yield
            done = self._failure is None
        finally:
            if not done and self._run_dir and not (self._run_dir / RUN_FILE).exists():
                shutil.rmtree(self._run_dir, ignore_errors=True)
                for folder in made:
                    if folder.is_dir() and not any(folder.iterdir()):
                        folder.rmdir()


def _check_writable(folder: Path) -> None:
    if not folder.is_dir():
        raise OutputError.cannot_write(folder, NotADirectoryError(20, "it is no folder"))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError.cannot_write(folder, PermissionError(13, "not allowed"))
