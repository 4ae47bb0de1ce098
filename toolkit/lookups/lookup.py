"""Find the canonical names of values, for cleaning."""

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
        """Return the index of each value's name, -1 for unknown values.

        First the known spellings, ignoring case; then the nearest canonical name within `max_edits`
        (Levenshtein), ties to the first in alphabetical order. At least one letter or digit of the
        name must remain in place: otherwise the empty text would be near `TV`, and `&` near `A&B`.
        """
        words = [match_key(value) for value in values]
        places = np.array([self.places.get(word, -1) for word in words], dtype=np.int32)
        if max_edits and self.names:
            unknown = np.flatnonzero(places < 0)
            places[unknown] = self._nearest([words[i] for i in unknown], max_edits)
        return places

    def respelt(self, values: Sequence[str], places: Places) -> Bools:
        """Return whether each value is spelled differently from its name, beyond case."""
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
        # With more letters than edits, at least one letter is in place wherever the name is near
        # enough.
        bare = [_letters(choice) for choice in choices]
        short = [place for place, letters in enumerate(bare) if len(letters) <= max_edits]
        for start in range(0, len(words), _FUZZY_CHUNK):
            some = words[start : start + _FUZZY_CHUNK]
            edits = _edits(some, choices, max_edits)
            if short:
                alike = _have_letter_in_place(some, [bare[place] for place in short], max_edits)
                edits[:, short] = np.where(alike, edits[:, short], max_edits + 1)
            nearest = edits.argmin(axis=1)
            near = edits[np.arange(len(edits)), nearest] <= max_edits
            found[start : start + len(edits)] = np.where(near, nearest, -1)
        return found


def _edits(words: Sequence[str], choices: Sequence[str], most: int) -> Places:
    """Compute Levenshtein distances, words x choices; those beyond `most` are not exact."""
    return process.cdist(
        words, choices, scorer=Levenshtein.distance, score_cutoff=most, dtype=np.int32
    )


def _have_letter_in_place(words: Sequence[str], names: Sequence[str], max_edits: int) -> Bools:
    """Return whether a letter or digit of each name is in place in each word.

    `names` contain letters and digits only. If every character had to be edited, the distance would
    be the longer of the two lengths; a smaller one means that a character remains.
    """
    letters = [_letters(word) for word in words]
    lengths, others = (np.array([len(one) for one in many]) for many in (letters, names))
    return np.asarray(_edits(letters, names, max_edits) < np.maximum.outer(lengths, others))


def _letters(text: str) -> str:
    """Return the letters and digits of a text: shared punctuation does not make names alike."""
    return "".join(filter(str.isalnum, text))
