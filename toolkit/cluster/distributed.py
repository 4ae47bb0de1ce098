"""Runners on dask.distributed: a temporary local cluster, or a remote one."""

# Most of distributed has no annotations.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import asyncio
import logging
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import dask
from dask.delayed import Delayed
from dask.system import CPU_COUNT
from dask.utils import parse_bytes
from distributed import Client, KilledWorker, LocalCluster, Worker, as_completed
from distributed.comm.registry import get_backend
from distributed.core import rpc
from distributed.diagnostics.plugin import SchedulerPlugin, WorkerPlugin
from distributed.security import Security

from toolkit.cluster.prepare import prepare_worker
from toolkit.cluster.runner import OnResult, Runner
from toolkit.cluster.spec import ClusterOptions
from toolkit.errors import ClusterError
from toolkit.storage.interrupts import hold_interrupts
from toolkit.storage.traces import temporary_folder
from toolkit.units import human_bytes

Futures = Sequence[Any]

_LOGGERS = (
    "distributed",
    "distributed.client",
    "distributed.gc",
    "tornado",
    "tornado.application",
    "asyncio",
)
_LOOPBACK = "127.0.0.1"
_NO_PAGES: dict[str, list[str]] = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
_POLL_SECONDS = 0.02
# A nanny restarts a worker that dies; on a busy machine that takes a while.
_RESTART_SECONDS = 60.0
# A worker needs about 180 MB before it reads anything; with less it is killed at once.
_LEAST_MEMORY = 200_000_000
# Deaths of a local cluster's workers, with no task finished in between.
_DEATHS_OF_EACH = 4
# Workers of a limit that is too low never come, or pause for good.
_LIMITED_SECONDS = 20.0


@contextmanager
def open_local(options: ClusterOptions) -> Iterator[Runner]:
    """Start a cluster of processes on this machine that accepts only this run's certificate.

    The certificate is made for the run and never leaves memory, so nobody else can connect.
    """
    with (
        _quiet_logs(),
        # Dask would leave its folder for all runs in TMPDIR.
        temporary_folder(Path(tempfile.gettempdir()), "toolkit-dask-") as scratch,
        _opened(lambda: _start_cluster(options, scratch)) as cluster,
    ):
        deaths = _Deaths()
        cluster.scheduler.add_plugin(deaths)
        with _opened(lambda: Client(cluster, set_as_default=False)) as client:
            _prepare(client, options)

            def stop(futures: Futures) -> None:
                client.close()
                cluster.close()

            most = _DEATHS_OF_EACH * len(cluster.worker_spec)

            def check(before: int, silence: float) -> int:
                limit = options.memory_limit
                idle = limit and silence > _LIMITED_SECONDS and not _is_at_work(cluster)
                if idle or deaths.count - before >= most:
                    raise ClusterError.workers_died(limit)
                return deaths.count

            yield _DistributedRunner(client, stop, _RESTART_SECONDS, check)


def _is_at_work(cluster: Any) -> bool:
    """Return whether a worker accepts tasks, or is still running one while it shuts down."""
    workers = list(cluster.scheduler.workers.values())
    return bool(cluster.scheduler.running) or any(worker.executing for worker in workers)


def _prepare(client: Client, options: ClusterOptions) -> None:
    try:
        client.register_plugin(_Preparation())
    except OSError as error:
        # Not an error about a file: the worker disappeared before it answered.
        raise ClusterError.workers_died(options.memory_limit) from error


