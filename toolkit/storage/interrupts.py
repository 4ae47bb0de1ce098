"""Make Ctrl-C, SIGTERM and SIGHUP end a command in the same way, as KeyboardInterrupt.

Once a command has published, its exit code is 0 and a signal no longer stops it.

KeyboardInterrupt is raised wherever the main thread happens to be, also where it gets lost: in a
bare `except:` around an import, in C code that clears errors, in a finaliser. So it is raised
again, as soon as no exception is being handled, until the command has handled it.
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
"""Exit code of a command that was interrupted, by any of the signals."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_A_MOMENT = 0.05


class _State:
    """Signals that this process received."""

    held = 0
    pressed = False
    ignored = False
    raised = False


def raise_interrupts() -> None:
    """Let each of the signals raise KeyboardInterrupt in the main thread from now on.

    A signal that the parent process set to be ignored stays ignored: Ctrl-C in the background of a
    shell, SIGHUP under nohup.
    """
    _State.ignored = _State.raised = False
    signal.signal(signal.SIGALRM, _raise_if_lost)
    # Let Python restart system calls that a signal interrupts.
    signal.siginterrupt(signal.SIGALRM, False)
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def ignore_interrupts() -> None:
    """Ignore the signals from now on, in a process that called `raise_interrupts`."""
    _State.ignored = any(signal.getsignal(number) is _interrupt for number in _SIGNALS)


def was_interrupted() -> bool:
    """Return whether an interrupt was raised and not yet handled: other errors then follow from
    it.
    """
    return _State.raised


def answer_interrupt() -> None:
    """Stop raising the interrupt again: the command ends because of it."""
    _State.raised = False
    signal.setitimer(signal.ITIMER_REAL, 0)


def end_of_process() -> None:
    """Ignore the signals while Python shuts down: the exit code is decided."""
    for number in (*_SIGNALS, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def hold_interrupts() -> Iterator[None]:
    """Delay interrupts until the block has ended."""
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
                _raise()


@contextmanager
def interrupts_never_lost() -> Iterator[None]:
    """Delay an interrupt that arrives during a finaliser, where Python would only print it."""
    before = sys.unraisablehook

    def raise_later(unraisable: sys.UnraisableHookArgs) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            if not _State.raised:
                # Raised at once, in here, it would be lost too.
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
        _raise()


def _raise() -> None:
    _State.raised = True
    signal.setitimer(signal.ITIMER_REAL, _A_MOMENT, _A_MOMENT)
    raise KeyboardInterrupt


def _raise_if_lost(number: int, frame: FrameType | None) -> None:
    """Raise the interrupt again unless an exception, perhaps this one, is being handled."""
    if not _State.raised or _State.ignored:
        answer_interrupt()
    elif sys.exception() is None:
        _interrupt(number, frame)
