"""Photographs of any size and kind, through a Colorizer: their own lightness in other colours."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from models import save_random_photo
from pictures import encoded, exif
from PIL import Image

from condcolor.errors import CheckpointError, UsageError
from condcolor.imaging.color import srgb_to_lab
from condcolor.imaging.line_art import recolor
from condcolor.imaging.open import open_picture
from condcolor.inference.colorizer import Colorizer
from condcolor.models.checkpoint import load_model
from condcolor.recipes import RECIPES

codec = RECIPES["photo"].codec


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_random_photo(tmp_path_factory.mktemp("photo") / "model")


@pytest.fixture(scope="module")
def colorizer(folder) -> Colorizer:
    return Colorizer.load(folder, device="cpu")


def lab(rgb: np.ndarray) -> torch.Tensor:
    """`[H, W, 3] uint8` -> `[3, H, W]`."""
    return srgb_to_lab(torch.tensor(np.asarray(rgb)[..., :3]).permute(2, 0, 1).float() / 255)


def scene(width: int = 150, height: int = 90) -> np.ndarray:
    """Grey `[H, W] uint8` of all levels, with edges and grain."""
    y, x = np.mgrid[:height, :width] / width
    levels = 0.5 + 0.5 * np.sin(9 * x + 5 * y) + 0.3 * (np.hypot(x - 0.5, y - 0.3) < 0.2)
    grain = np.random.default_rng(0).normal(0, 0.02, levels.shape)
    return (255 * np.clip(levels + grain, 0, 1)).astype(np.uint8)


@pytest.mark.parametrize("size", [(150, 90), (61, 200), (17, 16), (5, 3), (1, 1), (700, 2)])
@pytest.mark.parametrize("vivid", [1, 2])
def test_lightness_is_the_photographs_own(folder, size, vivid):
    colored = Colorizer.load(folder, device="cpu", vivid=vivid)(Image.fromarray(scene(*size)))
    again = open_picture(io.BytesIO(encoded(colored, "PNG")))
    assert again.size == size
    before, after = lab(np.dstack([scene(*size)] * 3)), lab(again.rgb)
    assert (after[0] - before[0]).abs().mean() < 0.5
    if min(size) > 10:  # not grey, which would keep it trivially
        assert torch.hypot(after[1], after[2]).mean() > 1


def test_the_colours_are_the_networks_brought_up_along_the_edges():
    """A picture's own colours at a sixth of its size give it back, better than plainly enlarged."""
    blobs = torch.from_numpy(scene(192, 96) > 150)
    light = torch.where(blobs, 70.0, 35.0) + torch.from_numpy(scene(192, 96)) / 40
    truth = torch.stack((light, torch.where(blobs, 20.0, -15.0), torch.where(blobs, -5.0, 25.0)))[
        None
    ]
    rgb = (codec.decode(truth[:, :1] / 50 - 1, truth[:, 1:] / 110) * 255).round().to(torch.uint8)
    output = F.interpolate(codec.encode_target(rgb), size=(16, 32), mode="area")

    def error(made: torch.Tensor) -> float:
        return (srgb_to_lab(made)[:, 1:] - truth[:, 1:]).norm(dim=1).mean().item()

    plain = F.interpolate(output, size=(96, 192), mode="bilinear")
    plainly = error(codec.decode(codec.encode_source(rgb), plain))
    assert error(codec.decode_at(rgb, output)) < 0.6 * plainly


def test_framing_repeats_the_edge_so_that_no_ground_is_seen(colorizer):
    framed = colorizer._frame(Image.new("L", (64, 20), 40))
    assert np.unique(framed.square).tolist() == [40]


def test_grey_of_16_bits_is_the_same_as_of_8(colorizer):
    grey = scene()
    expected = np.asarray(colorizer(Image.fromarray(grey)))
    for format in ("TIFF", "PNG"):
        data = encoded(Image.fromarray(grey.astype(np.uint16) * 257), format)
        assert np.array_equal(np.asarray(colorizer(io.BytesIO(data))), expected), format


