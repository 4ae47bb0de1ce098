"""Plan which lookup files to build, and draft their contents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from toolkit.contract import Category, Contract, LookupPart, Mapped, Repair, Text
from toolkit.errors import ConfigError, LookupFileError, did_you_mean
from toolkit.lookups.building import (
    NameRules,
    SpellingCounts,
    draft_map,
    draft_names,
    draft_repairs,
    draft_spellings,
)
from toolkit.lookups.counts import ROWS
from toolkit.lookups.loading import check_map, check_names, check_names_map, check_repairs
from toolkit.lookups.lookup import Lookup
from toolkit.lookups.suggested import LookupDraft, LookupFile
from toolkit.lookups.text import LookupText, Shape

Counts = Mapping[tuple[str, ...], pa.Table]
ReadFile = Callable[[str, Shape], LookupFile]


@dataclass(frozen=True)
class Request:
    """A part of a column's lookup to build."""

    column: str
    part: LookupPart


def requests_for(
    contract: Contract, column: str, parts: Sequence[LookupPart] | None = None
) -> list[Request]:
    """Request all parts of a column's lookup, or some. Raises ConfigError when it lacks them."""
    known = contract.lookup_columns()
    if column not in contract.columns:
        hint = did_you_mean(column, contract.columns) or f"; there are {', '.join(known)}"
        raise ConfigError(f"column={column}: is not a column of the contract {contract.name}{hint}")
    found = [*contract.columns[column].lookup_files()]
    requested = found if parts is None else list(parts)
    missing = [part for part in requested if part not in found]
    if missing or not requested:
        raise ConfigError(f"column={column}: {_why_not(contract, column, missing)}")
    return [Request(column, part) for part in requested]


def all_requests(contract: Contract) -> list[Request]:
    """Request every part of every column's lookup. Raises ConfigError when there is none."""
    requests = [
        request for name in contract.lookup_columns() for request in requests_for(contract, name)
    ]
    if not requests:
        raise ConfigError(f"dataset: the contract {contract.name} refers to no lookups")
    return requests


def _why_not(contract: Contract, column: str, missing: Sequence[LookupPart]) -> str:
    if isinstance(contract.columns[column], Text):
        return (
            "has no lookup; name the file for its canonical spellings, such as "
            f"dataset.columns.{column}.map={column}s.json"
        )
    kind = contract.columns[column].kind
    return f"is of kind {kind}, which has no {' and '.join(missing) or 'lookup'}"


def groups_of(contract: Contract, requests: Sequence[Request]) -> list[tuple[str, ...]]:
    """Return the column groups whose combined values have to be counted, each once."""
    groups: list[tuple[str, ...]] = []
    for request in requests:
        column = contract.columns[request.column]
        if request.part == "repairs" and isinstance(column, Category) and column.repair is not None:
            groups.append((column.repair.by, request.column))
        else:
            groups.append((request.column,))
    return list(dict.fromkeys(groups))


