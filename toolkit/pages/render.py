"""Render templates as HTML pages: text is escaped, and no character of it acts or is unseen."""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from toolkit.pages.visible import escaped, seen
from toolkit.units import cut, human_bytes, human_count, human_rate, human_seconds

_LONGEST = 200


def visible(text: object, longest: int = _LONGEST) -> Markup:
    """The text, cut, with each character that would not be seen (NUL, a tab, a blank that is no
    space, a mark that turns the direction of writing, half a surrogate) as Python writes it.

    None and empty text are words in italics.
    """
    if text is None or text == "":
        return Markup("<i>empty</i>")
    return Markup("<bdi>{}</bdi>").format(Markup("").join(_pieces(cut(str(text), longest))))


def _pieces(text: str) -> list[Markup]:
    return [
        _breakable(piece) if plain else Markup("<b>{}</b>").format(escaped(piece))
        for plain, piece in ((p, "".join(run)) for p, run in groupby(text, str.isprintable))
    ]


def _breakable(piece: str) -> Markup:
    """Names and paths have no blanks at which a narrow page could break them."""
    return escape(piece).replace("_", Markup("_<wbr>")).replace("/", Markup("/<wbr>"))


def _shown(value: object) -> object:
    """A text as `seen`; markup stays."""
    return seen(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1]),
    autoescape=True,
    finalize=_shown,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
"""Every template, by its path in the package; pages that stand alone extend pages/page.html."""
TEMPLATES.filters |= {
    "bytes": human_bytes,
    "count": human_count,
    "rate": human_rate,
    "seconds": human_seconds,
    "visible": visible,
}


def render(template: str, **values: Any) -> str:
    """The page."""
    return TEMPLATES.get_template(template).render(**values)


def link_from(folder: Path, path: Path) -> str:
    """A link from a page in `folder`, that holds when all of it is moved together.

    Symbolic links on the way stay in it: those of published outputs lead to another place soon.
    """
    return quote(os.fsencode(os.path.relpath(os.path.abspath(path), os.path.abspath(folder))))
