"""Resizing, letterboxing, center crops; strips of a full-size picture.

A picture is finished strip by strip from small planes as wide as itself; each strip takes the few rows of
them that it lies between. Free of any array library's operations: the codecs bring their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

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
    of whole blocks (BOX) at whole ones, where it also makes no new colors. BICUBIC enlarges
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


# worked on at a time: 3 MB of RGB floats; smaller bands wait for each other more
STRIP_PIXELS = 2**18
REACH = 3  # rows: what bicubic interpolation (4 taps) can look at beside a place, and one more


class StripDecoder(Protocol):
    """What paints, with tensors or NumPy arrays, whichever it takes."""

    def prepare_strips(self, original: Any, output: Any, /) -> Any:
        """What to paint with: `[B, 3, H, W]` uint8 and `[B, O, h, w]` float -> `[B, K, h, W]` float."""

    def decode_strip(self, rows: Any, near: Any, positions: np.ndarray, /) -> Any:
        """A band of the picture.

        Args:
            rows: `[B, 3, R, W]` uint8, of the original.
            near: `[B, K, n, W]`, the rows of what `prepared` gave beside those.
            positions: `[R]` float32, where each row lies in `near`: 0 is the middle of its first row.
        """


@dataclass(frozen=True)
class Strip:
    """Rows of the large picture, those of the small one beside them, and where they lie there."""

    rows: slice
    near: slice
    place: np.ndarray


def strips(size: tuple[int, int], low: int) -> Iterator[Strip]:
    """The bands of a picture of `size` (H, W) from the top down, each of BAND_PIXELS or a row.

    low: rows of the small picture.
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
    """The original as the network's output paints it: rows, and what `painted` makes of them."""
    planes = decoder.prepare_strips(original, output)
    for strip in strips(original.shape[-2:], planes.shape[-2]):
        rows, near = original[:, :, strip.rows], planes[:, :, strip.near]
        yield strip.rows, decoder.decode_strip(rows, near, strip.place)
