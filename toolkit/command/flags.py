"""Translate arguments for Hydra: flags of older command lines, and bare paths.

Works on words only: no config, no Hydra.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from toolkit.errors import did_you_mean
from toolkit.settings.commands import (
    AGGREGATE,
    ANY_LOOKUP,
    CATEGORY_LOOKUP,
    CLEAN,
    COMMANDS,
    DASHBOARD,
    GENERATE,
    NEW_DATASET,
    PIPELINE,
    PROFILE,
    REGION_LOOKUP,
    REGION_MAP,
    REVIEW_LOOKUPS,
    UPDATE_LOOKUPS,
    VALIDATE,
    Command,
    quoted,
)


@dataclass(frozen=True)
class LegacyFlag:
    """A flag of the command lines that this toolkit replaces, and the overrides that it sets."""

    overrides: tuple[str, ...]
    commands: tuple[str, ...] = tuple(COMMANDS)
    value: str = ""
    """Name of the value in the help; empty for a flag without a value."""


_CLEANING, _COUNTING = (CLEAN, PIPELINE), (AGGREGATE, PIPELINE)
_BUILDING = (CATEGORY_LOOKUP, REGION_LOOKUP, REGION_MAP, ANY_LOOKUP, UPDATE_LOOKUPS)
_LOOKUPS = (*_BUILDING, REVIEW_LOOKUPS)
_PROFILING = (PROFILE, NEW_DATASET)
_LIMIT = "dataset.aggregations.{}.limit={{}}"

LEGACY_FLAGS = {
    "--rows": LegacyFlag(("rows={}",), (GENERATE, PIPELINE), "N"),
    "--clean": LegacyFlag(("mode=clean",), (GENERATE, PIPELINE)),
    "--input": LegacyFlag(("input={}",), (*_CLEANING, *_LOOKUPS, *_PROFILING), "PATH"),
    "--cleaned": LegacyFlag(("cleaned={}",), (AGGREGATE, VALIDATE), "PATH"),
    "--output": LegacyFlag(("output={}",), (GENERATE, CLEAN, AGGREGATE, *_LOOKUPS), "PATH"),
    "--output-dir": LegacyFlag(("output={}",), (CLEAN, AGGREGATE), "PATH"),
    "--chunk-size": LegacyFlag(
        ("partitions=by_rows", "partitions.rows={}"), (*_CLEANING, *_LOOKUPS), "N"
    ),
    "--threshold": LegacyFlag(("threshold={}",), _LOOKUPS, "SHARE"),
    "--unknown-label": LegacyFlag(("unknown_label={}",), _LOOKUPS, "WORD"),
    "--keep-zero-quantity": LegacyFlag(("dataset.columns.quantity.above=null",), _CLEANING),
    "--no-save-rejected": LegacyFlag(("outputs.rejected=false",), _CLEANING),
    "--top-products-by-category": LegacyFlag(
        (_LIMIT.format("top_products_by_category"),), _COUNTING, "N"
    ),
    "--anomaly-limit": LegacyFlag((_LIMIT.format("anomaly_records"),), _COUNTING, "N"),
    "--log-level": LegacyFlag(("log_level={}",), value="LEVEL"),
}


_GENERATING = (GENERATE, PIPELINE)
_READING = (*_CLEANING, *_LOOKUPS, *_PROFILING)

GENERATOR_KEYS = ("rows", "size", "seed", "mode", "ledger", "generated_until")

TAKEN_BY: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(GENERATOR_KEYS, _GENERATING),
    **dict.fromkeys(("encoding", "delimiter", "null_words", "personal"), _PROFILING),
    **dict.fromkeys(("input", "partitions"), _READING),
    "as_of": (*_GENERATING, CLEAN, VALIDATE, *_LOOKUPS, *_PROFILING),
    "cleaned": (AGGREGATE, VALIDATE),
    "rejected": (VALIDATE,),
    "output": (GENERATE, CLEAN, AGGREGATE, *_LOOKUPS),
    "outputs": (*_CLEANING, AGGREGATE),
    "validation": (PIPELINE, VALIDATE),
    "column": (CATEGORY_LOOKUP, REGION_LOOKUP, REGION_MAP, ANY_LOOKUP, REVIEW_LOOKUPS),
    "threshold": (*_LOOKUPS, *_PROFILING),
    "unknown_label": (*_CLEANING, *_LOOKUPS, VALIDATE),
    "unknown_words": _LOOKUPS,
    "accept": _LOOKUPS,
    "name": (NEW_DATASET,),
    "run_tests": (UPDATE_LOOKUPS,),
    "dashboard": (DASHBOARD,),
    **dict.fromkeys(("dataset", "mask_key"), tuple(n for n in COMMANDS if n != GENERATE)),
    "cluster": tuple(name for name, command in COMMANDS.items() if not command.looks_on),
}
"""The commands that use a config key or a group; keys not listed are for every command."""

_FOR_FEEDS = {"encoding": "csv.encoding", "delimiter": "csv.delimiter", "null_words": "null_words"}
# No warning for these: the other commands do so anyway.
_NO_ASKING = (("validation", "off"),)
# These commands refuse the key themselves, and say what to set instead.
_SELF_REFUSED = {("output", PIPELINE), ("output", VALIDATE)}


def without_effect(command: Command, key: str, value: object) -> str | None:
    """Return a warning about an option that does not affect the command, or None."""
    top = key.partition(".")[0]
    takers = TAKEN_BY.get(top)
    if takers is None or command.name in takers:
        return None
    if (key, value) in _NO_ASKING or (top, command.name) in _SELF_REFUSED:
        return None
    if top in _FOR_FEEDS and command.name in _READING:
        hint = f"; of this one's feed that is dataset.{_FOR_FEEDS[top]}"
    else:
        hint = ""
    *others, last = takers
    names = f"{', '.join(others)} and {last}" if others else last
    return f"{key}: has no effect on {command.name}; it is for {names}{hint}"


def without_effect_on_input(command: Command, typed: Sequence[str]) -> Iterator[str]:
    """Yield a line about each option of the generator, for runs that all have an input.

    Older command lines combined them.
    """
    for word in typed:
        key = word.partition("=")[0].lstrip("+~")
        if command.name == PIPELINE and key in GENERATOR_KEYS:
            yield f"{key}: has no effect with an input; it is for generated feeds"


@dataclass
class Line:
    """A command line for Hydra, and a warning about each argument without effect.

    Hydra wants its flags before the overrides.
    """

    flags: list[str] = field(default_factory=list)
    overrides: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list, compare=False)
    """The overrides that were typed, not translated from a flag of an older command line."""
    problems: list[str] = field(default_factory=list)


# Number of arguments of each Hydra flag: none, one, or one of these words if it follows.
HydraFlags = Mapping[str, int | Sequence[str]]

_OVERRIDE_KEY = re.compile(r"(\+\+?|~)?[\w$][\w$.\-/@:]*")


def translate(command: Command, words: Sequence[str], hydra_flags: HydraFlags) -> Line:
    """Translate the arguments for Hydra."""
    return _Reader(command, list(reversed(words)), hydra_flags).read()


class _Reader:
    """Reads the words from first to last; `words` is a stack of those still to be read."""

    def __init__(self, command: Command, words: list[str], hydra_flags: HydraFlags) -> None:
        self.command, self.words, self.hydra_flags = command, words, hydra_flags
        self.line = Line()
        self.paths: list[str] = []
        self.problems = self.line.problems

    def read(self) -> Line:
        while self.words:
            word = self.words.pop()
            if word == "--":
                self.paths += reversed(self.words)
                break
            if word.startswith("-") and word != "-":
                self._read_flag(word)
            elif is_override(word):
                self.line.overrides.append(_with_blank(word))
                self.line.typed.append(word)
            else:
                self.paths.append(word)
        self._add_paths()
        return self.line

    def _read_flag(self, word: str) -> None:
        name, equals, value = word.partition("=")
        if name in self.hydra_flags:
            self._pass_on(name, word, bool(equals))
            return
        flag = LEGACY_FLAGS.get(name)
        if flag is None or self.command.name not in flag.commands:
            self.problems.append(self._unknown(name, flag))
        elif not flag.value:
            if equals:
                self.problems.append(f"{word}: {name} takes no value")
            self.line.overrides += flag.overrides
        elif not equals and (not self.words or self.words[-1].startswith("--")):
            self.problems.append(f"{name}: needs a value: {name} {flag.value}")
        else:
            self._add(flag, value if equals else self.words.pop())

    def _pass_on(self, name: str, word: str, complete: bool) -> None:
        takes = self.hydra_flags[name]
        self.line.flags.append(word)
        if complete or takes == 0:
            return
        follows = self.words[-1] if self.words else None
        if isinstance(takes, int):
            if follows is None:
                self.problems.append(f"{name}: needs a value")
            else:
                self.line.flags.append(self.words.pop())
        else:
            self.line.flags.append(self.words.pop() if follows in takes else takes[0])

    def _unknown(self, name: str, flag: LegacyFlag | None) -> str:
        if flag is not None:
            return f"{name}: is for {' and '.join(flag.commands)}, not {self.command.name}"
        mine = [n for n, f in LEGACY_FLAGS.items() if self.command.name in f.commands]
        hint = did_you_mean(name, [*mine, *self.hydra_flags, "--help", "--version"])
        return f"{name}: unknown flag{hint or f'; {self.command.name} --help lists them'}"

    def _add(self, flag: LegacyFlag, value: str) -> None:
        if flag.overrides == (f"{self.command.path_key}={{}}",):
            self.paths.append(value)
            return
        if flag.value == "LEVEL":
            value = value.upper()
        typed = quoted(value)
        if flag.value == "N" and re.fullmatch(r"[+-]?[0-9]+", value):
            typed = str(int(value))
        elif flag.value == "SHARE" and re.fullmatch(r"[+-]?[0-9]*\.?[0-9]+", value):
            typed = value
        self.line.overrides += [override.format(typed) for override in flag.overrides]

    def _add_paths(self) -> None:
        key = self.command.path_key
        if not self.paths:
            return
        if any(word.lstrip("+").startswith(f"{key}=") for word in self.line.overrides):
            self.problems.append(f"{key}: is given twice, as {key}= and as {', '.join(self.paths)}")
        elif len(self.paths) == 1:
            self.line.overrides.append(f"{key}={quoted(self.paths[0])}")
        elif key == "input":
            self.line.overrides.append(f"{key}=[{','.join(map(quoted, self.paths))}]")
        else:
            given = ", ".join(self.paths)
            self.problems.append(f"{key}: takes one path, not {len(self.paths)}: {given}")


def _with_blank(word: str) -> str:
    """Quote a value that is only white space, such as a tab, which Hydra would drop."""
    key, _, value = word.partition("=")
    return f"{key}={quoted(value)}" if value and not value.strip() else word


def is_override(word: str) -> bool:
    """Return whether an argument sets or removes a config key, rather than naming a path."""
    key, equals, _ = word.partition("=")
    if not equals:
        return word.startswith("~") and _OVERRIDE_KEY.fullmatch(word) is not None
    return _OVERRIDE_KEY.fullmatch(key) is not None and not ("/" in key and os.path.exists(word))
