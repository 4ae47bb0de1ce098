"""What a command says, to somebody who may have stopped to listen: `| head -1`, a full disk."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast


class Heard:
    """A text stream that swallows what nobody takes; `lost` is why, once that has happened."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        self._attempt(lambda: self._stream.write(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        self.write("".join(lines))

    def flush(self) -> None:
        self._attempt(self._stream.flush)

    @property
    def is_closed_pipe(self) -> bool:
        """Whether the reader has gone, who has then read what it wanted."""
        return self.lost is not None and self.lost.errno == errno.EPIPE

    def _attempt(self, say: Any) -> None:
        if self.lost is not None:
            return
        try:
            say()
        except OSError as error:
            self.lost = error
            self._give_up()

    def _give_up(self) -> None:
        """What is buffered would be tried again, and fail again, when Python ends."""
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        except (OSError, ValueError):
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def heard_streams() -> Iterator[Heard]:
    """stdout and stderr are such streams in the block; the one for stdout, flushed at the end."""
    before = sys.stdout, sys.stderr
    out, err = Heard(sys.stdout), Heard(sys.stderr)
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, err)
    try:
        yield out
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before
