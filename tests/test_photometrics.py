import math

import numpy as np
import pytest
import torch
from drawn import photograph
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from condcolor import photometrics
from condcolor.color import srgb_to_lab


@pytest.fixture
def pair():
    truth = torch.from_numpy(photograph(1, 40, 30)).permute(2, 0, 1).float() / 255
    noise = torch.randn(truth.shape, generator=torch.Generator().manual_seed(0))
    return (truth + 0.1 * noise).clamp(0, 1), truth


def test_psnr_and_ssim_are_scikit_images(pair):
    output, truth = (p.permute(1, 2, 0).double().numpy() for p in pair)
    expected = peak_signal_noise_ratio(truth, output, data_range=1)
    assert math.isclose(photometrics.psnr(*pair), expected, rel_tol=1e-5)
    gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    _, full = structural_similarity(
        truth, output, data_range=1, channel_axis=-1, full=True, **gaussian
    )
    inside = full[5:-5, 5:-5].mean()  # where the whole window lies in the picture
    assert math.isclose(photometrics.ssim(*pair), inside, rel_tol=1e-3)


def test_a_picture_agrees_with_itself(pair):
    _, truth = pair
    assert photometrics.psnr(truth, truth) == math.inf
    assert math.isclose(photometrics.ssim(truth, truth), 1, rel_tol=1e-5)
    with pytest.raises(ValueError, match="11 pixels a side"):
        photometrics.ssim(truth[:, :8], truth[:, :8])


def test_ab_errors_know_no_lightness():
    lab = torch.zeros(3, 2, 2)
    other = torch.tensor([50.0, 3.0, 4.0]).view(3, 1, 1).expand(3, 2, 2)
    assert torch.allclose(photometrics.ab_errors(lab, other), torch.full((2, 2), 5.0))


def test_colourfulness_is_the_papers_formula(pair):
    rgb = pair[1].numpy().astype(np.float64) * 255
    rg, yb = rgb[0] - rgb[1], (rgb[0] + rgb[1]) / 2 - rgb[2]

    def formula(rg, yb):
        return np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())

    found = [photometrics.colourfulness(pair[1], signed=signed) for signed in (True, False)]
    assert np.allclose(found, [formula(rg, yb), formula(abs(rg), abs(yb))], rtol=1e-4)
    assert found[0] > found[1] > 0
    assert photometrics.colourfulness(torch.full((3, 4, 4), 0.5), signed=True) < 1e-3


def counts_of(errors, classes):
    return photometrics.error_counts(torch.tensor(errors), torch.tensor(classes))


def test_auc_is_the_mean_share_within_each_threshold():
    errors = [0.0, 10.0, 75.0, 300.0]
    shares = np.array([np.mean(np.array(errors) <= t) for t in range(151)])
    shares[150] = 1  # all that is left counts at the end
    expected = np.trapezoid(shares) / 150
    found = photometrics.auc(counts_of(errors, [0, 0, 0, 0]), rebalanced=False)
    assert math.isclose(found, expected, rel_tol=1e-9)


def test_rebalanced_auc_lets_a_rare_colour_count_as_much_as_a_common_one():
    counts = counts_of([0.0] * 99 + [150.0], [0] * 99 + [5])
    plain, even = (photometrics.auc(counts, rebalanced=r) for r in (False, True))
    assert plain > 0.98
    assert math.isclose(even, (1 + 0.5 / 150) / 2, rel_tol=1e-6)


def test_classes_are_cells_of_ten_by_ten_and_hold_every_srgb_colour():
    lab = torch.zeros(3, 1, 4)
    lab[1:, 0] = torch.tensor([[0.0, 4.9, 5.1, 0.0], [0.0, 4.9, 0.0, -5.1]])
    middle, same, right, below = photometrics.color_classes(lab)[0].tolist()
    assert middle == same
    assert right == middle + photometrics.BINS
    assert below == middle - 1
    cube = torch.tensor([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)]).float()
    lab = srgb_to_lab(cube.T[:, None])
    assert len(photometrics.color_classes(lab).unique()) == 7  # the two greys share theirs
    assert lab[1:].abs().max() < photometrics.BIN * photometrics.BINS / 2


def test_squared_errors_in_imagenets_units(pair):
    output, truth = pair
    normalized = [
        (p - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1))
        / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
        for p in pair
    ]
    expected = torch.nn.functional.mse_loss(*normalized)
    assert math.isclose(photometrics.imagenet_mse(output, truth), expected, rel_tol=1e-5)
