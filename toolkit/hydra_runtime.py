"""Running a command as a Hydra job, or as one job for each value of a sweep."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra import version
from hydra._internal.utils import _run_hydra, get_args_parser
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from toolkit.command_line import Command, HydraFlags, Line, quoted, translate
from toolkit.completion import Typed
from toolkit.composition import (
    VERSION_BASE,
    Composition,
    ConfigFolders,
    parse_overrides,
    plain_values,
)
from toolkit.config import Settings, read_settings
from toolkit.errors import ConfigError, OutputError, ToolkitError
from toolkit.report import RUN_FILE

SOME_RUNS_FAILED = 4
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


def run_through_hydra(command: Command, words: Sequence[str], stage: Stage) -> int:
    """Do what the words ask for, calling `stage` with the settings and the folder of each run.

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
    runs = composition.checked(problems)
    jobs = _Jobs(stage, len(runs) if composition.multirun else None)
    if composition.multirun:
        # One folder for all runs, even where they have workspaces of their own.
        args.overrides.append(f"hydra.sweep.dir={quoted(runs[0].sweep_dir)}")
    with jobs.leaving_no_empty_folder(Path(runs[0].values["data_dir"])):
        _enter_hydra(args, composition.folders, jobs.run)
    return jobs.exit_code()


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


def _enter_hydra(
    args: argparse.Namespace, folders: ConfigFolders, job: Callable[[DictConfig], None]
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


class _Jobs:
    """The runs of one command line; those that fail are remembered.

    `n_runs` is their number in a sweep, None for the only run.
    """

    def __init__(self, stage: Stage, n_runs: int | None) -> None:
        self._stage, self._n_runs = stage, n_runs
        self._failed: list[BaseException] = []
        self._begun: list[Path] = []

    def run(self, config: DictConfig) -> None:
        """The job that Hydra calls. It must not raise: that would end a sweep."""
        hydra = HydraConfig.get()
        overrides = [str(word).removeprefix("++") for word in hydra.overrides.task]
        run_dir = Path(hydra.runtime.output_dir)
        self._begun.append(run_dir)
        if self._n_runs is not None:
            told = f"run {len(self._begun)} of {self._n_runs}: {' '.join(overrides)}"
            print(told, file=sys.stderr, flush=True)
        try:
            self._stage(read_settings(plain_values(config), overrides), run_dir)
        except (Exception, SystemExit) as error:
            self._failed.append(error)
            if self._n_runs is not None:
                _report(error, " ".join(overrides))

    def exit_code(self) -> int:
        """0 or SOME_RUNS_FAILED; raises what the only run raised."""
        if not self._failed:
            return 0
        if self._n_runs is not None:
            print(f"error: {len(self._failed)} of {self._n_runs} runs failed", file=sys.stderr)
            return SOME_RUNS_FAILED
        error = self._failed[0]
        if isinstance(error, SystemExit):
            raise RuntimeError(f"a stage left with sys.exit({error.code!r})") from error
        raise error

    @contextmanager
    def leaving_no_empty_folder(self, data_dir: Path) -> Iterator[None]:
        """Afterwards, the folder of an only run that failed and left no report is gone.

        So is the workspace, where Hydra had to make it for that folder. Raises OutputError when
        there can be no such folder.
        """
        parents = [data_dir / "reports", data_dir, *data_dir.absolute().parents]
        _check_writable(next(folder for folder in parents if folder.exists()))
        made = [folder for folder in parents if not folder.exists()]
        done = False
        try:
            yield
            done = not self._failed
        finally:
            if (
                not done
                and self._n_runs is None
                and self._begun
                and not (self._begun[0] / RUN_FILE).exists()
            ):
                shutil.rmtree(self._begun[0], ignore_errors=True)
                for folder in made:
                    if folder.is_dir() and not any(folder.iterdir()):
                        folder.rmdir()


def _check_writable(folder: Path) -> None:
    if not folder.is_dir():
        raise OutputError.cannot_write(folder, NotADirectoryError(20, "it is no folder"))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError.cannot_write(folder, PermissionError(13, "not allowed"))


def _report(error: BaseException, overrides: str) -> None:
    if isinstance(error, ToolkitError):
        print(f"error: {overrides}: {error}", file=sys.stderr)
    else:
        traceback.print_exception(error)
        print(f"error: {overrides}: a bug, see the traceback above", file=sys.stderr)
