"""Enumerate spelling variants and typing errors of names.

Both are enumerated, not drawn: a catalogue always gives the same texts in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

TYPING_ERROR = "typing_error"
"""The only kind of spelling that is a fault; the others are habits."""

_STYLES: dict[str, Callable[[str], str]] = {
    "plain": lambda name: name,
    "lower": str.lower,
    "upper": str.upper,
    "joined": lambda name: name.replace(" ", ""),
    "underscore": lambda name: name.replace(" ", "_"),
    "hyphen": lambda name: name.replace(" ", "-"),
}
SPELLING_KINDS = (*_STYLES, "described", TYPING_ERROR)

_LOOKALIKES = {"o": "0", "i": "1", "l": "1", "e": "3", "s": "5"}
_TYPOS_A_FORM = 8


def spell_product(name: str, descriptions: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Return every spelling of one product by kind, each as (written, intended).

    `described` has a colour or a size before or after the name. Only a typing error differs from
    the intended text. Joining a one-word name gives the name itself, so texts may repeat.
    """
    described = [text for word in descriptions for text in (f"{word} {name}", f"{name} {word}")]
    spelled = {kind: [style(name)] for kind, style in _STYLES.items()} | {"described": described}
    meant = [name, name.lower(), described[0], described[-1]]
    taken = {text for texts in spelled.values() for text in texts}
    pairs = {kind: [(text, text) for text in texts] for kind, texts in spelled.items()}
    pairs[TYPING_ERROR] = [
        (typo, text) for text in meant for typo in typing_errors(text, _TYPOS_A_FORM, taken)
    ]
    return pairs


def typing_errors(text: str, limit: int, taken: Collection[str]) -> list[str]:
    """Return at most `limit` (1 or more) different typing errors of `text`, spread evenly over it.

    An error drops, doubles or swaps a character, or replaces a letter by a similar digit: at most 2
    edits. None equals `text` or one of `taken`, ignoring case and outer blanks.
    """
    known = {word.casefold() for word in (*taken, text)}
    slips = dict.fromkeys(
        slip
        for slip in _single_slips(text)
        if slip == slip.strip() and slip.casefold() not in known
    )
    found = list(slips)
    step = max(1, len(found) / limit)
    return [found[int(place * step)] for place in range(min(limit, len(found)))]


def _single_slips(text: str) -> Iterator[str]:
    for place, letter in enumerate(text):
        before, after = text[:place], text[place + 1 :]
        if letter.lower() in _LOOKALIKES:
            yield before + _LOOKALIKES[letter.lower()] + after
        yield before + after
        yield before + letter * 2 + after
        if after:
            yield before + after[0] + letter + after[1:]
