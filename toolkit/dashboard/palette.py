"""The dashboard's colours, for a light and a dark theme."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """One colour for figures, its muted shade, and one for unusual values.

    Blue and vermilion, or orange, are from Okabe and Ito's palette. They also differ in lightness,
    so that they can be distinguished with any kind of colour blindness.
    """

    main: str
    quiet: str
    alarm: str
    text: str
    grid: str


LIGHT = Palette("#0072B2", "#A9CBE2", "#D55E00", "#31333F", "#E6E8EC")
DARK = Palette("#56B4E9", "#2F5871", "#E69F00", "#E8EAED", "#31343C")
