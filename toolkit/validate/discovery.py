"""Projects on disk with a Dask source open without an import of the toolkit.

The installed file sales_feed_toolkit.pth imports this as Python starts. It imports nothing itself:
once Great Expectations meets the type `dask`, that imports our data source.
"""

import sys
from importlib import import_module
from importlib.util import find_spec

_LOOKUP = "great_expectations.datasource.fluent.type_lookup"


class _OnImport:
    """Waits for the module in which Great Expectations looks up types of data sources."""

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name != _LOOKUP:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module):  # type: ignore[no-untyped-def]
                execute(module)
                module.TypeLookup.__missing__ = _missing

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _missing(lookup, key):  # type: ignore[no-untyped-def]
    """What a lookup does about a type that nobody has registered yet."""
    if key == "dask":
        import_module("toolkit.validate.datasource")
        if key in lookup.data:
            return lookup.data[key]
    raise KeyError(key)


if _LOOKUP not in sys.modules:
    sys.meta_path.insert(0, _OnImport())
