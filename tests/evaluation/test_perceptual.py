from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from drawn import photograph
from scipy.linalg import sqrtm
from torch import nn

from condcolor.errors import CheckpointError, UsageError
from condcolor.evaluation.perceptual import Perceptual, frechet_distance, kernel_distance


class Features(nn.Module):
    """As the Inception file: class scores, or on request features, of pictures of any size in 0..255."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, img, return_features: bool = False):
        assert float(img.max()) > 1  # levels, not [0, 1]
        found = self.conv(img / 255).relu().mean(dim=(2, 3))
        return found if return_features else found[:, :1]


class Flat(nn.Module):
    """As the VGG file: vectors whose squared distance is LPIPS; here the mean level of each channel."""

    def forward(self, img, resize_images: bool = True, return_lpips: bool = False):
        assert return_lpips
        assert not resize_images
        return img.mean(dim=(2, 3)) / 255


@pytest.fixture
def files(tmp_path):
    torch.manual_seed(0)
    paths = tmp_path / "features.pt", tmp_path / "flat.pt"
    for network, path in zip((Features(), Flat()), paths, strict=True):
        torch.jit.script(network).save(str(path))
    return paths


def picture(seed, width=24, height=18):
    return torch.from_numpy(photograph(seed, width, height)).permute(2, 0, 1).float() / 255


def normal(seed, count, mean, spread):
    return np.random.default_rng(seed).normal(mean, spread, (count, len(spread)))


@pytest.mark.parametrize("count", [3, 5, 50])
def test_frechet_distance_is_the_formula_of_the_moments(count):
    first = normal(0, count, 0, [1, 2, 3, 0.5])
    second = normal(1, 40, 1, [2, 1, 1, 1])
    covariances = [np.cov(features, rowvar=False) for features in (first, second)]
    apart = np.square(first.mean(0) - second.mean(0)).sum()
    root = sqrtm(covariances[0] @ covariances[1]).real.trace()
    expected = apart + covariances[0].trace() + covariances[1].trace() - 2 * root
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-4)


def test_frechet_distance_of_known_gaussians():
    drawn = normal(2, 200_000, 0, [1.0, 2.0])
    other = normal(3, 200_000, [2, 0], [3.0, 2.0])
    # independent axes: (m1 - m2)^2 + (s1 - s2)^2 each
    assert frechet_distance(drawn, other) == pytest.approx(4 + 4, rel=0.02)
    assert frechet_distance(drawn, drawn) == pytest.approx(0, abs=1e-6)


def test_kernel_distance_is_unbiased_and_sees_a_shift():
    pairs = [(normal(2 * s, 30, 0, [1] * 6), normal(2 * s + 1, 30, 0, [1] * 6)) for s in range(80)]
    same = [kernel_distance(*pair) for pair in pairs]
    assert min(same) < 0 < max(same)
    assert abs(np.mean(same)) < 4 * np.std(same) / math.sqrt(len(same))
    assert kernel_distance(pairs[0][0], pairs[0][1] + 1) > 10 * np.std(same)
    x, y = pairs[0][0][:2], pairs[0][1][:2]
    k = lambda a, b: (a @ b / 6 + 1) ** 3  # noqa: E731
    cross = np.mean([k(a, b) for a in x for b in y])
    assert kernel_distance(x, y) == pytest.approx(k(x[0], x[1]) + k(y[0], y[1]) - 2 * cross)


def test_the_truth_is_at_no_distance_and_grey_is_at_some(files):
    fid, lpips = files
    measured = Perceptual(fid, lpips)
    for seed in range(5):
        truth = picture(seed, 24 + seed)
        grey = truth.mean(0, keepdim=True).expand(3, -1, -1)
        measured.add({"truth": truth, "grey": grey}, truth)
    scores = measured.scores()
    assert scores["truth"].fid == pytest.approx(0, abs=1e-9)
    assert scores["truth"].lpips == 0
    assert scores["grey"].fid > 1e-4
    assert scores["grey"].kid > scores["truth"].kid
    truths = [picture(seed, 24 + seed).mean((1, 2)) for seed in range(5)]
    expected = np.mean([float(((t - t.mean()) ** 2).sum()) for t in truths])
    assert scores["grey"].lpips == pytest.approx(expected, abs=1e-3)  # grey is rounded to 8 bits


def test_what_no_network_was_given_for_is_not_a_number(files):
    alone = Perceptual(lpips=files[1])
    alone.add({"model": picture(0)}, picture(1))
    score = alone.scores()["model"]
    assert math.isnan(score.fid)
    assert math.isnan(score.kid)
    assert score.lpips > 0
    one = Perceptual(files[0])
    one.add({"model": picture(0)}, picture(1))
    assert math.isnan(one.scores()["model"].fid)  # one picture has no covariance


def test_files_that_are_no_network_are_told(tmp_path):
    with pytest.raises(UsageError, match=r"none\.pt: no such file"):
        Perceptual(tmp_path / "none.pt")
    torch.save({"weight": torch.zeros(2)}, tmp_path / "weights.pth")
    (tmp_path / "text.pt").write_text("<html>")
    (tmp_path / "empty.pt").touch()
    for name in ("weights.pth", "text.pt", "empty.pt"):
        with pytest.raises(CheckpointError, match=f"{name}: no TorchScript network"):
            Perceptual(lpips=tmp_path / name)


def test_features_of_another_kind_are_not_called_lpips(files):
    with pytest.raises(CheckpointError, match="no 'return_lpips'"):
        Perceptual(lpips=files[0])


class Vectors(nn.Module):
    def forward(self, x):
        return x[:, :, 0, 0] @ torch.zeros(5, 2)


def test_a_network_that_does_not_take_pictures_is_told(tmp_path):
    torch.jit.script(Vectors()).save(str(tmp_path / "vectors.pt"))
    with pytest.raises(CheckpointError, match="does not take pictures"):
        Perceptual(tmp_path / "vectors.pt").add({}, picture(0))
