"""Stacked, the layers of a drawing are its coloured picture: on every example, in every colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from condcolor.imaging.layer_files import encode_ora, load_layers
from condcolor.inference.colorizer import Colorizer

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "sketches").glob("*.png"))
COLORS = [
    *(("red", "blue"), ("yellow", "none"), ("none", "none"), ("#000000", "#ffffff")),
    *(("#ff0001", "#0100ff"), ("brown:0.6,green:0.4", "rgb(1,2,3)"), ("keep", "red")),
]


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer.load("icons")


def seen(image: Image.Image) -> np.ndarray:
    """RGBA `[H, W, 4]` int, the color under alpha 0 left out."""
    pixels = np.asarray(image.convert("RGBA")).astype(int)
    return pixels * (pixels[..., 3:] > 0)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_stacked_layers_are_the_coloured_picture_within_2_levels(colorizer, path, tmp_path):
    regions = colorizer.regions(path)
    for hair, shirt in COLORS:
        picture = seen(regions.recolor(hair=hair, shirt=shirt))
        layers = colorizer.layers(regions, hair=hair, shirt=shirt)
        assert abs(seen(layers.composed()) - picture).max() <= 2, (hair, shirt)
    (tmp_path / "a.ora").write_bytes(encode_ora(layers))
    assert abs(seen(load_layers(tmp_path / "a.ora").composed()) - picture).max() <= 2
