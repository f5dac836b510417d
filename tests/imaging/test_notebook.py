"""What a notebook shows: the picture of layers, of regions and of parts."""

from __future__ import annotations

import base64
import io
import re

from models import drawn_layers, make_model
from pictures import sketch
from PIL import Image

from condcolor.imaging.layers import Layers
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.torch_colorizer import TorchColorizer


def test_layers_are_a_strip_of_the_picture_and_each_layer():
    layers = drawn_layers()
    shown = Layers((*layers.names[:-1], "<i>"), layers.images)._repr_html_()
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', shown)
    assert len(pictures) == 1 + len(layers.names)
    whole = Image.open(io.BytesIO(base64.b64decode(pictures[0])))
    assert whole.tobytes() == layers.composed().tobytes()
    assert "&lt;i&gt;" in shown
    assert "<i>" not in shown


def test_regions_are_the_picture_with_attributes_told_apart():
    regions = TorchColorizer(make_model(), device="cpu").regions(sketch(64, 40))
    shown = Image.open(io.BytesIO(regions._repr_png_()))
    hair, shirt = regions.schema.attributes
    wanted = regions.recolor(hair=hair.values[0], shirt=shirt.values[1])
    assert shown.size == (64, 40)
    assert shown.tobytes() == wanted.convert("RGB").tobytes()


def test_parts_are_their_map_reduced_to_what_fits():
    parts = Colorizer.load("icons").parts(sketch(300, 200))
    shown = Image.open(io.BytesIO(parts._repr_png_()))
    assert max(shown.size) == 512
