"""A lookup file and its marks: which entries the toolkit added and no user has accepted yet.

region_map.json belongs to the user. region_map.suggested.json has a mark for each of its entries
that the toolkit added. An entry without a mark, or that differs from it, is a user's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from pydantic import TypeAdapter, ValidationError

from toolkit.contract import SUGGESTED, LookupLimits
from toolkit.errors import LookupFileError
from toolkit.lookups.loading import check_names
from toolkit.lookups.spelling import sort_key
from toolkit.lookups.text import DEFAULT_LIMITS, LookupText, Shape


@dataclass(frozen=True)
class Mark:
    """Why an entry was added: `count` rows had the value when it was last seen.

    `score` is the similarity of `suggestion`, from 0 to 1, and `runner_up` the next best name. In a
    map the suggestion is also the target, unless no name was near enough. In a list of names the
    target is the name itself, and the runner-up the most similar name.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}
    target: str
    how: str
    count: int
    suggestion: str | None
    score: float
    runner_up: str | None
    runner_up_score: float

    def accepts(self, min_score: float | None) -> bool:
        return min_score is not None and self.suggestion is not None and self.score >= min_score


@dataclass(frozen=True)
class LookupFile:
    """A lookup file with the marks that still apply."""

    text: LookupText
    marks: Mapping[str, Mark]

    @classmethod
    def read(cls, path: Path, shape: Shape, limits: LookupLimits = DEFAULT_LIMITS) -> LookupFile:
        """Read both files. Raises LookupFileError as LookupText.read does."""
        text = LookupText.read(path, shape, limits)
        if shape == "names":
            check_names(text)
        entries, marks = _entries_of(text), _read_marks(marks_path(path), limits)
        return cls(text, {key: m for key, m in marks.items() if entries.get(key) == m.target})

    @classmethod
    def empty(cls, path: Path, shape: Shape) -> LookupFile:
        return cls(LookupText.empty(path, shape), {})

    @property
    def person_text(self) -> LookupText:
        """Return the text with the users' entries only, each in its place."""
        own = tuple(entry for entry in self.text.entries if entry.key not in self.marks)
        return replace(self.text, entries=own)

    @property
    def person(self) -> dict[str, str]:
        """Return the users' entries, in the file's order."""
        entries = _entries_of(self.text).items()
        return {key: value for key, value in entries if key not in self.marks}


@dataclass(frozen=True)
class LookupDraft:
    """A lookup file with its new machine-made entries; all others are untouched."""

    file: LookupFile
    marks: Mapping[str, Mark]
    accepted: Mapping[str, str] = field(default_factory=dict)
    """Entries that become a user's."""

    def accept(self, min_score: float | None) -> LookupDraft:
        """Accept every suggestion of at least that score: use it as the target and drop its
        mark.
        """
        taken = {key: mark for key, mark in self.marks.items() if mark.accepts(min_score)}
        left = {key: mark for key, mark in self.marks.items() if key not in taken}
        names = self.file.text.shape == "names"
        targets = {key: key if names else str(mark.suggestion) for key, mark in taken.items()}
        return replace(self, marks=left, accepted={**self.accepted, **targets})

    def entries(self) -> dict[str, str]:
        """Return all entries of the new file."""
        machine = {key: mark.target for key, mark in self.marks.items()}
        return {**self.file.person, **self.accepted, **machine}

    def as_file(self) -> LookupFile:
        """Return the new file."""
        return LookupFile(self.lookup_text, self.marks)

    @cached_property
    def lookup_text(self) -> LookupText:
        """Return the new text: byte for byte the present one where nothing changed."""
        machine = {key: mark.target for key, mark in self.marks.items()}
        removed = set(self.file.marks) - set(self.marks) - set(self.accepted)
        text = self.file.text.with_changes({**machine, **self.accepted}, removed)
        return LookupText.parse(text, self.file.text.path, self.file.text.shape)

    def marks_text(self) -> str:
        """Return the text of the marks file: sorted, one entry per line."""
        lines = [
            f"  {_json(key)}: {_json(asdict(self.marks[key]))}"
            for key in sorted(self.marks, key=sort_key)
        ]
        return "\n".join(["{", ",\n".join(lines), "}\n"]) if lines else "{}\n"


def marks_path(path: Path) -> Path:
    """Return the path of the marks beside a lookup file."""
    return path.with_name(path.stem + SUGGESTED)


def _entries_of(text: LookupText) -> dict[str, str]:
    return {e.key: e.key if text.shape == "names" else e.value for e in text.entries}


_MARK: TypeAdapter[Mark] = TypeAdapter(Mark)


def _read_marks(path: Path, limits: LookupLimits) -> dict[str, Mark]:
    if not path.exists():
        return {}
    marks: dict[str, Mark] = {}
    for entry in LookupText.read(path, "map", limits).entries:
        try:
            marks[entry.key] = _MARK.validate_json(_json(entry.value), strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            raise LookupFileError.about(
                path,
                f"the mark of {entry.key!r} cannot be read: {_where(first)}{first['msg']}; "
                "remove it to accept the entry",
                entry.line,
            ) from None
    return marks


def _where(finding: Any) -> str:
    return f"{'.'.join(map(str, finding['loc']))}: " if finding["loc"] else ""


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
