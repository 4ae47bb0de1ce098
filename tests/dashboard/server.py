"""run-dashboard as its own process."""

from __future__ import annotations

import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.commands import script_line, wait_until


@dataclass(frozen=True)
class Served:
    """A dashboard that answers at `url`."""

    url: str
    process: subprocess.Popen[str]

    def status(self, path: str, **headers: str) -> int:
        """The status of the answer to a GET."""
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def serving(data_dir: Path) -> Iterator[Served]:
    """The dashboard of a workspace while the block runs."""
    port = free_port()
    line = script_line("run-dashboard", f"data_dir={data_dir}", f"dashboard.port={port}")
    process = subprocess.Popen(
        line,
        cwd=data_dir.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    served = Served(f"http://127.0.0.1:{port}", process)
    try:
        wait_until(lambda: process.poll() is not None or _answers(served))
        assert process.poll() is None, process.communicate()
        yield served
    finally:
        process.kill()
        process.wait()


def interrupt(served: Served) -> tuple[int, str]:
    """The exit code and all output, after Ctrl-C."""
    served.process.send_signal(signal.SIGINT)
    out, _ = served.process.communicate(timeout=30)
    return served.process.returncode, out


def _answers(served: Served) -> bool:
    try:
        return served.status("/_stcore/health") == 200
    except OSError:
        return False
