"""Calls that change names of files and folders, struck."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.strikes import EVERYTHING, OF_NAMES, Model, Runner, strike

pytestmark = pytest.mark.strace


@pytest.mark.timeout(0 if EVERYTHING else 600)
@pytest.mark.parametrize("call", OF_NAMES)
def test_a_struck_run_publishes_all_or_nothing(
    call: str, runner: Runner, from_file: Model, tmp_path: Path
) -> None:
    strike(call, runner, from_file, tmp_path)
