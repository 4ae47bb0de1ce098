"""Load and check the lookup files of a contract."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from toolkit.contract import AnyColumn, Category, Contract, LookupLimits, Mapped, Text
from toolkit.errors import LookupFileError, did_you_mean
from toolkit.lookups.lookup import Lookup
from toolkit.lookups.spelling import match_key
from toolkit.lookups.text import Entry, LookupText
from toolkit.pages.masking import hide_quoted

_LARGEST = sys.float_info.max


def load_lookups(
    contract: Contract, folder: Path, only: Collection[str] | None = None
) -> dict[str, Lookup]:
    """Load the lookup of every column that needs one, by column; only those of `only`, if given.

    Raises LookupFileError when a file is missing, is not JSON of the right shape, maps to a name
    outside the canonical list, or has conflicting entries for one value; messages leave out values
    if any lookup of the contract contains personal ones.
    """
    with values_hidden(contract):
        return {
            name: _load_lookup(column, folder, contract.lookup_limits)
            for name, column in contract.lookup_columns().items()
            if only is None or name in only
        }


def load_numbers(
    contract: Contract, folder: Path, only: Collection[str] | None = None
) -> dict[str, dict[str, float]]:
    """Load the repairs' maps, by file and by match key; only those of the columns `only`, if given.

    Raises LookupFileError when a file is missing, is not a JSON object of value -> finite number,
    or has conflicting entries for one value.
    """
    limits = contract.lookup_limits
    with values_hidden(contract):
        return {
            fill.map: check_numbers(LookupText.read(folder / fill.map, "map", limits))
            for fill in contract.repairs
            if fill.map is not None and (only is None or fill.column in only)
        }


def personal_lookups(contract: Contract) -> dict[str, str]:
    """Return the lookup files that contain values of a personal column, each with that column."""
    personal = contract.personal_columns()
    held: list[tuple[str, str]] = []
    for name, column in contract.lookup_columns().items():
        held += [(file, name) for file in column.lookup_files().values()]
        if isinstance(column, Category) and column.repair is not None:
            held.append((column.repair.map, column.repair.by))
    for fill in contract.repairs:
        if fill.map is not None and fill.by is not None:
            held += [(fill.map, fill.column), (fill.map, fill.by)]
    return {file: name for file, name in reversed(held) if name in personal}


@contextmanager
def values_hidden(contract: Contract) -> Iterator[None]:
    """Leave values out of errors about lookups where lookups contain personal ones."""
    try:
        yield
    except LookupFileError as error:
        if not personal_lookups(contract):
            raise
        raise LookupFileError(hide_quoted(str(error))) from None


def _load_lookup(column: AnyColumn, folder: Path, limits: LookupLimits) -> Lookup:
    match column:
        case Text(map=str(name)):
            return check_names_map(LookupText.read(folder / name, "map", limits))
        case Mapped():
            names = check_names(LookupText.read(folder / column.values, "names", limits))
            return check_map(
                LookupText.read(folder / column.map, "map", limits), names, column.unknown
            )
        case Category():
            names = check_names(LookupText.read(folder / column.values, "names", limits))
            if column.repair is None:
                return names
            text = LookupText.read(folder / column.repair.map, "map", limits)
            return Lookup(names.names, names.places, check_repairs(text, names))
    raise AssertionError("the column has no lookup")


def check_names(file: LookupText) -> Lookup:
    """Check a list of canonical names. Raises LookupFileError for an invalid name."""
    seen: dict[str, str] = {}
    for entry in file.entries:
        name = entry.key
        if not isinstance(name, str) or not name.strip():
            problem = f"{name!r} is not a name; the list must contain text"
            raise LookupFileError.about(file.path, problem, entry.line)
        if name != name.strip():
            raise LookupFileError.about(file.path, f"{name!r} has blanks at its ends", entry.line)
        if match_key(name) in seen:
            problem = f"{seen[match_key(name)]!r} and {name!r} are the same name"
            raise LookupFileError.about(file.path, problem, entry.line)
        seen[match_key(name)] = name
    return Lookup.of_names(seen.values())


def check_map(file: LookupText, names: Lookup, unknown: str) -> Lookup:
    """Check a map of raw values to names. Raises LookupFileError for an invalid entry."""
    canonical = {name: place for place, name in enumerate(names.names)}
    places = dict(names.places)
    if match_key(unknown) in places:
        raise LookupFileError.about(
            file.path, f"{unknown!r} means unknown, so it cannot be a canonical name"
        )
    for entry, key in _consistent(file):
        place = canonical.get(entry.value, -1) if isinstance(entry.value, str) else -1
        if place < 0 and entry.value != unknown:
            raise _not_canonical(file.path, entry, canonical, f"neither {unknown!r} nor one")
        if names.places.get(key, place) != place:
            raise LookupFileError.about(
                file.path,
                f"{entry.key!r} is a canonical name, yet mapped to {entry.value!r}; cleaning clean "
                "rows again would change them",
                entry.line,
            )
        places[key] = place
    return Lookup(names.names, places)


def check_repairs(file: LookupText, names: Lookup) -> dict[str, int]:
    """Check a map of another column's values to names; return the names' places by match key."""
    canonical = {name: place for place, name in enumerate(names.names)}
    found: dict[str, int] = {}
    for entry, key in _consistent(file):
        if not isinstance(entry.value, str) or entry.value not in canonical:
            raise _not_canonical(file.path, entry, canonical, "not one")
        found[key] = canonical[entry.value]
    return found


def check_numbers(file: LookupText) -> dict[str, float]:
    """Check a map of values to numbers, and return it by match key."""
    found: dict[str, float] = {}
    for entry, key in _consistent(file):
        is_number = isinstance(entry.value, int | float) and not isinstance(entry.value, bool)
        if not key or not is_number or not -_LARGEST <= entry.value <= _LARGEST:
            problem = (
                f"{entry.key!r} is mapped to {entry.value!r}; it must be text -> finite number"
            )
            raise LookupFileError.about(file.path, problem, entry.line)
        found[key] = entry.value
    return found


def check_names_map(file: LookupText) -> Lookup:
    """Check a map of spellings to names; a name also maps to itself.

    Raises LookupFileError for a name that is empty, spelled in two ways, or mapped to another.
    """
    names: dict[str, str] = {}
    entries = [*_consistent(file)]
    for entry, key in entries:
        name = entry.value
        if not isinstance(name, str) or not name.strip() or name != name.strip() or not key:
            problem = (
                f"{entry.key!r} is mapped to {name!r}; both must be text, without outer blanks"
            )
            raise LookupFileError.about(file.path, problem, entry.line)
        other = names.setdefault(match_key(name), name)
        if other != name:
            problem = f"the names {other!r} and {name!r} differ by case only"
            raise LookupFileError.about(file.path, problem, entry.line)
    lookup = Lookup.of_names(names.values())
    places = dict(lookup.places)
    for entry, key in entries:
        place = lookup.places[match_key(entry.value)]
        if places.setdefault(key, place) != place:
            raise LookupFileError.about(
                file.path,
                f"{entry.key!r} is a name that others are mapped to, yet mapped to "
                f"{entry.value!r}; cleaning clean rows again would change them",
                entry.line,
            )
    return Lookup(lookup.names, places)


def _consistent(file: LookupText) -> Iterator[tuple[Entry, str]]:
    """Return the entries by match key; raise when two with the same key disagree."""
    first_by_key: dict[str, Entry] = {}
    for entry in file.entries:
        key = match_key(entry.key)
        first = first_by_key.setdefault(key, entry)
        if first is not entry and first.value != entry.value:
            raise LookupFileError.about(
                file.path,
                f"{first.key!r} and {entry.key!r} differ by case only, yet one is "
                f"{first.value!r} and the other {entry.value!r}",
                entry.line,
            )
        yield entry, key


def _not_canonical(
    path: Path, entry: Entry, canonical: Mapping[str, int], kind: str
) -> LookupFileError:
    hint = did_you_mean(str(entry.value), canonical)
    return LookupFileError.about(
        path,
        f"{entry.key!r} is mapped to {entry.value!r}, which is {kind} of the "
        f"{len(canonical)} canonical names{hint}",
        entry.line,
    )
