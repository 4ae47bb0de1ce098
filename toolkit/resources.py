"""How much memory and processor a run takes, its child processes included."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple

import psutil

_MAX_SAMPLES = 1000
# Looking for new children reads every process of the machine, so it is done less often.
_SAMPLES_PER_SEARCH = 5


class Sample(NamedTuple):
    """`seconds` since the start; `cpu_percent` is 100 for one core kept busy."""

    seconds: float
    rss_bytes: int
    cpu_percent: float


class ResourceSampler:
    """Samples this process and its children in a thread for as long as the context lasts.

    `samples` holds at most 1,000: beyond that every other one is dropped and twice as long is
    waited between two; `peak_rss_bytes` counts those dropped too. Memory that processes share is
    counted for each of them.
    """

    def __init__(
        self, interval_seconds: float = 0.1, on_peak: Callable[[int], None] | None = None
    ) -> None:
        """`on_peak` is told each new peak, in bytes, so that it is known before the end."""
        self.samples: list[Sample] = []
        self.peak_rss_bytes = 0
        self._on_peak = on_peak
        self._interval = interval_seconds
        self._processes = [psutil.Process()]
        self._n_taken = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="resources", daemon=True)

    def __enter__(self) -> ResourceSampler:
        self._start = time.monotonic()
        self.sample()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()
        self.sample()

    def sample(self) -> None:
        """Take one sample now."""
        if self._n_taken % _SAMPLES_PER_SEARCH == 0:
            self._find_children()
        self._n_taken += 1
        rss, cpu = 0, 0.0
        for process in self._processes:
            used = _measure(process)
            rss, cpu = rss + used[0], cpu + used[1]
        if rss > self.peak_rss_bytes:
            self.peak_rss_bytes = rss
            if self._on_peak:
                self._on_peak(rss)
        self.samples.append(Sample(time.monotonic() - self._start, rss, cpu))
        if len(self.samples) > _MAX_SAMPLES:
            del self.samples[1::2]
            self._interval *= 2

    def _run(self) -> None:
        while not self._end.wait(self._interval):
            self.sample()

    def _find_children(self) -> None:
        this, *known = self._processes
        try:
            # A process is kept for as long as it lives: CPU is measured from one look to the next.
            before = {child: child for child in known}
            children = [before.get(child, child) for child in this.children(recursive=True)]
        except (psutil.Error, OSError):
            return
        self._processes = [this, *children]


def _measure(process: psutil.Process) -> tuple[int, float]:
    """RSS in bytes and CPU in percent; nothing for a process that has just ended."""
    try:
        with process.oneshot():
            return process.memory_info().rss, process.cpu_percent()
    except (psutil.Error, OSError):
        return 0, 0.0


def describe_machine() -> dict[str, int]:
    """The cores that this process may use and the machine's memory in bytes."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    return {
        "cores": usable or os.cpu_count() or 1,
        "memory_bytes": psutil.virtual_memory().total,
    }
