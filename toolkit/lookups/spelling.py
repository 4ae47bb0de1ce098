"""Keys shared by different spellings of one name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

_APOSTROPHES = re.compile("['\u2018\u2019\u02bc`\u00b4]")
# '+', '#' and '%' distinguish names: C++ and C#, S10 and S10+.
_LETTERS_BESIDES = frozenset("+#%")
_ASCII_WORD = re.compile(r"(?:[a-z0-9+#%]|(?<=[0-9])[.,](?=[0-9]))+")
_TITLE_WORD = re.compile("[^\\W\\d_]+(?:['\u2019][^\\W\\d_]+)*")


def match_key(text: str) -> str:
    """Return the key shared by spellings that differ only in case, outer blanks or Unicode form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).casefold())


def sort_key(text: str) -> tuple[str, str]:
    """Return the sort key of lookup files: ignoring case first."""
    return match_key(text), text


def fingerprints(text: str) -> frozenset[str]:
    """Return keys such that two spellings sharing one differ only in case, accents, punctuation,
    and either the order of words or the blanks between them. Empty for text without a word.
    """
    words = list(_words(text))
    return frozenset({" ".join(sorted(words)), _joined(words)} - {""})


def title_case(text: str) -> str:
    """Capitalise each word and strip outer blanks; the match key stays the same."""
    titled = _TITLE_WORD.sub(lambda word: word[0].capitalize(), text.strip())
    return titled if match_key(titled) == match_key(text) else text.strip()


def _words(text: str) -> Iterator[str]:
    folded = _APOSTROPHES.sub("", text).casefold()
    if not folded.isascii():
        # Only accents of European scripts: in others a mark changes the word.
        decomposed = unicodedata.normalize("NFKD", folded)
        folded = "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f").casefold()
    if folded.isascii():
        yield from _ASCII_WORD.findall(folded)
    else:
        places = range(len(folded))
        yield from "".join(folded[n] if _is_in_word(folded, n) else " " for n in places).split()


def _is_in_word(text: str, place: int) -> bool:
    letter = text[place]
    if letter in ".,":
        return text[:place][-1:].isdecimal() and text[place + 1 : place + 2].isdecimal()
    return letter in _LETTERS_BESIDES or unicodedata.category(letter)[0] in "LNM"


def _joined(words: list[str]) -> str:
    """Join the words without blanks, except where two numbers would become one."""
    if not words:
        return ""
    parts = [words[0]]
    for left, right in pairwise(words):
        parts.append(f" {right}" if left[-1].isdecimal() and right[0].isdecimal() else right)
    return "".join(parts)
