"""Ctrl-C, SIGTERM and SIGHUP: all three end a command in the same way, as KeyboardInterrupt.

Until a command has published. From then on its exit code is 0, and nothing stops it any more.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""The exit code of a command that was interrupted, by whichever signal."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_A_MOMENT = 0.05


class _State:
    """Of the signals that reached this process."""

    held = 0
    pressed = False
    ignored = False


def raise_interrupts() -> None:
    """From now on each of the signals raises KeyboardInterrupt in the main thread.

    One that whoever started this process has it ignore stays ignored: Ctrl-C in the background of a
    shell, SIGHUP under nohup.
    """
    _State.ignored = False
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def ignore_interrupts() -> None:
    """From now on they change nothing, in a process that called `raise_interrupts`."""
    _State.ignored = any(signal.getsignal(number) is _interrupt for number in _SIGNALS)


def end_of_process() -> None:
    """The exit code is decided: nothing may change it while Python clears itself away."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def hold_interrupts() -> Iterator[None]:
    """Put them off until the block has ended, then let them do what they do otherwise."""
    if threading.current_thread() is not threading.main_thread():
        # Python runs signal handlers in the main thread only.
        yield
        return
    _State.held += 1
    before = signal.getsignal(signal.SIGINT)
    is_other = before not in (_interrupt, signal.SIG_IGN)
    if is_other:
        signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        if is_other:
            signal.signal(signal.SIGINT, before)
        _State.held -= 1
        if _State.pressed and not _State.held:
            _State.pressed = False
            if is_other:
                signal.raise_signal(signal.SIGINT)
            elif not _State.ignored:
                raise KeyboardInterrupt


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """One that arrives while Python cleans something up is raised a moment later.

    Python itself would print it, and forget it.
    """
    before = sys.unraisablehook

    def raise_later(unraisable: sys.UnraisableHookArgs) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            # At once, it would be raised in here, and be forgotten too.
            threading.Timer(_A_MOMENT, _thread.interrupt_main).start()
        else:
            before(unraisable)

    sys.unraisablehook = raise_later
    try:
        yield
    finally:
        sys.unraisablehook = before


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _State.held:
        _State.pressed = True
    elif not _State.ignored:
        raise KeyboardInterrupt
