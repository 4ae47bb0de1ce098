from __future__ import annotations

import copy
import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import distributed
import psutil
import pytest
from dask.callbacks import Callback
from dask.delayed import delayed
from distributed import Client
from distributed.security import Security

from tests import tasks
from tests.conftest import ROOT
from toolkit.cluster import ClusterSpec, Runner, open_cluster
from toolkit.errors import ClusterError, InputError
from toolkit.storage.interrupts import hold_interrupts

pytestmark = pytest.mark.slow

KINDS = ("sync", "threads", "processes", "local", "remote")
OUTSIDE = ("processes", "local")
DASK = (sys.executable, "-m", "dask")


@contextmanager
def started(*command: str, path: Path = ROOT) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block; `path` is where it imports from first."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(ROOT)])}
    process = subprocess.Popen(
        command, env=environment, cwd=path, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_until(condition: Callable[[], object]) -> None:
    """The test's own timeout ends what never comes."""
    while not condition():
        time.sleep(0.02)


@contextmanager
def scheduler(folder: Path, path: Path = ROOT) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    file = folder / "scheduler.json"
    options = ("--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0")
    with started(*DASK, "scheduler", *options, "--scheduler-file", str(file), path=path) as process:
        wait_until(lambda: file.exists() and file.read_text().endswith("}"))
        yield json.loads(file.read_text())["address"], process


@contextmanager
def workers(address: str) -> Iterator[subprocess.Popen[str]]:
    options = ("--host", "127.0.0.1", "--nthreads", "2", "--no-nanny", "--no-dashboard")
    with started(*DASK, "worker", address, *options) as process:
        yield process


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The scheduler file of a cluster that is there for all tests."""
    folder = tmp_path_factory.mktemp("remote")
    with scheduler(folder) as (address, _), workers(address):
        yield folder / "scheduler.json"


@pytest.fixture
def spec_for(remote: Path) -> Callable[[str], ClusterSpec]:
    def spec(kind: str) -> ClusterSpec:
        if kind == "remote":
            return ClusterSpec(kind, scheduler_file=str(remote), timeout_seconds=30)
        return ClusterSpec(kind, workers=2)

    return spec


@pytest.fixture(scope="module", params=KINDS)
def runner(request: pytest.FixtureRequest, remote: Path) -> Iterator[Runner]:
    file = str(remote) if request.param == "remote" else None
    spec = ClusterSpec(request.param, 2, scheduler_file=file, timeout_seconds=30)
    with open_cluster(spec) as opened:
        yield opened


def test_results_stand_in_the_order_of_the_tasks(runner: Runner) -> None:
    got: list[tuple[int, int]] = []

    def on_result(result: int) -> None:
        got.append((result, threading.get_ident()))

    squares = [number * number for number in range(25)]
    results = runner.run([delayed(tasks.square)(number) for number in range(25)], on_result)
    assert results == squares
    assert sorted(result for result, _ in got) == squares
    assert {thread for _, thread in got} == {threading.get_ident()}


def test_tasks_may_share_an_input_that_is_itself_computed(runner: Runner) -> None:
    table = delayed(dict)([(1, 10), (2, 20)])
    got: list[int] = []
    assert runner.run([delayed(tasks.add)(n, table) for n in (1, 2)], got.append) == [11, 21]
    assert sorted(got) == [11, 21]


def test_nothing_to_do_is_done(runner: Runner) -> None:
    assert runner.run([]) == []


def test_as_many_tasks_run_at_once_as_the_runner_says(runner: Runner, tmp_path: Path) -> None:
    if type(runner).__name__ == "_SyncRunner":
        assert runner.n_workers == 1
    else:
        assert runner.n_workers == 2
        assert runner.run([delayed(tasks.meet)(tmp_path, name) for name in "ab"]) == ["a", "b"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_error_is_raised_as_it_was_and_stops_the_rest(
    kind: str, spec_for: Callable[[str], ClusterSpec], tmp_path: Path
) -> None:
    n_writing = 0 if kind == "sync" else 1
    writing = [delayed(tasks.keep_writing)(tmp_path, number) for number in range(60)]
    failing = delayed(tasks.refuse_when_writing)(tmp_path, n_writing)
    with open_cluster(spec_for(kind)) as runner:
        with pytest.raises(InputError) as caught:
            runner.run([writing[0], failing, *writing[1:]])
        sizes = file_sizes(tmp_path)
        assert caught.type is InputError
        assert str(caught.value) == "feed.csv: cannot be read: it is only a test"
        assert len(sizes) < 60
        time.sleep(0.2)
        assert file_sizes(tmp_path) == sizes


@pytest.mark.parametrize("kind", KINDS)
def test_a_bug_keeps_its_traceback(kind: str, spec_for: Callable[[str], ClusterSpec]) -> None:
    with open_cluster(spec_for(kind)) as runner, pytest.raises(ZeroDivisionError) as caught:
        runner.run([delayed(tasks.divide_by_nothing)()])
    assert "return 1 / nothing" in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("kind", ["threads", "remote"])
def test_an_error_of_the_caller_stops_the_tasks(
    kind: str, spec_for: Callable[[str], ClusterSpec], tmp_path: Path
) -> None:
    def on_result(result: int) -> None:
        raise InputError("that is enough")

    with open_cluster(spec_for(kind)) as runner:
        with pytest.raises(InputError, match="that is enough"):
            runner.run([delayed(tasks.keep_writing)(tmp_path, n) for n in range(60)], on_result)
        sizes = file_sizes(tmp_path)
        assert len(sizes) < 60
        assert set(sizes.values()) == {20}


@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c_leaves_no_task_and_no_process(kind: str, remote: Path, tmp_path: Path) -> None:
    driver = start_driver(kind, tmp_path, remote)
    wait_until(lambda: file_sizes(tmp_path))
    os.killpg(driver.pid, signal.SIGINT)
    output, errors = driver.communicate()
    sizes = file_sizes(tmp_path)
    assert output.split() == ["interrupted", str(sum(sizes.values()))]
    assert errors == ""
    assert len(sizes) < 40
    # The server that the workers were forked from sees a little later that its driver is gone.
    wait_until(lambda: not session_of(driver))
    assert file_sizes(tmp_path) == sizes


def test_workers_end_with_a_driver_that_was_killed(tmp_path: Path, remote: Path) -> None:
    driver = start_driver("processes", tmp_path, remote)
    wait_until(lambda: file_sizes(tmp_path))
    assert len(session_of(driver)) > 2
    driver.kill()
    driver.communicate()
    wait_until(lambda: not session_of(driver))
    assert len(file_sizes(tmp_path)) < 40


def start_driver(kind: str, folder: Path, remote: Path) -> subprocess.Popen[str]:
    address = [json.loads(remote.read_text())["address"]] if kind == "remote" else []
    return subprocess.Popen(
        [sys.executable, "-m", "tests.cluster_driver", kind, str(folder), *address],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def session_of(driver: subprocess.Popen[str]) -> list[int]:
    """The processes of the driver's session that are still there."""
    found = []
    for process in psutil.process_iter():
        try:
            ended = process.status() == psutil.STATUS_ZOMBIE
            if os.getsid(process.pid) == driver.pid and not ended:
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found


def file_sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.iterdir()}


