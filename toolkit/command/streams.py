"""What a command says, to somebody who may have stopped to listen: `| head -1`, a full disk."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from toolkit.errors import without_credentials
from toolkit.pages.visible import seen


class Heard:
    """A text stream that swallows what nobody takes; `lost` is why, once that has happened.

    What it is given is shown, and does nothing to a terminal: see `seen`. Passwords in addresses
    are hidden.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        self._attempt(lambda: self._stream.write(without_credentials(seen(text))))
        return len(text)

    @property
    def as_it_is(self) -> _Drawn:
        """The stream for what draws with escapes of its own."""
        return _Drawn(self)

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


class _Drawn:
    """A stream whose text is written as it is."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def write(self, text: str) -> int:
        self._heard._attempt(lambda: self._heard._stream.write(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._heard, name)


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
