"""A region's colour: where a picture says it, which it is, and exactly that which was asked.

A region's colour is its median, over pixels that are all its own and on no line. Half of them may be shaded,
or grained as paper is, without its moving.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image

from condcolor.attributes import RGB
from condcolor.recoloring import Regions
from condcolor.wishes import Wish

WHOLE = 0.98  # cover from which a pixel is all its region's
LIT = 0.9  # of the light most of a region has: a pixel with less is on a line
FEWEST = 9  # pixels that say a colour
EVEN, MOSTLY = 3, 0.9  # levels of 255 that this share of a flat fill's pixels is off at most
NOISE = 8  # levels: what is off by less in a flat fill is no relief


def lock(regions: Regions, wishes: Mapping[str, Wish]) -> Image.Image:
    """The picture painted as `regions.painted` does it, each region's colour exactly the one asked.

    A flat fill becomes that colour in every pixel; a shaded one keeps its relief around it. Wishes that
    ask for no colour are left as they are.
    """
    pixels = np.ascontiguousarray(regions.pixels(wishes))
    for name, wish in wishes.items():
        if not wish.left:
            _snap(pixels, regions, name, wish.color(regions.colors[name]))
    return regions.as_image(pixels)


def core(regions: Regions, name: str) -> np.ndarray:
    """`[H, W]` bool: the pixels that say the region's colour; none where the picture does not show it."""
    inside = regions.covers[regions.schema.names.index(name)] >= WHOLE
    if inside.any():
        light = regions.lines.mean(axis=0)
        inside &= light >= LIT * np.median(light[inside])
    return inside if inside.sum() >= FEWEST else np.zeros_like(inside)


def usual_color(rgb: np.ndarray, inside: np.ndarray) -> RGB | None:
    """The lower median of `rgb [H, W, 3]` uint8 in `inside [H, W]` bool; None where that is empty."""
    values = rgb[inside]
    if not len(values):
        return None
    middle = (len(values) - 1) // 2
    red, green, blue = np.partition(values, middle, axis=0)[middle].tolist()
    return red, green, blue


def _snap(
    pixels: np.ndarray, regions: Regions, name: str, color: tuple[float, float, float]
) -> None:
    """Move one region of `pixels [H, W, 3]` uint8, in place, so that its median is `color`."""
    inside = core(regions, name)
    found = usual_color(pixels, inside)
    if found is None:
        return
    target = np.round(color)
    move = target - found
    if move.any():
        part = regions.mask(name)  # soft edges and lines move by as much of them as is the region's
        part[inside] = 1  # all alike, so that the median moves by just that
        near = part > 0
        moved = pixels[near] + part[near, None] * move
        pixels[near] = moved.round().clip(0, 255)
    off = abs(pixels - target).max(axis=-1)
    if (off[inside] <= EVEN).mean() >= MOSTLY:
        pixels[inside & (off <= NOISE)] = target
