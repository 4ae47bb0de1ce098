"""Digest of the toolkit's source files, to identify the code of a run between versions."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

# Files beside the code in an installed package, and Python's caches.
_NOT_CODE = frozenset({"__pycache__", "shipped"})


@cache
def code_digest(folder: Path = PACKAGE) -> str:
    """Return 16 hexadecimal digits of the names and bytes of all source files below `folder`."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder)
        if _NOT_CODE.isdisjoint(name.parts):
            digest.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
