from __future__ import annotations

import numpy as np
import pytest
from models import save_random_hinted
from PIL import Image

from condcolor.conditions.colors import parse_hex
from condcolor.errors import UsageError
from condcolor.imaging.lab import AB_SCALE, lab_of
from condcolor.imaging.open import Picture
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.framing import FramedPicture, frame
from condcolor.inference.guide import MOST_HINTS, Guide, guided, make_guide, settled
from condcolor.inference.onnx_export import export_onnx
from condcolor.models.codecs import CODECS

SIDE = 64  # of the model
WIDE = Picture(np.full((50, 100, 3), 120, np.uint8), None)  # lies in rows 16 to 47 of its square


def framed_wide() -> FramedPicture:
    return frame(WIDE, SIDE, CODECS["photo"])


@pytest.fixture(scope="module")
def colorizer(tmp_path_factory):
    return Colorizer.load(save_random_hinted(tmp_path_factory.mktemp("hints") / "m"))


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


def test_at_a_hint_the_color_is_as_given_and_beyond_an_edge_nothing_is_added():
    rgb = np.full((64, 64, 3), 60, np.uint8)
    rgb[:, 32:] = 200
    framed = guided(
        frame(Picture(rgb, None), SIDE, CODECS["photo"]), make_guide(["20,30=red"]), 1.0
    )
    output = settled(framed, np.full((2, SIDE, SIDE), 0.1, np.float32))
    given = lab_of(np.array((255, 0, 0), np.uint8))[1:] / AB_SCALE
    assert output[:, 30, 20] == pytest.approx(given, abs=1e-4)
    assert (output[0, 30, 20:31] > 0.2).all()
    assert np.diff(output[0, 30, 20:31]).max() < 0
    assert output[:, :, 33:] == pytest.approx(0.1, abs=1e-4)


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
    folder = save_random_hinted(tmp_path / "m")
    export_onnx(folder, tmp_path / "m.onnx")
    exported = Colorizer.load(tmp_path / "m.onnx")
    assert exported.takes_hints
    for guide in ({}, {"hints": ["30,20=red"]}, {"like": Image.new("RGB", (20, 30), "orange")}):
        one, other = (np.asarray(c(photograph, **guide), int) for c in (colorizer, exported))
        assert abs(one - other).max() <= 1


def test_a_model_that_takes_no_hints_says_so(photograph, tmp_path):
    without = Colorizer.load(save_random_hinted(tmp_path / "m", hints=False))
    with pytest.raises(UsageError, match="trained with hints"):
        without(photograph, hints=["1,1=red"])
