"""The text of --help, from words and folder listings, without imports that take time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from toolkit.command.flags import LEGACY_FLAGS
from toolkit.settings.commands import Command

_TEMPLATE = """\
{command.name}: {command.summary}

Usage: {command.name} [PATH] [group=option ...] [key=value ...] [flags]
A bare path is {command.path_key}=PATH.

Examples
{examples}

Groups (group=option)
{groups}

Values (key=value; dataset.columns.unit_price.below=100000 reaches into a group)
{values}

Flags
{flags}
"""

_FLAGS = (
    ("--cfg job", "show the config instead of running"),
    ("--multirun, -m", "one run for each of several values: seed=1,2,3"),
    ("--info", "where the config comes from"),
    ("--version", "show the version"),
    ("-sc install=bash", 'shell completion: eval "$({name} -sc install=bash)"'),
    ("--hydra-help", "the rest of Hydra's flags"),
)


def help_text(command: Command, folders: Sequence[Path]) -> str:
    """Return the help text of a command; `folders` are the config folders, by precedence."""
    legacy = [
        (f"{name} {flag.value}".strip(), " ".join(flag.overrides).format(flag.value))
        for name, flag in LEGACY_FLAGS.items()
        if command.name in flag.commands
    ]
    flags = [(flag, text.format(name=command.name)) for flag, text in _FLAGS]
    return _TEMPLATE.format(
        command=command,
        examples=_indented(command.examples),
        groups=_table((name, ", ".join(found)) for name, found in group_options(folders).items()),
        values=_values(folders),
        flags=_table([*legacy, *flags]),
    )


def group_options(folders: Iterable[Path]) -> dict[str, list[str]]:
    """Return the options of each config group, except Hydra's own."""
    found: dict[str, set[str]] = {}
    for folder in folders:
        for path in folder.glob("*/*.yaml"):
            found.setdefault(path.parent.name, set()).add(path.stem)
    return {group: sorted(found[group]) for group in sorted(found) if group != "hydra"}


def _values(folders: Sequence[Path]) -> str:
    """Return the plain values of config.yaml with their comments."""
    config = next(path for path in (f / "config.yaml" for f in folders) if path.is_file())
    lines = config.read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("  # ") for line in lines if re.match(r"\w+: ", line)]
    return _table((value.strip(), text) for value, _, text in pairs)


def _table(rows: Iterable[tuple[str, str]]) -> str:
    rows = list(rows)
    width = max(len(first) for first, _ in rows)
    return "\n".join(f"  {first:<{width}}  {second}".rstrip() for first, second in rows)


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)
