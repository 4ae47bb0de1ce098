"""The dashboard's colours, for a light and a dark theme."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """One colour for figures, its quiet shade, and one for what is unusual.

    Blue and vermilion, or orange, are those of Okabe and Ito. They differ in lightness too, so
    that no kind of colour blindness merges them.
    """

    main: str
    quiet: str
    alarm: str
    text: str
    grid: str


LIGHT = Palette("#0072B2", "#A9CBE2", "#D55E00", "#31333F", "#E6E8EC")
DARK = Palette("#56B4E9", "#2F5871", "#E69F00", "#E8EAED", "#31343C")
