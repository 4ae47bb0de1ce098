"""Preparation of a worker process before its first task."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading


def prepare_worker() -> None:
    """Leave Ctrl-C to the driver, and the cores to the tasks.

    A terminal sends Ctrl-C to every process of a command; the driver ends its workers itself.
    Arrow in each of the workers would start a thread for every core.
    """
    import pyarrow as pa

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pa.set_cpu_count(1)
    pa.set_io_thread_count(2)


def prepare_process() -> None:
    """Prepare a process of a pool, which must also end when its driver is killed."""
    prepare_worker()
    end_with_parent()


def end_with_parent() -> None:
    """End this process as soon as its parent has died."""
    threading.Thread(target=_exit_with_parent, name="parent", daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
