"""Import Great Expectations in half the time, without modules that validating parquet does not
need.
"""

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
    """Import everything that validation and its reports need.

    In this process Great Expectations then has no SQL support, and scipy.stats, which a few
    expectations use, is loaded on first use. Nothing changes where they are imported already.
    """
    _load_on_use(_STATISTICS)
    with _hidden(_DATABASES), _here_to_stay():
        for module in _NEEDED:
            import_module(module)


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Make imports of the module in this block fail as if it were not installed."""
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
    """Exclude objects made in this block from garbage collection, now and at exit.

    They are tens of thousands of classes and functions, and scanning them takes as long as a check.
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
    """Install a submodule that loads itself on first use."""
    spec = None if name in sys.modules else find_spec(name)
    if spec is None or spec.loader is None:
        return
    spec.loader = LazyLoader(spec.loader)
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    parent, _, child = name.rpartition(".")
    setattr(sys.modules[parent], child, module)
