"""Parts of a drawing: the same for all colors, whole pieces, paper, black areas, doubts, transparency."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from boxes import SIDE, Boxes, drawn
from models import PartsAtPlaces, make_model, make_parts_model
from PIL import Image

from condcolor.conditions.parts import PARTS, part_index
from condcolor.errors import UsageError
from condcolor.imaging.open import Picture
from condcolor.inference.parts import find_pixel_regions, probabilities
from condcolor.inference.torch_colorizer import TorchColorizer

RED, BLUE = (0xE9, 0x47, 0x43), (0x3F, 0xAE, 0xE1)
HAIR, SHIRT, GROUND = (20, 32), (46, 32), (4, 4)


@pytest.fixture(scope="module")
def colorizer() -> TorchColorizer:
    return TorchColorizer(make_parts_model(Boxes, size=SIDE), device="cpu")


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


def test_values_colors_and_mixes_take_the_same_way(colorizer):
    picture = Picture(drawn(), None)
    named = pixels(colorizer(picture, hair="red", shirt="blue"))
    as_hex = pixels(colorizer(picture, hair="#e94743", shirt="#3faee1"))
    assert (named == as_hex).all()
    assert named[HAIR].tolist() == list(RED)
    assert named[SHIRT].tolist() == list(BLUE)
    assert named[GROUND].tolist() == [255, 255, 255]


def test_variants_differ_in_their_colors_alone(colorizer):
    images = colorizer.variants(Picture(drawn(), None))
    assert len(images) == 25
    red = pixels(images["red", "red"])
    changed = [(pixels(images[hair, "red"]) != red).any(axis=-1) for hair in ("blue", "green")]
    assert (changed[0] == changed[1]).all()
    assert changed[0][HAIR]
    assert not changed[0][SHIRT]


def test_a_picture_is_the_same_in_a_batch_and_alone(colorizer):
    pictures = [Picture(drawn(), None), Picture(drawn(230), None)]
    colors = [{"hair": "red", "shirt": "blue"}, {"hair": "tan", "shirt": "none"}]
    for image, picture, values in zip(
        colorizer.batch(pictures, colors), pictures, colors, strict=True
    ):
        assert (pixels(image) == pixels(colorizer(picture, **values))).all()


def test_layers_stacked_are_the_icon(colorizer):
    for paper in (255, 235):
        picture = Picture(drawn(paper), None)
        icon = pixels(colorizer(picture, hair="red", shirt="blue"))
        stacked = pixels(colorizer.layers(picture, hair="red", shirt="blue").composed())
        assert abs(icon - stacked[..., :3]).max() <= 1


@pytest.mark.parametrize("level", [245, 220, 190])
def test_grey_paper_is_colored_as_white_is_and_stays(colorizer, level):
    made = pixels(colorizer(Picture(drawn(level), None), hair="red", shirt="blue"))
    assert abs(made[HAIR] - np.array(RED) * level / 255).max() <= 2
    assert (made[GROUND] == level).all()


def test_paper_can_become_white_or_another(colorizer):
    picture = Picture(drawn(220), None)
    white = pixels(colorizer.regions(picture, paper="white").recolor(hair="red", shirt="blue"))
    assert white[HAIR].tolist() == list(RED)
    assert (white[GROUND] == 255).all()
    cream = pixels(
        colorizer.regions(picture, paper=(255, 240, 200)).recolor(hair="red", shirt="blue")
    )
    assert cream[GROUND].tolist() == [255, 240, 200]


def test_light_lines_on_black_stay_light_and_the_ground_dark(colorizer):
    made = pixels(colorizer(Picture(255 - drawn(), None), hair="red", shirt="blue"))
    assert made[HAIR].tolist() == list(RED)
    assert (made[GROUND] == 0).all()
    assert (made[round(0.16 * SIDE), 32] > 200).all()


def test_layers_of_light_lines_are_stacked_as_the_icon(colorizer):
    picture = Picture(255 - drawn(), None)
    icon = pixels(colorizer(picture, hair="red", shirt="blue"))
    layers = colorizer.layers(picture, hair="red", shirt="blue")
    assert layers.names == ("paper", "rest", "shirt", "hair", "lines")
    assert abs(icon - pixels(layers.composed())).max() <= 2


def test_a_piece_is_decided_whole():
    """The network takes a small corner of the hair for a hat; the piece has one part all the same."""

    class Corner(Boxes):
        def forward(self, source: torch.Tensor, cond: torch.Tensor) -> torch.Tensor:
            scores = super().forward(source, cond)
            scores[:, part_index("hat")] = -1
            scores[:, part_index("hat"), 14:20, 16:22] = 1.1
            return scores

    colorizer = TorchColorizer(make_parts_model(Corner, size=SIDE), device="cpu")
    framed = colorizer._frame(Picture(drawn(), None))
    inside = np.s_[0, 14:26, 17:46]
    assert colorizer._parts(framed).regions().covers[inside].min() == 1
    scores = colorizer.predict(framed.square[None], np.zeros((1, 0), np.float32))[0]
    assert framed.drawing is not None
    pixels = find_pixel_regions(framed.drawing, framed.crop(scores), colorizer.schema)
    assert pixels.covers[inside].min() == 0


class Split(PartsAtPlaces):
    """Unsure everywhere: two parts have nearly the same score."""

    def forward(self, source: torch.Tensor, cond: torch.Tensor) -> torch.Tensor:
        scores = torch.full((len(source), len(PARTS), *source.shape[2:]), -1.0)
        scores[:, part_index("hair")] = 0.01
        scores[:, part_index("skin")] = 0.0
        return scores


def test_a_close_vote_is_a_doubt(colorizer):
    unsure = TorchColorizer(make_parts_model(Split, size=SIDE), device="cpu")
    picture = Picture(drawn(), None)
    assert unsure.regions(picture).doubts[HAIR]
    assert not colorizer.regions(picture).doubts[SHIRT]


def test_solid_black_is_colored_when_asked(colorizer):
    art = drawn()
    art[10:28, 14:50] = 0  # the upper box is black
    picture = Picture(art, None)
    plain = pixels(colorizer(picture, hair="red", shirt="blue"))
    assert (plain[HAIR] == 0).all()
    filled = colorizer.regions(picture, fill_black=True).recolor(hair="red", shirt="blue")
    assert pixels(filled)[HAIR].tolist() == list(RED)
    assert (pixels(filled)[10, 32] == 0).all()  # its outline stays


def test_fill_black_needs_a_model_of_parts():
    icons = TorchColorizer(make_model(size=32), device="cpu")
    with pytest.raises(UsageError, match="fill_black is for models that find parts"):
        icons.regions(Picture(drawn(side=32), None), fill_black=True)


def test_a_large_picture_is_colored_at_its_own_size(colorizer):
    made = pixels(colorizer(Picture(drawn(side=1500), None), hair="red", shirt="blue"))
    assert made.shape == (1500, 1500, 3)
    assert made[470, 750].tolist() == list(RED)
    assert made[1080, 750].tolist() == list(BLUE)


def test_skin_has_its_own_color():
    class Skin(PartsAtPlaces):
        def forward(self, source: torch.Tensor, cond: torch.Tensor) -> torch.Tensor:
            scores = torch.full((len(source), len(PARTS), *source.shape[2:]), -1.0)
            scores[:, part_index("skin")] = 1
            return scores

    made = TorchColorizer(make_parts_model(Skin, size=SIDE), device="cpu")(
        Picture(drawn(), None), hair="red", shirt="blue"
    )
    assert pixels(made)[HAIR].tolist() == [0xFB, 0xD3, 0xC0]


def test_probabilities_add_up():
    scores = np.random.default_rng(0).uniform(-1, 1, (8, 4, 5)).astype(np.float32)
    made = probabilities(scores)
    assert np.allclose(made.sum(axis=0), 1, atol=1e-6)
    assert (made.argmax(axis=0) == scores.argmax(axis=0)).all()
