"""Measures on pictures small enough to say by hand what they are."""

import math

import numpy as np
import pytest
import torch

from condcolor.color import delta_e_2000, srgb_to_lab
from condcolor.metrics import (
    color_distances,
    difference,
    groups_by,
    haze,
    lab_pixels,
    leakage,
    line_f1,
    mse,
    neighbours,
    spread,
)

RED, BLUE, WHITE = torch.tensor([[0.9, 0.3, 0.3], [0.2, 0.7, 0.9], [1.0, 1.0, 1.0]])


def flat(color: torch.Tensor, size: int = 4) -> torch.Tensor:
    return color[:, None, None].repeat(1, size, size)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_lab_pixels_are_the_pictures_pixels_in_a_row():
    pictures = noise(3, 3, 5, 7)
    pixels = lab_pixels(pictures)
    assert pixels.shape == (3, 3, 35)
    assert torch.equal(pixels[1, :, 2 * 7 + 3], srgb_to_lab(pictures)[1, :, 2, 3])


@pytest.mark.parametrize("equal", [0.0, 0.2, 0.8, 1.0])  # either way to compute it
def test_difference_is_ciede2000_pixel_by_pixel(equal):
    first, second = lab_pixels(noise(2, 3, 16, 16))
    same = torch.arange(256) < 256 * equal
    second = torch.where(same, first, second)
    expected = delta_e_2000(first[..., None], second[..., None])[..., 0]
    assert torch.allclose(difference(first, second), expected, atol=1e-4)
    one = second[:, :1].clone()
    expected = delta_e_2000(first[..., None], one[..., None])[..., 0]
    assert torch.allclose(difference(first, one), expected, atol=1e-4)


def test_the_nearest_palette_colour_is_the_colour_itself():
    palette = noise(6, 3)
    distances = color_distances(lab_pixels(palette[:, :, None, None])[..., 0], palette)
    assert distances.shape == (6, 6)
    assert distances.argmin(1).tolist() == list(range(6))
    assert distances.diag().max() < 0.01


def test_spread_is_the_largest_range_over_groups_and_channels():
    pictures = noise(6, 3, 4, 5)
    change = spread(pictures, [torch.tensor([0, 1, 2]), torch.tensor([4, 5])])
    ranges = [np.ptp(pictures[g].numpy(), axis=0).max(0) for g in ([0, 1, 2], [4, 5])]
    assert np.allclose(change, np.maximum(*ranges))


def test_groups_differ_in_one_attribute_alone():
    values = torch.cartesian_prod(torch.arange(2), torch.arange(3), torch.arange(2))
    for attribute in range(3):
        groups = groups_by(values, attribute)
        assert sorted(torch.cat(groups).tolist()) == list(range(12))
        for group in groups:
            differing = [len(values[group, i].unique()) > 1 for i in range(3)]
            assert differing == [i == attribute for i in range(3)]
    assert [g.tolist() for g in groups_by(torch.tensor([[2], [0], [2]]), 0)] == [[0, 1]]
    assert groups_by(torch.tensor([[0, 0], [1, 1]]), 0) == []


def test_neighbours_compare_every_picture_of_a_group_twice():
    pairs = neighbours([torch.tensor([0, 1, 2]), torch.tensor([5, 7])])
    assert sorted(pairs.flatten().tolist()) == [0, 0, 1, 1, 2, 2, 5, 5, 7, 7]
    assert {tuple(sorted(pair)) for pair in pairs.tolist()} == {(0, 1), (1, 2), (0, 2), (5, 7)}


def test_a_known_bleed_gives_a_known_leakage():
    inside = torch.arange(16) < 8
    pictures = torch.stack((flat(RED), flat(BLUE)))
    pictures[:, :, 2:] = 1.0  # rows 0 and 1 are the region, the others white
    assert leakage(lab_pixels(pictures), torch.tensor([[0, 1]]), inside, ~inside) == 0
    pictures[:, :, 2] = torch.stack((RED, BLUE))[:, :, None]  # one of the two outer rows follows
    leaked = leakage(lab_pixels(pictures), torch.tensor([[0, 1], [1, 0]]), inside, ~inside)
    assert leaked == pytest.approx(0.5, abs=1e-5)


def test_pictures_that_never_change_leak_nothing():
    pixels = lab_pixels(flat(RED)[None].repeat(2, 1, 1, 1))
    inside = torch.arange(16) < 8
    assert leakage(pixels, torch.tensor([[0, 1]]), inside, ~inside) == 0


def test_haze_is_the_mean_distance_of_the_ground_to_white():
    pictures = torch.stack((flat(WHITE), flat(WHITE)))
    ground = torch.arange(16) < 12
    pictures[:, :, 3] = 0.0  # not ground
    assert haze(lab_pixels(pictures), ground) == 0
    pictures[0, :, 0] = RED[:, None]  # a third of the ground of one of two
    apart = delta_e_2000(srgb_to_lab(flat(RED)), srgb_to_lab(flat(WHITE)))[0, 0]
    assert haze(lab_pixels(pictures), ground) == pytest.approx(float(apart) / 6, rel=1e-5)


def test_lines_that_are_all_found_and_no_others_score_1():
    sketch = flat(WHITE, 8)
    sketch[:, 3] = 0
    assert line_f1(sketch, torch.stack((sketch, sketch))) == 1
    half = sketch.clone()
    half[:, 3, :4] = 1  # recall 1/2, precision 1
    assert line_f1(sketch, half[None]) == pytest.approx(2 / 3)
    assert line_f1(sketch, flat(WHITE, 8)[None]) == 0
    assert line_f1(sketch, torch.stack((sketch, half))) == pytest.approx(2 * 12 / (16 + 12))
    colored = torch.where(sketch > 0.5, flat(RED, 8), sketch)
    assert line_f1(sketch, colored[None]) == 1  # a red fill is no line
    assert math.isnan(line_f1(flat(WHITE), flat(WHITE)[None]))


def test_mse_is_numpys_on_pixels_from_minus_1_to_1():
    output, target = noise(2, 3, 8, 8)
    expected = np.mean(((output.numpy() * 2 - 1) - (target.numpy() * 2 - 1)) ** 2)
    assert mse(output, target) == pytest.approx(expected, rel=1e-5)
