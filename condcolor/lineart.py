"""The line art in a picture that is coloured already: its lines as on white paper, and its fills."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

LINE_WIDTH = 0.05  # of the longer side: what is darker than its surroundings and thinner is a line
TINGED = 0.12  # spread of R, G and B, relative to the paper, from which a fill has a colour
COLORED_SHARE = 0.01  # of the pixels: with more of them in colour, a picture is no sketch
PAPER = 90  # percentile: the paper is as light as that
PAPER_SPREAD = 0.8  # of that lightness: what is as light is paper, too
DARKEST_PAPER = 128  # of 255: what is darker is none


def split_lines(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A picture taken apart into what its colours are multiplied by, and its colours.

    Args:
        rgb: `[H, W, 3]` uint8.

    Returns:
        The line art `[H, W]`, 1 on paper and fills; and the fills `[H, W, 3]`. Both are float32 in
        [0, 1], and their product is the picture.
    """
    light = rgb.astype(np.float32) / 255
    around = _without_lines(light)
    lines = (light / np.maximum(around, 1 / 255)).max(axis=-1).clip(0, 1)
    fills = np.where(
        lines[..., None] > 1 / 255, light / np.maximum(lines, 1 / 255)[..., None], around
    )
    return lines, fills.clip(0, 1)


def on_white(rgb: np.ndarray) -> np.ndarray:
    """A sketch `[H, W, 3]` uint8 as it would be on white paper; one without light paper as it is."""
    light = rgb.min(axis=-1)
    drawn_on = light >= PAPER_SPREAD * np.percentile(light, PAPER)
    paper = np.median(rgb[drawn_on], axis=0)
    if paper.min() < DARKEST_PAPER or paper.min() == 255:
        return rgb
    return (rgb * (255 / paper)).round().clip(0, 255).astype(np.uint8)


def has_colors(rgb: np.ndarray) -> bool:
    """Whether a picture `[H, W, 3]` uint8 is coloured: not in its lines alone, nor as its paper is."""
    fills = _without_lines(rgb.astype(np.float32) / 255)
    paper = np.maximum(np.percentile(fills, PAPER, axis=(0, 1)), 1 / 255)
    relative = (fills / paper).clip(0, 1)
    return bool((np.ptp(relative, axis=-1) > TINGED).mean() > COLORED_SHARE)


def _without_lines(light: np.ndarray) -> np.ndarray:
    width = 2 * round(LINE_WIDTH / 2 * max(light.shape[:2])) + 1
    return ndimage.grey_closing(light, (width, width, 1), mode="nearest")
