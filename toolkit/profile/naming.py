"""Make column names for contracts, formulas and suites from those in a header."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Sequence

from anyascii import anyascii

from toolkit.contract import EXTREME_COLUMN, METRIC_COLUMN, RANK_COLUMN, ROW_FACTS

LONGEST_NAME = 60
# Rows and aggregations gain columns of these names.
_TAKEN = {*ROW_FACTS, RANK_COLUMN, METRIC_COLUMN, EXTREME_COLUMN}
_WORD_BEGINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def clean_names(headers: Sequence[str]) -> dict[str, str]:
    """Make unique names for headers: 'Price Per Unit' and 'PricePerUnit' -> price_per_unit.

    Letters beyond ASCII lose their accents, those of other scripts are transliterated; headers
    without letters are named by their place, long ones by their first LONGEST_NAME letters.
    """
    names: dict[str, str] = {}
    for place, header in enumerate(headers, 1):
        name = snake_case(header)[:LONGEST_NAME].rstrip("_")
        if not name or name[0].isdigit():
            name = f"column_{place}" if not name else f"n_{name}"
        if name in _TAKEN or keyword.iskeyword(name):
            name = f"{name}_"
        different, number = name, 1
        while different in names:
            number += 1
            different = f"{name}_{number}"
        names[different] = header
    return names


def snake_case(text: str) -> str:
    """Return the words in lower case, joined by _; only ASCII letters and digits."""
    # Composed first: accents make other letters of some scripts, such as the Cyrillic й.
    plain = "".join(map(_in_ascii, unicodedata.normalize("NFC", text)))
    parted = _WORD_BEGINS.sub("_", plain)
    return "_".join(re.findall(r"[A-Za-z0-9]+", parted)).lower()


def _in_ascii(character: str) -> str:
    """Transliterate a letter; symbols are only brought to their plain form."""
    if character.isascii():
        return character
    if character.isalpha() and not unicodedata.normalize("NFKD", character)[0].isascii():
        return anyascii(character)
    decomposed = unicodedata.normalize("NFKD", character)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
