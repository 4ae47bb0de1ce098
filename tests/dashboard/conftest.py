"""Workspaces that many tests look at."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.dashboard.workspaces import filled
from toolkit.settings.workspace import Workspace


@pytest.fixture(autouse=True)
def _main_module_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest leaves its script as __main__, which processes started later would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Validated, published and aggregated once; nobody may change it."""
    return filled(tmp_path_factory.mktemp("dashboard") / "data")


@pytest.fixture
def own(full: Workspace, tmp_path: Path) -> Workspace:
    """A copy of it to break, whose files speak of the copy."""
    folder = tmp_path / "data"
    shutil.copytree(full.data_dir, folder, symlinks=True)
    for path in folder.rglob("*.json"):
        path.write_text(path.read_text().replace(str(full.data_dir), str(folder)))
    return Workspace(folder)
