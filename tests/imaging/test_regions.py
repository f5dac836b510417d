"""Regions found from what a model paints, and any colour put into them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from models import ICONS, RGBS, Painter, Shaded, make_model
from pictures import sketch
from PIL import Image

from condcolor.conditions.colors import parse_hex
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.errors import UsageError
from condcolor.imaging.color import delta_e_2000, srgb8_to_lab
from condcolor.imaging.line_art import has_colors, split_lines
from condcolor.imaging.share_regions import find_shares
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.models.checkpoint import load_model

RED_BLUE = {"hair": "red", "shirt": "blue"}
HEXES = ["#000000", "#ffffff", "#ff8800", "#123456", "#050505", "#00ff00", "#808080", "#7f0000"]
SIDE = 64
HAIR = (slice(18, 46), slice(18, 30))  # within the left half of the square's middle
SHIRT = (slice(18, 46), slice(34, 46))


@pytest.fixture(scope="module", params=[False, True], ids=["uneven", "flat"])
def colorizer(request) -> Colorizer:
    colorizer = TorchColorizer(make_model(size=SIDE), device="cpu")
    colorizer.flat = request.param
    return colorizer


def paper(size: int = SIDE) -> Image.Image:
    return Image.new("RGB", (size, size), "white")


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB")).astype(int)


def distance(region: np.ndarray, rgb: tuple[int, int, int]) -> float:
    """CIEDE2000 of a region's median `[H, W, 3]` to a colour."""
    median = np.median(region.reshape(-1, 3), axis=0)
    pair = torch.tensor(np.stack([median.round(), rgb])).to(torch.uint8)[..., None, None]
    first, second = srgb8_to_lab(pair)
    return float(delta_e_2000(first, second))


@pytest.mark.parametrize("color", HEXES)
def test_the_colour_asked_lands_in_its_region_and_nowhere_else(colorizer, color):
    plain = pixels(colorizer(paper(), **RED_BLUE))
    made = pixels(colorizer(paper(), hair=color, shirt="blue"))
    assert distance(made[HAIR], parse_hex(color)) < 1
    assert abs(made - plain)[:, 33:].max() <= 1
    assert abs(made - plain)[:14].max() <= 1


@pytest.mark.parametrize(("flat", "most"), [(False, 2), (True, 10)])  # flat: shares are cleaned
@pytest.mark.parametrize("size", [(64, 64), (200, 200), (128, 64), (64, 128)])
def test_values_of_the_model_come_out_as_without_regions(size, flat, most):
    colorizer = TorchColorizer(make_model(size=SIDE), device="cpu")
    colorizer.flat = flat
    drawn = sketch(*size)
    regions = colorizer.regions(drawn)
    for values in (RED_BLUE, {"hair": "yellow", "shirt": "brown"}):
        assert (
            abs(pixels(regions.recolor(**values)) - pixels(colorizer(drawn, **values))).max()
            <= most
        )


def test_mixes_of_values_lie_between_them(colorizer):
    made = pixels(colorizer(paper(), hair="red:1,blue:3", shirt="blue"))
    mean = [round((r + 3 * b) / 4) for r, b in zip(RGBS["red"], RGBS["blue"], strict=True)]
    assert abs(np.median(made[HAIR], axis=(0, 1)) - mean).max() <= 1


def test_a_mix_of_one_value_is_that_value(colorizer):
    wanted = pixels(colorizer(paper(), **RED_BLUE))
    mixed = {"hair": "red:2", "shirt": "blue:1"}
    assert np.array_equal(pixels(colorizer(paper(), **mixed)), wanted)
    assert np.array_equal(pixels(colorizer.batch([paper()], [mixed])[0]), wanted)


def test_none_and_keep_leave_the_sketch(colorizer):
    drawn = sketch(SIDE, SIDE)
    for word in ("none", "keep"):
        made = pixels(colorizer(drawn, hair=word, shirt="red"))
        assert np.array_equal(made[HAIR], pixels(drawn)[HAIR])
        lit = pixels(drawn)[SHIRT].min(axis=-1) > 0
        assert distance(made[SHIRT][lit], RGBS["red"]) < 1


def test_shading_is_kept():
    colorizer = TorchColorizer(make_model(size=SIDE, network=Shaded), device="cpu")
    regions = colorizer.regions(paper())
    for color in ("#ff8800", "#3030c0"):
        made = pixels(regions.recolor(hair=color, shirt="blue"))
        column = made[HAIR][:, 6, 1]  # green, which is not at its limit
        assert (np.diff(column) <= 0).all()
        assert column[-1] < 0.85 * column[0]
        assert distance(made[HAIR], parse_hex(color)) < 1
    assert regions.mask("hair")[HAIR].min() > 0.95  # shaded is not half covered
    assert pixels(regions.recolor(hair="black", shirt="blue"))[HAIR].max() <= 2
    assert pixels(regions.recolor(hair="none", shirt="blue"))[HAIR].min() >= 250


class OnWhite(Painter):
    """Paints where the sketch is white, and nothing on paper that is not."""

    def forward(self, source, cond):
        return torch.where(source > 0.98, super().forward(source, cond), source)


