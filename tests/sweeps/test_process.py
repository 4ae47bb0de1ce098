"""Jobs whose process cannot be started end in one line."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

KILLED = """
import os, signal
from multiprocessing import forkserver
from pathlib import Path
from toolkit.errors import ClusterError
from toolkit.sweeps.process import Work, do_alone

real = forkserver.ForkServer.ensure_running

def killed_at_once(self):
    real(self)
    os.kill(self._forkserver_pid, signal.SIGKILL)

if __name__ == "__main__":
    forkserver._forkserver.ensure_running = killed_at_once.__get__(forkserver._forkserver)
    try:
        do_alone(Work(int, int, Path("told")))
    except ClusterError as error:
        print(error)
"""


def test_the_process_that_forks_the_jobs_was_killed() -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "no process could be started" in done.stdout
