"""Runners on Dask's single-machine schedulers: synchronous, threads, processes."""

# Most of dask has no annotations.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import Any

import dask.local
import dask.multiprocessing
import dask.threaded
from dask.callbacks import Callback
from dask.delayed import Delayed
from dask.system import CPU_COUNT
from dask.utils import ensure_dict

from toolkit.cluster.prepare import prepare_process
from toolkit.cluster.runner import OnResult, Runner
from toolkit.cluster.spec import ClusterOptions
from toolkit.errors import ClusterError
from toolkit.storage.interrupts import hold_interrupts

# A new worker is forked from a process that has imported these, in 0.1 s instead of 2 s.
_PRELOADED = [
    "dask.multiprocessing",
    "pyarrow.parquet",
    "pyarrow.compute",
    "toolkit.cluster.prepare",
]


@contextmanager
def open_inside(options: ClusterOptions) -> Iterator[Runner]:
    """Open a runner of kind sync, threads or processes."""
    n_workers = options.workers or CPU_COUNT
    if options.kind == "sync":
        yield _SyncRunner(1)
    elif options.kind == "threads":
        yield _ThreadsRunner(n_workers)
    else:
        runner = _ProcessesRunner(n_workers)
        try:
            yield runner
        finally:
            runner.stop()


class _Pool(Executor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        # Or Ctrl-C could come between the start of a worker and its entry in the pool's list.
        with hold_interrupts():
            return super().submit(fn, *args, **kwargs)


class _Threads(_Pool, ThreadPoolExecutor):
    pass


class _Processes(_Pool, ProcessPoolExecutor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        try:
            return super().submit(fn, *args, **kwargs)
        except (EOFError, ConnectionError) as error:
            # Raised when the fork server was killed.
            raise ClusterError.no_process() from error


class _SyncRunner(Runner):
    def run(self, tasks: Sequence[Delayed], on_result: OnResult | None = None) -> list[Any]:
        return _compute(dask.local.get_sync, tasks, on_result)


class _ThreadsRunner(Runner):
    def run(self, tasks: Sequence[Delayed], on_result: OnResult | None = None) -> list[Any]:
        pool = _Threads(self.n_workers, "task")
        try:
            return _compute(partial(dask.threaded.get, pool=pool), tasks, on_result)
        finally:
            with hold_interrupts():
                pool.shutdown(wait=True, cancel_futures=True)


class _ProcessesRunner(Runner):
    """Reuse its processes from one run to the next."""

    _pool: ProcessPoolExecutor | None = None

    def run(self, tasks: Sequence[Delayed], on_result: OnResult | None = None) -> list[Any]:
        if self._pool is None:
            self._pool = _start_processes(self.n_workers)
        get = partial(dask.multiprocessing.get, pool=self._pool, optimize_graph=False)
        try:
            return _compute(get, tasks, on_result)
        except BrokenProcessPool:
            self.stop(kill=True)
            raise ClusterError.worker_died() from None
        except BaseException:
            self.stop(kill=True)
            raise

    def stop(self, *, kill: bool = False) -> None:
        """End the processes; with `kill`, in the middle of what they do."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        with hold_interrupts():
            if kill:
                # Python 3.14 has pool.kill_workers() for this.
                for process in list((pool._processes or {}).values()):
                    process.kill()
            pool.shutdown(wait=True, cancel_futures=True)


def _start_processes(n_workers: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return _Processes(n_workers, mp_context=context, initializer=prepare_process)


def _compute(
    get: Callable[..., Any], tasks: Sequence[Delayed], on_result: OnResult | None
) -> list[Any]:
    """Run the tasks with a Dask scheduler, each when a worker is free for it.

    dask.config is not consulted for pools and chunk sizes: another job may have changed it.
    """
    graph: dict[Any, Any] = {}
    for task in tasks:
        graph.update(ensure_dict(task.__dask_graph__()))
    keys = [task.key for task in tasks]
    results = set(keys)

    def report(key: Any, result: Any, *_: Any) -> None:
        if on_result and key in results:
            on_result(result)

    with Callback(posttask=report):
        return list(get(graph, keys, chunksize=1, rerun_exceptions_locally=False))
