"""Progress: a bar on a terminal, a line now and then elsewhere, and nothing of short work."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios
from contextlib import suppress

import pytest

from condcolor.cli.progress import Progress, span


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def lines(capsys, total: int, seconds_each: float) -> list[str]:
    clock = Clock()
    with Progress("working", clock=clock) as progress:
        for done in range(1, total + 1):
            clock.now += seconds_each
            progress(done, total)
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def test_short_work_says_nothing(capsys):
    assert lines(capsys, 1000, 0.004) == []


@pytest.mark.parametrize(("total", "each"), [(1000, 0.1), (10, 10), (37, 1.5)])
def test_long_work_says_each_tenth_about_once(capsys, total, each):
    told = lines(capsys, total, each)
    assert 4 <= len(told) <= 10
    assert all(line.startswith("working: ") and f" of {total:,} (" in line for line in told)


def test_very_long_work_says_something_every_minute(capsys):
    told = lines(capsys, 1000, 5)
    assert 60 <= len(told) <= 100


def test_what_is_left_is_about_right(capsys):
    told = lines(capsys, 100, 2)
    assert told[0] == "working: 10 of 100 (10 %), about 3 min left"


def test_several_passes_are_counted_each_from_its_own_start(capsys):
    clock = Clock()
    with Progress("working", clock=clock) as progress:
        for total in (20, 20, 40):
            for done in range(1, total + 1):
                clock.now += 3
                progress(done, total)
    told = capsys.readouterr().err
    assert "of 20" in told
    assert "of 40" in told
    assert "-" not in told


def test_a_resumed_pass_is_not_thought_to_be_quick(capsys):
    clock = Clock()
    with Progress("working", clock=clock) as progress:
        for done in range(900, 1000):
            clock.now += 1
            progress(done, 1000)
    first = capsys.readouterr().err.splitlines()[0]
    assert first.endswith("s left")
    assert int(first.split()[-3]) > 30


def test_no_work_at_all_is_no_fault(capsys):
    with Progress("working") as progress:
        progress(0, 1)
    with Progress("working"):
        pass
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_and_lines_above_it(monkeypatch):
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    terminal = os.fdopen(follower, "w")
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("working") as progress:
        progress(1, 3, "G 1.0")
        progress.say("failed: a.png", err=True)
        progress(3, 3)
    terminal.close()
    shown = b""
    with suppress(OSError):  # the end: nobody holds the terminal any more
        while block := os.read(leader, 1000):
            shown += block
    os.close(leader)
    shown = shown.decode()
    assert "working" in shown
    assert "1/3" in shown
    assert "G 1.0" in shown
    assert "failed: a.png" in shown


def test_no_stderr_is_no_fault(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with Progress("working", clock=Clock()) as progress:
        progress(1, 2)
        progress.say("x", err=True)


def test_spans_are_short():
    assert [span(s) for s in (0, 40.4, 720, 12_600)] == ["0 s", "40 s", "12 min", "3.5 h"]
