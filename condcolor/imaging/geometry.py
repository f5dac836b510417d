"""Resize, letterbox, center crop; strips of a full-size picture.

A full-size picture is decoded strip by strip from low-resolution planes of its own width; a strip needs only
the few rows of the planes around it. The codecs bring the operations, for tensors or NumPy arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Box:
    """The position and size of a picture inside a larger one, in pixels."""

    left: int
    top: int
    width: int
    height: int


def resize(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize `rgb [H, W, 3]` uint8 to `[height, width, 3]` uint8 with antialiasing.

    Compared with drawings rendered at the new size, BOX (block means) has the least error at whole factors,
    where it also adds no colors, and LANCZOS at most others. BICUBIC has weaker halos when enlarging.

    Raises:
        ValueError: `width` or `height` is below 1.
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
    """Fit a picture into the middle of a square, keeping its aspect ratio.

    Args:
        rgb: `[H, W, 3]` uint8.
        size: side of the square in pixels.
        fill: grey level or RGB in 0..255 around the picture; None repeats its edge pixels.

    Returns:
        `[size, size, 3]` uint8, and the box of the picture in it, at least 1 pixel a side.
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
    """Crop the largest central square of `rgb [H, W, 3]` uint8 and resize it to `[size, size, 3]`."""
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resize(rgb[top : top + side, left : left + side], size, size)


STRIP_PIXELS = 2**18  # 3 MB of RGB floats; smaller strips lose time between threads
REACH = 3  # rows on either side of a strip: those of bicubic interpolation (4 taps), and one more


class StripDecoder(Protocol):
    """A codec that decodes a full-size picture strip by strip, on tensors or NumPy arrays."""

    def prepare_strips(self, original: Any, output: Any, /) -> Any:
        """Return planes `[B, K, h, W]` of `original [B, 3, H, W]` uint8 and `output [B, O, h, w]` float."""

    def decode_strip(self, rows: Any, near: Any, positions: np.ndarray, /) -> Any:
        """Return a strip of the decoded picture.

        Args:
            rows: `[B, 3, R, W]` uint8, rows of the original.
            near: `[B, K, n, W]`, the rows of the planes of `prepare_strips` around them.
            positions: `[R]` float32, position of each row in `near`; 0 is the center of its first row.
        """


@dataclass(frozen=True)
class Strip:
    """Rows of a full-size picture, and the low-resolution rows around them."""

    rows: slice
    near: slice
    place: np.ndarray  # [R] float32, position of each row in `near`; 0: center of its first row


def strips(size: tuple[int, int], low: int) -> Iterator[Strip]:
    """Yield the strips of a picture from top to bottom, of at most STRIP_PIXELS or of one row.

    Args:
        size: (H, W) of the picture.
        low: rows of the low-resolution planes.
    """
    height, width = size
    step = max(1, STRIP_PIXELS // width)
    for top in range(0, height, step):
        rows = slice(top, min(top + step, height))
        first = max(0, top * low // height - REACH)
        near = slice(first, min(low, rows.stop * low // height + REACH + 1))
        positions = (np.arange(rows.start, rows.stop) + 0.5) * (low / height) - 0.5 - first
        yield Strip(rows, near, positions.astype(np.float32))


def decode_strips(decoder: StripDecoder, original: Any, output: Any) -> Iterator[tuple[slice, Any]]:
    """Decode a network's output at the size of the original; yields rows and the strip of these rows."""
    planes = decoder.prepare_strips(original, output)
    for strip in strips(original.shape[-2:], planes.shape[-2]):
        rows, near = original[:, :, strip.rows], planes[:, :, strip.near]
        yield strip.rows, decoder.decode_strip(rows, near, strip.place)
