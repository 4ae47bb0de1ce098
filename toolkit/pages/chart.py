"""Write charts as SVG: lines, dots and bars, over a grid with round numbers.

Places are in the units of the drawing, from its upper left; text such as '50%' is written as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from toolkit.pages.visible import seen

_STEPS = (1, 2, 2.5, 5, 10)
Place = float | str


def round_step(at_least: float) -> float:
    """Return the next of 1, 2, 2.5, 5, 10, 20, ... times a power of ten."""
    if at_least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(at_least))
    return next(step * power for step in _STEPS if step * power >= at_least * (1 - 1e-9))


def ticks(highest: float, at_most: int) -> list[float]:
    """Return zero and at most `at_most` round numbers up to `highest`, at equal distances."""
    step = round_step(highest / at_most)
    return [n * step for n in range(at_most + 1) if n * step <= highest * (1 + 1e-9)]


@dataclass(frozen=True)
class Scale:
    """An axis that goes up from zero in round steps."""

    step: float
    n_steps: int
    show: Callable[[float], str]

    @classmethod
    def to(cls, highest: float, at_most: int, show: Callable[[float], str]) -> Scale:
        """Make a scale that ends at or above `highest`, after `at_most` steps."""
        step = round_step(highest / at_most)
        return cls(step, max(1, math.ceil(highest / step - 1e-9)), show)

    def y(self, figure: float, height: float) -> float:
        """Return the distance of a figure from the top of a plane of this height."""
        return height * (1 - figure / (self.step * self.n_steps))

    def lines(self, top: float, height: float) -> list[tuple[float, str]]:
        """Return the place and label of each step, from zero."""
        steps = [n * self.step for n in range(self.n_steps + 1)]
        return [(top + self.y(figure, height), self.show(figure)) for figure in steps]


def svg(label: str, parts: Iterable[Markup], **attributes: object) -> Markup:
    """Return the drawing; `label` is for screen readers."""
    return element("svg", *parts, **attributes, role="img", aria_label=label)


def line(places: Sequence[tuple[float, float]], css: str, **attributes: object) -> Markup:
    """Draw a line through all places."""
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return element("path", css=css, d=path, **attributes)


def dot(x: Place, y: float, radius: float, title: str, css: str = "") -> Markup:
    """Draw a dot with a tooltip."""
    return element("circle", *_title(title), css=css, cx=x, cy=y, r=radius)


def bar(x: float, y: float, width: float, height: float, title: str) -> Markup:
    """Draw a bar with a tooltip."""
    return element("rect", *_title(title), x=x, y=y, width=width, height=height)


def rule(y: float, x1: Place, x2: Place, css: str = "grid") -> Markup:
    """Draw a horizontal line."""
    return element("line", css=css, x1=x1, x2=x2, y1=y, y2=y)


def text(shown: str, x: Place, y: float, css: str = "", title: str = "") -> Markup:
    """Write a label; one that was cut may have a title."""
    return element("text", seen(shown), *_title(title), css=css, x=x, y=y)


def element(name: str, *inside: str, **attributes: object) -> Markup:
    """Write an SVG element around markup or text; `css` is its class, underscores are hyphens."""
    written = Markup().join(
        Markup(' {}="{}"').format("class" if key == "css" else key.replace("_", "-"), _value(value))
        for key, value in attributes.items()
        if value != ""
    )
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, Markup().join(inside))


def _title(title: str) -> Iterator[Markup]:
    if title:
        yield element("title", seen(title))


def _value(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else seen(str(value))
