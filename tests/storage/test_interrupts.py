"""An interrupt ends a command wherever it comes, also where Python or a library loses it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

LOST = {
    "a bare except": "try:\n    press()\nexcept:\n    pass\n",
    "a finaliser": "class Held:\n    def __del__(self): press()\nHeld()\n",
    "another error": (
        "try:\n    press()\nexcept BaseException:\n    raise ImportError('core') from None\n"
    ),
    "a held block": "try:\n    with hold_interrupts():\n        press()\nexcept:\n    pass\n",
}
COMMAND = """
import os, signal, sys, time
from toolkit.command.cli import COMMANDS, main
from toolkit.settings.commands import Command
from toolkit.storage.interrupts import hold_interrupts

def press():
    os.kill(os.getpid(), signal.{name})
    time.sleep(0.001)

def stage(settings, run_dir):
    exec(open("lost.py").read(), globals())
    try:
        for _ in range(1000):
            time.sleep(0.01)
    finally:
        # Longer than it takes to raise it again, which cleaning up must not meet.
        time.sleep(0.3)
        print("cleaned up")

module = sys.modules["__main__"]
COMMANDS["own"] = Command("own", "__main__", "input", "", ())
module.own = stage
sys.argv = ["own"]
sys.exit(main())
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("how", LOST)
def test_an_interrupt_that_is_lost_is_raised_again(how: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "lost.py").write_text(LOST[how])
    done = subprocess.run(
        [sys.executable, "-c", COMMAND.format(name=name)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 130, done.stderr
    assert done.stderr.splitlines()[-1] == "interrupted; earlier outputs are untouched"
    assert "Traceback" not in done.stderr
    assert done.stdout == ("" if how == "another error" else "cleaned up\n")
