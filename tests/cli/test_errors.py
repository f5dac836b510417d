"""condcolor colorize stopped half-way, and what long work says: nothing lost, nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pictures import sketch
from PIL import Image

from condcolor.batch import pipeline
from condcolor.inference.colorizer import Colorizer

RED_BLUE = ("--hair", "red", "--shirt", "blue")


@pytest.fixture
def colorize(condcolor, built_in):
    return lambda *words: condcolor("colorize", *words, *RED_BLUE)


def files(folder: Path) -> list[str]:
    """Everything in a folder, hidden ones too, but its folders and a manifest."""
    found = (p for p in folder.rglob("*") if not p.is_dir() and p.name != "manifest.jsonl")
    return sorted(str(p.relative_to(folder)) for p in found)


@pytest.fixture
def signalled(monkeypatch):
    """Sends this process signals while the n-th picture is about to be coloured, or in a folder written."""

    def at(number: int, *signals: signal.Signals) -> None:
        begun = []

        def signalling(honest):
            def step(*arguments):
                begun.append(arguments)
                if len(begun) == number:
                    for each in signals:
                        os.kill(os.getpid(), each)
                        time.sleep(0.01)  # Python handles it before the next line
                return honest(*arguments)

            return step

        monkeypatch.setattr(Colorizer, "colorings", signalling(Colorizer.colorings))
        monkeypatch.setattr(pipeline, "_write", signalling(pipeline._write))

    return at


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_finishes_the_picture_and_stops(colorize, sketches, here, signalled, number, code):
    signalled(2, number)
    done = colorize("sketches", "-o", "made")
    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr == (
        "Interrupted: 2 of 3 pictures coloured in made; the same command does the others\n"
    )
    assert files(here / "made") == ["ada.png", "ben.jpg"]
    assert colorize("sketches", "-o", "made").exit_code == 0
    assert files(here / "made") == ["ada.png", "ben.jpg", "more/cleo.png"]


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "Interrupted.\n"), (signal.SIGTERM, 143, "Terminated.\n")],
)
def test_a_second_signal_stops_at_once(colorize, sketches, here, signalled, number, code, said):
    signalled(2, number, number)
    done = colorize("sketches", "-o", "made")
    assert (done.exit_code, done.stderr) == (code, said)
    assert files(here / "made") == ["ada.png"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_single_picture_stops_at_once(colorize, sketches, here, signalled, number, code):
    signalled(1, number)
    before = files(here)
    assert colorize("sketches/ada.png").exit_code == code
    assert files(here) == before


def test_a_signal_at_the_last_picture_changes_nothing(colorize, sketches, signalled):
    signalled(3, signal.SIGINT)
    done = colorize("sketches", "-o", "made")
    assert (done.exit_code, done.stdout) == (0, "3 of 3 pictures coloured in made\n")


def test_a_process_that_is_terminated_leaves_whole_pictures_only(random_model, here):
    """The real thing: another process, killed as soon as its first picture is there."""
    for i in range(60):
        sketch(300, 300).save(here / f"{i:02}.png")
    words = ["colorize", "*.png", "-o", "made", "-m", str(random_model), *RED_BLUE]
    process = subprocess.Popen(
        [sys.executable, "-m", "condcolor", *words], stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not Path("made/00.png").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    said = process.communicate()[1]
    assert process.returncode == 143
    assert "the same command does the others" in said
    assert "Traceback" not in said
    for name in files(here / "made"):
        assert name.endswith(".png")
        assert Image.open(here / "made" / name).convert("RGB").size == (300, 300)


def test_a_long_job_says_now_and_then_how_far_it_is(colorize, here, monkeypatch):
    for i in range(20):
        sketch().save(here / f"{i:02}.png")
    ticks = iter(range(0, 10_000, 4))  # seconds: each look at the clock is 4 later
    monkeypatch.setattr(
        "condcolor.cli.progress.Progress.__init__.__kwdefaults__", {"clock": lambda: next(ticks)}
    )
    done = colorize("*.png", "-o", "made")
    lines = done.stderr.splitlines()
    assert 3 <= len(lines) <= 10
    assert lines[0].startswith("colouring: ")
    assert " of 20 (" in lines[0]
    assert " left" in lines[0]


def test_a_short_job_says_only_what_it_did(colorize, sketches):
    said = colorize("sketches", "-o", "made").stderr.splitlines()
    assert all(line.startswith("colouring: ") for line in said)  # on a slow machine
