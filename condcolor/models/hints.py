"""Hints in a network: brought to the levels of an encoder, near by and to places that look alike."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from condcolor.conditions.hints import HINT_PLANES

# planes joined to each of an encoder's maps: the hints near by, those of alike places, and two of 0, since
# convolutions of 8 k channels are faster by a sixth of a training step
JOINED = 8
SPREAD_LEVEL = 3  # of the encoder's features at which hints are spread: 1/16
NEVER = -1e4  # score of a place without a hint; its attention is 0


def pooled_hints(hints: Tensor, levels: int) -> list[Tensor]:
    """Return hints `[B, 3, H, W]` at 1/2, 1/4, ... of their size: the mean of the given a and b, and a mask.

    The mask of a cell is 1 where any pixel of it is given.
    """
    given = hints[:, 2:]
    planes = torch.cat((hints[:, :2] * given, given), dim=1)
    pooled = []
    for _ in range(levels):
        planes = F.avg_pool2d(planes, 2)
        share = planes[:, 2:]
        pooled.append(
            torch.cat((planes[:, :2] / share.clamp_min(1e-6), (share > 0).float()), dim=1)
        )
    return pooled


class HintSpread(nn.Module):
    """Hints brought to places that look alike, however far: cross-attention from every place to the hints.

    Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1) between normalized projections of an
    encoder's features, less a learned multiple of the squared distance. Keys are the places with a hint, and
    one that stands for none of them, whose values are 0.
    """

    def __init__(self, channels: int, width: int = 32):
        super().__init__()
        self.query = nn.Conv2d(channels, width, 1)
        self.key = nn.Conv2d(channels, width, 1)
        # inverse temperature, weight of the squared distance, score of none
        self.scale = nn.Parameter(torch.tensor(8.0))
        self.near = nn.Parameter(torch.tensor(4.0))
        self.none = nn.Parameter(torch.tensor(4.0))

    def planes(self, maps: Sequence[Tensor], hints: Tensor) -> list[Tensor]:
        """Return what is joined to each of an encoder's maps, `[B, JOINED, h, w]`.

        Args:
            maps: features `[B, C, h, w]` at 1/2, 1/4, ... of the picture's size.
            hints: `[B, 3, H, W]`: a, b in [-1, 1], and a mask of what is given.
        """
        near = pooled_hints(hints, len(maps))
        alike = self(maps[SPREAD_LEVEL], near[SPREAD_LEVEL])
        sizes = [tuple(each.shape[-2:]) for each in maps]
        spread = [F.interpolate(alike, size=size, mode="bilinear") for size in sizes]
        none = [each[:, :1].expand(-1, JOINED - 2 * HINT_PLANES, -1, -1) * 0 for each in near]
        return [torch.cat(three, dim=1) for three in zip(near, spread, none, strict=True)]

    def forward(self, features: Tensor, hints: Tensor) -> Tensor:
        """`[B, C, h, w]` and hints `[B, 3, h, w]` -> a, b and the attention paid to hints, `[B, 3, h, w]`."""
        height, width = features.shape[-2:]
        query, key = (
            F.normalize(p(features).float().flatten(2), dim=1) for p in (self.query, self.key)
        )
        rows = torch.arange(height, device=features.device) / height
        columns = torch.arange(width, device=features.device) / width
        place = torch.stack(torch.meshgrid(rows, columns, indexing="ij")).flatten(1)  # (2, N)
        apart = (place[:, :, None] - place[:, None]).square().sum(dim=0)  # (N, N)
        scores = self.scale * torch.einsum("bci,bcj->bij", query, key) - self.near * apart
        values = hints.float().flatten(2)  # (B, 3, N)
        scores = scores.masked_fill(values[:, 2:] == 0, NEVER)
        none = self.none.expand(*scores.shape[:2], 1)
        attention = torch.cat((scores, none), dim=2).softmax(dim=2)[:, :, :-1]
        return torch.einsum("bij,bcj->bci", attention, values).unflatten(2, (height, width))
