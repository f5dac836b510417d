"""Whether a colored picture lies on its sketch, or shifted or scaled against it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

SIDE = 128  # pixels a side of the pictures that are compared
BLUR = 1.0  # of the edges, in these pixels: neighboring lines count as equal
LEAST_SIDE = 64  # pixels; smaller pictures are not compared
FITS = 0.9  # correlation of the edges from which a picture lies on its sketch
FOUND = 0.5  # correlation from which a place is known
BETTER = 1.15  # times the correlation as it is, from which another place is the right one
LEAST_SHIFT = 0.015  # of the side; less is no fault
SCALES = (0.8, 0.84, 0.88, 0.92, 0.95, 0.97, 1.0, 1.03, 1.05, 1.08, 1.12, 1.16, 1.2, 1.25)


@dataclass(frozen=True)
class Offset:
    """How a picture lies against its sketch: shifted right and down by pixels, and scaled."""

    right: int
    down: int
    scale: float

    def __str__(self) -> str:
        parts = []
        if self.scale != 1:
            parts.append(f"about {100 * self.scale:.0f} % of its size")
        if self.right:
            parts.append(f"{abs(self.right)} px further {'right' if self.right > 0 else 'left'}")
        if self.down:
            parts.append(f"{abs(self.down)} px further {'down' if self.down > 0 else 'up'}")
        return ", ".join(parts)


def find_offset(sketch: np.ndarray, target: np.ndarray) -> Offset | None:
    """Find how a target lies against its sketch; None if it lies on it, or where that cannot be said.

    The edges of both are correlated at every shift and at SCALES. Shifts below LEAST_SHIFT are no fault.

    Args:
        sketch, target: `[H, W, 3]` uint8 of one size.
    """
    height, width = sketch.shape[:2]
    if min(height, width) < LEAST_SIDE:
        return None
    fixed = _edges(sketch, 1.0)
    moved = _edges(target, 1.0)
    if not fixed.any() or not moved.any():
        return None
    as_it_is = float((fixed * moved).sum())
    if as_it_is >= FITS:
        return None
    spectrum = np.conj(np.fft.rfft2(fixed, (2 * SIDE, 2 * SIDE)))
    best, offset = as_it_is, None
    for scale in SCALES:
        edges = moved if scale == 1 else _edges(target, 1 / scale)
        found = np.fft.irfft2(np.fft.rfft2(edges, (2 * SIDE, 2 * SIDE)) * spectrum)
        row, column = divmod(int(found.argmax()), found.shape[1])
        if found[row, column] > best:
            best = float(found[row, column])
            across, along = (n - 2 * SIDE if n >= SIDE else n for n in (column, row))
            offset = (scale, across, along)
    if offset is None or best < FOUND or best < BETTER * as_it_is:
        return None
    scale, right, down = offset
    if scale == 1 and max(abs(right), abs(down)) < LEAST_SHIFT * SIDE:
        return None
    # scaled about its left upper corner, the target was compared at the scale of the sketch
    return Offset(round(right * scale * width / SIDE), round(down * scale * height / SIDE), scale)


def _edges(rgb: np.ndarray, scale: float) -> np.ndarray:
    """Return the blurred edges of a picture `[SIDE, SIDE]`, scaled, of unit norm and without their mean."""
    from scipy.ndimage import gaussian_filter

    side = round(SIDE * scale)
    grey = Image.fromarray(rgb).resize((side, side), Image.Resampling.BOX)
    levels = np.asarray(grey, np.float32)
    down = np.abs(np.diff(levels, axis=0, append=levels[-1:])).max(axis=2)
    right = np.abs(np.diff(levels, axis=1, append=levels[:, -1:])).max(axis=2)
    edges = gaussian_filter(np.hypot(down, right), BLUR)
    whole = np.zeros((SIDE, SIDE), np.float32)
    if not edges.any():
        return whole
    edges = edges - edges.mean()
    kept = min(side, SIDE)
    whole[:kept, :kept] = edges[:kept, :kept]
    norm = np.linalg.norm(whole)
    return whole / norm if norm > 0 else whole
