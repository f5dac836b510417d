"""The built-in models, as they ship, on the examples."""

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

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted((FOLDER / "photographs").glob("*.jpg"))
FACES = {"collins": (150, 30, 260, 140), "hopper": (130, 130, 300, 290)}  # left, top, right, bottom


def lab_of(picture: Image.Image) -> torch.Tensor:
    return srgb8_to_lab(torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1))


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer.load("photo", engine="torch")


@pytest.mark.parametrize(
    ("model", "pictures", "values", "most"),
    [
        ("icons", sorted((FOLDER / "sketches").glob("*.png")), {"hair": "red", "shirt": "blue"}, 0),
        ("photo", EXAMPLES, {}, 1),
    ],
)
def test_both_engines_colour_alike(model, pictures, values, most):
    """Parts are decided, so the colours of sketches are the same; rounding moves a photograph by a level."""
    engines = [Colorizer.load(model, engine=name, device="cpu") for name in ("onnx", "torch")]
    assert len(pictures) >= 2
    for path in pictures:
        made = [np.asarray(one(path, **values)).astype(int) for one in engines]
        assert np.abs(made[0] - made[1]).max() <= most, path
        assert np.ptp(made[0], axis=-1).max() > 30  # colored


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
