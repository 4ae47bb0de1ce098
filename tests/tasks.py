"""Tasks for the cluster's tests: in a module of their own, which every worker can import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import NoReturn

from toolkit.errors import InputError


def square(number: int) -> int:
    # The later ones end first.
    time.sleep(0.01 * (10 - number % 10))
    return number * number


def add(number: int, table: dict[int, int]) -> int:
    return table[number] + 1


def refuse(path: str) -> NoReturn:
    raise InputError.not_readable(path, "it is only a test")


def divide_by_nothing() -> float:
    nothing = 0
    return 1 / nothing


def keep_writing(folder: Path, number: int) -> int:
    """Append to a file of its own for half a second."""
    path = folder / f"{number:03d}"
    for _ in range(20):
        with path.open("a") as file:
            file.write("x")
        time.sleep(0.025)
    return number


def refuse_when_writing(folder: Path, n_files: int) -> NoReturn:
    """Fail in the middle of another task's work."""
    while len(list(folder.iterdir())) < n_files:
        time.sleep(0.01)
    refuse("feed.csv")


def die() -> NoReturn:
    """What the kernel does to a process that takes too much memory."""
    os.kill(os.getpid(), 9)
    raise AssertionError


def meet(folder: Path, name: str) -> str:
    """Ends only when another task runs at the same time."""
    (folder / name).touch()
    while len(list(folder.iterdir())) < 2:
        time.sleep(0.01)
    return name


def worker_settings() -> tuple[int, int, bool]:
    """Arrow's threads for computing and for reading, and whether Ctrl-C is left to the driver."""
    import pyarrow as pa

    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    return pa.cpu_count(), pa.io_thread_count(), ignored


def scheduler_address() -> str:
    """Where the worker that runs this has its scheduler."""
    from distributed import get_worker

    return str(get_worker().scheduler.address)
