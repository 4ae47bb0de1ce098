"""The lookups that people edit: canonical names, and what raw values stand for."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.contract import Category, Contract, Mapped
from toolkit.errors import LookupFileError, did_you_mean


@dataclass(frozen=True)
class Lookup:
    """Canonical names in alphabetical order, and the place of the name for each known value.

    Values are match keys; a value that is known to be unknown has place -1.
    """

    names: tuple[str, ...]
    places: Mapping[str, int]


def match_key(text: str) -> str:
    """What two spellings share when they differ in case, outer blanks or Unicode form only."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).casefold())


def load_lookups(contract: Contract, folder: Path) -> dict[str, Lookup]:
    """The lookup of every column that needs one, by column.

    Raises LookupFileError when a file is missing, is no JSON of the right shape, or maps to a
    name outside the canonical list.
    """
    found: dict[str, Lookup] = {}
    for name, column in contract.columns.items():
        if isinstance(column, Category):
            found[name] = _names_lookup(_load_names(folder / column.values))
        elif isinstance(column, Mapped):
            names = _load_names(folder / column.values)
            found[name] = _map_lookup(folder / column.map, names, column.unknown)
    return found


def _names_lookup(names: list[str]) -> Lookup:
    ordered = tuple(sorted(names))
    return Lookup(ordered, {match_key(name): place for place, name in enumerate(ordered)})


def _map_lookup(path: Path, names: list[str], unknown: str) -> Lookup:
    lookup = _names_lookup(names)
    canonical = {name: place for place, name in enumerate(lookup.names)}
    places = dict(lookup.places)
    said_by: dict[str, tuple[str, str]] = {}
    for raw, target in _load(path, dict).items():
        if not isinstance(target, str) or (target != unknown and target not in canonical):
            hint = did_you_mean(str(target), canonical)
            raise LookupFileError.about(
                path,
                f"{raw!r} is mapped to {target!r}, which is neither {unknown!r} nor one of the "
                f"{len(canonical)} canonical names{hint}",
                _line_of(path, raw),
            )
        key, place = match_key(raw), canonical.get(target, -1)
        other, other_target = said_by.setdefault(key, (raw, target))
        if other_target != target:
            raise LookupFileError.about(
                path,
                f"{other!r} and {raw!r} differ by case only, yet one is {other_target!r} and the "
                f"other {target!r}",
                _line_of(path, raw),
            )
        if key in lookup.places and lookup.places[key] != place:
            raise LookupFileError.about(
                path,
                f"{raw!r} is a canonical name, yet mapped to {target!r}; cleaning clean rows "
                "again would change them",
                _line_of(path, raw),
            )
        places[key] = place
    return Lookup(lookup.names, places)


def _load_names(path: Path) -> list[str]:
    names = _load(path, list)
    seen: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise LookupFileError.about(path, f"{name!r} is no name; the list must hold text")
        if name != name.strip():
            raise LookupFileError.about(
                path, f"{name!r} has blanks at its ends", _line_of(path, name)
            )
        other = seen.setdefault(match_key(name), name)
        if other is not name:
            raise LookupFileError.about(
                path, f"{other!r} and {name!r} are the same name", _line_of(path, name)
            )
    return names


def _load(path: Path, shape: type) -> Any:
    try:
        # -sig: some editors put a byte order mark first.
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(text, object_pairs_hook=_no_repeats)
    except FileNotFoundError:
        near = [p.name for p in path.parent.glob("*.json")] if path.parent.is_dir() else []
        raise LookupFileError.about(path, f"no such file{did_you_mean(path.name, near)}") from None
    except json.JSONDecodeError as error:
        raise LookupFileError.about(path, f"is not JSON: {error.msg}", error.lineno) from None
    except (OSError, UnicodeDecodeError) as error:
        raise LookupFileError.about(path, f"cannot be read: {error}") from None
    except _RepeatedEntry as error:
        raise LookupFileError.about(
            path, f"{error.args[0]!r} stands in it twice", _line_of(path, error.args[0])
        ) from None
    if not isinstance(content, shape):
        wanted = "an array of names" if shape is list else "an object, raw value -> name"
        raise LookupFileError.about(path, f"should hold {wanted}")
    return content


class _RepeatedEntry(Exception):
    pass


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for key, value in pairs:
        if key in entries:
            raise _RepeatedEntry(key)
        entries[key] = value
    return entries


def _line_of(path: Path, entry: str) -> int | None:
    """The last line that holds the entry, as JSON writes it."""
    wanted = {json.dumps(entry), json.dumps(entry, ensure_ascii=False)}
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [n for n, line in enumerate(lines, 1) if any(text in line for text in wanted)]
    return found[-1] if found else None
