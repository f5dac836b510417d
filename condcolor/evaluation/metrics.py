"""Metrics: PSNR, SSIM, AuC, colorfulness, attribute accuracy, leakage, haze.

Where colors are compared, pictures are Lab *pixels*: `[..., 3, P]`, the P = H * W pixels in a row. They
are made once for all measures, and regions are `[P]` bool.

Lightness is copied from a photograph, so measures of RGB (PSNR, SSIM) reward a picture left grey; those of
ab do not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from condcolor.imaging.color import delta_e_2000, srgb_to_lab
from condcolor.models.encoders import IMAGENET_STD

TOUCHED = 2 / 255  # a pixel that differs by no more than this is the same
PURE = 0.9  # share of an attribute's largest difference from which a pixel is all its own
UNCHANGED = 0.01  # CIEDE2000 under which nothing has changed
DARK = 0.3  # lightness (mean of R, G, B) below which a pixel is a line; red and brown are above
WHITE = 250 / 255  # from here on a pixel of sketch and targets counts as white ground


def lab_pixels(pictures: Tensor) -> Tensor:
    """RGB pictures `[N, 3, H, W]` float in [0, 1] -> Lab pixels `[N, 3, H * W]`."""
    pixels = torch.empty(pictures.shape[0], 3, pictures[0, 0].numel())
    for lab, picture in zip(pixels, pictures, strict=True):  # one by one, they stay in the cache
        lab.copy_(srgb_to_lab(picture).flatten(1))
    return pixels


def difference(first: Tensor, second: Tensor) -> Tensor:
    """CIEDE2000 of Lab pixels `[3, P]` and `[3, P]` (or `[3, 1]`) -> `[P]`."""
    differ = (first != second).any(dim=0)
    if differ.sum() > 0.7 * len(differ):
        return delta_e_2000(first[..., None], second[..., None])[..., 0]
    second = second.expand_as(first)  # equal pixels, most of them in flat fills, cost nothing
    change = torch.zeros(len(differ))
    change[differ] = delta_e_2000(first[:, differ, None], second[:, differ, None])[..., 0]
    return change


def color_distances(lab: Tensor, palette: Tensor) -> Tensor:
    """CIEDE2000 of colours `lab [N, 3]` to each of `palette [V, 3]` (RGB in [0, 1]) -> `[N, V]`."""
    palette_lab = srgb_to_lab(palette[:, :, None, None])  # (V, 3, 1, 1)
    return delta_e_2000(lab[:, None, :, None, None], palette_lab[None])[..., 0, 0]


def spread(pictures: Tensor, groups: Sequence[Tensor]) -> Tensor:
    """Return how far each pixel changes within a group, the largest of groups and channels, `[H, W]`.

    Args:
        pictures: `[N, 3, H, W]` float in [0, 1].
        groups: indices of pictures that differ in one attribute only.
    """
    ranges = [pictures[g].amax(0) - pictures[g].amin(0) for g in groups]  # each (3, H, W)
    return torch.stack(ranges).amax(dim=(0, 1))


def groups_by(values: Tensor, attribute: int) -> list[Tensor]:
    """Rows of `values [N, A]` that differ in `attribute` alone: index groups, a row a value."""
    groups: dict[tuple[int, ...], dict[int, int]] = {}  # the others' values -> its value -> row
    for row, others in enumerate(values.tolist()):
        value = others.pop(attribute)
        groups.setdefault(tuple(others), {}).setdefault(value, row)
    return [torch.tensor(list(rows.values())) for rows in groups.values() if len(rows) > 1]


def neighbours(groups: Sequence[Tensor]) -> Tensor:
    """Index pairs `[M, 2]`: each picture of a group and the next, so every one is compared twice."""
    return torch.cat([torch.stack((g, g.roll(1)), dim=1) for g in groups])


def leakage(pixels: Tensor, pairs: Tensor, inside: Tensor, outside: Tensor) -> float:
    """Mean change outside an attribute's region over the mean change inside, 0 is perfect.

    NaN where nothing changes inside but something does outside: there is no scale to measure it on.

    Args:
        pixels: `[N, 3, P]` Lab, of outputs.
        pairs: `[M, 2]` indices of pictures that differ in this attribute only.
        inside, outside: `[P]` bool.
    """
    change = torch.zeros(pixels.shape[-1])
    for first, second in pairs.tolist():
        change += difference(pixels[first], pixels[second])
    change /= len(pairs)
    leaked, meant = float(change[outside].mean()), float(change[inside].mean())
    if meant < UNCHANGED:
        return 0.0 if leaked < UNCHANGED else float("nan")
    return leaked / meant


def haze(pixels: Tensor, ground: Tensor) -> float:
    """Mean CIEDE2000 to white of Lab pixels `[N, 3, P]` over the white `ground [P]` bool."""
    white = srgb_to_lab(torch.ones(3, 1, 2))[
        ..., :1, 0
    ]  # one pixel alone is rounded in another way
    return float(torch.stack([difference(p[:, ground], white).mean() for p in pixels]).mean())


def line_f1(sketch: Tensor, pictures: Tensor) -> float:
    """Return the F1 of the dark pixels of `pictures [N, 3, H, W]` against those of `sketch [3, H, W]`.

    Both float in [0, 1]. NaN where there is no dark pixel in either.
    """
    lines, dark = sketch.mean(-3) < DARK, pictures.mean(-3) < DARK
    both = (lines & dark).sum()
    return float(2 * both / (len(dark) * lines.sum() + dark.sum()))


def mse(output: Tensor, target: Tensor) -> float:
    """Return the mean squared error of pictures in [0, 1], on pixels scaled to [-1, 1]: 4 times theirs."""
    return float(4 * (output - target).square().mean())


SSIM_WINDOW, SSIM_SIGMA = 11, 1.5  # pixels; Wang et al. 2004, section III.C
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2  # of a range of 1, same section
MOST_ERROR = 150  # the last threshold of AuC, Zhang et al. 2016, section 3.1
BIN = 10  # side of a colour class on the ab plane, same paper, section 2.1
BINS = 23  # classes a side: ab -115..115


def psnr(output: Tensor, truth: Tensor) -> float:
    """Return the peak signal-to-noise ratio of RGB in [0, 1], dB; infinite where the pictures agree."""
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
    """Euclidean distance in ab of two Lab pictures `[3, H, W]` -> `[H, W]`, Lab units."""
    return torch.linalg.vector_norm(output[1:] - truth[1:], dim=0)


def colorfulness(rgb: Tensor, *, signed: bool) -> float:
    """Return how colourful a picture `[3, H, W]` in [0, 1] is: 0 is grey, photographs are about 40.

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
    a, b = (lab[1:] / BIN + BINS / 2).floor().long().clamp(0, BINS - 1)
    return a * BINS + b


def error_counts(errors: Tensor, classes: Tensor) -> Tensor:
    """Count the pixels of each class by their error: `[BINS^2, MOST_ERROR + 1]` float64.

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


# sketch uint8 [3, H, W], value indices [N, A] -> coloured pictures float [N, 3, H, W] in [0, 1]
ColorFunction = Callable[[Tensor, Tensor], Tensor]
