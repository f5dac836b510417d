"""Regions that land exactly on the colour asked, whatever the paper, the lines and the shading are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from models import RGBS, Shaded, make_model
from PIL import Image, ImageDraw

from condcolor.batch.region_colors import (
    core,
    lock,
    usual_color,
)
from condcolor.conditions.color_spec import parse_color_specs
from condcolor.imaging.regions import Regions
from condcolor.inference.torch_colorizer import TorchColorizer

LOCKING_SIDE = 64
HAIR = (slice(20, 44), slice(19, 29))  # well within the left half of the square's middle
HEXES = ("#000000", "#ffffff", "#b01030", "#102050", "#fefefe")


def locked(
    colorizer: TorchColorizer, picture: Image.Image, **values: str
) -> tuple[Regions, np.ndarray]:
    regions = colorizer.regions(picture)
    made = lock(regions, parse_color_specs(colorizer.schema, values))
    assert made.size == picture.size
    return regions, np.asarray(made)


def paper(level: int | tuple = 255, size: int = LOCKING_SIDE) -> Image.Image:
    """Paper with lines around what the model paints, and one across it."""
    drawn = Image.new("RGB", (size, size), level if isinstance(level, tuple) else (level,) * 3)
    pen, quarter, width = ImageDraw.Draw(drawn), size // 4, size // 32
    pen.rectangle((quarter - 1, quarter - 1, 3 * quarter, 3 * quarter), outline=0, width=width)
    pen.line((2 * quarter, quarter, 2 * quarter, 3 * quarter), fill=0, width=width)
    pen.line((0, 2 * quarter, size, 2 * quarter), fill=0, width=width)
    return drawn


def rgb(text: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(text[1:]))


@pytest.fixture(params=[False, True], ids=["uneven", "flat"])
def colorizer(request) -> TorchColorizer:
    colorizer = TorchColorizer(make_model(size=LOCKING_SIDE), device="cpu")
    colorizer.flat = request.param
    return colorizer


@pytest.mark.parametrize("level", [255, 240, (250, 244, 225)])
@pytest.mark.parametrize("color", HEXES)
def test_every_pixel_of_a_flat_fill_is_the_colour(colorizer, color, level):
    regions, made = locked(colorizer, paper(level), hair=color, shirt="#808080")
    inside = core(regions, "hair")
    assert inside[HAIR].mean() > 0.8  # all but the line
    assert (made[inside] == rgb(color)).all()
    assert made[LOCKING_SIDE // 2, 22].max() <= 60  # the line stays one
    assert abs(made[2, 2].astype(int) - np.asarray(paper(level))[2, 2]).max() <= 1  # so does paper


@pytest.mark.parametrize("size", [64, 150, 300])
def test_pictures_of_any_size_get_the_same_colours(colorizer, size):
    regions, made = locked(colorizer, paper(size=size), hair="#b01030", shirt="#102050")
    for name, color in (("hair", "#b01030"), ("shirt", "#102050")):
        assert (made[core(regions, name)] == rgb(color)).all()


def test_grain_of_the_paper_stays_and_small_noise_goes(colorizer):
    rng = np.random.default_rng(0)
    for spread, flat in ((1, True), (12, False)):
        noise = rng.integers(-spread, spread + 1, (LOCKING_SIDE, LOCKING_SIDE, 1))
        drawn = np.clip(np.asarray(paper(240)) + noise, 0, 255).astype(np.uint8)
        regions, made = locked(colorizer, Image.fromarray(drawn), hair="#c08040", shirt="#102050")
        inside = core(regions, "hair")
        assert usual_color(made, inside) == rgb("#c08040")
        assert bool(np.ptp(made[inside], axis=0).max() == 0) is flat


@pytest.mark.parametrize("color", HEXES)
def test_a_shaded_region_keeps_its_relief_around_the_colour(color):
    colorizer = TorchColorizer(make_model(size=LOCKING_SIDE, network=Shaded), device="cpu")
    regions, made = locked(colorizer, paper(), hair=color, shirt="#102050")
    assert usual_color(made, core(regions, "hair")) == rgb(color)
    column = made[20:30, 22].mean(axis=-1)  # above the line
    assert (np.diff(column) <= 0).all()
    if rgb(color)[0] > 100:
        assert made[42, 22].mean() < 0.9 * column[0]


def test_what_has_no_colour_is_left(colorizer):
    drawn = paper(240)
    _, made = locked(colorizer, drawn, hair="none", shirt="keep")
    assert abs(made.astype(int) - np.asarray(drawn)).max() <= 1


def test_transparent_ink_gets_exact_fills(colorizer):
    drawn = Image.new("RGBA", (LOCKING_SIDE, LOCKING_SIDE), (0, 0, 0, 0))
    ImageDraw.Draw(drawn).rectangle((10, 10, 54, 54), outline=(0, 0, 0, 255), width=3)
    regions, made = locked(colorizer, drawn, hair="#b01030", shirt="#102050")
    assert made.shape[2] == 4
    inside = core(regions, "hair")
    assert (made[inside] == (*rgb("#b01030"), 255)).all()


def test_a_region_that_is_not_there_has_no_colour(colorizer):
    regions = colorizer.regions(paper())
    assert usual_color(
        np.zeros((LOCKING_SIDE, LOCKING_SIDE, 3), np.uint8), core(regions, "hair")
    ) == (0, 0, 0)
    bare = replace(regions, found=replace(regions.found, covers=np.zeros_like(regions.covers)))
    assert not core(bare, "hair").any()
    assert (
        usual_color(np.zeros((LOCKING_SIDE, LOCKING_SIDE, 3), np.uint8), core(bare, "hair")) is None
    )
    specs = parse_color_specs(colorizer.schema, {"hair": "#b01030", "shirt": "red"})
    assert np.array_equal(np.asarray(lock(bare, specs)), np.asarray(bare.recolor(**specs)))


def test_a_value_of_the_model_can_be_locked_as_it_is_painted(colorizer):
    regions, made = locked(colorizer, paper(), hair="red", shirt="blue")
    assert np.abs(made[core(regions, "hair")].astype(int) - RGBS["red"]).max() <= 1
