"""Tones of cutouts: parts in grey, evenly, as a gradient or shaded on one side; lines paler in places."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from condcolor.conditions.parts import part_index
from condcolor.data.builders.cutouts import Cutout

_SHARES = {"hair": 0.42, "shirt": 0.2, "skin": 0.18, "trousers": 0.08, "hat": 0.08, "other": 0.04}
_WHITE = 140  # grey level above which a pixel is no line
_LEAST = 40  # pixels; a smaller part stays white
_TONED = 0.89  # of white, below which a pixel counts as a fill
_PALE_CELLS = 5  # of the noise that says where lines are paler, each way


def tone_parts(rng: np.random.Generator, cutout: Cutout) -> tuple[Cutout, np.ndarray]:
    """Make one or two parts grey.

    Returns:
        The cutout, and which of its pixels are now a grey fill: `[side, side]` bool.
    """
    grey, toned = cutout.grey.copy(), np.zeros(cutout.grey.shape, bool)
    for _ in range(1 if rng.random() < 0.7 else 2):
        part = str(rng.choice(list(_SHARES), p=list(_SHARES.values())))
        whole = cutout.parts == part_index(part)
        area = whole & (grey > _WHITE)
        if area.sum() < _LEAST:
            continue
        darkest, kind = rng.uniform(105, 235) / 255, rng.random()
        if part == "skin" and rng.random() < 0.5:
            tone = _shaven(rng, area, darkest)
        elif kind < 0.35:
            tone = np.full(grey.shape, darkest)
        elif kind < 0.65:
            tone = _gradient(rng, area, darkest)
        else:  # the side that the light does not reach
            shift = np.rint(rng.normal(0, 0.05 * len(grey), 2)).astype(int)
            tone = np.where(np.roll(whole, shift, (0, 1)), 1.0, darkest)
        grey[area] = (grey * tone)[area].astype(np.uint8)
        toned |= area & (tone < _TONED)
    return cutout._replace(grey=grey), toned


def _shaven(rng: np.random.Generator, area: np.ndarray, darkest: float) -> np.ndarray:
    """Return a band of grey at the upper or the lower end of an area, some fading downwards."""
    rows = np.flatnonzero(area.any(axis=1))
    high = rng.uniform(0.12, 0.5) * (rows[-1] + 1 - rows[0])
    top = rows[0] if rng.random() < 0.75 else rows[-1] + 1 - high
    depth = (np.arange(len(area))[:, None] - top) / high
    fading = rng.random() >= 0.3
    tone = darkest + (1 - darkest) * depth * fading
    return np.where((depth >= 0) & (depth < 1), tone, 1.0) * np.ones(area.shape)


def _gradient(rng: np.random.Generator, area: np.ndarray, darkest: float) -> np.ndarray:
    """Return a tone that falls from white to `darkest` across an area."""
    ys, xs = area.nonzero()
    angle, steepness = rng.uniform(0, 2 * math.pi), rng.uniform(0.8, 2)
    y, x = np.mgrid[: area.shape[0], : area.shape[1]]
    along = math.cos(angle) * (x - xs.mean()) / max(np.ptp(xs), 1)
    along = along + math.sin(angle) * (y - ys.mean()) / max(np.ptp(ys), 1)
    return (darkest + (1 - darkest) * (along * steepness + 0.5)).clip(darkest, 1)


def pale_lines(rng: np.random.Generator, cutout: Cutout, solid: np.ndarray) -> Cutout:
    """Return the cutout with paler lines in some places; fills, which `solid` says, stay."""
    side = len(cutout.grey)
    grid = rng.integers(0, 256, (_PALE_CELLS, _PALE_CELLS), dtype=np.uint8)
    noise = np.asarray(Image.fromarray(grid).resize((side, side), Image.Resampling.BICUBIC)) / 255
    share = ((noise - rng.uniform(0.2, 0.6)) * 6).clip(0, 1) * rng.uniform(0.3, 0.8)
    pale = 255 - (255.0 - cutout.grey) * (1 - share)
    return cutout._replace(grey=np.where(solid, cutout.grey, pale).astype(np.uint8))
