"""Metrics as pure functions: PSNR, SSIM, AuC, colorfulness, attribute accuracy, leakage, haze.

Color differences of sketches take the `DistinctPixels` of all colorings of one; regions are `[P]` bool,
P = H * W.

The lightness of a photograph is copied, so measures of RGB (PSNR, SSIM) reward a grey picture; those of ab
do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from condcolor.conditions.schema import NOT_APPLICABLE
from condcolor.evaluation.distinct_pixels import DistinctPixels
from condcolor.imaging.color import delta_e_2000, srgb_to_lab
from condcolor.models.encoders import IMAGENET_STD

TOUCHED = 2 / 255  # largest difference between equal pixels
PURE = 0.9  # share of an attribute's largest difference above which a pixel belongs to it alone
UNCHANGED = 0.01  # CIEDE2000 below which nothing has changed
DARK = 0.3  # lightness (mean of R, G, B) below which a pixel is a line; red and brown are above
WHITE = 250 / 255  # smallest value of white ground in sketch and targets


def color_distances(lab: Tensor, palette: Tensor) -> Tensor:
    """Return CIEDE2000 `[N, V]` of colors `lab [N, 3]` to each of `palette [V, 3]`, RGB in [0, 1]."""
    palette_lab = srgb_to_lab(palette[:, :, None, None])  # (V, 3, 1, 1)
    return delta_e_2000(lab[:, None, :, None, None], palette_lab[None])[..., 0, 0]


def spread(pictures: Tensor, groups: Sequence[Tensor]) -> Tensor:
    """Return the range of each pixel within a group, the largest over groups and channels: `[H, W]`.

    Args:
        pictures: `[N, 3, H, W]`.
        groups: indices of pictures that differ in one attribute alone.
    """
    ranges = [pictures[g].amax(0) - pictures[g].amin(0) for g in groups]  # each (3, H, W)
    return torch.stack(ranges).amax(dim=(0, 1))


def groups_by(values: Tensor, attribute: int) -> list[Tensor]:
    """Group rows of `values [N, A]` that differ in `attribute` alone; a group has one row per value.

    Rows that the attribute does not apply to are in no group.
    """
    groups: dict[tuple[int, ...], dict[int, int]] = {}  # the others' values -> its value -> row
    for row, others in enumerate(values.tolist()):
        value = others.pop(attribute)
        if value == NOT_APPLICABLE:
            continue
        groups.setdefault(tuple(others), {}).setdefault(value, row)
    return [torch.tensor(list(rows.values())) for rows in groups.values() if len(rows) > 1]


def neighbors(groups: Sequence[Tensor]) -> Tensor:
    """Return index pairs `[M, 2]` of each picture and the next of its group, cyclically."""
    return torch.cat([torch.stack((g, g.roll(1)), dim=1) for g in groups])


def leakage(pixels: DistinctPixels, pairs: Tensor, inside: Tensor, outside: Tensor) -> float:
    """Return the mean change outside an attribute's region divided by that inside; 0 is perfect.

    NaN if pixels change outside but not inside.

    Args:
        pixels: of outputs.
        pairs: `[M, 2]` indices of pictures that differ in this attribute alone.
        inside, outside: `[P]` bool.
    """
    change = pixels.change(pairs)
    leaked, meant = (float(change @ pixels.shares(where)) for where in (outside, inside))
    if meant < UNCHANGED:
        return 0.0 if leaked < UNCHANGED else float("nan")
    return leaked / meant


def haze(pixels: DistinctPixels, ground: Tensor, scored: Tensor) -> float:
    """Return the mean CIEDE2000 to white of the `scored` pictures on the white `ground [P]` bool."""
    white = DistinctPixels.of(torch.ones(1, 3, 1, 1)).lab[0, :, 0]
    return float(pixels.distances(white, ground)[scored].mean())


def line_f1(sketch: Tensor, pictures: Tensor) -> float:
    """Return F1 of the dark pixels of `pictures [N, 3, H, W]` as predictions of those of `sketch [3, H, W]`.

    NaN if there is no dark pixel in either.
    """
    lines, dark = sketch.mean(-3) < DARK, pictures.mean(-3) < DARK
    both = (lines & dark).sum()
    return float(2 * both / (len(dark) * lines.sum() + dark.sum()))


def mse(output: Tensor, target: Tensor) -> float:
    """Return the mean squared error of pictures in [0, 1], scaled to [-1, 1] (times four)."""
    return float(4 * (output - target).square().mean())


SSIM_WINDOW, SSIM_SIGMA = 11, 1.5  # pixels; Wang et al. 2004, section III.C
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2  # of a range of 1, same section
MOST_ERROR = 150  # the last threshold of AuC, Zhang et al. 2016, section 3.1
BIN = 10  # side of a color class on the ab plane, same paper, section 2.1
BINS = 23  # classes a side: ab -115..115


def psnr(output: Tensor, truth: Tensor) -> float:
    """Return the peak signal-to-noise ratio of RGB in [0, 1], in dB; infinite for equal pictures."""
    return float(-10 * torch.log10((output - truth).square().mean()))


def imagenet_mse(output: Tensor, truth: Tensor) -> float:
    """Return the mean squared error of RGB in [0, 1] in units of ImageNet's standard deviations.

    It is the validation loss of trainings on pictures normalized for an encoder, such as fastai's.
    """
    std = output.new_tensor(IMAGENET_STD).view(3, 1, 1)
    return float(((output - truth) / std).square().mean())


def ssim(output: Tensor, truth: Tensor) -> float:
    """Return the mean structural similarity (Wang et al. 2004, equation 13) of RGB `[3, H, W]` in [0, 1].

    The window is Gaussian; equal pictures have 1.

    Raises:
        ValueError: a side is smaller than the window.
    """
    if min(output.shape[-2:]) < SSIM_WINDOW:
        raise ValueError(f"ssim needs {SSIM_WINDOW} pixels a side, got {list(output.shape[-2:])}")
    offsets = torch.arange(SSIM_WINDOW) - SSIM_WINDOW // 2
    window = torch.exp(-(offsets**2) / (2 * SSIM_SIGMA**2))
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
    """Return the Euclidean distance `[H, W]` in ab of two Lab pictures `[3, H, W]`, in units of Lab."""
    return torch.linalg.vector_norm(output[1:] - truth[1:], dim=0)


def colorfulness(rgb: Tensor, *, signed: bool) -> float:
    """Return the colorfulness of RGB `[3, H, W]` in [0, 1]: 0 is grey, photographs have about 40.

    Hasler and Suesstrunk 2003, equation 11, on 0..255. `signed=False` takes absolute values of the opponent
    axes first, as the code of many papers does; it is the figure comparable to theirs.
    """
    red, green, blue = (rgb * 255).unbind(0)
    axes = torch.stack((red - green, (red + green) / 2 - blue)).flatten(1)
    axes = axes if signed else axes.abs()
    spread = axes.std(dim=1, correction=0).norm()
    return float(spread + 0.3 * axes.mean(dim=1).norm())


def color_classes(lab: Tensor) -> Tensor:
    """Return the color class `[H, W]`, 0..BINS^2-1, of each pixel of a Lab picture `[3, H, W]`."""
    a, b = (lab[1:] / BIN + BINS / 2).floor().long().clamp(0, BINS - 1)
    return a * BINS + b


def error_counts(errors: Tensor, classes: Tensor) -> Tensor:
    """Return the histogram of errors of each class: `[BINS^2, MOST_ERROR + 1]` float64.

    Column t counts errors in (t - 1, t], the last one all above MOST_ERROR - 1.
    """
    column = errors.ceil().long().clamp(0, MOST_ERROR).flatten()
    cell = classes.flatten() * (MOST_ERROR + 1) + column
    counts = torch.bincount(cell, minlength=BINS**2 * (MOST_ERROR + 1))
    return counts.view(BINS**2, MOST_ERROR + 1).double()


def auc(counts: Tensor, *, rebalanced: bool) -> float:
    """Return the normalized area, 0..1, under the share of pixels with an error of at most t = 0..150.

    Args:
        counts: sum of `error_counts` over the pictures.
        rebalanced: weight each class by its inverse frequency, so that all classes present count equally
            (Zhang et al. 2016, section 3.1).
    """
    sizes = counts.sum(dim=1, keepdim=True)
    seen = counts[sizes[:, 0] > 0]
    if rebalanced:
        seen = seen / sizes[sizes[:, 0] > 0]
    shares = seen.sum(dim=0).cumsum(0) / seen.sum()
    return float(torch.trapezoid(shares) / MOST_ERROR)


def mean(numbers: Iterable[float]) -> float:
    """Return the mean of the numbers that are not NaN; NaN if there are none."""
    numbers = [number for number in numbers if not math.isnan(number)]
    return float(np.mean(numbers)) if numbers else float("nan")


# sketch uint8 [3, H, W], value indices [N, A] -> colored pictures float [N, 3, H, W] in [0, 1]
ColorFunction = Callable[[Tensor, Tensor], Tensor]
