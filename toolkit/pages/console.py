"""A rich console that is safe for text from data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from toolkit.pages.visible import in_line


class SafeConsole(Console):
    """Draws with escapes of its own, and makes those in its input visible, each text in one line.

    Brackets and colons in text are not markup.
    `stream` may be one of standard_streams, which would show all of them.
    """

    def __init__(self, stream: TextIO, **options: Any) -> None:
        file = cast(TextIO, getattr(stream, "as_it_is", stream))
        super().__init__(file=file, markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(in_line(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        if isinstance(renderable, Text):
            shown, renderable = in_line(renderable.plain), renderable.copy()
            renderable.plain = shown
        return super().render(renderable, options)
