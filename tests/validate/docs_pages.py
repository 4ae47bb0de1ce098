"""Reads pages of Data Docs as a program does: elements, their texts, and what would be loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

# What a browser fetches by itself; a link that a person clicks is something else.
_LOADING = ("src", "srcset", "poster", "data", "action", "formaction", "background")
_LOADED_BY_CSS = re.compile(r"url\(|@import")
_LOADED_BY_SCRIPT = re.compile(
    r"fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import\s*\(|\.src\b|importScripts"
)


@dataclass
class Element:
    """An element, what it lies in, and its text with that of all inside, blanks folded."""

    tag: str
    attributes: dict[str, str | None]
    inside: list[str]
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


class Page(HTMLParser):
    """The elements of a page in their order."""

    _VOID = ("meta", "link", "input", "br", "hr", "img", "rect")

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(path.read_text(encoding="utf-8"))
        assert not self._open, f"never closed: {[element.tag for element in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), [outer.tag for outer in self._open])
        self.elements.append(element)
        if tag not in self._VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        closed = self._open.pop()
        assert closed.tag == tag, f"{tag} closes {closed.tag}"
        if tag in ("td", "th", "p", "summary"):
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.texts.append(data)

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def rows(self) -> list[Element]:
        """The rows of the page's own table."""
        return [row for row in self.all("tr") if "data-outcome" in row.attributes]

    def row(self, text: str) -> Element:
        """The one row that holds this text."""
        [found] = [row for row in self.rows() if text in row.text]
        return found

    def links(self) -> dict[str, Path]:
        """Where links lead, by their text."""
        return {
            link.text: (self.path.parent / str(link.attributes["href"])).resolve()
            for link in self.all("a")
        }

    def loaded(self) -> Iterator[str]:
        """What the page makes a browser fetch, as it is written."""
        for element in self.elements:
            names = [*_LOADING, *(["href"] if element.tag in ("link", "use", "image") else [])]
            yield from (str(element.attributes[n]) for n in names if n in element.attributes)
            assert "style" not in element.attributes
            assert not any(name.startswith("on") for name in element.attributes)


def fetching_code(path: Path) -> list[str]:
    """What a style sheet or script would fetch."""
    pattern = _LOADED_BY_CSS if path.suffix == ".css" else _LOADED_BY_SCRIPT
    return pattern.findall(path.read_text(encoding="utf-8"))
