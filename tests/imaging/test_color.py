from __future__ import annotations

import numpy as np
import pytest
import torch

from condcolor.imaging import color
from condcolor.imaging.color import compose, delta_e_2000, lab_to_srgb, srgb8_to_lab, srgb_to_lab

skimage = pytest.importorskip("skimage.color")


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(seed: int, *lead: int) -> torch.Tensor:
    return torch.rand(*lead, 3, 16, 16, generator=seeded(seed))


def as_numpy(picture: torch.Tensor) -> np.ndarray:
    return picture.movedim(-3, -1).double().numpy()


def test_lab_agrees_with_scikit_image():
    rgb = pictures(0, 4)
    assert np.abs(as_numpy(srgb_to_lab(rgb)) - skimage.rgb2lab(as_numpy(rgb))).max() < 0.01


def test_lab_and_back_is_the_same_picture():
    rgb = pictures(1, 2, 2)
    assert (lab_to_srgb(srgb_to_lab(rgb)) - rgb).abs().max() < 1e-4


def test_black_white_and_dark_values_are_exact():
    grey = torch.tensor([0.0, 0.001, 0.04, 1.0])[None, None].expand(3, 1, 4)
    lab = srgb_to_lab(grey)
    assert torch.allclose(lab[0, 0, [0, 3]], torch.tensor([0.0, 100.0]), atol=1e-3)
    assert lab[1:].abs().max() < 0.01
    assert (lab_to_srgb(lab) - grey).abs().max() < 1e-4


def test_lab_of_bytes_is_lab_of_floats():
    codes = torch.randint(256, (2, 3, 16, 16), dtype=torch.uint8, generator=seeded(5))
    assert (srgb8_to_lab(codes) - srgb_to_lab(codes / 255)).abs().max() < 1e-3
    with pytest.raises(ValueError, match="float32"):
        srgb8_to_lab(codes / 255)


def test_the_inverse_agrees_with_scikit_image():
    lab = srgb_to_lab(pictures(6, 4))
    expected = skimage.lab2rgb(as_numpy(lab))
    assert np.abs(as_numpy(lab_to_srgb(lab)) - expected).max() < 0.02 / 255


@pytest.mark.parametrize("convert", [srgb_to_lab, lab_to_srgb])
def test_the_same_in_pieces_as_whole(convert, monkeypatch):
    picture = pictures(7, 2, 2)
    whole = convert(picture)
    monkeypatch.setattr(color, "PIECE", 50)
    assert torch.allclose(convert(picture), whole, atol=1e-4)


@pytest.mark.parametrize("convert", [srgb_to_lab, lab_to_srgb])
def test_conversions_have_the_slope_that_differences_show(convert):
    scale = 1 if convert is srgb_to_lab else 40
    picture = (scale * pictures(8)[:, :4, :4].double()).requires_grad_()
    assert torch.autograd.gradcheck(convert, picture, atol=1e-3, rtol=1e-3)


def test_autocast_does_not_round_colours():
    picture = pictures(9)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = srgb_to_lab(picture)
    assert torch.equal(inside, srgb_to_lab(picture))


def wild(seed: int) -> torch.Tensor:
    """Lab of every lightness, in colours that mostly no screen shows."""
    spans = torch.tensor([100.0, 400.0, 400.0]).view(3, 1, 1)
    return pictures(seed) * spans - torch.tensor([0.0, 200.0, 200.0]).view(3, 1, 1)


def test_colours_outside_srgb_keep_their_lightness():
    lab = wild(10)
    rgb = lab_to_srgb(lab)
    assert 0 <= rgb.min() <= rgb.max() <= 1
    assert (srgb_to_lab(rgb) - lab)[0].abs().max() < 0.01
    assert torch.isfinite(lab_to_srgb(torch.tensor([120.0, 0, 0]).view(3, 1, 1))).all()


def test_fitting_keeps_luminance_and_moves_no_further_than_it_must():
    linear = pictures(12) * 3 - 1
    weights = torch.tensor(color.XYZ_FROM_RGB[1]).view(3, 1, 1)
    before = (weights * linear).sum(0)
    flat = color._toward_grey(linear.flatten(1), before.flatten().clamp(0, 1))
    fitted = flat.view_as(linear)
    after = (weights * fitted).sum(0)
    possible = (before >= 0) & (before <= 1)
    assert torch.allclose(after, before.clamp(0, 1), atol=1e-5)
    outside = ((linear < 0) | (linear > 1)).any(0) & possible
    assert outside.any()
    edge = torch.minimum(fitted, 1 - fitted).amin(0)  # how far the nearest channel is from a limit
    assert edge[outside].max() < 1e-5
    inside = ~outside & possible
    assert torch.allclose(fitted[:, inside], linear[:, inside], atol=1e-6)


def test_difference_agrees_with_scikit_image():
    first, second = srgb_to_lab(pictures(2)), srgb_to_lab(pictures(3))
    expected = skimage.deltaE_ciede2000(as_numpy(first), as_numpy(second))
    assert np.abs(delta_e_2000(first, second).numpy() - expected).max() < 0.01


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [  # pairs of Sharma, Wu and Dalal (2005), table 1
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 2.4900, -0.0010), (50, -2.4900, 0.0011), 7.2195),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_difference_of_the_published_pairs(first, second, expected):
    lab = [torch.tensor(c, dtype=torch.float64).view(3, 1, 1) for c in (first, second)]
    assert float(delta_e_2000(*lab)) == pytest.approx(expected, abs=1e-4)


def test_a_picture_differs_from_itself_by_nothing():
    lab = srgb_to_lab(pictures(4))
    assert delta_e_2000(lab, lab).abs().max() == 0


def test_compose_fills_parts_and_leaves_the_rest():
    blank = torch.tensor([1.0, 1.0, 0.5, 0.0]).expand(3, 1, 4)  # paper, fill, half a line, line
    masks = torch.tensor([[[0.0, 1.0, 0.5, 0.0]]])
    red = torch.tensor([[0.8, 0.2, 0.0]])
    filled = compose(blank, masks, red)
    assert torch.allclose(filled[:, 0, 0], torch.ones(3))
    assert torch.allclose(filled[:, 0, 1], red[0])
    assert torch.allclose(filled[:, 0, 2], red[0] / 2)
    assert torch.allclose(filled[:, 0, 3], torch.zeros(3))


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\[1, 16, 16\]"):
        srgb_to_lab(torch.zeros(1, 16, 16))
