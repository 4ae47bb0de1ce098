"""Check config files before they are loaded: regular files, of limited size after alias
expansion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from toolkit.storage.plain_files import UnfitFileError, read_plain

_CONTRACTS = "dataset"
# Where a file sets the package of its values: a comment, or the part after @ in defaults.
_PACKAGE = re.compile(rb"^\s*#\s*@package[^\n]*", re.MULTILINE)
_OTHER_PACKAGE = re.compile(rb"@\s*:?\s*(_global_|hydra)[\w.]*")
_LARGEST_FILE = 4 << 20
_MOST_VALUES = 100_000
_DEEPEST = 100
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def config_file_problems(folders: Iterable[Path]) -> Iterator[str]:
    """Yield a line about each config file of the folders that cannot be loaded safely."""
    for folder in folders:
        for path in sorted([*folder.glob("*.yaml"), *folder.glob("*/**/*.yaml")]):
            try:
                content = checked_yaml(path)
                if path.relative_to(folder).parts[0] == _CONTRACTS:
                    _check_package(content)
            except UnfitFileError as error:
                yield f"{path}: {error}"
            except RecursionError:
                yield f"{path}: is nested too deeply"
            except (OSError, yaml.YAMLError):
                # The loader reports the error itself, with more context.
                continue


def checked_yaml(path: Path) -> bytes:
    """Read a file. Raises OSError for a pipe, and for anything too large for a config."""
    content = read_plain(path, _LARGEST_FILE)
    _check_size(content)
    return content


def _check_size(content: bytes) -> None:
    """Raise UnfitFileError for too many values, aliases replaced, or too deep ones.

    Reads events one by one: a loader would build, and recurse into, all that is in the file.
    """
    sizes: dict[str, int] = {}
    # The anchor and the number of values of each open collection, from the outermost.
    open_ones: list[tuple[str | None, int]] = [(None, 0)]
    for event in _events(content):
        if isinstance(event, yaml.CollectionStartEvent):
            open_ones.append((event.anchor, 1))
            if len(open_ones) > _DEEPEST:
                raise UnfitFileError(f"is nested more than {_DEEPEST} levels deep")
            continue
        if isinstance(event, yaml.AliasEvent):
            # An alias inside its own anchor: it has no size yet, and no end.
            anchor, size = None, sizes.get(str(event.anchor), _MOST_VALUES + 1)
        elif isinstance(event, yaml.ScalarEvent):
            anchor, size = event.anchor, 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_ones.pop()
        else:
            continue
        if anchor is not None:
            sizes[anchor] = size
        outer, so_far = open_ones[-1]
        open_ones[-1] = outer, so_far + size
        if so_far + size > _MOST_VALUES:
            aliased = b"*" in content and b"&" in content
            what = "its aliases (*name) expand to" if aliased else "it contains"
            raise UnfitFileError(
                f"{what} more than the limit of {_MOST_VALUES:,} values; long lists belong into "
                "lookups"
            )


def _events(content: bytes) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(content, _LOADER)
    except yaml.scanner.ScannerError as error:
        # libyaml looks ahead, and stops by itself.
        if "nesting depth" in str(error):
            raise UnfitFileError(f"is nested more than {_DEEPEST} levels deep") from None
        raise


def _check_package(content: bytes) -> None:
    """Raise UnfitFileError where a contract would set more than `dataset`.

    Otherwise it could move outputs, and name Python functions for Hydra to call.
    """
    found = _PACKAGE.search(content)
    if found is None:
        values = yaml.load(content, yaml.BaseLoader)
        defaults = values.get("defaults", ()) if isinstance(values, dict) else ()
        found = _OTHER_PACKAGE.search(str(defaults).encode())
    if found is not None:
        raise UnfitFileError(
            f"a contract sets dataset alone; remove {found[0].decode(errors='replace').strip()!r}"
        )
