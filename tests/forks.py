"""Python code in processes of their own that start at once: forks of one that has imported all.

A new interpreter takes one to three seconds to import what a command needs. Where that is not what
is tested, its process is forked from one that has done so and nothing else; its arguments, folder,
environment, signals and streams are new, and it ends as any Python does.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.conftest import ROOT


def run_forked(
    code: str,
    *words: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    ignored: tuple[signal.Signals, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Run the code as `python -c` would; `ignored` are signals that it starts with ignoring.

    Whatever still has its streams after its end is not waited for.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        request = {
            "code": code,
            "argv": ["-c", *words],
            "cwd": str(cwd),
            "env": dict(os.environ if env is None else env),
            "ignored": list(ignored),
        }
        server = _server()
        message = json.dumps(request).encode()
        socket.send_fds(server, [len(message).to_bytes(4)], [out.fileno(), err.fileno()])
        server.sendall(message)
        exit_code = int(server.makefile("r").readline())
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(words, exit_code, out.read(), err.read())


@cache
def _server() -> socket.socket:
    """One for all tests of this process; it ends when this process does."""
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.forks", str(theirs.fileno())],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        pass_fds=[theirs.fileno()],
    )
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _serve(connection: socket.socket) -> dict[str, Any] | None:
    """Fork for every request; returns in the fork, with the request, or at the end of all."""
    while True:
        size, streams, _, _ = socket.recv_fds(connection, 4, 2)
        if not size:
            return None
        request = json.loads(connection.recv(int.from_bytes(size), socket.MSG_WAITALL))
        child = os.fork()
        if child == 0:
            connection.close()
            for stream, name in zip(streams, (1, 2), strict=True):
                os.dup2(stream, name)
                os.close(stream)
            return dict(request)
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(child, 0)
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _become(request: dict[str, Any]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN if name in request["ignored"] else signal.SIG_DFL)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = request["argv"]
    exec(compile(request["code"], "<string>", "exec"), {"__name__": "__main__"})


def _import_all() -> None:
    from toolkit.settings.commands import COMMANDS
    from toolkit.validate.importing import import_validation

    import_validation()
    modules = [command.module for command in COMMANDS.values() if not command.looks_on]
    for module in ("dask.dataframe", "distributed", "toolkit.command.run", *modules):
        import_module(module)
    gc.freeze()


if __name__ == "__main__":
    _import_all()
    found = _serve(socket.socket(fileno=int(sys.argv[1])))
    if found is not None:
        _become(found)
