"""Colours of a small picture brought to a large one's size, along the edges of its lightness.

Around each pixel of the small picture the colour is taken for a linear function of the lightness, as the
guided filter does (He, Sun and Tang 2013; its fast form He and Sun 2015). But where that filter then
averages, and so bleeds colours that are as light as each other, the function here goes through the
pixel's own colour, as residual interpolation does (Kiku et al. 2013). Enlarged by bicubic interpolation
and fed with the large picture's lightness, it lets the colour change where the lightness does, and
where the lightness is flat it is plain interpolation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

BAND_PIXELS = (
    2**18
)  # worked on at a time: 3 MB of RGB floats; smaller bands wait for each other more
REACH = 3  # rows: what bicubic interpolation (4 taps) can look at beside a place, and one more


def linear_model(guide: Tensor, planes: Tensor, flat: float) -> Tensor:
    """Slope and offset of `planes = slope * guide + offset`, fitted in 3x3 windows.

    Args:
        guide: `[B, 1, h, w]`.
        planes: `[B, C, h, w]`.
        flat: variance of the guide below which a window counts as flat (He et al. 2013, epsilon).

    Returns:
        `[B, 2 C, h, w]`, the slopes first.
    """
    mean, planes_mean = _mean3(guide), _mean3(planes)
    variance = _mean3(guide * guide) - mean * mean
    covariance = _mean3(guide * planes) - mean * planes_mean
    slope = covariance / (variance.clamp_min(0) + flat)
    return torch.cat((slope, planes - slope * guide), dim=1)


def enlarged(planes: Tensor, size: tuple[int, int]) -> Iterator[tuple[slice, Tensor]]:
    """`planes [B, C, h, w]` at `size` (H, W), bicubic, in bands from the top down.

    The same as `F.interpolate` of the whole, of which only a band of BAND_PIXELS is ever there.

    Yields:
        The rows of the band, and the band `[B, C, rows, W]`.
    """
    height, width = size
    low = planes.shape[-2]
    wide = F.interpolate(planes, size=(low, width), mode="bicubic")
    step = max(1, BAND_PIXELS // width)
    for top in range(0, height, step):
        rows = slice(top, min(top + step, height))
        first = max(0, top * low // height - REACH)
        near = slice(first, min(low, rows.stop * low // height + REACH + 1))
        weights = _row_weights(rows, height, low)[:, near]
        yield rows, weights @ wide[:, :, near]


def _row_weights(rows: slice, height: int, low: int) -> Tensor:
    """`[rows, low]`: how much of each small row is in those of the `height` large ones.

    Keys' cubic convolution (1981) with a = -0.75, edges repeated, as `F.interpolate` has it.
    """
    place = (torch.arange(rows.start, rows.stop) + 0.5) * (low / height) - 0.5
    weights = torch.zeros(len(place), low)
    for tap in range(-1, 3):
        row = place.floor() + tap
        distance = (place - row).abs()
        near = (1.25 * distance - 2.25) * distance**2 + 1
        far = -0.75 * (((distance - 5) * distance + 8) * distance - 4)
        share = torch.where(distance <= 1, near, far)
        weights.scatter_add_(1, row.clamp(0, low - 1).long()[:, None], share[:, None])
    return weights


def joined3(wide: Tensor, join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """All of each 3x3 window joined: `[B, C, H + 2, W + 2]` -> `[B, C, H, W]`.

    By rows and then by columns: on the CPU that is ten times as fast as torch's poolings.
    """
    rows = join(join(wide[:, :, :-2], wide[:, :, 1:-1]), wide[:, :, 2:])
    return join(join(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])


def _mean3(planes: Tensor) -> Tensor:
    """The mean of each pixel's 3x3 window, edges repeated."""
    return joined3(F.pad(planes, (1, 1, 1, 1), mode="replicate"), torch.add) / 9
