"""Great Expectations imported in half its time: without what validating parquet has no use for."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import LazyLoader, find_spec, module_from_spec

_DATABASES = "sqlalchemy"
_STATISTICS = "scipy.stats"
_NEEDED = ("toolkit.validate.run", "toolkit.validate.docs")


def import_validation() -> None:
    """Import what validating and its reports take.

    In this process Great Expectations then knows no SQL databases, and scipy.stats, which a few
    expectations compute with, loads when one does. Nothing changes where they are imported already.
    """
    _load_on_use(_STATISTICS)
    with _hidden(_DATABASES), _here_to_stay():
        for module in _NEEDED:
            import_module(module)


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Whoever imports the module in this block is told that it is not installed."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]


@contextmanager
def _here_to_stay() -> Iterator[None]:
    """What is made in this block is not looked through for garbage, now or at exit.

    Classes and functions by the ten thousand: each search of them takes as long as a check does.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _load_on_use(name: str) -> None:
    """Put a submodule in its place that loads itself when it is asked for something."""
    spec = None if name in sys.modules else find_spec(name)
    if spec is None or spec.loader is None:
        return
    spec.loader = LazyLoader(spec.loader)
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    parent, _, child = name.rpartition(".")
    setattr(sys.modules[parent], child, module)
