"""Output streams that survive a closed pipe (`| head -1`) or a full disk."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from toolkit.errors import without_credentials
from toolkit.pages.visible import seen


class Heard:
    """A text stream that discards output once writing fails; `lost` is then the reason.

    Control characters are made visible, so that they do nothing to a terminal: see `seen`.
    Passwords in addresses are hidden.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        self._attempt(lambda: self._stream.write(without_credentials(seen(text))))
        return len(text)

    @property
    def as_it_is(self) -> _Drawn:
        """The stream for output with escapes of its own."""
        return _Drawn(self)

    def writelines(self, lines: Iterable[str]) -> None:
        self.write("".join(lines))

    def flush(self) -> None:
        self._attempt(self._stream.flush)

    @property
    def is_closed_pipe(self) -> bool:
        """Return whether the reader closed the pipe, having read all it wanted."""
        return self.lost is not None and self.lost.errno == errno.EPIPE

    def _attempt(self, write: Any) -> None:
        if self.lost is not None:
            return
        try:
            write()
        except OSError as error:
            self.lost = error
            self._give_up()

    def _give_up(self) -> None:
        """Drop the buffer, or Python would try to write it again at exit, and fail again."""
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        except (OSError, ValueError):
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Drawn:
    """A stream that writes text unchanged."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def write(self, text: str) -> int:
        self._heard._attempt(lambda: self._heard._stream.write(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._heard, name)


def open_closed_streams() -> None:
    """Open /dev/null in place of standard streams that are closed, as they may be in a daemon.

    The next file that is opened would otherwise get the number of one, and what is written to it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8")
            os.set_inheritable(nowhere.fileno(), True)
            setattr(sys, name, nowhere)


@contextmanager
def heard_streams() -> Iterator[Heard]:
    """Make stdout and stderr such streams in the block; yield the one for stdout, flushed at the
    end.
    """
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            # What the encoding of a terminal lacks is shown as Python writes it.
            stream.reconfigure(errors="backslashreplace")
    out = Heard(sys.stdout)
    err = out if sys.stderr is sys.stdout else Heard(sys.stderr)
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, err)
    try:
        yield out
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before
