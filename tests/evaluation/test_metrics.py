"""Measures on pictures small enough to say by hand what they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from drawn import photograph
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from condcolor.evaluation import metrics
from condcolor.evaluation.distinct_pixels import DistinctPixels
from condcolor.evaluation.metrics import (
    color_distances,
    groups_by,
    haze,
    leakage,
    line_f1,
    mse,
    neighbors,
    spread,
)
from condcolor.imaging.color import delta_e_2000, srgb_to_lab

RED, BLUE, WHITE = torch.tensor([[0.9, 0.3, 0.3], [0.2, 0.7, 0.9], [1.0, 1.0, 1.0]])


def flat(color: torch.Tensor, size: int = 4) -> torch.Tensor:
    return color[:, None, None].repeat(1, size, size)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_nearest_palette_colour_is_the_colour_itself():
    palette = noise(6, 3)
    distances = color_distances(srgb_to_lab(palette[:, :, None, None])[..., 0, 0], palette)
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


def test_neighbors_compare_every_picture_of_a_group_twice():
    pairs = neighbors([torch.tensor([0, 1, 2]), torch.tensor([5, 7])])
    assert sorted(pairs.flatten().tolist()) == [0, 0, 1, 1, 2, 2, 5, 5, 7, 7]
    assert {tuple(sorted(pair)) for pair in pairs.tolist()} == {(0, 1), (1, 2), (0, 2), (5, 7)}


def test_a_known_bleed_gives_a_known_leakage():
    inside = torch.arange(16) < 8
    pictures = torch.stack((flat(RED), flat(BLUE)))
    pictures[:, :, 2:] = 1.0  # rows 0 and 1 are the region, the others white
    assert leakage(DistinctPixels.of(pictures), torch.tensor([[0, 1]]), inside, ~inside) == 0
    pictures[:, :, 2] = torch.stack((RED, BLUE))[:, :, None]  # one of the two outer rows follows
    leaked = leakage(DistinctPixels.of(pictures), torch.tensor([[0, 1], [1, 0]]), inside, ~inside)
    assert leaked == pytest.approx(0.5, abs=1e-5)


def test_pictures_that_never_change_leak_nothing():
    pixels = DistinctPixels.of(flat(RED)[None].repeat(2, 1, 1, 1))
    inside = torch.arange(16) < 8
    assert leakage(pixels, torch.tensor([[0, 1]]), inside, ~inside) == 0


def test_haze_is_the_mean_distance_of_the_ground_to_white():
    pictures = torch.stack((flat(WHITE), flat(WHITE)))
    ground = torch.arange(16) < 12
    pictures[:, :, 3] = 0.0  # not ground
    assert haze(DistinctPixels.of(pictures), ground, torch.arange(2)) == 0
    red = (RED * 255).round() / 255
    pictures[0, :, 0] = red[:, None]  # a third of the ground of one of two
    apart = delta_e_2000(srgb_to_lab(flat(red)), srgb_to_lab(flat(WHITE)))[0, 0]
    assert haze(DistinctPixels.of(pictures), ground, torch.arange(2)) == pytest.approx(
        float(apart) / 6, rel=1e-5
    )


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


@pytest.fixture
def pair():
    truth = torch.from_numpy(photograph(1, 40, 30)).permute(2, 0, 1).float() / 255
    noise = torch.randn(truth.shape, generator=torch.Generator().manual_seed(0))
    return (truth + 0.1 * noise).clamp(0, 1), truth


def test_psnr_and_ssim_are_scikit_images(pair):
    output, truth = (p.permute(1, 2, 0).double().numpy() for p in pair)
    expected = peak_signal_noise_ratio(truth, output, data_range=1)
    assert math.isclose(metrics.psnr(*pair), expected, rel_tol=1e-5)
    gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    _, full = structural_similarity(
        truth, output, data_range=1, channel_axis=-1, full=True, **gaussian
    )
    inside = full[5:-5, 5:-5].mean()  # where the whole window lies in the picture
    assert math.isclose(metrics.ssim(*pair), inside, rel_tol=1e-3)


def test_a_picture_agrees_with_itself(pair):
    _, truth = pair
    assert metrics.psnr(truth, truth) == math.inf
    assert math.isclose(metrics.ssim(truth, truth), 1, rel_tol=1e-5)
    with pytest.raises(ValueError, match="11 pixels a side"):
        metrics.ssim(truth[:, :8], truth[:, :8])


def test_ab_errors_know_no_lightness():
    lab = torch.zeros(3, 2, 2)
    other = torch.tensor([50.0, 3.0, 4.0]).view(3, 1, 1).expand(3, 2, 2)
    assert torch.allclose(metrics.ab_errors(lab, other), torch.full((2, 2), 5.0))


def test_colourfulness_is_the_papers_formula(pair):
    rgb = pair[1].numpy().astype(np.float64) * 255
    rg, yb = rgb[0] - rgb[1], (rgb[0] + rgb[1]) / 2 - rgb[2]

    def formula(rg, yb):
        return np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())

    found = [metrics.colorfulness(pair[1], signed=signed) for signed in (True, False)]
    assert np.allclose(found, [formula(rg, yb), formula(abs(rg), abs(yb))], rtol=1e-4)
    assert found[0] > found[1] > 0
    assert metrics.colorfulness(torch.full((3, 4, 4), 0.5), signed=True) < 1e-3


def counts_of(errors, classes):
    return metrics.error_counts(torch.tensor(errors), torch.tensor(classes))


def test_auc_is_the_mean_share_within_each_threshold():
    errors = [0.0, 10.0, 75.0, 300.0]
    shares = np.array([np.mean(np.array(errors) <= t) for t in range(151)])
    shares[150] = 1  # all that is left counts at the end
    expected = np.trapezoid(shares) / 150
    found = metrics.auc(counts_of(errors, [0, 0, 0, 0]), rebalanced=False)
    assert math.isclose(found, expected, rel_tol=1e-9)


def test_rebalanced_auc_lets_a_rare_colour_count_as_much_as_a_common_one():
    counts = counts_of([0.0] * 99 + [150.0], [0] * 99 + [5])
    plain, even = (metrics.auc(counts, rebalanced=r) for r in (False, True))
    assert plain > 0.98
    assert math.isclose(even, (1 + 0.5 / 150) / 2, rel_tol=1e-6)


def test_classes_are_cells_of_ten_by_ten_and_hold_every_srgb_colour():
    lab = torch.zeros(3, 1, 4)
    lab[1:, 0] = torch.tensor([[0.0, 4.9, 5.1, 0.0], [0.0, 4.9, 0.0, -5.1]])
    middle, same, right, below = metrics.color_classes(lab)[0].tolist()
    assert middle == same
    assert right == middle + metrics.BINS
    assert below == middle - 1
    cube = torch.tensor([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)]).float()
    lab = srgb_to_lab(cube.T[:, None])
    assert len(metrics.color_classes(lab).unique()) == 7  # the two greys share theirs
    assert lab[1:].abs().max() < metrics.BIN * metrics.BINS / 2


def test_squared_errors_in_imagenets_units(pair):
    output, truth = pair
    normalized = [
        (p - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1))
        / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
        for p in pair
    ]
    expected = torch.nn.functional.mse_loss(*normalized)
    assert math.isclose(metrics.imagenet_mse(output, truth), expected, rel_tol=1e-5)