@dataclass
class Plan:
    """Drafts of all requested files, made in order: a map is matched to the names drafted before
    it.
    """

    contract: Contract
    read: ReadFile
    rules: NameRules
    accept: float | None = None
    drafts: dict[str, LookupDraft] = field(default_factory=dict)
    """By file name."""
    columns: dict[str, str] = field(default_factory=dict)
    """The column of each file."""
    originals: dict[str, LookupFile] = field(default_factory=dict)
    """The files as they were read."""

    def make(self, requests: Sequence[Request], counts: Counts) -> None:
        """Draft all requested parts. Raises LookupFileError for a user's invalid entry."""
        values = {group: _vocabulary(counts[group]) for group in counts if len(group) == 1}
        for request in sorted(requests, key=lambda request: request.part == "repairs"):
            column = self.contract.columns[request.column]
            seen = values.get((request.column,), SpellingCounts.of({}))
            match column, request.part:
                case (Mapped(), "names"):
                    self._names(request.column, column.values, seen, self._mapped(column))
                    map_is_next = Request(request.column, "map") in requests
                    if not map_is_next and self.file(column.map, "map").marks:
                        # Entries made by the toolkit are matched to the new names at once.
                        self._map(request.column, column, SpellingCounts.of({}))
                case (Mapped(), "map"):
                    self._map(request.column, column, seen)
                case (Category(), "names"):
                    self._names(request.column, column.values, seen, {})
                case (Text(map=str(name)), "spellings"):
                    file = self.file(name, "map")
                    check_names_map(file.person_text)
                    self._keep(request.column, name, draft_spellings(file, seen, self.rules))
                case (Category(repair=Repair() as repair), "repairs"):
                    file = self.file(repair.map, "map")
                    votes = self._votes(request.column, column, repair, counts)
                    self._keep(request.column, repair.map, draft_repairs(file, votes, repair))

    def file(self, name: str, shape: Shape) -> LookupFile:
        """Return the file as drafted so far, or as it is on disk."""
        if name in self.drafts:
            return self.drafts[name].as_file()
        if name not in self.originals:
            self.originals[name] = self.read(name, shape)
        return self.originals[name]

    def _keep(self, column: str, name: str, draft: LookupDraft) -> None:
        self.drafts[name] = draft.accept(self.accept)
        self.columns[name] = column

    def _names(
        self, column: str, name: str, seen: SpellingCounts, mapped: Mapping[str, str | None]
    ) -> None:
        self._keep(column, name, draft_names(self.file(name, "names"), seen, mapped, self.rules))

    def _mapped(self, column: Mapped) -> dict[str, str | None]:
        file = self.file(column.map, "map")
        check_map(file.person_text, self._canonical(column.values), column.unknown)
        return {raw: None if to == column.unknown else to for raw, to in file.person.items()}

    def _map(self, name: str, column: Mapped, seen: SpellingCounts) -> None:
        names, file = self._canonical(column.values), self.file(column.map, "map")
        if not names.names and column.values not in self.drafts:
            raise LookupFileError.about(
                self.file(column.values, "names").text.path,
                f"has no canonical names to map to; begin with build-lookup column={name}",
            )
        check_map(file.person_text, names, column.unknown)
        self._keep(name, column.map, draft_map(file, seen, names.names, column.unknown, self.rules))

    def _canonical(self, name: str) -> Lookup:
        return check_names(self.file(name, "names").text)

    def _votes(
        self, name: str, column: Category, repair: Repair, counts: Counts
    ) -> dict[str, dict[str, int]]:
        """Count the rows of each cleaned value of `by` with each cleaned name."""
        lookup = self._canonical(column.values)
        check_repairs(self.file(repair.map, "map").person_text, lookup)
        by, rows = self.contract.columns[repair.by], counts[(repair.by, name)]
        values, labels = (rows.column(n).dictionary_encode() for n in (repair.by, name))
        values, labels = (a.unify_dictionaries().combine_chunks() for a in (values, labels))
        known = values.dictionary.to_pylist()
        if isinstance(by, Text) and by.map is not None:
            spellings = check_names_map(self.file(by.map, "map").text)
            found = spellings.find(known).tolist()
            known = [
                spellings.names[place] if place >= 0 else value
                for place, value in zip(found, known, strict=True)
            ]
        places = lookup.find(labels.dictionary.to_pylist(), column.max_edits)
        votes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for value, label, n in zip(
            values.indices.to_pylist(), labels.indices.to_pylist(), rows.column(ROWS).to_pylist(),
            strict=True,
        ):  # fmt: skip
            if places[label] >= 0:
                votes[known[value]][lookup.names[places[label]]] += n
        return votes

    def check(self) -> None:
        """Check that cleaning can load the drafted files. Raises LookupFileError if it cannot."""
        texts = {name: draft.lookup_text for name, draft in self.drafts.items()}

        def text(name: str, shape: Shape) -> LookupText:
            return texts.get(name) or self.file(name, shape).text

        for column in self.contract.lookup_columns().values():
            match column:
                case Mapped() if texts.keys() & {column.values, column.map}:
                    names = check_names(text(column.values, "names"))
                    check_map(text(column.map, "map"), names, column.unknown)
                case Category(repair=Repair() as repair) if repair.map in texts:
                    check_repairs(texts[repair.map], check_names(text(column.values, "names")))
                case Category() if column.values in texts:
                    check_names(texts[column.values])
                case Text(map=str(name)) if name in texts:
                    check_names_map(texts[name])


def _vocabulary(counts: pa.Table) -> SpellingCounts:
    values, rows = counts.column(0).to_pylist(), counts.column(ROWS).to_pylist()
    return SpellingCounts.of(dict(zip(values, rows, strict=True)))
