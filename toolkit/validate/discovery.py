"""Let projects on disk with a Dask data source open without an import of the toolkit.

In a wheel this file lies beside the package, as sales_feed_toolkit_discovery.py, and the installed
sales_feed_toolkit.pth imports it as each Python starts. So it imports nothing but `sys`, and above
all no package `toolkit`: a folder of that name is anybody's. It waits for Great Expectations, and
imports our data source once a project has the type `dask`.
"""

import sys

_LOOKUP = "great_expectations.datasource.fluent.type_lookup"


class _OnImport:
    """Waits for the module in which Great Expectations looks up types of data sources."""

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name != _LOOKUP:
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                _add_to(spec.loader)  # type: ignore[no-untyped-call]
                return spec
        return None


def _add_to(loader):  # type: ignore[no-untyped-def]
    """Let the module that a loader loads look up types that it does not know."""
    execute = loader.exec_module

    def exec_module(module):  # type: ignore[no-untyped-def]
        execute(module)
        # Unknown versions may lack the attribute, and are left alone.
        lookup = getattr(module, "TypeLookup", None)
        if lookup is not None:
            lookup.__missing__ = _missing

    loader.exec_module = exec_module


def _missing(lookup, key):  # type: ignore[no-untyped-def]
    """Handle the lookup of a type that is not registered yet."""
    if key == "dask":
        from importlib import import_module

        try:
            import_module("toolkit.validate.datasource")
        except ImportError as error:
            raise KeyError(key) from error
        if key in lookup.data:
            return lookup.data[key]
    raise KeyError(key)


if _LOOKUP not in sys.modules:
    sys.meta_path.insert(0, _OnImport())
