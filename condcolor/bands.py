"""A picture painted at its full size in bands, so that only a band's work is ever in memory.

What is painted with is small planes as wide as the picture; each band takes the few rows of them that it
lies between. Free of any array library's operations: the codecs bring their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

# worked on at a time: 3 MB of RGB floats; smaller bands wait for each other more
BAND_PIXELS = 2**18
REACH = 3  # rows: what bicubic interpolation (4 taps) can look at beside a place, and one more


class Painter(Protocol):
    """What paints, with tensors or NumPy arrays, whichever it takes."""

    def prepared(self, original: Any, output: Any) -> Any:
        """What to paint with: `[B, 3, H, W]` uint8 and `[B, O, h, w]` float -> `[B, K, h, W]` float."""

    def painted(self, rows: Any, near: Any, place: np.ndarray) -> Any:
        """A band of the picture.

        Args:
            rows: `[B, 3, R, W]` uint8, of the original.
            near: `[B, K, n, W]`, the rows of what `prepared` gave beside those.
            place: `[R]` float32, where each row lies in `near`: 0 is the middle of its first row.
        """


@dataclass(frozen=True)
class Band:
    """Rows of the large picture, those of the small one beside them, and where they lie there."""

    rows: slice
    near: slice
    place: np.ndarray


def bands(size: tuple[int, int], low: int) -> Iterator[Band]:
    """The bands of a picture of `size` (H, W) from the top down, each of BAND_PIXELS or a row.

    low: rows of the small picture.
    """
    height, width = size
    step = max(1, BAND_PIXELS // width)
    for top in range(0, height, step):
        rows = slice(top, min(top + step, height))
        first = max(0, top * low // height - REACH)
        near = slice(first, min(low, rows.stop * low // height + REACH + 1))
        place = (np.arange(rows.start, rows.stop) + 0.5) * (low / height) - 0.5 - first
        yield Band(rows, near, place.astype(np.float32))


def paint_bands(painter: Painter, original: Any, output: Any) -> Iterator[tuple[slice, Any]]:
    """The original as the network's output paints it: rows, and what `painted` makes of them."""
    planes = painter.prepared(original, output)
    for band in bands(original.shape[-2:], planes.shape[-2]):
        rows, near = original[:, :, band.rows], planes[:, :, band.near]
        yield band.rows, painter.painted(rows, near, band.place)
