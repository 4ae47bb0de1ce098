"""A rich console that is safe for text from data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from toolkit.pages.visible import seen


class SafeConsole(Console):
    """Draws with escapes of its own, and makes those in its input visible.

    `stream` may be one of standard_streams, which would show all of them.
    """

    def __init__(self, stream: TextIO, **options: Any) -> None:
        super().__init__(file=cast(TextIO, getattr(stream, "as_it_is", stream)), **options)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(seen(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        if isinstance(renderable, Text) and (shown := seen(renderable.plain)) != renderable.plain:
            renderable = Text(
                shown,
                style=renderable.style,
                justify=renderable.justify,
                overflow=renderable.overflow,
                no_wrap=renderable.no_wrap,
                end=renderable.end,
            )
        return super().render(renderable, options)
