"""The color of a region of a colored picture: measured, and made exactly the one that was asked.

It is the median of the pixels that lie wholly in the region and on no line, so that shading or paper grain on
up to half of them does not move it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image

from condcolor.conditions.color_spec import ColorSpec
from condcolor.conditions.colors import RGB
from condcolor.imaging.regions import Regions

WHOLE = 0.98  # cover from which a pixel lies wholly in a region
LIT = 0.9  # share of the region's median light below which a pixel is on a line
FEWEST = 9  # pixels that measure a color
EVEN, MOSTLY = 3, 0.9  # a fill is flat where this share of its pixels is at most so many levels off
NOISE = 8  # levels up to which a deviation in a flat fill is no relief


def lock(regions: Regions, specs: Mapping[str, ColorSpec]) -> Image.Image:
    """Return the picture as `regions.recolor` does, with the median of each region exactly its color.

    A flat fill gets that color in every pixel; a shaded one keeps its relief around it. Parts without a color
    (`none`, `keep`) are unchanged.
    """
    pixels = np.ascontiguousarray(regions.pixels(specs))
    for name, spec in specs.items():
        if not spec.left:
            _snap(pixels, regions, name, spec.color(regions.colors[name]))
    return regions.as_image(pixels)


def core(regions: Regions, name: str) -> np.ndarray:
    """Return the pixels that measure the region's color, `[H, W]` bool; all False where they are too few."""
    inside = regions.covers[regions.schema.names.index(name)] >= WHOLE
    if inside.any():
        light = regions.lines.mean(axis=0)
        inside &= light >= LIT * np.median(light[inside])
    return inside if inside.sum() >= FEWEST else np.zeros_like(inside)


def usual_color(rgb: np.ndarray, inside: np.ndarray) -> RGB | None:
    """Return the lower median of `rgb [H, W, 3]` uint8 in `inside [H, W]` bool; None where that is empty."""
    values = rgb[inside]
    if not len(values):
        return None
    middle = (len(values) - 1) // 2
    red, green, blue = np.partition(values, middle, axis=0)[middle].tolist()
    return red, green, blue


def _snap(
    pixels: np.ndarray, regions: Regions, name: str, color: tuple[float, float, float]
) -> None:
    """Shift one region of `pixels [H, W, 3]` uint8, in place, so that its median is `color`."""
    inside = core(regions, name)
    usual = usual_color(pixels, inside)
    if usual is None:
        return
    target = np.round(color)
    move = target - usual
    if move.any():
        part = regions.mask(name)  # soft edges and lines move by the region's part of the pixel
        part[inside] = 1  # the core moves as one, and its median with it
        near = part > 0
        moved = pixels[near] + part[near, None] * move
        pixels[near] = moved.round().clip(0, 255)
    off = abs(pixels - target).max(axis=-1)
    if (off[inside] <= EVEN).mean() >= MOSTLY:
        pixels[inside & (off <= NOISE)] = target