@pytest.mark.parametrize("kind", OUTSIDE)
def test_a_worker_that_dies_is_an_error_and_no_hang(kind: str) -> None:
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        open_cluster(ClusterSpec(kind, workers=2)) as runner,
        pytest.raises(ClusterError, match=r"^a worker process died .* fewer cluster.workers"),
    ):
        runner.run([delayed(tasks.die)(), *(delayed(tasks.square)(n) for n in range(20))])


def test_processes_can_be_used_again_after_an_error() -> None:
    with open_cluster(ClusterSpec("processes", workers=1)) as runner:
        with pytest.raises(InputError):
            runner.run([delayed(tasks.refuse)("feed.csv")])
        assert runner.run([delayed(tasks.square)(3)]) == [9]


@pytest.mark.parametrize("kind", OUTSIDE)
def test_a_worker_process_leaves_the_cores_to_the_tasks(kind: str) -> None:
    with open_cluster(ClusterSpec(kind, workers=1)) as runner:
        assert runner.run([delayed(tasks.worker_settings)()]) == [(1, 2, True)]


def test_a_local_cluster_can_be_reached_from_this_machine_only() -> None:
    spec = ClusterSpec("local", workers=1, threads_per_worker=2, memory_limit="1 GiB")
    before = listening()
    with open_cluster(spec) as runner:
        assert runner.n_workers == 2
        opened = listening() - before
    # The scheduler, its http server, the nanny and the worker.
    assert len(opened) >= 4
    assert {ip for ip, _ in opened} == {"127.0.0.1"}
    assert not listening() & opened


