"""Pictures resized, and fitted into a square and found there again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Box:
    """Where a picture lies in a larger one, in pixels."""

    left: int
    top: int
    width: int
    height: int


def resize(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    """`rgb [H,W,3] uint8 -> [height,width,3] uint8`, antialiased, lines kept crisp.

    Against drawings rendered at the new size, LANCZOS errs least at most factors and the mean
    of whole blocks (BOX) at whole ones, where it also makes no new colours. BICUBIC enlarges
    with less of a halo.
    """
    if min(width, height) < 1:
        raise ValueError(f"a picture is at least 1x1, not {width}x{height}")
    old_height, old_width = rgb.shape[:2]
    if old_width % width == 0 and old_height % height == 0:
        method = Image.Resampling.BOX
    elif width < old_width or height < old_height:
        method = Image.Resampling.LANCZOS
    else:
        method = Image.Resampling.BICUBIC
    return np.array(Image.fromarray(rgb).resize((width, height), method))


def letterbox(
    rgb: np.ndarray, size: int, fill: int | tuple[int, int, int] | None = 255
) -> tuple[np.ndarray, Box]:
    """Fit a picture into the middle of a square, its aspect kept.

    `rgb [H,W,3] uint8 -> [size,size,3] uint8` and the Box of the content, at least 1 pixel a
    side. The rest is `fill`, a grey level or an RGB in 0..255; None repeats the picture's edge.
    """
    height, width = rgb.shape[:2]
    scale = size / max(width, height)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    box = Box((size - new_width) // 2, (size - new_height) // 2, new_width, new_height)
    fitted = resize(rgb, new_width, new_height)
    if fill is None:
        below, right = size - box.top - box.height, size - box.left - box.width
        return np.pad(fitted, ((box.top, below), (box.left, right), (0, 0)), mode="edge"), box
    square = np.full((size, size, 3), fill, dtype=np.uint8)
    square[box.top : box.top + box.height, box.left : box.left + box.width] = fitted
    return square, box


def cover(rgb: np.ndarray, size: int) -> np.ndarray:
    """The middle of a picture, cut to a square that its short side fills.

    `rgb [H,W,3] uint8 -> [size,size,3] uint8`.
    """
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resize(rgb[top : top + side, left : left + side], size, size)
