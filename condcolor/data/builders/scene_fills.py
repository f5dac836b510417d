"""Fills of cutouts: hair or clothes in solid black or hatched."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from condcolor.conditions.parts import part_index
from condcolor.data.builders.cutouts import GROUND, NO_PART, OTHER, Cutout

_HAIR, _SHIRT = part_index("hair"), part_index("shirt")
_DARK = 100  # grey level below which a fill is dark
_TONED = 226  # grey level below which an even fill is grey
_EVEN = 12  # grey levels; pixels beside each other that differ less are a fill
_WHITE = 140  # grey level above which a pixel is no line
_UNIT = 288  # side of a cutout that lengths are given for, in pixels
_SOLID_HAIR, _SOLID_SHIRT, _HATCHED = 0.13, 0.04, 0.10  # shares of the cutouts


def find_solid(cutout: Cutout) -> np.ndarray:
    """Return which pixels of a cutout are dark or even grey fills, no lines: `[side, side]` bool."""
    is_labelled = (cutout.parts != GROUND) & (cutout.parts != NO_PART)
    dark = is_labelled & (cutout.parts != OTHER) & (cutout.grey < _DARK)
    grey, even = cutout.grey.astype(np.int16), np.zeros(dark.shape, bool)
    across = np.abs(grey[1:-1, 2:] - grey[1:-1, :-2])
    down = np.abs(grey[2:, 1:-1] - grey[:-2, 1:-1])
    even[1:-1, 1:-1] = (across < _EVEN) & (down < _EVEN)
    return dark | (is_labelled & even & (grey < _TONED))


def vary_fills(rng: np.random.Generator, cutout: Cutout) -> Cutout:
    """Return the cutout with solid or hatched hair or clothes, or as it is; its parts stay."""
    kind, *pick = rng.random(2)
    if kind < _SOLID_HAIR + _SOLID_SHIRT:
        part, fill = _HAIR if kind < _SOLID_HAIR else _SHIRT, _solid
    elif kind < _SOLID_HAIR + _SOLID_SHIRT + _HATCHED:
        part, fill = _HAIR if pick[0] < 0.6 else _SHIRT, _hatched
    else:
        return cutout
    area = (cutout.parts == part) & (cutout.grey > _WHITE)
    return cutout._replace(grey=fill(rng, cutout.grey, area)) if area.any() else cutout


def _solid(rng: np.random.Generator, grey: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Make an area black or dark grey, half of them but for a highlight."""
    level = rng.choice((0, 0, 0, 30, 60))
    if rng.random() < 0.5:
        ys, xs = area.nonzero()
        at = rng.integers(len(ys))
        wide = rng.uniform(0.04, 0.16) * len(grey)
        high = wide / 2 * rng.uniform(0.4, 1)
        y, x = np.ogrid[: len(grey), : len(grey)]
        area = area & (((y - ys[at]) / high) ** 2 + ((x - xs[at]) / wide) ** 2 >= 1)
    return np.where(area, level, grey).astype(np.uint8)


def _hatched(rng: np.random.Generator, grey: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Draw parallel, wavy strokes in an area."""
    side = len(grey)
    unit = side / _UNIT
    image = Image.new("L", (side, side), 255)
    draw = ImageDraw.Draw(image)
    width = max(1, round(int(rng.integers(1, 4)) * unit))
    step, wave = rng.uniform(5, 22) * unit, rng.uniform(0, 8) * unit
    angle = rng.uniform(0, math.pi)
    cos, sin = math.cos(angle), math.sin(angle)
    for offset in np.arange(-side, 2 * side, step):
        if rng.random() < 0.2:
            continue
        first = rng.uniform(-side, side / 2)
        along = np.linspace(first, first + rng.uniform(0.1, 2) * side, 8)
        across = offset - side / 2 + wave * np.sin(along / (25 * unit))
        xs = side / 2 + cos * along - sin * across
        ys = side / 2 + sin * along + cos * across
        tone = int(rng.choice((0, 0, 60, 120)))
        draw.line(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=tone, width=width)
    return np.where(area, np.minimum(grey, np.asarray(image)), grey).astype(np.uint8)