def test_nobody_else_runs_code_on_a_local_cluster() -> None:
    """Tried from other processes, which know the address and nothing of the certificate."""
    spec = ClusterSpec("local", workers=1, threads_per_worker=1, memory_limit="1 GiB")
    before = listening()
    with open_cluster(spec) as runner:
        assert runner.dashboard is None
        ports = sorted(port for _, port in listening() - before)
        scheduler = runner.run([delayed(tasks.scheduler_address)()])[0]
        assert scheduler.startswith("tls://127.0.0.1:")
        tried = [("own", scheduler), ("none", scheduler), ("none", scheduler.replace("tls", "tcp"))]
        outcomes = subprocess.run(
            [sys.executable, "-c", INTRUDER, json.dumps(tried)],
            capture_output=True,
            text=True,
            timeout=200,
            check=True,
        ).stdout.split()
        pages = [page for port in ports for page in answers_over_http(port)]
    assert outcomes == ["refused"] * len(tried)
    assert pages == []


INTRUDER = """
import json, logging, os, sys
from distributed import Client
from distributed.security import Security
logging.disable(logging.CRITICAL)
for certificate, address in json.loads(sys.argv[1]):
    security = Security.temporary() if certificate == "own" else Security()
    try:
        Client(address, timeout=1, security=security).run_on_scheduler(os.getuid)
        print("in", flush=True)
    except Exception:
        print("refused", flush=True)
"""


