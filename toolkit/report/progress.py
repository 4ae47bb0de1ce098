"""Show a stage's progress in rows and bytes: a bar on a terminal, plain lines elsewhere.

Everything goes to stderr, so that stdout can be piped.
"""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from toolkit.pages.console import SafeConsole
from toolkit.units import human_bytes, human_count, human_part, human_rate

_LINE_SECONDS = 5.0
_WIDE_COLUMNS = 100


@dataclass
class Stage:
    """Rows and bytes done in one stage. Only the driver's thread may call `advance`."""

    label: str
    total_rows: int | None
    total_bytes: int | None
    clock: Callable[[], float]
    display: _Display
    rows: int = 0
    bytes: int = 0

    def __post_init__(self) -> None:
        self.started = self.clock()

    def advance(self, rows: int = 0, bytes: int = 0) -> None:
        """Add rows and bytes that are done."""
        self.rows += rows
        self.bytes += bytes
        self.display.update(self)

    @property
    def seconds(self) -> float:
        return self.clock() - self.started

    @property
    def share(self) -> float | None:
        """The share done of the bytes, or else of the rows, 0..1; None when no total is known."""
        if self.total_bytes:
            return min(1.0, self.bytes / self.total_bytes)
        if self.total_rows:
            return min(1.0, self.rows / self.total_rows)
        return None

    def facts(self) -> list[str]:
        """Return '12,345,678 rows', '1.2 of 3.4 GB', '35 %', '1.9M rows/s', those known."""
        rows = human_count(self.rows)
        if self.total_rows:
            rows += f" of {human_count(self.total_rows)}"
        facts = [f"{rows} rows"]
        if self.total_bytes:
            facts.append(human_part(self.bytes, self.total_bytes))
        elif self.bytes:
            facts.append(human_bytes(self.bytes))
        if self.share is not None:
            facts.append(f"{int(100 * self.share)} %")
        if self.seconds > 0:
            facts.append(f"{human_rate(self.rows / self.seconds)} rows/s")
        return facts


class Progress:
    """Shows the stages of a run one after the other; nothing when `quiet`."""

    def __init__(
        self,
        *,
        quiet: bool = False,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._quiet = quiet
        self._stream = stream or sys.stderr
        self._clock = clock

    @contextmanager
    def stage(
        self, label: str, *, total_rows: int | None = None, total_bytes: int | None = None
    ) -> Iterator[Stage]:
        """Show one stage while the block runs; its end is shown when the block ends well."""
        display = self._display()
        stage = Stage(label, total_rows, total_bytes, self._clock, display)
        with display.showing(stage):
            yield stage

    def _display(self) -> _Display:
        if self._quiet:
            return _Nothing()
        # Do not ask rich, which takes a log file for a terminal under FORCE_COLOR.
        console = SafeConsole(self._stream, force_terminal=self._stream.isatty())
        return _Bar(console) if console.is_interactive else _Lines(self._stream, self._clock)


class _Display(ABC):
    @contextmanager
    def showing(self, stage: Stage) -> Iterator[None]:
        yield

    @abstractmethod
    def update(self, stage: Stage) -> None: ...


class _Nothing(_Display):
    def update(self, stage: Stage) -> None:
        pass


class _Lines(_Display):
    """A line at most every few seconds, and one at the end."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock

    @contextmanager
    def showing(self, stage: Stage) -> Iterator[None]:
        self._next = self._clock() + _LINE_SECONDS
        yield
        self._print([*stage.facts(), f"{stage.seconds:.1f} s"], stage.label)

    def update(self, stage: Stage) -> None:
        now = self._clock()
        if now >= self._next:
            self._next = now + _LINE_SECONDS
            self._print(stage.facts(), stage.label)

    def _print(self, facts: list[str], label: str) -> None:
        print("  ".join([label, *facts]), file=self._stream, flush=True)


class _Bar(_Display):
    """One line that is redrawn; its last state remains when the stage ends."""

    def __init__(self, console: Console) -> None:
        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=10),
            TextColumn("{task.fields[facts]}"),
            TimeElapsedColumn(),
            console=console,
            # Or rich would redirect what is printed to stdout meanwhile to stderr.
            redirect_stdout=False,
        )

    @contextmanager
    def showing(self, stage: Stage) -> Iterator[None]:
        total = None if stage.share is None else 1.0
        self._task = self._bar.add_task(stage.label, total=total, facts="")
        with self._bar:
            yield
            self._bar.update(self._task, total=1.0)
            self.update(stage, done=True)

    def update(self, stage: Stage, done: bool = False) -> None:
        share = 1.0 if done else stage.share or 0.0
        # A narrow terminal has no room for all: there the bar alone shows the bytes.
        facts = stage.facts()
        if self._bar.console.width < _WIDE_COLUMNS:
            facts = [facts[0], *facts[1:][-1:]]
        self._bar.update(self._task, completed=share, facts="  ".join(facts))
