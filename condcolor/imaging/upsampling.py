"""Colors of a small picture brought to a large one's size, along the edges of its lightness.

Around each pixel of the small picture the color is taken for a linear function of the lightness, as the
guided filter does (He, Sun and Tang 2013; its fast form He and Sun 2015). But where that filter then
averages, and so bleeds colors that are as light as each other, the function here goes through the
pixel's own color, as residual interpolation does (Kiku et al. 2013). Enlarged by bicubic interpolation
and fed with the large picture's lightness, it lets the color change where the lightness does, and
where the lightness is flat it is plain interpolation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


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


def linear(distance: Tensor) -> Tensor:
    """Bilinear interpolation's weight of a row that is so many rows away, up to 1."""
    return 1 - distance


def cubic(distance: Tensor) -> Tensor:
    """Keys' cubic convolution (1981) with a = -0.75, as `F.interpolate` has it, up to 2 rows away."""
    near = (1.25 * distance - 2.25) * distance**2 + 1
    far = -0.75 * (((distance - 5) * distance + 8) * distance - 4)
    return torch.where(distance <= 1, near, far)


def rows_at(
    positions: np.ndarray | Tensor, planes: Tensor, kernel: Callable[[Tensor], Tensor], taps: int
) -> Tensor:
    """`planes [B, K, h, W]` at other rows, interpolated: `[B, K, R, W]`. Edges are repeated.

    With `planes` as wide already, the same as `F.interpolate` with that kernel.

    Args:
        positions: `[R]` float, the rows, 0 the middle of the first.
        kernel: a row's weight by its distance.
        taps: rows that have one, an even number.
    """
    positions = torch.as_tensor(positions, device=planes.device)
    low = planes.shape[-2]
    weights = planes.new_zeros(positions.shape[0], low)
    for tap in range(1 - taps // 2, taps // 2 + 1):
        row = positions.floor() + tap
        share = kernel((positions - row).abs())
        weights = weights.scatter_add(1, row.clamp(0, low - 1).long()[:, None], share[:, None])
    return weights @ planes


def shrunk(planes: Tensor, size: Sequence[int]) -> Tensor:
    """`planes [B, C, H, W]` as means over areas, `F.interpolate` with mode "area", at `size` (h, w)."""
    if tuple(planes.shape[-2:]) == tuple(size):
        return planes
    if not torch.compiler.is_exporting():
        return F.interpolate(planes, size=list(size), mode="area")
    down, across = (_areas(planes.shape[d], size[d]) for d in (-2, -1))
    return down @ planes @ across.T


def _areas(length: int, count: int) -> Tensor:
    """`[count, length]`: the weights of such means along one side, for graphs of any size."""
    start = torch.arange(count)[:, None] * length
    first, end = start // count, (start + length + count - 1) // count
    there = torch.arange(length)
    return ((there >= first) & (there < end)).float() / (end - first)


def joined3(wide: Tensor, join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """All of each 3x3 window joined: `[B, C, H + 2, W + 2]` -> `[B, C, H, W]`.

    By rows and then by columns: on the CPU that is ten times as fast as torch's poolings.
    """
    rows = join(join(wide[:, :, :-2], wide[:, :, 1:-1]), wide[:, :, 2:])
    return join(join(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])


def _mean3(planes: Tensor) -> Tensor:
    """The mean of each pixel's 3x3 window, edges repeated."""
    return joined3(F.pad(planes, (1, 1, 1, 1), mode="replicate"), torch.add) / 9
