"""Addresses of the web and of object stores, which are no paths of this machine."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")


def is_address(text: str) -> bool:
    """Whether it begins as https://..., s3://... or file://... do."""
    return _ADDRESS.match(text) is not None
