"""Sample the memory and CPU of a run, child processes included."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple

import psutil

_MAX_SAMPLES = 300
# Looking for new children reads every process of the machine, so do it less often.
_SAMPLES_PER_SEARCH = 5


class Sample(NamedTuple):
    """`seconds` since the start; `cpu_percent` is 100 for one busy core."""

    seconds: float
    rss_bytes: int
    cpu_percent: float


class ResourceSampler:
    """Samples this process and its children in a thread while the context lasts.

    At most 300 `samples`: beyond that pairs are merged (the higher memory, the mean CPU) and the
    interval is doubled. Memory that processes share is counted for each of them.
    """

    def __init__(
        self, interval_seconds: float = 0.1, on_peak: Callable[[int], None] | None = None
    ) -> None:
        """`on_peak` is called with each new peak in bytes, so that it is known before the end."""
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
        seconds = round(time.monotonic() - self._start, 3)
        if self.samples and seconds - self.samples[-1].seconds < self._interval / 2:
            # Too soon after the last one for the resolution of the processor's clock.
            cpu = self.samples[-1].cpu_percent
        self.samples.append(Sample(seconds, rss, round(cpu, 1)))
        if len(self.samples) > _MAX_SAMPLES:
            self.samples = _halved(self.samples)
            self._interval *= 2

    def _run(self) -> None:
        while not self._end.wait(self._interval):
            self.sample()

    def _find_children(self) -> None:
        this, *known = self._processes
        try:
            # Keep the object while the process lives: psutil measures CPU between two calls on it.
            before = {child: child for child in known}
            children = [before.get(child, child) for child in this.children(recursive=True)]
        except (psutil.Error, OSError):
            return
        self._processes = [this, *children]


def _halved(samples: list[Sample]) -> list[Sample]:
    """Merge samples after the first in pairs, at the time of the later."""
    first, *others = samples
    pairs = zip(others[::2], others[1::2], strict=False)
    merged = [
        Sample(later.seconds, max(one.rss_bytes, later.rss_bytes), _mean_cpu(one, later))
        for one, later in pairs
    ]
    return [first, *merged, *(others[-1:] if len(others) % 2 else [])]


def _mean_cpu(one: Sample, other: Sample) -> float:
    return (one.cpu_percent + other.cpu_percent) / 2


def _measure(process: psutil.Process) -> tuple[int, float]:
    """Return RSS in bytes and CPU in percent; zeros for a process that has just ended."""
    try:
        with process.oneshot():
            return process.memory_info().rss, process.cpu_percent()
    except (psutil.Error, OSError):
        return 0, 0.0


def describe_machine() -> dict[str, int]:
    """Return the cores that this process may use and the machine's memory in bytes."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    return {
        "cores": usable or os.cpu_count() or 1,
        "memory_bytes": psutil.virtual_memory().total,
    }
