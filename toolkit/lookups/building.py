"""Draft new lookup entries from the distinct values of columns.

Nothing here reads data or writes files. Results depend on the values and their counts only, never
on the order in which they were met. Entries written by users stay unchanged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from toolkit.contract import Repair
from toolkit.lookups.matching import Match, Matcher
from toolkit.lookups.spelling import fingerprints, match_key, title_case
from toolkit.lookups.suggested import LookupDraft, LookupFile, Mark


@dataclass(frozen=True)
class Spelling:
    """The values of one match key: the most frequent one, the rows of all, and the number of
    values.
    """

    text: str
    rows: int
    n_texts: int = 1


@dataclass(frozen=True)
class SpellingCounts:
    """The stripped values of a column by match key, in alphabetical order, and all its rows."""

    spellings: Mapping[str, Spelling]
    n_rows: int

    @classmethod
    def of(cls, rows_by_value: Mapping[str, int]) -> SpellingCounts:
        by_key: dict[str, dict[str, int]] = defaultdict(dict)
        for value, rows in rows_by_value.items():
            by_key[match_key(value)][value] = rows
        return cls(
            {
                key: Spelling(_most(rows), sum(rows.values()), len(rows))
                for key, rows in sorted(by_key.items())
            },
            sum(rows_by_value.values()),
        )

    def rows(self, key: str) -> int:
        return self.spellings[key].rows if key in self.spellings else 0


@dataclass(frozen=True)
class NameRules:
    """Conditions for a canonical name: a least share of rows, and not being one of the given
    words.
    """

    threshold: float
    unknown_words: frozenset[str]
    """Match keys; the empty value is never a name."""

    @classmethod
    def of(cls, threshold: float, unknown_words: Iterable[str]) -> NameRules:
        return cls(threshold, frozenset({"", *map(match_key, unknown_words)}))


def draft_names(
    file: LookupFile,
    values: SpellingCounts,
    mapped: Mapping[str, str | None],
    rules: NameRules,
) -> LookupDraft:
    """Draft new canonical names: title-cased values of enough rows that are not spellings of
    another name.

    `mapped` are the raw values that users mapped (None: to unknown); they do not become names.
    """
    names = [entry.key for entry in file.text.entries]
    marks = {name: _seen(mark, values, name) for name, mark in file.marks.items()}
    taken = {match_key(raw) for raw in [*names, *mapped]} | rules.unknown_words
    often = [
        spelling
        for key, spelling in values.spellings.items()
        if key not in taken and spelling.rows / values.n_rows >= rules.threshold
    ]
    often.sort(key=lambda spelling: (-spelling.rows, spelling.text))
    for spelling in often:
        # Spellings of names added so far are excluded: of two near spellings the more frequent
        # becomes the name.
        [match] = Matcher(names, mapped).match_all([spelling.text])
        if match.how == "unknown":
            name = title_case(spelling.text)
            names.append(name)
            own = round(1 - match.score, 3)
            nearest = match.suggestion if match.score else None
            marks[name] = Mark(name, "frequent", spelling.rows, name, own, nearest, match.score)
    return LookupDraft(file, marks)


def draft_map(
    file: LookupFile,
    values: SpellingCounts,
    names: Sequence[str],
    unknown: str,
    rules: NameRules,
) -> LookupDraft:
    """Draft targets for the values that no user mapped, one entry per match key.

    Entries made by the toolkit are matched anew, so that they follow the canonical names.
    """
    mapped = {raw: None if to == unknown else to for raw, to in file.person.items()}
    known = {match_key(raw) for raw in [*names, *(entry.key for entry in file.text.entries)]}
    new = [s.text for key, s in values.spellings.items() if key not in known]
    raws = [*file.marks, *new]
    marks = {}
    for raw, match in zip(raws, _matches(raws, Matcher(names, mapped), rules), strict=True):
        before = file.marks.get(raw)
        count = values.rows(match_key(raw)) or (before.count if before else 0)
        marks[raw] = _mark(match, unknown if match.target is None else match.target, count)
    return LookupDraft(file, marks)


def _matches(raws: Sequence[str], matcher: Matcher, rules: NameRules) -> Iterator[Match]:
    known = [raw for raw in raws if match_key(raw) not in rules.unknown_words]
    found = dict(zip(known, matcher.match_all(known), strict=True))
    for raw in raws:
        yield found.get(raw) or Match(None, "unknown")


def _mark(match: Match, target: str, count: int) -> Mark:
    return Mark(
        target, match.how, count,
        match.suggestion, match.score, match.runner_up, match.runner_up_score,
    )  # fmt: skip


def draft_spellings(file: LookupFile, values: SpellingCounts, rules: NameRules) -> LookupDraft:
    """Group values into names by their fingerprints; the most frequent spelling becomes the name.

    A name given by a user, or already in the file, comes first. Where users gave several names, the
    values are left alone.
    """
    known = _KnownSpellings.of(file)
    texts = {**known.texts, **{key: s.text for key, s in values.spellings.items()}}
    marks: dict[str, Mark] = {}
    for cluster in _clusters({k: t for k, t in texts.items() if k not in rules.unknown_words}):
        name = _name_of(cluster, known, values)
        if name is not None:
            marks |= _spelling_marks(cluster, name, known, values)
    return LookupDraft(file, marks)


@dataclass(frozen=True)
class _KnownSpellings:
    """Entries of a file by match key: those of users and those of the toolkit, with their names."""

    person: Mapping[str, str]
    person_names: Mapping[str, str]
    machine: Mapping[str, str]
    """Match key -> the raw value as spelled in the file."""
    machine_names: Mapping[str, str]
    texts: Mapping[str, str]
    marks: Mapping[str, Mark]

    @classmethod
    def of(cls, file: LookupFile) -> _KnownSpellings:
        person = {match_key(raw): name for raw, name in file.person.items()}
        raws = {match_key(raw): raw for raw in [*file.marks, *file.person]}
        names = {match_key(name): name for name in person.values()}
        made = {match_key(mark.target): mark.target for mark in file.marks.values()}
        machine = {match_key(raw): raw for raw in file.marks}
        return cls(person, names, machine, made, {**made, **names, **raws}, file.marks)


def _name_of(cluster: Sequence[str], known: _KnownSpellings, values: SpellingCounts) -> str | None:
    """Return the name for the values of a cluster, or None if there is no change to suggest."""
    given = {known.person[key] for key in cluster if key in known.person}
    given |= {known.person_names[key] for key in cluster if key in known.person_names}
    if given:
        return given.pop() if len(given) == 1 else None
    made = [key for key in cluster if key in known.machine_names]
    seen = [key for key in cluster if key in values.spellings]
    if not made and (not seen or (len(cluster) == 1 and values.spellings[seen[0]].n_texts == 1)):
        return None
    most = min(made or seen, key=lambda key: (-values.rows(key), key))
    return known.machine_names[most] if made else values.spellings[most].text


def _spelling_marks(
    cluster: Sequence[str], name: str, known: _KnownSpellings, values: SpellingCounts
) -> dict[str, Mark]:
    """Mark every value of a cluster that no user has mapped."""
    of_all = sum(values.rows(key) for key in cluster)
    others = [key for key in cluster if key != match_key(name) and values.rows(key)]
    second = min(others, key=lambda key: (-values.rows(key), key), default=None)
    share = round(values.rows(second) / of_all, 3) if second else 0.0
    runner_up = values.spellings[second].text if second else None
    marks = {}
    for key in cluster:
        if key in known.person or not (key in known.machine or key in values.spellings):
            continue
        raw = known.machine.get(key) or values.spellings[key].text
        count = values.rows(key) or known.marks[raw].count
        marks[raw] = Mark(name, "fingerprint", count, name, 1.0, runner_up, share)
    return marks


def _clusters(texts: Mapping[str, str]) -> Iterator[list[str]]:
    """Return keys that share fingerprints, directly or through others; each list sorted."""
    leader = {key: key for key in texts}

    def find(key: str) -> str:
        while leader[key] != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    first: dict[str, str] = {}
    for key, text in texts.items():
        for print_ in fingerprints(text):
            leader[find(key)] = find(first.setdefault(print_, key))
    clusters: dict[str, list[str]] = defaultdict(list)
    for key in sorted(texts):
        clusters[find(key)].append(key)
    yield from clusters.values()


Votes = Mapping[str, Mapping[str, int]]
"""Value of one column -> name of another -> rows with both."""


def draft_repairs(file: LookupFile, votes: Votes, repair: Repair) -> LookupDraft:
    """Draft repairs: the name of most rows of a value, for values with enough rows and a clear
    majority.

    An entry whose value has enough rows but no longer a majority is removed.
    """
    mapped = {match_key(raw) for raw in file.person}
    raw_of = {match_key(raw): raw for raw in file.marks}
    marks = dict(file.marks)
    for key, spelling, by_name in _by_key(votes):
        rows = sum(by_name.values())
        if key in mapped or rows < repair.min_rows:
            continue
        (name, most), second = _two_most(by_name)
        raw = raw_of.get(key, spelling)
        marks.pop(raw, None)
        if most / rows >= repair.min_share:
            score, next_score = round(most / rows, 3), round(second[1] / rows, 3)
            marks[raw] = Mark(name, "majority", rows, name, score, second[0], next_score)
    return LookupDraft(file, marks)


def _by_key(votes: Votes) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Yield each match key, its most frequent spelling, and the votes of all its spellings."""
    spellings: dict[str, dict[str, int]] = defaultdict(dict)
    by_name: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for value, given in votes.items():
        key = match_key(value)
        spellings[key][value] = sum(given.values())
        for name, rows in given.items():
            by_name[key][name] += rows
    for key in sorted(set(spellings) - {""}):
        yield key, _most(spellings[key]), by_name[key]


def _two_most(rows: Mapping[str, int]) -> tuple[tuple[str, int], tuple[str | None, int]]:
    first, *others = sorted(rows.items(), key=lambda item: (-item[1], item[0]))
    return first, others[0] if others else (None, 0)


def _most(rows: Mapping[str, int]) -> str:
    """Return the value of most rows; of several the first in alphabetical order."""
    return min(rows, key=lambda value: (-rows[value], value))


def _seen(mark: Mark, values: SpellingCounts, name: str) -> Mark:
    """Update the mark to the rows of this data, if it has any."""
    return replace(mark, count=values.rows(match_key(name)) or mark.count)
