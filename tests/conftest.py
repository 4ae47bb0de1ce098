"""What many tests need: the e-commerce contract, the starter lookups, and a way to clean a feed.

Fixtures import what they need themselves, so that a test of a pure function starts at once.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.chromium import find_chromium
from tests.real_feeds import SHARED

if TYPE_CHECKING:
    from tests.feeds import Cleaner
    from tests.oracle import Book
    from toolkit.clean.evaluate import Rules
    from toolkit.contract import Contract

ROOT = Path(__file__).parents[1]
AS_OF = date(2026, 11, 23)

PROGRAMS: dict[str, tuple[Callable[[], object], str]] = {
    "browser": (find_chromium, "there is no Chromium (apt-get install chromium)"),
    "strace": (partial(shutil.which, "strace"), "there is no strace (apt-get install strace)"),
}
"""Markers of tests that need a program: whether it is there, and how to get it."""

# A shell that starts the tests in the background has them, and what they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples on every run; `pytest --hypothesis-profile=roaming` looks for new ones.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("roaming", deadline=None, print_blob=True)
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of programs that this machine lacks; in CI they run, and fail."""
    if os.environ.get("CI"):
        return
    marked = {name: [item for item in items if item.get_closest_marker(name)] for name in PROGRAMS}
    for name, (is_there, how_to_get_it) in PROGRAMS.items():
        if marked[name] and not is_there():
            for item in marked[name]:
                item.add_marker(pytest.mark.skip(reason=how_to_get_it))


def pytest_collection_finish() -> None:
    """Keep what is there before the first test out of garbage collection.

    It is all modules and all tests. Scanning them again and again takes most of the time of tests
    that make many objects, such as those of Great Expectations.
    """
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not SHARED.is_dir():
        terminalreporter.write_line(
            f"the real feeds are not here, only the small ones: no {SHARED}"
        )


@pytest.fixture(scope="session")
def contract() -> Contract:
    import yaml
    from pydantic import TypeAdapter

    from toolkit.contract import Contract

    path = ROOT / "conf" / "dataset" / "ecommerce.yaml"
    return TypeAdapter(Contract).validate_python(yaml.safe_load(path.read_text("utf-8")))


@pytest.fixture(scope="session")
def lookups_folder() -> Path:
    return ROOT / "data" / "lookups"


@pytest.fixture(scope="session")
def rules(contract: Contract, lookups_folder: Path) -> Rules:
    from toolkit.clean.evaluate import Rules
    from toolkit.lookups import load_lookups

    return Rules(contract, load_lookups(contract, lookups_folder), AS_OF)


@pytest.fixture(scope="session")
def book(lookups_folder: Path) -> Book:
    from tests.oracle import Book

    return Book.load(lookups_folder, AS_OF)


@pytest.fixture(scope="session")
def clean_feed(rules: Rules, tmp_path_factory: pytest.TempPathFactory) -> Cleaner:
    """clean_feed(bytes, n_blocks, scheduler) -> Cleaned."""
    from tests.feeds import Cleaner

    return Cleaner(rules, tmp_path_factory.mktemp("feeds"))


@pytest.fixture
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hydra runs in this process, writes where it stands, and sets up the logging."""
    from tests.loggers import logging_kept

    monkeypatch.chdir(tmp_path)
    with logging_kept():
        yield