def _start_cluster(options: ClusterOptions, scratch: Path) -> LocalCluster:
    # Workers spill rows there, which other users must not read.
    scratch.chmod(0o700)
    # Dask removes the rest at exit, and would log that it is missing.
    logging.getLogger("distributed.diskutils").setLevel(logging.CRITICAL + 1)
    threads, limit = options.threads_per_worker or 1, options.memory_limit
    if limit is not None and limit != "auto" and 0 < parse_bytes(limit) < _LEAST_MEMORY:
        raise ClusterError.too_little_memory(limit, human_bytes(_LEAST_MEMORY))
    with hold_interrupts():
        try:
            security = Security.temporary()
            # Its pages would be open to all users of this machine; workers inherit the setting.
            with dask.config.set({**_NO_PAGES, "temporary-directory": str(scratch)}):
                return LocalCluster(
                    n_workers=options.workers or max(1, CPU_COUNT // threads),
                    threads_per_worker=threads,
                    memory_limit=options.memory_limit or "auto",
                    processes=True,
                    host=_LOOPBACK,
                    protocol="tls://",
                    security=security,
                    dashboard_address=f"{_LOOPBACK}:0",
                    scheduler_kwargs={"dashboard": False},
                    silence_logs=logging.CRITICAL,
                )
        except ImportError as error:
            # distributed reports a module that fails to load as one that is missing.
            why = f"cryptography cannot be loaded, for lack of memory if it is there ({error})"
            raise ClusterError.not_started(why) from error
        except KeyError as error:
            # An invalid unit of time or size in Dask's own configuration.
            raise ClusterError.not_started(
                f"Dask's configuration: {str(error.args[0]).partition('. Valid')[0]}"
            ) from error
        except (OSError, RuntimeError, ValueError) as error:
            raise ClusterError.not_started(error) from error


@contextmanager
def open_remote(address: str, options: ClusterOptions) -> Iterator[Runner]:
    """Connect to a running cluster, which keeps running afterwards."""
    _check_protocol(address)
    seconds, security = options.timeout_seconds, _security(address, options)
    with _quiet_logs():
        # A Client that fails to connect leaves a thread behind, so probe the address without one
        # first.
        with ThreadPoolExecutor(1, "ask") as thread:
            thread.submit(asyncio.run, _find_workers(address, seconds, security)).result()
        with _closing(_connect(address, seconds, security)) as client:
            _check_installed(client, address)
            yield _DistributedRunner(client, partial(_cancel, client), seconds)


def _check_protocol(address: str) -> None:
    """Raise ClusterError unless this machine's Dask can connect by the protocol of the address."""
    protocol, found, _ = address.partition("://")
    try:
        get_backend(protocol if found else "tcp").get_connector()
    except (ImportError, TypeError, ValueError) as error:
        raise ClusterError.bad_option("address", address, "one such as tcp://host:8786") from error


def _security(address: str, options: ClusterOptions) -> Security:
    """Build the TLS settings from the options, or from Dask's own settings where they have none.

    Raises ClusterError for files that are not certificates, and for tls:// without certificates.
    """
    names = ("tls_ca_file", "tls_cert", "tls_key")
    given = {name: path for name in names if (path := getattr(options, name)) is not None}
    try:
        security = (
            Security(
                tls_ca_file=options.tls_ca_file,
                tls_client_cert=options.tls_cert,
                tls_client_key=options.tls_key,
                require_encryption=True,
            )
            if given
            else Security()
        )
        context = security.get_connection_args("client").get("ssl_context")
    except (OSError, ssl.SSLError, ValueError) as error:
        raise ClusterError.bad_certificate(given, error) from error
    if address.startswith("tls://") and context is None:
        raise ClusterError.no_certificate(address)
    return security


def _connect(address: str, seconds: float, security: Security) -> Client:
    try:
        return Client(address, timeout=seconds, security=security, set_as_default=False)
    except OSError as error:
        raise ClusterError.unreachable(address, seconds) from error


class _DistributedRunner(Runner):
    """`stop` ends running tasks; `patience` is how long there may be no worker, in seconds.

    `check` returns how many workers have died. It raises when too many have since the given count,
    or when no worker accepts tasks after the given seconds of silence.
    """

    def __init__(
        self,
        client: Client,
        stop: Callable[[Futures], None],
        patience: float,
        check: Callable[[int, float], int] = lambda before, silence: before,
    ):
        super().__init__(sum(client.nthreads().values()), _dashboard(client))
        self._client = client
        self._address = str(client.scheduler_info(n_workers=0)["address"])
        self._stop = stop
        self._patience = patience
        self._check = check
        # Dead workers at the last sign of life, in any run.
        self._deaths = 0

    def run(self, tasks: Sequence[Delayed], on_result: OnResult | None = None) -> list[Any]:
        results: dict[Any, Any] = {}
        futures = self._client.compute(list(tasks))
        try:
            for key, result in self._finished(futures):
                results[key] = result
                if on_result:
                    on_result(result)
        except BaseException:
            with hold_interrupts():
                self._stop(futures)
            raise
        return [results[future.key] for future in futures]

    def _finished(self, futures: Futures) -> Iterator[tuple[Any, Any]]:
        """Yield each key and result as it finishes, waiting in short steps to notice when no worker
        is left.
        """
        completed = as_completed(
            futures, loop=self._client.loop, with_results=True, raise_errors=False
        )
        last_sign_of_life = time.monotonic()
        while completed.count():
            batch = completed.next_batch(block=False)
            for future, result in batch:
                yield future.key, self._value(future, result)
            if batch:
                last_sign_of_life = time.monotonic()
                self._deaths = self._check(self._deaths, 0.0)
                continue
            time.sleep(_POLL_SECONDS)
            silence = time.monotonic() - last_sign_of_life
            self._check(self._deaths, silence)
            if silence > self._patience:
                if not self._client.nthreads():
                    raise ClusterError.no_workers(self._address, self._patience)
                last_sign_of_life = time.monotonic()

    def _value(self, future: Any, result: Any) -> Any:
        """Return the result of a task. Its future may have been reset in between, when its worker
        was lost.
        """
        match result:
            case CancelledError():
                raise ClusterError.lost(self._address)
            case (type(), BaseException() as error, trace) if future.status == "error":
                if isinstance(error, KilledWorker):
                    raise ClusterError.worker_died(error.allowed_failures + 1) from None
                raise error.with_traceback(trace)
        return result


class _Preparation(WorkerPlugin):
    """Prepare every worker, also one that replaces a lost worker."""

    def setup(self, worker: Worker) -> None:
        prepare_worker()


class _Deaths(SchedulerPlugin):
    """Count the workers that died; nannies would restart them for ever."""

    count = 0

    def remove_worker(self, scheduler: Any, worker: str, **_: Any) -> None:
        self.count += 1


async def _find_workers(address: str, seconds: float, security: Security) -> None:
    """Return when the scheduler answers and has a worker; else raise ClusterError in time."""
    problem = ClusterError.unreachable(address, seconds)
    arguments = security.get_connection_args("client")
    try:
        async with asyncio.timeout(seconds), rpc(address, connection_args=arguments) as scheduler:
            while not (await scheduler.identity())["workers"]:
                problem = ClusterError.no_workers(address, seconds)
                await asyncio.sleep(0.1)
    except (OSError, TimeoutError, ValueError) as error:
        raise problem from error


def _check_installed(client: Client, address: str) -> None:
    """Raise ClusterError unless all of the cluster can import this toolkit."""
    try:
        client.run_on_scheduler(_answer)
        client.run(_answer)
    except ModuleNotFoundError as error:
        raise ClusterError.not_installed(address, error.name) from error


def _cancel(client: Client, futures: Futures) -> None:
    """Cancel the futures and wait for those that a worker is in the middle of.

    The workers are not ours to kill: others may use them.
    """
    keys = frozenset(future.key for future in futures)
    try:
        client.cancel(list(futures), force=True)
        while any(client.run(_holds, keys=keys, on_error="ignore").values()):
            time.sleep(_POLL_SECONDS)
    except (OSError, CancelledError):
        # The scheduler is gone, and workers without a scheduler end by themselves.
        return


def _answer() -> bool:
    """Do nothing; runs only where this module can be imported."""
    return True


def _holds(keys: frozenset[Any], dask_worker: Worker) -> bool:
    """Return whether this worker is running, or about to run, one of these tasks. Runs on a
    worker.
    """
    state = dask_worker.state
    return any(task.key in keys for tasks in (state.executing, state.ready) for task in tasks)


def _dashboard(client: Client) -> str | None:
    """Return the address of a remote cluster's dashboard, if it has one."""
    if client.cluster:
        return None
    try:
        return str(client.dashboard_link)
    except KeyError:
        return None


@contextmanager
def _opened(make: Callable[[], Any]) -> Iterator[Any]:
    """Start what `make` makes and close it at the end, also when an interrupt came during the
    start.
    """
    thing = None
    try:
        with hold_interrupts():
            thing = make()
        yield thing
    finally:
        if thing is not None:
            with hold_interrupts():
                thing.close()


@contextmanager
def _closing(thing: Any) -> Iterator[Any]:
    try:
        yield thing
    finally:
        with hold_interrupts():
            thing.close()


@contextmanager
def _quiet_logs() -> Iterator[None]:
    """Silence distributed's own logging of errors, which reach the user as one line."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
