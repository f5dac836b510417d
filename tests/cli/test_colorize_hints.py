"""condcolor colorize --hint and --like: things of a photograph in the colours that a person gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from models import save_random_hinted
from PIL import Image

from condcolor import colorize_files
from condcolor.inference.colorizer import Colorizer

RED_BLUE = ("--hair", "red", "--shirt", "blue")
LIKE = ("--like", "like.png", "--precision", "fp32")
GREY = Image.linear_gradient("L").resize((40, 40))  # too small to be told from a drawing


@pytest.fixture(autouse=True)
def photographs(built_in, here):
    """A built-in model photo that takes hints, and a folder of two photographs."""
    save_random_hinted(built_in.parent / "photo")
    Path("old").mkdir()
    for name in ("a", "b"):
        GREY.save(f"old/{name}.png")
    Image.new("RGB", (40, 40), "orange").save("like.png")


def made(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_hints_need_no_model_named(condcolor):
    hints = ("--hint", "10,20=#c03020", "--hint", "30,5=skyblue")
    done = condcolor("colorize", "old/a.png", *hints, "--precision", "fp32", "-o", "x.png")
    assert (done.exit_code, done.stderr) == (0, "")
    expected = Colorizer.load("photo")("old/a.png", hints=["10,20=#c03020", "30,5=skyblue"])
    assert (made("x.png") == np.asarray(expected)).all()


def test_colors_of_another_photograph_for_a_folder(condcolor):
    assert condcolor("colorize", "old", *LIKE, "-o", "new").exit_code == 0
    expected = Colorizer.load("photo")("old/a.png", like="like.png")
    assert abs(made("new/a.png").astype(int) - np.asarray(expected)).max() <= 1  # of a batch
    lines = [json.loads(line) for line in Path("new/manifest.jsonl").read_text().splitlines()]
    assert len({line["guide"] for line in lines if line["status"] == "done"}) == 1
    again = condcolor("colorize", "old", *LIKE, "-o", "new")
    assert "0 of 0 pictures coloured in new, 2 were there already" in again.stdout
    other = condcolor(
        "colorize", "old", "--model", "photo", "-o", "new"
    )  # others than those that are there
    assert other.exit_code == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("old/a.png", "--hint", "40,0=red"), 2, "40,0 is outside the picture, which has 40x40"),
        (("old/a.png", "--hint", "1,1=rde"), 2, "'rde' is no colour"),
        (("old/a.png", "--hint", "red"), 2, "write x,y=colour"),
        (("old", "--hint", "1,1=red"), 2, "--hint is for one picture, not for 2"),
        (("old/a.png", "--hint", "1,1=red", "--hair", "red"), 2, "give the one or the other"),
        (("old/a.png", "-m", "icons", *RED_BLUE, "--hint", "1,1=red"), 2, "trained with hints"),
        (("old/a.png", "--like", "none.png"), 3, "none.png"),
        (("old/a.png", "--like", "like.png", "--grid", "2x2"), 2, "--grid excludes"),
    ],
)
def test_what_cannot_be_done_is_one_line(condcolor, words, code, said):
    done = condcolor("colorize", *words, "-o", "made")
    assert (done.exit_code, said in done.stderr) == (code, True), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not Path("made").exists()


def test_the_same_from_python():
    result = colorize_files("old/b.png", "y.png", hints=["10,20=red"], precision="fp32")
    assert result.colored == 1
    expected = Colorizer.load("photo")("old/b.png", hints=["10,20=red"])
    assert (made("y.png") == np.asarray(expected)).all()
