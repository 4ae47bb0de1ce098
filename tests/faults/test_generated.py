"""Calls of a run that generates its feed, struck."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.strikes import CALLS, EVERYTHING, Model, Runner, strike

pytestmark = pytest.mark.strace


@pytest.mark.timeout(0 if EVERYTHING else 600)
@pytest.mark.parametrize("call", CALLS if EVERYTHING else ("rename", "symlink"))
def test_a_generated_feed_is_published_with_its_outputs_or_not_at_all(
    call: str, runner: Runner, from_generator: Model, tmp_path: Path
) -> None:
    strike(call, runner, from_generator, tmp_path)
