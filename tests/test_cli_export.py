"""condcolor export, and what the other commands do with its file."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import sketch
from PIL import Image

from condcolor.coloring import Colorizer


@pytest.fixture
def file(icons_onnx, here):
    """The exported file, in the current folder."""
    (here / "mine.onnx").write_bytes(icons_onnx[1].read_bytes())
    sketch().save("ada.png")
    return here / "mine.onnx"


def test_it_says_the_size_and_the_difference(condcolor, random_model, here):
    done = condcolor("export", random_model, "--onnx", "mine.onnx", "--half")
    assert done.exit_code == 0, done.output
    size = (here / "mine.onnx").stat().st_size / 1e6
    assert done.stdout.startswith(f"mine.onnx: {size:.1f} MB; on 6 pictures at most ")
    assert done.stdout.endswith("of 255\n")
    assert done.stderr == ""
    again = condcolor("export", random_model, "--onnx", "mine.onnx")
    assert again.exit_code == 2
    assert again.stderr == (
        "Error: mine.onnx: exists already: choose another name or allow overwriting\n"
    )
    assert condcolor("export", random_model, "--onnx", "mine.onnx", "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--onnx is missing"),
        (["--onnx", ""], "the name of the file is empty"),
        (["--onnx", "mine.pt"], "mine.pt: an exported model ends in .onnx: rename it"),
    ],
)
def test_a_wrong_name_is_told(condcolor, random_model, here, words, said):
    done = condcolor("export", random_model, *words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_its_file_is_a_model_to_colour_with(condcolor, file, icons_onnx):
    asked = ("--hair", "red", "--shirt", "blue")
    done = condcolor("colorize", "ada.png", "--model", "mine.onnx", *asked, "-o", "red.png")
    assert done.exit_code == 0, done.output
    wanted = Colorizer.load(icons_onnx[0], device="cpu")("ada.png", hair="red", shirt="blue")
    apart = np.asarray(Image.open("red.png")).astype(int) - np.asarray(wanted)
    assert np.abs(apart).max() <= 1
    wrong = condcolor("colorize", "ada.png", "--model", "mine.onnx", "--hair", "rad")
    assert "did you mean 'red'" in wrong.stderr
    assert "blue, brown" in condcolor("colorize", "--model", "mine.onnx", "--help").stdout
    assert condcolor("variants", "ada.png", "--model", "mine.onnx", "-o", "s.png").exit_code == 0


def test_info_tells_of_it_as_of_its_folder(condcolor, file, icons_onnx):
    told, folder = (condcolor("info", model).stdout for model in (file, icons_onnx[0]))
    heads = [[line.split()[0] for line in text.splitlines()] for text in (told, folder)]
    assert heads[0] == heads[1]
    assert "condcolor.card in its metadata" in told


def test_what_needs_the_weights_in_torch_says_so(condcolor, file):
    for command in (
        ("evaluate", "mine.onnx", "."),
        ("export", "mine.onnx", "--onnx", "other.onnx"),
        ("train", ".", "--init", "mine.onnx", "--out", "run"),
    ):
        done = condcolor(*command)
        assert done.exit_code == 2, done.output
        assert "mine.onnx: an exported model can only colour" in done.stderr
