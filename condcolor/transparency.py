"""Transparent pictures coloured: what is opaque afterwards, and the colours under the alpha.

A network sees a picture composited on white. What it answers is a colouring of that, so it is taken
apart again: a pixel's fill colour is what it was multiplied by, and its own colour, which shows where
it is opaque, gets the same fill.
"""

from __future__ import annotations

import numpy as np

OPAQUE = 128  # alpha from here on counts as drawn
INK = 200  # an opaque pixel darker than this is ink, not paper
PAPER_SHARE = 0.1  # with less paper than this among the opaque pixels, only the ink was drawn
BARE, PAINTED = 8.0, 16.0  # of 255: a fill this near to white is none, this far from it is one


def recolor(rgb: np.ndarray, alpha: np.ndarray, colored: np.ndarray) -> np.ndarray:
    """A coloured picture with transparency, `[H,W,4] uint8`.

    The alpha stays. But where only ink was drawn on nothing, what was filled becomes opaque too.

    Args:
        rgb: `[H,W,3] uint8`, the picture composited on white.
        alpha: `[H,W] uint8`, the picture's own.
        colored: `[H,W,3] uint8`, `rgb` as it was coloured.
    """
    made = np.dstack((colored, alpha))
    soft = alpha < 255  # where it is 255, all is as it should be
    own = alpha[soft, None].astype(np.float32) / 255  # (N, 1), as all below: 0..1 or 0..255
    seen, filled = rgb[soft].astype(np.float32), colored[soft].astype(np.float32)
    tint = filled / np.maximum(seen, 1)
    ink = np.clip((seen - 255 * (1 - own)) / np.maximum(own, 1 / 255), 0, 255)  # before white
    fill = np.clip(255 * tint, 0, 255)
    behind = np.zeros_like(own)
    if is_ink_only(rgb, alpha):
        away = 255 - fill.min(axis=1, keepdims=True)
        behind = np.clip((away - BARE) / (PAINTED - BARE), 0, 1) * (1 - own)
    opacity = own + behind
    mixed = (np.clip(tint * ink, 0, 255) * own + fill * behind) / np.maximum(opacity, 1 / 255)
    shown = np.where(opacity > 0, mixed, filled)
    made[soft] = np.concatenate((shown, 255 * opacity), axis=1).round().clip(0, 255)
    return made


def is_ink_only(rgb: np.ndarray, alpha: np.ndarray) -> bool:
    """Whether lines were drawn on nothing, so that the paper inside them is transparent too."""
    drawn = rgb[alpha >= OPAQUE]
    return len(drawn) > 0 and bool((drawn.mean(axis=-1) >= INK).mean() <= PAPER_SHARE)
