"""Recognise what is not a path of this machine: web addresses, and names that are not UTF-8."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")


def is_address(text: str) -> bool:
    """Return whether the text begins like https://..., s3://... or file://..."""
    return _ADDRESS.match(text) is not None


def is_utf8(name: str) -> bool:
    """Return whether a name is UTF-8. Linux takes any bytes; Arrow opens UTF-8 paths only."""
    return name == name.encode(errors="ignore").decode()
