"""Shirts of cutouts cut down to tank tops: the shoulders outside the straps become skin."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from condcolor.conditions.parts import part_index
from condcolor.data.builders.cutouts import NO_PART, Cutout

_SHIRT, _SKIN = part_index("shirt"), part_index("skin")
_UNIT = 288  # side of a cutout that line widths are given for, in pixels
_LEAST_WIDE = 0.3  # of the square; a narrower shirt has no shoulders to bare


def bare_shoulders(rng: np.random.Generator, cutout: Cutout) -> Cutout:
    """Return the cutout with a tank top in place of a shirt that goes down to the lower edge, or as it is."""
    side = len(cutout.parts)
    shirt = cutout.parts == _SHIRT
    rows, columns = (np.flatnonzero(shirt.any(axis=axis)) for axis in (1, 0))
    if not len(rows) or rows[-1] < 0.9 * side or np.ptp(columns) < _LEAST_WIDE * side:
        return cutout
    top, high = rows[0], np.ptp(rows) + 1
    middle, half = (columns[0] + columns[-1]) / 2, np.ptp(columns) / 2
    strap, armpit = rng.uniform(0.35, 0.7), rng.uniform(0.72, 1.0)  # distances in half widths
    end = top + high * rng.uniform(0.5, 1.0)
    y, x = np.ogrid[:side, :side]
    down = ((y - top) / (end - top)).clip(0, 1)
    edge = half * (strap + (armpit - strap) * down ** rng.uniform(1.5, 4))
    bare = shirt & (y < end) & (np.abs(x - middle) > edge)
    width = max(1, round(rng.uniform(1.5, 7) * side / _UNIT))
    line = ndimage.binary_dilation(bare, iterations=width) & shirt & ~bare
    parts, grey = cutout.parts.copy(), cutout.grey.copy()
    parts[bare] = _SKIN
    parts[line], grey[line] = NO_PART, 0
    return Cutout(grey, parts, cutout.alpha)