def answers_over_http(port: int) -> list[str]:
    """Paths of Dask's that a port answers with something."""
    found = []
    for path in ("/status", "/info/main/workers.html", "/json/counts.json", "/metrics", "/health"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status != 404:
                found.append(f"{port}{path}")
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
    return found


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """PEM files of a certificate that is its own authority."""
    folder = tmp_path_factory.mktemp("pem")
    security = Security.temporary()
    (folder / "cert.pem").write_text(security.tls_client_cert)
    (folder / "key.pem").write_text(security.tls_client_key)
    names = {"tls_ca_file": "cert.pem", "tls_cert": "cert.pem", "tls_key": "key.pem"}
    return {option: str(folder / name) for option, name in names.items()}


def test_a_remote_cluster_over_tls(certificates: dict[str, Any], tmp_path: Path) -> None:
    words = [
        *("--tls-ca-file", certificates["tls_ca_file"], "--tls-cert", certificates["tls_cert"]),
        *("--tls-key", certificates["tls_key"], "--host", "127.0.0.1"),
    ]
    file = tmp_path / "scheduler.json"
    listen = ("--protocol", "tls", "--port", "0", "--dashboard-address", "127.0.0.1:0")
    with started(*DASK, "scheduler", *words, *listen, "--scheduler-file", str(file)):
        wait_until(lambda: file.exists() and file.read_text().endswith("}"))
        address = json.loads(file.read_text())["address"]
        assert address.startswith("tls://")
        with started(*DASK, "worker", address, *words, "--no-nanny", "--no-dashboard"):
            spec = ClusterSpec("remote", address=address, timeout_seconds=30, **certificates)
            with open_cluster(spec) as runner:
                assert runner.run([delayed(tasks.square)(3)]) == [9]
            by_file = ClusterSpec(
                "remote", scheduler_file=str(file), timeout_seconds=30, **certificates
            )
            with open_cluster(by_file) as runner:
                assert runner.run([delayed(tasks.square)(4)]) == [16]
        with pytest.raises(
            ClusterError, match=r"^cluster\.address=tls://.*: TLS needs certificates"
        ):
            enter(ClusterSpec("remote", address=address))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tls_key": None}, r"^cluster\.tls_ca_file, cluster\.tls_cert and cluster\.tls_key: give"),
        (
            {"tls_cert": "none.pem"},
            r"cluster\.tls_cert=none\.pem, .* cannot be used as certificates",
        ),
        ({"address": "tcp://127.0.0.1:9"}, r"^cluster\.address=tcp://127.* expected tls://"),
        (
            {"address": "tls://user:s3cret@127.0.0.1:9"},
            r"^cluster\.address=tls://\*\*\*@127\.0\.0\.1:9",
        ),
        (
            {"address": "user:s3cret@127.0.0.1:9"},
            r"^cluster\.address=\*\*\*@127\.0\.0\.1:9: expected",
        ),
    ],
)
def test_certificates_that_cannot_be_used(
    change: dict[str, Any], message: str, certificates: dict[str, Any]
) -> None:
    spec = ClusterSpec("remote", address="127.0.0.1:9", timeout_seconds=1, **certificates)
    with pytest.raises(ClusterError, match=message) as caught:
        enter(replace(spec, **change))
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def listening() -> set[tuple[str, int]]:
    """Addresses at which this process or a child of it takes connections."""
    return {
        (connection.laddr.ip, connection.laddr.port)
        for process in [psutil.Process(), *psutil.Process().children(recursive=True)]
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }


def test_a_remote_cluster_stays(spec_for: Callable[[str], ClusterSpec]) -> None:
    with open_cluster(spec_for("remote")) as runner:
        first = runner.run([delayed(os.getpid)()])
    with open_cluster(spec_for("remote")) as runner:
        assert runner.run([delayed(os.getpid)()]) == first


