"""Recognise addresses of the web and of object stores, which are not paths of this machine."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")


def is_address(text: str) -> bool:
    """Return whether the text begins like https://..., s3://... or file://..."""
    return _ADDRESS.match(text) is not None