@pytest.mark.parametrize("tint", [(236, 236, 236), (250, 240, 215), (140, 150, 160)])
def test_regions_are_found_on_any_light_paper_and_the_paper_stays(tint):
    colorizer = TorchColorizer(make_model(size=SIDE, network=OnWhite), device="cpu")
    regions = colorizer.regions(Image.new("RGB", (SIDE, SIDE), tint))
    assert regions.mask("hair")[HAIR].min() > 0.97 * np.mean(tint) / 255
    made = pixels(regions.recolor(hair="#ff8800", shirt="white"))
    assert abs(made[HAIR] - np.array((255, 136, 0)) * tint / 255).max() <= 3
    assert abs(made[2, 2] - tint).max() <= 1


def test_masks_are_where_the_network_paints(colorizer):
    regions = colorizer.regions(paper())
    for name, where in (("hair", HAIR), ("shirt", SHIRT)):
        mask = regions.mask(name)
        assert mask.shape == (SIDE, SIDE)
        assert mask[where].min() > 0.99
        assert 0.9 < mask.sum() / 512 < 1.1  # a quarter of the side by half of it, twice


def test_any_network_has_regions(random_model):
    """Also one that paints everywhere a little, with conditions at the input."""
    regions = Colorizer.load(random_model, device="cpu").regions(sketch())
    assert np.isfinite(regions.rest).all()
    assert (regions.covers.sum(axis=0) <= 1.001).all()
    assert regions.recolor(hair="#123456", shirt="tan").size == sketch().size


def test_an_attribute_that_does_not_show_colours_nothing():
    schema = AttributeSchema((*ICONS.attributes, Attribute("hat", ("a", "b"), ((1, 2, 3),) * 2)))
    model = make_model(schema, size=SIDE)
    model.generator.schema = AttributeSchema(schema.attributes[:2])
    model.generator._colors = lambda cond, i: Painter._colors(model.generator, cond[:, :10], i)
    colorizer = TorchColorizer(model, device="cpu")
    plain = colorizer(paper(), hat="a", **RED_BLUE)
    made = colorizer(paper(), hat="#00ff00", **RED_BLUE)
    assert abs(pixels(made) - pixels(plain)).max() <= 1


def test_transparent_pictures_keep_their_alpha(colorizer):
    drawn = paper().convert("RGBA")
    drawn.putalpha(Image.linear_gradient("L").resize((SIDE, SIDE)))
    made = colorizer(drawn, hair="#ff8800", shirt="none")
    assert made.getchannel("A").tobytes() == drawn.getchannel("A").tobytes()
    assert abs(np.asarray(made)[40, 24, :3].astype(int) - (255, 136, 0)).max() <= 3


def test_a_batch_and_a_csvs_row_may_ask_for_colours_too(colorizer):
    asked = [RED_BLUE, {"hair": "teal", "shirt": "red"}]
    together = colorizer.batch([paper(), paper()], asked)
    for values, made in zip(asked, together, strict=True):
        assert np.array_equal(pixels(made), pixels(colorizer(paper(), **values)))


def test_a_coloured_picture_is_recoloured_where_asked(colorizer):
    """What is asked to be kept, and the rest, stays to the bit; the network sees only lines."""
    drawn = np.full((SIDE, SIDE, 3), (250, 240, 250), np.uint8)
    drawn[16:48, 16:32] = (30, 90, 200)
    drawn[16:48, 32:48] = (200, 180, 20)
    drawn[15:17, 15:49] = drawn[47:49, 15:49] = drawn[15:49, 15:17] = drawn[15:49, 47:49] = 0
    drawn[15:49, 31:33] = 0
    made = pixels(colorizer(Image.fromarray(drawn), hair="#ff8800", shirt="keep"))
    inner = (slice(20, 44), slice(20, 28))
    assert distance(made[inner], (255, 136, 0)) < 1
    assert abs(made - drawn)[:, 33:].max() <= 1
    assert abs(made - drawn)[:14].max() <= 1


def test_line_art_is_told_from_coloured_pictures():
    drawn = np.array(sketch(64, 64))
    blue_ink = drawn // 2 + np.array([0, 60, 127], np.uint8)
    assert not has_colors(drawn)
    assert not has_colors(np.minimum(drawn, (250, 240, 215)).astype(np.uint8))  # on cream paper
    assert not has_colors(np.where(drawn == 255, drawn, blue_ink))
    drawn[10:20, 10:30] = (230, 70, 60)
    assert has_colors(drawn)
    lines, fills = split_lines(drawn)
    assert abs(lines[..., None] * fills * 255 - drawn).max() < 0.01
    assert lines[12:18, 12:28].min() == 1
    assert lines[0].max() == 0


def test_models_without_parts_say_so(tmp_path):
    from models import save_random_photo

    photo = TorchColorizer(load_model(save_random_photo(tmp_path / "photo")), device="cpu")
    without = TorchColorizer(make_model(AttributeSchema()), device="cpu")
    for colorizer in (photo, without):
        with pytest.raises(UsageError, match="has no parts to colour"):
            colorizer.regions(paper())
        with pytest.raises(UsageError, match="no attribute 'hair'"):
            colorizer(paper(), hair="#fff")


def test_shares_add_up_to_no_more_than_a_pixel():
    rng = np.random.default_rng(0)
    varied = [rng.random((3, 3, 20, 20), dtype=np.float32) for _ in range(2)]
    for flat in (False, True):
        found = find_shares(varied[0][0], varied, np.ones((20, 20), np.float32), flat=flat)
        assert found.covers.min() >= 0
        assert (found.covers.sum(axis=0) <= 1.001).all()
        assert (found.rest <= 1 - found.covers.sum(axis=0) + 1e-5).all()
