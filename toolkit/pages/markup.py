"""Escape text from data for pages, with invisible characters made visible."""

from __future__ import annotations

from itertools import groupby

from markupsafe import Markup, escape

from toolkit.pages.visible import escaped

_LONGEST = 200


def visible(text: object, longest: int = _LONGEST) -> Markup:
    """The text, cut, with each character that would not be seen (NUL, a tab, a blank that is no
    space, a mark that turns the direction of writing, half a surrogate) as Python writes it.

    None and empty text are words in italics.
    """
    if text is None or text == "":
        return Markup("<i>empty</i>")
    whole = str(text)
    cut = whole if len(whole) <= longest else f"{whole[: longest - 1]}…"
    return Markup("<bdi>{}</bdi>").format(Markup("").join(_pieces(cut)))


def _pieces(text: str) -> list[Markup]:
    return [
        _breakable(piece) if seen else Markup("<b>{}</b>").format(escaped(piece))
        for seen, piece in ((seen, "".join(run)) for seen, run in groupby(text, str.isprintable))
    ]


def _breakable(piece: str) -> Markup:
    """Names and paths have no blanks at which a narrow page could break them."""
    return escape(piece).replace("_", Markup("_<wbr>")).replace("/", Markup("/<wbr>"))