def test_it_is_upright_as_exif_says(colorizer):
    data = encoded(Image.fromarray(scene()), "JPEG", exif=exif(6))
    made = colorizer(io.BytesIO(data))
    assert made.size == (90, 150)
    upright = open_picture(io.BytesIO(data)).rgb
    assert (lab(made)[0] - lab(upright)[0]).abs().mean() < 0.5


def test_cmyk_is_read(colorizer):
    data = encoded(Image.fromarray(scene()).convert("RGB").convert("CMYK"), "JPEG", quality=95)
    made = colorizer(io.BytesIO(data))
    assert made.mode == "RGB"
    assert (lab(made)[0] - lab(open_picture(io.BytesIO(data)).rgb)[0]).abs().mean() < 0.5


@pytest.mark.parametrize("level", [0, 90])
def test_alpha_stays_as_it_is_also_round_a_dark_cut_out(colorizer, level):
    """Dark pixels on nothing are ink in a sketch, whose inside is filled; in a photograph they are not."""
    grey = np.minimum(scene(64, 64), level)
    alpha = np.zeros((64, 64), np.uint8)
    alpha[8:56, 8:56], alpha[24:40, 24:40], alpha[8:56, 8:12] = 255, 0, 128
    given = Image.merge("LA", (Image.fromarray(grey), Image.fromarray(alpha)))
    made = np.asarray(colorizer(given))
    assert np.array_equal(made[..., 3], alpha)
    solid = torch.from_numpy(alpha == 255)
    before = lab(np.dstack([grey] * 3))
    assert (lab(made)[0] - before[0])[solid].abs().mean() < 0.5


def test_recolor_fills_what_ink_encloses_only_in_drawings():
    alpha = np.zeros((32, 32), np.uint8)
    alpha[8:24, 8:24], alpha[10:22, 10:22] = 255, 0
    rgb = np.where(alpha[..., None] > 0, 0, 255).repeat(3, axis=2).astype(np.uint8)
    colored = np.where(rgb == 255, np.uint8(100), rgb)
    assert recolor(rgb, alpha, colored)[16, 16, 3] == 255
    assert recolor(rgb, alpha, colored, drawn=False)[16, 16, 3] == 0


def test_a_large_photograph_is_the_same_in_bands(colorizer, monkeypatch):
    expected = np.asarray(colorizer(Image.fromarray(scene(300, 220)))).astype(int)
    monkeypatch.setattr("condcolor.imaging.geometry.STRIP_PIXELS", 1000)
    made = np.asarray(colorizer(Image.fromarray(scene(300, 220)))).astype(int)
    assert abs(made - expected).max() <= 1


def test_vivid_is_strength_of_colour(folder):
    def chroma(**options) -> float:
        made = lab(Colorizer.load(folder, device="cpu", **options)(Image.fromarray(scene())))
        return torch.hypot(made[1], made[2]).mean().item()

    assert chroma(vivid=0) < 0.1
    assert chroma(vivid=0.5) < 0.7 * chroma() < 0.7 * chroma(vivid=1.5)
    assert chroma(vivid=1) == chroma()


@pytest.mark.parametrize("vivid", [-0.1, 4.1, float("nan"), float("inf")])
def test_vivid_has_its_limits(folder, vivid):
    with pytest.raises(UsageError, match=r"vivid .* is not between 0 .grey. and 4"):
        Colorizer.load(folder, vivid=vivid)


def test_a_model_may_have_its_own_vivid(tmp_path):
    lively = save_random_photo(tmp_path / "lively", vivid=1.4)
    assert load_model(lively).vivid == 1.4
    own = Colorizer.load(lively, device="cpu")
    assert (own.vivid, own.codec.vivid) == (1.4, 1.4)
    assert Colorizer.load(lively, device="cpu", vivid=1).codec.vivid == 1
    for wrong in (9, "much", None):
        damaged = save_random_photo(tmp_path / "damaged", vivid=wrong)
        with pytest.raises(CheckpointError, match=r"config\.json: "):
            load_model(damaged)


def test_a_sketch_has_the_colours_asked_and_no_vivid(random_model):
    with pytest.raises(UsageError, match="vivid is for photographs: this model paints the colours"):
        Colorizer.load(random_model, vivid=1.2)
