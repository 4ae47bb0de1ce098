"""Values and the canonical names that they stand for, as cleaning finds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from toolkit.lookups.spelling import match_key

Places = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

_FUZZY_CHUNK = 50_000


@dataclass(frozen=True)
class Lookup:
    """Canonical names in alphabetical order, and the place of the name for each known value.

    Values are match keys; a value that is known to be unknown has place -1. `repairs` gives the
    place of the name that the values of another column, as match keys, nearly always go with.
    """

    names: tuple[str, ...]
    places: Mapping[str, int]
    repairs: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of_names(cls, names: Iterable[str]) -> Lookup:
        ordered = tuple(sorted(names))
        return cls(ordered, {match_key(name): place for place, name in enumerate(ordered)})

    def find(self, values: Sequence[str], max_edits: int = 0) -> Places:
        """The place of each value's name, -1 for unknown ones.

        First what is known of the value as it stands, but for case; then the nearest canonical
        name within `max_edits` (Levenshtein), ties to the first in alphabetical order. A name of
        which no letter is left in place is not near: else the empty text would be near to `TV`.
        """
        words = [match_key(value) for value in values]
        places = np.array([self.places.get(word, -1) for word in words], dtype=np.int32)
        if max_edits and self.names:
            unknown = np.flatnonzero(places < 0)
            places[unknown] = self._nearest([words[i] for i in unknown], max_edits)
        return places

    def respelt(self, values: Sequence[str], places: Places) -> Bools:
        """Whether each value is another spelling than its name's own, beyond case."""
        return np.array(
            [
                place >= 0
                and value != self.names[place]
                and match_key(value) != match_key(self.names[place])
                for value, place in zip(values, places.tolist(), strict=True)
            ],
            dtype=bool,
        )

    def _nearest(self, words: Sequence[str], max_edits: int) -> Places:
        found = np.full(len(words), -1, dtype=np.int32)
        choices = [match_key(name) for name in self.names]
        lengths = np.array([len(choice) for choice in choices], np.int32)
        for start in range(0, len(words), _FUZZY_CHUNK):
            edits = process.cdist(
                words[start : start + _FUZZY_CHUNK],
                choices,
                scorer=Levenshtein.distance,
                score_cutoff=max_edits,
                dtype=np.int32,
            )
            letters = [len(word) for word in words[start : start + _FUZZY_CHUNK]]
            longer = np.maximum.outer(np.array(letters, np.int32), lengths)
            edits = np.where(edits < longer, edits, max_edits + 1)
            nearest = edits.argmin(axis=1)
            near = edits[np.arange(len(edits)), nearest] <= max_edits
            found[start : start + len(edits)] = np.where(near, nearest, -1)
        return found
