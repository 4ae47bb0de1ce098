"""The console scripts and their exit codes.

0 success; 1 a bug, with its traceback; 2 a user error, in one line; 3 the data did not pass its
suites, or no row is clean; 4 some jobs of a sweep failed; 130 interrupted. Hydra and the config are
imported only when they are needed.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.command.help import help_text
from toolkit.errors import OUT_OF_MEMORY, ConfigError, ToolkitError, is_out_of_memory
from toolkit.pages.streams import heard_streams, open_closed_streams
from toolkit.settings.commands import COMMANDS, PIPELINE
from toolkit.settings.shipped import shipped_folder
from toolkit.storage.addresses import is_utf8
from toolkit.storage.interrupts import (
    INTERRUPTED,
    answer_interrupt,
    end_of_process,
    interrupts_never_lost,
    raise_interrupts,
    was_interrupted,
)

if TYPE_CHECKING:
    from toolkit.settings.config import Settings

_QUESTIONS = (
    *("-h", "--help", "--version", "--hydra-help", "--info", "-i", "--cfg", "-c"),
    *("-sc", "--shell-completion"),
)
_PACKAGE = "sales-feed-toolkit"
_SHARING = "toolkit.stages.shared_feed"


def main() -> int:
    """Run the command that the process was started as, and end the process with it."""
    open_closed_streams()
    raise_interrupts()
    try:
        return run_command(Path(sys.argv[0]).name)
    except Exception:
        with heard_streams():
            traceback.print_exc()
        return 1
    finally:
        end_of_process()


def run_command(name: str) -> int:
    """Run a command with its command-line arguments; return the exit code.

    A closed stdout is not an error, unless the output was all that the user asked for.
    """
    with heard_streams() as out:
        code = _run_command(name)
    if out.lost is None or (out.is_closed_pipe and _is_question(sys.argv[1:])):
        return code
    why = out.lost.strerror or out.lost
    if code == 0 and _is_question(sys.argv[1:]):
        print(f"error: stdout: {why}", file=sys.stderr)
        return ToolkitError.exit_code
    with heard_streams():
        print(f"note: not all could be shown on stdout: {why}", file=sys.stderr)
    return code


def _is_question(words: Sequence[str]) -> bool:
    """Return whether the arguments only ask for information, without a run."""
    return any(word.partition("=")[0] in _QUESTIONS for word in words)


def _run_command(name: str) -> int:
    command, words = COMMANDS[name], sys.argv[1:]
    if "-h" in words or "--help" in words:
        own = Path("conf")
        folders = [own, shipped_folder("conf")] if own.is_dir() else [shipped_folder("conf")]
        print(help_text(command, folders), end="")
        return 0
    if "--version" in words:
        print(f"{name} {_version()}")
        return 0
    try:
        _check_working_folder()
        from toolkit.command.run import run_through_hydra

        share = partial(_run_stage, _SHARING, "share_feed") if name == PIPELINE else None
        stage = partial(_run_stage, command.module, command.stage)
        with interrupts_never_lost():
            return run_through_hydra(command, words, stage, share)
    except KeyboardInterrupt as error:
        return _interrupted(str(error))
    except Exception as error:
        return _interrupted() if was_interrupted() else _failed(error)


def _check_working_folder() -> None:
    """Raise ConfigError for a working folder that is not valid UTF-8, which Arrow's paths need."""
    try:
        folder = os.getcwd()
    except FileNotFoundError:
        raise ConfigError.working_folder(None) from None
    if not is_utf8(folder):
        raise ConfigError.working_folder(folder)


def _interrupted(what: str = "") -> int:
    answer_interrupt()
    print(f"interrupted; {what or 'earlier outputs are untouched'}", file=sys.stderr)
    return INTERRUPTED


def _failed(error: Exception) -> int:
    """Print the line about an error and return the exit code; raises a bug again."""
    if isinstance(error, ToolkitError):
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if isinstance(error, PermissionError):
        # A folder without permission to look into is not a bug.
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        return ToolkitError.exit_code
    if not is_out_of_memory(error):
        raise error
    print(f"error: {OUT_OF_MEMORY}", file=sys.stderr)
    return ToolkitError.exit_code


def _run_stage(module: str, name: str, settings: Settings, run_dir: Path) -> None:
    # Imported now, because the stages bring Dask and Arrow along.
    getattr(import_module(module), name)(settings, run_dir)


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version(_PACKAGE)
    except metadata.PackageNotFoundError:
        return "(not installed)"
