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


def visible(text: object, longest: int = 200) -> Markup:
    """Cut text, and write each invisible character (NUL, a tab, a blank other than a space, a mark
    that turns the direction of writing, half a surrogate) as Python does.

    None and empty text are words in italics.
    """
    if text is None or text == "":
        return Markup("<i>empty</i>")
    return Markup("<bdi>{}</bdi>").format(Markup("").join(_runs(cut(str(text), longest))))


def _runs(text: str) -> list[Markup]:
    return [
        _breakable(run) if plain else Markup("<b>{}</b>").format(escaped(run))
        for plain, run in ((p, "".join(group)) for p, group in groupby(text, str.isprintable))
    ]


def _breakable(text: str) -> Markup:
    """Let a narrow page break names and paths, which have no blanks."""
    return escape(text).replace("_", Markup("_<wbr>")).replace("/", Markup("/<wbr>"))


def _shown(value: object) -> object:
    """Make a text `seen`; markup stays."""
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
    """Render the page."""
    return TEMPLATES.get_template(template).render(**values)


def link_from(folder: Path, path: Path) -> str:
    """Return a link from a page in `folder`, relative so that both can be moved together.

    It is not resolved: symbolic links of published outputs lead to another version later.
    """
    return quote(os.fsencode(os.path.relpath(os.path.abspath(path), os.path.abspath(folder))))
