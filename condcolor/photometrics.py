"""Measures of coloured photographs. Pictures are float RGB `[3, H, W]` in [0, 1]; ab is in Lab units.

Lightness is copied from the photograph, so measures of RGB (PSNR, SSIM) reward a picture left grey;
those of ab do not.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from condcolor.resnet import IMAGENET_STD

SSIM_WINDOW, SSIM_SIGMA = 11, 1.5  # pixels; Wang et al. 2004, section III.C
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2  # of a range of 1, same section
MOST_ERROR = 150  # the last threshold of AuC, Zhang et al. 2016, section 3.1
BIN = 10  # side of a colour class on the ab plane, same paper, section 2.1
BINS = 23  # classes a side: ab -115..115


def psnr(output: Tensor, truth: Tensor) -> float:
    """Peak signal-to-noise ratio of RGB in dB; infinite where the pictures agree."""
    return float(-10 * torch.log10((output - truth).square().mean()))


def imagenet_mse(output: Tensor, truth: Tensor) -> float:
    """Mean squared error of RGB in units of ImageNet's standard deviation of each channel.

    The validation loss of trainings on pictures normalised for an encoder, as fastai's are.
    """
    std = output.new_tensor(IMAGENET_STD).view(3, 1, 1)
    return float(((output - truth) / std).square().mean())


def ssim(output: Tensor, truth: Tensor) -> float:
    """Mean structural similarity over RGB (Wang et al. 2004, equation 13), Gaussian window; 1 is the same.

    Raises:
        ValueError: a side is smaller than the window.
    """
    if min(output.shape[-2:]) < SSIM_WINDOW:
        raise ValueError(f"ssim needs {SSIM_WINDOW} pixels a side, got {list(output.shape[-2:])}")
    place = torch.arange(SSIM_WINDOW) - SSIM_WINDOW // 2
    window = torch.exp(-(place**2) / (2 * SSIM_SIGMA**2))
    window = window / window.sum()

    def mean(pictures: Tensor) -> Tensor:  # (N, 3, H, W), each channel by itself
        flat = pictures.flatten(0, 1)[:, None]
        rows = F.conv2d(flat, window.view(1, 1, -1, 1))
        return F.conv2d(rows, window.view(1, 1, 1, -1)).view(*pictures.shape[:2], -1)

    pairs = torch.stack((output, truth, output**2, truth**2, output * truth))
    mean_x, mean_y, mean_xx, mean_yy, mean_xy = mean(pairs)
    cross = mean_x * mean_y
    variance = mean_xx - mean_x**2 + mean_yy - mean_y**2
    covariance = mean_xy - cross
    alike = (2 * cross + SSIM_C1) * (2 * covariance + SSIM_C2)
    return float((alike / ((mean_x**2 + mean_y**2 + SSIM_C1) * (variance + SSIM_C2))).mean())


def ab_errors(output: Tensor, truth: Tensor) -> Tensor:
    """Euclidean distance in ab of two Lab pictures `[3, H, W]` -> `[H, W]`, Lab units."""
    return torch.linalg.vector_norm(output[1:] - truth[1:], dim=0)


def colourfulness(rgb: Tensor, *, signed: bool) -> float:
    """How colourful a picture is: 0 is grey, photographs are about 40.

    Hasler and Suesstrunk 2003, equation 11, on 0..255. `signed=False` takes the absolute values of
    both opponent axes first, as the code of many papers does: the figure to quote beside theirs.
    """
    red, green, blue = (rgb * 255).unbind(0)
    axes = torch.stack((red - green, (red + green) / 2 - blue)).flatten(1)
    axes = axes if signed else axes.abs()
    spread = axes.std(dim=1, correction=0).norm()
    return float(spread + 0.3 * axes.mean(dim=1).norm())


def color_classes(lab: Tensor) -> Tensor:
    """The colour class of each pixel of a Lab picture `[3, H, W]` -> `[H, W]`, 0..BINS^2-1."""
    place = (lab[1:] / BIN + BINS / 2).floor().long().clamp(0, BINS - 1)
    return place[0] * BINS + place[1]


def error_counts(errors: Tensor, classes: Tensor) -> Tensor:
    """How many pixels of each class are wrong by how much: `[BINS^2, MOST_ERROR + 1]` float64.

    Column t holds the errors in (t - 1, t], the last one all above MOST_ERROR - 1.
    """
    column = errors.ceil().long().clamp(0, MOST_ERROR).flatten()
    cell = classes.flatten() * (MOST_ERROR + 1) + column
    counts = torch.bincount(cell, minlength=BINS**2 * (MOST_ERROR + 1))
    return counts.view(BINS**2, MOST_ERROR + 1).double()


def auc(counts: Tensor, *, rebalanced: bool) -> float:
    """Area under the share of pixels with an error of at most t, t = 0..150, over the whole area: 0..1.

    Args:
        counts: sum of `error_counts` over the pictures.
        rebalanced: weigh each class by the inverse of its frequency, so that all classes that occur
            count alike (Zhang et al. 2016, section 3.1).
    """
    sizes = counts.sum(dim=1, keepdim=True)
    seen = counts[sizes[:, 0] > 0]
    if rebalanced:
        seen = seen / sizes[sizes[:, 0] > 0]
    shares = seen.sum(dim=0).cumsum(0) / seen.sum()
    return float(torch.trapezoid(shares) / MOST_ERROR)
