"""Baselines for sketches: the sketch as it is, a flat fill of what the lines enclose."""

from __future__ import annotations

import torch
from torch import Tensor

from condcolor.conditions.schema import AttributeSchema
from condcolor.evaluation.metrics import DARK, ColorFunction

FLOODED = 195 / 255  # from here up a sketch's pixel is ground or fill, not line


def grey(sketch: Tensor, asked: Tensor) -> Tensor:
    """The baseline that leaves the sketch as it is; a `ColorFunction`."""
    return (sketch.float() / 255).expand(len(asked), *sketch.shape)


def flat_fill(schema: AttributeSchema) -> ColorFunction:
    """The baseline that fills all that the lines enclose with one colour: the mean of those asked."""
    palettes = [torch.tensor(a.palette).float() / 255 for a in schema.attributes if all(a.palette)]

    def color(sketch: Tensor, asked: Tensor) -> Tensor:
        light = sketch.float() / 255
        inside = _enclosed(light.mean(0))
        colored = light.expand(len(asked), *light.shape).clone()
        if palettes:
            mean = torch.stack([p[asked[:, i]] for i, p in enumerate(palettes)]).mean(0)
            colored[:, :, inside] *= mean[:, :, None]
        return colored

    return color


def _enclosed(light: Tensor) -> Tensor:
    """Return the pixels `[H, W]` bool that a flood of the ground, from outside the border, cannot reach.

    light: `[H, W]` in [0, 1]. The flood goes up, down and sideways.
    """
    from scipy.ndimage import binary_fill_holes

    lines = (light < FLOODED).numpy()
    return torch.from_numpy(binary_fill_holes(lines)) & (light > DARK)
