"""condcolor colorize without --model: the pictures choose; pictures of the other kind are named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from models import save_random_photo
from PIL import Image

from condcolor import colorize_files
from condcolor.errors import UsageError

EXAMPLES = Path(__file__).parents[2] / "examples"
SKETCH, PHOTOGRAPH = EXAMPLES / "sketches/ada.png", EXAMPLES / "photographs/collins.jpg"
RED_BLUE = ("--hair", "red", "--shirt", "blue")


@pytest.fixture(autouse=True)
def both_models(built_in, here):
    """Built-in models called icons and photo, and a folder with a drawing and a photograph."""
    save_random_photo(built_in.parent / "photo")
    Path("mixed").mkdir()
    Path("mixed/a.png").write_bytes(SKETCH.read_bytes())
    with Image.open(PHOTOGRAPH) as image:
        image.convert("L").resize((120, 150)).save("mixed/b.jpg", quality=95)


def made(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_a_photograph_without_values_gets_the_model_of_photographs(condcolor):
    done = condcolor("colorize", "mixed/b.jpg", "-o", "x.png")
    assert (done.exit_code, done.stdout) == (0, "x.png\n")
    (line,) = done.stderr.splitlines()
    assert line == (
        "note: mixed/b.jpg looks like a photograph, so the model is photo; --model icons takes it for a "
        "drawing"
    )
    named = condcolor("colorize", "mixed/b.jpg", "--model", "photo", "-o", "y.png")
    assert (named.exit_code, named.stderr) == (0, "")
    assert (made("x.png") == made("y.png")).all()


def test_a_drawing_without_values_is_asked_for_them(condcolor):
    done = condcolor("colorize", "mixed/a.png", "-o", "x.png")
    assert done.exit_code == 2
    assert "--hair is missing" in done.stderr
    assert not Path("x.png").exists()


def test_a_drawing_with_values_is_colored_as_ever(condcolor):
    done = condcolor("colorize", "mixed/a.png", *RED_BLUE, "-o", "x.png")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "x.png\n", "")


@pytest.mark.parametrize("model", [(), ("--model", "icons")])
def test_values_make_a_photograph_a_drawing_which_is_said(condcolor, model):
    done = condcolor("colorize", "mixed/b.jpg", *RED_BLUE, *model, "-o", "x.png")
    assert (done.exit_code, done.stdout) == (0, "x.png\n")
    (line,) = done.stderr.splitlines()
    assert line.startswith("note: mixed/b.jpg: looks like a photograph")
    assert "--model photo" in line


def test_a_drawing_under_the_model_of_photographs_is_named(condcolor):
    done = condcolor("colorize", "mixed/a.png", "--model", "photo", "-o", "x.png")
    assert (done.exit_code, done.stdout) == (0, "x.png\n")
    (line,) = done.stderr.splitlines()
    assert line.startswith("note: mixed/a.png: looks like a drawing")
    assert "--model icons" in line


def test_models_of_one_s_own_take_every_kind(condcolor, built_in, tmp_path):
    own = save_random_photo(tmp_path / "own")
    done = condcolor("colorize", "mixed/a.png", "--model", own, "-o", "x.png")
    assert (done.exit_code, done.stderr) == (0, "")


def test_in_a_folder_without_values_drawings_fail_by_name(condcolor):
    done = condcolor("colorize", "mixed", "-o", "out")
    assert done.exit_code == 1
    assert "failed: mixed/a.png: looks like a drawing, which is coloured by values" in done.stderr
    assert sorted(p.name for p in Path("out").iterdir()) == ["b.jpg", "manifest.jsonl"]


@pytest.mark.parametrize("words", [(), ("--lock",)])
def test_in_a_folder_with_values_photographs_are_named(condcolor, words):
    done = condcolor("colorize", "mixed", *RED_BLUE, *words, "-o", "out")
    assert "note: mixed/b.jpg: looks like a photograph" in done.stderr
    assert "a.png: looks like" not in done.stderr
    lines = map(json.loads, Path("out/manifest.jsonl").read_text("utf-8").splitlines())
    notes = {line["output"]: line.get("notes") for line in lines}
    assert "looks like a photograph" in notes["b.jpg"][0]


def test_a_stream_chooses_too(condcolor):
    data = Path("mixed/b.jpg").read_bytes()
    done = condcolor("colorize", "-", "-o", "x.png", input=data)
    assert done.exit_code == 0
    assert "note: the picture looks like a photograph, so the model is photo" in done.stderr
    named = condcolor("colorize", "mixed/b.jpg", "--model", "photo", "-o", "y.png")
    assert named.exit_code == 0
    assert (made("x.png") == made("y.png")).all()


@pytest.mark.parametrize("words", [("--paper", "white"), ("--lock",), ("--keep", "hair")])
def test_options_of_drawings_mean_drawings(condcolor, words):
    done = condcolor("colorize", "mixed/b.jpg", *words, "-o", "x.png")
    assert done.exit_code == 2
    assert "is missing" in done.stderr


def test_what_cannot_be_read_is_told_as_ever(condcolor):
    done = condcolor("colorize", "none.jpg", "-o", "x.png")
    assert done.exit_code == 2
    assert "--hair is missing" in done.stderr


def test_python_chooses_as_the_command_does():
    notes = []
    result = colorize_files("mixed/b.jpg", "x.png", on_note=notes.append)
    assert result.colored == 1
    assert notes[0].startswith("note: mixed/b.jpg looks like a photograph")
    with pytest.raises(UsageError, match="hair"):
        colorize_files("mixed/a.png", "y.png")
    notes.clear()
    colorize_files("mixed/a.png", "y.png", {"hair": "red", "shirt": "blue"}, on_note=notes.append)
    assert not notes
