"""Suites as people write them, for tests that need small ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Written = dict[str, Any]


def expectation(kind: str, /, **kwargs: Any) -> Written:
    """`kind` is the type without the word that all types begin with."""
    return {"type": f"expect_{kind}", "kwargs": kwargs}


def where(column: str, operator: str, value: Any) -> Written:
    """A row condition."""
    compared = {"column": {"name": column}, "operator": operator, "parameter": value}
    return {"type": "comparison", **compared}


def write_suite(path: Path, *expectations: Any) -> Path:
    content = {"name": "shop.clean", "expectations": expectations}
    path.write_text(json.dumps(content, indent=2), "utf-8")
    return path
