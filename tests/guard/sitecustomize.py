"""Python runs this at its start where this folder is on the path: a guard of what a process does.

Connections to other processes fail and are noted in the file GUARD_NOTES, and so is every process
that imports Great Expectations. Sockets of the same machine's file system are let through.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

NOTES = Path(os.environ["GUARD_NOTES"])


def note(text: str) -> None:
    with NOTES.open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def guarded(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def guard(*args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], socket.socket) and args[0].family == socket.AF_UNIX:
            return real(*args, **kwargs)
        note(f"network: {name} {args[1:] if isinstance(args[0], socket.socket) else args}")
        raise OSError(f"{name} is not allowed here")

    return guard


class Watch:
    """Finds nothing; only sees what is looked for."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == "great_expectations":
            note("imports great_expectations")
        return None


for method in ("connect", "connect_ex", "sendto", "sendmsg"):
    setattr(socket.socket, method, guarded(method, getattr(socket.socket, method)))
for function in ("create_connection", "getaddrinfo", "gethostbyname", "gethostbyname_ex"):
    setattr(socket, function, guarded(function, getattr(socket, function)))
sys.meta_path.insert(0, Watch())
note("guarded")
