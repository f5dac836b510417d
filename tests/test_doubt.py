"""A model that sees a mirrored sketch as it sees the sketch is sure; one that does not is doubted."""

import numpy as np
import pytest
from models import ICONS, TONES, ByTone, Painter, painter
from PIL import Image

from condcolor.attributes import Attribute, AttributeSchema
from condcolor.coloring import Colorizer
from condcolor.colorizer import TorchColorizer
from condcolor.doubt import MIRRORED, MISSING, SHIFTED, Doubt, doubtful, find_doubts
from condcolor.images import Picture, picture_of

SIDE = 64


def figure(*, hair: bool = True) -> Picture:
    """Light grey hair above a shirt, off the middle, framed in black."""
    drawn = Image.new("RGB", (SIDE, SIDE), "white")
    for tone, box in zip(TONES, ((12, 10, 44, 28), (20, 32, 50, 64)), strict=True):
        if hair or tone == TONES[1]:
            drawn.paste((0, 0, 0), box)
            left, top, right, bottom = box
            drawn.paste((tone,) * 3, (left + 2, top + 2, right - 2, bottom - 2))
    return picture_of(drawn)


def doubts(network: type, picture: Picture, schema: AttributeSchema = ICONS) -> dict[str, Doubt]:
    colorizer = TorchColorizer(painter(schema, size=SIDE, network=network), device="cpu")
    return find_doubts(colorizer.regions, picture, SIDE)


def test_who_sees_the_same_in_a_mirror_is_sure():
    found = doubts(ByTone, figure())
    assert set(found) == {"hair", "shirt"}
    assert max(doubt.score for doubt in found.values()) < 0.02
    assert doubtful(found) == {}


def test_who_paints_the_left_in_any_case_is_doubted_in_the_mirror():
    found = doubts(Painter, picture_of(Image.new("RGB", (SIDE, SIDE), "white")))
    for doubt in found.values():
        assert doubt.when == MIRRORED
        assert 0.95 < doubt.score <= 1
    assert Doubt(0.123, MIRRORED).said == "mirrored, 12 % of its region differs"


def test_who_paints_the_middle_in_any_case_is_doubted_where_all_is_shifted():
    one = AttributeSchema(
        ICONS.attributes[:1]
    )  # both halves are its, so that a mirror changes nothing
    (found,) = doubts(Painter, picture_of(Image.new("RGB", (SIDE, SIDE), "white")), one).values()
    assert found.when == SHIFTED
    assert 0.1 < found.score < 0.3


def test_a_part_that_shows_nowhere_is_missing():
    found = doubts(ByTone, figure(hair=False))
    assert found["hair"] == Doubt(1.0, MISSING)
    assert found["hair"].said == "no region of it was found"
    assert found["shirt"].score < 0.02


def test_an_attribute_without_a_choice_is_not_asked():
    one = AttributeSchema((*ICONS.attributes, Attribute("skin", ("pale",), ((250, 210, 190),))))

    class Bodied(ByTone):
        def _colors(self, cond, i):
            return super()._colors(cond, {0: 0, -1: 1}[i])

    assert set(doubts(Bodied, figure(), one)) == {"hair", "shirt"}


@pytest.mark.parametrize("size", [(64, 64), (200, 120), (30, 90)])
def test_scores_are_shares(random_model, size):
    rng = np.random.default_rng(0)
    colorizer = Colorizer.load(random_model, device="cpu")
    pixels = rng.integers(0, 2, (size[1], size[0], 1)).astype(np.uint8).repeat(3, -1) * 255
    found = find_doubts(colorizer.regions, Picture(pixels, None), colorizer.image_size)
    assert all(0 <= doubt.score <= 1 for doubt in found.values())
