"""Runs commands that were imported once, each in a fork that waits to be traced.

Reads a JSON list [folder, file for output, command, words...] a line; answers with the process id
of the fork, which has stopped itself, and, once it has ended, with its exit code (negative for a
signal).
"""

from __future__ import annotations

import json
import os
import signal
import sys

import toolkit.command.run
import toolkit.stages.pipeline  # noqa: F401
from toolkit.command.cli import run_command
from toolkit.validate.importing import import_validation


def main() -> None:
    import_validation()
    import toolkit.validate.docs
    import toolkit.validate.run  # noqa: F401

    for line in sys.stdin:
        folder, output, command, *words = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(folder, output, command, words)
        os.waitpid(child, os.WUNTRACED)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(folder: str, output: str, command: str, words: list[str]) -> None:
    os.chdir(folder)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = [command, *words]
    os.kill(os.getpid(), signal.SIGSTOP)
    try:
        code = run_command(command)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
