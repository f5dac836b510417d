"""Measures of coloured pictures. Pictures are float RGB in [0, 1]; distances are CIEDE2000.

Where colours are compared, pictures are Lab *pixels*: `[..., 3, P]`, the P = H * W pixels in a row. They
are made once for all measures, and regions are `[P]` bool.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from condcolor.color import delta_e_2000, srgb_to_lab

TOUCHED = 2 / 255  # a pixel that differs by no more than this is the same
PURE = 0.9  # share of an attribute's largest difference from which a pixel is all its own
UNCHANGED = 0.01  # CIEDE2000 under which nothing has changed
DARK = 0.3  # lightness (mean of R, G, B) below which a pixel is a line; red and brown are above
WHITE = 250 / 255  # from here on a pixel of sketch and targets counts as white ground


def lab_pixels(pictures: Tensor) -> Tensor:
    """RGB pictures `[N, 3, H, W]` -> Lab pixels `[N, 3, H * W]`."""
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
    """How far a pixel changes within a group: the largest over groups and channels, `[H, W]`.

    Args:
        pictures: `[N, 3, H, W]`.
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
    """F1 of the dark pixels of `pictures [N, 3, H, W]` as a finding of those of `sketch [3, H, W]`.

    NaN where there is no dark pixel in either.
    """
    lines, found = sketch.mean(-3) < DARK, pictures.mean(-3) < DARK
    both = (lines & found).sum()
    return float(2 * both / (len(found) * lines.sum() + found.sum()))


def mse(output: Tensor, target: Tensor) -> float:
    """Mean squared error on pixels scaled to [-1, 1]: four times that of pictures in [0, 1]."""
    return float(4 * (output - target).square().mean())
