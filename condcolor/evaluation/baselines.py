"""Baselines for sketches: the sketch as it is, a flat fill of what the lines enclose."""

from __future__ import annotations

import torch
from torch import Tensor

from condcolor.conditions.schema import NOT_APPLICABLE, AttributeSchema
from condcolor.evaluation.metrics import DARK, ColorFunction

FLOODED = 195 / 255  # least lightness of ground and fill; darker pixels are lines


def grey(sketch: Tensor, values: Tensor) -> Tensor:
    """Return the sketch as it is, once for each row of `values`; a `ColorFunction`."""
    return (sketch.float() / 255).expand(len(values), *sketch.shape)


def flat_fill(schema: AttributeSchema) -> ColorFunction:
    """Return a function that fills all that the lines enclose with the mean of the colors asked."""
    palettes = {
        i: torch.tensor(a.palette).float() / 255
        for i, a in enumerate(schema.attributes)
        if all(a.palette)
    }

    def color(sketch: Tensor, values: Tensor) -> Tensor:
        light = sketch.float() / 255
        inside = _enclosed(light.mean(0))
        colored = light.expand(len(values), *light.shape).clone()
        if palettes:
            colors = torch.stack([p[values[:, i]] for i, p in palettes.items()])  # (A, N, 3)
            applies = torch.stack([values[:, i] != NOT_APPLICABLE for i in palettes])[..., None]
            count = applies.sum(0)
            mean = torch.where(count > 0, (colors * applies).sum(0) / count.clamp(min=1), 1.0)
            colored[:, :, inside] *= mean[:, :, None]
        return colored

    return color


def _enclosed(light: Tensor) -> Tensor:
    """Return the pixels `[H, W]` bool that lines enclose, of a lightness `[H, W]` in [0, 1].

    A flood of the ground from outside the border, up, down and sideways, does not reach them.
    """
    from scipy.ndimage import binary_fill_holes

    lines = (light < FLOODED).numpy()
    return torch.from_numpy(binary_fill_holes(lines)) & (light > DARK)