def test_a_remote_cluster_is_found_by_the_environment(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", json.loads(remote.read_text())["address"])
    with open_cluster(ClusterSpec("remote", timeout_seconds=30)) as runner:
        assert runner.run([delayed(tasks.square)(3)]) == [9]


@pytest.mark.parametrize("what", ["scheduler", "workers"])
def test_a_remote_cluster_that_goes_away_is_an_error(
    what: str, tmp_path: Path, logged: list[str]
) -> None:
    message = "was lost during the run" if what == "scheduler" else r"had no workers \(0\) for 3 s"
    with scheduler(tmp_path) as (address, process), workers(address) as worker:
        with open_cluster(ClusterSpec("remote", address=address, timeout_seconds=30)):
            pass
        spec = ClusterSpec("remote", address=address, timeout_seconds=3)
        victim = process if what == "scheduler" else worker

        def on_result(result: int) -> None:
            if victim.poll() is None:
                victim.kill()
                # What else has come is not lost, though it was on a worker that is known to be.
                time.sleep(1)

        with open_cluster(spec) as runner, pytest.raises(ClusterError, match=message):
            runner.run([delayed(tasks.square)(number) for number in range(200)], on_result)
    assert logged == []


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What distributed says in its own loggers, which pass nothing on."""
    messages: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    listener = Listener()
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    for logger in loggers:
        logger.addHandler(listener)
    yield messages
    for logger in loggers:
        logger.removeHandler(listener)


def test_a_scheduler_without_workers_is_an_error(tmp_path: Path) -> None:
    with (
        scheduler(tmp_path) as (address, _),
        pytest.raises(ClusterError, match=r"no workers \(0\)"),
    ):
        enter(ClusterSpec("remote", address=address, timeout_seconds=1))


def test_a_cluster_without_this_toolkit_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "toolkit.py").write_text("raise ModuleNotFoundError(name='toolkit')\n")
    with scheduler(tmp_path, path=tmp_path) as (address, _), workers(address):
        spec = ClusterSpec("remote", address=address, timeout_seconds=30)
        with pytest.raises(ClusterError, match="cannot import toolkit; install"):
            enter(spec)


def test_a_dead_address_is_one_line_and_no_noise(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        # It takes connections and says nothing.
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        asked = subprocess.run(
            [sys.executable, "-m", "tests.cluster_driver", "remote", str(tmp_path), address],
            cwd=ROOT,
            text=True,
            capture_output=True,
            check=False,
        )
    lines = asked.stderr.splitlines()
    assert lines[-1] == (
        f"toolkit.errors.ClusterError: no Dask scheduler answers at {address} within 5 s; "
        "start it, or use cluster=threads"
    )
    assert not [line for line in lines if "distributed" in line and " - " in line]


@pytest.mark.parametrize("address", ["127.0.0.1:9", "tcp://nowhere.invalid:8786"])
def test_an_address_where_nothing_is(address: str) -> None:
    with pytest.raises(ClusterError, match=f"^no Dask scheduler answers at {address} within 0.5 s"):
        enter(ClusterSpec("remote", address=address, timeout_seconds=0.5))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "cloud"}, r"cluster\.kind=cloud: expected one of sync, threads, "),
        ({"workers": 0}, r"cluster\.workers=0: expected at least 1"),
        ({"kind": "local", "threads_per_worker": 0}, r"cluster\.threads_per_worker=0"),
        ({"kind": "local", "memory_limit": "much"}, r"cluster\.memory_limit=much: expected a size"),
        ({"kind": "remote", "timeout_seconds": 0.0}, r"cluster\.timeout_seconds=0\.0"),
        ({"kind": "remote"}, r"cluster\.address=.*scheduler_file=.*DASK_SCHEDULER_ADDRESS"),
        ({"kind": "remote", "address": "host"}, r"cluster\.address=host: expected one such as"),
        (
            {"kind": "remote", "address": "ucx://h:1"},
            r"cluster\.address=ucx://h:1: expected one such",
        ),
        (
            {"kind": "remote", "address": "foo://h:1"},
            r"cluster\.address=foo://h:1: expected one such",
        ),
        ({"kind": "remote", "address": "h:1", "scheduler_file": "f"}, "no scheduler_file beside"),
        ({"kind": "remote", "scheduler_file": "none.json"}, "none.json: No such file"),
        ({"kind": "remote", "scheduler_file": "text.json"}, "text.json: is not JSON"),
        ({"kind": "remote", "scheduler_file": "other.json"}, "other.json: has no scheduler"),
    ],
)
def test_an_impossible_option_is_refused(
    change: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("text.json").write_text("tcp://127.0.0.1:8786")
    Path("other.json").write_text('{"address": 8786}')
    with pytest.raises(ClusterError, match=message) as caught:
        enter(replace(ClusterSpec("threads"), **change))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_for_the_next_cluster(
    kind: str, spec_for: Callable[[str], ClusterSpec]
) -> None:
    def use() -> None:
        with open_cluster(spec_for(kind)) as runner:
            assert runner.run([delayed(tasks.square)(3)]) == [9]

    # Dask keeps one thread, and multiprocessing its servers, from their first use on.
    use()
    before = surroundings()
    use()
    assert surroundings() == before


def surroundings() -> dict[str, Any]:
    # These watch a process, and end by themselves a moment after it.
    wait_until(lambda: not any("AsyncProcess" in t.name for t in threading.enumerate()))
    loggers = [logging.getLogger(name) for name in ("", "distributed", "distributed.client")]
    return {
        "config": copy.deepcopy(dask.config.config),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "processes": sorted(child.pid for child in psutil.Process().children(recursive=True)),
        "clients": [client.status for client in Client._instances if client.status != "closed"],
        "callbacks": set(Callback.active),
        "loggers": [(logger.level, list(logger.handlers)) for logger in loggers],
        "handler levels": [h.level for logger in loggers for h in logger.handlers],
        "ctrl-c": signal.getsignal(signal.SIGINT),
    }


def test_what_another_job_configured_is_not_asked(tmp_path: Path) -> None:
    with (
        dask.config.set(scheduler="sync", pool="none", num_workers=1, chunksize=50),
        open_cluster(ClusterSpec("threads", workers=2)) as runner,
    ):
        assert runner.run([delayed(tasks.meet)(tmp_path, name) for name in "ab"]) == ["a", "b"]


def test_ctrl_c_is_put_off_and_not_lost() -> None:
    ended = False

    def press() -> None:
        nonlocal ended
        with hold_interrupts():
            signal.raise_signal(signal.SIGINT)
            ended = True

    with pytest.raises(KeyboardInterrupt):
        press()
    assert ended


def test_importing_the_package_is_cheap() -> None:
    code = "import sys, toolkit.cluster; print({'dask', 'distributed', 'pyarrow'} & {*sys.modules})"
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True
    )
    assert output.stdout.strip() == "set()"


def enter(spec: ClusterSpec) -> None:
    with open_cluster(spec):
        raise AssertionError("it was opened")


def test_workers_without_enough_memory_are_one_error_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    spec = ClusterSpec("local", workers=1, memory_limit="20MB")
    with (
        pytest.raises(ClusterError, match=r"^cluster\.memory_limit=20MB: a worker needs 200\.0 MB"),
        open_cluster(spec) as runner,
    ):
        runner.run([delayed(tasks.worker_settings)()])
    assert list(tmp_path.iterdir()) == []


def test_processes_without_the_one_that_forks_them_are_one_error() -> None:
    script = (
        "import os, signal\n"
        "from multiprocessing import forkserver\n"
        "from dask import delayed\n"
        "from toolkit.cluster import ClusterSpec, open_cluster\n"
        "from toolkit.errors import ClusterError\n"
        "if __name__ == '__main__':\n"
        "    real = forkserver.ForkServer.ensure_running\n"
        "    def killed_at_once(self):\n"
        "        real(self)\n"
        "        os.kill(self._forkserver_pid, signal.SIGKILL)\n"
        "    forkserver._forkserver.ensure_running = killed_at_once.__get__(\n"
        "        forkserver._forkserver)\n"
        "    try:\n"
        "        with open_cluster(ClusterSpec('processes', workers=1)) as runner:\n"
        "            runner.run([delayed(int)()])\n"
        "    except ClusterError as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "no process could be started" in done.stdout


def test_workers_that_died_one_by_one_between_finished_tasks_end_no_later_run() -> None:
    """Four lost in all, each after a run that ended: never many in a row."""
    with open_cluster(ClusterSpec("local", workers=1)) as runner:
        for _ in range(5):
            [pid] = runner.run([delayed(os.getpid)()])
            os.kill(pid, signal.SIGKILL)
            psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [])
        assert runner.run([delayed(int)()]) == [0]


def test_an_interrupt_while_a_local_cluster_starts_leaves_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = distributed.LocalCluster.__init__

    def interrupted(self: Any, *arguments: Any, **options: Any) -> None:
        real(self, *arguments, **options)  # type: ignore[no-untyped-call]
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(distributed.LocalCluster, "__init__", interrupted)
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(KeyboardInterrupt), open_cluster(ClusterSpec("local", workers=1)):
        pass
    left = set(psutil.Process().children(recursive=True)) - before
    assert [process for process in left if "spawn_main" in " ".join(process.cmdline())] == []
