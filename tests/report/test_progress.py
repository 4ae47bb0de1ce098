from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest

from toolkit.report.progress import Progress

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_lines_come_every_five_seconds_and_at_the_end() -> None:
    out, clock = io.StringIO(), Clock()
    progress = Progress(stream=out, clock=clock)
    with progress.stage("clean", total_bytes=3_400_000_000) as stage:
        for _ in range(5):
            clock.now += 2.6
            stage.advance(rows=4_940_000, bytes=680_000_000)
    assert out.getvalue().splitlines() == [
        "clean  9,880,000 rows  1.4 of 3.4 GB  40 %  1.9M rows/s",
        "clean  19,760,000 rows  2.7 of 3.4 GB  80 %  1.9M rows/s",
        "clean  24,700,000 rows  3.4 of 3.4 GB  100 %  1.9M rows/s  13.0 s",
    ]


@pytest.mark.parametrize(
    ("total_rows", "total_bytes", "line"),
    [
        (None, None, "make  500 rows  2.5 kB  250 rows/s  2.0 s"),
        (1000, None, "make  500 of 1,000 rows  2.5 kB  50 %  250 rows/s  2.0 s"),
        (1000, 10_000, "make  500 of 1,000 rows  2.5 of 10.0 kB  25 %  250 rows/s  2.0 s"),
        # Totals may be estimates.
        (400, 2400, "make  500 of 400 rows  2.5 of 2.4 kB  100 %  250 rows/s  2.0 s"),
        (0, 0, "make  500 rows  2.5 kB  250 rows/s  2.0 s"),
    ],
)
def test_what_is_known_is_shown(total_rows: int | None, total_bytes: int | None, line: str) -> None:
    out, clock = io.StringIO(), Clock()
    with Progress(stream=out, clock=clock).stage(
        "make", total_rows=total_rows, total_bytes=total_bytes
    ) as stage:
        clock.now += 2
        stage.advance(rows=500, bytes=2500)
    assert out.getvalue() == f"{line}\n"


def test_a_stage_of_no_time_has_no_rate() -> None:
    out = io.StringIO()
    with Progress(stream=out, clock=Clock()).stage("clean"):
        pass
    assert out.getvalue() == "clean  0 rows  0.0 s\n"


def test_a_stage_that_fails_does_not_look_done() -> None:
    out, clock = io.StringIO(), Clock()

    def fail() -> None:
        with Progress(stream=out, clock=clock).stage("clean") as stage:
            stage.advance(rows=1)
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert out.getvalue() == ""


def test_quiet_says_nothing() -> None:
    with terminal() as (stream, read):
        with Progress(stream=stream, quiet=True).stage("clean") as stage:
            stage.advance(rows=5)
        assert stage.rows == 5
        assert read() == ""


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_terminal_has_a_bar_on_one_line(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    clock = Clock()
    with terminal() as (stream, read):
        progress = Progress(stream=stream, clock=clock)
        with progress.stage("clean", total_bytes=3_400_000_000) as stage:
            clock.now += 6.5
            stage.advance(rows=12_345_678, bytes=1_200_000_000)
            print("for the pipe")
        shown = read()
    assert capsys.readouterr().out == "for the pipe\n"
    lines = [ESCAPE.sub("", line).rstrip() for line in re.split(r"[\r\n]+", shown)]
    last = [line for line in lines if line][-1]
    assert last.startswith("clean ━━━━━━━━")
    assert "12,345,678 rows" in last
    assert "1.9M rows/s" in last
    assert ("1.2 of 3.4 GB" in last) == (columns == 120)
    assert re.search(r"\d:\d\d:\d\d$", last)
    assert len(last) <= columns
    assert shown.count("\n") == 1


def test_a_log_file_is_no_terminal_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    out = io.StringIO()
    with Progress(stream=out, clock=Clock()).stage("clean"):
        pass
    assert out.getvalue() == "clean  0 rows  0.0 s\n"


@contextmanager
def terminal() -> Iterator[tuple[TextIO, Callable[[], str]]]:
    """A stream that is a terminal, and a function that gives what was written to it."""
    master, slave = os.openpty()
    os.set_blocking(master, False)
    with os.fdopen(slave, "w", encoding="utf-8") as stream:

        def read() -> str:
            stream.flush()
            chunks = []
            while True:
                try:
                    chunks.append(os.read(master, 65536))
                except BlockingIOError:
                    return b"".join(chunks).decode()

        yield stream, read
    os.close(master)
