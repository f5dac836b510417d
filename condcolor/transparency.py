"""Transparent pictures coloured: what is opaque afterwards, and the colours under the alpha.

A network sees a picture composited on white. What it answers is a colouring of that, so it is taken
apart again: a pixel's fill colour is what it was multiplied by, and its own colour, which shows where
it is opaque, gets the same fill.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

OPAQUE = 128  # alpha from here on counts as drawn
INK = 200  # an opaque pixel darker than this is ink, not paper
PAPER_SHARE = 0.1  # with less paper than this among the opaque pixels, only the ink was drawn
PAINTED = 12.0  # of 255: a fill this far from white is one
SEEPAGE = 1 / 100  # of the longer side: a painted strip outside the lines no wider is none
EDGE = 5  # pixels: the neighbourhood that says on which side of a line its soft edge lies


def as_it_came(rgb: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """`[H,W,3]` or `[H,W,4] uint8`: a picture composited on white without the white, as near as can be."""
    return rgb if alpha is None else recolor(rgb, alpha, rgb, drawn=False)


def recolor(
    rgb: np.ndarray, alpha: np.ndarray, colored: np.ndarray, *, drawn: bool = True
) -> np.ndarray:
    """A coloured picture with transparency, `[H,W,4] uint8`.

    The alpha stays. But where only ink was drawn on nothing, what the lines enclose and what was
    filled become opaque too.

    Args:
        rgb: `[H,W,3] uint8`, the picture composited on white.
        alpha: `[H,W] uint8`, the picture's own.
        colored: `[H,W,3] uint8`, `rgb` as it was coloured.
        drawn: with lines that enclose something, as no photograph is.
    """
    made = np.dstack((colored, alpha))
    soft = alpha < 255  # where it is 255, all is as it should be
    own = alpha[soft, None].astype(np.float32) / 255  # (N, 1), as all below: 0..1 or 0..255
    seen, filled = rgb[soft].astype(np.float32), colored[soft].astype(np.float32)
    tint = filled / np.maximum(seen, 1)
    ink = np.clip((seen - 255 * (1 - own)) / np.maximum(own, 1 / 255), 0, 255)  # before white
    fill = np.clip(255 * tint, 0, 255)
    behind = np.zeros_like(own)
    if drawn and is_ink_only(rgb, alpha):
        painted = np.zeros(alpha.shape, bool)
        painted[soft] = fill.min(axis=1) < 255 - PAINTED
        behind = fill_behind(alpha, painted)[soft, None] * (1 - own)
    opacity = own + behind
    mixed = (np.clip(tint * ink, 0, 255) * own + fill * behind) / np.maximum(opacity, 1 / 255)
    shown = np.where(opacity > 0, mixed, filled)
    made[soft] = np.concatenate((shown, 255 * opacity), axis=1).round().clip(0, 255)
    return made


def is_ink_only(rgb: np.ndarray, alpha: np.ndarray) -> bool:
    """Whether lines were drawn on nothing, so that the paper inside them is transparent too."""
    drawn = rgb[alpha >= OPAQUE]
    return len(drawn) > 0 and bool((drawn.mean(axis=-1) >= INK).mean() <= PAPER_SHARE)


def fill_behind(alpha: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """How far there is a fill behind each pixel's ink, `[H,W] float32` in [0, 1].

    There is one where lines enclose something (the white of an eye, too), or where paint goes on
    outside of them, unless it only seeped through. A line's soft edge has what its side has.
    """
    bare = alpha < OPAQUE
    regions, _ = ndimage.label(bare)
    borders = (regions[0], regions[-1], regions[:, 0], regions[:, -1])
    ground = np.isin(regions, np.unique(np.concatenate(borders))) & bare
    width = 2 * round(SEEPAGE * max(alpha.shape)) + 1
    # an opening; by separable filters, whose cost does not grow with the width
    eroded = ndimage.minimum_filter((painted & ground).view(np.uint8), width, mode="constant")
    spilt = ndimage.maximum_filter(eroded, width).view(bool)
    fills = (bare & ~ground) | spilt
    share, near = (ndimage.uniform_filter(m.astype(np.float32), EDGE) for m in (fills, bare))
    side = np.where(near > 1e-4, share / np.maximum(near, 1e-4), painted)  # else deep under ink
    return np.where(alpha > 0, side, fills).astype(np.float32).clip(0, 1)
