"""Run work in a process of its own, so that it leaves nothing to the next one: no config, client,
thread, log handler, variable or memory.

It is forked from a process that has imported the stages and done nothing since; that takes 0.1 s.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from toolkit.cluster.prepare import end_with_parent
from toolkit.errors import ClusterError
from toolkit.pages.streams import heard_streams
from toolkit.settings.commands import COMMANDS
from toolkit.storage.interrupts import (
    INTERRUPTED,
    end_of_process,
    hold_interrupts,
    raise_interrupts,
)


@dataclass(frozen=True)
class Work:
    """Work to run; everything in it can be pickled.

    Its stdout goes to the file `output`, and with `quiet` its stderr too.
    """

    begin: Callable[[], None]
    do: Callable[[], None]
    output: Path
    quiet: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: str = field(default_factory=os.getcwd)


def do_alone(work: Work) -> int:
    """Run the work in a new process and wait for its end; return its exit code, negative for a
    signal.

    Raises ClusterError where no process can be started. Ctrl-C and SIGTERM are passed on once, and
    are raised here when the process has ended; a second one kills it.
    """
    process = _start(work)
    try:
        process.join()
    except KeyboardInterrupt:
        try:
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, signal.SIGTERM)
            process.join()
        except KeyboardInterrupt:
            process.kill()
            process.join()
        raise
    assert process.exitcode is not None
    return process.exitcode


def _start(work: Work) -> ForkServerProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([c.module for c in COMMANDS.values() if not c.looks_on])
    process = context.Process(target=_do, args=(work,))
    # A new process inherits the default start method, and does not know joblib's.
    default = multiprocessing.get_start_method(allow_none=True)
    with hold_interrupts():
        multiprocessing.set_start_method("forkserver", force=True)
        try:
            process.start()
        except (EOFError, ConnectionError) as error:
            # Raised when the fork server was killed.
            raise ClusterError.no_process() from error
        finally:
            multiprocessing.set_start_method(default, force=True)
    return process


def _do(work: Work) -> None:
    # In a session of its own the terminal cannot send it Ctrl-C: the parent does, once.
    os.setpgid(0, 0)
    raise_interrupts()
    end_with_parent()
    os.environ.clear()
    os.environ.update(work.environment)
    os.chdir(work.folder)
    with ExitStack() as stack:
        output = stack.enter_context(work.output.open("w", encoding="utf-8"))
        stack.enter_context(redirect_stdout(output))
        if work.quiet:
            stack.enter_context(redirect_stderr(output))
        stack.enter_context(heard_streams())
        work.begin()
        try:
            work.do()
        except KeyboardInterrupt:
            end_of_process()
            sys.exit(INTERRUPTED)
