"""Make control and invisible characters in text from data visible."""

from __future__ import annotations

import logging
import re

_MAYBE_UNSEEN = re.compile(r"[^\n\t\x20-\x7e]")
_BREAKING = re.compile(r"[\n\t]")
# Text that a spreadsheet takes for a formula, also in full-width characters.
_FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def escaped(text: str) -> str:
    """Write every character as Python does: \\x1b, \\u202e."""
    return text.encode("unicode_escape").decode("ascii")


def seen(text: str) -> str:
    """Write control and invisible characters as Python does.

    These are escapes of terminals, line breaks, marks that turn the direction of writing, blanks
    other than spaces, and halves of surrogates. Line feeds and tabs stay.
    """
    return _MAYBE_UNSEEN.sub(lambda found: _seen(found[0]), text)


def in_line(text: str) -> str:
    """The text as `seen`, with its line feeds and tabs shown, too: one line whatever it holds."""
    return _BREAKING.sub(lambda found: escaped(found[0]), seen(text))


class SeenFormatter(logging.Formatter):
    """For logs, which are read in a terminal: a message is one line, only tracebacks have more."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return in_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        return seen(super().format(record))


def _seen(character: str) -> str:
    return character if character.isprintable() else escaped(character)


def cell_for_people(value: object) -> object:
    """Make a value safe for a CSV file that people open in a spreadsheet, which runs formulas.

    Text that begins as a formula does gets a ' in front, as OWASP advises; numbers stay.
    """
    if not isinstance(value, str) or not value.startswith(_FORMULA_STARTS):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return f"'{value}" if value[0] in "\t\r\n" else value
