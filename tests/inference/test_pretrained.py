"""The built-in model of photographs, as it ships, on the examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from condcolor.imaging.color import srgb8_to_lab
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.models.model_folder import WEIGHTS, find_model

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "photographs").glob("*.jpg"))
FACES = {"collins": (150, 30, 260, 140), "hopper": (130, 130, 300, 290)}  # left, top, right, bottom


def lab_of(picture: Image.Image) -> torch.Tensor:
    return srgb8_to_lab(torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1))


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer.load("photo")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_gets_skin_and_keeps_its_lightness(colorizer, path):
    grey = Image.open(path)
    made = colorizer(path)
    assert made.size == grey.size
    before, after = lab_of(grey), lab_of(made)
    assert (after[0] - before[0]).abs().mean() < 0.5
    left, top, right, bottom = FACES[path.stem]
    _, a, b = after[:, top:bottom, left:right].flatten(1).mean(dim=1).tolist()
    assert a > 4
    assert b > 4


def test_vivid_scales_the_chroma(colorizer):
    chroma = [
        torch.hypot(*lab_of(TorchColorizer(colorizer.model, vivid=vivid)(EXAMPLES[0]))[1:]).mean()
        for vivid in (0, 0.5, 1, 1.5)
    ]
    assert chroma[0] < 0.5
    assert chroma == sorted(chroma)
    assert 1.3 < chroma[3] / chroma[2] < 1.6


def test_the_weights_are_small_enough_to_ship():
    assert (find_model("photo") / WEIGHTS).stat().st_size < 30e6
