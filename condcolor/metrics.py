"""Measures of coloured pictures. Pictures are float RGB in [0, 1]; distances are CIEDE2000."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from condcolor.color import delta_e_2000, srgb_to_lab

TOUCHED = 2 / 255  # a pixel that differs by no more than this is the same
PURE = 0.9  # share of an attribute's largest difference from which a pixel is all its own
DARK = 0.3  # lightness (mean of R, G, B) below which a pixel is a line; red and brown are above
WHITE = 250 / 255  # from here on a pixel of sketch and targets counts as white ground


def mean_lab(picture: Tensor, region: Tensor) -> Tensor:
    """Mean Lab colour `[..., 3]` of `picture [..., 3, H, W]` over the pixels of `region [H, W]` bool."""
    return srgb_to_lab(picture)[..., region].mean(dim=-1)


def difference(first: Tensor, second: Tensor) -> Tensor:
    """CIEDE2000 of two RGB pictures `[..., 3, H, W]` -> `[..., H, W]`."""
    return delta_e_2000(srgb_to_lab(first), srgb_to_lab(second))


def color_distances(lab: Tensor, palette: Tensor) -> Tensor:
    """CIEDE2000 of colours `lab [N, 3]` to each of `palette [V, 3]` (RGB in [0, 1]) -> `[N, V]`."""
    palette_lab = srgb_to_lab(palette[:, :, None, None])  # (V, 3, 1, 1)
    return delta_e_2000(lab[:, None, :, None, None], palette_lab[None])[..., 0, 0]


def spread(pictures: Tensor, groups: Sequence[Tensor]) -> Tensor:
    """How far a pixel changes within a group: the largest over groups and channels, `[H, W]`.

    Args:
        pictures: `[N, 3, H, W]`.
        groups: indices of pictures that differ in one attribute only.
    """
    ranges = [pictures[g].amax(0) - pictures[g].amin(0) for g in groups]  # each (3, H, W)
    return torch.stack(ranges).amax(dim=(0, 1))


def groups_by(values: Tensor, attribute: int) -> list[Tensor]:
    """Rows of `values [N, A]` that agree in all but `attribute`, as index groups of two or more."""
    others = torch.cat((values[:, :attribute], values[:, attribute + 1 :]), dim=1)
    _, group = torch.unique(others, dim=0, return_inverse=True)
    groups = [torch.nonzero(group == g).flatten() for g in range(int(group.max()) + 1)]
    return [g for g in groups if len(torch.unique(values[g, attribute])) > 1]


def leakage(pictures: Tensor, groups: Sequence[Tensor], inside: Tensor, outside: Tensor) -> float:
    """Mean change outside an attribute's region over the mean change inside, 0 is perfect.

    Each picture of a group is compared with the next, so every value is compared twice.

    Args:
        pictures: `[N, 3, H, W]`, outputs.
        groups: index groups of pictures that differ in this attribute only.
        inside, outside: bool `[H, W]`.
    """
    first = torch.cat(list(groups))
    second = torch.cat([g.roll(1) for g in groups])
    lab = srgb_to_lab(pictures)
    change = torch.stack(
        [delta_e_2000(lab[i], lab[j]) for i, j in zip(first, second, strict=True)]
    ).mean(0)
    return float(change[outside].mean() / change[inside].mean().clamp_min(1e-6))


def haze(picture: Tensor, ground: Tensor) -> Tensor:
    """Mean CIEDE2000 to white of `picture [..., 3, H, W]` over the white ground `[H, W]` -> `[...]`."""
    white = torch.ones_like(picture[..., :1, :1])
    return delta_e_2000(srgb_to_lab(picture), srgb_to_lab(white))[..., ground].mean(-1)


def line_f1(sketch: Tensor, picture: Tensor) -> float:
    """F1 of the dark pixels of `picture [..., 3, H, W]` as a finding of those of `sketch [3, H, W]`."""
    lines, found = sketch.mean(-3) < DARK, picture.mean(-3) < DARK
    lines = lines.expand_as(found)
    both = (lines & found).sum()
    return float(2 * both / (lines.sum() + found.sum()).clamp_min(1))


def mse(output: Tensor, target: Tensor) -> float:
    """Mean squared error on pixels scaled to [-1, 1]: four times that of pictures in [0, 1]."""
    return float(4 * (output - target).square().mean())
