"""Parse expressions in Python's syntax, one thread at a time.

Python before 3.13 counts the depth of the tree that it builds for all threads together. When two
parse at once, one of them ends in a SystemError about an "AST constructor recursion depth".
"""

from __future__ import annotations

import ast
import threading
from contextlib import suppress

# Hold this lock around code that parses by itself, as pandas.eval does.
PARSING = threading.RLock()

_TRIES = 20


def parse_expression(text: str) -> ast.Expression:
    """Parse without evaluating. Raises SyntaxError, ValueError, RecursionError, MemoryError."""
    for _ in range(_TRIES):
        # A thread of another library may parse at the same time.
        with suppress(SystemError), PARSING:
            return ast.parse(text, mode="eval")
    raise MemoryError("cannot be parsed while other threads parse")
