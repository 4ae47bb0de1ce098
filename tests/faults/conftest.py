"""The process that runs commands, and a workspace to strike them in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.faults.strikes import Model, Runner, Workspace, new_model


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    assert shutil.which("strace"), "these tests need strace (apt-get install strace)"
    running = Runner()
    yield running
    running.close()


@pytest.fixture(scope="module")
def from_file(runner: Runner, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return new_model(runner, Workspace(tmp_path_factory.mktemp("file"), generated=False))


@pytest.fixture(scope="module")
def from_generator(runner: Runner, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return new_model(runner, Workspace(tmp_path_factory.mktemp("generated"), generated=True))
