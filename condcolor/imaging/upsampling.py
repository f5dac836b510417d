"""Guided upsampling: colors of a small picture brought to full size along its edges.

Around each pixel of the small picture, color is modeled as a linear function of lightness, as in the guided
filter (He, Sun and Tang 2013; its fast form He and Sun 2015). The guided filter then averages the functions,
which bleeds neighboring colors of equal lightness. Here the function passes through the pixel's own color,
as in residual interpolation (Kiku et al. 2013). Its coefficients are enlarged by bicubic interpolation and
applied to the lightness of the full-size picture: color edges follow lightness edges, and where the
lightness is flat this is bicubic interpolation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def linear_model(guide: Tensor, planes: Tensor, flat: float) -> Tensor:
    """Fit `planes = slope * guide + offset` in 3x3 windows.

    Args:
        guide: `[B, 1, h, w]`.
        planes: `[B, C, h, w]`.
        flat: variance of the guide below which a window counts as flat (epsilon of He et al. 2013).

    Returns:
        `[B, 2 C, h, w]`, the slopes first.
    """
    mean, planes_mean = _mean3(guide), _mean3(planes)
    variance = _mean3(guide * guide) - mean * mean
    covariance = _mean3(guide * planes) - mean * planes_mean
    slope = covariance / (variance.clamp_min(0) + flat)
    return torch.cat((slope, planes - slope * guide), dim=1)


def linear(distance: Tensor) -> Tensor:
    """Return the linear interpolation kernel at `distance` rows in [0, 1]."""
    return 1 - distance


def cubic(distance: Tensor) -> Tensor:
    """Return Keys' cubic kernel (1981; a = -0.75, as in `F.interpolate`) at `distance` rows in [0, 2]."""
    near = (1.25 * distance - 2.25) * distance**2 + 1
    far = -0.75 * (((distance - 5) * distance + 8) * distance - 4)
    return torch.where(distance <= 1, near, far)


def rows_at(
    positions: np.ndarray | Tensor, planes: Tensor, kernel: Callable[[Tensor], Tensor], taps: int
) -> Tensor:
    """Interpolate `planes [B, K, h, W]` at row positions: `[B, K, R, W]`. Edge rows are repeated.

    The vertical half of `F.interpolate` with the same kernel.

    Args:
        positions: `[R]` float, in rows of `planes`; 0 is the center of the first row.
        kernel: weight of a row by its distance.
        taps: rows with a weight, an even number.
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
    """Reduce `planes [B, C, H, W]` to `size` (h, w) by area means, as `F.interpolate(mode="area")`."""
    if tuple(planes.shape[-2:]) == tuple(size):
        return planes
    if not torch.compiler.is_exporting():
        return F.interpolate(planes, size=list(size), mode="area")
    down, across = (_areas(planes.shape[d], size[d]) for d in (-2, -1))
    return down @ planes @ across.T


def _areas(length: int, count: int) -> Tensor:
    """Return the matrix `[count, length]` of area means along one axis, for exported graphs of any size."""
    start = torch.arange(count)[:, None] * length
    first, end = start // count, (start + length + count - 1) // count
    pixels = torch.arange(length)
    return ((pixels >= first) & (pixels < end)).float() / (end - first)


def joined3(wide: Tensor, join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Reduce each 3x3 window by `join`: `[B, C, H + 2, W + 2]` -> `[B, C, H, W]`.

    Separable, rows first: on a CPU ten times as fast as torch's pooling.
    """
    rows = join(join(wide[:, :, :-2], wide[:, :, 1:-1]), wide[:, :, 2:])
    return join(join(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])


def _mean3(planes: Tensor) -> Tensor:
    """Return the mean of each pixel's 3x3 window, edge pixels repeated."""
    return joined3(F.pad(planes, (1, 1, 1, 1), mode="replicate"), torch.add) / 9
