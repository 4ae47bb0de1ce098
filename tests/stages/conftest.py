"""Places in which the stages are run. Great Expectations is imported by the first of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.stages.places import Place


@pytest.fixture(scope="package")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """After a run on a thousand dirty rows, by the shipped suites. Tests only look at it."""
    place = Place(tmp_path_factory.mktemp("shipped"))
    answer = place.run_pipeline()
    assert answer.code == 0, answer.err
    return place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Nothing at all yet."""
    return Place(tmp_path)


@pytest.fixture
def published(shipped: Place, place: Place) -> Place:
    """What that run has left, for tests to change."""
    shutil.copytree(shipped.folder / "data", place.folder / "data", symlinks=True)
    return place
