"""Layers as editors stack them, moved, faded, in groups: brought to one canvas, the groups dissolved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MAX_LAYERS = 1000
MAX_DEPTH = 50  # of groups in groups
MAX_LAYER_PIXELS = 2**28  # of all layers together: 1 GiB of RGBA, about 20 layers of 4000x3000


class BadStack(ValueError):
    """A stack that cannot be read; the message says which layer and why."""


def check_pixels(count: int, size: tuple[int, int], own: int = 0) -> None:
    """Raise BadStack if layers on a canvas of (width, height), and `own` pixels, are too many in all."""
    if count * size[0] * size[1] + own > MAX_LAYER_PIXELS:
        raise BadStack(
            f"{count} layers of {size[0]}x{size[1]} pixels, over the limit of "
            f"{MAX_LAYER_PIXELS / 1e6:,.0f} million in all: merge some, or make it smaller"
        )


def place(
    own: np.ndarray, at: tuple[int, int], size: tuple[int, int], opacity: float = 1
) -> np.ndarray:
    """Place a layer, which editors crop and offset, on the canvas: `[H, W, 4]` uint8, its opacity applied.

    Args:
        own: `[h, w, 4]` uint8. at: (left, top) on the canvas. size: (width, height) of the canvas.
    """
    width, height = size
    left, top = at
    if (left, top, *own.shape[:2]) == (0, 0, height, width):
        whole = own if opacity == 1 else own.copy()
    else:
        whole = np.zeros((height, width, 4), np.uint8)
        bottom, right = top + own.shape[0], left + own.shape[1]
        rows = slice(min(max(top, 0), height), max(min(bottom, height), 0))
        columns = slice(min(max(left, 0), width), max(min(right, width), 0))
        if rows.start < rows.stop and columns.start < columns.stop:
            whole[rows, columns] = own[
                rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
            ]
    if opacity < 1:
        whole[..., 3] = (whole[..., 3] * opacity).round()
    return whole


def in_group(images: Sequence[np.ndarray], opacity: float) -> list[np.ndarray]:
    """Return the layers of a group of this opacity as layers without a group.

    Seen from above, a layer shows by its alpha times what the layers over it let through. A group lets its
    own layers hide each other as if it were opaque, and fades the result: each layer's new alpha gives the
    same share of the pixel, under layers that let more through.
    """
    shape = images[0].shape[:2]
    through, faded = np.ones(shape, np.float32), np.ones(shape, np.float32)
    result = []
    for image in reversed(images):
        alpha = image[..., 3].astype(np.float32) / 255
        share = opacity * alpha * through
        own = np.divide(share, faded, out=np.zeros_like(share), where=faded > 0)
        changed = image.copy()
        changed[..., 3] = (own * 255).round().clip(0, 255)
        through *= 1 - alpha
        faded *= 1 - changed[..., 3].astype(np.float32) / 255
        result.append(changed)
    return result[::-1]
