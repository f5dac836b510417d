"""A picture that was taken apart, in its colours, as layers that give it back when they are stacked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from condcolor.layers import LINES, PAPER, REST, Layers
from condcolor.recoloring import Regions
from condcolor.transparency import PAINTED, fill_behind
from condcolor.wishes import Wish

SOLID = 1 / 255  # of the light: where lines let less through, nothing below them is seen
LEAST = 1e-3  # part of a pixel below which a layer is not there


def make_layers(regions: Regions, wishes: Mapping[str, Wish]) -> Layers:
    """Layers of `regions.painted(wishes)`.

    Fills go on under the lines. What the attributes leave of a figure is the rest, which ends where the
    ground begins; under it, where the picture is opaque, lies white paper.
    """
    asked = regions.asked(wishes)
    fills = regions.fills(asked)  # (3, H, W), as all colours here, in [0, 1]
    opaque = regions.picture.alpha is None
    own = np.ones(fills.shape[1:], np.float32)
    opacity = own
    if not opaque:
        own = regions.picture.alpha.astype(np.float32) / 255
        opacity = (
            np.asarray(regions.as_image(regions.pixels_of(fills)))[..., 3].astype(np.float32) / 255
        )
    ink = ((regions.lines - (1 - own)) / np.maximum(own, 1 / 255)).clip(0, 1)
    low = ink.min(axis=0)
    line_alpha = own * (1 - low)
    tint = own * (ink - low) * fills / np.maximum(line_alpha, LEAST)
    through = 1 - line_alpha
    below = np.ones_like(own)  # how opaque all below the lines is
    if not opaque:
        seen = through >= SOLID
        below[seen] = ((opacity - line_alpha)[seen] / through[seen]).clip(0, 1)

    covered = regions.covers.sum(axis=0)
    left = 1 - covered
    rest, around = left, np.zeros_like(left)
    if opaque:
        inside = fill_behind(
            (line_alpha * 255).astype(np.uint8), fills.min(axis=0) < 1 - PAINTED / 255
        )
        # as far as the figure goes, and wherever white paper alone would not do
        rest = np.maximum(inside - covered, left - regions.rest.min(axis=0)).clip(0, left)
        around = left - rest
    solid = (through < SOLID) & (
        ink.max(axis=0) < SOLID
    )  # there, only whole parts go on: no specks, no ring of paper
    rest = np.where(solid, 0, rest)
    covers = np.where(solid & (regions.covers < 0.5), 0, regions.covers)
    stack = [(LINES, _image(tint, line_alpha, 0))]
    remaining = np.ones_like(left)
    for place, (name, cover) in enumerate(zip(regions.schema.names, covers, strict=True)):
        paint = regions.part(place, asked[name]) / np.maximum(cover, LEAST)
        color = asked[name]
        plain = (255, 255, 255) if isinstance(color, str) else np.round(color)
        alpha = _share(below * cover, remaining)
        stack.append((_layer_name(name), _image(paint, alpha, plain)))
        remaining = remaining * (1 - alpha)
    paint = (regions.rest - around) / np.maximum(rest, LEAST)
    stack.append((REST, _image(paint, _share(below * rest, remaining), 255)))
    if opaque:
        stack.append((PAPER, np.full((*left.shape, 4), 255, np.uint8)))
    names, images = zip(*stack[::-1], strict=True)
    return Layers(names, images, regions.schema)


def _share(part: np.ndarray, remaining: np.ndarray) -> np.ndarray:
    """The alpha with which a layer takes `part` of a pixel, of which those above left `remaining`.

    In steps of 1/255, as it is saved: the layers below then make up for what is rounded.
    """
    return (part / np.maximum(remaining, LEAST) * 255).round().clip(0, 255) / 255


def _image(color: np.ndarray, alpha: np.ndarray, plain: object) -> np.ndarray:
    """`[3, H, W]` and `[H, W]` float in [0, 1] -> `[H, W, 4]` uint8, `plain` where nothing is seen."""
    made = np.empty((*alpha.shape, 4), np.uint8)
    made[..., :3] = (color.transpose(1, 2, 0) * 255).round().clip(0, 255)
    made[..., 3] = (alpha * 255).round()
    made[made[..., 3] == 0, :3] = plain
    return made


def _layer_name(attribute: str) -> str:
    """The attribute's name, or another where a layer of every picture has that."""
    return f"{attribute}-part" if attribute in (LINES, REST, PAPER) else attribute
