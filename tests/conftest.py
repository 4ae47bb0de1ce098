"""What many tests need: the e-commerce contract, the starter lookups, and a way to clean a feed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import settings
from pydantic import TypeAdapter

from tests.feeds import Cleaner
from tests.loggers import logging_kept
from tests.oracle import Book
from toolkit.clean.evaluate import Rules
from toolkit.contract import Contract
from toolkit.lookups import load_lookups

ROOT = Path(__file__).parents[1]
AS_OF = date(2026, 11, 23)

# A shell that starts the tests in the background has them, and what they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples on every run; `pytest --hypothesis-profile=roaming` looks for new ones.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("roaming", deadline=None, print_blob=True)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def contract() -> Contract:
    path = ROOT / "conf" / "dataset" / "ecommerce.yaml"
    return TypeAdapter(Contract).validate_python(yaml.safe_load(path.read_text("utf-8")))


@pytest.fixture(scope="session")
def lookups_folder() -> Path:
    return ROOT / "data" / "lookups"


@pytest.fixture(scope="session")
def rules(contract: Contract, lookups_folder: Path) -> Rules:
    return Rules(contract, load_lookups(contract, lookups_folder), AS_OF)


@pytest.fixture(scope="session")
def book(lookups_folder: Path) -> Book:
    return Book.load(lookups_folder, AS_OF)


@pytest.fixture(scope="session")
def clean_feed(rules: Rules, tmp_path_factory: pytest.TempPathFactory) -> Cleaner:
    """clean_feed(bytes, n_blocks, scheduler) -> Cleaned."""
    return Cleaner(rules, tmp_path_factory.mktemp("feeds"))


@pytest.fixture
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hydra runs in this process, writes where it stands, and sets up the logging."""
    monkeypatch.chdir(tmp_path)
    with logging_kept():
        yield
