"""What the documents show can be run as it stands."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tests.feeds import row_with, write_feed
from toolkit.command.cli import run_command
from toolkit.lookups.suggested import Mark
from toolkit.settings.commands import COMMANDS

DOCS = Path(__file__).parents[1] / "docs"
LOOKUPS = (DOCS / "lookups.md").read_text("utf-8")


def commands_of(text: str) -> list[list[str]]:
    """The words of each line of each sh block."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]


@pytest.mark.slow
def test_the_commands_of_the_lookups_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    regions = ["Mumbai"] * 200 + ["Mumbay", "Atlantis"]
    rows = [row_with(order_id=f"A{n}", region=region) for n, region in enumerate(regions)]
    (tmp_path / "feed.csv").write_bytes(write_feed(rows))
    shown = commands_of(LOOKUPS)
    assert {words[0] for words in shown} >= {name for name in COMMANDS if "lookup" in name}
    for words in shown:
        monkeypatch.setattr(sys, "argv", words)
        assert run_command(words[0]) == 0, words


def test_the_lookups_guide_shows_a_mark_as_it_is_written() -> None:
    [mark] = re.findall(r'```json\n"Mumbay": (.*)\n```', LOOKUPS)
    assert TypeAdapter(Mark).validate_json(mark, strict=True).target == "Mumbai"
