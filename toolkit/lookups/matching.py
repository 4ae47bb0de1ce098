"""Match raw values to canonical names, with a confidence score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from toolkit.lookups.spelling import fingerprints, match_key

How = Literal["exact", "mapped", "fingerprint", "edits", "unknown"]
Edits = npt.NDArray[np.int32]

MOST_EDITS = 2
_SHORTEST_WORD = 5
_AT_ONCE = 2_000


@dataclass(frozen=True)
class Match:
    """The match of a value; `target` is None where no name is near enough, or two are.

    `suggestion` is the target, or else the most similar name; scores are similarities, 1 for equal.
    """

    target: str | None
    how: How
    suggestion: str | None = None
    score: float = 0.0
    runner_up: str | None = None
    runner_up_score: float = 0.0


@dataclass(frozen=True)
class Matcher:
    """Compares values with canonical names, and with the spellings that users mapped.

    `mapped` maps raw values to names, or to None: known to be unknown.
    """

    names: Sequence[str]
    mapped: Mapping[str, str | None]

    def match_all(self, values: Sequence[str]) -> list[Match]:
        """Match by equality ignoring case, user's map, equal fingerprint, then small typing errors.

        A typing error is at most two edits away from one name, with every other name further away.
        """
        found: dict[int, Match] = {}
        for place, value in enumerate(values):
            known = self._known(value)
            if known is not None:
                found[place] = known
        rest = [place for place in range(len(values)) if place not in found]
        for start in range(0, len(rest), _AT_ONCE):
            some = rest[start : start + _AT_ONCE]
            found |= dict(zip(some, self._compare([values[n] for n in some]), strict=True))
        return [found[place] for place in range(len(values))]

    def _known(self, value: str) -> Match | None:
        key = match_key(value)
        if key in self._exact:
            return _certain(self._exact[key], "exact")
        if key in self._mapped:
            return _certain(self._mapped[key], "mapped")
        targets = {target for print_ in fingerprints(value) for target in self._prints(print_)}
        return _certain(targets.pop(), "fingerprint") if len(targets) == 1 else None

    def _compare(self, values: Sequence[str]) -> Iterator[Match]:
        """Match by edits; where no name is near enough, the most similar two are suggested."""
        if not self._spellings:
            yield from (Match(None, "unknown") for _ in values)
            return
        words = [match_key(value) for value in values]
        edits = process.cdist(words, self._spellings, scorer=Levenshtein.distance, dtype=np.int32)
        longest = np.maximum.outer([len(w) for w in words], [len(s) for s in self._spellings])
        likeness = 1 - edits / np.maximum(longest, 1)
        by_name = np.maximum.reduceat(likeness, self._starts, axis=1)
        fewest = np.minimum.reduceat(edits, self._starts, axis=1)
        for word, row, likest, nearest in zip(words, edits, by_name, fewest, strict=True):
            target = self._slip_of(word, row, nearest)
            # Stable, so that ties go to the first in alphabetical order.
            order = np.argsort(-likest, kind="stable").tolist()
            if target is not None:
                order = [target, *(place for place in order if place != target)]
            first, second, *_ = [*(self._scored(n, likest) for n in order[:2]), (None, 0.0)]
            yield Match(
                None if target is None else self._targets[target],
                "unknown" if target is None else "edits",
                *first,
                *second,
            )

    def _scored(self, place: int, likeness: npt.NDArray[np.float64]) -> tuple[str | None, float]:
        """Return a name and its similarity; no name where nothing is similar."""
        score = round(float(likeness[place]), 3)
        return (self._targets[place], score) if score else (None, 0.0)

    def _slip_of(self, word: str, edits: Edits, nearest: Edits) -> int | None:
        """Return the index of the one name that is near enough, all others being further away."""
        target = int(nearest.argmin())
        if nearest[target] > MOST_EDITS or np.count_nonzero(nearest == nearest[target]) > 1:
            return None
        near = np.flatnonzero(edits == nearest[target]).tolist()
        return target if any(is_slip(word, self._spellings[place]) for place in near) else None

    @cached_property
    def _exact(self) -> dict[str, str | None]:
        return {match_key(name): name for name in self.names}

    @cached_property
    def _mapped(self) -> dict[str, str | None]:
        return {match_key(raw): target for raw, target in self.mapped.items()}

    @cached_property
    def _targets_by_print(self) -> dict[str, set[str | None]]:
        found: dict[str, set[str | None]] = {}
        known: Iterable[tuple[str, str | None]] = [*((n, n) for n in self.names)]
        for raw, target in [*known, *self.mapped.items()]:
            for print_ in fingerprints(raw):
                found.setdefault(print_, set()).add(target)
        return found

    def _prints(self, print_: str) -> set[str | None]:
        return self._targets_by_print.get(print_, set())

    @cached_property
    def _by_target(self) -> list[tuple[str, str]]:
        """(target, spelling) sorted; spellings known to be unknown match no name."""
        pairs = {(name, match_key(name)) for name in self.names}
        return sorted(pairs | {(t, match_key(r)) for r, t in self.mapped.items() if t is not None})

    @cached_property
    def _spellings(self) -> list[str]:
        return [spelling for _, spelling in self._by_target]

    @cached_property
    def _targets(self) -> list[str]:
        return list(dict.fromkeys(target for target, _ in self._by_target))

    @cached_property
    def _starts(self) -> list[int]:
        # Sorted, so each target's spellings are adjacent, as reduceat needs them.
        starts = {t: n for n, (t, _) in reversed(list(enumerate(self._by_target)))}
        return [starts[target] for target in self._targets]


def _certain(target: str | None, how: How) -> Match:
    return Match(target, how, target, 1.0)


def is_slip(one: str, other: str) -> bool:
    """Return whether one could be a typing error of the other; both are match keys.

    Words are compared one by one, so that neither Women's and Men's nor West Delhi and East Delhi
    match. One blank too many or too few counts as one edit.
    """
    words, others = one.split(), other.split()
    if len(words) == len(others):
        pairs = list(zip(words, others, strict=True))
        total = sum(Levenshtein.distance(*pair) for pair in pairs)
        return total <= MOST_EDITS and all(_is_word_slip(*pair, MOST_EDITS) for pair in pairs)
    return abs(len(words) - len(others)) == 1 and _is_word_slip("".join(words), "".join(others), 1)


def _is_word_slip(one: str, other: str, most: int) -> bool:
    """Allow one edit in a word of five letters or more; two if its first letter and length stay the
    same.
    """
    edits = Levenshtein.distance(one, other, score_cutoff=most)
    if edits == 0:
        return True
    both_have_digits = any(map(str.isdigit, one)) and any(map(str.isdigit, other))
    if edits > most or both_have_digits or max(len(one), len(other)) < _SHORTEST_WORD:
        return False
    return edits == 1 or (one[:1] == other[:1] and abs(len(one) - len(other)) < MOST_EDITS)
