from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from condcolor.conditions.colors import parse_hex
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import UsageError
from condcolor.imaging.lab import AB_SCALE, lab_of
from condcolor.imaging.open import Picture
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.framing import FramedPicture, frame
from condcolor.inference.guide import MOST_HINTS, Guide, guided, make_guide
from condcolor.inference.onnx_export import export_onnx
from condcolor.models.checkpoint import save_model
from condcolor.models.codecs import CODECS
from condcolor.models.networks import make_generator
from condcolor.recipes import RECIPES

SIDE = 64
WIDE = Picture(np.full((50, 100, 3), 120, np.uint8), None)  # lies in rows 16 to 47 of its square


def framed_wide() -> FramedPicture:
    return frame(WIDE, SIDE, CODECS["photo"])


def random_model(folder, *, hints: bool = True):
    """A model of photographs that has learnt nothing."""
    import torch

    config = RECIPES["photo"].model_config(
        0, base_channels=4, max_channels=8, depth=5, encoder="efficientnet-lite2", hints=hints
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = make_generator(config).state_dict()
    more = {"schema": AttributeSchema(), "image_size": SIDE, "training": {}, "metrics": {}}
    save_model(folder, weights, recipe="photo", config=config, **more)
    return folder


@pytest.fixture(scope="module")
def colorizer(tmp_path_factory):
    return Colorizer.load(random_model(tmp_path_factory.mktemp("hints") / "m"))


@pytest.fixture(scope="module")
def photograph():
    noise = np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8)
    return Image.fromarray(noise).convert("RGB")


def test_a_hint_lies_where_its_point_is_in_the_square():
    planes = guided(framed_wide(), make_guide(["50,0=#c03020"]), 1.0).hints
    rows, columns = np.nonzero(planes[2])
    assert set(rows) == {16, 17}  # not beyond the picture's upper edge
    assert set(columns) == {31, 32, 33}
    given = lab_of(np.array(parse_hex("#c03020"), np.uint8))[1:] / AB_SCALE
    assert planes[:2, 16, 32] == pytest.approx(given)
    assert not planes[:, planes[2] == 0].any()


def test_a_more_vivid_decoding_needs_less_of_the_color():
    plain, vivid = (guided(framed_wide(), make_guide(["50,9=red"]), v).hints for v in (1.0, 2.0))
    assert vivid[:2] == pytest.approx(plain[:2] / 2)


@pytest.mark.parametrize("at", ["100,0", "0,50", "-1,3"])
def test_a_hint_outside_the_picture(at):
    with pytest.raises(UsageError, match="outside the picture, which has 100x50"):
        guided(framed_wide(), make_guide([f"{at}=red"]), 1.0)


def test_a_picture_to_be_like_stands_beside_with_its_colors():
    like = Picture(np.full((30, 30, 3), (200, 40, 40), np.uint8), None)
    framed = guided(framed_wide(), Guide(like=like), 1.0)
    assert framed.square.shape == (3, SIDE, 2 * SIDE)
    assert framed.hints[2, :, :SIDE].all()
    assert not framed.hints[:, :, SIDE:].any()
    output = np.zeros((2, SIDE, 2 * SIDE), np.float32)
    output[:, 16:48, SIDE:] = 1
    assert framed.crop(output).shape == (2, 32, 64)
    assert framed.crop(output).all()


def test_too_many_hints():
    with pytest.raises(UsageError, match="too many"):
        make_guide(["1,1=red"] * (MOST_HINTS + 1))


def test_a_hint_changes_the_colors_and_none_changes_nothing(colorizer, photograph):
    plain = np.asarray(colorizer(photograph))
    hinted = np.asarray(colorizer(photograph, hints=["30,20=red"]))
    assert (hinted != plain).any()
    prepared = [
        colorizer.prepare(photograph, {}),
        colorizer.prepare(photograph, {}, make_guide(["1,1=red"])),
    ]
    alone, _ = colorizer.predict_batch(prepared)  # a batch of both
    assert (np.asarray(colorizer.finish(prepared[0], alone)) == plain).mean() > 0.99
    like = Image.new("RGB", (20, 30), "orange")
    assert (np.asarray(colorizer(photograph, like=like)) != plain).any()


def test_without_torch_hints_give_the_same(colorizer, photograph, tmp_path):
    folder = random_model(tmp_path / "m")
    export_onnx(folder, tmp_path / "m.onnx")
    exported = Colorizer.load(tmp_path / "m.onnx")
    assert exported.takes_hints
    for guide in ({}, {"hints": ["30,20=red"]}, {"like": Image.new("RGB", (20, 30), "orange")}):
        one, other = (np.asarray(c(photograph, **guide), int) for c in (colorizer, exported))
        assert abs(one - other).max() <= 1


def test_a_model_that_takes_no_hints_says_so(photograph, tmp_path):
    without = Colorizer.load(random_model(tmp_path / "m", hints=False))
    with pytest.raises(UsageError, match="trained with hints"):
        without(photograph, hints=["1,1=red"])
