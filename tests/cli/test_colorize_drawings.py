"""condcolor colorize, with a model of parts: paper, light lines, solid black, doubts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from models import PartsAtPlaces, make_parts_model
from PIL import Image

from condcolor.inference.colorizer import Colorizer
from condcolor.inference.torch_colorizer import TorchColorizer

SIDE = 64
RED = (0xE9, 0x47, 0x43)
WORDS = ("--hair", "red", "--shirt", "none")


@pytest.fixture(autouse=True)
def parts_model(built_in, monkeypatch):
    """The built-in model finds hair in the upper half, a shirt in the lower."""
    colorizer = TorchColorizer(make_parts_model(PartsAtPlaces, size=SIDE), device="cpu")
    monkeypatch.setattr(Colorizer, "load", lambda *words, **options: colorizer)


def save(name: str, *, paper: int = 255, ink: int = 0, black: bool = False) -> None:
    """A box in the upper half, a line below it."""
    drawn = np.full((SIDE, SIDE, 3), paper, np.uint8)
    drawn[8:28, 8:56] = ink
    if not black:
        drawn[11:25, 11:53] = paper
    drawn[32:34] = ink
    Image.fromarray(drawn).save(name)


def opened(name: str) -> np.ndarray:
    return np.asarray(Image.open(name).convert("RGB")).astype(int)


HAIR, BELOW = (18, 30), (50, 30)


@pytest.mark.parametrize(("paper", "below"), [("keep", 220), ("white", 255), ("#f0e0d0", 0xF0)])
def test_the_paper_of_a_scan_stays_or_is_asked_for(condcolor, here, paper, below):
    save("scan.png", paper=220)
    done = condcolor("colorize", "scan.png", *WORDS, "--paper", paper, "-o", "out.png")
    assert (done.exit_code, done.stderr) == (0, "")
    made = opened("out.png")
    assert made[BELOW][0] == below
    light = {"keep": (220, 220, 220), "white": (255, 255, 255)}.get(paper, (0xF0, 0xE0, 0xD0))
    assert abs(made[HAIR] - np.array(RED) * light / 255).max() <= 2


def test_a_paper_that_is_no_color_is_refused(condcolor, here):
    save("scan.png")
    done = condcolor("colorize", "scan.png", *WORDS, "--paper", "wite", "-o", "out.png")
    assert done.exit_code == 2
    assert "paper: 'wite' is no colour" in done.stderr
    assert not Path("out.png").exists()


@pytest.mark.parametrize("words", [(), ("--check",)])
def test_light_lines_are_named_and_stay_light(condcolor, here, words):
    save("dark.png", paper=0, ink=255)
    done = condcolor("colorize", "dark.png", *WORDS, *words, "-o", "out.png")
    assert done.exit_code == 0
    assert "light lines on a dark ground" in done.stderr
    made = opened("out.png")
    assert tuple(made[HAIR]) == RED
    assert (made[9, 30] > 200).all()


def test_solid_black_is_colored_when_asked(condcolor, here):
    save("black.png", black=True)
    condcolor("colorize", "black.png", *WORDS, "-o", "plain.png")
    done = condcolor("colorize", "black.png", *WORDS, "--fill-black", "-o", "filled.png")
    assert done.exit_code == 0, done.stderr
    assert tuple(opened("plain.png")[HAIR]) == (0, 0, 0)
    assert tuple(opened("filled.png")[HAIR]) == RED


def test_a_set_is_done_again_for_another_paper(condcolor, here):
    Path("set").mkdir()
    save("set/a.png", paper=220)
    save("set/b.png", paper=220)
    words = ("colorize", "set", *WORDS, "-o", "made")
    assert "2 of 2" in condcolor(*words).stdout
    assert "2 were there already" in condcolor(*words).stdout
    assert "2 of 2" in condcolor(*words, "--paper", "white", "--overwrite").stdout
    entry = json.loads(Path("made/manifest.jsonl").read_text().splitlines()[-1])
    assert entry["paper"] == "white"
    assert opened("made/a.png")[BELOW][0] == 255
