"""docs/dashboard.md says what the dashboard does, and its pictures are there and small."""

from __future__ import annotations

import re
import shlex

import pytest

from docs.screenshots import DASHBOARD, IMAGES
from tests.commands import ask
from tests.conftest import ROOT
from toolkit.dashboard.history import EARLIER_RUNS
from toolkit.dashboard.rejected import MOST_ROWS_SEARCHED

GUIDE = " ".join((ROOT / "docs" / "dashboard.md").read_text("utf-8").split())
COMMANDS = re.findall(
    r"^run-dashboard.*?(?=\s+#|$)",
    (ROOT / "docs" / "dashboard.md").read_text("utf-8"),
    re.MULTILINE,
)


def test_the_numbers_of_the_guide_are_those_of_the_code() -> None:
    assert f"the first {MOST_ROWS_SEARCHED:,} rejected rows" in GUIDE
    assert f"up to {EARLIER_RUNS} earlier runs" in GUIDE


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_guide_are_understood(command: str) -> None:
    name, *words = shlex.split(command)
    assert ask(name, "--cfg", "job", *words).code == 0


def test_every_picture_is_there_small_and_shown() -> None:
    pictures = {f"{shot.name}.png" for shot in DASHBOARD}
    assert pictures <= {path.name for path in IMAGES.iterdir()}
    assert set(re.findall(r"images/([\w-]+\.png)", GUIDE)) == pictures
    assert all((IMAGES / name).stat().st_size < 200_000 for name in pictures)
